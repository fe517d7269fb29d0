//! The form of access tokens of version 2 (PROTOCOL 2.1): standard base64 with padding throughout,
//! one fixed header, no `kid`. SDKs of 2022 and before ask for it.

use super::key::SigningKeyError;
use super::signing::SigningKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const HEADER: &str = r#"{"alg":"RS256","typ":"JWT","version":"2"}"#;

pub(super) fn sign(claims: &str, key: &SigningKey) -> Result<String, SigningKeyError> {
    let message = format!("{}.{}", STANDARD.encode(HEADER), STANDARD.encode(claims));
    let signature = key.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", STANDARD.encode(signature)))
}

/// The claims and the signature of a token in this form.
pub(super) fn read(message: &str, signature: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (header, claims) = message.split_once('.')?;
    let is_ours = header == STANDARD.encode(HEADER);
    if is_ours {
        Some((STANDARD.decode(claims).ok()?, STANDARD.decode(signature).ok()?))
    } else {
        None
    }
}
