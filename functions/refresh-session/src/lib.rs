//! Keeps a session alive: exchanges its refresh token for a new pair (PROTOCOL 1.9).
//!
//! `POST {apiBasePath}/session/refresh`, called by the browser's SDK. Every refusal clears the
//! client, so that it does not ask again with what can never work.

use http::{Method, StatusCode};
use journal::Journal;
use lambda_http::Request;
use serde_json::json;
use shared::app::App;
use shared::config::OlderCookieDomain;
use shared::http::Reply;
use shared::http::credentials::{Credentials, RefreshCredential, Transfer};
use shared::http::error::ApiError;
use shared::http::reply::{json as json_reply, message, with_tokens};
use shared::http::tokens::ClientTokens;
use shared::lambda::{Caller, Function};
use shared::metric;
use shared::session::{Issued, Refreshed, Theft};
use shared::token::refresh::RefreshToken;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    let journal = Journal::new(&app);
    Function::http(app, Method::POST, move |app, request| handle(app, journal.clone(), request))
}

async fn handle(app: Arc<App>, journal: Journal, request: Request) -> Result<Reply, ApiError> {
    let caller = Caller::of(&request, &app.clock);
    let credentials = Credentials::of(request.headers());
    let (text, transfer) = match credentials.refresh() {
        RefreshCredential::Present(text, transfer) => (text, transfer),
        RefreshCredential::Absent => return Ok(refuse(&app, "unauthorised")),
        RefreshCredential::Duplicated(names) => return Ok(tidy_up(&app, &names)),
    };
    let Ok(token) = RefreshToken::parse(text) else {
        metric::refused("malformed-token");
        return Ok(refuse(&app, "unauthorised"));
    };
    let evidence = credentials.evidence(transfer, request.method());
    Ok(match app.sessions.refresh(&token, evidence).await? {
        Refreshed::Issued(issued) => {
            let stray_cookies = transfer == Transfer::Header && credentials.has_cookie();
            issue(&app, &issued, transfer, stray_cookies)
        }
        Refreshed::Unauthorised(refusal) => {
            metric::refused(refusal.reason());
            refuse(&app, "unauthorised")
        }
        Refreshed::Theft(theft) => {
            report(&theft);
            journal.stolen(&caller, &theft).await;
            refuse(&app, "token theft detected")
        }
    })
}

fn issue(app: &App, issued: &Issued, transfer: Transfer, stray_cookies: bool) -> Reply {
    let now = app.clock.now();
    let mut tokens = ClientTokens::give(issued, transfer, &app.web.cookies, now);
    if stray_cookies {
        tokens.cookies.extend(app.web.cookies.clear());
    }
    with_tokens(json_reply(StatusCode::OK, &json!({})), tokens)
}

fn refuse(app: &App, text: &str) -> Reply {
    let tokens = ClientTokens::take_both(&app.web.cookies);
    with_tokens(message(StatusCode::UNAUTHORIZED, text), tokens)
}

/// Two cookies of one name: they were set for two domains. Only the operator knows the older one
/// (PROTOCOL 1.12).
fn tidy_up(app: &App, names: &[&'static str]) -> Reply {
    let older = match &app.web.older_cookie_domain {
        Some(OlderCookieDomain::HostOnly) => None,
        Some(OlderCookieDomain::Domain(domain)) => Some(domain.as_str()),
        None => {
            tracing::warn!(
                cookies = ?names,
                "a client has session cookies for two domains: set OLDER_COOKIE_DOMAIN to clear the older ones"
            );
            return refuse(app, "unauthorised");
        }
    };
    let cookies = &app.web.cookies;
    let lines = names.iter().map(|name| cookies.clear_at(older, name)).collect();
    let text = "The request contains multiple session cookies. Those of the older domain are cleared; \
                the next refresh goes through.";
    let tokens = ClientTokens { headers: Vec::new(), cookies: lines };
    with_tokens(message(StatusCode::OK, text), tokens)
}

fn report(theft: &Theft) {
    tracing::warn!(
        session = theft.handle.fingerprint(),
        user = theft.user.as_str(),
        tenant = theft.tenant.as_str(),
        "token theft detected: a refresh token was used again after its successor; its session was ended"
    );
}
