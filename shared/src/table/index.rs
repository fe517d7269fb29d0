//! Finding a user's sessions. The index is eventually consistent, always: it may miss a session
//! that is there and show one that is gone, so it serves listing (which reads the rows again) and
//! the sweep (whose deletes are conditional).

use super::item::Item;
use super::schema::{PK, TENANT_ID, USER_KEY, USER_TENANT_INDEX, text};
use super::{SessionTable, TableError};
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::Scope;

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexCursor {
    /// The last session on it.
    pub handle: SessionHandle,
    /// That session's tenant.
    pub tenant: TenantId,
}

/// Some of a user's sessions.
#[derive(Debug)]
pub struct HandlePage {
    /// Their handles, grouped by tenant, in no other order.
    pub handles: Vec<SessionHandle>,
    /// Where to go on; `None` at the end. A full page may be the last one and still say where to go
    /// on.
    pub next: Option<IndexCursor>,
}

impl SessionTable {
    /// One page of the sessions of `user` in `scope`: at most `limit`, or as many as DynamoDB puts
    /// into 1 MB.
    ///
    /// # Errors
    /// We could not find out, or an item is corrupt.
    pub async fn find_handles(
        &self,
        user: &UserId,
        scope: &Scope,
        limit: Option<i32>,
        after: Option<&IndexCursor>,
    ) -> Result<HandlePage, TableError> {
        let mut query = self
            .dynamodb
            .query()
            .table_name(&*self.name)
            .index_name(USER_TENANT_INDEX)
            .set_limit(limit)
            .expression_attribute_values(":user", self.user_key(user));
        query = match scope {
            Scope::User => query.key_condition_expression("userKey = :user"),
            Scope::Tenant(tenant) => query
                .key_condition_expression("userKey = :user AND tenantId = :tenant")
                .expression_attribute_values(":tenant", text(tenant.as_str())),
        };
        if let Some(after) = after {
            query = query
                .exclusive_start_key(PK, self.session_pk(&after.handle))
                .exclusive_start_key(USER_KEY, self.user_key(user))
                .exclusive_start_key(TENANT_ID, text(after.tenant.as_str()));
        }
        let answer = query.send().await.map_err(TableError::doing("finding sessions"))?;
        let handle =
            |item: &Item<'_>| self.handle_of(item.text(PK)?).ok_or_else(|| item.corrupt(PK));
        let items = answer.items.unwrap_or_default();
        let handles = items.iter().map(|attributes| handle(&Item { entity: "index", attributes }));
        let next = match &answer.last_evaluated_key {
            None => None,
            Some(attributes) => {
                let item = Item { entity: "index", attributes };
                let tenant = item.parsed(TENANT_ID, TenantId::parse)?;
                Some(IndexCursor { handle: handle(&item)?, tenant })
            }
        };
        Ok(HandlePage { handles: handles.collect::<Result<_, _>>()?, next })
    }
}
