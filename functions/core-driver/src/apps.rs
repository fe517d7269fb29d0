//! Apps (PROTOCOL 3.4.13): for the operator who sets a deployment up, and for test suites.

use crate::CoreCall;
use crate::answer::{CoreResult, json};
use crate::error::CoreError;
use crate::route::Form;
use crate::tenants::{check_login_settings, shown};
use serde_json::{Map, Value, json};
use shared::ids::{AppId, TenantId};
use shared::session::supertokens::AppChange;
use shared::tenancy::MAX_APPS;

/// `PUT /recipe/multitenancy/app` and `…/app/v2`
pub(crate) async fn put(call: &CoreCall<'_>, form: Form) -> CoreResult {
    only_from_public_app(call)?;
    let body = call.input.body()?;
    check_login_settings(&body, form)?;
    let id = app_id(&body.required::<String>("appId")?)?;
    let config: Map<String, Value> = body.optional("coreConfig")?.unwrap_or_default();
    if id == AppId::public() && !config.is_empty() {
        return Err(CoreError::bad("The app public is configured by the operator's environment"));
    }
    match call.app.apps.put_app(&id, &config).await? {
        AppChange::Created => Ok(json(&json!({ "status": "OK", "createdNew": true }))),
        AppChange::Updated => Ok(json(&json!({ "status": "OK", "createdNew": false }))),
        AppChange::Invalid(invalid) => {
            Err(CoreError::bad(format!("Invalid core config: {invalid}")))
        }
        AppChange::TooMany => Err(CoreError::bad(format!(
            "There are {MAX_APPS} apps, the most that are allowed: remove one that is no longer used"
        ))),
    }
}

/// `POST /recipe/multitenancy/app/remove`
pub(crate) async fn remove(call: &CoreCall<'_>) -> CoreResult {
    only_from_public_app(call)?;
    let id = app_id(&call.input.body()?.required::<String>("appId")?)?;
    if id == AppId::public() {
        return Err(CoreError::Forbidden("Cannot delete public app"));
    }
    let did_exist = call.app.apps.remove_app(&id).await;
    call.journal.removed(&call.caller, call.of.id(), &id, None, did_exist.as_ref()).await;
    Ok(json(&json!({ "status": "OK", "didExist": did_exist? })))
}

/// `GET /recipe/multitenancy/app/list` and `…/app/list/v2`
pub(crate) async fn list(call: &CoreCall<'_>, form: Form) -> CoreResult {
    only_from_public_app(call)?;
    let apps = call.app.apps.list().await?;
    let with_tenants = |(id, tenants): &(AppId, Vec<TenantId>)| {
        let tenants: Vec<_> = tenants.iter().map(|tenant| shown(tenant, form)).collect();
        json!({ "appId": id.as_str(), "tenants": tenants })
    };
    let apps: Vec<_> = apps.iter().map(with_tenants).collect();
    Ok(json(&json!({ "status": "OK", "apps": apps })))
}

fn only_from_public_app(call: &CoreCall<'_>) -> Result<(), CoreError> {
    if *call.of.id() == AppId::public() && call.tenant.is_public() {
        return Ok(());
    }
    Err(CoreError::Forbidden("Only the public app can call this API"))
}

fn app_id(given: &str) -> Result<AppId, CoreError> {
    let id = given.trim().to_ascii_lowercase();
    if id.starts_with("appid-") {
        return Err(CoreError::bad("appId must not start with 'appid-'"));
    }
    AppId::parse(&id).map_err(|_| CoreError::field("appId"))
}
