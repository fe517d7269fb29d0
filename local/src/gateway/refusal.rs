//! The answers the gateway makes itself: AWS's status, body and type for each, with the headers the
//! template sets.

use crate::signature::Unsigned;
use crate::template::GatewayResponse;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Why the gateway answers by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A header, the path or the query cannot be read.
    BadRequest,
    /// The authorizer failed with exactly `Unauthorized`.
    Unauthorized,
    /// The authorizer's policy denies the method, or does not allow it.
    AccessDenied { explicitly: bool },
    /// A route guarded by IAM was called without a signature.
    MissingSignature,
    /// … with a signature that lacks a part, or something else in its place.
    IncompleteSignature,
    /// … with a key nobody has.
    UnknownKey,
    /// … with a wrong signature, in AWS's words.
    WrongSignature(String),
    /// No route has this path.
    NotFound,
    /// Routes have this path, with these methods.
    MethodNotAllowed(Vec<Method>),
    /// The body, or the event made of it, is too large.
    TooLarge,
    /// The request line and headers are too large.
    HeadTooLarge,
    /// The authorizer failed in some other way.
    AuthorizerFailed,
    /// The authorizer answered something that is no policy, or a context that cannot be passed on.
    AuthorizerMisconfigured,
    /// The function failed, or answered something that is no proxy answer.
    BadIntegration,
}

impl From<Unsigned> for Refusal {
    fn from(unsigned: Unsigned) -> Self {
        match unsigned {
            Unsigned::Missing => Self::MissingSignature,
            Unsigned::Incomplete => Self::IncompleteSignature,
            Unsigned::UnknownKey => Self::UnknownKey,
            Unsigned::Mismatch(words) => Self::WrongSignature(words),
            Unsigned::Malformed => Self::BadRequest,
        }
    }
}

impl Refusal {
    /// The answer, with the headers set for its type, else for all types of its class.
    pub(super) fn response(
        &self,
        responses: &BTreeMap<String, GatewayResponse>,
    ) -> Response<Bytes> {
        let (kind, status, error) = self.kind();
        let class = if status.is_server_error() { "DEFAULT_5XX" } else { "DEFAULT_4XX" };
        let own = responses.get(kind).or_else(|| responses.get(class));
        let mut response = Response::new(Bytes::from(self.body().to_string()));
        *response.status_mut() = own.and_then(|own| own.status).unwrap_or(status);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(error));
        for (name, value) in own.iter().flat_map(|own| &own.headers) {
            headers.insert(name.clone(), value.clone());
        }
        if let Self::MethodNotAllowed(methods) = self {
            let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
            if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
                headers.insert(ALLOW, allow);
            }
        }
        response
    }

    /// The gateway response type, the status and the error type in the header.
    fn kind(&self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as Is;
        match self {
            Self::BadRequest => ("BAD_REQUEST_PARAMETERS", Is::BAD_REQUEST, "BadRequestException"),
            Self::Unauthorized => ("UNAUTHORIZED", Is::UNAUTHORIZED, "UnauthorizedException"),
            Self::AccessDenied { .. } => ("ACCESS_DENIED", Is::FORBIDDEN, "AccessDeniedException"),
            Self::MissingSignature => (
                "MISSING_AUTHENTICATION_TOKEN",
                Is::FORBIDDEN,
                "MissingAuthenticationTokenException",
            ),
            Self::IncompleteSignature => {
                ("INVALID_SIGNATURE", Is::FORBIDDEN, "IncompleteSignatureException")
            }
            Self::UnknownKey => ("INVALID_SIGNATURE", Is::FORBIDDEN, "UnrecognizedClientException"),
            Self::WrongSignature(_) => {
                ("INVALID_SIGNATURE", Is::FORBIDDEN, "InvalidSignatureException")
            }
            Self::NotFound => ("RESOURCE_NOT_FOUND", Is::NOT_FOUND, "NotFoundException"),
            // AWS has no type for it: this one is what it would use. See the module's front page.
            Self::MethodNotAllowed(_) => (
                "MISSING_AUTHENTICATION_TOKEN",
                Is::METHOD_NOT_ALLOWED,
                "MethodNotAllowedException",
            ),
            Self::TooLarge => {
                ("REQUEST_TOO_LARGE", Is::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException")
            }
            Self::HeadTooLarge => (
                "REQUEST_TOO_LARGE",
                Is::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "RequestHeaderFieldsTooLargeException",
            ),
            Self::AuthorizerFailed => {
                ("AUTHORIZER_FAILURE", Is::INTERNAL_SERVER_ERROR, "InternalServerErrorException")
            }
            Self::AuthorizerMisconfigured => (
                "AUTHORIZER_CONFIGURATION_ERROR",
                Is::INTERNAL_SERVER_ERROR,
                "InternalServerErrorException",
            ),
            Self::BadIntegration => {
                ("API_CONFIGURATION_ERROR", Is::BAD_GATEWAY, "InternalServerErrorException")
            }
        }
    }

    fn body(&self) -> Value {
        let message = match self {
            // AWS spells this one member with a capital.
            Self::AccessDenied { explicitly } => {
                let how = if *explicitly { " with an explicit deny" } else { "" };
                let text = format!("User is not authorized to access this resource{how}");
                return json!({ "Message": text });
            }
            Self::AuthorizerFailed | Self::AuthorizerMisconfigured => {
                return json!({ "message": null });
            }
            Self::BadRequest => "Bad Request",
            Self::Unauthorized => "Unauthorized",
            Self::MissingSignature => "Missing Authentication Token",
            Self::IncompleteSignature => {
                "Authorization header is not a complete AWS Signature Version 4."
            }
            Self::UnknownKey => "The security token included in the request is invalid.",
            Self::WrongSignature(words) => words,
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed(_) => "Method Not Allowed",
            Self::TooLarge => "Request Too Long",
            Self::HeadTooLarge => "Request Header Fields Too Large",
            Self::BadIntegration => "Internal server error",
        };
        json!({ "message": message })
    }
}
