//! Apps and tenants: made, changed and removed by whoever holds the operator's key, and found again
//! on every call of a SuperTokens SDK (PROTOCOL 3.4.13 and 4.11).
//!
//! The app `public` with its tenant `public` is always there, and finding it costs no read. Any
//! other is read strongly each time: what was removed is refused on the next call.

use super::{Issued, NewSession, Policy, SessionError, Sessions};
use crate::api_keys::ApiKeys;
use crate::ids::{AppId, SessionHandle, TenantId};
use crate::table::{AppTable, AppWritten, TableError};
use crate::tenancy::{AppRecord, AppSettings, InvalidSetting, MAX_TENANTS, Tenant};
use crate::time::{Clock, Entropy};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a write that others overtake is tried.
const ROUNDS: usize = 8;
/// For how many apps a sandbox keeps the keys it read.
const MAX_KEPT: usize = 100;
/// How many signing key update intervals an access token may outlive: its keys stay published.
const MAX_LIVING_KEYS: u32 = 50;
/// How long the end of a tenant may go on ending sessions: API Gateway waits 29 s for all of it.
const BUDGET: Duration = Duration::from_secs(20);

/// Every app in a table.
pub struct Apps {
    table: AppTable,
    policy: Policy,
    clock: Clock,
    entropy: Entropy,
    public: Arc<Sessions>,
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

/// What became of an app that was to be made or changed, or of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppChange {
    /// It is there now, and was not before.
    Created,
    /// It was there, and is as asked.
    Updated,
    /// A setting is not allowed. Nothing was written.
    Invalid(InvalidSetting),
}

/// What became of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantChange {
    /// It is there now, and was not before.
    Created,
    /// It was there.
    Existed,
    /// Its sessions are still being ended.
    Ending,
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
        Self { table, policy, clock, entropy, public, kept: Mutex::default() }
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
        let policy = settled(&self.policy, &record.settings).map_err(corrupt)?;
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
        let sessions = Arc::new(sessions);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(record.id.clone(), (record.version, Arc::clone(&sessions)));
        sessions
    }

    /// Which tenant of this name an app has, if sessions may be opened in it: a number that no
    /// later tenant of the name has.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn live_tenant(
        &self,
        app: &FoundApp,
        tenant: &TenantId,
    ) -> Result<Option<u64>, SessionError> {
        match &app.record {
            Some(record) => Ok(record.live_tenant(tenant)),
            None if tenant.is_public() => Ok(Some(0)),
            None => Ok(self.record_of(&app.id).await?.live_tenant(tenant)),
        }
    }

    /// Opens a session in a tenant of an app; `None` when there is none of the name, any more. A
    /// session whose app or tenant goes while it is being opened is ended again: whoever removes a
    /// tenant looks for its sessions only after it has been marked.
    ///
    /// # Errors
    /// As [`Sessions::create`].
    pub async fn create(
        &self,
        app: &FoundApp,
        new: NewSession,
    ) -> Result<Option<Issued>, SessionError> {
        let tenant = new.tenant.clone();
        let Some(seen) = self.live_tenant(app, &tenant).await? else { return Ok(None) };
        let issued = app.sessions.create(new).await?;
        let is_public = app.id == AppId::public();
        if is_public && tenant.is_public() {
            return Ok(Some(issued));
        }
        let now = self.record_of(&app.id).await?;
        let incarnation = app.record.as_ref().map_or(now.incarnation, |seen| seen.incarnation);
        if now.incarnation == incarnation && now.live_tenant(&tenant) == Some(seen) {
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
        for _ in 0..ROUNDS {
            let found = self.table.find(id).await?;
            let created = found.as_ref().is_none_or(|record| record.removed);
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
            let checked =
                changed.and_then(|settings| settled(&self.policy, &settings).map(|_| settings));
            match checked {
                Ok(settings) => next.settings = settings,
                Err(invalid) => return Ok(AppChange::Invalid(invalid)),
            }
            if self.table.write(&next).await? == AppWritten::Written {
                return Ok(if created { AppChange::Created } else { AppChange::Updated });
            }
        }
        Err(contended())
    }

    /// Removes an app, its keys, its tenants and its sessions: one write, whatever their number.
    /// Answers whether there was one.
    ///
    /// # Errors
    /// The effect is unknown; asking again is harmless.
    pub async fn remove_app(&self, id: &AppId) -> Result<bool, SessionError> {
        for _ in 0..ROUNDS {
            let Some(old) = self.table.find(id).await?.filter(|record| !record.removed) else {
                return Ok(false);
            };
            let gone = AppRecord { version: old.version + 1, removed: true, ..old };
            if self.table.write(&gone).await? == AppWritten::Written {
                return Ok(true);
            }
        }
        Err(contended())
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
        for _ in 0..ROUNDS {
            let mut next = match self.table.find(&app.id).await? {
                None => AppRecord::first(app.id.clone()),
                Some(record) if record.removed => return Ok(TenantChange::NoApp),
                Some(record) => AppRecord { version: record.version + 1, ..record },
            };
            match next.tenants.get(tenant) {
                Some(Tenant { ending: true, .. }) => return Ok(TenantChange::Ending),
                Some(_) => return Ok(TenantChange::Existed),
                None if next.tenants.len() >= MAX_TENANTS => return Ok(TenantChange::TooMany),
                None => {}
            }
            let since = next.version;
            next.tenants.insert(tenant.clone(), Tenant { since, ending: false });
            if self.table.write(&next).await? == AppWritten::Written {
                return Ok(TenantChange::Created);
            }
        }
        Err(contended())
    }

    /// Removes a tenant and ends its sessions, one by one: from the first moment no new one may be
    /// opened, and when it answers, all are over. Answers whether there was one.
    ///
    /// # Errors
    /// [`TableError::OutOfTime`]: there are so many sessions that some are left. The tenant stays
    /// closed; ask again.
    pub async fn remove_tenant(
        &self,
        app: &FoundApp,
        tenant: &TenantId,
    ) -> Result<bool, SessionError> {
        let Some(marked) = self.mark_as_ending(&app.id, tenant).await? else { return Ok(false) };
        self.end_sessions_in(app, tenant).await?;
        for _ in 0..ROUNDS {
            let Some(record) = self.table.find(&app.id).await? else { return Ok(true) };
            let mut next = AppRecord { version: record.version + 1, ..record };
            // Another call that removes it may have been faster.
            if next.tenants.get(tenant) != Some(&marked) {
                return Ok(true);
            }
            next.tenants.remove(tenant);
            if self.table.write(&next).await? == AppWritten::Written {
                return Ok(true);
            }
        }
        Err(contended())
    }

    async fn mark_as_ending(
        &self,
        id: &AppId,
        tenant: &TenantId,
    ) -> Result<Option<Tenant>, SessionError> {
        for _ in 0..ROUNDS {
            let Some(record) = self.table.find(id).await?.filter(|record| !record.removed) else {
                return Ok(None);
            };
            let mut next = AppRecord { version: record.version + 1, ..record };
            let Some(found) = next.tenants.get_mut(tenant) else { return Ok(None) };
            if found.ending {
                return Ok(Some(*found));
            }
            found.ending = true;
            let marked = *found;
            if self.table.write(&next).await? == AppWritten::Written {
                return Ok(Some(marked));
            }
        }
        Err(contended())
    }

    async fn end_sessions_in(&self, app: &FoundApp, tenant: &TenantId) -> Result<(), SessionError> {
        let (sessions, started) = (&app.sessions, self.clock.now());
        let mut after = None;
        loop {
            if self.clock.now() > started.plus(BUDGET) {
                return Err(TableError::OutOfTime { doing: "ending a tenant's sessions" }.into());
            }
            let (handles, next) = sessions.table.scan_tenant(tenant, after).await?;
            sessions.end_all(&handles).await?;
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

impl Sessions {
    async fn end_all(&self, handles: &[SessionHandle]) -> Result<(), SessionError> {
        let remove = |handle: SessionHandle| async move { self.table.remove(&handle).await };
        let removals = self.remove_each(handles, self.clock.now(), remove).await;
        removals.failure.map_or(Ok(()), |error| Err(error.into()))
    }
}

fn tenants_of(record: &AppRecord) -> Vec<TenantId> {
    let made = record.tenants.iter().filter(|(_, tenant)| !tenant.ending);
    std::iter::once(TenantId::public()).chain(made.map(|(id, _)| id.clone())).collect()
}

fn contended() -> SessionError {
    TableError::Contended { doing: "writing an app" }.into()
}

/// The operator's policy with an app's settings on top.
fn settled(policy: &Policy, settings: &AppSettings) -> Result<Policy, InvalidSetting> {
    let span = |number: Option<f64>, unit: f64, default: Duration| {
        number.map_or(default, |number| Duration::from_secs_f64(number * unit))
    };
    let settled = Policy {
        access_token_validity: span(
            settings.access_token_validity,
            1.0,
            policy.access_token_validity,
        ),
        access_token_validity_jitter: settings
            .access_token_validity_jitter
            .unwrap_or(policy.access_token_validity_jitter),
        refresh_token_validity: span(
            settings.refresh_token_validity,
            60.0,
            policy.refresh_token_validity,
        ),
        key_update_interval: span(
            settings.access_token_dynamic_signing_key_update_interval,
            3600.0,
            policy.key_update_interval,
        ),
        ..policy.clone()
    };
    if settled.refresh_token_validity <= settled.access_token_validity {
        let name = "refresh_token_validity";
        return Err(InvalidSetting::Value { name, rule: "longer than access_token_validity" });
    }
    if settled.access_token_validity > settled.key_update_interval * MAX_LIVING_KEYS {
        let name = "access_token_dynamic_signing_key_update_interval";
        let rule = "at least a fiftieth of access_token_validity";
        return Err(InvalidSetting::Value { name, rule });
    }
    Ok(settled)
}
