//! Generations: numbers that only grow, in items that no caller can make grow.
//!
//! A user item holds two: the whole user's, and the user's in tenant `public`. The user's generation
//! in another tenant is an item of its own. The generation of everybody in a tenant is written in 16
//! copies, of which a session's handle names the one that judges the session ([`Shard`]).
//!
//! The items have no time to live. Refusing a session rests on them for as long as that session could
//! live, and a later release or another configuration may have given that session a longer life
//! than this one knows of.

use super::item::Item;
use super::schema::{
    Attributes, GENERATION, PK, PUBLIC_GENERATION, TENANT_GENERATION, USER_GENERATION, number,
};
use super::{SessionTable, TableError};
use crate::ids::{Generation, SessionHandle, Shard, TenantId, UserId};
use crate::model::{Generations, Scope, Summary};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, TransactWriteItem, Update};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};

const DOING: &str = "revoking a user's sessions";
const READING: &str = "reading a user's generations";

/// What is read of the items that hold generations.
pub(super) const GENERATIONS: [&str; 3] = [PK, GENERATION, PUBLIC_GENERATION];

/// What became of a raise that keeps one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaiseKeeping {
    /// Raised, and the one session lifted along with it.
    Raised(Generation),
    /// What was seen has changed meanwhile. Nothing was written.
    Stale,
}

/// A session that a revocation keeps.
#[derive(Clone, Copy, Debug)]
pub struct KeptSession<'a> {
    pub handle: &'a SessionHandle,
    /// The generations that its row was seen to carry.
    pub born: Generations,
}

/// The item and the attribute that hold a generation.
struct Place {
    pk: AttributeValue,
    attribute: &'static str,
    doing: &'static str,
}

/// Notes what an item says of the generations that judge a session in `tenant`.
pub(super) fn note(
    generations: &mut Generations,
    attributes: &Attributes,
    tenant: &TenantId,
) -> Result<(), TableError> {
    match kind_of(attributes)? {
        "user" => {
            let item = Item { entity: "user", attributes };
            generations.whole = generation(item.optional_number(GENERATION)?);
            if tenant.is_public() {
                generations.tenant = generation(item.optional_number(PUBLIC_GENERATION)?);
            }
        }
        "user-tenant" => {
            let item = Item { entity: "user-tenant", attributes };
            generations.tenant = Generation::from_number(item.number(GENERATION)?);
        }
        _ => {
            let item = Item { entity: "tenant", attributes };
            generations.everybody = Generation::from_number(item.number(GENERATION)?);
        }
    }
    Ok(())
}

/// A generation that nobody raised yet is 0.
fn generation(number: Option<i64>) -> Generation {
    Generation::from_number(number.unwrap_or_default())
}

/// The first part of an item's key.
pub(super) fn kind_of(attributes: &Attributes) -> Result<&str, TableError> {
    let pk = Item { entity: "unnamed", attributes }.text(PK)?;
    Ok(pk.split('#').next().unwrap_or_default())
}

impl SessionTable {
    /// The keys of the items whose generations judge a session: one in `public`, which nobody
    /// removes, and three in another tenant.
    pub(super) fn generation_keys(
        &self,
        user: &UserId,
        tenant: &TenantId,
        handle: &SessionHandle,
    ) -> Vec<AttributeValue> {
        let mut keys = vec![self.user_pk(user)];
        if !tenant.is_public() {
            keys.push(self.user_tenant_pk(tenant, user));
            keys.push(self.tenant_pk(tenant, Shard::of(handle)));
        }
        keys
    }

    /// The generations that judge a session of `user` in `tenant`, read strongly.
    ///
    /// # Errors
    /// We could not find out, or an item is corrupt.
    pub async fn generations(
        &self,
        user: &UserId,
        tenant: &TenantId,
        handle: &SessionHandle,
    ) -> Result<Generations, TableError> {
        let items = if tenant.is_public() {
            let get = self.dynamodb.get_item().table_name(&*self.name).key(PK, self.user_pk(user));
            let found = get.consistent_read(true).send().await;
            found.map_err(TableError::doing(READING))?.item.into_iter().collect()
        } else {
            let keys = self.generation_keys(user, tenant, handle);
            self.read_all(READING, keys, &GENERATIONS).await?
        };
        let mut generations = Generations::default();
        for item in &items {
            note(&mut generations, item, tenant)?;
        }
        Ok(generations)
    }

    /// Each of these sessions of `user` with the generations that judge it, read strongly.
    pub(super) async fn with_generations(
        &self,
        sessions: Vec<Summary>,
        user: &UserId,
    ) -> Result<Vec<(Summary, Generations)>, TableError> {
        let keys_of = |session: &Summary| {
            let keys = self.generation_keys(user, &session.standing.tenant, &session.handle);
            keys.into_iter().filter_map(|key| key.as_s().ok().cloned()).collect::<Vec<_>>()
        };
        // Sessions of one tenant share items; a batch must not name a key twice.
        let keys: BTreeSet<_> = sessions.iter().flat_map(keys_of).collect();
        let keys = keys.into_iter().map(AttributeValue::S).collect();
        let mut found = BTreeMap::new();
        for item in self.read_all(READING, keys, &GENERATIONS).await? {
            let pk = Item { entity: "unnamed", attributes: &item }.text(PK)?.to_owned();
            found.insert(pk, item);
        }
        let judged = sessions.into_iter().map(|session| {
            let mut generations = Generations::default();
            for item in keys_of(&session).iter().filter_map(|pk| found.get(pk)) {
                note(&mut generations, item, &session.standing.tenant)?;
            }
            Ok((session, generations))
        });
        judged.collect()
    }

    /// The place of the generation that a revocation of `scope` raises.
    fn place(&self, user: &UserId, scope: &Scope) -> Place {
        let (pk, attribute) = match scope {
            Scope::User => (self.user_pk(user), GENERATION),
            Scope::Tenant(tenant) if tenant.is_public() => (self.user_pk(user), PUBLIC_GENERATION),
            Scope::Tenant(tenant) => (self.user_tenant_pk(tenant, user), GENERATION),
        };
        Place { pk, attribute, doing: DOING }
    }

    /// **The moment a revocation takes effect**, whatever the number of sessions: one conditional
    /// write. Answers the new generation, greater than any that was handed out before.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn raise(
        &self,
        user: &UserId,
        scope: &Scope,
        new: Generation,
    ) -> Result<Generation, TableError> {
        self.raise_at(&self.place(user, scope), new).await
    }

    /// Ends the sessions of everybody in `tenant`, whatever their number: raises the tenant's
    /// generation in each of its copies, by a write of its own. It has taken effect for every
    /// session when all copies are written, and only then is this answered.
    ///
    /// # Errors
    /// Some copies may be raised and others not. Raising them again is harmless.
    pub async fn raise_tenant(&self, tenant: &TenantId, new: Generation) -> Result<(), TableError> {
        self.raise_copies("ending a tenant's sessions", new, |shard| self.tenant_pk(tenant, shard))
            .await
    }

    /// Raises a generation in all of its copies. Each is tried, whatever becomes of another.
    async fn raise_copies(
        &self,
        doing: &'static str,
        new: Generation,
        pk: impl Fn(Shard) -> AttributeValue,
    ) -> Result<(), TableError> {
        let raises = Shard::all().map(|shard| {
            let place = Place { pk: pk(shard), attribute: GENERATION, doing };
            async move { self.raise_at(&place, new).await }
        });
        join_all(raises).await.into_iter().try_for_each(|raised| raised.map(drop))
    }

    async fn raise_at(&self, place: &Place, new: Generation) -> Result<Generation, TableError> {
        // Most often the time is greater than any generation so far.
        let to_now = self
            .raise_by("SET #generation = :value", place)
            .condition_expression("attribute_not_exists(#generation) OR #generation < :value")
            .expression_attribute_values(":value", number(new.number()));
        match to_now.customize().config_override(self.tried.config()).send().await {
            Ok(_) => Ok(new),
            Err(SdkError::ServiceError(error)) if is_refused(error.err()) => {
                self.step(place, new.step()).await
            }
            Err(error) => Err(TableError::doing(place.doing)(error)),
        }
    }

    /// Raises a generation that is not lower than our clock: an earlier revocation had one that is
    /// ahead, or a lost answer made the SDK write twice. An increment cannot be overtaken, however
    /// many do it at once; done twice, it can only end more, never fewer.
    async fn step(&self, place: &Place, by: i64) -> Result<Generation, TableError> {
        let step = self
            .raise_by("SET #generation = #generation + :value", place)
            .condition_expression("attribute_exists(#generation)")
            .expression_attribute_values(":value", number(by))
            .return_values(ReturnValue::UpdatedNew);
        match step.customize().config_override(self.tried.config()).send().await {
            Ok(answer) => {
                let attributes = answer.attributes.unwrap_or_default();
                let item = Item { entity: "generation", attributes: &attributes };
                Ok(Generation::from_number(item.number(place.attribute)?))
            }
            // Nobody but an operator deletes an item that holds a generation.
            Err(SdkError::ServiceError(error)) if is_refused(error.err()) => {
                Err(TableError::Contended { doing: place.doing })
            }
            Err(error) => Err(TableError::doing(place.doing)(error)),
        }
    }

    fn raise_by(&self, expression: &str, place: &Place) -> UpdateItemFluentBuilder {
        self.dynamodb
            .update_item()
            .table_name(&*self.name)
            .key(PK, place.pk.clone())
            .update_expression(expression)
            .expression_attribute_names("#generation", place.attribute)
    }

    /// The same, sparing one session: the raise and the lifting of that session are one
    /// transaction, so that no check ever finds the kept session behind. Both are conditional on
    /// exactly what was seen; otherwise a revocation that came in between would be undone for the
    /// kept session.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn raise_keeping(
        &self,
        user: &UserId,
        scope: &Scope,
        seen: Generations,
        kept: KeptSession<'_>,
        new: Generation,
    ) -> Result<RaiseKeeping, TableError> {
        let next = scope.of(seen).next(new);
        let raise = self.raise_exactly(self.place(user, scope), scope.of(seen), next);
        let lift = self.lift_exactly(kept, scope, next);
        let transaction = self
            .dynamodb
            .transact_write_items()
            .transact_items(write(raise)?)
            .transact_items(write(lift)?);
        match transaction.customize().config_override(self.tried.config()).send().await {
            Ok(_) => Ok(RaiseKeeping::Raised(next)),
            Err(SdkError::ServiceError(error)) if is_conflict(error.err()) => {
                Ok(RaiseKeeping::Stale)
            }
            Err(error) => Err(TableError::doing(DOING)(error)),
        }
    }

    fn raise_exactly(&self, place: Place, seen: Generation, next: Generation) -> UpdateBuilder {
        let update = Update::builder()
            .table_name(&*self.name)
            .key(PK, place.pk)
            .update_expression("SET #generation = :next")
            .expression_attribute_names("#generation", place.attribute)
            .expression_attribute_values(":next", number(next.number()));
        if seen == Generation::default() {
            update.condition_expression("attribute_not_exists(#generation)")
        } else {
            update
                .condition_expression("#generation = :seen")
                .expression_attribute_values(":seen", number(seen.number()))
        }
    }

    fn lift_exactly(
        &self,
        KeptSession { handle, born }: KeptSession<'_>,
        scope: &Scope,
        next: Generation,
    ) -> UpdateBuilder {
        let lifted = match scope {
            Scope::User => USER_GENERATION,
            Scope::Tenant(_) => TENANT_GENERATION,
        };
        Update::builder()
            .table_name(&*self.name)
            .key(PK, self.session_pk(handle))
            .update_expression(format!("SET {lifted} = :next"))
            .condition_expression(format!(
                "attribute_exists(pk) AND {USER_GENERATION} = :whole AND {TENANT_GENERATION} = :tenant"
            ))
            .expression_attribute_values(":next", number(next.number()))
            .expression_attribute_values(":whole", number(born.whole.number()))
            .expression_attribute_values(":tenant", number(born.tenant.number()))
    }
}

fn write(update: UpdateBuilder) -> Result<TransactWriteItem, TableError> {
    let update = update.build().map_err(TableError::building(DOING))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

fn is_refused(error: &UpdateItemError) -> bool {
    matches!(error, UpdateItemError::ConditionalCheckFailedException(_))
}

/// Whether a transaction was cancelled because an item was not as seen, or was being written by
/// another.
pub(super) fn is_conflict(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        return false;
    };
    let mut codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes.any(|code| matches!(code, "ConditionalCheckFailed" | "TransactionConflict"))
}
