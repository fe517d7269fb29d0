//! What a call says in its body or its query. Members that nobody asks for are ignored; an explicit
//! `null` is not the same as an absent member (PROTOCOL 3.1).

use crate::refusal::Refusal;
use lambda_http::Request;
use serde::Deserialize;
use shared::http::command::MAX_BODY_BYTES;
use shared::ids::UserId;
use shared::json::{Object, read_object};

/// The body and the query of a call, not yet read.
pub(crate) struct Input<'a> {
    body: &'a [u8],
    query: &'a str,
}

/// The members of a body.
pub(crate) struct Body(Object);

/// The parameters of a query.
pub(crate) struct Query(Vec<(String, String)>);

impl<'a> Input<'a> {
    pub(crate) fn of(request: &'a Request) -> Self {
        Self { body: request.body(), query: request.uri().query().unwrap_or_default() }
    }

    pub(crate) fn body(&self) -> Result<Body, Refusal> {
        if self.body.len() > MAX_BODY_BYTES {
            return Err(Refusal::bad(format!(
                "The body is too long: {MAX_BODY_BYTES} bytes are allowed"
            )));
        }
        read_object(self.body).map(Body).map_err(|_| Refusal::bad("Invalid Json Input"))
    }

    pub(crate) fn query(&self) -> Query {
        Query(url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect())
    }
}

impl Body {
    /// A member that must be there.
    pub(crate) fn required<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Result<T, Refusal> {
        self.0.get(name).ok_or_else(|| Refusal::field(name))
    }

    /// A member that may be absent, and then is `None`; `null` is no value for it.
    pub(crate) fn optional<'a, T: Deserialize<'a>>(
        &'a self,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        if self.0.contains(name) && !self.0.is_null(name) {
            self.required(name).map(Some)
        } else if self.0.contains(name) {
            Err(Refusal::field(name))
        } else {
            Ok(None)
        }
    }

    /// A member that may be absent or `null`, and then is `None`.
    pub(crate) fn optional_or_null<'a, T: Deserialize<'a>>(
        &'a self,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        if self.0.is_null(name) { Ok(None) } else { self.optional(name) }
    }

    /// Whether it has a member of this name, be it `null`.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub(crate) fn user(&self) -> Result<UserId, Refusal> {
        let text: String = self.required("userId")?;
        UserId::parse_or_empty(&text).map_err(|_| Refusal::field("userId"))
    }
}

impl Query {
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::bad(format!("Field name '{name}' is missing in GET request"));
        self.find(name).ok_or_else(missing)
    }

    /// True unless it says otherwise.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.find(name).is_none_or(|value| value.eq_ignore_ascii_case("true"))
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
