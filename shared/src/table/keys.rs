//! The two key items: private keys and, written in the same transaction, what is published of them.

use super::generations::is_conflict;
use super::item::Item;
use super::schema::{Attributes, KEYS_VERSION, PK, PUBLIC_KEYS, SIGNING_KEYS, bytes, number, text};
use super::{SessionTable, TableError};
use crate::time::Timestamp;
use crate::token::key::{KeyKind, Kid, PublicKey};
use crate::token::keyring::Keyring;
use crate::token::signing::SigningKeys;
use crate::token::stored_keys::{StoredKey, StoredKeys, StoredPrivate};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};

const KID: &str = "kid";
const KIND: &str = "kind";
const CREATED_AT: &str = "createdAt";
const SIGNS_FROM: &str = "signsFrom";
const PUBLISHED_UNTIL: &str = "publishedUntil";
const PKCS8: &str = "pkcs8";
const SEALED: &str = "sealed";
/// Beside the list of the private keys: the data key that seals them, wrapped.
const DATA_KEY: &str = "dataKey";
const MODULUS: &str = "n";
const EXPONENT: &str = "e";

/// What became of a write of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysWritten {
    /// Both items are written.
    Written,
    /// Somebody else wrote them first. Nothing was written.
    Stale,
}

impl SessionTable {
    /// The private keys, read strongly; `None` before anyone made them.
    ///
    /// # Errors
    /// We could not find out, or the item is corrupt.
    pub async fn signing_keys(&self) -> Result<Option<StoredKeys>, TableError> {
        let item = self.key_item(self.signing_keys_pk(), "reading the signing keys").await?;
        item.as_ref().map(signing_from_item).transpose()
    }

    /// The published keys, read strongly; `None` before anyone made them.
    ///
    /// # Errors
    /// We could not find out, or the item is corrupt.
    pub async fn published_keys(&self) -> Result<Option<Keyring>, TableError> {
        let item = self.key_item(self.public_keys_pk(), "reading the published keys").await?;
        item.as_ref().map(published_from_item).transpose()
    }

    async fn key_item(
        &self,
        pk: AttributeValue,
        doing: &'static str,
    ) -> Result<Option<Attributes>, TableError> {
        let get =
            self.dynamodb.get_item().table_name(&*self.name).key(PK, pk).consistent_read(true);
        Ok(get.send().await.map_err(TableError::doing(doing))?.item)
    }

    /// What the data key of this app's private keys is bound to: the table's name, and the app as the
    /// keys of its items have it.
    #[must_use]
    pub fn key_scope(&self) -> (&str, &str) {
        // The table may be named by its ARN, which ends in its name.
        (self.name.rsplit('/').next().unwrap_or(&self.name), &self.prefix)
    }

    /// Writes the keys, if they are still at the version before. Private and public half change
    /// together or not at all, so no token is ever signed by a key that is not published. All private
    /// keys are sealed, or none.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn write_keys(&self, keys: &SigningKeys) -> Result<KeysWritten, TableError> {
        const DOING: &str = "writing the signing keys";
        let version = i64::try_from(keys.version).unwrap_or(i64::MAX);
        let unusable = |_| TableError::Corrupt { entity: "signing-keys", attribute: PKCS8 };
        let stored = keys.keys.iter().map(|key| key.to_stored(keys.sealing.as_deref()));
        let signing = stored.map(|key| key.map(|key| stored_to_value(&key)).map_err(unusable));
        let signing = signing.collect::<Result<Vec<_>, _>>()?;
        let public = keys.public().map_err(unusable)?;
        let public = public.iter().map(public_to_value).collect();
        let data_key = keys.sealing.as_ref().map(|sealing| bytes(sealing.wrapped()));
        let mut transaction = self.dynamodb.transact_write_items();
        for (pk, name, list, data_key) in [
            (self.signing_keys_pk(), SIGNING_KEYS, signing, data_key),
            (self.public_keys_pk(), PUBLIC_KEYS, public, None),
        ] {
            let mut put = Put::builder()
                .table_name(&*self.name)
                .item(PK, pk)
                .item(KEYS_VERSION, number(version))
                .item(name, AttributeValue::L(list));
            if let Some(data_key) = data_key {
                put = put.item(DATA_KEY, data_key);
            }
            put = if version == 1 {
                put.condition_expression("attribute_not_exists(pk)")
            } else {
                put.condition_expression("keysVersion = :seen")
                    .expression_attribute_values(":seen", number(version - 1))
            };
            let put = put.build().map_err(TableError::building(DOING))?;
            transaction = transaction.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match transaction.send().await {
            Ok(_) => Ok(KeysWritten::Written),
            Err(SdkError::ServiceError(error)) if is_conflict(error.err()) => {
                Ok(KeysWritten::Stale)
            }
            Err(error) => Err(TableError::doing(DOING)(error)),
        }
    }
}

fn stored_to_value(key: &StoredKey) -> AttributeValue {
    let mut map = Attributes::from([
        (KID.to_owned(), text(key.kid.as_str())),
        (KIND.to_owned(), text(key.kind.as_str())),
        (CREATED_AT.to_owned(), number(key.created_at.millis())),
        (SIGNS_FROM.to_owned(), number(key.signs_from.millis())),
    ]);
    match &key.private {
        StoredPrivate::Plain(pkcs8) => map.insert(PKCS8.to_owned(), bytes(pkcs8)),
        StoredPrivate::Sealed(sealed) => map.insert(SEALED.to_owned(), bytes(sealed)),
    };
    put_published_until(&mut map, key.published_until);
    AttributeValue::M(map)
}

fn public_to_value(key: &PublicKey) -> AttributeValue {
    let mut map = Attributes::from([
        (KID.to_owned(), text(key.kid.as_str())),
        (KIND.to_owned(), text(key.kind.as_str())),
        (CREATED_AT.to_owned(), number(key.created_at.millis())),
        (SIGNS_FROM.to_owned(), number(key.signs_from.millis())),
        (MODULUS.to_owned(), text(&key.modulus)),
        (EXPONENT.to_owned(), text(&key.exponent)),
    ]);
    put_published_until(&mut map, key.published_until);
    AttributeValue::M(map)
}

fn put_published_until(map: &mut Attributes, until: Option<Timestamp>) {
    if let Some(until) = until {
        map.insert(PUBLISHED_UNTIL.to_owned(), number(until.millis()));
    }
}

fn signing_from_item(attributes: &Attributes) -> Result<StoredKeys, TableError> {
    let item = Item { entity: "signing-keys", attributes };
    let version =
        u64::try_from(item.number(KEYS_VERSION)?).map_err(|_| item.corrupt(KEYS_VERSION))?;
    let keys = members(&item, SIGNING_KEYS)?.map(|key| {
        Ok(StoredKey {
            kid: kid(&key)?,
            kind: kind(&key)?,
            created_at: key.millis(CREATED_AT)?,
            signs_from: key.millis(SIGNS_FROM)?,
            published_until: published_until(&key)?,
            private: match key.optional_bytes(SEALED)? {
                Some(sealed) => StoredPrivate::Sealed(sealed.to_vec()),
                None => StoredPrivate::Plain(key.bytes(PKCS8)?.to_vec()),
            },
        })
    });
    let data_key = item.optional_bytes(DATA_KEY)?.map(<[u8]>::to_vec);
    Ok(StoredKeys { version, data_key, keys: keys.collect::<Result<_, TableError>>()? })
}

pub(super) fn published_from_item(attributes: &Attributes) -> Result<Keyring, TableError> {
    let item = Item { entity: "public-keys", attributes };
    let keys = members(&item, PUBLIC_KEYS)?.map(|key| {
        Ok(PublicKey {
            kid: kid(&key)?,
            modulus: key.text(MODULUS)?.to_owned(),
            exponent: key.text(EXPONENT)?.to_owned(),
            kind: kind(&key)?,
            created_at: key.millis(CREATED_AT)?,
            signs_from: key.millis(SIGNS_FROM)?,
            published_until: published_until(&key)?,
        })
    });
    Keyring::new(keys.collect::<Result<_, TableError>>()?).map_err(|_| item.corrupt(MODULUS))
}

/// The maps in a list attribute. A member that is no map has none of the attributes asked of it,
/// and is corrupt by that.
fn members<'a>(
    item: &Item<'a>,
    name: &'static str,
) -> Result<impl Iterator<Item = Item<'a>>, TableError> {
    let entity = item.entity;
    let maps: Result<Vec<_>, _> = item.list(name)?.iter().map(AttributeValue::as_m).collect();
    let maps = maps.map_err(|_| item.corrupt(name))?;
    Ok(maps.into_iter().map(move |attributes| Item { entity, attributes }))
}

fn kid(key: &Item<'_>) -> Result<Kid, TableError> {
    key.parsed(KID, |kid| Kid::parse(kid).ok_or(()))
}

fn kind(key: &Item<'_>) -> Result<KeyKind, TableError> {
    key.parsed(KIND, |kind| KeyKind::parse(kind).ok_or(()))
}

fn published_until(key: &Item<'_>) -> Result<Option<Timestamp>, TableError> {
    Ok(key.optional_number(PUBLISHED_UNTIL)?.map(Timestamp::from_millis))
}
