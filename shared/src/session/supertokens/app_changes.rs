//! Apps and tenants are made, changed and removed by the caller that holds the operator's key
//! (PROTOCOL 3.4.13).

use super::apps::settled;
use super::{Apps, FoundApp};
use crate::ids::{AppId, TenantId};
use crate::session::attempts::{Attempts, Patience};
use crate::session::{Conflict, SessionError, SessionStore};
use crate::table::{AppWrite, AppWritten};
use crate::tenancy::{AppRecord, AppSettings, InvalidSetting, MAX_APPS, MAX_TENANTS};
use serde_json::{Map, Value};
use std::time::Duration;

const DOING: &str = "writing an app";

/// How often a write that other callers overtake is attempted, unless it ends sessions.
const ROUNDS: u32 = 8;
/// Before the second attempt of such a write, so that the other callers get done.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// What became of an app that was to be made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppChange {
    /// It is there now, and was not before.
    Created,
    /// It was there, and is as asked.
    Updated,
    /// A setting is not allowed. Nothing was written.
    Invalid(InvalidSetting),
    /// There are [`MAX_APPS`] already. Nothing was written.
    TooMany,
}

/// What became of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantChange {
    /// The call made it.
    Created,
    /// An earlier call had made it. Nothing was written.
    Existed,
    /// There are [`MAX_TENANTS`] already.
    TooMany,
    /// There is no such app.
    NoApp,
}

impl Apps {
    /// Makes an app, or changes its settings.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn put_app(
        &self,
        id: &AppId,
        config: &Map<String, Value>,
    ) -> Result<AppChange, SessionError> {
        // Everybody has `public`; only its tenants are kept.
        if *id == AppId::public() {
            return Ok(AppChange::Updated);
        }
        let mut attempts = Attempts::spaced(DOING, ROUNDS, FIRST_PAUSE);
        loop {
            let found = self.table.find(id).await?;
            let created = found.as_ref().is_none_or(|record| record.removed);
            if created && self.table.list().await?.len() >= MAX_APPS {
                return Ok(AppChange::TooMany);
            }
            let mut next = match found {
                None => AppRecord::first(id.clone()),
                Some(old) if old.removed => AppRecord {
                    version: old.version + 1,
                    incarnation: old.incarnation + 1,
                    ..AppRecord::first(id.clone())
                },
                Some(old) => AppRecord { version: old.version + 1, ..old },
            };
            let changed = next.settings.changed(config);
            match changed.and_then(|settings| self.checked(settings)) {
                Ok(settings) => next.settings = settings,
                Err(invalid) => return Ok(AppChange::Invalid(invalid)),
            }
            let write = if created { AppWrite::Made } else { AppWrite::Changed };
            if self.table.write(&next, write).await? == AppWritten::Written {
                return Ok(if created { AppChange::Created } else { AppChange::Updated });
            }
            attempts.again().await?;
        }
    }

    fn checked(&self, settings: AppSettings) -> Result<AppSettings, InvalidSetting> {
        let (name, rule) = match settled(self.policy.lifetimes, &settings).conflict() {
            None => return Ok(settings),
            Some(conflict) if self.takes_odd_lifetimes => {
                tracing::warn!(?conflict, "the access tokens of an app live shorter than it says");
                return Ok(settings);
            }
            Some(Conflict::RefreshTooShort) => {
                ("refresh_token_validity", "longer than access_token_validity")
            }
            Some(Conflict::KeysTooShort) => (
                "access_token_dynamic_signing_key_update_interval",
                "at least a fiftieth of access_token_validity",
            ),
        };
        Err(InvalidSetting::Value { name, rule })
    }

    /// Removes an app, its keys, its tenants and its sessions: one write, whatever their number.
    /// Answers whether there was one.
    ///
    /// # Errors
    /// The effect is unknown; asking again is harmless.
    pub async fn remove_app(&self, id: &AppId) -> Result<bool, SessionError> {
        let (table, mut attempts) = (self.table.patient(), self.attempts_at_removing());
        Patience::bound(DOING, async {
            loop {
                let Some(old) = table.find(id).await?.filter(|record| !record.removed) else {
                    return Ok(false);
                };
                let gone = AppRecord { version: old.version + 1, removed: true, ..old };
                if table.write(&gone, AppWrite::Removed).await? == AppWritten::Written {
                    return Ok(true);
                }
                attempts.again().await?;
            }
        })
        .await
    }

    /// Makes a tenant of an app.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn put_tenant(
        &self,
        app: &FoundApp,
        tenant: &TenantId,
    ) -> Result<TenantChange, SessionError> {
        if tenant.is_public() {
            return Ok(TenantChange::Existed);
        }
        let mut attempts = Attempts::spaced(DOING, ROUNDS, FIRST_PAUSE);
        loop {
            let mut next = match self.table.find(&app.id).await? {
                None => AppRecord::first(app.id.clone()),
                Some(record) if record.removed => return Ok(TenantChange::NoApp),
                Some(record) => AppRecord { version: record.version + 1, ..record },
            };
            if next.tenants.contains(tenant) {
                return Ok(TenantChange::Existed);
            }
            if next.tenants.len() >= MAX_TENANTS {
                return Ok(TenantChange::TooMany);
            }
            next.tenants.insert(tenant.clone());
            if self.table.write(&next, AppWrite::Changed).await? == AppWritten::Written {
                return Ok(TenantChange::Created);
            }
            attempts.again().await?;
        }
    }

    /// Removes a tenant and ends everybody's sessions in it, whatever their number. This includes
    /// the sessions that `create-session` opened in a tenant that nobody made. Answers whether the
    /// tenant had been made.
    ///
    /// The tenant goes first, then its sessions: [`Apps::create`] looks for the tenant after it has
    /// written a session, so none that it opens is missed.
    ///
    /// # Errors
    /// The tenant may be gone and its sessions not, or not all of them. Asking again is harmless.
    pub async fn remove_tenant(
        &self,
        app: &FoundApp,
        tenant: &TenantId,
    ) -> Result<bool, SessionError> {
        // Nobody removes `public`, and nothing reads a generation of it.
        if tenant.is_public() {
            return Ok(false);
        }
        let (table, mut attempts) = (self.table.patient(), self.attempts_at_removing());
        Patience::bound(DOING, async {
            loop {
                let old = self.record_of(&app.id).await?;
                if old.removed {
                    return Ok(false);
                }
                let mut next = AppRecord { version: old.version + 1, ..old };
                let existed = next.tenants.remove(tenant);
                if !existed || table.write(&next, AppWrite::Changed).await? == AppWritten::Written {
                    self.store_of(&next).revoke_tenant(tenant).await?;
                    return Ok(existed);
                }
                attempts.again().await?;
            }
        })
        .await
    }

    fn store_of(&self, record: &AppRecord) -> SessionStore {
        let table = self.table.sessions_of(record);
        SessionStore::new(table, self.clock.clone(), self.entropy.clone())
    }

    fn attempts_at_removing(&self) -> Attempts<'_> {
        Attempts::at_revoking(DOING, Patience::Operator, &self.entropy)
    }
}
