//! What `sever` calls besides the table, as far as it does: EventBridge takes its audit records, which
//! are logged here as a rule of the stack would, and STS says whose the local credentials are.

use crate::ACCOUNT;
use crate::gateway::Call;
use crate::signature::{self, Unsigned};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use shared::AUDIT_TARGET;

/// A call of a service that is served here.
#[derive(Clone, Copy)]
pub(crate) enum Operation {
    PutEvents,
    GetCallerIdentity,
}

impl Operation {
    /// The operation that `request` asks for. None of them has a path of the API.
    pub(crate) fn of(request: &Request<Bytes>) -> Option<Self> {
        if request.method() != Method::POST || request.uri().path() != "/" {
            return None;
        }
        let header = |name: &str| request.headers().get(name).and_then(|text| text.to_str().ok());
        if header("x-amz-target") == Some("AWSEvents.PutEvents") {
            return Some(Self::PutEvents);
        }
        let action =
            || url::form_urlencoded::parse(request.body()).find(|(name, _)| name == "Action");
        let is_form = header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let action = if is_form { action() } else { None };
        action.filter(|(_, name)| name == "GetCallerIdentity").map(|_| Self::GetCallerIdentity)
    }

    /// Answers one call that is signed with the local credential.
    pub(crate) async fn answer(self, call: &Call) -> Response<Bytes> {
        let service = match self {
            Self::PutEvents => "events",
            Self::GetCallerIdentity => "sts",
        };
        let signed = signature::verify(&call.request, service, call.now).await;
        let (status, body) = match (self, signed) {
            (Self::PutEvents, Ok(())) => put_events(call),
            (Self::GetCallerIdentity, Ok(())) => (StatusCode::OK, identity()),
            (_, Err(unsigned)) => (StatusCode::FORBIDDEN, self.refusal(unsigned)),
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        let kind = match self {
            Self::PutEvents => "application/x-amz-json-1.1",
            Self::GetCallerIdentity => "text/xml",
        };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        call.put_id(&mut response);
        response
    }

    fn refusal(self, unsigned: Unsigned) -> String {
        let (kind, text) = unsigned.exception();
        match self {
            Self::PutEvents => json!({"__type": kind, "message": text}).to_string(),
            Self::GetCallerIdentity => format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{kind}</Code></Error></ErrorResponse>"
            ),
        }
    }
}

fn put_events(call: &Call) -> (StatusCode, String) {
    let body: Value = serde_json::from_slice(call.request.body()).unwrap_or_default();
    let Some(entries) = body["Entries"].as_array() else {
        let fault = json!({"__type": "ValidationException", "message": "Entries are required."});
        return (StatusCode::BAD_REQUEST, fault.to_string());
    };
    for entry in entries {
        let detail = entry["Detail"].as_str().unwrap_or_default();
        tracing::info!(target: AUDIT_TARGET, audit = detail);
    }
    let taken: Vec<_> = entries.iter().map(|_| json!({"EventId": call.id})).collect();
    (StatusCode::OK, json!({"FailedEntryCount": 0, "Entries": taken}).to_string())
}

fn identity() -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{ACCOUNT}:user/local</Arn><UserId>local</UserId><Account>{ACCOUNT}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::tests::{NOW, signed};

    const RECORD: &str =
        r#"{"Entries":[{"Source":"sever.operator","Detail":"{\"action\":\"kill-key\"}"}]}"#;

    fn put() -> Request<Bytes> {
        Request::post("/")
            .header("x-amz-target", "AWSEvents.PutEvents")
            .header("content-type", "application/x-amz-json-1.1")
            .body(Bytes::from_static(RECORD.as_bytes()))
            .unwrap()
    }

    fn who() -> Request<Bytes> {
        Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15"))
            .unwrap()
    }

    async fn answer(request: Request<Bytes>) -> (StatusCode, String) {
        let operation = Operation::of(&request).unwrap();
        let call = Call { id: "1".to_owned(), now: NOW, request };
        let response = operation.answer(&call).await;
        (response.status(), String::from_utf8(response.body().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_signed_call_is_answered_and_no_other() {
        let local = ("local", "local");
        let (status, body) = answer(signed(put(), local, ("us-east-1", "events"))).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body, r#"{"Entries":[{"EventId":"1"}],"FailedEntryCount":0}"#);
        let (status, body) = answer(signed(who(), local, ("us-east-1", "sts"))).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("<Arn>arn:aws:iam::000000000000:user/local</Arn>"), "{body}");
        for request in [put(), who(), signed(put(), ("other", "local"), ("us-east-1", "events"))] {
            assert_eq!(answer(request).await.0, StatusCode::FORBIDDEN);
        }
    }

    #[test]
    fn what_asks_for_neither_is_for_others() {
        let mut elsewhere = put();
        *elsewhere.uri_mut() = http::Uri::from_static("/logout");
        let form = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let other = form.body(Bytes::from_static(b"Action=AssumeRole")).unwrap();
        let plain = Request::post("/").body(Bytes::new()).unwrap();
        for request in [elsewhere, other, plain] {
            assert!(Operation::of(&request).is_none());
        }
    }
}
