//! Keeps a session alive: exchanges its refresh token for a new pair (PROTOCOL 1.9).
//!
//! `POST {apiBasePath}/session/refresh`, called by the browser's SDK. Every refusal clears the
//! client, so that it does not ask again with what can never work.

use http::{Method, StatusCode};
use journal::JournaledApp;
use lambda_http::Request;
use serde_json::json;
use shared::app::App;
use shared::http::Reply;
use shared::http::cookies::{ACCESS, REFRESH};
use shared::http::credentials::{Credentials, RefreshCredential, Transfer};
use shared::http::error::ApiError;
use shared::http::reply::{json as json_reply, message, with_tokens};
use shared::http::tokens::ClientTokens;
use shared::lambda::metric;
use shared::lambda::{Caller, Function};
use shared::session::{Issued, Refreshed, Theft};
use shared::token::refresh::RefreshToken;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    sealing::connect(&app);
    Function::http(JournaledApp::new(app), Method::POST, handle)
}

async fn handle(state: Arc<JournaledApp>, request: Request) -> Result<Reply, ApiError> {
    let JournaledApp { app, journal } = &*state;
    let caller = Caller::of(&request, &app.clock);
    let credentials = Credentials::of(request.headers());
    let refuse = |text| refuse(app, &credentials, text);
    let (text, transfer) = match credentials.refresh() {
        RefreshCredential::Present(text, transfer) => (text, transfer),
        RefreshCredential::Absent => return Ok(refuse("unauthorised")),
        RefreshCredential::Duplicated(names) => return Ok(tidy_up(app, &names)),
    };
    let Ok(token) = RefreshToken::parse(text) else {
        metric::refused("malformed-token");
        return Ok(refuse("unauthorised"));
    };
    let evidence = credentials.evidence(transfer, request.method());
    Ok(match app.tokens.refresh(&token, evidence).await? {
        Refreshed::Issued(issued) => issue(app, &issued, transfer, &credentials).await,
        Refreshed::Unauthorised(refusal) => {
            metric::refused(refusal.reason());
            refuse("unauthorised")
        }
        Refreshed::Theft(theft) => {
            report(&theft);
            journal.stolen(&caller, &theft).await;
            refuse("token theft detected")
        }
    })
}

async fn issue(
    app: &App,
    issued: &Issued,
    transfer: Transfer,
    credentials: &Credentials<'_>,
) -> Reply {
    let cookies = &app.web.cookies;
    let mut tokens = ClientTokens::give(issued, transfer, cookies, app.clock.now());
    if transfer == Transfer::Header && credentials.has_cookie() {
        tokens.cookies.extend(cookies.clear());
        if is_disputed(app, issued, credentials).await {
            tokens.cookies.extend(ClientTokens::take_strays(&[ACCESS, REFRESH], cookies).cookies);
        } else if let Some(older) = &app.web.older_cookie_domain {
            let lines = [ACCESS, REFRESH].map(|name| cookies.clear_at(older.attribute(), name));
            tokens.cookies.extend(lines);
        }
    }
    with_tokens(json_reply(StatusCode::OK, &json!({})), tokens)
}

/// Whether an authorizer would refuse the new access token for a cookie beside it. Only then is
/// every cookie taken away that the browser sends: one that disputes nothing may be good to another
/// site of the same domain. The tokens have been exchanged by now, so a failure to find out fails
/// nothing: the next refresh looks again.
async fn is_disputed(app: &App, issued: &Issued, credentials: &Credentials<'_>) -> bool {
    for rival in credentials.rivals(Transfer::Header) {
        let disputes = app.tokens.is_of_another_session(rival, &issued.session.handle).await;
        if matches!(disputes, Ok(true)) {
            return true;
        }
    }
    false
}

/// Refuses, and clears both ways of transfer. Of a name that came twice our own cookie stays: which
/// of the two was refused cannot be told.
fn refuse(app: &App, credentials: &Credentials<'_>, text: &str) -> Reply {
    let cookies = &app.web.cookies;
    let twice = credentials.duplicated();
    let tokens = if twice.is_empty() {
        ClientTokens::take_both(cookies)
    } else {
        let strays = ClientTokens::take_strays(&twice, cookies).cookies;
        ClientTokens { cookies: strays, ..ClientTokens::take(Transfer::Header, cookies) }
    };
    with_tokens(message(StatusCode::UNAUTHORIZED, text), tokens)
}

/// Two cookies of one name: an older deployment left one, or another site under the same domain set
/// one that is its own user's. Neither is believed. Ours stays and the other goes, so that the next
/// refresh is the user's own; 401 would have the browser's SDK forget the session (PROTOCOL 1.12).
fn tidy_up(app: &App, names: &[&'static str]) -> Reply {
    metric::refused("duplicate-cookies");
    tracing::warn!(
        cookies = ?names,
        "a client has two session cookies of one name: the one that is not ours is cleared"
    );
    let text = "The request contains multiple session cookies. The stray ones are cleared; the next \
                refresh goes through.";
    let tokens = ClientTokens::take_strays(names, &app.web.cookies);
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
