//! What the authorizer alone is configured by.

use super::values::flag;
use super::{Fault, Found, Vars};
use crate::config::check_database::{BadRule, CheckDatabase, CheckPolicy};

/// How the authorizer asks and answers.
#[derive(Clone, Debug)]
pub struct AuthorizerSettings {
    /// When it reads the table.
    pub check_policy: CheckPolicy,
    /// What HTTP APIs of payload 2.0 expect as an answer.
    pub http_api_response: HttpApiResponse,
    /// Whether a WebSocket may be opened with a token in the URL, which gets into logs.
    pub websocket_token_in_query: bool,
}

/// What an HTTP API of payload 2.0 expects as an answer. Its events do not say it: it is a setting
/// of the API's authorizer, and this is its twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpApiResponse {
    /// `{"isAuthorized": …}`: the API enables simple responses.
    Simple,
    /// An IAM policy.
    Iam,
}

impl Vars<'_> {
    pub(super) fn authorizer(&mut self) -> AuthorizerSettings {
        let http_api_response = self.optional("HTTP_API_RESPONSE", http_api_response);
        AuthorizerSettings {
            check_policy: self.check_policy(),
            http_api_response: http_api_response.unwrap_or(HttpApiResponse::Simple),
            websocket_token_in_query: self
                .optional("WEBSOCKET_TOKEN_IN_QUERY", flag)
                .unwrap_or(false),
        }
    }

    /// `CHECK_DATABASE`, or by its old name `ACCESS_TOKEN_BLACKLISTING`; without either, always:
    /// unknown means no.
    fn check_policy(&mut self) -> CheckPolicy {
        let condition = self.optional("CHECK_DATABASE", CheckDatabase::parse);
        let old_name = self.optional("ACCESS_TOKEN_BLACKLISTING", flag);
        let old_name =
            old_name.map(|on| if on { CheckDatabase::Always } else { CheckDatabase::Never });
        if condition.is_some() && old_name.is_some() && condition != old_name {
            self.invalid("ACCESS_TOKEN_BLACKLISTING");
        }
        let everywhere =
            CheckPolicy::everywhere(condition.or(old_name).unwrap_or(CheckDatabase::Always));
        let Some(rules) = self.value("CHECK_DATABASE_ROUTES") else { return everywhere };
        everywhere.clone().with_routes(&rules).unwrap_or_else(|bad| {
            self.faults.push(bad_rule(&bad));
            everywhere
        })
    }
}

/// A rule has a blank and a slash in it, which no secret has: it can be repeated.
fn bad_rule(bad: &BadRule) -> Fault {
    const ROUTES: &str = "CHECK_DATABASE_ROUTES";
    let fault = Fault::invalid(ROUTES, &bad.rule);
    let found = if bad.rule.contains(" /") { Found::shown(&bad.rule) } else { fault.found };
    let expected = format!("{}; of this rule: {}", fault.expected, bad.expected);
    Fault { found, expected: expected.into(), ..fault }
}

fn http_api_response(value: &str) -> Option<HttpApiResponse> {
    match value {
        "simple" => Some(HttpApiResponse::Simple),
        "iam" => Some(HttpApiResponse::Iam),
        _ => None,
    }
}
