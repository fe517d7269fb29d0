//! Tenants of an app (PROTOCOL 3.4.13). A tenant is a name: how its users sign in is up to the
//! application, so login settings are checked and not kept, and every tenant is shown as one that
//! allows every way to sign in.

use crate::answer::{CoreResult, json, status};
use crate::error::CoreError;
use crate::input::Body;
use crate::route::{Form, NO_TENANTS};
use crate::version::Cdi;
use crate::{CoreCall, sessions};
use serde_json::{Map, Value, json};
use shared::http::Reply;
use shared::ids::{TenantId, UserId};
use shared::session::supertokens::TenantChange;
use shared::tenancy::MAX_TENANTS;
use std::collections::HashSet;

/// `PUT /recipe/multitenancy/tenant` and `…/tenant/v2`
pub(crate) async fn put(call: &CoreCall<'_>, form: Form) -> CoreResult {
    call.only_from_public_tenant()?;
    let body = call.input.body()?;
    let tenant = tenant_id(&body.required::<String>("tenantId")?)?;
    check_login_settings(&body, form)?;
    let config: Map<String, Value> = body.optional("coreConfig")?.unwrap_or_default();
    if !config.is_empty() {
        return Err(CoreError::bad(
            "Invalid core config: a tenant has none of its own; set it on the app",
        ));
    }
    match call.app.apps.put_tenant(&call.of, &tenant).await? {
        TenantChange::Created => Ok(json(&json!({ "status": "OK", "createdNew": true }))),
        TenantChange::Existed => Ok(json(&json!({ "status": "OK", "createdNew": false }))),
        TenantChange::TooMany => Err(CoreError::bad(format!(
            "The app has {MAX_TENANTS} tenants, the most that are allowed: remove one that is no \
             longer used, or make another app"
        ))),
        TenantChange::NoApp => Err(CoreError::NoApp(call.of.id().clone())),
    }
}

/// `GET /<tenant>/recipe/multitenancy/tenant` and `…/tenant/v2`: the tenant that the path names.
pub(crate) fn get(call: &CoreCall<'_>, form: Form) -> Reply {
    let mut answer = shown(&call.tenant, form);
    answer["status"] = "OK".into();
    json(&answer)
}

/// The answer of [`get`] for a tenant that nobody made.
pub(crate) fn not_found() -> Reply {
    status("TENANT_NOT_FOUND_ERROR")
}

/// `POST /recipe/multitenancy/tenant/remove`
pub(crate) async fn remove(call: &CoreCall<'_>) -> CoreResult {
    call.only_from_public_tenant()?;
    let tenant = tenant_id(&call.input.body()?.required::<String>("tenantId")?)?;
    if tenant.is_public() {
        return Err(CoreError::Forbidden(
            "Cannot delete public tenant, use remove app API instead",
        ));
    }
    let did_exist = call.app.apps.remove_tenant(&call.of, &tenant).await;
    let app = call.of.id();
    // Its sessions have ended, whether or not it had been made.
    let revoked = did_exist.as_ref().map(|_| &true);
    call.journal.removed(&call.caller, app, app, Some(&tenant), revoked).await;
    Ok(json(&json!({ "status": "OK", "didExist": did_exist? })))
}

/// `GET /recipe/multitenancy/tenant/list` and `…/tenant/list/v2`
pub(crate) async fn list(call: &CoreCall<'_>, form: Form) -> CoreResult {
    call.only_from_public_tenant()?;
    let tenants = call.app.apps.tenants(&call.of).await?;
    let tenants: Vec<_> = tenants.iter().map(|tenant| shown(tenant, form)).collect();
    Ok(json(&json!({ "status": "OK", "tenants": tenants })))
}

/// `POST /<tenant>/recipe/multitenancy/tenant/user`: Sever keeps no users.
pub(crate) fn add_user(call: &CoreCall<'_>) -> CoreResult {
    user(call)?;
    Ok(status("UNKNOWN_USER_ID_ERROR"))
}

/// `POST /<tenant>/recipe/multitenancy/tenant/user/remove`: ends the user's sessions in the tenant,
/// as the core does. Sessions are all that Sever knows of a user.
pub(crate) async fn remove_user(call: &CoreCall<'_>) -> CoreResult {
    let ended = sessions::remove_user(call, &user(call)?, false).await?;
    Ok(json(&json!({ "status": "OK", "wasAssociated": !ended.is_empty() })))
}

fn user(call: &CoreCall<'_>) -> Result<UserId, CoreError> {
    let name = if call.cdi < Cdi::V4_0 { "userId" } else { "recipeUserId" };
    let text: String = call.input.body()?.required(name)?;
    match text.trim() {
        "" => Err(CoreError::bad("Field name 'userId' cannot be an empty String")),
        id => UserId::parse_or_empty(id).map_err(|_| CoreError::field(name)),
    }
}

/// A tenant as the core shows one that has no settings.
pub(crate) fn shown(tenant: &TenantId, form: Form) -> Value {
    let mut shown = json!({ "tenantId": tenant.as_str() });
    match form {
        Form::First => {
            shown["emailPassword"] = json!({ "enabled": true });
            shown["thirdParty"] = json!({ "enabled": true, "providers": [] });
            shown["passwordless"] = json!({ "enabled": true });
        }
        Form::Second => shown["thirdParty"] = json!({ "providers": [] }),
    }
    shown["coreConfig"] = json!({});
    shown
}

/// Refuses login settings that the core refuses.
pub(crate) fn check_login_settings(body: &Body, form: Form) -> Result<(), CoreError> {
    for name in ["emailPasswordEnabled", "thirdPartyEnabled", "passwordlessEnabled"] {
        match form {
            Form::First => body.optional::<bool>(name).map(drop)?,
            Form::Second if body.contains(name) => {
                let reason = format!("{name} is not allowed in this API version");
                return Err(CoreError::bad(reason));
            }
            Form::Second => {}
        }
    }
    for (name, may_be_empty) in
        [("firstFactors", form == Form::Second), ("requiredSecondaryFactors", false)]
    {
        let Some(factors) = body.optional_or_null::<Vec<String>>(name)? else { continue };
        if factors.iter().collect::<HashSet<_>>().len() < factors.len() {
            let reason = format!("{name} input should not contain duplicate values");
            return Err(CoreError::bad(reason));
        }
        if factors.is_empty() && !may_be_empty {
            let reason = format!("{name} cannot be empty. Set null instead");
            return Err(CoreError::bad(reason));
        }
    }
    Ok(())
}

fn tenant_id(given: &str) -> Result<TenantId, CoreError> {
    let id = given.trim().to_ascii_lowercase();
    let reserved = NO_TENANTS.contains(&id.as_str());
    let allowed = TenantId::parse(&id).ok().filter(|_| !reserved && !id.starts_with("appid-"));
    allowed.ok_or_else(|| CoreError::field("tenantId"))
}
