//! Serves the SuperTokens backend SDKs in place of the SuperTokens core: the core driver interface
//! (CDI; PROTOCOL Part 3) on the sessions that every other function knows.
//!
//! `ANY /core/{proxy+}`: an SDK's `connectionURI` is `<api>/core`. Whoever holds an API key can do
//! to any session what the whole bundle can; the key belongs on servers alone.
//!
//! Here paths, bodies and statuses are translated; the rules are in `shared`.

mod access;
mod answer;
mod apps;
mod error;
mod input;
mod keys;
mod route;
mod session;
mod sessions;
mod tenants;
mod version;

use answer::{CoreResult, text};
use error::CoreError;
use http::{Method, StatusCode};
use input::Input;
use journal::{Actor, Journal, JournaledApp};
use lambda_http::{Request, RequestExt};
use route::{Api, Target};
use shared::app::App;
use shared::http::Reply;
use shared::ids::TenantId;
use shared::lambda::{Caller, Function};
use shared::session::supertokens::FoundApp;
use std::sync::Arc;
use version::Cdi;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    sealing::connect(&app);
    Function::plain_http(JournaledApp::new(app), handle)
}

async fn handle(state: Arc<JournaledApp>, request: Request) -> Reply {
    answer(&state, &request).await.unwrap_or_else(CoreError::into_reply)
}

/// The path below `/core`: what `{proxy+}` stands for. What a custom domain puts before every path
/// does not matter.
fn path_below(request: &Request) -> String {
    let parameters = request.path_parameters();
    let proxy = parameters.first("proxy").unwrap_or_default();
    format!("/{proxy}")
}

/// One call, understood as far as its path and headers go.
struct CoreCall<'a> {
    app: &'a App,
    /// The app that its path names.
    of: FoundApp,
    /// The tenant that its path names.
    tenant: TenantId,
    cdi: Cdi,
    input: Input<'a>,
    journal: &'a Journal,
    caller: Caller,
}

async fn answer(state: &JournaledApp, request: &Request) -> CoreResult {
    let JournaledApp { app, journal } = state;
    let caller = Caller::of(request, &app.clock);
    let target = Target::parse(&path_below(request)).ok_or(CoreError::NotFound)?;
    if target.api == Api::Hello {
        return Ok(text(StatusCode::OK, "Hello"));
    }
    let is_guarded = target.api != Api::PublicJwks;
    if is_guarded {
        access::require_some_key(app, request.headers())?;
    }
    let found = app.apps.find(&target.app).await?;
    if is_guarded {
        access::admit(app, found.as_ref(), request.headers())?;
    }
    let of = found.ok_or_else(|| CoreError::NoApp(target.app.clone()))?;
    // Anyone may ask for the keys, which are those of the app. Nobody without a key is told which
    // tenants there are, or makes the table look.
    if is_guarded && !app.apps.has_tenant(&of, &target.tenant).await? {
        if matches!((request.method(), target.api), (&Method::GET, Api::Tenant(_))) {
            return Ok(tenants::not_found());
        }
        return Err(CoreError::NoTenant(target.app, target.tenant));
    }
    let cdi = match target.api {
        Api::PublicJwks | Api::Versions => Cdi::LATEST,
        _ => Cdi::of(request.headers(), target.api)?,
    };
    if cdi < Cdi::V3_0 && !target.tenant.is_public() {
        return Err(CoreError::NotFound);
    }
    let input = Input::of(request);
    let call = CoreCall { app, of, tenant: target.tenant, cdi, input, journal, caller };
    dispatch(&call, target.api, request.method()).await
}

async fn dispatch(call: &CoreCall<'_>, api: Api, method: &Method) -> CoreResult {
    match (method.as_str(), api) {
        ("GET", Api::Versions) => Ok(version::list()),
        ("GET", Api::PublicJwks) => keys::public_jwks(call).await,
        ("GET", Api::Jwks) => keys::jwks(call).await,
        ("POST", Api::Jwt) => keys::create_jwt(call).await,
        ("GET", Api::UserById) => sessions::user_by_id(call),
        ("POST", Api::Session) => session::create(call).await,
        ("GET", Api::Session) => session::get(call).await,
        ("POST", Api::Verify) => session::verify(call).await,
        ("POST", Api::Refresh) => session::refresh(call).await,
        ("POST", Api::Regenerate) => session::regenerate(call).await,
        ("POST", Api::Remove) => sessions::remove(call).await,
        ("GET", Api::OfUser) => sessions::of_user(call).await,
        ("GET", Api::Data) => sessions::get_data(call).await,
        ("PUT", Api::Data) => sessions::put_data(call).await,
        ("GET", Api::JwtData) => sessions::get_payload(call).await,
        ("PUT", Api::JwtData) => sessions::put_payload(call).await,
        ("PUT", Api::App(form)) => apps::put(call, form).await,
        ("POST", Api::AppRemove) => apps::remove(call).await,
        ("GET", Api::AppList(form)) => apps::list(call, form).await,
        ("PUT", Api::Tenant(form)) => tenants::put(call, form).await,
        ("GET", Api::Tenant(form)) => Ok(tenants::get(call, form)),
        ("POST", Api::TenantRemove) => tenants::remove(call).await,
        ("GET", Api::TenantList(form)) => tenants::list(call, form).await,
        ("POST", Api::TenantUser) => tenants::add_user(call),
        ("POST", Api::TenantUserRemove) => tenants::remove_user(call).await,
        ("PUT", Api::License) => Ok(answer::status("OK")),
        _ => Err(CoreError::WrongMethod),
    }
}

impl CoreCall<'_> {
    /// For the journal: whoever holds a key of the app.
    fn actor(&self) -> Actor<'_> {
        Actor::Sdk(self.of.id())
    }

    /// Some calls are about a whole app; from CDI 5.0 on they must not name a tenant.
    fn only_from_public_tenant_since_5_0(&self) -> Result<(), CoreError> {
        if self.cdi >= Cdi::V5_0 { self.only_from_public_tenant() } else { Ok(()) }
    }

    /// A tenant may neither see nor change the other tenants, in any version.
    fn only_from_public_tenant(&self) -> Result<(), CoreError> {
        if self.tenant.is_public() {
            return Ok(());
        }
        Err(CoreError::Forbidden("Only public tenantId can call this app specific API"))
    }
}
