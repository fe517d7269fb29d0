//! Commands: the JSON that admin consoles and back ends send, over HTTP or by direct invoke.
//! Unknown members are ignored; an explicit `null` is not the same as an absent member (PROTOCOL
//! 3.1), and is refused.

use super::error::{ApiError, Code};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};
use serde_json::error::Category;
use serde_json::{Map, Value};

/// The longest body, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Reads a command from a JSON object.
///
/// # Errors
/// What is wrong, by the name of the member. The text of the input is never repeated: it may hold
/// what nobody should log.
pub fn from_json<C: DeserializeOwned>(json: &[u8]) -> Result<C, ApiError> {
    if json.len() > MAX_BODY_BYTES {
        let detail = format!("at most {MAX_BODY_BYTES} bytes are allowed");
        return Err(ApiError::new(Code::BodyTooLarge, detail));
    }
    let object: Map<String, Value> = serde_json::from_slice(json).map_err(|error| {
        let detail = match error.classify() {
            Category::Data => "the body must be a JSON object".to_owned(),
            Category::Io | Category::Syntax | Category::Eof => {
                format!("line {} column {} is not JSON", error.line(), error.column())
            }
        };
        ApiError::new(Code::InvalidJson, detail)
    })?;
    from_object(object)
}

/// Reads a command from the query of a URL: every member is text.
///
/// # Errors
/// Likewise.
pub fn from_query<C: DeserializeOwned>(query: &str) -> Result<C, ApiError> {
    let mut object = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if object.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
            let detail = "a parameter stands twice in the query";
            return Err(ApiError::new(Code::InvalidField, detail));
        }
    }
    from_object(object)
}

fn from_object<C: DeserializeOwned>(object: Map<String, Value>) -> Result<C, ApiError> {
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner().to_string();
        // serde names the member that is missing, which is a name of ours; any other reason of its
        // would repeat the value.
        match reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(name) => ApiError::new(Code::MissingField, format!("`{name}` is required")),
            None => {
                ApiError::new(Code::InvalidField, format!("`{path}` has the wrong type or value"))
            }
        }
    })
}

/// For an optional member: absent is `None`, present is a value, `null` is an error.
/// Use with `#[serde(default, deserialize_with = "present")]`.
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// For an optional count that JSON has as a number and a query as text.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .map(Some)
    .ok_or_else(|| D::Error::custom("not a count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Command {
        user_id: String,
        #[serde(default, deserialize_with = "present")]
        tenant_id: Option<String>,
        #[serde(default, deserialize_with = "count")]
        limit: Option<u64>,
    }

    #[test]
    fn what_is_wrong_is_said_by_name_and_never_by_value() {
        for (json, code, detail) in [
            ("", Code::InvalidJson, "line 1 column 0 is not JSON"),
            ("[1]", Code::InvalidJson, "the body must be a JSON object"),
            ("{}", Code::MissingField, "`userId` is required"),
            (r#"{"userId":7}"#, Code::InvalidField, "`userId` has the wrong type or value"),
            (r#"{"userId":null}"#, Code::InvalidField, "`userId` has the wrong type or value"),
            (
                r#"{"userId":"u","tenantId":null}"#,
                Code::InvalidField,
                "`tenantId` has the wrong type or value",
            ),
            (
                r#"{"userId":"u","limit":-1}"#,
                Code::InvalidField,
                "`limit` has the wrong type or value",
            ),
        ] {
            let error = from_json::<Command>(json.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{json}");
            assert!(error.to_diagnostic().error_message.ends_with(detail), "{json}: {error:?}");
        }
        let error = from_json::<Command>(br#"{"userId":["hush"]}"#).unwrap_err();
        assert!(!format!("{error:?}").contains("hush"));
    }

    #[test]
    fn unknown_members_are_ignored_and_the_size_is_limited() {
        let command: Command = from_json(br#"{"userId":"u","other":null,"limit":3}"#).unwrap();
        assert_eq!((command.user_id.as_str(), command.limit), ("u", Some(3)));
        assert_eq!(command.tenant_id, None);
        let body = format!(r#"{{"userId":"{}"}}"#, "u".repeat(MAX_BODY_BYTES - 13));
        assert_eq!(body.len(), MAX_BODY_BYTES);
        assert!(from_json::<Command>(body.as_bytes()).is_ok());
        let error = from_json::<Command>(format!("{body} ").as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::BodyTooLarge);
    }

    #[test]
    fn a_query_is_a_command_of_text() {
        let command: Command = from_query("userId=a%20b&limit=12&tenantId=acme").unwrap();
        assert_eq!((command.user_id.as_str(), command.limit), ("a b", Some(12)));
        assert_eq!(command.tenant_id.as_deref(), Some("acme"));
        for query in ["userId=a&userId=b", "userId=a&limit=x", "limit=1"] {
            assert!(from_query::<Command>(query).is_err(), "{query}");
        }
    }
}
