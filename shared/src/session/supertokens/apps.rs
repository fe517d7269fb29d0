//! Apps and tenants, which are found again on every call of a SuperTokens SDK (PROTOCOL 3.4.13 and
//! 4.11).
//!
//! The app `public` with its tenant `public` is always there, and finding it costs no read. Any
//! other is read strongly each time: what was removed is refused on the next call.

use super::CoreSessions;
use crate::api_keys::ApiKeys;
use crate::ids::{AppId, TenantId};
use crate::session::{
    Issued, KeyServiceSlot, Lifetimes, NewSession, Policy, SessionError, SessionStore, TokenService,
};
use crate::table::{AppTable, TableError};
use crate::tenancy::{AppRecord, AppSettings};
use crate::time::{Clock, Entropy};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// For how many apps a sandbox keeps the keys it read.
const MAX_KEPT: usize = 100;

/// Every app in a table.
pub struct Apps {
    pub(super) table: AppTable,
    pub(super) policy: Policy,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    key_service: KeyServiceSlot,
    public: Arc<CoreSessions>,
    pub(super) takes_odd_lifetimes: bool,
    /// The sessions of other apps, with the version of the record they were made from.
    kept: Mutex<HashMap<AppId, (u64, Arc<CoreSessions>)>>,
}

/// An app that was found.
#[derive(Clone)]
pub struct FoundApp {
    pub(super) id: AppId,
    pub sessions: Arc<CoreSessions>,
    /// The keys it sets in place of the operator's.
    pub api_keys: Option<ApiKeys>,
    /// The stored record. `None` for a `public` app that nobody has made, which is served without one.
    record: Option<AppRecord>,
}

impl FoundApp {
    #[must_use]
    pub fn id(&self) -> &AppId {
        &self.id
    }

    #[must_use]
    pub fn store(&self) -> &SessionStore {
        &self.sessions.tokens.store
    }
}

impl Apps {
    /// The apps in `table`. `public` is the app of every caller that names none. Other apps use its
    /// policy where they set nothing themselves, and the same key service.
    #[must_use]
    pub fn new(table: AppTable, public: Arc<TokenService>, key_service: KeyServiceSlot) -> Self {
        let (clock, entropy) = (public.store.clock.clone(), public.store.entropy.clone());
        let policy = public.policy().clone();
        let (public, kept) = (Arc::new(CoreSessions { tokens: public }), Mutex::default());
        Self {
            table,
            policy,
            clock,
            entropy,
            key_service,
            public,
            takes_odd_lifetimes: false,
            kept,
        }
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
        let lifetimes = settled(self.policy.lifetimes, &record.settings).without_conflict();
        let sessions = self.sessions_of(&record, lifetimes);
        Ok(FoundApp { id: record.id.clone(), sessions, api_keys, record: Some(record) })
    }

    fn sessions_of(&self, record: &AppRecord, lifetimes: Lifetimes) -> Arc<CoreSessions> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((version, sessions)) = kept.get(&record.id)
            && *version == record.version
        {
            return Arc::clone(sessions);
        }
        let table = self.table.sessions_of(record);
        let policy = Policy { lifetimes, ..self.policy.clone() };
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        let tokens = TokenService::new(table, policy, clock, entropy, self.key_service.clone());
        let sessions = Arc::new(CoreSessions { tokens: Arc::new(tokens) });
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
    /// As [`TokenService::create`].
    pub async fn create(
        &self,
        app: &FoundApp,
        new: NewSession,
    ) -> Result<Option<Issued>, SessionError> {
        let tenant = new.tenant.clone();
        let issued = app.sessions.tokens.create(new).await?;
        if tenant.is_public() || self.record_of(&app.id).await?.has_tenant(&tenant) {
            return Ok(Some(issued));
        }
        app.store().logout(&issued.session.handle).await?;
        Ok(None)
    }

    /// The record of an app; of one that nobody made, as if it had just been made.
    pub(super) async fn record_of(&self, id: &AppId) -> Result<AppRecord, SessionError> {
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
}

fn tenants_of(record: &AppRecord) -> Vec<TenantId> {
    std::iter::once(TenantId::public()).chain(record.tenants.iter().cloned()).collect()
}

/// The operator's lifetimes with an app's settings on top.
pub(super) fn settled(operators: Lifetimes, settings: &AppSettings) -> Lifetimes {
    let span = |number: Option<f64>, unit: f64, default: Duration| {
        number.map_or(default, |number| Duration::from_secs_f64(number * unit))
    };
    let access = settings.access_token_validity;
    let jitter = settings.access_token_validity_jitter;
    let interval = settings.access_token_dynamic_signing_key_update_interval;
    Lifetimes {
        access_token_validity: span(access, 1.0, operators.access_token_validity),
        access_token_validity_jitter: jitter.unwrap_or(operators.access_token_validity_jitter),
        refresh_token_validity: span(
            settings.refresh_token_validity,
            60.0,
            operators.refresh_token_validity,
        ),
        rotation_grace_period: operators.rotation_grace_period,
        key_update_interval: span(interval, 3600.0, operators.key_update_interval),
    }
}
