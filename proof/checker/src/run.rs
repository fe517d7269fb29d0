//! Runs a program against the real functions and writes down what happens.

use crate::cluster::{
    BEGINNING, Cluster, Name, TABLE, authorizer_event, browser_event, core_event, header,
};
use crate::history::{
    Access, Asked, Call, History, Moment, OTHER, Outcome, Refresh, Session, texts,
};
use crate::mutants::{Missing, Mutant, number};
use crate::network::{ERRAND, Errand, Network, Rolled};
use crate::program::{Lost, Program, Step, Verb};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use lambda_runtime::Diagnostic;
use local::dynamodb::Embedded;
use serde_json::{Value, json};
use shared::ids::{SessionHandle, Shard};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// Longer than any write that is under way.
const SETTLED: Duration = Duration::from_secs(10);

/// Runs `program` on `table`, in which `name` keeps its users apart from those of other histories.
#[must_use]
pub fn run(program: &Program, table: Embedded, name: &str, missing: Option<Missing>) -> History {
    // The client draws its pauses from here.
    fastrand::seed(program.seed);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    // Without a runtime there is nothing to check.
    let Ok(runtime) = runtime else { return History::default() };
    runtime.block_on(async {
        let mutant = missing.map(|missing| Arc::new(Mutant::new(missing, program.seed)));
        let network = Network::new(table, mutant);
        let mut skews = program.skews.clone();
        // The auditor's.
        skews.push(0);
        let run = Run {
            cluster: Cluster::new(network.clone(), &skews, program.seed),
            network,
            name: name.to_owned(),
            order: AtomicU64::new(0),
            history: Mutex::default(),
        };
        join_all((0..program.clients).map(|client| run.client(program, client))).await;
        sleep(SETTLED).await;
        run.audit(program.skews.len(), program.seed.is_multiple_of(4)).await;
        run.history.into_inner().unwrap_or_else(PoisonError::into_inner)
    })
}

struct Run {
    cluster: Cluster,
    network: Network,
    name: String,
    order: AtomicU64,
    history: Mutex<History>,
}

impl Run {
    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Moment {
        let order = self.order.fetch_add(1, Ordering::Relaxed);
        Moment { order, millis: BEGINNING + self.cluster.elapsed() }
    }

    async fn client(&self, program: &Program, client: usize) {
        for step in program.steps.iter().filter(|step| step.client == client) {
            sleep(step.think).await;
            match step.verb {
                Verb::Wait(span) => sleep(span).await,
                Verb::Restart => self.cluster.restart(step.instance),
                Verb::Expire => {
                    let second = (BEGINNING + self.cluster.elapsed()) / 1000;
                    self.network.expire(TABLE, second);
                }
                Verb::Lose { item, state } => self.lose(step, item, state),
                _ => {
                    if let Some(asked) = self.resolve(step.verb) {
                        self.call(asked, Some(step), step.instance).await;
                    }
                }
            }
        }
    }

    /// The step with everything picked; `None` when there is nothing to pick from yet.
    fn resolve(&self, verb: Verb) -> Option<Asked> {
        let history = self.history();
        let among = |count: usize, pick: usize| (count > 0).then(|| count - 1 - pick % count);
        let access = |pick| among(history.accesses.len(), pick);
        let session = |pick| among(history.sessions.len(), pick);
        Some(match verb {
            Verb::Create { user, tenant } => Asked::Create { user, tenant },
            Verb::Refresh(pick) => Asked::Refresh(among(history.refreshes.len(), pick)?),
            Verb::Strict(pick) => Asked::Strict(access(pick)?),
            Verb::Fast(pick) => Asked::Fast(access(pick)?),
            Verb::Logout(pick) => Asked::Logout(access(pick)?),
            Verb::RevokeHandles(one, two) => {
                let mut both = vec![session(one)?, session(two)?];
                both.dedup();
                Asked::RevokeHandles(both)
            }
            Verb::RevokeUser { user, tenant, except } => {
                let except = except.and_then(session);
                Asked::RevokeUser { user, tenant, except }
            }
            Verb::RemoveTenant => Asked::RemoveTenant,
            Verb::List(user) => Asked::List(user),
            Verb::Wait(_) | Verb::Restart | Verb::Expire | Verb::Lose { .. } => return None,
        })
    }

    /// An item that holds a generation becomes what it once was, in one moment.
    fn lose(&self, step: &Step, item: Lost, state: usize) {
        let begun = self.moment();
        let mut history = self.history();
        let Some(pk) = self.pk(&history, item) else { return };
        let Some(Rolled { before, after }) = self.network.roll(TABLE, &pk, state) else { return };
        let (mut ended, mut revived) = (Vec::new(), Vec::new());
        for (number, session) in history.sessions.iter().enumerate() {
            let row = self.network.item(TABLE, &format!("session#public#{}", session.handle));
            if row.is_null() || self.pk_of(session, item).as_ref() != Some(&pk) {
                continue;
            }
            let fits = |item_then: &Value| fits(item, session, &row, item_then);
            match (fits(&before), fits(&after)) {
                (_, false) => ended.push(number),
                (false, true) => revived.push(number),
                (true, true) => {}
            }
        }
        let ended_at = self.moment();
        history.calls.push(Call {
            step: Some(step.clone()),
            asked: Asked::Lose(pk),
            skew: 0,
            begun,
            ended: ended_at,
            outcome: Outcome::Lost { ended, revived },
            late: false,
        });
    }

    fn pk(&self, history: &History, item: Lost) -> Option<String> {
        match item {
            Lost::User(user) => Some(format!("user#public#{}", self.user(user))),
            Lost::UserTenant(user) => {
                Some(format!("user-tenant#public#{}#{}", self.tenant(OTHER), self.user(user)))
            }
            Lost::Copy(pick) => {
                let others = history.sessions.iter().filter(|session| session.tenant == OTHER);
                let others: Vec<_> = others.collect();
                self.pk_of(others.get(pick % others.len().max(1))?, item)
            }
        }
    }

    /// The key of the item of this kind that judges the session.
    fn pk_of(&self, session: &Session, item: Lost) -> Option<String> {
        let (user, tenant) = (self.user(session.user), self.tenant(session.tenant));
        match item {
            Lost::User(_) => Some(format!("user#public#{user}")),
            _ if session.tenant != OTHER => None,
            Lost::UserTenant(_) => Some(format!("user-tenant#public#{tenant}#{user}")),
            Lost::Copy(_) => {
                let handle = SessionHandle::parse(&session.handle).ok()?;
                Some(format!("tenant#public#{tenant}#{}", Shard::of(&handle)))
            }
        }
    }

    async fn call(&self, asked: Asked, step: Option<&Step>, instance: usize) {
        let errand = Arc::new(match step {
            Some(step) => Errand::new(step.seed, step.fault_rate, step.crash),
            None => Errand::new(0, 0, None),
        });
        let begun = self.moment();
        let number = {
            let mut history = self.history();
            history.calls.push(Call {
                step: step.cloned(),
                asked: asked.clone(),
                skew: self.cluster.skew(instance),
                begun,
                ended: begun,
                outcome: Outcome::Crashed,
                late: false,
            });
            history.calls.len() - 1
        };
        let answered = ERRAND.scope(Arc::clone(&errand), self.ask(&asked, instance));
        let answer = tokio::select! {
            biased;
            () = errand.crashed.notified() => None,
            answer = answered => Some(answer),
        };
        let outcome = match answer {
            None => Outcome::Crashed,
            Some(answer) => self.read(&asked, answer, number),
        };
        let ended = self.moment();
        let call = &mut self.history().calls[number];
        call.ended = ended;
        call.outcome = outcome;
        call.late = errand.late.load(Ordering::Relaxed);
    }

    async fn ask(&self, asked: &Asked, instance: usize) -> Result<Value, Diagnostic> {
        let (name, event) = self.event(asked);
        self.cluster.invoke(instance, name, &event).await
    }

    fn user(&self, user: usize) -> String {
        format!("{}-{user}", self.name)
    }

    fn tenant(&self, tenant: usize) -> String {
        if tenant == OTHER { format!("acme-{}", self.name) } else { "public".to_owned() }
    }

    fn event(&self, asked: &Asked) -> (Name, Value) {
        let history = self.history();
        let access = |token: usize| history.accesses[token].text.as_str();
        let handle = |session: usize| history.sessions[session].handle.as_str();
        match asked {
            Asked::Create { user, tenant } => (
                Name::Create,
                json!({"userId": self.user(*user), "tenantId": self.tenant(*tenant)}),
            ),
            Asked::Refresh(token) => {
                let token = &history.refreshes[*token].text;
                (Name::Refresh, browser_event("/auth/session/refresh", token))
            }
            Asked::Strict(token) => (Name::Strict, authorizer_event(access(*token))),
            Asked::Fast(token) => (Name::Fast, authorizer_event(access(*token))),
            Asked::Logout(token) => (Name::Logout, browser_event("/logout", access(*token))),
            Asked::RevokeHandles(sessions) => {
                let handles: Vec<_> = sessions.iter().map(|session| handle(*session)).collect();
                (Name::RevokeHandle, json!({ "sessionHandles": handles }))
            }
            Asked::RevokeUser { user, tenant, except } => {
                let mut event = json!({"userId": self.user(*user)});
                if let Some(tenant) = tenant {
                    event["tenantId"] = self.tenant(*tenant).into();
                }
                if let Some(except) = except {
                    event["exceptSessionHandle"] = handle(*except).into();
                }
                (Name::RevokeUser, event)
            }
            Asked::RemoveTenant => {
                let body = json!({"tenantId": self.tenant(OTHER)});
                (Name::Core, core_event("recipe/multitenancy/tenant/remove", &body))
            }
            // No function is asked to lose an item.
            Asked::Lose(_) => (Name::List, json!({})),
            Asked::List(user) => (Name::List, json!({"userId": self.user(*user), "limit": 100})),
        }
    }

    /// What an answer means.
    fn read(&self, asked: &Asked, answer: Result<Value, Diagnostic>, call: usize) -> Outcome {
        let failed = |why: &str| Outcome::Failed(why.to_owned());
        match (asked, answer) {
            (Asked::Strict(_) | Asked::Fast(_), Ok(_)) => Outcome::Allowed,
            (Asked::Strict(_) | Asked::Fast(_), Err(error))
                if error.error_type == "Unauthorized" =>
            {
                Outcome::Refused
            }
            (Asked::RevokeUser { .. }, Err(error))
                if error.error_type == "kept-session-not-found" =>
            {
                Outcome::NothingToKeep
            }
            (_, Err(error)) => failed(&error.error_type),
            (Asked::Create { user, tenant }, Ok(answer)) => {
                self.opened(*user, *tenant, &answer, call).unwrap_or_else(|| failed("no tokens"))
            }
            (Asked::Refresh(token), Ok(answer)) => self.refreshed(*token, &answer),
            (Asked::Logout(_), Ok(answer)) => match answer["statusCode"].as_u64() {
                Some(200) => Outcome::LoggedOut,
                Some(401) => Outcome::Refused,
                status => failed(&format!("{status:?}")),
            },
            (Asked::RevokeHandles(_) | Asked::RevokeUser { .. }, Ok(answer)) => {
                Outcome::Revoked(texts(&answer["sessionHandlesRevoked"]))
            }
            (Asked::RemoveTenant, Ok(answer)) => match answer["statusCode"].as_u64() {
                Some(200) => Outcome::Removed,
                status => failed(&format!("{status:?}")),
            },
            (Asked::Lose(_), Ok(_)) => failed("no function loses an item"),
            (Asked::List(_), Ok(answer)) => {
                let sessions = answer["sessions"].as_array().cloned().unwrap_or_default();
                let handles = sessions.iter().map(|session| session["handle"].clone()).collect();
                Outcome::Listed(texts(&Value::Array(handles)))
            }
        }
    }

    fn opened(&self, user: usize, tenant: usize, answer: &Value, call: usize) -> Option<Outcome> {
        let handle = answer["session"]["handle"].as_str()?.to_owned();
        let access = answer["accessToken"]["token"].as_str()?;
        let text = answer["refreshToken"]["token"].as_str()?.to_owned();
        let mut history = self.history();
        let session = history.sessions.len();
        history.sessions.push(Session { handle, user, tenant, call });
        let refresh = history.refreshes.len();
        history.refreshes.push(Refresh { session, text, parent: None });
        history.accesses.push(access_token(session, access, refresh)?);
        Some(Outcome::Opened(session))
    }

    fn refreshed(&self, presented: usize, answer: &Value) -> Outcome {
        match (answer["statusCode"].as_u64(), answer["body"].as_str()) {
            (Some(200), _) => {}
            (Some(401), Some(body)) if body.contains("theft") => return Outcome::Theft,
            (Some(401), _) => return Outcome::Unauthorised,
            (status, _) => return Outcome::Failed(format!("{status:?}")),
        }
        let tokens = header(answer, "st-access-token").zip(header(answer, "st-refresh-token"));
        let Some((access, text)) = tokens else { return Outcome::Failed("no tokens".to_owned()) };
        let mut history = self.history();
        let session = history.refreshes[presented].session;
        let known = history
            .refreshes
            .iter()
            .position(|token| token.text == text && token.parent == Some(presented));
        let refresh = known.unwrap_or_else(|| {
            let parent = Some(presented);
            history.refreshes.push(Refresh { session, text: text.to_owned(), parent });
            history.refreshes.len() - 1
        });
        let Some(access) = access_token(session, access, refresh) else {
            return Outcome::Failed("no access token".to_owned());
        };
        history.accesses.push(access);
        Outcome::Exchanged(history.accesses.len() - 1, refresh)
    }

    /// When all is quiet and nothing goes wrong any more: what lives, and what does not?
    async fn audit(&self, auditor: usize, refreshes: bool) {
        let (accesses, users) = {
            let history = self.history();
            (history.accesses.len(), 2)
        };
        for access in 0..accesses {
            self.call(Asked::Strict(access), None, auditor).await;
        }
        for user in 0..users {
            self.call(Asked::List(user), None, auditor).await;
        }
        // Signing takes most of the time of a history: not after each of them.
        if !refreshes {
            return;
        }
        let newest: Vec<_> = {
            let history = self.history();
            let newest =
                |session| history.refreshes.iter().rposition(|token| token.session == session);
            (0..history.sessions.len()).filter_map(newest).collect()
        };
        for token in newest {
            self.call(Asked::Refresh(token), None, auditor).await;
        }
    }
}

/// Whether the session was born under the generations that an item holds.
fn fits(item: Lost, session: &Session, row: &Value, holds: &Value) -> bool {
    let same = |born: &str, attribute: &str| number(&row[born]) == number(&holds[attribute]);
    match item {
        Lost::User(_) => {
            let whole = same("userGeneration", "generation");
            whole && (session.tenant == OTHER || same("tenantGeneration", "publicGeneration"))
        }
        Lost::UserTenant(_) => same("tenantGeneration", "generation"),
        Lost::Copy(_) => same("everybodysGeneration", "generation"),
    }
}

fn access_token(session: usize, text: &str, refresh: usize) -> Option<Access> {
    let claims = URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let millis = |name: &str| Some(claims[name].as_i64()? * 1000);
    let (issued, expires) = (millis("iat")?, millis("exp")?);
    Some(Access { session, text: text.to_owned(), refresh, issued, expires })
}
