//! Session rows: open, read, rotate, end.

use super::generations::{GENERATIONS, kind_of, note};
use super::item::Item;
use super::keys::published_from_item;
use super::schema::{
    EXPIRES_AT, EXPIRES_AT_MILLIS, PK, PREVIOUS_REFRESH_DIGEST, PUBLIC_KEYS, REFRESH_DIGEST,
    ROTATED_AT, ROTATION_SALT, TENANT_GENERATION, USER_GENERATION, USER_ID, bytes, expiry, number,
    text,
};
use super::session_item::{LISTED, STANDING, expires_at, standing_from_item};
use super::{SessionTable, TableError};
use crate::ids::{Generation, SessionHandle, TenantId, UserId};
use crate::model::{Generations, Place, Scope, Session, Standing, Summary};
use crate::time::Timestamp;
use crate::token::anti_csrf::AntiCsrfToken;
use crate::token::keyring::Keyring;
use crate::token::refresh::{RefreshDigest, RotationSalt};
use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};

/// What became of a new session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Its row is written.
    Inserted,
    /// Another session has this handle. Nothing was written.
    HandleTaken,
}

/// What became of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// The row now names the next token.
    Rotated,
    /// The row no longer names the token that was seen: somebody else rotated. Nothing was written.
    Stale,
    /// The session was ended meanwhile. Nothing was written.
    Gone,
}

/// What a rotation changes.
pub struct RotationWrite<'a> {
    /// The token that follows.
    pub next: RefreshDigest,
    /// The token that is exchanged: current, or issued in exchange for the current one by the
    /// classic exchange.
    pub previous: RefreshDigest,
    /// From which, with the previous token, the next one follows.
    pub salt: &'a RotationSalt,
    /// When.
    pub at: Timestamp,
    /// When the session now ends by itself.
    pub expires_at: Timestamp,
    /// The anti-CSRF token that this exchange gives a session which had none.
    pub new_anti_csrf: Option<&'a AntiCsrfToken>,
}

/// A row that was there and is no longer.
#[derive(Debug)]
pub struct Removed {
    /// When the session would have ended by itself.
    pub expires_at: Timestamp,
    /// Whose it was; `None` when the row does not say.
    pub user: Option<UserId>,
}

/// What a strict check reads in one round trip.
#[derive(Debug)]
pub struct StrictRead {
    /// The session's row, if there is one.
    pub session: Option<Standing>,
    /// The generations that judge it.
    pub generations: Generations,
    /// The published keys, if they were asked for and exist.
    pub keys: Option<Keyring>,
}

impl SessionTable {
    /// Writes the row of a session that nobody has seen yet, **once**. The SDK must not write it
    /// again when an answer is lost: the session may have been seen and ended meanwhile, and the
    /// condition would not stand in the way of its coming back.
    ///
    /// # Errors
    /// The effect is unknown. The caller must not write this handle again.
    pub async fn insert_new(&self, session: &Session) -> Result<Inserted, TableError> {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let put = self
            .dynamodb
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(self.session_to_item(session)))
            .condition_expression("attribute_not_exists(pk)")
            .customize()
            .config_override(once);
        match put.send().await {
            Ok(_) => Ok(Inserted::Inserted),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), PutItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(Inserted::HandleTaken)
            }
            Err(error) => Err(TableError::doing("opening a session")(error)),
        }
    }

    /// The whole row, read strongly.
    ///
    /// # Errors
    /// We could not find out, or the row is corrupt.
    pub async fn find(&self, handle: &SessionHandle) -> Result<Option<Session>, TableError> {
        let pk = self.session_pk(handle);
        let get =
            self.dynamodb.get_item().table_name(&*self.name).key(PK, pk).consistent_read(true);
        let found = get.send().await.map_err(TableError::doing("reading a session"))?;
        found.item.as_ref().map(|item| self.session_from_item(item)).transpose()
    }

    /// Everything a strict check needs: one `BatchGetItem`, strongly consistent, of the session, of
    /// the user item, in a tenant other than `public` of the user-and-tenant item and the session's
    /// copy of the tenant item, and of the published keys if asked for. One read unit for each.
    ///
    /// # Errors
    /// We could not find out, or an item is corrupt.
    pub async fn read_strictly(
        &self,
        handle: &SessionHandle,
        user: &UserId,
        tenant: &TenantId,
        with_keys: bool,
    ) -> Result<StrictRead, TableError> {
        let mut keys = self.generation_keys(user, tenant, handle);
        keys.push(self.session_pk(handle));
        let mut names: Vec<&str> = STANDING.into();
        names.extend(GENERATIONS);
        if with_keys {
            keys.push(self.public_keys_pk());
            names.push(PUBLIC_KEYS);
        }
        let mut read =
            StrictRead { session: None, generations: Generations::default(), keys: None };
        // The keys have attributes of other types, and are read seldom.
        let hot = if with_keys { None } else { self.hot.read(&self.name, &keys, &names).await };
        let items = match hot {
            Some(items) => items,
            None => self.read_all("checking a session", keys, &names).await?,
        };
        for item in items {
            match kind_of(&item)? {
                "session" => read.session = Some(standing_from_item(&item)?),
                "public-keys" => read.keys = Some(published_from_item(&item)?),
                _ => note(&mut read.generations, &item, tenant)?,
            }
        }
        Ok(read)
    }

    /// These sessions, and then for each the generations that judge it as a session of `user`, read
    /// strongly. Handles without a row are left out.
    ///
    /// # Errors
    /// We could not find out, or an item is corrupt.
    pub async fn find_all(
        &self,
        handles: &[SessionHandle],
        user: &UserId,
    ) -> Result<Vec<(Summary, Generations)>, TableError> {
        let keys = handles.iter().map(|handle| self.session_pk(handle)).collect();
        let names: Vec<_> = STANDING.into_iter().chain(LISTED).collect();
        let found = self.read_all("reading sessions", keys, &names).await?;
        let sessions = found.iter().map(|item| self.summary_from_item(item));
        self.with_generations(sessions.collect::<Result<_, _>>()?, user).await
    }

    /// Makes the next refresh token current, if `seen` still is.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn rotate(
        &self,
        handle: &SessionHandle,
        seen: RefreshDigest,
        write: RotationWrite<'_>,
    ) -> Result<Rotated, TableError> {
        let mut set = format!(
            "SET {REFRESH_DIGEST} = :next, {PREVIOUS_REFRESH_DIGEST} = :previous, \
             {ROTATION_SALT} = :salt, {ROTATED_AT} = :at, {EXPIRES_AT} = :{EXPIRES_AT}, \
             {EXPIRES_AT_MILLIS} = :{EXPIRES_AT_MILLIS}"
        );
        let mut update = self
            .dynamodb
            .update_item()
            .table_name(&*self.name)
            .key(PK, self.session_pk(handle))
            // UpdateItem inserts what is not there: without the first half, a refresh would bring
            // an ended session back.
            .condition_expression("attribute_exists(pk) AND refreshDigest = :seen")
            .expression_attribute_values(":seen", bytes(seen.as_bytes()))
            .expression_attribute_values(":next", bytes(write.next.as_bytes()))
            .expression_attribute_values(":previous", bytes(write.previous.as_bytes()))
            .expression_attribute_values(":salt", bytes(&write.salt.0))
            .expression_attribute_values(":at", number(write.at.millis()))
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        for (name, value) in expiry(write.expires_at) {
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        if let Some(token) = write.new_anti_csrf {
            set.push_str(", antiCsrfToken = :csrf, antiCsrfSince = :at");
            update = update.expression_attribute_values(":csrf", text(token.expose()));
        }
        match update.update_expression(set).send().await {
            Ok(_) => Ok(Rotated::Rotated),
            Err(SdkError::ServiceError(error)) => match error.err() {
                UpdateItemError::ConditionalCheckFailedException(refused) => {
                    let Some(old) = refused.item() else { return Ok(Rotated::Gone) };
                    // A lost answer makes the SDK write again, and the second write meets the
                    // first. The digest of a token that only we have derived tells our write from
                    // others', even when the token has been exchanged since.
                    let lineage = standing_from_item(old)?.lineage;
                    let ours = !matches!(lineage.place(write.next), Place::Superseded);
                    Ok(if ours { Rotated::Rotated } else { Rotated::Stale })
                }
                _ => Err(TableError::doing("rotating a session")(SdkError::ServiceError(error))),
            },
            Err(error) => Err(TableError::doing("rotating a session")(error)),
        }
    }

    /// Ends a session by name. `None` when there is no row, or when an earlier try of this very
    /// call removed it and its answer was lost: a handle is reported by one call that removed it,
    /// or by none.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn remove(&self, handle: &SessionHandle) -> Result<Option<Removed>, TableError> {
        self.remove_if(handle, "attribute_exists(pk)", None).await
    }

    /// Ends a session by name if it is a session of `user`. Likewise.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn remove_of(
        &self,
        user: &UserId,
        handle: &SessionHandle,
    ) -> Result<Option<Removed>, TableError> {
        let condition = format!("attribute_exists(pk) AND {USER_ID} = :user");
        self.remove_if(handle, &condition, Some((":user", text(user.as_str())))).await
    }

    /// Removes the row of a session that a revocation of `scope` at `generation` has already ended.
    /// A session opened since then, or kept on purpose, stays.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn sweep(
        &self,
        handle: &SessionHandle,
        scope: &Scope,
        generation: Generation,
    ) -> Result<Option<Removed>, TableError> {
        let condition = match scope {
            Scope::User => format!("attribute_exists(pk) AND {USER_GENERATION} < :generation"),
            Scope::Tenant(_) => {
                format!("attribute_exists(pk) AND {TENANT_GENERATION} < :generation")
            }
        };
        let generation = number(generation.number());
        self.remove_if(handle, &condition, Some((":generation", generation))).await
    }

    async fn remove_if(
        &self,
        handle: &SessionHandle,
        condition: &str,
        value: Option<(&str, AttributeValue)>,
    ) -> Result<Option<Removed>, TableError> {
        let mut delete = self
            .dynamodb
            .delete_item()
            .table_name(&*self.name)
            .key(PK, self.session_pk(handle))
            .condition_expression(condition)
            .return_values(ReturnValue::AllOld);
        if let Some((name, value)) = value {
            delete = delete.expression_attribute_values(name, value);
        }
        match delete.customize().config_override(self.tried.config()).send().await {
            Ok(answer) => {
                let old = answer.attributes.unwrap_or_default();
                let item = Item { entity: "session", attributes: &old };
                // The row is gone whatever it was; one without a readable expiry was not seen to be
                // over.
                let never = Timestamp::from_millis(i64::MAX);
                let user = item.parsed(USER_ID, UserId::parse_or_empty).ok();
                Ok(Some(Removed { expires_at: expires_at(&item).unwrap_or(never), user }))
            }
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), DeleteItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(None)
            }
            Err(error) => Err(TableError::doing("ending a session")(error)),
        }
    }
}
