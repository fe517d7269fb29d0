//! Requests as callers make them, and what comes back.

use crate::world::World;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{HeaderMap, Method, Request};
use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};

/// A request being written.
pub struct Call<'w> {
    world: &'w World,
    request: Request<Bytes>,
    signed: bool,
}

impl<'w> Call<'w> {
    pub(crate) fn new(world: &'w World, method: Method, path: &str) -> Self {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("a path of a test");
        Self { world, request, signed: false }.header(HOST.as_str(), "127.0.0.1:3000")
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = value.parse().expect("a header value of a test");
        self.request.headers_mut().append(name, value);
        self
    }

    /// Shows a token in `Authorization`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// Sends a cookie along.
    #[must_use]
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header(COOKIE.as_str(), &format!("{name}={value}"))
    }

    /// Sends this text.
    #[must_use]
    pub fn text(mut self, body: impl Into<String>) -> Self {
        *self.request.body_mut() = Bytes::from(body.into());
        self.header(CONTENT_TYPE.as_str(), "application/json")
    }

    /// Sends this JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    /// Signs it as the local administrator.
    #[must_use]
    pub fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// Sends it and awaits the answer.
    pub async fn send(mut self) -> Reply {
        if self.signed {
            self.sign();
        }
        let presented = secrets_in(self.request.headers());
        let answer = self.world.bundle.request(self.request).await;
        let (parts, body) = answer.into_parts();
        let body = String::from_utf8(body.to_vec()).expect("answers are text");
        let reply = Reply { status: parts.status.as_u16(), headers: parts.headers, body };
        for secret in &presented {
            assert!(!reply.body.contains(secret.as_str()), "an answer repeats a secret");
        }
        self.world.remember(presented);
        self.world.remember(reply.secrets());
        reply
    }

    fn sign(&mut self) {
        let credentials = aws_sigv4_credentials(local::ACCESS_KEY, local::SECRET_KEY);
        let identity = credentials.into();
        let millis = self.world.clock.now().millis().unsigned_abs();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(local::REGION)
            .name("execute-api")
            .time(UNIX_EPOCH + Duration::from_millis(millis))
            .settings(SigningSettings::default())
            .build()
            .expect("all is given")
            .into();
        let uri = format!("http://127.0.0.1:3000{}", self.request.uri());
        let headers = self.request.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(self.request.body());
        let method = self.request.method().as_str();
        let signable = SignableRequest::new(method, &uri, headers, body).expect("signable");
        let (instructions, _) = sign(signable, &params).expect("signed").into_parts();
        let mut unsigned = Request::builder().uri(&uri).body(()).expect("a request");
        instructions.apply_to_request_http1x(&mut unsigned);
        self.request.headers_mut().extend(unsigned.headers().clone());
    }
}

fn aws_sigv4_credentials(key: &str, secret: &str) -> aws_credential_types::Credentials {
    aws_credential_types::Credentials::new(key, secret, None, None, "tests")
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The first value of a header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The `Set-Cookie` lines.
    #[must_use]
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()).collect()
    }

    /// The stable code of a problem, the `message` of a refusal, or nothing.
    #[must_use]
    pub fn code(&self) -> String {
        let json = self.json();
        let code = json["code"].as_str().or(json["message"].as_str());
        code.unwrap_or_default().to_owned()
    }

    /// The value that a `Set-Cookie` line gives a cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let lines = self.cookies();
        let value = |line: &&str| {
            line.strip_prefix(name)?.strip_prefix('=')?.split(';').next().map(ToOwned::to_owned)
        };
        lines.iter().rev().find_map(value)
    }

    /// Whether it takes the client's cookies away.
    #[must_use]
    pub fn clears_cookies(&self) -> bool {
        let gone = |name| self.cookie(name).as_deref() == Some("");
        self.header("front-token") == Some("remove")
            && gone("sAccessToken")
            && gone("sRefreshToken")
    }

    /// Whether it takes away the tokens that a client keeps itself.
    #[must_use]
    pub fn clears_headers(&self) -> bool {
        let gone = |name| self.header(name) == Some("");
        self.header("front-token") == Some("remove")
            && gone("st-access-token")
            && gone("st-refresh-token")
    }

    fn secrets(&self) -> Vec<String> {
        let mut secrets = secrets_in(&self.headers);
        let json = self.json();
        let members =
            ["/accessToken/token", "/refreshToken/token", "/antiCsrfToken", "/frontToken"];
        let in_body = members.iter().filter_map(|path| json.pointer(path)?.as_str());
        secrets.extend(in_body.map(ToOwned::to_owned));
        secrets.retain(|secret| is_secret(secret));
        secrets
    }
}

fn secrets_in(headers: &HeaderMap) -> Vec<String> {
    let mut secrets = Vec::new();
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        match name.as_str() {
            "authorization" => secrets.extend(value.strip_prefix("Bearer ").map(ToOwned::to_owned)),
            "cookie" | "set-cookie" => {
                let value = value.split(';').next().and_then(|pair| pair.split('=').nth(1));
                secrets.extend(value.map(ToOwned::to_owned));
            }
            "st-access-token" | "st-refresh-token" | "front-token" | "anti-csrf" => {
                secrets.push(value.to_owned());
            }
            _ => {}
        }
    }
    secrets.retain(|secret| is_secret(secret));
    secrets
}

/// Short words in a token's place are what a test makes up.
fn is_secret(text: &str) -> bool {
    text.len() > 30
}
