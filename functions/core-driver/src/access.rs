//! Who may call: whoever presents an API key of the app, or one of the operator's when the app sets
//! none (PROTOCOL 3.1).

use crate::error::CoreError;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use shared::app::App;
use shared::config::CoreAccess;
use shared::http::credentials::after_bearer;
use shared::lambda::metric;
use shared::session::supertokens::FoundApp;

/// Who presents nothing is refused before anything is read, unless the operator lets everybody in.
pub(crate) fn require_some_key(app: &App, headers: &HeaderMap) -> Result<(), CoreError> {
    match (&app.core_access, presented(headers)) {
        (CoreAccess::Open, _) | (_, Some(_)) => Ok(()),
        (CoreAccess::Keys(_) | CoreAccess::Closed, None) => Err(refuse(app, headers)),
    }
}

pub(crate) fn admit(
    app: &App,
    of: Option<&FoundApp>,
    headers: &HeaderMap,
) -> Result<(), CoreError> {
    let own_keys = of.and_then(|of| of.api_keys.as_ref());
    let presented = presented(headers);
    let admitted = match (own_keys, &app.core_access) {
        (Some(keys), _) | (None, CoreAccess::Keys(keys)) => {
            presented.is_some_and(|key| keys.accept(key))
        }
        (None, CoreAccess::Open) => true,
        (None, CoreAccess::Closed) => false,
    };
    if admitted { Ok(()) } else { Err(refuse(app, headers)) }
}

fn refuse(app: &App, headers: &HeaderMap) -> CoreError {
    metric::refused("api-key");
    if app.core_access == CoreAccess::Closed {
        tracing::warn!("refused: API_KEYS is not set");
    } else {
        tracing::info!(with_key = presented(headers).is_some(), "refused: no known API key");
    }
    CoreError::WrongKey
}

/// In `api-key`, or in `Authorization`, there with or without `Bearer`, in any case.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get("api-key").or_else(|| headers.get(AUTHORIZATION))?;
    let key = header.to_str().ok()?.trim();
    Some(after_bearer(key).unwrap_or(key))
}
