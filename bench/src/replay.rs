//! A table on loopback that repeats recorded answers, and counts what it is asked.
//!
//! It keeps nothing: the same call is answered alike however often it is made, so that every event
//! finds the table as the first one did.

use crate::message::{self, Message};
use crate::tls::Tls;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Answers by [`key`].
pub type Recording = BTreeMap<String, String>;

/// The table.
pub struct Replay {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

/// What was asked of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Calls.
    pub calls: u64,
    /// Keys in strongly consistent reads: each costs a read unit while its item is under 4 KB.
    pub consistent_keys: u64,
    /// The last call that was not in the recording.
    pub unknown: Option<String>,
}

impl Replay {
    /// Serves `recording` on a free port of loopback, by TLS if it is given.
    ///
    /// # Errors
    /// There is none.
    pub fn start(recording: &Recording, tls: Option<Tls>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let answers = Arc::new(recording.clone());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let replay = Self { port, seen: Arc::clone(&seen) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, seen, tls) = (Arc::clone(&answers), Arc::clone(&seen), tls.clone());
                thread::spawn(move || {
                    let served = stream.set_nodelay(true).and_then(|()| match tls {
                        None => serve(stream, &answers, &seen),
                        Some(tls) => serve(tls.accept(stream)?, &answers, &seen),
                    });
                    // A function that is ended closes its connection hard: that is the end of it.
                    served.unwrap_or_default();
                });
            }
        });
        Ok(replay)
    }

    /// The host and port it listens on.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What was asked of it since this was asked last.
    #[must_use]
    pub fn take_seen(&self) -> Seen {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(stream: impl Read + Write, answers: &Recording, seen: &Mutex<Seen>) -> io::Result<()> {
    const HEADERS: &str = "Content-Type: application/x-amz-json-1.0\r\n\
        x-amzn-RequestId: 0000000000000000000000000000000000000000000000000000\r\n";
    let mut reader = BufReader::new(stream);
    while let Some(call) = Message::read(&mut reader)? {
        let operation = call.header("x-amz-target").and_then(|target| target.rsplit('.').next());
        let operation = operation.unwrap_or_default();
        let body = String::from_utf8_lossy(&call.body);
        let key = key(operation, &body);
        let answer = answers.get(&key).or_else(|| answers.get(operation));
        {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.calls += 1;
            seen.consistent_keys += consistent_keys(&body);
            if answer.is_none() {
                seen.unknown = Some(key);
            }
        }
        let (first, answer) = match answer {
            Some(answer) => ("HTTP/1.1 200 OK", answer.as_str()),
            None => (
                "HTTP/1.1 400 Bad Request",
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException"}"#,
            ),
        };
        message::write(reader.get_mut(), first, HEADERS, answer.as_bytes())?;
    }
    Ok(())
}

/// What tells calls apart: the operation, and in any order the partition keys that it names, or in
/// a query the values. (A query's expression has no other texts; in a write they may be random.)
#[must_use]
pub fn key(operation: &str, body: &str) -> String {
    let mark = if operation == "Query" { r#"{"S":""# } else { PK };
    let mut texts: Vec<_> = texts_after(mark, body).collect();
    texts.sort_unstable();
    format!("{operation} {}", texts.join(" "))
}

const PK: &str = r#""pk":{"S":""#;

fn texts_after<'b>(mark: &'b str, body: &'b str) -> impl Iterator<Item = &'b str> {
    body.split(mark).skip(1).filter_map(|rest| rest.split('"').next())
}

fn consistent_keys(body: &str) -> u64 {
    if body.contains(r#""ConsistentRead":true"#) {
        texts_after(PK, body).map(|_| 1).sum()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::exchange;
    use std::net::TcpStream;

    fn ask(stream: &TcpStream, operation: &str, body: &str) -> (u16, String) {
        let mut reader = BufReader::new(stream);
        let headers = format!("X-Amz-Target: DynamoDB_20120810.{operation}\r\n");
        let answer = exchange(stream, &mut reader, "POST / HTTP/1.1", &headers, body.as_bytes());
        let answer = answer.unwrap();
        (answer.status(), String::from_utf8(answer.body).unwrap())
    }

    #[test]
    fn it_repeats_what_was_recorded_and_counts() {
        let reads = r#"{"Keys":[{"pk":{"S":"b"}},{"pk":{"S":"a"}}],"ConsistentRead":true}"#;
        let other_order = r#"{"ConsistentRead":true,"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"b"}}]}"#;
        let recording = [(key("BatchGetItem", reads), "two"), ("PutItem".to_owned(), "{}")];
        let recording = recording.map(|(key, answer)| (key, answer.to_owned()));
        let replay = Replay::start(&recording.into(), None).unwrap();
        let stream = TcpStream::connect(replay.address()).unwrap();

        assert_eq!(ask(&stream, "BatchGetItem", other_order), (200, "two".to_owned()));
        assert_eq!(ask(&stream, "PutItem", r#"{"Item":{"pk":{"S":"new"}}}"#).0, 200);
        let seen = Seen { calls: 2, consistent_keys: 2, unknown: None };
        assert_eq!(replay.take_seen(), seen);

        assert_eq!(ask(&stream, "GetItem", r#"{"Key":{"pk":{"S":"a"}}}"#).0, 400);
        assert_eq!(replay.take_seen().unknown.as_deref(), Some("GetItem a"));
    }
}
