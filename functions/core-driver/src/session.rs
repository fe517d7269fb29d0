//! One session and its tokens: open, show, check, refresh, regenerate (PROTOCOL 3.4.3 to 3.4.6 and
//! 3.4.9).

use crate::answer::{CoreResult, json, refused};
use crate::error::CoreError;
use crate::version::Cdi;
use crate::{CoreCall, sessions};
use serde_json::json;
use shared::http::Reply;
use shared::ids::{SessionHandle, UserId};
use shared::json::Object;
use shared::lambda::metric;
use shared::model::{Device, Ended, SessionData};
use shared::session::supertokens::{
    NO_SESSION, PROTECTED_PAYLOAD, RefreshOutcome, RefreshRequest, Regenerated, SessionView,
    VerifyOutcome, VerifyRequest,
};
use shared::session::{Issued, NewSession, Opening};
use shared::time::Timestamp;
use shared::token::access::AccessToken;
use shared::token::key::KeyKind;
use shared::token::payload::Payload;
use shared::token::refresh::RefreshToken;
use shared::token::unverified::{NotAnAccessToken, UnverifiedToken};
use shared::token::version::Version;

/// `POST /recipe/session`
pub(crate) async fn create(call: &CoreCall<'_>) -> CoreResult {
    let body = call.input.body()?;
    let user = body.user()?;
    let payload = Payload::from_object(body.required("userDataInJWT")?);
    let data = SessionData(body.required("userDataInDatabase")?);
    let with_anti_csrf = body.required("enableAntiCsrf")?;
    let dynamic: Option<bool> = body.optional("useDynamicSigningKey")?;
    let version = call.cdi.token_version();
    // The claims of version 2 do not stand beside the payload.
    if version > Version::V2 && !payload.fits(version) {
        return Err(CoreError::bad(PROTECTED_PAYLOAD));
    }
    let new = NewSession {
        recipe_user: user.clone(),
        user,
        tenant: call.tenant.clone(),
        payload,
        data,
        device: Device::default(),
        key_kind: key_kind(dynamic).unwrap_or(KeyKind::Dynamic),
        opening: Opening::Classic { version, with_anti_csrf },
    };
    match call.app.apps.create(&call.of, new).await? {
        Some(issued) => {
            let (by, app) = (call.actor(), call.of.id());
            call.journal.opened(&call.caller, by, app, &issued.session).await;
            Ok(issued_answer(call, &issued))
        }
        None => Err(CoreError::NoTenant(call.of.id().clone(), call.tenant.clone())),
    }
}

/// `GET /recipe/session`
pub(crate) async fn get(call: &CoreCall<'_>) -> CoreResult {
    let query = call.input.query();
    let Some(session) = sessions::find(call, query.required("sessionHandle")?).await? else {
        return Ok(refused("UNAUTHORISED", NO_SESSION));
    };
    let mut shown = Object::default();
    shown.set("status", &"OK");
    shown.set("sessionHandle", &session.handle.as_str());
    shown.set("userId", &session.standing.user.as_str());
    shown.set("userDataInDatabase", &session.data.0);
    shown.set("userDataInJWT", session.payload.members());
    shown.set("expiry", &session.standing.expires_at.millis());
    shown.set("timeCreated", &session.created_at.millis());
    if call.cdi >= Cdi::V3_0 {
        shown.set("tenantId", &session.standing.tenant.as_str());
    }
    if call.cdi >= Cdi::V4_0 {
        shown.set("recipeUserId", &session.recipe_user.as_str());
    }
    Ok(json(&shown))
}

/// `POST /recipe/session/verify`
pub(crate) async fn verify(call: &CoreCall<'_>) -> CoreResult {
    let body = call.input.body()?;
    let token: String = body.required("accessToken")?;
    let anti_csrf: Option<String> = body.optional("antiCsrfToken")?;
    let asked: bool = body.required("doAntiCsrfCheck")?;
    let enabled: bool = body.required("enableAntiCsrf")?;
    let check = VerifyRequest {
        anti_csrf: anti_csrf.as_deref(),
        check_anti_csrf: asked && enabled,
        check_database: body.required("checkDatabase")?,
    };
    let Ok(token) = UnverifiedToken::parse_for_sdk(&token) else {
        return Ok(refused("TRY_REFRESH_TOKEN", "the access token is not one"));
    };
    match call.of.sessions.verify(token, check).await? {
        VerifyOutcome::Allowed(seen) => Ok(seen_answer(call, &seen)),
        VerifyOutcome::TryRefresh(reason) => Ok(refused("TRY_REFRESH_TOKEN", reason)),
        VerifyOutcome::Unauthorised(reason) => Ok(refused("UNAUTHORISED", reason)),
        VerifyOutcome::Ahead => Ok(ahead()),
        VerifyOutcome::ProtectedPayload => Err(CoreError::bad(PROTECTED_PAYLOAD)),
    }
}

/// `POST /recipe/session/refresh`
pub(crate) async fn refresh(call: &CoreCall<'_>) -> CoreResult {
    let body = call.input.body()?;
    let token: String = body.required("refreshToken")?;
    let anti_csrf: Option<String> = body.optional("antiCsrfToken")?;
    let dynamic = match call.cdi {
        cdi if cdi >= Cdi::V5_0 => Some(body.required("useDynamicSigningKey")?),
        cdi if cdi >= Cdi::V3_0 => body.optional("useDynamicSigningKey")?,
        _ => None,
    };
    let asked = RefreshRequest {
        version: call.cdi.token_version(),
        enable_anti_csrf: body.required("enableAntiCsrf")?,
        anti_csrf: anti_csrf.as_deref(),
        key_kind: key_kind(dynamic),
    };
    let Ok(token) = RefreshToken::parse(&token) else {
        return Ok(refused("UNAUTHORISED", "the refresh token is not one"));
    };
    match call.of.sessions.refresh(&token, asked).await? {
        RefreshOutcome::Issued(issued) => Ok(issued_answer(call, &issued)),
        RefreshOutcome::Unauthorised(reason) => Ok(refused("UNAUTHORISED", reason)),
        RefreshOutcome::Ahead => Ok(ahead()),
        RefreshOutcome::Theft { handle, user, recipe_user } => {
            call.journal.theft_told(&call.caller, call.of.id(), &handle, &user).await;
            Ok(theft(&handle, &user, &recipe_user))
        }
    }
}

/// `POST /recipe/session/regenerate`
pub(crate) async fn regenerate(call: &CoreCall<'_>) -> CoreResult {
    let body = call.input.body()?;
    let token: String = body.required("accessToken")?;
    let payload = body.optional("userDataInJWT")?.map(Payload::from_object);
    let token = match UnverifiedToken::parse_for_sdk(&token) {
        Ok(token) => token,
        Err(NotAnAccessToken::Other) => {
            return Ok(refused("UNAUTHORISED", "the access token is no session's"));
        }
        // The core fails here. What a caller sends is the caller's to mend.
        Err(NotAnAccessToken::Malformed) => return Err(CoreError::field("accessToken")),
    };
    match call.of.sessions.regenerate(token, payload).await? {
        Regenerated::Done(seen) => Ok(seen_answer(call, &seen)),
        Regenerated::Unauthorised(reason) => Ok(refused("UNAUTHORISED", reason)),
        Regenerated::Ahead => Ok(ahead()),
        Regenerated::ProtectedPayload => Err(CoreError::bad(PROTECTED_PAYLOAD)),
    }
}

/// The SDK is told what it is told of a revoked session; the operator is told more.
fn ahead() -> Reply {
    metric::refused(Ended::Ahead.reason());
    refused("UNAUTHORISED", NO_SESSION)
}

fn key_kind(dynamic: Option<bool>) -> Option<KeyKind> {
    dynamic.map(|dynamic| if dynamic { KeyKind::Dynamic } else { KeyKind::Static })
}

fn issued_answer(call: &CoreCall<'_>, issued: &Issued) -> Reply {
    let Issued { session, access, refresh, at } = issued;
    let mut answer = Object::default();
    answer.set("status", &"OK");
    answer.set("session", &shown(call, &SessionView::of(session.clone(), None)));
    answer.set("accessToken", &access_token(access));
    let expiry = session.standing.expires_at;
    answer.set("refreshToken", &token_info(&refresh.expose(), expiry, *at));
    if let Some(token) = refresh.anti_csrf(&session.token_key) {
        answer.set("antiCsrfToken", &token.expose());
    }
    json(&answer)
}

fn seen_answer(call: &CoreCall<'_>, seen: &SessionView) -> Reply {
    let mut answer = Object::default();
    answer.set("status", &"OK");
    answer.set("session", &shown(call, seen));
    if let Some(access) = &seen.new_access {
        answer.set("accessToken", &access_token(access));
    }
    json(&answer)
}

fn shown(call: &CoreCall<'_>, seen: &SessionView) -> Object {
    let mut shown = Object::default();
    shown.set("handle", &seen.handle.as_str());
    shown.set("userId", &seen.user.as_str());
    shown.set("userDataInJWT", seen.payload.members());
    if call.cdi >= Cdi::V3_0 {
        shown.set("tenantId", &seen.tenant.as_str());
    }
    if call.cdi >= Cdi::V4_0 {
        shown.set("recipeUserId", &seen.recipe_user.as_str());
    }
    shown
}

fn access_token(token: &AccessToken) -> Object {
    token_info(token.expose(), token.expires_at(), token.issued_at())
}

fn token_info(token: &str, expiry: Timestamp, created: Timestamp) -> Object {
    let mut info = Object::default();
    info.set("token", &token);
    info.set("expiry", &expiry.millis());
    info.set("createdTime", &created.millis());
    info
}

/// The session goes on until the SDK ends it, which is its next call (PROTOCOL 4.4).
fn theft(handle: &SessionHandle, user: &UserId, recipe_user: &UserId) -> Reply {
    tracing::warn!(
        session = handle.fingerprint(),
        user = user.as_str(),
        "token theft detected: a refresh token was used again after its successor; the SDK was told"
    );
    json(&json!({
        "status": "TOKEN_THEFT_DETECTED",
        "session": {
            "handle": handle.as_str(),
            "userId": user.as_str(),
            "recipeUserId": recipe_user.as_str(),
        },
    }))
}
