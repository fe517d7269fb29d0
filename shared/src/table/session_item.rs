//! A session row, both ways.

use super::item::Item;
use super::schema::{
    ANTI_CSRF_SINCE, ANTI_CSRF_TOKEN, Attributes, CREATED_AT, DEVICE_IP, DEVICE_USER_AGENT,
    EVERYBODYS_GENERATION, EXPIRES_AT, EXPIRES_AT_MILLIS, PAYLOAD, PAYLOAD_ISSUER, PK,
    PREVIOUS_REFRESH_DIGEST, RECIPE_USER_ID, REFRESH_DIGEST, ROTATED_AT, ROTATION_SALT,
    SESSION_DATA, STATIC_KEY, TENANT_GENERATION, TENANT_ID, TOKEN_KEY, USER_GENERATION, USER_ID,
    USER_KEY, bytes, expiry, number, text,
};
use super::{SessionTable, TableError};
use crate::ids::{Generation, TenantId, UserId};
use crate::json::Object;
use crate::model::{
    Device, Generations, IssuerClaim, Lineage, Rotation, Session, SessionData, Standing, Summary,
};
use crate::time::Timestamp;
use crate::token::anti_csrf::AntiCsrfToken;
use crate::token::key::KeyKind;
use crate::token::payload::Payload;
use crate::token::refresh::{RefreshDigest, RotationSalt, TokenKey};
use aws_sdk_dynamodb::types::AttributeValue;

/// The attributes of a [`Standing`]: what a strict check reads.
pub(super) const STANDING: [&str; 11] = [
    USER_ID,
    TENANT_ID,
    EXPIRES_AT,
    EXPIRES_AT_MILLIS,
    USER_GENERATION,
    TENANT_GENERATION,
    EVERYBODYS_GENERATION,
    REFRESH_DIGEST,
    PREVIOUS_REFRESH_DIGEST,
    ROTATION_SALT,
    ROTATED_AT,
];

/// What a listing reads beside them: no payload and no session data.
pub(super) const LISTED: [&str; 4] = [PK, CREATED_AT, DEVICE_IP, DEVICE_USER_AGENT];

impl SessionTable {
    pub(super) fn session_to_item(&self, session: &Session) -> Attributes {
        let standing = &session.standing;
        let mut item = Attributes::from([
            (PK.into(), self.session_pk(&session.handle)),
            (USER_KEY.into(), self.user_key(&standing.user)),
            (USER_ID.into(), text(standing.user.as_str())),
            (RECIPE_USER_ID.into(), text(session.recipe_user.as_str())),
            (TENANT_ID.into(), text(standing.tenant.as_str())),
            (CREATED_AT.into(), number(session.created_at.millis())),
            (USER_GENERATION.into(), number(standing.born.whole.number())),
            (TENANT_GENERATION.into(), number(standing.born.tenant.number())),
            (REFRESH_DIGEST.into(), bytes(standing.lineage.current.as_bytes())),
            (TOKEN_KEY.into(), bytes(&session.token_key.0)),
            (PAYLOAD.into(), text(&session.payload.to_json())),
            (SESSION_DATA.into(), text(&session.data.0.to_json())),
            (STATIC_KEY.into(), AttributeValue::Bool(session.key_kind == KeyKind::Static)),
        ]);
        item.extend(expiry(standing.expires_at).map(|(name, value)| (name.into(), value)));
        if standing.born.everybody != Generation::default() {
            let generation = number(standing.born.everybody.number());
            item.insert(EVERYBODYS_GENERATION.into(), generation);
        }
        if session.issuer == IssuerClaim::Payloads {
            item.insert(PAYLOAD_ISSUER.into(), AttributeValue::Bool(true));
        }
        if let Some(rotation) = &standing.lineage.rotation {
            item.insert(PREVIOUS_REFRESH_DIGEST.into(), bytes(rotation.previous.as_bytes()));
            if let Some(salt) = &rotation.salt {
                item.insert(ROTATION_SALT.into(), bytes(&salt.0));
            }
            item.insert(ROTATED_AT.into(), number(rotation.at.millis()));
        }
        let optional = [
            (DEVICE_IP, session.device.ip.as_deref()),
            (DEVICE_USER_AGENT, session.device.user_agent.as_deref()),
            (ANTI_CSRF_TOKEN, session.anti_csrf.as_ref().map(AntiCsrfToken::expose)),
        ];
        if let Some(since) = session.anti_csrf_since {
            item.insert(ANTI_CSRF_SINCE.into(), number(since.millis()));
        }
        for (name, value) in optional {
            if let Some(value) = value {
                item.insert(name.into(), text(value));
            }
        }
        item
    }

    pub(super) fn summary_from_item(&self, attributes: &Attributes) -> Result<Summary, TableError> {
        let item = Item { entity: "session", attributes };
        Ok(Summary {
            handle: self.handle_of(item.text(PK)?).ok_or_else(|| item.corrupt(PK))?,
            created_at: item.millis(CREATED_AT)?,
            standing: standing_from_item(attributes)?,
            device: device(&item)?,
        })
    }

    pub(super) fn session_from_item(&self, attributes: &Attributes) -> Result<Session, TableError> {
        let item = Item { entity: "session", attributes };
        Ok(Session {
            handle: self.handle_of(item.text(PK)?).ok_or_else(|| item.corrupt(PK))?,
            recipe_user: item.parsed(RECIPE_USER_ID, UserId::parse_or_empty)?,
            created_at: item.millis(CREATED_AT)?,
            standing: standing_from_item(attributes)?,
            token_key: TokenKey(item.bytes32(TOKEN_KEY)?),
            payload: Payload::from_object(json_object(&item, PAYLOAD)?),
            data: SessionData(json_object(&item, SESSION_DATA)?),
            device: device(&item)?,
            anti_csrf: item.optional_text(ANTI_CSRF_TOKEN)?.map(AntiCsrfToken::from_text),
            anti_csrf_since: item.optional_number(ANTI_CSRF_SINCE)?.map(Timestamp::from_millis),
            key_kind: if item.flag(STATIC_KEY)? { KeyKind::Static } else { KeyKind::Dynamic },
            issuer: if item.optional_flag(PAYLOAD_ISSUER)?.unwrap_or(false) {
                IssuerClaim::Payloads
            } else {
                IssuerClaim::Ours
            },
        })
    }
}

/// The second, or a millisecond within the second before it. An operator, or an older release, may
/// have changed the second alone: then that counts.
pub(super) fn expires_at(item: &Item<'_>) -> Result<Timestamp, TableError> {
    let second = Timestamp::from_seconds(item.number(EXPIRES_AT)?);
    let millis = item.optional_number(EXPIRES_AT_MILLIS)?.map(Timestamp::from_millis);
    Ok(millis.filter(|millis| millis.ceil_to_second() == second).unwrap_or(second))
}

fn device(item: &Item<'_>) -> Result<Device, TableError> {
    Ok(Device {
        ip: item.optional_text(DEVICE_IP)?.map(ToOwned::to_owned),
        user_agent: item.optional_text(DEVICE_USER_AGENT)?.map(ToOwned::to_owned),
    })
}

fn json_object(item: &Item<'_>, name: &'static str) -> Result<Object, TableError> {
    item.parsed(name, |json| serde_json::from_str(json))
}

pub(super) fn standing_from_item(attributes: &Attributes) -> Result<Standing, TableError> {
    let item = Item { entity: "session", attributes };
    let rotation = match item.optional_bytes32(PREVIOUS_REFRESH_DIGEST)? {
        None => None,
        Some(previous) => Some(Rotation {
            previous: RefreshDigest::from_bytes(previous),
            salt: item.optional_bytes32(ROTATION_SALT)?.map(RotationSalt),
            at: item.millis(ROTATED_AT)?,
        }),
    };
    let current = RefreshDigest::from_bytes(item.bytes32(REFRESH_DIGEST)?);
    Ok(Standing {
        user: item.parsed(USER_ID, UserId::parse_or_empty)?,
        tenant: item.parsed(TENANT_ID, TenantId::parse)?,
        expires_at: expires_at(&item)?,
        born: Generations {
            whole: Generation::from_number(item.number(USER_GENERATION)?),
            tenant: Generation::from_number(item.number(TENANT_GENERATION)?),
            everybody: Generation::from_number(
                item.optional_number(EVERYBODYS_GENERATION)?.unwrap_or_default(),
            ),
        },
        lineage: Lineage { current, rotation },
    })
}
