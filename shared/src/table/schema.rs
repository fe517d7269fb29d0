//! Names and keys. The kind comes first in a key, so that IAM's `dynamodb:LeadingKeys` can tell
//! kinds apart.

use super::SessionTable;
use crate::ids::{SessionHandle, UserId};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

pub(super) const PK: &str = "pk";
pub(super) const USER_TENANT_INDEX: &str = "user-tenant-index";

/// The index's partition key: only session rows have it, so only they are in the index.
pub(super) const USER_KEY: &str = "userKey";
pub(super) const USER_ID: &str = "userId";
pub(super) const TENANT_ID: &str = "tenantId";
pub(super) const RECIPE_USER_ID: &str = "recipeUserId";
/// Milliseconds.
pub(super) const CREATED_AT: &str = "createdAt";
/// **Seconds**: DynamoDB's time to live reads it, and takes milliseconds for a date in the far
/// future.
pub(super) const EXPIRES_AT: &str = "expiresAt";
pub(super) const REFRESH_DIGEST: &str = "refreshDigest";
pub(super) const PREVIOUS_REFRESH_DIGEST: &str = "previousRefreshDigest";
pub(super) const ROTATION_SALT: &str = "rotationSalt";
/// Milliseconds.
pub(super) const ROTATED_AT: &str = "rotatedAt";
/// The user's generation as a whole that a session saw at birth.
pub(super) const USER_GENERATION: &str = "userGeneration";
/// The user's generation in the session's tenant, likewise.
pub(super) const TENANT_GENERATION: &str = "tenantGeneration";
pub(super) const TOKEN_KEY: &str = "tokenKey";
pub(super) const PAYLOAD: &str = "payload";
pub(super) const SESSION_DATA: &str = "sessionData";
pub(super) const DEVICE_IP: &str = "deviceIp";
pub(super) const DEVICE_USER_AGENT: &str = "deviceUserAgent";
pub(super) const ANTI_CSRF_TOKEN: &str = "antiCsrfToken";
/// Milliseconds.
pub(super) const ANTI_CSRF_SINCE: &str = "antiCsrfSince";
pub(super) const STATIC_KEY: &str = "staticKey";

/// On a user item: the generation of the whole user.
pub(super) const GENERATION: &str = "generation";
/// On a user item: `tenant#<tenantId>` is the generation of one tenant.
pub(super) const TENANT_PREFIX: &str = "tenant#";

/// On the key items: counts the writes.
pub(super) const KEYS_VERSION: &str = "keysVersion";
pub(super) const SIGNING_KEYS: &str = "signingKeys";
pub(super) const PUBLIC_KEYS: &str = "publicKeys";

pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn bytes(value: &[u8]) -> AttributeValue {
    AttributeValue::B(value.to_vec().into())
}

impl SessionTable {
    pub(super) fn session_pk(&self, handle: &SessionHandle) -> AttributeValue {
        text(&format!("session#{}#{}", self.app.as_str(), handle.as_str()))
    }

    /// The handle in a session row's key.
    pub(super) fn handle_of(&self, pk: &str) -> Option<SessionHandle> {
        let rest = pk.strip_prefix("session#")?.strip_prefix(self.app.as_str())?;
        SessionHandle::parse(rest.strip_prefix('#')?).ok()
    }

    pub(super) fn user_pk(&self, user: &UserId) -> AttributeValue {
        text(&format!("user#{}#{}", self.app.as_str(), user.as_str()))
    }

    pub(super) fn user_key(&self, user: &UserId) -> AttributeValue {
        text(&format!("{}#{}", self.app.as_str(), user.as_str()))
    }

    pub(super) fn signing_keys_pk(&self) -> AttributeValue {
        text(&format!("signing-keys#{}", self.app.as_str()))
    }

    pub(super) fn public_keys_pk(&self) -> AttributeValue {
        text(&format!("public-keys#{}", self.app.as_str()))
    }
}
