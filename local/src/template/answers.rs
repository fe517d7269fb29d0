//! What the template sets for the answers that the gateway makes itself: preflights and refusals.

use super::TemplateError;
use super::intrinsics::join;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a preflight is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// The headers of the answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is set for one type of answer that the gateway makes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayResponse {
    /// The status in place of the usual one.
    pub status: Option<StatusCode>,
    /// Headers it carries.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CorsProperties {
    allow_origin: String,
    allow_headers: Option<String>,
    allow_methods: Option<String>,
    #[serde(default)]
    allow_credentials: bool,
    max_age: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ResponseProperties {
    status_code: Option<u16>,
    #[serde(default)]
    response_parameters: ResponseParameters,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct ResponseParameters {
    headers: BTreeMap<String, String>,
}

/// The types an answer of the gateway may have.
const RESPONSE_TYPES: [&str; 21] = [
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
];

impl CorsProperties {
    pub(super) fn read(self, at: &str) -> Result<Cors, TemplateError> {
        let headers = [
            ("access-control-allow-origin", Some(self.allow_origin)),
            ("access-control-allow-headers", self.allow_headers),
            ("access-control-allow-methods", self.allow_methods),
            (
                "access-control-allow-credentials",
                self.allow_credentials.then(|| "'true'".to_owned()),
            ),
            ("access-control-max-age", self.max_age),
        ];
        let present = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let headers =
            present.map(|(name, value)| header(name, &value, at)).collect::<Result<_, _>>()?;
        Ok(Cors { headers })
    }
}

impl ResponseProperties {
    pub(super) fn read(self, kind: &str, at: &str) -> Result<GatewayResponse, TemplateError> {
        if !RESPONSE_TYPES.contains(&kind) {
            return Err(TemplateError::at(at, "no such response type"));
        }
        let status = self.status_code.map(StatusCode::from_u16).transpose();
        let headers = self.response_parameters.headers;
        Ok(GatewayResponse {
            status: status.map_err(|_| TemplateError::at(at, "StatusCode is no status"))?,
            headers: headers
                .iter()
                .map(|(name, value)| header(name, value, at))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// A header whose value is static: text in single quotes. A mapping expression is not understood
/// here, and one that mirrors `Origin` would be a hole anyway.
fn header(name: &str, value: &str, at: &str) -> Result<(HeaderName, HeaderValue), TemplateError> {
    let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
    let value = quoted.ok_or_else(|| {
        TemplateError::at(&join(at, name), "must be static text in single quotes")
    })?;
    let invalid = |_| TemplateError::at(&join(at, name), "is no header");
    Ok((
        HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid(error.to_string()))?,
        HeaderValue::from_str(value).map_err(|error| invalid(error.to_string()))?,
    ))
}
