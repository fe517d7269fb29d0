//! What API Gateway does not let through.

use super::refusal::Refusal;
use bytes::Bytes;
use http::Request;

/// The largest body a request may have.
pub(crate) const MAX_BODY: usize = 10 * 1024 * 1024;
/// The largest event or answer of a function.
pub(crate) const MAX_PAYLOAD: usize = 6 * 1024 * 1024;
/// The largest answer of an authorizer.
pub(super) const MAX_AUTHORIZER_ANSWER: usize = 8 * 1024;
/// The request line and all headers together.
const MAX_HEAD: usize = 10_240;

/// Refuses what is too large, and headers no event can carry as text.
pub(super) fn check(request: &Request<Bytes>) -> Result<(), Refusal> {
    let line = request.method().as_str().len()
        + request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter();
    let head = headers.map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() + line;
    if head > MAX_HEAD {
        return Err(Refusal::HeadTooLarge);
    }
    if request.body().len() > MAX_BODY {
        return Err(Refusal::TooLarge);
    }
    let text = |value: &http::HeaderValue| std::str::from_utf8(value.as_bytes()).is_ok();
    if !request.headers().values().all(text) {
        return Err(Refusal::BadRequest);
    }
    Ok(())
}
