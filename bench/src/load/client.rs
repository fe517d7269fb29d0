//! A client of the local bundle: one kept connection, one request at a time.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bench::instant;
use bench::message::{self, Message};
use serde_json::Value;
use shared::time::Clock;
use std::fmt::Write as _;
use std::io::{self, BufReader};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

/// How long the bundle may take to start, and to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connection.
pub(crate) struct Client {
    address: String,
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: Message,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.head.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.head.header(name).map(ToOwned::to_owned)
    }
}

impl Client {
    pub(crate) fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let reader = BufReader::new(stream.try_clone()?);
        Ok(Self { address: address.to_owned(), stream, reader })
    }

    /// Tries until somebody listens.
    pub(crate) fn until_it_listens(address: &str) -> io::Result<Self> {
        let start = instant();
        loop {
            match Self::connect(address) {
                Err(error) if start.elapsed() > PATIENCE => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(20)),
                connected => return connected,
            }
        }
    }

    /// A request that shows a token.
    pub(crate) fn bearer(&mut self, method: &str, path: &str, token: &str) -> io::Result<Reply> {
        let headers =
            format!("Host: {}\r\nAuthorization: Bearer {token}\r\nrid: load\r\n", self.address);
        self.send(method, path, &headers, "")
    }

    /// A request signed as the local administrator.
    pub(crate) fn admin(&mut self, method: &str, path: &str, body: &Value) -> io::Result<Reply> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = self.signed(method, path, &body).map_err(io::Error::other)?;
        self.send(method, path, &headers, &body)
    }

    fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> io::Result<Reply> {
        let first = format!("{method} {path} HTTP/1.1");
        message::write(&mut self.stream, &first, headers, body.as_bytes())?;
        let head = Message::read(&mut self.reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Reply { status: head.status(), head })
    }

    fn signed(&self, method: &str, path: &str, body: &str) -> Result<String, String> {
        let identity =
            Credentials::new(local::ACCESS_KEY, local::SECRET_KEY, None, None, "load").into();
        let now = Duration::from_millis(Clock::system().now().millis().unsigned_abs());
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(local::REGION)
            .name("execute-api")
            .time(UNIX_EPOCH + now)
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let uri = format!("http://{}{path}", self.address);
        let given = [("host", self.address.as_str()), ("content-type", "application/json")];
        let body = SignableBody::Bytes(body.as_bytes());
        let request = SignableRequest::new(method, &uri, given.into_iter(), body);
        let request = request.map_err(|error| error.to_string())?;
        let (instructions, _) =
            sign(request, &params).map_err(|error| error.to_string())?.into_parts();
        let mut headers = String::new();
        for (name, value) in given.into_iter().chain(instructions.headers()) {
            write!(headers, "{name}: {value}\r\n").map_err(|error| error.to_string())?;
        }
        Ok(headers)
    }
}
