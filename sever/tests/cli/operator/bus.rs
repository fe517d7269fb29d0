//! An EventBridge over TCP that keeps what it is told, and refuses when it is told to.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Default)]
pub(crate) struct Bus {
    entries: Arc<Mutex<Vec<Value>>>,
    refuses: Arc<AtomicBool>,
    url: String,
}

impl Bus {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bus = Self { url, ..Self::default() };
        let served = bus.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(stream));
            }
        });
        bus
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From now on it refuses.
    pub(crate) fn refuse(&self) {
        self.refuses.store(true, Ordering::SeqCst);
    }

    /// What it took since the last time, each with its detail as JSON.
    pub(crate) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.entries.lock().unwrap())
    }

    async fn serve(self, mut stream: TcpStream) {
        while let Some(body) = Box::pin(body(&mut stream)).await {
            let (status, answer) = self.answer(&body);
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n{answer}",
                answer.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    fn answer(&self, body: &[u8]) -> (&'static str, String) {
        if self.refuses.load(Ordering::SeqCst) {
            let fault = json!({"__type": "AccessDeniedException", "message": "not yours"});
            return ("400 Bad Request", fault.to_string());
        }
        let mut call: Value = serde_json::from_slice(body).unwrap();
        let entries = std::mem::take(call["Entries"].as_array_mut().unwrap());
        let taken: Vec<_> = entries.iter().map(|_| json!({"EventId": "1"})).collect();
        let told = entries.into_iter().map(|mut entry| {
            entry["Detail"] = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            entry
        });
        self.entries.lock().unwrap().extend(told);
        ("200 OK", json!({"FailedEntryCount": 0, "Entries": taken}).to_string())
    }
}

/// The body of the next request, if there is one.
async fn body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"))?;
            let length: usize = length.trim().parse().unwrap();
            if read.len() >= end + 4 + length {
                return Some(read[end + 4..end + 4 + length].to_vec());
            }
        }
        let mut some = [0; 16_384];
        match stream.read(&mut some).await {
            Ok(0) | Err(_) => return None,
            Ok(number) => read.extend(&some[..number]),
        }
    }
}
