//! The sessions that the load knows of, what it does to them, and what they must then answer.
//!
//! Many connections work on the same sessions. What a client knows of one **before** it asks and
//! **after** it was answered bounds what the answer may be: a session whose end was answered before
//! must be refused; one whose end nobody had asked for by then must pass; in between, either.

use super::client::{Client, Reply};
use crate::said_by;
use fastrand::Rng;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// So many sessions are kept alive.
const ALIVE: usize = 400;
/// So many that have ended are still asked about.
const REMEMBERED: usize = 200;
/// So many users have them.
const USERS: usize = 60;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Strict,
    Fast,
    Refresh,
    Create,
    List,
    RevokeHandle,
    RevokeUser,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict check",
            Self::Fast => "fast check",
            Self::Refresh => "refresh",
            Self::Create => "create",
            Self::List => "list",
            Self::RevokeHandle => "revoke-handle",
            Self::RevokeUser => "revoke-user",
        }
    }
}

struct Session {
    user: usize,
    handle: String,
    state: Mutex<State>,
    /// Held while its refresh token is exchanged: three at once could make one of them a thief.
    exchange: Mutex<()>,
}

#[derive(Clone)]
struct State {
    access: String,
    refresh: String,
    /// How many exchanges these tokens come from.
    exchanges: u32,
    /// How many were begun.
    begun: u32,
    life: Life,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Alive,
    /// Its end was asked for.
    Ending,
    /// And answered.
    Ended,
}

/// All of them.
pub(crate) struct Population {
    alive: Mutex<Vec<Arc<Session>>>,
    ended: Mutex<VecDeque<Arc<Session>>>,
    /// Read while one of a user's sessions is opened, written while the user is revoked: otherwise
    /// nobody could say which came first.
    users: Vec<RwLock<()>>,
}

/// The status of a right answer, or what is wrong with it; 0 when there was nothing to ask about.
type Checked = io::Result<Result<u16, String>>;

impl Population {
    pub(crate) fn new() -> Self {
        let users = (0..USERS).map(|_| RwLock::default()).collect();
        Self { alive: Mutex::default(), ended: Mutex::default(), users }
    }

    /// Opens as many sessions as are to live.
    pub(crate) fn settle(&self, client: &mut Client) -> Result<(), String> {
        for i in 0..ALIVE {
            self.create(client, i % USERS).map_err(|error| error.to_string())??;
        }
        Ok(())
    }

    /// One request of the mix: the status that it was rightly answered, or what was wrong.
    pub(crate) fn step(
        &self,
        client: &mut Client,
        random: &mut Rng,
    ) -> (Kind, Result<u16, String>) {
        let (kind, checked) = match random.u32(0..100) {
            0..45 => (Kind::Strict, self.check(client, random, true)),
            45..60 => (Kind::Fast, self.check(client, random, false)),
            60..75 => (Kind::Refresh, self.refresh(client, random)),
            75..85 => (Kind::List, self.list(client, random)),
            _ if lock(&self.alive).len() < ALIVE => {
                (Kind::Create, self.create(client, random.usize(0..USERS)))
            }
            85..97 => (Kind::RevokeHandle, self.revoke_handle(client, random)),
            _ => (Kind::RevokeUser, self.revoke_user(client, random.usize(0..USERS))),
        };
        let checked = checked.unwrap_or_else(|error| Err(error.to_string()));
        (kind, checked.map_err(|wrong| format!("{}: {wrong}", kind.name())))
    }

    /// One that lives, or now and then one that has ended.
    fn pick(&self, random: &mut Rng) -> Option<Arc<Session>> {
        let ended = lock(&self.ended);
        if random.u32(0..4) == 0 && !ended.is_empty() {
            return ended.get(random.usize(0..ended.len())).cloned();
        }
        drop(ended);
        let alive = lock(&self.alive);
        (!alive.is_empty()).then(|| Arc::clone(&alive[random.usize(0..alive.len())]))
    }

    fn check(&self, client: &mut Client, random: &mut Rng, strict: bool) -> Checked {
        let Some(session) = self.pick(random) else { return Ok(Ok(0)) };
        let before = session.now();
        let path = if strict { "/whoami" } else { "/whoami/fast" };
        let reply = client.bearer("GET", path, &before.access)?;
        let after = session.now();
        // The fast check knows no end, and no exchange.
        let must_pass = !strict
            || (after.life == Life::Alive && after.begun.saturating_sub(before.exchanges) <= 1);
        let must_not = strict && before.life == Life::Ended;
        Ok(expect(&reply, must_pass, must_not))
    }

    fn refresh(&self, client: &mut Client, random: &mut Rng) -> Checked {
        let Some(session) = self.pick(random) else { return Ok(Ok(0)) };
        let _alone = lock(&session.exchange);
        session.change(|state| state.begun += 1);
        let before = session.now();
        let reply = client.bearer("POST", "/auth/session/refresh", &before.refresh)?;
        let checked = {
            let after = session.now();
            let (must_pass, must_not) = (after.life == Life::Alive, before.life == Life::Ended);
            expect(&reply, must_pass, must_not)
        };
        if let (200, Some(access), Some(refresh)) =
            (reply.status, reply.header("st-access-token"), reply.header("st-refresh-token"))
        {
            session.change(|state| {
                (state.access, state.refresh, state.exchanges) = (access, refresh, state.begun);
            });
        } else if reply.status == 200 {
            return Ok(Err("200 without tokens".to_owned()));
        }
        Ok(checked)
    }

    fn list(&self, client: &mut Client, random: &mut Rng) -> Checked {
        let Some(session) = self.pick(random) else { return Ok(Ok(0)) };
        let before = session.now().life;
        let path = format!("/list-sessions?limit=100&userId=user-{}", session.user);
        let reply = client.admin("GET", &path, &Value::Null)?;
        let after = session.now().life;
        let answer = reply.json();
        let Some(listed) = answer["sessions"].as_array().filter(|_| reply.status == 200) else {
            return Ok(Err(format!("answered {}", reply.status)));
        };
        let shown = listed.iter().any(|one| one["handle"] == session.handle.as_str());
        if before == Life::Ended && shown {
            return Ok(Err("shows an ended session".to_owned()));
        }
        if after == Life::Alive && !shown && answer["cursor"].is_null() {
            return Ok(Err("lacks a live session".to_owned()));
        }
        Ok(Ok(reply.status))
    }

    fn create(&self, client: &mut Client, user: usize) -> Checked {
        let _user = self.users[user].read().unwrap_or_else(PoisonError::into_inner);
        let command =
            json!({"userId": format!("user-{user}"), "accessTokenPayload": {"role": "editor"}});
        let reply = client.admin("POST", "/create-session", &command)?;
        if reply.status != 200 {
            return Ok(Err(format!("answered {}", reply.status)));
        }
        let answer = reply.json();
        let text = |path| said_by(&answer, path).to_owned();
        let state = State {
            access: text("/accessToken/token"),
            refresh: text("/refreshToken/token"),
            exchanges: 0,
            begun: 0,
            life: Life::Alive,
        };
        let handle = text("/session/handle");
        let session =
            Session { user, handle, state: Mutex::new(state), exchange: Mutex::default() };
        lock(&self.alive).push(Arc::new(session));
        Ok(Ok(reply.status))
    }

    fn revoke_handle(&self, client: &mut Client, random: &mut Rng) -> Checked {
        let session = {
            let mut alive = lock(&self.alive);
            if alive.is_empty() {
                return Ok(Ok(0));
            }
            let at = random.usize(0..alive.len());
            alive.swap_remove(at)
        };
        session.change(|state| state.life = Life::Ending);
        let command = json!({"sessionHandle": session.handle});
        let reply = client.admin("POST", "/revoke-handle", &command)?;
        if reply.status != 200 {
            return Ok(Err(format!("answered {}", reply.status)));
        }
        self.end(session);
        Ok(Ok(reply.status))
    }

    fn revoke_user(&self, client: &mut Client, user: usize) -> Checked {
        let _user = self.users[user].write().unwrap_or_else(PoisonError::into_inner);
        let sessions: Vec<_> =
            lock(&self.alive).extract_if(.., |session| session.user == user).collect();
        for session in &sessions {
            session.change(|state| state.life = Life::Ending);
        }
        let command = json!({"userId": format!("user-{user}")});
        let reply = client.admin("POST", "/revoke-user", &command)?;
        if reply.status != 200 {
            return Ok(Err(format!("answered {}", reply.status)));
        }
        for session in sessions {
            self.end(session);
        }
        Ok(Ok(reply.status))
    }

    fn end(&self, session: Arc<Session>) {
        session.change(|state| state.life = Life::Ended);
        let mut ended = lock(&self.ended);
        ended.push_back(session);
        if ended.len() > REMEMBERED {
            ended.pop_front();
        }
    }
}

impl Session {
    fn now(&self) -> State {
        lock(&self.state).clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.state));
    }
}

fn expect(reply: &Reply, must_pass: bool, must_not: bool) -> Result<u16, String> {
    match reply.status {
        200 if must_not => Err("AN ENDED SESSION PASSED".to_owned()),
        401 if must_pass => Err("a live session was refused".to_owned()),
        200 | 401 => Ok(reply.status),
        status => Err(format!("answered {status}")),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
