//! Checks AWS Signature Version 4 against the one local credential, for routes guarded by IAM and
//! for the Invoke API.

use crate::{ACCESS_KEY, REGION, SECRET_KEY};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Uri};
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS,
    SignatureError, SignatureOptions, service_for_signing_key_fn, sigv4_validate_request,
};
use shared::time::Timestamp;
use std::error::Error;

/// Why a request does not count as signed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unsigned {
    /// It carries no signature.
    Missing,
    /// Its signature lacks a part, or is of another kind.
    Incomplete,
    /// It is signed with a key nobody here has.
    UnknownKey,
    /// The signature is wrong, too old, or for another service or region; in AWS's words.
    Mismatch(String),
    /// Its path or query cannot be read.
    Malformed,
}

impl Unsigned {
    /// The exception that AWS answers, and what it says.
    pub(crate) fn exception(self) -> (&'static str, String) {
        match self {
            Self::Missing => {
                ("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned())
            }
            Self::Incomplete => (
                "IncompleteSignatureException",
                "Authorization header is not a complete AWS Signature Version 4.".to_owned(),
            ),
            Self::UnknownKey => (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.".to_owned(),
            ),
            Self::Mismatch(words) => ("InvalidSignatureException", words),
            Self::Malformed => {
                ("ValidationException", "The request's path or query cannot be read.".to_owned())
            }
        }
    }
}

/// What AWS says to a signature that is simply wrong.
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";

/// Checks that `request` is signed with the local credential for `service`, not long before or
/// after `now`.
pub(crate) async fn verify(
    request: &Request<Bytes>,
    service: &str,
    now: Timestamp,
) -> Result<(), Unsigned> {
    let now = DateTime::<Utc>::from_timestamp_millis(now.millis()).unwrap_or_default();
    let mut key = service_for_signing_key_fn(signing_key);
    let request = signed_form(request).ok_or(Unsigned::Malformed)?;
    let headers = &NO_ADDITIONAL_SIGNED_HEADERS;
    let options = SignatureOptions::default();
    match sigv4_validate_request(request, REGION, service, &mut key, now, headers, options).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.downcast_ref().map_or(Unsigned::Malformed, reason)),
    }
}

/// Texts of the library that quote the header are not passed on: a bearer token may stand in it.
fn reason(error: &SignatureError) -> Unsigned {
    match error {
        SignatureError::MissingAuthenticationToken(_) => Unsigned::Missing,
        SignatureError::IncompleteSignature(_) => Unsigned::Incomplete,
        SignatureError::InvalidClientTokenId(_) => Unsigned::UnknownKey,
        SignatureError::SignatureDoesNotMatch(text) => {
            Unsigned::Mismatch(text.as_deref().unwrap_or(MISMATCH).to_owned())
        }
        _ => Unsigned::Malformed,
    }
}

/// Every service but S3 signs the path encoded once more than it is sent; the library encodes it
/// once.
fn signed_form(request: &Request<Bytes>) -> Option<Request<Bytes>> {
    let path = request.uri().path().replace('%', "%25").replace('+', "%2B");
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let uri = Uri::builder().path_and_query(path + &query).build().ok()?;
    let mut signed = Request::builder().method(request.method()).uri(uri);
    for (name, value) in request.headers() {
        signed = signed.header(name, value);
    }
    signed.body(request.body().clone()).ok()
}

async fn signing_key(
    request: GetSigningKeyRequest,
) -> Result<GetSigningKeyResponse, Box<dyn Error + Send + Sync>> {
    if request.access_key() != ACCESS_KEY || request.session_token().is_some() {
        return Err(Box::new(SignatureError::InvalidClientTokenId(String::new())));
    }
    // The library takes keys of AWS's own length only. HMAC pads a key with zeros, so padding it
    // here changes nothing.
    let padded = format!("{SECRET_KEY:\0<40}");
    let secret: KSecretKey = padded.parse()?;
    let key = secret.to_ksigning(request.request_date(), request.region(), request.service());
    Ok(GetSigningKeyResponse::builder().signing_key(key).build()?)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aws_sdk_dynamodb::config::Credentials;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4;
    use std::time::{Duration, UNIX_EPOCH};

    pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    /// `request` signed as the AWS SDK does it.
    pub(crate) fn signed(
        mut request: Request<Bytes>,
        (key, secret): (&str, &str),
        (region, service): (&str, &str),
    ) -> Request<Bytes> {
        request.headers_mut().insert("host", "127.0.0.1:3000".parse().unwrap());
        let identity = Credentials::new(key, secret, None, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(UNIX_EPOCH + Duration::from_secs(NOW.seconds().unsigned_abs()))
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let uri = format!("http://127.0.0.1:3000{}", request.uri());
        let headers = request.headers().iter().map(|(k, v)| (k.as_str(), v.to_str().unwrap()));
        let body = SignableBody::Bytes(request.body());
        let signable = SignableRequest::new(request.method().as_str(), uri, headers, body).unwrap();
        let (instructions, _) = sign(signable, &parameters.into()).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request
    }

    const LOCAL: (&str, &str) = ("local", "local");
    const HERE: (&str, &str) = ("us-east-1", "execute-api");

    fn post(uri: &str) -> Request<Bytes> {
        Request::post(uri).body(Bytes::from_static(b"{\"userId\":\"u1\"}")).unwrap()
    }

    async fn verdict(request: &Request<Bytes>) -> Result<(), Unsigned> {
        verify(request, "execute-api", NOW).await
    }

    #[tokio::test]
    async fn what_the_sdk_signs_is_accepted() {
        for uri in [
            "/revoke-user",
            "/list-sessions?userId=u1&limit=5",
            "/list-sessions?userId=a%20b%2Fc&cursor=",
            "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations",
        ] {
            assert_eq!(verdict(&signed(post(uri), LOCAL, HERE)).await, Ok(()), "{uri}");
        }
    }

    #[tokio::test]
    async fn anything_else_is_refused() {
        assert_eq!(verdict(&post("/x")).await, Err(Unsigned::Missing));

        let mut bearer = post("/x");
        bearer.headers_mut().insert("authorization", "Bearer eyJ.secret".parse().unwrap());
        assert_eq!(verdict(&bearer).await, Err(Unsigned::Incomplete));

        let unknown = signed(post("/x"), ("other", "local"), HERE);
        assert_eq!(verdict(&unknown).await, Err(Unsigned::UnknownKey));

        let wrong = Err(Unsigned::Mismatch(MISMATCH.to_owned()));
        assert_eq!(verdict(&signed(post("/x"), ("local", "guess"), HERE)).await, wrong);
        let mut altered = signed(post("/x"), LOCAL, HERE);
        *altered.body_mut() = Bytes::from_static(b"{\"userId\":\"u2\"}");
        assert_eq!(verdict(&altered).await, wrong);
        let mut moved = signed(post("/x"), LOCAL, HERE);
        *moved.uri_mut() = Uri::from_static("/y");
        assert_eq!(verdict(&moved).await, wrong);
    }

    #[tokio::test]
    async fn another_region_service_or_hour_is_refused() {
        for scope in [("eu-west-1", "execute-api"), ("us-east-1", "lambda")] {
            let refusal = verdict(&signed(post("/x"), LOCAL, scope)).await;
            assert!(matches!(refusal, Err(Unsigned::Mismatch(_))), "{scope:?}: {refusal:?}");
        }
        let later = NOW.plus(Duration::from_hours(1));
        let refusal = verify(&signed(post("/x"), LOCAL, HERE), "execute-api", later).await;
        assert!(
            matches!(&refusal, Err(Unsigned::Mismatch(why)) if why.starts_with("Signature expired")),
            "{refusal:?}"
        );
    }
}
