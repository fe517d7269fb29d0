//! Keys: the JSON Web Key Set, and JWTs that an application has signed (PROTOCOL 3.4.1, 3.4.11).

use crate::CoreCall;
use crate::answer::{CoreResult, json, status};
use crate::error::CoreError;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use serde_json::json;
use shared::session::supertokens::NewJwt;
use shared::token::key::KeyKind;
use std::time::Duration;

/// `GET /.well-known/jwks.json`
pub(crate) async fn public_jwks(call: &CoreCall<'_>) -> CoreResult {
    let (keys, until_next) = call.of.sessions.jwks().await?;
    let mut reply = json(&keys);
    let caching = format!("max-age={}, must-revalidate", until_next.as_secs().max(1));
    if let Ok(caching) = HeaderValue::try_from(caching) {
        reply.headers_mut().insert(CACHE_CONTROL, caching);
    }
    Ok(reply)
}

/// `GET /recipe/jwt/jwks`
pub(crate) async fn jwks(call: &CoreCall<'_>) -> CoreResult {
    let (mut keys, _) = call.of.sessions.jwks().await?;
    keys["status"] = "OK".into();
    Ok(json(&keys))
}

/// `POST /recipe/jwt`
pub(crate) async fn create_jwt(call: &CoreCall<'_>) -> CoreResult {
    call.only_from_public_tenant_since_5_0()?;
    let body = call.input.body()?;
    let algorithm: String = body.required("algorithm")?;
    let issuer = body.required("jwksDomain")?;
    let payload = body.required("payload")?;
    let validity: i64 = body.required("validity")?;
    let fixed = body.optional("useStaticSigningKey")?.unwrap_or(true);
    if algorithm != "RS256" {
        return Ok(status("UNSUPPORTED_ALGORITHM_ERROR"));
    }
    let seconds = u64::try_from(validity).ok().filter(|seconds| *seconds > 0);
    let seconds =
        seconds.ok_or_else(|| CoreError::bad("validity must be greater than or equal to 0"))?;
    let new = NewJwt {
        payload,
        issuer,
        validity: Duration::from_secs(seconds),
        key_kind: if fixed { KeyKind::Static } else { KeyKind::Dynamic },
    };
    let jwt = call.of.sessions.create_jwt(new).await?;
    Ok(json(&json!({ "status": "OK", "jwt": jwt })))
}
