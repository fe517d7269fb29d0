//! Paths: `[/appid-<app>][/<tenant>]<api>` (PROTOCOL 3.1), in any case, with or without a slash at
//! the end.

use shared::ids::{AppId, TenantId};

/// What a path names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) app: AppId,
    pub(crate) tenant: TenantId,
    pub(crate) api: Api,
}

/// The paths there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Hello,
    Versions,
    PublicJwks,
    UserById,
    Session,
    Verify,
    Refresh,
    Regenerate,
    Remove,
    OfUser,
    Data,
    JwtData,
    Jwt,
    Jwks,
    App(Form),
    AppRemove,
    AppList(Form),
    Tenant(Form),
    TenantRemove,
    TenantList(Form),
    TenantUser,
    TenantUserRemove,
    License,
}

/// The form of a path about apps and tenants. SDKs up to CDI 5.0 ask for the first, later ones for
/// the second; each is answered in any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    First,
    Second,
}

const APIS: [(&str, Api); 28] = [
    ("", Api::Hello),
    ("/hello", Api::Hello),
    ("/apiversion", Api::Versions),
    ("/.well-known/jwks.json", Api::PublicJwks),
    ("/user/id", Api::UserById),
    ("/recipe/session", Api::Session),
    ("/recipe/session/verify", Api::Verify),
    ("/recipe/session/refresh", Api::Refresh),
    ("/recipe/session/regenerate", Api::Regenerate),
    ("/recipe/session/remove", Api::Remove),
    ("/recipe/session/user", Api::OfUser),
    ("/recipe/session/data", Api::Data),
    ("/recipe/jwt/data", Api::JwtData),
    ("/recipe/jwt", Api::Jwt),
    ("/recipe/jwt/jwks", Api::Jwks),
    ("/recipe/multitenancy/app", Api::App(Form::First)),
    ("/recipe/multitenancy/app/v2", Api::App(Form::Second)),
    ("/recipe/multitenancy/app/remove", Api::AppRemove),
    ("/recipe/multitenancy/app/list", Api::AppList(Form::First)),
    ("/recipe/multitenancy/app/list/v2", Api::AppList(Form::Second)),
    ("/recipe/multitenancy/tenant", Api::Tenant(Form::First)),
    ("/recipe/multitenancy/tenant/v2", Api::Tenant(Form::Second)),
    ("/recipe/multitenancy/tenant/remove", Api::TenantRemove),
    ("/recipe/multitenancy/tenant/list", Api::TenantList(Form::First)),
    ("/recipe/multitenancy/tenant/list/v2", Api::TenantList(Form::Second)),
    ("/recipe/multitenancy/tenant/user", Api::TenantUser),
    ("/recipe/multitenancy/tenant/user/remove", Api::TenantUserRemove),
    ("/ee/license", Api::License),
];

/// What begins a path and is therefore no tenant.
pub(crate) const NO_TENANTS: [&str; 4] = ["recipe", "config", "users", "hello"];

impl Target {
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        let path = path.strip_suffix('/').unwrap_or(&path);
        let (app, path) = match path.strip_prefix("/appid-") {
            None => (AppId::public(), path),
            Some(rest) => {
                let (app, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let app =
                    if app.is_empty() { Some(AppId::public()) } else { AppId::parse(app).ok() };
                (app?, path)
            }
        };
        if let Some(api) = find(path) {
            return Some(Self { app, tenant: TenantId::public(), api });
        }
        let rest = path.strip_prefix('/')?;
        let (tenant, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let tenant =
            TenantId::parse(tenant).ok().filter(|id| !NO_TENANTS.contains(&id.as_str()))?;
        Some(Self { app, tenant, api: find(path)? })
    }
}

fn find(path: &str) -> Option<Api> {
    APIS.iter().find(|(known, _)| *known == path).map(|(_, api)| *api)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_and_tenant_may_stand_before_every_path() {
        for (path, target) in [
            ("/recipe/session", Some(("public", "public", Api::Session))),
            ("/Recipe/SESSION/", Some(("public", "public", Api::Session))),
            ("/public/recipe/session", Some(("public", "public", Api::Session))),
            ("/acme/recipe/session/remove", Some(("public", "acme", Api::Remove))),
            ("/appid-demo/recipe/session", Some(("demo", "public", Api::Session))),
            ("/appid-demo/acme/recipe/session", Some(("demo", "acme", Api::Session))),
            ("/appid-/apiversion", Some(("public", "public", Api::Versions))),
            ("/appid-public/public/apiversion", Some(("public", "public", Api::Versions))),
            ("/appid-demo", Some(("demo", "public", Api::Hello))),
            ("/appid-demo/", Some(("demo", "public", Api::Hello))),
            ("/acme", Some(("public", "acme", Api::Hello))),
            ("", Some(("public", "public", Api::Hello))),
            ("/", Some(("public", "public", Api::Hello))),
            ("/hello", Some(("public", "public", Api::Hello))),
            ("/user/id", Some(("public", "public", Api::UserById))),
            ("/user/user/id", Some(("public", "user", Api::UserById))),
            ("/recipe/recipe/session", None),
            ("/hello/hello", None),
            ("/a_b/recipe/session", None),
            ("/a/b/recipe/session", None),
            ("/appid-a_b/hello", None),
            ("/recipe/session//", None),
            ("recipe/session", None),
            ("/unknown/unknown", None),
        ] {
            let expected = target.map(|(app, tenant, api)| Target {
                app: AppId::parse(app).unwrap(),
                tenant: TenantId::parse(tenant).unwrap(),
                api,
            });
            assert_eq!(Target::parse(path), expected, "{path}");
        }
    }
}
