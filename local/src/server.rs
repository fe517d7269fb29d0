//! Serves a [`Bundle`] over HTTP on loopback.

use crate::access_log;
use crate::bundle::Bundle;
use crate::gateway::{For, MAX_BODY};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::LengthLimitError;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// How long requests under way may still take when the server is asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Listens on `port` of loopback, and nowhere else: the local credentials guard nothing. Port 0
/// takes a free one.
pub async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Serves `bundle` on `listener` until Ctrl-C or SIGTERM.
pub async fn serve(listener: TcpListener, bundle: Arc<Bundle>) -> io::Result<()> {
    serve_until(listener, bundle, asked_to_stop()).await
}

/// Serves `bundle` on `listener` until `stop` is over.
pub async fn serve_until(
    listener: TcpListener,
    bundle: Arc<Bundle>,
    stop: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    let router = Router::new().fallback(answer).with_state(bundle);
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        // An error means that the sender is gone, and then it is over too.
        stopped.await.unwrap_or_default();
    });
    let server = tokio::spawn(server.into_future());
    stop.await?;
    drop(stopping);
    // A client that never finishes its request must not keep the process alive.
    match tokio::time::timeout(GRACE, server).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(panic)) => Err(io::Error::other(panic)),
        Err(_) => Ok(()),
    }
}

async fn answer(State(bundle): State<Arc<Bundle>>, request: Request) -> Response {
    let start = Instant::now();
    let (parts, body) = request.into_parts();
    let (method, uri) = (parts.method.clone(), parts.uri.clone());
    let response = match to_bytes(body, MAX_BODY).await {
        Ok(body) => bundle.request(Request::from_parts(parts, body)).await,
        Err(error) => bundle.unread(error.into_inner().is::<LengthLimitError>()),
    };
    let function = response.extensions().get::<For>().map(|function| function.0.as_str());
    let status = response.status().as_u16();
    tracing::info!("{}", access_log::line(&method, &uri, status, start.elapsed(), function));
    response.map(|body: Bytes| Body::from(body))
}

#[cfg(unix)]
async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_listens_on_loopback_alone_and_not_twice() {
        let listener = listen(0).await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(address.ip().is_loopback(), "{address}");
        let second = listen(address.port()).await.unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
    }
}
