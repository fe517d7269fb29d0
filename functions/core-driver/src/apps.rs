//! Apps (PROTOCOL 3.4.13): for the operator who sets a deployment up, and for test suites.

use crate::Call;
use crate::answer::{Answer, json};
use crate::refusal::Refusal;
use crate::route::Form;
use crate::tenants::{check_login_settings, shown};
use serde_json::{Map, Value, json};
use shared::ids::{AppId, TenantId};
use shared::session::supertokens::AppChange;
use shared::tenancy::MAX_APPS;

/// `PUT /recipe/multitenancy/app` and `…/app/v2`
pub(crate) async fn put(call: &Call<'_>, form: Form) -> Answer {
    only_from_public_app(call)?;
    let body = call.input.body()?;
    check_login_settings(&body, form)?;
    let id = app_id(&body.required::<String>("appId")?)?;
    let config: Map<String, Value> = body.optional("coreConfig")?.unwrap_or_default();
    if id == AppId::public() && !config.is_empty() {
        return Err(Refusal::bad("The app public is configured by the operator's environment"));
    }
    match call.app.apps.put_app(&id, &config).await? {
        AppChange::Created => Ok(json(&json!({ "status": "OK", "createdNew": true }))),
        AppChange::Updated => Ok(json(&json!({ "status": "OK", "createdNew": false }))),
        AppChange::Invalid(invalid) => Err(Refusal::bad(format!("Invalid core config: {invalid}"))),
        AppChange::TooMany => Err(Refusal::bad(format!(
            "There are {MAX_APPS} apps, the most that are allowed: remove one that is no longer used"
        ))),
    }
}

/// `POST /recipe/multitenancy/app/remove`
pub(crate) async fn remove(call: &Call<'_>) -> Answer {
    only_from_public_app(call)?;
    let id = app_id(&call.input.body()?.required::<String>("appId")?)?;
    if id == AppId::public() {
        return Err(Refusal::Forbidden("Cannot delete public app"));
    }
    let did_exist = call.app.apps.remove_app(&id).await;
    call.journal.removed(&call.caller, call.of.id(), (&id, None), did_exist.as_ref()).await;
    Ok(json(&json!({ "status": "OK", "didExist": did_exist? })))
}

/// `GET /recipe/multitenancy/app/list` and `…/app/list/v2`
pub(crate) async fn list(call: &Call<'_>, form: Form) -> Answer {
    only_from_public_app(call)?;
    let apps = call.app.apps.list().await?;
    let with_tenants = |(id, tenants): &(AppId, Vec<TenantId>)| {
        let tenants: Vec<_> = tenants.iter().map(|tenant| shown(tenant, form)).collect();
        json!({ "appId": id.as_str(), "tenants": tenants })
    };
    let apps: Vec<_> = apps.iter().map(with_tenants).collect();
    Ok(json(&json!({ "status": "OK", "apps": apps })))
}

fn only_from_public_app(call: &Call<'_>) -> Result<(), Refusal> {
    if *call.of.id() == AppId::public() && call.tenant.is_public() {
        return Ok(());
    }
    Err(Refusal::Forbidden("Only the public app can call this API"))
}

fn app_id(given: &str) -> Result<AppId, Refusal> {
    let id = given.trim().to_ascii_lowercase();
    if id.starts_with("appid-") {
        return Err(Refusal::bad("appId must not start with 'appid-'"));
    }
    AppId::parse(&id).map_err(|_| Refusal::field("appId"))
}
