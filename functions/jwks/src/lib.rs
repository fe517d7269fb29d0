//! Publishes the keys that verify access tokens, and where to find them (PROTOCOL 1.13).
//!
//! `GET {apiBasePath}/jwt/jwks.json` and `GET {apiBasePath}/.well-known/openid-configuration`, for
//! anyone.

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use http::{Method, StatusCode};
use lambda_http::Request;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::Reply;
use shared::http::error::{ApiError, Code};
use shared::http::reply::{json as json_reply, with_header};
use shared::lambda::{Function, route_of};
use std::sync::Arc;
use std::time::Duration;

/// How long the discovery document may be cached: it changes only with a deployment.
const DISCOVERY_MAX_AGE: Duration = Duration::from_hours(1);

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::http(app, Method::GET, handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, ApiError> {
    let route = route_of(&request);
    if route.ends_with("/jwt/jwks.json") {
        let (jwks, max_age) = app.keys.jwks().await?;
        Ok(public(&jwks, max_age))
    } else if route.ends_with("/.well-known/openid-configuration") {
        Ok(public(&discovery(&app.tokens.policy().issuers.own), DISCOVERY_MAX_AGE))
    } else {
        Err(ApiError::new(Code::NotFound, "this function answers the key set and its discovery"))
    }
}

/// Only what is there is announced: Sever has no OAuth2 endpoints.
fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwt/jwks.json"),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

fn public(body: &Value, max_age: Duration) -> Reply {
    let cache = format!("max-age={}, must-revalidate", max_age.as_secs());
    let reply = with_header(json_reply(StatusCode::OK, body), CACHE_CONTROL, &cache);
    with_header(reply, ACCESS_CONTROL_ALLOW_ORIGIN, "*")
}
