//! The user item, and the item of a tenant that was removed: generations that only grow.
//!
//! The items have no time to live. Refusing a session rests on it for as long as that session could
//! live, and a later release or another configuration may have given that session a longer life
//! than this one knows of.

use super::item::Item;
use super::schema::{
    Attributes, GENERATION, PK, TENANT_GENERATION, TENANT_PREFIX, USER_GENERATION, number,
};
use super::{SessionTable, TableError};
use crate::ids::{Generation, SessionHandle, TenantId, UserId};
use crate::model::{Generations, Scope, UserGenerations};
use crate::time::Timestamp;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem, Update};
use std::collections::BTreeSet;

const DOING: &str = "revoking a user's sessions";

/// What became of a raise that spares one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Raised, and the one session lifted along with it.
    Raised(Generation),
    /// What was seen has changed meanwhile. Nothing was written.
    Stale,
}

fn attribute(scope: &Scope) -> String {
    match scope {
        Scope::User => GENERATION.to_owned(),
        Scope::Tenant(tenant) => format!("{TENANT_PREFIX}{}", tenant.as_str()),
    }
}

/// The attribute of a user item that counts, besides the whole user's, for a session in `tenant`.
pub(super) fn generation_name(tenant: &TenantId) -> String {
    attribute(&Scope::Tenant(tenant.clone()))
}

pub(super) fn user_from_item(attributes: &Attributes) -> Result<UserGenerations, TableError> {
    let item = Item { entity: "user", attributes };
    let mut generations = UserGenerations {
        whole: Generation::from_number(item.optional_number(GENERATION)?.unwrap_or_default()),
        ..UserGenerations::default()
    };
    for (name, value) in attributes {
        if let Some(tenant) = name.strip_prefix(TENANT_PREFIX) {
            let tenant = TenantId::parse(tenant).map_err(|_| item.corrupt(TENANT_PREFIX))?;
            let number = value.as_n().ok().and_then(|number| number.parse().ok());
            let number = number.ok_or_else(|| item.corrupt(TENANT_PREFIX))?;
            generations.tenants.insert(tenant, Generation::from_number(number));
        }
    }
    Ok(generations)
}

impl SessionTable {
    /// The generations that judge the user's sessions in `tenants`, read strongly. Nobody removes
    /// the tenant `public`: without another one, one item is read.
    ///
    /// # Errors
    /// We could not find out, or an item is corrupt.
    pub async fn generations(
        &self,
        user: &UserId,
        tenants: &BTreeSet<TenantId>,
    ) -> Result<UserGenerations, TableError> {
        const DOING: &str = "reading a user's generations";
        if tenants.iter().all(TenantId::is_public) {
            let pk = self.user_pk(user);
            let get =
                self.dynamodb.get_item().table_name(&*self.name).key(PK, pk).consistent_read(true);
            let found = get.send().await.map_err(TableError::doing(DOING))?;
            return Ok(found.item.as_ref().map(user_from_item).transpose()?.unwrap_or_default());
        }
        let mut keys = vec![self.user_pk(user)];
        let of_tenants: Vec<_> = tenants.iter().map(generation_name).collect();
        let mut names = vec![PK, GENERATION];
        names.extend(of_tenants.iter().map(String::as_str));
        for tenant in tenants {
            if !tenant.is_public() {
                keys.push(self.tenant_pk(tenant));
            }
        }
        let mut generations = UserGenerations::default();
        for item in self.read_all(DOING, keys, &names).await? {
            self.add_generations(&mut generations, &item)?;
        }
        Ok(generations)
    }

    /// The generation of everybody in a tenant, read strongly.
    ///
    /// # Errors
    /// We could not find out, or the item is corrupt.
    pub async fn everybodys_generation(&self, tenant: &TenantId) -> Result<Generation, TableError> {
        let pk = self.tenant_pk(tenant);
        let get =
            self.dynamodb.get_item().table_name(&*self.name).key(PK, pk).consistent_read(true);
        let found = get.send().await.map_err(TableError::doing("reading a tenant's generation"))?;
        let item = found.item.unwrap_or_default();
        let number = Item { entity: "tenant", attributes: &item }.optional_number(GENERATION)?;
        Ok(Generation::from_number(number.unwrap_or_default()))
    }

    /// Adds what a user item or a tenant item says.
    pub(super) fn add_generations(
        &self,
        generations: &mut UserGenerations,
        attributes: &Attributes,
    ) -> Result<(), TableError> {
        let item = Item { entity: "tenant", attributes };
        let Some(tenant) = self.tenant_of(item.text(PK)?) else {
            let everybody = std::mem::take(&mut generations.everybody);
            *generations = UserGenerations { everybody, ..user_from_item(attributes)? };
            return Ok(());
        };
        let everybody = Generation::from_number(item.number(GENERATION)?);
        generations.everybody.insert(tenant, everybody);
        Ok(())
    }

    /// The tenant in a tenant item's key.
    fn tenant_of(&self, pk: &str) -> Option<TenantId> {
        let rest = pk.strip_prefix("tenant#")?.strip_prefix(&*self.prefix)?;
        TenantId::parse(rest.strip_prefix('#')?).ok()
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
        now: Timestamp,
    ) -> Result<Generation, TableError> {
        // Most often the time is greater than any generation so far.
        let next = Generation::default().next(now);
        let to_now = self
            .raise_by("SET #generation = :value", scope, user)
            .condition_expression("attribute_not_exists(#generation) OR #generation < :value")
            .expression_attribute_values(":value", number(next.number()));
        match to_now.customize().config_override(self.tried.config()).send().await {
            Ok(_) => Ok(next),
            Err(SdkError::ServiceError(error)) if is_refused(error.err()) => {
                self.step(user, scope).await
            }
            Err(error) => Err(TableError::doing(DOING)(error)),
        }
    }

    /// Raises a generation that is not lower than our clock: an earlier revocation had one that is
    /// ahead, or a lost answer made the SDK write twice. An increment cannot be overtaken, however
    /// many do it at once; done twice, it can only end more, never fewer.
    async fn step(&self, user: &UserId, scope: &Scope) -> Result<Generation, TableError> {
        let step = self
            .raise_by("SET #generation = #generation + :value", scope, user)
            .condition_expression("attribute_exists(#generation)")
            .expression_attribute_values(":value", number(1))
            .return_values(ReturnValue::UpdatedNew);
        match step.customize().config_override(self.tried.config()).send().await {
            Ok(answer) => {
                let user = user_from_item(&answer.attributes.unwrap_or_default())?;
                Ok(scope.of(&user))
            }
            // Nobody but an operator deletes a user item.
            Err(SdkError::ServiceError(error)) if is_refused(error.err()) => {
                Err(TableError::Contended { doing: DOING })
            }
            Err(error) => Err(TableError::doing(DOING)(error)),
        }
    }

    fn raise_by(&self, expression: &str, scope: &Scope, user: &UserId) -> UpdateItemFluentBuilder {
        self.dynamodb
            .update_item()
            .table_name(&*self.name)
            .key(PK, self.user_pk(user))
            .update_expression(expression)
            .expression_attribute_names("#generation", attribute(scope))
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
        seen: &UserGenerations,
        kept: (&SessionHandle, Generations),
        now: Timestamp,
    ) -> Result<Kept, TableError> {
        let next = scope.of(seen).next(now);
        let raise = self.raise_exactly(user, scope, scope.of(seen), next);
        let lift = self.lift_exactly(kept, scope, next);
        let transaction = self
            .dynamodb
            .transact_write_items()
            .transact_items(write(raise)?)
            .transact_items(write(lift)?);
        match transaction.customize().config_override(self.tried.config()).send().await {
            Ok(_) => Ok(Kept::Raised(next)),
            Err(SdkError::ServiceError(error)) if is_conflict(error.err()) => Ok(Kept::Stale),
            Err(error) => Err(TableError::doing(DOING)(error)),
        }
    }

    fn raise_exactly(
        &self,
        user: &UserId,
        scope: &Scope,
        seen: Generation,
        next: Generation,
    ) -> UpdateBuilder {
        let update = Update::builder()
            .table_name(&*self.name)
            .key(PK, self.user_pk(user))
            .update_expression("SET #generation = :next")
            .expression_attribute_names("#generation", attribute(scope))
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
        (handle, born): (&SessionHandle, Generations),
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
