//! Apps and tenants: made, changed and removed by whoever holds the operator's key, and found again
//! on every call of a SuperTokens SDK (PROTOCOL 3.4.13 and 4.11).
//!
//! The app `public` with its tenant `public` is always there, and finding it costs no read. Any
//! other is read strongly each time: what was removed is refused on the next call.

use super::patience::{Patience, Tries};
use super::{Conflict, Issued, NewSession, Policy, SessionError, Sessions};
use crate::api_keys::ApiKeys;
use crate::ids::{AppId, TenantId};
use crate::table::{AppTable, AppWrite, AppWritten, TableError};
use crate::tenancy::{AppRecord, AppSettings, InvalidSetting, MAX_APPS, MAX_TENANTS};
use crate::time::{Clock, Entropy};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const DOING: &str = "writing an app";

/// How often a write that others overtake is tried, unless it ends sessions.
const ROUNDS: u32 = 8;
/// For how many apps a sandbox keeps the keys it read.
const MAX_KEPT: usize = 100;

/// Every app in a table.
pub struct Apps {
    table: AppTable,
    policy: Policy,
    clock: Clock,
    entropy: Entropy,
    public: Arc<Sessions>,
    takes_odd_lifetimes: bool,
    /// The sessions of other apps, with the version of the record they were made from.
    kept: Mutex<HashMap<AppId, (u64, Arc<Sessions>)>>,
}

/// An app that was found.
#[derive(Clone)]
pub struct FoundApp {
    id: AppId,
    /// Its sessions.
    pub sessions: Arc<Sessions>,
    /// The keys it sets in place of the operator's.
    pub api_keys: Option<ApiKeys>,
    /// As it was read; nobody need have made `public`.
    record: Option<AppRecord>,
}

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
    /// It is there now, and was not before.
    Created,
    /// It was there.
    Existed,
    /// There are [`MAX_TENANTS`] already.
    TooMany,
    /// There is no such app.
    NoApp,
}

impl FoundApp {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &AppId {
        &self.id
    }
}

impl Apps {
    /// The apps in `table`. What they do not set themselves is as `policy` has it; `public` are the
    /// sessions of the app that everyone uses who names none.
    #[must_use]
    pub fn new(
        table: AppTable,
        policy: Policy,
        clock: Clock,
        entropy: Entropy,
        public: Arc<Sessions>,
    ) -> Self {
        let kept = Mutex::default();
        Self { table, policy, clock, entropy, public, takes_odd_lifetimes: false, kept }
    }

    /// Also takes lifetimes that do not go together, as the core does in its test mode, for test
    /// suites. The app's access tokens are then shortened until they do.
    #[must_use]
    pub fn taking_odd_lifetimes(self) -> Self {
        Self { takes_odd_lifetimes: true, ..self }
    }

    /// The app of this name, if there is one.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn find(&self, id: &AppId) -> Result<Option<FoundApp>, SessionError> {
        if *id == AppId::public() {
            let sessions = Arc::clone(&self.public);
            return Ok(Some(FoundApp { id: id.clone(), sessions, api_keys: None, record: None }));
        }
        let record = self.table.find(id).await?.filter(|record| !record.removed);
        record.map(|record| self.found(record)).transpose()
    }

    fn found(&self, record: AppRecord) -> Result<FoundApp, SessionError> {
        let corrupt = |_| TableError::Corrupt { entity: "app", attribute: "settings" };
        let api_keys = record.settings.keys().map_err(corrupt)?;
        // The operator may have changed what the app's settings were checked against.
        let policy = settled(&self.policy, &record.settings).without_conflict();
        let sessions = self.sessions_of(&record, policy);
        Ok(FoundApp { id: record.id.clone(), sessions, api_keys, record: Some(record) })
    }

    fn sessions_of(&self, record: &AppRecord, policy: Policy) -> Arc<Sessions> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((version, sessions)) = kept.get(&record.id)
            && *version == record.version
        {
            return Arc::clone(sessions);
        }
        let table = self.table.sessions_of(record);
        let sessions = Sessions::new(table, policy, self.clock.clone(), self.entropy.clone());
        let sessions = Arc::new(sessions.with_key_service_of(&self.public));
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(record.id.clone(), (record.version, Arc::clone(&sessions)));
        sessions
    }

    /// Whether an app has this tenant.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn has_tenant(
        &self,
        app: &FoundApp,
        tenant: &TenantId,
    ) -> Result<bool, SessionError> {
        match &app.record {
            Some(record) => Ok(record.has_tenant(tenant)),
            None if tenant.is_public() => Ok(true),
            None => Ok(self.record_of(&app.id).await?.has_tenant(tenant)),
        }
    }

    /// Opens a session in a tenant of an app; `None` when the tenant is gone. It is looked for once
    /// more after the session was written. If it is there, a removal that comes later raises the
    /// generation above the one that the session carries, and ends it. If it is gone, the session is
    /// ended here.
    ///
    /// # Errors
    /// As [`Sessions::create`].
    pub async fn create(
        &self,
        app: &FoundApp,
        new: NewSession,
    ) -> Result<Option<Issued>, SessionError> {
        let tenant = new.tenant.clone();
        let issued = app.sessions.create(new).await?;
        if tenant.is_public() || self.record_of(&app.id).await?.has_tenant(&tenant) {
            return Ok(Some(issued));
        }
        app.sessions.logout(&issued.session.handle).await?;
        Ok(None)
    }

    /// The record of an app; of one that nobody made, as if it had just been made.
    async fn record_of(&self, id: &AppId) -> Result<AppRecord, SessionError> {
        Ok(self.table.find(id).await?.unwrap_or_else(|| AppRecord::first(id.clone())))
    }

    /// Every app with its tenants, `public` first.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn list(&self) -> Result<Vec<(AppId, Vec<TenantId>)>, SessionError> {
        let mut ids = vec![AppId::public()];
        ids.extend(self.table.list().await?.into_iter().filter(|id| *id != AppId::public()));
        let mut apps = Vec::with_capacity(ids.len());
        for id in ids {
            let record = self.record_of(&id).await?;
            // One that was removed since the list was read is on it no longer.
            if !record.removed {
                apps.push((id, tenants_of(&record)));
            }
        }
        Ok(apps)
    }

    /// The tenants of an app, `public` first.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn tenants(&self, app: &FoundApp) -> Result<Vec<TenantId>, SessionError> {
        Ok(tenants_of(&self.record_of(&app.id).await?))
    }

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
        for round in 0..ROUNDS {
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
            pause(round).await;
        }
        Err(contended())
    }

    fn checked(&self, settings: AppSettings) -> Result<AppSettings, InvalidSetting> {
        let (name, rule) = match settled(&self.policy, &settings).conflict() {
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
        let (table, mut tries) = (self.table.patient(), self.patient_tries());
        Patience::bound(DOING, async {
            loop {
                let Some(old) = table.find(id).await?.filter(|record| !record.removed) else {
                    return Ok(false);
                };
                let gone = AppRecord { version: old.version + 1, removed: true, ..old };
                if table.write(&gone, AppWrite::Removed).await? == AppWritten::Written {
                    return Ok(true);
                }
                tries.again().await?;
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
        for round in 0..ROUNDS {
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
            pause(round).await;
        }
        Err(contended())
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
        let (table, mut tries) = (self.table.patient(), self.patient_tries());
        Patience::bound(DOING, async {
            loop {
                let old = self.record_of(&app.id).await?;
                if old.removed {
                    return Ok(false);
                }
                let mut next = AppRecord { version: old.version + 1, ..old };
                let existed = next.tenants.remove(tenant);
                if !existed || table.write(&next, AppWrite::Changed).await? == AppWritten::Written {
                    let sessions = table.sessions_of(&next).patient();
                    sessions.raise_tenant(tenant, self.public.new_generation()?).await?;
                    return Ok(existed);
                }
                tries.again().await?;
            }
        })
        .await
    }

    fn patient_tries(&self) -> Tries<'_> {
        Tries::new(DOING, Patience::Operator, &self.entropy)
    }
}

fn tenants_of(record: &AppRecord) -> Vec<TenantId> {
    std::iter::once(TenantId::public()).chain(record.tenants.iter().cloned()).collect()
}

fn contended() -> SessionError {
    TableError::Contended { doing: DOING }.into()
}

/// Lets the others get done.
async fn pause(round: u32) {
    tokio::time::sleep(Duration::from_millis(10 << round)).await;
}

/// The operator's policy with an app's settings on top.
fn settled(policy: &Policy, settings: &AppSettings) -> Policy {
    let span = |number: Option<f64>, unit: f64, default: Duration| {
        number.map_or(default, |number| Duration::from_secs_f64(number * unit))
    };
    let mut settled = policy.clone();
    settled.access_token_validity =
        span(settings.access_token_validity, 1.0, policy.access_token_validity);
    settled.access_token_validity_jitter =
        settings.access_token_validity_jitter.unwrap_or(policy.access_token_validity_jitter);
    settled.refresh_token_validity =
        span(settings.refresh_token_validity, 60.0, policy.refresh_token_validity);
    let interval = settings.access_token_dynamic_signing_key_update_interval;
    settled.key_update_interval = span(interval, 3600.0, policy.key_update_interval);
    settled
}
