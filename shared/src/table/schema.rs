//! Names and keys. The kind comes first in a key, so that IAM's `dynamodb:LeadingKeys` can tell
//! kinds apart.

use super::SessionTable;
use crate::ids::{SessionHandle, Shard, TenantId, UserId};
use crate::time::Timestamp;
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
/// The same in milliseconds, which decides.
pub(super) const EXPIRES_AT_MILLIS: &str = "expiresAtMillis";
pub(super) const REFRESH_DIGEST: &str = "refreshDigest";
pub(super) const PREVIOUS_REFRESH_DIGEST: &str = "previousRefreshDigest";
pub(super) const ROTATION_SALT: &str = "rotationSalt";
/// Milliseconds.
pub(super) const ROTATED_AT: &str = "rotatedAt";
/// The user's generation as a whole that a session saw at birth.
pub(super) const USER_GENERATION: &str = "userGeneration";
/// The user's generation in the session's tenant, likewise.
pub(super) const TENANT_GENERATION: &str = "tenantGeneration";
/// The generation of everybody in the session's tenant, likewise; absent means 0.
pub(super) const EVERYBODYS_GENERATION: &str = "everybodysGeneration";
pub(super) const TOKEN_KEY: &str = "tokenKey";
pub(super) const PAYLOAD: &str = "payload";
pub(super) const SESSION_DATA: &str = "sessionData";
pub(super) const DEVICE_IP: &str = "deviceIp";
pub(super) const DEVICE_USER_AGENT: &str = "deviceUserAgent";
pub(super) const ANTI_CSRF_TOKEN: &str = "antiCsrfToken";
/// Milliseconds.
pub(super) const ANTI_CSRF_SINCE: &str = "antiCsrfSince";
pub(super) const STATIC_KEY: &str = "staticKey";
/// Whether the payload names the issuer.
pub(super) const PAYLOAD_ISSUER: &str = "payloadIssuer";

/// On a user item: the generation of the whole user. On a user-and-tenant item: of that user in that
/// tenant. On each copy of a tenant item: of everybody in it.
pub(super) const GENERATION: &str = "generation";
/// On a user item: the user's generation in tenant `public`.
pub(super) const PUBLIC_GENERATION: &str = "publicGeneration";

/// On the key items: counts the writes.
pub(super) const KEYS_VERSION: &str = "keysVersion";
pub(super) const SIGNING_KEYS: &str = "signingKeys";
pub(super) const PUBLIC_KEYS: &str = "publicKeys";

/// On an app item: counts the writes.
pub(super) const APP_VERSION: &str = "appVersion";
/// On an app item: how often an app of this name was made.
pub(super) const INCARNATION: &str = "incarnation";
/// On an app item: whether it is gone. The item stays, so that the next app of this name shares no
/// key with it.
pub(super) const REMOVED: &str = "removed";
/// On an app item: JSON.
pub(super) const SETTINGS: &str = "settings";
/// On an app item: JSON.
pub(super) const TENANTS: &str = "tenants";
/// On the item that lists the apps: a set of their ids.
pub(super) const APP_IDS: &str = "appIds";

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

pub(super) fn expiry(at: Timestamp) -> [(&'static str, AttributeValue); 2] {
    [(EXPIRES_AT, number(at.ceil_to_second().seconds())), (EXPIRES_AT_MILLIS, number(at.millis()))]
}

impl SessionTable {
    pub(super) fn session_pk(&self, handle: &SessionHandle) -> AttributeValue {
        text(&format!("session#{}#{}", self.prefix, handle.as_str()))
    }

    /// The handle in a session row's key.
    pub(super) fn handle_of(&self, pk: &str) -> Option<SessionHandle> {
        let rest = pk.strip_prefix("session#")?.strip_prefix(&*self.prefix)?;
        SessionHandle::parse(rest.strip_prefix('#')?).ok()
    }

    pub(super) fn user_pk(&self, user: &UserId) -> AttributeValue {
        text(&format!("user#{}#{}", self.prefix, user.as_str()))
    }

    /// Only the last part, the user id, may contain a `#`.
    pub(super) fn user_tenant_pk(&self, tenant: &TenantId, user: &UserId) -> AttributeValue {
        text(&format!("user-tenant#{}#{}#{}", self.prefix, tenant.as_str(), user.as_str()))
    }

    pub(super) fn tenant_pk(&self, tenant: &TenantId, shard: Shard) -> AttributeValue {
        text(&format!("tenant#{}#{}#{shard}", self.prefix, tenant.as_str()))
    }

    pub(super) fn user_key(&self, user: &UserId) -> AttributeValue {
        text(&format!("{}#{}", self.prefix, user.as_str()))
    }

    pub(super) fn signing_keys_pk(&self) -> AttributeValue {
        text(&format!("signing-keys#{}", self.prefix))
    }

    pub(super) fn public_keys_pk(&self) -> AttributeValue {
        text(&format!("public-keys#{}", self.prefix))
    }
}
