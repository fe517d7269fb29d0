//! Which payloads a session cannot carry, although they are well-formed.

use super::Principal;
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::{IssuerClaim, Session};
use crate::session::Policy;
use crate::token::payload::{MAX_ANSWER_BYTES, Payload, RESERVED};

/// What the largest form of an authorizer's answer has beside the caller's own values, in bytes: an
/// IAM policy that names a resource of 512 bytes, and a context. `verify-session` tests it.
const ANSWER_FRAME_BYTES: usize = 754;

/// Why a session cannot carry a payload. An SDK is told so in these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPayload {
    /// An SDK names Sever as the issuer. Such a token would pass every check of the issuer,
    /// whatever `TRUSTED_ISSUERS` says.
    #[error("The issuer (iss) must not be Sever's own: name your API's apiDomain and apiBasePath")]
    OwnIssuer,
    /// No authorizer could pass it on.
    #[error(
        "The user payload is too large: with it an authorizer's answer has up to {bytes} bytes, \
         and {MAX_ANSWER_BYTES} are allowed"
    )]
    TooLarge {
        /// How large the answer would be.
        bytes: usize,
    },
}

impl Principal {
    /// How many bytes the largest form of an authorizer's answer about this principal has.
    #[must_use]
    pub fn largest_answer(&self) -> usize {
        largest_answer(&self.user, &self.tenant, &self.handle, &self.payload)
    }
}

impl Policy {
    /// # Errors
    /// `session` cannot carry `payload`.
    pub(in crate::session) fn check_payload(
        &self,
        session: &Session,
        payload: &Payload,
    ) -> Result<(), UnfitPayload> {
        if session.issuer == IssuerClaim::Payloads
            && let Some(issuer) = payload.members().get::<String>("iss")
        {
            self.check_issuer(&issuer)?;
        }
        let (standing, passed_on) = (&session.standing, payload.clone().without(&RESERVED));
        let bytes = largest_answer(&standing.user, &standing.tenant, &session.handle, &passed_on);
        if bytes > MAX_ANSWER_BYTES { Err(UnfitPayload::TooLarge { bytes }) } else { Ok(()) }
    }

    /// # Errors
    /// An application may not name this issuer.
    pub(in crate::session) fn check_issuer(&self, issuer: &str) -> Result<(), UnfitPayload> {
        if self.issuers.is_own(issuer) { Err(UnfitPayload::OwnIssuer) } else { Ok(()) }
    }
}

/// The user stands in it twice. The payload is JSON as a string within JSON.
fn largest_answer(
    user: &UserId,
    tenant: &TenantId,
    handle: &SessionHandle,
    payload: &Payload,
) -> usize {
    let values = [user.as_str(), user.as_str(), tenant.as_str(), handle.as_str()];
    let values = values.into_iter().map(bytes_within_json).sum::<usize>();
    ANSWER_FRAME_BYTES + values + bytes_within_json(&payload.to_json())
}

/// The bytes of a JSON string, without its quotes.
fn bytes_within_json(text: &str) -> usize {
    // Two for what is escaped by a backslash, six for any other control character.
    let bytes = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0x00..=0x1f => 6,
        _ => 1,
    };
    text.bytes().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;

    #[test]
    fn what_create_session_takes_always_fits() {
        let user = UserId::parse(&"\"".repeat(1_024)).unwrap();
        let tenant = TenantId::parse(&"t".repeat(64)).unwrap();
        let handle =
            SessionHandle::parse(&format!("{}_{}", "0".repeat(36), "t".repeat(64))).unwrap();
        let mut members = Object::default();
        members.set("", &"\"".repeat(764));
        let payload = Payload::new(members).unwrap();
        assert_eq!(payload.to_json().len(), 1_535);
        assert!(largest_answer(&user, &tenant, &handle, &payload) <= MAX_ANSWER_BYTES);
    }

    #[test]
    fn a_string_within_json_is_as_long_as_serde_json_writes_it() {
        let all: String = (0..=0x2fff).filter_map(char::from_u32).collect();
        let written = serde_json::to_string(&all).unwrap();
        assert_eq!(bytes_within_json(&all), written.len() - 2);
    }
}
