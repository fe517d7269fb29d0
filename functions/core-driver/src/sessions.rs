//! Sessions by handle and by user: list, end, and what an application keeps with them (PROTOCOL
//! 3.4.2, 3.4.7, 3.4.8 and 3.4.10).

use crate::CoreCall;
use crate::answer::{CoreResult, json, refused, status};
use crate::error::CoreError;
use serde::Serialize;
use serde_json::json;
use shared::http::Reply;
use shared::ids::{SessionHandle, TenantId, UserId};
use shared::json::Object;
use shared::model::{Scope, Session, SessionData};
use shared::session::Revocation;
use shared::session::supertokens::{Change, NO_SESSION, PROTECTED_PAYLOAD};
use shared::token::payload::Payload;

/// `GET /user/id`: Sever keeps no users.
pub(crate) fn user_by_id(call: &CoreCall<'_>) -> CoreResult {
    call.only_from_public_tenant_since_5_0()?;
    call.input.query().required("userId")?;
    Ok(status("UNKNOWN_USER_ID_ERROR"))
}

/// `GET /recipe/session/user`
pub(crate) async fn of_user(call: &CoreCall<'_>) -> CoreResult {
    let query = call.input.query();
    let user = UserId::parse_or_empty(query.required("userId")?);
    let scope = scope(call, query.flag("fetchAcrossAllTenants"))?;
    // Nobody has sessions under what is no user id.
    let handles = match user {
        Ok(user) => call.of.sessions.list_handles(&user, &scope).await?,
        Err(_) => Vec::new(),
    };
    let handles: Vec<_> = handles.iter().map(SessionHandle::as_str).collect();
    Ok(json(&json!({ "status": "OK", "sessionHandles": handles })))
}

/// `POST /recipe/session/remove`: by handle, or by user.
pub(crate) async fn remove(call: &CoreCall<'_>) -> CoreResult {
    let body = call.input.body()?;
    let handles: Option<Vec<String>> = body.optional("sessionHandles")?;
    let user: Option<String> = body.optional("userId")?;
    let across: Option<bool> = body.optional("revokeAcrossAllTenants")?;
    let linked: Option<bool> = body.optional("revokeSessionsForLinkedAccounts")?;
    if user.is_none() {
        for (flag, given) in [
            ("revokeAcrossAllTenants", across.is_some()),
            ("revokeSessionsForLinkedAccounts", linked.is_some()),
        ] {
            if given {
                let reason =
                    format!("Invalid JSON input - {flag} can only be set if userId is set");
                return Err(CoreError::bad(reason));
            }
        }
    }
    let ended = match (handles, user) {
        (Some(handles), None) => remove_handles(call, handles).await?,
        (None, Some(_)) => remove_user(call, &body.user()?, across.unwrap_or(true)).await?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(CoreError::bad(
                "Invalid JSON input - use one of userId or sessionHandles array",
            ));
        }
    };
    let ended: Vec<_> = ended.iter().map(SessionHandle::as_str).collect();
    Ok(json(&json!({ "status": "OK", "sessionHandlesRevoked": ended })))
}

async fn remove_handles(
    call: &CoreCall<'_>,
    handles: Vec<String>,
) -> Result<Vec<SessionHandle>, CoreError> {
    // What is no handle names no session.
    let handles: Vec<_> =
        handles.iter().filter_map(|text| SessionHandle::parse(text).ok()).collect();
    let tenants = if handles.iter().all(is_public) {
        vec![TenantId::public()]
    } else {
        call.app.apps.tenants(&call.of).await?
    };
    for handle in &handles {
        let known = handle.tenant().is_some_and(|tenant| tenants.contains(&tenant));
        // The other functions open sessions in any tenant: one that lives can be ended.
        if !known && call.of.store().find(handle).await?.is_none() {
            return Err(no_tenant(call, handle));
        }
    }
    let revoked = call.of.sessions.revoke_handles(handles.clone()).await;
    let (by, app) = (call.actor(), call.of.id());
    call.journal.handles_revoked(&call.caller, by, app, &handles, None, &revoked).await;
    Ok(revoked?.ended.into_iter().map(|ended| ended.handle).collect())
}

/// One write ends them all; those are named that the sweep after it found.
pub(crate) async fn remove_user(
    call: &CoreCall<'_>,
    user: &UserId,
    across: bool,
) -> Result<Vec<SessionHandle>, CoreError> {
    let (user, scope) = (user.clone(), scope(call, across)?);
    let revocation = Revocation { user, scope, except: None, reason: None };
    let swept = call.of.store().revoke_user(&revocation).await;
    let (by, app) = (call.actor(), call.of.id());
    call.journal.user_revoked(&call.caller, by, app, &revocation, &swept).await;
    Ok(swept?.handles)
}

/// All of a user's tenants, or the one that the path names.
fn scope(call: &CoreCall<'_>, across: bool) -> Result<Scope, CoreError> {
    if across {
        call.only_from_public_tenant_since_5_0()?;
        Ok(Scope::User)
    } else {
        Ok(Scope::Tenant(call.tenant.clone()))
    }
}

/// `GET /recipe/session/data`
pub(crate) async fn get_data(call: &CoreCall<'_>) -> CoreResult {
    let query = call.input.query();
    let session = find(call, query.required("sessionHandle")?).await?;
    Ok(part("userDataInDatabase", session.as_ref().map(|session| &session.data.0)))
}

/// `GET /recipe/jwt/data`
pub(crate) async fn get_payload(call: &CoreCall<'_>) -> CoreResult {
    let query = call.input.query();
    let session = find(call, query.required("sessionHandle")?).await?;
    Ok(part("userDataInJWT", session.as_ref().map(|session| session.payload.members())))
}

fn part(name: &str, value: Option<&impl Serialize>) -> Reply {
    let Some(value) = value else { return refused("UNAUTHORISED", NO_SESSION) };
    let mut answer = Object::default();
    answer.set("status", &"OK");
    answer.set(name, value);
    json(&answer)
}

/// `PUT /recipe/session/data`
pub(crate) async fn put_data(call: &CoreCall<'_>) -> CoreResult {
    let body = call.input.body()?;
    let data = SessionData(body.required("userDataInDatabase")?);
    change(call, &body.required::<String>("sessionHandle")?, Change::Data(data)).await
}

/// `PUT /recipe/jwt/data`
pub(crate) async fn put_payload(call: &CoreCall<'_>) -> CoreResult {
    let body = call.input.body()?;
    let payload = Payload::from_object(body.required("userDataInJWT")?);
    let handle: String = body.required("sessionHandle")?;
    if !payload.fits(call.cdi.token_version()) {
        return Err(CoreError::bad(PROTECTED_PAYLOAD));
    }
    change(call, &handle, Change::Payload(payload)).await
}

async fn change(call: &CoreCall<'_>, handle: &str, change: Change) -> CoreResult {
    let Ok(handle) = SessionHandle::parse(handle) else {
        return Ok(refused("UNAUTHORISED", NO_SESSION));
    };
    if call.of.sessions.change(&handle, change).await? {
        return Ok(status("OK"));
    }
    check_tenant(call, &handle).await?;
    Ok(refused("UNAUTHORISED", NO_SESSION))
}

/// A live session by its handle.
pub(crate) async fn find(call: &CoreCall<'_>, handle: &str) -> Result<Option<Session>, CoreError> {
    let Ok(handle) = SessionHandle::parse(handle) else { return Ok(None) };
    let found = call.of.store().find(&handle).await?;
    if found.is_none() {
        check_tenant(call, &handle).await?;
    }
    Ok(found)
}

/// A handle whose tenant nobody made is refused.
async fn check_tenant(call: &CoreCall<'_>, handle: &SessionHandle) -> Result<(), CoreError> {
    let known = match handle.tenant() {
        Some(tenant) => call.app.apps.has_tenant(&call.of, &tenant).await?,
        None => false,
    };
    if known { Ok(()) } else { Err(no_tenant(call, handle)) }
}

fn is_public(handle: &SessionHandle) -> bool {
    handle.tenant().is_some_and(|tenant| tenant.is_public())
}

fn no_tenant(call: &CoreCall<'_>, handle: &SessionHandle) -> CoreError {
    match handle.tenant() {
        Some(tenant) => CoreError::NoTenant(call.of.id().clone(), tenant),
        None => CoreError::bad("AppId or tenantId not found"),
    }
}
