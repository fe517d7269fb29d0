//! Signatures of a curl before 8.3, which signs the query as it was typed: neither sorted nor
//! encoded anew. AWS refuses those when the query has more than one parameter. The local bundle
//! takes them, so that its own instructions work with the curl that people have.

use crate::{REGION, SECRET_KEY};
use aws_lc_rs::digest::{SHA256, digest};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use bytes::Bytes;
use http::Request;
use shared::time::Timestamp;
use std::time::{Duration, UNIX_EPOCH};

/// Whether the request carries such a signature by the local credential. Date, region and service
/// were checked before: this looks only at how the query was put into the signed text.
pub(super) fn verify(request: &Request<Bytes>, service: &str, now: Timestamp) -> bool {
    signature(request, service, now).is_some_and(|(given, expected)| given == expected)
}

/// The signature the request carries, and the one it should carry.
fn signature(request: &Request<Bytes>, service: &str, now: Timestamp) -> Option<(String, String)> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let authorization = header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let parts = || authorization.split(',').filter_map(|part| part.trim().split_once('='));
    let part = |name: &str| parts().find(|(key, _)| *key == name).map(|(_, value)| value);
    let (_, scope) = part("Credential")?.split_once('/')?;
    let signed_headers = part("SignedHeaders")?;
    let mut canonical = vec![
        request.method().as_str().to_owned(),
        request.uri().path().to_owned(),
        request.uri().query()?.to_owned(),
    ];
    for name in signed_headers.split(';') {
        canonical.push(format!("{name}:{}", header(name)?.trim()));
    }
    canonical.extend([String::new(), signed_headers.to_owned(), sha256(request.body())]);
    let canonical = sha256(canonical.join("\n").as_bytes());
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{canonical}", header("x-amz-date")?);
    let today = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).ok()?);
    let key = generate_signing_key(SECRET_KEY, today, REGION, service);
    Some((part("Signature")?.to_owned(), calculate_signature(key, text.as_bytes())))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::request::Builder;

    /// As curl 7.88.1 signed it.
    const SIGNED_AT: Timestamp = Timestamp::from_seconds(1_795_223_581);

    fn recorded(uri: &str, signature: &str) -> Request<Bytes> {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=local/20261121/us-east-1/execute-api/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        let headers: Builder = Request::get(uri)
            .header("host", "127.0.0.1:3999")
            .header("x-amz-date", "20261121T011301Z")
            .header("authorization", authorization);
        headers.body(Bytes::new()).unwrap()
    }

    const UNSORTED: &str = "c269015b8d4718432bc4f0e87d1c4ab5f0c26811becc108a4eb4cd5f7a825a0b";
    const UNENCODED: &str = "7cf0822c37f10af7f64779ddc4983648767d7976eb136b55d35839d15f0db72e";

    #[tokio::test]
    async fn what_an_older_curl_signs_is_accepted() {
        for (uri, signature) in [
            ("/list-sessions?userId=u1&limit=5", UNSORTED),
            ("/list-sessions?userId=a+b%2fc", UNENCODED),
        ] {
            let request = recorded(uri, signature);
            assert!(verify(&request, "execute-api", SIGNED_AT), "{uri}");
            let verdict = super::super::verify(&request, "execute-api", SIGNED_AT).await;
            assert_eq!(verdict, Ok(()), "{uri}");
        }
    }

    #[tokio::test]
    async fn another_query_service_or_hour_is_refused() {
        let other = recorded("/list-sessions?userId=u2&limit=5", UNSORTED);
        assert!(!verify(&other, "execute-api", SIGNED_AT));
        let request = recorded("/list-sessions?userId=u1&limit=5", UNSORTED);
        assert!(!verify(&request, "lambda", SIGNED_AT));
        let later = SIGNED_AT.plus(Duration::from_hours(1));
        assert!(super::super::verify(&request, "execute-api", later).await.is_err());
    }
}
