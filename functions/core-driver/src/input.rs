//! What a call says in its body or its query. Members that nobody asks for are ignored; an explicit
//! `null` is not the same as an absent member (PROTOCOL 3.1).

use crate::error::CoreError;
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

    pub(crate) fn body(&self) -> Result<Body, CoreError> {
        if self.body.len() > MAX_BODY_BYTES {
            return Err(CoreError::bad(format!(
                "The body is too long: {MAX_BODY_BYTES} bytes are allowed"
            )));
        }
        read_object(self.body).map(Body).map_err(|_| CoreError::bad("Invalid Json Input"))
    }

    pub(crate) fn query(&self) -> Query {
        Query(url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect())
    }
}

impl Body {
    /// A member that must be there.
    pub(crate) fn required<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Result<T, CoreError> {
        self.0.get(name).ok_or_else(|| CoreError::field(name))
    }

    /// A member that may be absent, and then is `None`; `null` is no value for it.
    pub(crate) fn optional<'a, T: Deserialize<'a>>(
        &'a self,
        name: &str,
    ) -> Result<Option<T>, CoreError> {
        if self.0.contains(name) && !self.0.is_null(name) {
            self.required(name).map(Some)
        } else if self.0.contains(name) {
            Err(CoreError::field(name))
        } else {
            Ok(None)
        }
    }

    /// A member that may be absent or `null`, and then is `None`.
    pub(crate) fn optional_or_null<'a, T: Deserialize<'a>>(
        &'a self,
        name: &str,
    ) -> Result<Option<T>, CoreError> {
        if self.0.is_null(name) { Ok(None) } else { self.optional(name) }
    }

    /// Whether it has a member of this name, be it `null`.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub(crate) fn user(&self) -> Result<UserId, CoreError> {
        let text: String = self.required("userId")?;
        UserId::parse_or_empty(&text).map_err(|_| CoreError::field("userId"))
    }
}

impl Query {
    pub(crate) fn required(&self, name: &str) -> Result<&str, CoreError> {
        let missing = || CoreError::bad(format!("Field name '{name}' is missing in GET request"));
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
