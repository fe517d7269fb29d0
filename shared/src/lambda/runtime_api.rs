//! What a function says to Lambda's Runtime API, and hears from it:
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use std::io;
use tokio::net::TcpStream;

const REQUEST_ID: &str = "lambda-runtime-aws-request-id";
const DEADLINE: &str = "lambda-runtime-deadline-ms";
/// Lambda recognizes a late answer by it. An older Runtime API does not send it.
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// The Runtime API, over one connection: it is opened by the first call, and opened again when it
/// was closed between two calls.
pub(super) struct RuntimeApi {
    /// Such as `127.0.0.1:9001`.
    address: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// An event, and what Lambda says about it.
pub(super) struct Invocation {
    /// The id of the request.
    pub(super) request_id: String,
    /// What [`lambda_runtime::Context::new`] reads. The deadline, without which it panics, is among
    /// them.
    pub(super) headers: HeaderMap,
    /// The event.
    pub(super) payload: Bytes,
}

/// The Runtime API cannot be used, so that the process has nothing left to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum RuntimeApiError {
    #[error("no connection to the Runtime API")]
    Connect(#[source] io::Error),
    #[error("the connection to the Runtime API broke")]
    Broken(#[from] hyper::Error),
    #[error("a request to the Runtime API cannot be written")]
    Unwritable(#[from] http::Error),
    #[error("the Runtime API answered {status} to {path}")]
    Refused { path: &'static str, status: StatusCode },
    #[error("the Runtime API sent an event without a usable `{0}` header")]
    Header(&'static str),
}

impl RuntimeApi {
    pub(super) fn at(address: &str) -> Self {
        Self { address: address.to_owned(), connection: None }
    }

    /// Waits for an event, as long as it takes.
    pub(super) async fn next(&mut self) -> Result<Invocation, RuntimeApiError> {
        let response = self.get("/2018-06-01/runtime/invocation/next").await?;
        let (parts, payload) = response.into_parts();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let request_id = text(REQUEST_ID).ok_or(RuntimeApiError::Header(REQUEST_ID))?.to_owned();
        text(DEADLINE).ok_or(RuntimeApiError::Header(DEADLINE))?;
        Ok(Invocation { request_id, headers: parts.headers, payload })
    }

    /// Answers an event. A refusal of the answer, such as of one that is too large or too late, is
    /// logged: Lambda has told the invoker.
    pub(super) async fn answer(
        &mut self,
        invocation: &Invocation,
        answer: Result<Box<RawValue>, Diagnostic>,
    ) -> Result<(), RuntimeApiError> {
        let (what, body) = match answer {
            Ok(answer) => ("response", String::from(Box::<str>::from(answer)).into()),
            Err(failure) => ("error", to_json(&failure)),
        };
        let uri = format!("/2018-06-01/runtime/invocation/{}/{what}", invocation.request_id);
        let mut request = Request::builder().method(Method::POST).uri(uri);
        if what == "error" {
            request = request.header(ERROR_TYPE, "unhandled");
        }
        if let Some(id) = invocation.headers.get(INVOCATION_ID) {
            request = request.header(INVOCATION_ID, id);
        }
        let status = self.call(request.body(Full::new(body))?).await?.status();
        if !status.is_success() {
            tracing::error!(status = status.as_u16(), "the Runtime API refused an answer");
        }
        Ok(())
    }

    /// Says why this process cannot start. Otherwise all that an invoker is shown is that a process
    /// has ended.
    pub(super) async fn cannot_start(
        &mut self,
        failure: &Diagnostic,
    ) -> Result<(), RuntimeApiError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/2018-06-01/runtime/init/error")
            .header(ERROR_TYPE, &failure.error_type)
            .body(Full::new(to_json(failure)))?;
        self.call(request).await.map(drop)
    }

    /// Waits until the process is restored from its snapshot, under Lambda `SnapStart`. The
    /// connection does not survive that.
    pub(super) async fn restored(&mut self) -> Result<(), RuntimeApiError> {
        self.get("/2018-06-01/runtime/restore/next").await?;
        self.connection = None;
        Ok(())
    }

    async fn get(&mut self, path: &'static str) -> Result<Response<Bytes>, RuntimeApiError> {
        let response = self.call(Request::get(path).body(Full::default())?).await?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(RuntimeApiError::Refused { path, status }),
        }
    }

    async fn call(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, RuntimeApiError> {
        let host = HeaderValue::from_str(&self.address).map_err(http::Error::from)?;
        request.headers_mut().insert(HOST, host);
        let response = self.connection().await?.send_request(request).await?;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }

    async fn connection(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, RuntimeApiError> {
        if let Some(connection) = &mut self.connection
            && connection.ready().await.is_err()
        {
            self.connection = None;
        }
        match &mut self.connection {
            Some(connection) => Ok(connection),
            none => Ok(none.insert(connect(&self.address).await?)),
        }
    }
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>, RuntimeApiError> {
    let stream = TcpStream::connect(address).await.map_err(RuntimeApiError::Connect)?;
    stream.set_nodelay(true).map_err(RuntimeApiError::Connect)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // What ends it is what the calls on it are told.
    tokio::spawn(async move { connection.await.unwrap_or_default() });
    Ok(sender)
}

/// Two texts always serialize.
fn to_json(failure: &Diagnostic) -> Bytes {
    serde_json::to_vec(failure).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    const EVENT: &str = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\n\
        Lambda-Runtime-Deadline-Ms: 2\r\nLambda-Runtime-Invocation-Id: 3\r\n\
        Connection: close\r\nContent-Length: 2\r\n\r\n{}";
    const REFUSED: &str =
        "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

    /// Gives each of these answers on a connection of its own, and tells what was asked.
    async fn served(answers: &'static [&'static str]) -> (RuntimeApi, UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, heard) = unbounded_channel();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                request.truncate(length);
                tell.send(String::from_utf8(request).unwrap()).unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (RuntimeApi::at(&address), heard)
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_is_opened_again_and_a_refused_answer_ends_nothing() {
        let (mut api, mut heard) = served(&[EVENT, REFUSED, EVENT]).await;
        let invocation = api.next().await.unwrap();
        assert_eq!((invocation.request_id.as_str(), &invocation.payload[..]), ("1", &b"{}"[..]));
        let next = heard.recv().await.unwrap();
        assert!(next.starts_with("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"), "{next}");
        assert!(next.contains(&format!("host: {}\r\n", api.address)), "{next}");

        let answer = RawValue::from_string("7".to_owned()).unwrap();
        api.answer(&invocation, Ok(answer)).await.unwrap();
        let said = heard.recv().await.unwrap();
        assert!(said.starts_with("POST /2018-06-01/runtime/invocation/1/response "), "{said}");
        assert!(said.contains("lambda-runtime-invocation-id: 3\r\n"), "{said}");
        assert!(said.ends_with("\r\n\r\n7"), "{said}");
        api.next().await.unwrap();
    }

    #[tokio::test]
    async fn what_the_api_leaves_out_is_an_error_and_no_panic() {
        let (mut api, _heard) = served(&[
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 500 Broken\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "this is no HTTP\r\n\r\n",
        ])
        .await;
        let mut said = Vec::new();
        for _ in 0..4 {
            said.push(api.next().await.map(|_| ()).unwrap_err().to_string());
            api.connection = None;
        }
        assert_eq!(
            said,
            [
                "the Runtime API sent an event without a usable `lambda-runtime-aws-request-id` header",
                "the Runtime API sent an event without a usable `lambda-runtime-deadline-ms` header",
                "the Runtime API answered 500 Internal Server Error to \
                 /2018-06-01/runtime/invocation/next",
                "the connection to the Runtime API broke",
            ]
        );
    }

    #[tokio::test]
    async fn a_restored_process_connects_again() {
        let (mut api, mut heard) =
            served(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", EVENT]).await;
        api.restored().await.unwrap();
        assert!(heard.recv().await.unwrap().starts_with("GET /2018-06-01/runtime/restore/next "));
        assert_eq!(api.next().await.unwrap().request_id, "1");
    }
}
