//! A user's sessions are ended by one write: the generation is raised, and every session that was
//! opened under a lower one is dead, whether the index knows of it or not. Then the rows are swept,
//! as clean-up.

use super::revoke_handles::Removals;
use super::{Looks, SessionStore};
use crate::ids::{Generation, SessionHandle, UserId};
use crate::model::{Generations, Scope, Standing};
use crate::reason::Reason;
use crate::session::SessionError;
use crate::session::attempts::{Attempts, Patience};
use crate::table::{HandlePage, IndexCursor, KeptSession, RaiseKeeping, SessionTable, TableError};
use crate::time::Timestamp;

const DOING: &str = "revoking a user's sessions";

/// A revocation of a user's sessions, as it was asked for.
#[derive(Clone, Debug)]
pub struct Revocation {
    pub user: UserId,
    pub scope: Scope,
    /// The session to be kept, if any.
    pub except: Option<SessionHandle>,
    /// For the audit record.
    pub reason: Option<Reason>,
}

/// What a revocation swept. Its effect does not depend on it.
#[derive(Debug)]
pub struct Swept {
    /// The sessions whose rows this call removed.
    pub handles: Vec<SessionHandle>,
    /// From this moment on every strict check refuses what the revocation covers. Its one write had
    /// been answered.
    pub effective_at: Timestamp,
    /// When the sweep ended.
    pub finished_at: Timestamp,
    /// Why rows that the index showed may still be there, if any may.
    pub failure: Option<TableError>,
}

impl SessionStore {
    /// Ends every session that `revocation` covers. When it answers, all of them are refused. It is
    /// attempted for some 10 s.
    ///
    /// # Errors
    /// [`SessionError::NoSessionToKeep`]: nothing was revoked. Anything else: the effect is
    /// unknown; asking again is harmless.
    pub async fn revoke_user(&self, revocation: &Revocation) -> Result<Swept, SessionError> {
        self.revoke_user_for(Patience::Operator, revocation).await
    }

    pub(super) async fn revoke_user_for(
        &self,
        patience: Patience,
        Revocation { user, scope, except, .. }: &Revocation,
    ) -> Result<Swept, SessionError> {
        let started = self.clock.now();
        let table = match patience {
            Patience::Operator => self.table.patient(),
            Patience::User => self.table.clone(),
        };
        let generation = Patience::bound(DOING, async {
            match except {
                None => Ok(table.raise(user, scope, self.new_generation()?).await?),
                Some(handle) => {
                    let attempts = Attempts::at_revoking(DOING, patience, &self.entropy);
                    self.raise_keeping(&table, attempts, user, scope, handle).await
                }
            }
        });
        let generation = generation.await?;
        let effective_at = self.clock.now();
        let (handles, failure) = self.sweep(user, scope, generation, started).await;
        Ok(Swept { handles, effective_at, finished_at: self.clock.now(), failure })
    }

    /// A session to be kept that cannot be found is an error, never a reason to end all.
    async fn raise_keeping(
        &self,
        table: &SessionTable,
        mut attempts: Attempts<'_>,
        user: &UserId,
        scope: &Scope,
        except: &SessionHandle,
    ) -> Result<Generation, SessionError> {
        let mut looks = Looks::default();
        loop {
            let Some((kept, seen)) = self.find_kept(user, except).await? else {
                return Err(SessionError::NoSessionToKeep);
            };
            let new = self.new_generation()?;
            let raised = match kept.judge(seen, self.clock.now()) {
                Ok(()) if scope.covers(&kept.tenant) => {
                    let kept = KeptSession { handle: except, born: kept.born };
                    table.raise_keeping(user, scope, seen, kept, new).await?
                }
                // It lives in a tenant that this revocation does not reach.
                Ok(()) => RaiseKeeping::Raised(table.raise(user, scope, new).await?),
                Err(why) if looks.prove(why, seen) => return Err(SessionError::NoSessionToKeep),
                // Another call that keeps the same session may have come between the two reads.
                Err(_) => RaiseKeeping::Stale,
            };
            match raised {
                RaiseKeeping::Raised(generation) => return Ok(generation),
                RaiseKeeping::Stale => attempts.again().await?,
            }
        }
    }

    /// The session to be kept, if it is one of `user`, and then the generations that judge it.
    async fn find_kept(
        &self,
        user: &UserId,
        except: &SessionHandle,
    ) -> Result<Option<(Standing, Generations)>, SessionError> {
        let found = self.table.find_all(std::slice::from_ref(except), user).await?;
        let found = found.into_iter().map(|(session, present)| (session.standing, present));
        Ok({ found }.find(|(standing, _)| standing.user == *user))
    }

    /// The revocation has taken effect: whatever goes wrong from here on only leaves rows behind.
    /// Answers the sessions whose rows it removed, and what stopped it early.
    async fn sweep(
        &self,
        user: &UserId,
        scope: &Scope,
        generation: Generation,
        started: Timestamp,
    ) -> (Vec<SessionHandle>, Option<TableError>) {
        let mut swept = Vec::new();
        let mut after: Option<IndexCursor> = None;
        loop {
            let page = match self.table.find_handles(user, scope, None, after.as_ref()).await {
                Ok(page) => page,
                Err(error) => return (swept, Some(error)),
            };
            let HandlePage { handles, next } = page;
            let remove = |handle: SessionHandle| async move {
                self.table.sweep(&handle, scope, generation).await
            };
            let Removals { removed, failure } = self.remove_each(&handles, started, remove).await;
            let alive = removed.into_iter().filter(|(_, removed)| started < removed.expires_at);
            swept.extend(alive.map(|(handle, _)| handle));
            after = next;
            if failure.is_some() || after.is_none() {
                return (swept, failure);
            }
        }
    }
}
