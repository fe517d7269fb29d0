//! HTTP/1.1 messages with a `Content-Length`, on connections that are kept: all that the Runtime
//! API, the table and the load speak.

use std::io::{self, BufRead, Write};

/// A request or an answer.
#[derive(Debug, Default)]
pub struct Message {
    /// The first line and the headers, each ended by CR LF.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// More than any head here has.
const MAX_HEAD: usize = 64 * 1024;

impl Message {
    /// Reads the next message; `None` when the other end has closed.
    ///
    /// # Errors
    /// The connection broke, or what came is no such message.
    pub fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = String::new();
        loop {
            let start = head.len();
            if reader.read_line(&mut head)? == 0 {
                let closed = start == 0;
                return if closed { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            if &head[start..] == "\r\n" {
                head.truncate(start);
                break;
            }
            if head.len() > MAX_HEAD {
                return Err(io::Error::other("the head is too long"));
            }
        }
        let mut message = Self { head, body: Vec::new() };
        if message.header("transfer-encoding").is_some() {
            return Err(io::Error::other("chunks are not spoken here"));
        }
        let length = message.header("content-length").map_or(Ok(0), str::parse);
        message.body.resize(length.map_err(io::Error::other)?, 0);
        reader.read_exact(&mut message.body)?;
        Ok(Some(message))
    }

    /// The path of a request.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of an answer; 0 when it has none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.path().parse().unwrap_or_default()
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Writes a message in one piece: its first line, headers each ended by CR LF, and a body.
///
/// # Errors
/// The connection broke.
pub fn write(to: &mut impl Write, first: &str, headers: &str, body: &[u8]) -> io::Result<()> {
    let mut text = format!("{first}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    let mut bytes = std::mem::take(&mut text).into_bytes();
    bytes.extend_from_slice(body);
    to.write_all(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut wire = Vec::new();
        write(&mut wire, "POST /a HTTP/1.1", "X-One: 1\r\n", b"{}").unwrap();
        write(&mut wire, "HTTP/1.1 202 Accepted", "", b"").unwrap();
        let mut reader = &wire[..];
        let first = Message::read(&mut reader).unwrap().unwrap();
        assert_eq!((first.path(), first.header("x-one")), ("/a", Some("1")));
        assert_eq!(first.body, b"{}");
        assert_eq!(Message::read(&mut reader).unwrap().unwrap().status(), 202);
        assert!(Message::read(&mut reader).unwrap().is_none());
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for cut in
            ["GET / HT", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"]
        {
            assert!(Message::read(&mut cut.as_bytes()).is_err(), "{cut}");
        }
    }
}
