//! Commands: the JSON that admin consoles and back ends send, over HTTP or by direct invoke. What
//! counts as JSON is [`read_object`]'s to say. [`Unknown`] says what becomes of members that a
//! command does not have; an explicit `null` is not the same as an absent member (PROTOCOL 3.1), and
//! is refused.

use super::error::{ApiError, Code};
use crate::json::{Object, Unreadable, read_object, without_mark};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// The longest body, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The longest name of an unknown member that is repeated, in bytes: shorter than any handle, key or
/// token that could stand in its place.
const MAX_SHOWN_NAME: usize = 32;
/// How many unknown members a warning names.
const MAX_NAMED: usize = 8;

/// What becomes of members that a command does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The call is refused. A revocation needs this: a restriction whose name is misspelt
    /// (`tenantID`) would otherwise widen what is revoked.
    Refused,
    /// They are ignored, and one warning names them.
    Logged,
    /// They are ignored.
    Ignored,
}

/// Reads a command from a JSON object.
///
/// # Errors
/// What is wrong, by the name of the member. No value of the input is repeated: it may hold what
/// nobody should log.
pub fn from_json<C: DeserializeOwned>(json: &[u8], unknown: Unknown) -> Result<C, ApiError> {
    check_size(json)?;
    let members = read_object(json).map_err(unreadable)?;
    let known = members_of::<C>();
    let others: Vec<&str> = members.names().filter(|name| !known.contains(name)).collect();
    match (unknown, others.first()) {
        (Unknown::Refused, Some(name)) => return Err(unknown_member(name, known)),
        (Unknown::Logged, Some(_)) => warn_of(&others),
        (_, None) | (Unknown::Ignored, _) => {}
    }
    // Read again from the text: numbers in an application's own objects stay as they are.
    read(&mut serde_json::Deserializer::from_slice(without_mark(json)))
}

fn unreadable(fault: Unreadable) -> ApiError {
    match fault {
        Unreadable::NotJson { line, column } => {
            let detail = format!("line {line} column {column} is not JSON");
            ApiError::new(Code::InvalidJson, detail)
        }
        Unreadable::NotAnObject => {
            ApiError::new(Code::InvalidJson, "the body must be a JSON object")
        }
        Unreadable::StandsTwice => {
            ApiError::new(Code::InvalidField, "a member of the body stands twice")
        }
        Unreadable::NameIsNoText => ApiError::new(
            Code::InvalidField,
            "the name of a member has half of a surrogate pair in it",
        ),
    }
}

/// Refuses a query string: a revocation takes everything from its body, so a restriction in the URL
/// would be overlooked.
///
/// # Errors
/// [`Code::UnknownField`] names the first parameter.
pub fn no_query(query: Option<&str>) -> Result<(), ApiError> {
    match url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).next() {
        None => Ok(()),
        Some((name, _)) => {
            let detail = format!(
                "{} stands in the query; this call reads its body alone. Nothing was done",
                shown_name(&name)
            );
            Err(ApiError::new(Code::UnknownField, detail))
        }
    }
}

fn unknown_member(name: &str, known: &[&str]) -> ApiError {
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let detail = format!(
        "{} is not a member of this call, which has {}. Nothing was done",
        shown_name(name),
        known.join(", ")
    );
    ApiError::new(Code::UnknownField, detail)
}

fn warn_of(others: &[&str]) {
    let named: Vec<_> = others.iter().take(MAX_NAMED).map(|name| shown_name(name)).collect();
    let (members, number) = (named.join(", "), others.len());
    tracing::warn!(members, number, "ignored members that this call does not have");
}

/// The name of a member as an error or a log may have it. A name is the caller's text, so a token
/// or a handle could stand there.
fn shown_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=MAX_SHOWN_NAME).contains(&name.len()) && name.bytes().all(plain) {
        format!("`{name}`")
    } else {
        format!("a name of {} bytes that is not shown", name.len())
    }
}

/// The names of the members of `C`, which must be a struct: serde's derive hands them to a
/// deserializer before anything is read.
fn members_of<'de, C: Deserialize<'de>>() -> &'static [&'static str] {
    struct Names<'n>(&'n mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("a command is a struct"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            members: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            *self.0 = members;
            Err(Self::Error::custom("only the names are wanted"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
            ignored_any
        }
    }

    let mut names: &'static [&'static str] = &[];
    drop(C::deserialize(Names(&mut names)));
    names
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
/// Parameters that the command does not have are ignored, since only reads come by a query.
///
/// # Errors
/// What is wrong, by the name of the parameter.
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
    let members = Object::deserialize(deserializer)?;
    serde_json::from_str(&members.to_json()).map_err(D::Error::custom)
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
            (r#"{"userId":"\ud83d"}"#, Code::InvalidField, "`userId` has the wrong type or value"),
            (
                r#"{"userId":"u","\ud83d":1}"#,
                Code::InvalidField,
                "the name of a member has half of a surrogate pair in it",
            ),
            (
                r#"{"userId":"u","limit":1e400}"#,
                Code::InvalidField,
                "`limit` has the wrong type or value",
            ),
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
            let error = from_json::<Command>(json.as_bytes(), Unknown::Refused).unwrap_err();
            assert_eq!(error.code(), code, "{json}");
            assert!(error.to_diagnostic().error_message.ends_with(detail), "{json}: {error:?}");
        }
        let error = from_json::<Command>(br#"{"userId":["hush"]}"#, Unknown::Refused).unwrap_err();
        assert!(!format!("{error:?}").contains("hush"));
    }

    #[test]
    fn unknown_members_are_ignored_and_the_size_is_limited() {
        for unknown in [Unknown::Ignored, Unknown::Logged] {
            let json = br#"{"userId":"u","other":null,"limit":3}"#;
            let command: Command = from_json(json, unknown).unwrap();
            assert_eq!((command.user_id.as_str(), command.limit), ("u", Some(3)));
            assert_eq!(command.tenant_id, None);
        }
        let body = format!(r#"{{"userId":"{}"}}"#, "u".repeat(MAX_BODY_BYTES - 13));
        assert_eq!(body.len(), MAX_BODY_BYTES);
        assert!(from_json::<Command>(body.as_bytes(), Unknown::Ignored).is_ok());
        let error =
            from_json::<Command>(format!("{body} ").as_bytes(), Unknown::Ignored).unwrap_err();
        assert_eq!(error.code(), Code::BodyTooLarge);
    }

    #[test]
    fn an_unknown_member_is_refused_by_a_name_that_is_safe_to_repeat() {
        let has = "which has `userId`, `tenantId`, `limit`. Nothing was done";
        let long = "x".repeat(33);
        let handle = "16348768-fc38-452f-8ad6-fc2515efd3d2";
        for (name, shown) in [
            ("tenantID", "`tenantID`"),
            ("UserId", "`UserId`"),
            ("", "a name of 0 bytes that is not shown"),
            ("tenant id", "a name of 9 bytes that is not shown"),
            ("tenant\\n", "a name of 7 bytes that is not shown"),
            ("a.b", "a name of 3 bytes that is not shown"),
            (&long, "a name of 33 bytes that is not shown"),
            (handle, "a name of 36 bytes that is not shown"),
        ] {
            // Before anything else is said of the command: not even `userId` is looked at.
            for json in [format!(r#"{{"userId":7,"{name}":"hush"}}"#), format!(r#"{{"{name}":1}}"#)]
            {
                let error = from_json::<Command>(json.as_bytes(), Unknown::Refused).unwrap_err();
                assert_eq!(error.code(), Code::UnknownField, "{json}");
                let said = error.to_diagnostic().error_message;
                let detail = format!("{shown} is not a member of this call, {has}");
                assert!(said.ends_with(&detail), "{json}: {said}");
            }
        }
    }

    #[test]
    fn a_query_beside_a_body_is_refused() {
        assert!(no_query(None).is_ok() && no_query(Some("")).is_ok());
        for (query, shown) in [
            ("tenantId=acme", "`tenantId` stands in the query"),
            ("tenantId", "`tenantId` stands in the query"),
            ("a.b=1&c=2", "a name of 3 bytes that is not shown stands in the query"),
        ] {
            let error = no_query(Some(query)).unwrap_err();
            assert_eq!(error.code(), Code::UnknownField, "{query}");
            assert!(error.to_diagnostic().error_message.contains(shown), "{error:?}");
        }
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
