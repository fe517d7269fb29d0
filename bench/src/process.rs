//! Functions as processes, started as Lambda starts them, and what they have used, from `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that ends when this value does.
pub struct Process(Child);

impl Process {
    /// Starts `command` with `environment` alone. What it logs is thrown away.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        command: &mut Command,
        environment: &BTreeMap<String, String>,
    ) -> io::Result<Self> {
        let command = command.env_clear().envs(environment);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.spawn().map(Self)
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// It cannot be asked.
    pub fn terminate(mut self) -> io::Result<()> {
        Command::new("kill").arg(self.id().to_string()).status()?;
        self.0.wait().map(drop)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// The time that the processor has spent on it so far, threads that have ended left out.
    ///
    /// # Errors
    /// It has ended, or this system does not tell.
    pub fn cpu(&self) -> io::Result<Duration> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.id()))? {
            let schedule = fs::read_to_string(task?.path().join("schedstat"))?;
            let ran = schedule.split(' ').next().and_then(|ran| ran.parse::<u64>().ok());
            nanos += ran.ok_or_else(|| io::Error::other("schedstat has no number"))?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The most memory it has had, in bytes.
    ///
    /// # Errors
    /// It has ended, or this system does not tell.
    pub fn peak_memory(&self) -> io::Result<u64> {
        memory(self.id(), "VmHWM:")
    }

    /// The memory it has, in bytes.
    ///
    /// # Errors
    /// It has ended, or this system does not tell.
    pub fn memory(&self) -> io::Result<u64> {
        memory(self.id(), "VmRSS:")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().unwrap_or_default();
        drop(self.0.wait());
    }
}

fn memory(id: u32, what: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kilobytes = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.map(|count| count * 1024).ok_or_else(|| io::Error::other("no memory is told"))
}

/// Binds this process, and with it all it will start, to the last `count` processors that it may
/// use. Answers which, or nothing where that cannot be done.
#[must_use]
pub fn pin(count: usize) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let allowed = numbers(allowed.trim())?;
    let last =
        allowed.iter().rev().take(count).map(ToString::to_string).collect::<Vec<_>>().join(",");
    let id = std::process::id().to_string();
    let taskset = Command::new("taskset").args(["-acp", &last, &id]).output().ok()?;
    taskset.status.success().then_some(last)
}

/// A list such as `0-2,5`.
fn numbers(list: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for part in list.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(from.parse::<u32>().ok()?..=to.parse().ok()?);
    }
    Some(numbers)
}

/// The size of a file, in bytes.
///
/// # Errors
/// There is none.
pub fn size(path: &Path) -> io::Result<u64> {
    Ok(fs::metadata(path)?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_processors_is_read() {
        assert_eq!(numbers("0-2,5"), Some(vec![0, 1, 2, 5]));
        assert_eq!(numbers("3"), Some(vec![3]));
        assert_eq!(numbers("all"), None);
    }

    #[test]
    fn a_process_tells_what_it_uses_until_it_is_dropped() {
        let process =
            Process::start(Command::new("sleep").arg("60"), &BTreeMap::new()).expect("sleep");
        let id = process.id();
        // The peak last: a process that has just started grows between the two.
        let memory_now = process.memory().unwrap();
        assert!(process.peak_memory().unwrap() >= memory_now);
        assert!(process.cpu().unwrap() < Duration::from_mins(1));
        drop(process);
        assert!(memory(id, "VmRSS:").is_err());
    }
}
