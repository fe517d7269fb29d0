//! Lambda's Runtime API, for one function at a time.
//!
//! Each connection is read by a thread of its own that does nothing else, and takes the time when
//! it has read an answer: what is measured is from handing out the event to having the answer.

use crate::instant;
use crate::message::{self, Message};
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a function may take for anything. Under an instrument it is slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// What Lambda sends along with an event. The deadline is in the year 2100.
const EVENT_HEADERS: &str = "Content-Type: application/json\r\n\
    Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
    Lambda-Runtime-Deadline-Ms: 4102444800000\r\n";

/// Where functions ask for events.
pub struct RuntimeApi {
    port: u16,
    /// What Lambda sends along with an event, the ARN that was invoked among it.
    headers: String,
    heard: Receiver<io::Result<Heard>>,
    waiting: Option<TcpStream>,
    /// How many events it has handed out. Each is traced under an id of its own, as on Lambda: a
    /// function that keeps what it is told of each event grows.
    events: u64,
}

enum Heard {
    Next(TcpStream),
    Answer(Answer, Instant),
}

/// What a function made of an event.
#[derive(Debug)]
pub struct Answer {
    /// Whether it is an answer rather than an error.
    pub ok: bool,
    /// The answer, or the error.
    pub body: Vec<u8>,
}

impl RuntimeApi {
    /// Listens on a free port of loopback, for a function that is invoked by `arn`.
    ///
    /// # Errors
    /// There is none.
    pub fn start(arn: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let (tell, heard) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let tell = tell.clone();
                thread::spawn(move || {
                    if let Err(error) = connection.and_then(|stream| listen(&stream, &tell)) {
                        // Nobody waits when nobody hears it.
                        tell.send(Err(error)).unwrap_or_default();
                    }
                });
            }
        });
        let headers = format!("{EVENT_HEADERS}Lambda-Runtime-Invoked-Function-Arn: {arn}\r\n");
        Ok(Self { port, headers, heard, waiting: None, events: 0 })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits until the function asks for an event, which says that it has started.
    ///
    /// # Errors
    /// It does not, for too long, or says that it cannot start.
    pub fn ready(&mut self) -> io::Result<()> {
        if self.waiting.is_some() {
            return Ok(());
        }
        match self.hear()? {
            Heard::Next(stream) => self.waiting = Some(stream),
            Heard::Answer(answer, _) => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                return Err(io::Error::other(format!("answered what was not asked: {text}")));
            }
        }
        Ok(())
    }

    /// Hands out an event, and waits for the answer and then until the function asks for another.
    /// Answers what it took from the one to the other.
    ///
    /// # Errors
    /// No answer comes, for too long.
    pub fn invoke(&mut self, event: &[u8]) -> io::Result<(Answer, Duration)> {
        self.ready()?;
        let mut stream = self.waiting.take().ok_or(io::ErrorKind::NotConnected)?;
        self.events += 1;
        let trace = format!("Root=1-5bef4de7-{:024x};Sampled=0", self.events);
        let headers = format!("{}Lambda-Runtime-Trace-Id: {trace}\r\n", self.headers);
        let start = instant();
        message::write(&mut stream, "HTTP/1.1 200 OK", &headers, event)?;
        let Heard::Answer(answer, end) = self.hear()? else {
            return Err(io::Error::other("asks for an event without answering the last"));
        };
        self.ready()?;
        Ok((answer, end.duration_since(start)))
    }

    /// Forgets the function that has been served: its connections are closed.
    pub fn dismiss(&mut self) {
        if let Some(stream) = self.waiting.take() {
            stream.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }

    fn hear(&self) -> io::Result<Heard> {
        self.heard.recv_timeout(PATIENCE).map_err(io::Error::other)?
    }
}

fn listen(stream: &TcpStream, tell: &Sender<io::Result<Heard>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    // A function that is ended mid-way closes hard: that is the end, too.
    while let Ok(Some(message)) = Message::read(&mut reader) {
        let now = instant();
        let kind = message.path().rsplit('/').next().unwrap_or_default();
        let ok = kind == "response";
        let heard = if kind == "next" {
            Heard::Next(stream.try_clone()?)
        } else {
            message::write(&mut &*stream, "HTTP/1.1 202 Accepted", "", b"")?;
            (&mut &*stream).flush()?;
            Heard::Answer(Answer { ok, body: message.body }, now)
        };
        if tell.send(Ok(heard)).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor;

    #[test]
    fn a_floor_is_served_event_by_event() {
        let mut api = RuntimeApi::start("arn").unwrap();
        let address = api.address();
        thread::spawn(move || floor::serve(&address, <[u8]>::to_ascii_uppercase));
        for _ in 0..3 {
            let (answer, _) = api.invoke(b"event").unwrap();
            assert!(answer.ok);
            assert_eq!(answer.body, b"EVENT");
        }
    }
}
