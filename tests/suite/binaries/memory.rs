//! What a process keeps of the events that it has answered, which is nothing, and how many it takes at
//! once.

use super::function;
use bytes::Bytes;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use tests::programs::{PANICS, built};
use tests::sandbox::command;
use tests::{Sandbox, World};

/// Nobody asks a table.
const NO_TABLE: &str = "http://127.0.0.1:9";
/// What a process may grow by while it answers 200,000 events. One that keeps the trace id of each
/// grows by some 32 MB.
const MAX_GROWTH: u64 = 4 * 1024 * 1024;

/// A Runtime API that is quick: it serves one connection, and reads of a request its length alone.
struct QuickApi {
    requests: BufReader<TcpStream>,
    events: u64,
}

impl QuickApi {
    /// Hands out so many events, each traced under an id of its own, and takes the answers.
    fn serve(&mut self, events: u64) {
        for _ in 0..events {
            self.events += 1;
            let number = self.events;
            let event = format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: {number}\r\n\
                 Lambda-Runtime-Deadline-Ms: 4102444800000\r\n\
                 Lambda-Runtime-Trace-Id: Root=1-00000000-{number:024x};Parent={number:016x};\
                 Sampled=0;Lineage=1:a87bd80c:0\r\nContent-Length: 2\r\n\r\n{{}}"
            );
            assert!(self.read_request().starts_with("GET "), "it asks for an event");
            self.write(&event);
            assert!(self.read_request().ends_with("/response HTTP/1.1\r\n"), "it answers");
            self.write("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        }
    }

    fn write(&mut self, response: &str) {
        self.requests.get_mut().write_all(response.as_bytes()).expect("a process that listens");
    }

    /// The first line of a request, which is read to its end.
    fn read_request(&mut self) -> String {
        let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
        self.requests.read_line(&mut first).expect("a request");
        while line != "\r\n" {
            line.clear();
            assert_ne!(self.requests.read_line(&mut line).expect("a header"), 0, "it has ended");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().expect("a number");
            }
        }
        let body = &mut self.requests.by_ref().take(length);
        std::io::copy(body, &mut std::io::sink()).expect("a body");
        first
    }
}

/// The memory that a process has for itself, in bytes.
fn memory(process: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()));
    let status = status.expect("a process that runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    number.expect("a number of kilobytes") * 1024
}

#[tokio::test]
async fn a_process_keeps_nothing_of_200_000_events() {
    let function = function(&World::new().await, "jwks");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let mut process =
        command(built(PANICS), &function, NO_TABLE, address).spawn().expect("a program");
    let (stream, _) = listener.accept().expect("a process that connects");
    stream.set_nodelay(true).expect("a connection");
    let mut api = QuickApi { requests: BufReader::new(stream), events: 0 };
    api.serve(5_000);
    let before = memory(&process);
    api.serve(200_000);
    let growth = memory(&process).saturating_sub(before);
    process.kill().expect("a process of ours");
    process.wait().expect("a process of ours");
    assert!(growth < MAX_GROWTH, "it has grown by {growth} bytes, from {before}");
}

#[tokio::test]
async fn a_function_takes_as_many_events_at_once_as_lambda_says() {
    let mut function = function(&World::new().await, "jwks");
    function.environment.insert("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), "8".to_owned());
    let mut sandbox = Sandbox::start(built(PANICS), &function, NO_TABLE).await;
    for round in 0..100 {
        let events: Vec<_> = (0..8).map(|slot| format!("{{\"{round}\":{slot}}}")).collect();
        let payloads = events.iter().map(|event| Bytes::from(event.clone())).collect();
        let answers = sandbox.invoke_at_once(payloads).await;
        let answers: Vec<_> =
            answers.iter().map(|answer| answer.as_ref().expect("an answer").get()).collect();
        assert_eq!(answers, events);
    }
    // One that panics fails alone.
    let mut payloads = vec![Bytes::from_static(b"{}"); 8];
    payloads[3] = Bytes::from_static(b"[]");
    for (number, answer) in sandbox.invoke_at_once(payloads).await.into_iter().enumerate() {
        match answer {
            Ok(answer) => assert_eq!((number != 3, answer.get()), (true, "{}")),
            Err(error) => assert_eq!((number, error.error_type.as_str()), (3, "Runtime.Panic")),
        }
    }
    assert_eq!(sandbox.terminate().await.errors, "");
}
