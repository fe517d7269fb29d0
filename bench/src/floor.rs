//! The least that a function on Lambda can be: one kept connection, and no runtime crate.

use crate::message::{self, Message};
use std::convert::Infallible;
use std::io::{self, BufReader};
use std::net::TcpStream;

/// Answers each event of the Runtime API at `address` by `answer`, until the sandbox ends.
///
/// # Errors
/// The connection broke: the sandbox has ended.
pub fn serve(address: &str, mut answer: impl FnMut(&[u8]) -> Vec<u8>) -> io::Result<Infallible> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(&stream);
    let host = format!("Host: {address}\r\n");
    loop {
        let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1";
        let event = exchange(&stream, &mut reader, next, &host, b"")?;
        let id = event.header("lambda-runtime-aws-request-id").unwrap_or_default();
        let response = format!("POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1");
        exchange(&stream, &mut reader, &response, &host, &answer(&event.body))?;
    }
}

/// Sends a request on a kept connection and reads the answer.
///
/// # Errors
/// The connection broke.
pub fn exchange(
    stream: &TcpStream,
    reader: &mut BufReader<&TcpStream>,
    first: &str,
    headers: &str,
    body: &[u8],
) -> io::Result<Message> {
    message::write(&mut &*stream, first, headers, body)?;
    Message::read(reader)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
