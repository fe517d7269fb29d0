//! The writes of the classic exchange (PROTOCOL 4.3 and 4.4), and what an application changes of
//! its own in a session. None of them can bring a row back: each asks that it is there.

use super::item::Item;
use super::schema::{
    EXPIRES_AT, EXPIRES_AT_MILLIS, PAYLOAD, PK, PREVIOUS_REFRESH_DIGEST, REFRESH_DIGEST,
    ROTATED_AT, ROTATION_SALT, SESSION_DATA, STATIC_KEY, bytes, expiry, number, text,
};
use super::{SessionTable, TableError};
use crate::ids::SessionHandle;
use crate::model::SessionData;
use crate::time::Timestamp;
use crate::token::key::KeyKind;
use crate::token::payload::Payload;
use crate::token::refresh::RefreshDigest;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure as OnFailure};

/// A refresh token that was issued in exchange for the current one is now current itself.
pub struct Promotion {
    /// The one that was current.
    pub seen: RefreshDigest,
    /// The one that is.
    pub next: RefreshDigest,
    /// When.
    pub at: Timestamp,
    /// When the session now ends by itself.
    pub expires_at: Timestamp,
}

/// What became of a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promoted {
    /// It is current, by this call or by an earlier try of it.
    Promoted,
    /// Another token is. Nothing was written.
    Stale,
    /// The session was ended meanwhile, or its time is over. Nothing was written.
    Gone,
}

impl SessionTable {
    /// Makes a token current in place of the one it was exchanged for, and remembers that one, so
    /// that the session may go on by either way of exchange.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn promote(
        &self,
        handle: &SessionHandle,
        promotion: &Promotion,
    ) -> Result<Promoted, TableError> {
        const DOING: &str = "promoting a refresh token";
        let mut update = self
            .update(handle)
            .update_expression(format!(
                "SET {REFRESH_DIGEST} = :next, {PREVIOUS_REFRESH_DIGEST} = :seen, \
                 {ROTATED_AT} = :at, {EXPIRES_AT} = :{EXPIRES_AT}, \
                 {EXPIRES_AT_MILLIS} = :{EXPIRES_AT_MILLIS} REMOVE {ROTATION_SALT}"
            ))
            // An ended session stays ended: one whose time is over is not given more.
            .condition_expression(format!(
                "attribute_exists(pk) AND {REFRESH_DIGEST} = :seen AND {EXPIRES_AT_MILLIS} > :at"
            ))
            .expression_attribute_values(":seen", bytes(promotion.seen.as_bytes()))
            .expression_attribute_values(":next", bytes(promotion.next.as_bytes()))
            .expression_attribute_values(":at", number(promotion.at.millis()))
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        for (name, value) in expiry(promotion.expires_at) {
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        match update.send().await {
            Ok(_) => Ok(Promoted::Promoted),
            Err(SdkError::ServiceError(error)) => match error.err() {
                UpdateItemError::ConditionalCheckFailedException(refused) => {
                    let Some(attributes) = refused.item() else { return Ok(Promoted::Gone) };
                    let item = Item { entity: "session", attributes };
                    let current = RefreshDigest::from_bytes(item.bytes32(REFRESH_DIGEST)?);
                    Ok(match current {
                        current if current == promotion.next => Promoted::Promoted,
                        current if current == promotion.seen => Promoted::Gone,
                        _ => Promoted::Stale,
                    })
                }
                _ => Err(TableError::doing(DOING)(SdkError::ServiceError(error))),
            },
            Err(error) => Err(TableError::doing(DOING)(error)),
        }
    }

    /// Lets another kind of key sign the session's access tokens from now on. `false` when there is
    /// no such row.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn set_key_kind(
        &self,
        handle: &SessionHandle,
        kind: KeyKind,
    ) -> Result<bool, TableError> {
        self.set(handle, STATIC_KEY, AttributeValue::Bool(kind == KeyKind::Static)).await
    }

    /// Replaces the payload; likewise. The last write wins.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn set_payload(
        &self,
        handle: &SessionHandle,
        payload: &Payload,
    ) -> Result<bool, TableError> {
        self.set(handle, PAYLOAD, text(&payload.to_json())).await
    }

    /// Replaces the session data; likewise.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn set_data(
        &self,
        handle: &SessionHandle,
        data: &SessionData,
    ) -> Result<bool, TableError> {
        self.set(handle, SESSION_DATA, text(&data.0.to_json())).await
    }

    async fn set(
        &self,
        handle: &SessionHandle,
        name: &str,
        value: AttributeValue,
    ) -> Result<bool, TableError> {
        let update = self
            .update(handle)
            .update_expression(format!("SET {name} = :value"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":value", value);
        match update.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error))
                if error.err().is_conditional_check_failed_exception() =>
            {
                Ok(false)
            }
            Err(error) => Err(TableError::doing("changing a session")(error)),
        }
    }

    fn update(&self, handle: &SessionHandle) -> UpdateItemFluentBuilder {
        self.dynamodb.update_item().table_name(&*self.name).key(PK, self.session_pk(handle))
    }
}
