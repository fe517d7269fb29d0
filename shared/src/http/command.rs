//! Commands: the JSON that admin consoles and back ends send, over HTTP or by direct invoke.
//! Unknown members are ignored; an explicit `null` is not the same as an absent member (PROTOCOL
//! 3.1), and is refused.

use super::error::{ApiError, Code};
use crate::json::{STANDS_TWICE, UniqueMembers};
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
    check_size(json)?;
    serde_json::from_slice(json).map(|UniqueMembers(_)| ()).map_err(|error| {
        match error.classify() {
            Category::Data if error.to_string().starts_with(STANDS_TWICE) => {
                ApiError::new(Code::InvalidField, "a member of the body stands twice")
            }
            Category::Data => ApiError::new(Code::InvalidJson, "the body must be a JSON object"),
            Category::Io | Category::Syntax | Category::Eof => {
                let (line, column) = (error.line(), error.column());
                let detail = format!("line {line} column {column} is not JSON");
                ApiError::new(Code::InvalidJson, detail)
            }
        }
    })?;
    // Read again from the text: numbers in an application's own objects stay as they are.
    read(&mut serde_json::Deserializer::from_slice(json))
}

/// # Errors
/// The body is longer than [`MAX_BODY_BYTES`].
pub fn check_size(body: &[u8]) -> Result<(), ApiError> {
    if body.len() <= MAX_BODY_BYTES {
        return Ok(());
    }
    let detail = format!("at most {MAX_BODY_BYTES} bytes are allowed");
    Err(ApiError::new(Code::BodyTooLarge, detail))
}

/// Reads a command from the query of a URL: every member is text, but for those in `numbers`.
///
/// # Errors
/// Likewise.
pub fn from_query<C: DeserializeOwned>(query: &str, numbers: &[&str]) -> Result<C, ApiError> {
    let mut object = Map::new();
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number =
            if digits && numbers.contains(&&*name) { text.parse::<u64>().ok() } else { None };
        let value = number.map_or_else(|| Value::String(text.into_owned()), Value::from);
        if object.insert(name.into_owned(), value).is_some() {
            let detail = "a parameter stands twice in the query";
            return Err(ApiError::new(Code::InvalidField, detail));
        }
    }
    read(Value::Object(object))
}

fn read<'de, C: DeserializeOwned>(
    deserializer: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<C, ApiError> {
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
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

/// For a member that is an object. A list of its members' values, which serde would take for it as
/// well, is none.
pub fn object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let members = Map::deserialize(deserializer)?;
    T::deserialize(Value::Object(members)).map_err(D::Error::custom)
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
        #[serde(default, deserialize_with = "present")]
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
                r#"{"userId":"a","userId":"b"}"#,
                Code::InvalidField,
                "a member of the body stands twice",
            ),
            (
                r#"{"userId":"u","limit":"1"}"#,
                Code::InvalidField,
                "`limit` has the wrong type or value",
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
        let command: Command = from_query("userId=a%20b&limit=12&tenantId=7", &["limit"]).unwrap();
        assert_eq!((command.user_id.as_str(), command.limit), ("a b", Some(12)));
        assert_eq!(command.tenant_id.as_deref(), Some("7"));
        for query in ["userId=a&userId=b", "userId=a&limit=x", "userId=a&limit=%2B5", "limit=1"] {
            assert!(from_query::<Command>(query, &["limit"]).is_err(), "{query}");
        }
    }
}
