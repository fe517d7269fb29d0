//! Apps and tenants (PROTOCOL 3.4.13): for whoever sets a deployment up, and for test suites.

use crate::Call;
use crate::answer::{Answer, json};
use crate::refusal::Refusal;
use crate::route::NO_TENANTS;
use serde_json::{Map, Value, json};
use shared::ids::{AppId, TenantId};
use shared::session::{AppChange, TenantChange};
use shared::tenancy::{MAX_APPS, MAX_TENANTS};

/// `PUT /recipe/multitenancy/app/v2`
pub(crate) async fn put(call: &Call<'_>) -> Answer {
    only_from_public_app(call)?;
    let body = call.input.body()?;
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

/// `GET /recipe/multitenancy/app/list/v2`
pub(crate) async fn list(call: &Call<'_>) -> Answer {
    only_from_public_app(call)?;
    let apps = call.app.apps.list().await?;
    let shown = |(id, tenants): &(AppId, Vec<TenantId>)| {
        let tenants: Vec<_> = tenants.iter().map(shown).collect();
        json!({ "appId": id.as_str(), "tenants": tenants })
    };
    let apps: Vec<_> = apps.iter().map(shown).collect();
    Ok(json(&json!({ "status": "OK", "apps": apps })))
}

/// `PUT /recipe/multitenancy/tenant/v2`
pub(crate) async fn put_tenant(call: &Call<'_>) -> Answer {
    call.only_from_public_tenant()?;
    let body = call.input.body()?;
    let tenant = tenant_id(&body.required::<String>("tenantId")?)?;
    let config: Map<String, Value> = body.optional("coreConfig")?.unwrap_or_default();
    if !config.is_empty() {
        return Err(Refusal::bad(
            "Invalid core config: a tenant has none of its own; set it on the app",
        ));
    }
    match call.app.apps.put_tenant(&call.of, &tenant).await? {
        TenantChange::Created => Ok(json(&json!({ "status": "OK", "createdNew": true }))),
        TenantChange::Existed => Ok(json(&json!({ "status": "OK", "createdNew": false }))),
        TenantChange::TooMany => Err(Refusal::bad(format!(
            "The app has {MAX_TENANTS} tenants, the most that are allowed: remove one that is no \
             longer used, or make another app"
        ))),
        TenantChange::NoApp => Err(Refusal::NoApp(call.of.id().clone())),
    }
}

/// `POST /recipe/multitenancy/tenant/remove`
pub(crate) async fn remove_tenant(call: &Call<'_>) -> Answer {
    call.only_from_public_tenant()?;
    let tenant = tenant_id(&call.input.body()?.required::<String>("tenantId")?)?;
    if tenant.is_public() {
        return Err(Refusal::Forbidden("Cannot delete public tenant, use remove app API instead"));
    }
    let did_exist = call.app.apps.remove_tenant(&call.of, &tenant).await;
    let app = call.of.id();
    // Its sessions have ended, whether or not it had been made.
    let revoked = did_exist.as_ref().map(|_| &true);
    call.journal.removed(&call.caller, app, (app, Some(&tenant)), revoked).await;
    Ok(json(&json!({ "status": "OK", "didExist": did_exist? })))
}

/// `GET /recipe/multitenancy/tenant/list/v2`
pub(crate) async fn list_tenants(call: &Call<'_>) -> Answer {
    call.only_from_public_tenant()?;
    let tenants = call.app.apps.tenants(&call.of).await?;
    let tenants: Vec<_> = tenants.iter().map(shown).collect();
    Ok(json(&json!({ "status": "OK", "tenants": tenants })))
}

fn shown(tenant: &TenantId) -> Value {
    json!({ "tenantId": tenant.as_str(), "thirdParty": { "providers": [] }, "coreConfig": {} })
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

fn tenant_id(given: &str) -> Result<TenantId, Refusal> {
    let id = given.trim().to_ascii_lowercase();
    let reserved = NO_TENANTS.contains(&id.as_str());
    let allowed = TenantId::parse(&id).ok().filter(|_| !reserved && !id.starts_with("appid-"));
    allowed.ok_or_else(|| Refusal::field("tenantId"))
}
