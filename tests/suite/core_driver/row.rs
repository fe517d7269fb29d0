//! What stands in the table.

use super::sdk::claims;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::token::refresh::RefreshHash;
use std::collections::HashMap;
use tests::World;

/// A session's row.
pub(super) struct Row(HashMap<String, AttributeValue>);

impl Row {
    /// The row of a session of an app, if there is one.
    pub(super) async fn find(world: &World, app: &str, handle: &str) -> Option<Self> {
        let pk = AttributeValue::S(format!("session#{app}#{handle}"));
        let get = world.bundle.dynamodb().get_item().key("pk", pk).consistent_read(true);
        let get = get.table_name(&world.bundle.template().table.name);
        get.send().await.expect("an answer of the table").item.map(Self)
    }

    /// The refresh token that is current, by its digest.
    pub(super) fn current(&self) -> Vec<u8> {
        self.bytes("refreshDigest").expect("every session has one")
    }

    /// The one before it, if it is known.
    pub(super) fn previous(&self) -> Option<Vec<u8>> {
        self.bytes("previousRefreshDigest")
    }

    /// Whether it is signed with the key that never changes.
    pub(super) fn is_static(&self) -> bool {
        *self.0["staticKey"].as_bool().expect("a flag")
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        Some(self.0.get(name)?.as_b().expect("bytes").as_ref().to_vec())
    }
}

/// The digest of the refresh token that was issued with this access token.
pub(super) fn digest(access: &str) -> Vec<u8> {
    let claims = claims(access);
    let hash = claims["refreshTokenHash1"].as_str().expect("a hash");
    RefreshHash::from_text(hash).digest().as_bytes().to_vec()
}
