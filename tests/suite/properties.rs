//! Random histories against a small model: after every step, each token passes exactly where the
//! model says, and each listing shows exactly the sessions that live.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRng, TestRunner};
use serde_json::json;
use shared::time::Timestamp;
use std::cell::Cell;
use std::time::Duration;
use tests::World;

const TENANTS: [&str; 2] = ["acme", "globex"];
const GRACE: Duration = Duration::from_secs(30);
const ACCESS_LIFE: Duration = Duration::from_hours(1);
const SESSION_LIFE: Duration = Duration::from_hours(2_400);

/// One step. A session is named by a number that wraps around those opened so far, a token by its
/// age (0 is the newest).
#[derive(Clone, Debug)]
enum Step {
    Open { user: usize, tenant: usize },
    Refresh { session: usize, age: usize },
    Logout { session: usize, age: usize },
    RevokeHandle { session: usize },
    RevokeUser { user: usize, tenant: Option<usize>, except: Option<usize> },
    Pass(Duration),
}

fn step() -> impl Strategy<Value = Step> {
    let (user, session, age) =
        (0..2_usize, 0..8_usize, prop_oneof![4 => Just(0), 2 => Just(1), 1 => 2..4_usize]);
    prop_oneof![
        4 => (user.clone(), 0..2_usize).prop_map(|(user, tenant)| Step::Open { user, tenant }),
        6 => (session.clone(), age.clone()).prop_map(|(session, age)| Step::Refresh { session, age }),
        1 => (session.clone(), age).prop_map(|(session, age)| Step::Logout { session, age }),
        1 => session.clone().prop_map(|session| Step::RevokeHandle { session }),
        2 => (user, proptest::option::of(0..2_usize), proptest::option::of(session))
            .prop_map(|(user, tenant, except)| Step::RevokeUser { user, tenant, except }),
        3 => prop_oneof![Just(1), Just(30), Just(31), Just(3_600), Just(144_000 * 60)]
            .prop_map(|seconds| Step::Pass(Duration::from_secs(seconds))),
    ]
}

/// A session as it should be.
struct Expected {
    user: usize,
    tenant: usize,
    handle: String,
    ended: bool,
    expires_at: Timestamp,
    rotated_at: Timestamp,
    /// Every refresh token it ever had, oldest first; the last is current.
    refreshes: Vec<String>,
    /// Every access token, with the number of the refresh token issued along with it, and its
    /// expiry.
    accesses: Vec<(String, usize, Timestamp)>,
}

impl Expected {
    fn lives(&self, now: Timestamp) -> bool {
        !self.ended && now < self.expires_at
    }

    fn newest(&self) -> usize {
        self.refreshes.len() - 1
    }

    fn passes_strict(
        &self,
        (_, lineage, expires_at): &(String, usize, Timestamp),
        now: Timestamp,
    ) -> bool {
        self.lives(now) && now < *expires_at && lineage + 1 >= self.newest()
    }
}

struct History<'w> {
    world: &'w World,
    number: u32,
    sessions: Vec<Expected>,
}

impl History<'_> {
    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    fn user(&self, user: usize) -> String {
        format!("h{}-u{user}", self.number)
    }

    fn pick(&self, session: usize) -> Option<usize> {
        (!self.sessions.is_empty()).then(|| session % self.sessions.len())
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Open { user, tenant } => self.open(user, tenant).await,
            Step::Refresh { session, age } => self.refresh(session, age).await,
            Step::Logout { session, age } => self.logout(session, age).await,
            Step::RevokeHandle { session } => self.revoke_handle(session).await,
            Step::RevokeUser { user, tenant, except } => {
                self.revoke_user(user, tenant, except).await;
            }
            Step::Pass(span) => self.world.pass(span),
        }
    }

    async fn open(&mut self, user: usize, tenant: usize) {
        let opened = self.world.open_in(&self.user(user), TENANTS[tenant]).await;
        let now = self.now();
        self.sessions.push(Expected {
            user,
            tenant,
            handle: opened.handle,
            ended: false,
            expires_at: now.plus(SESSION_LIFE),
            rotated_at: now,
            refreshes: vec![opened.refresh],
            accesses: vec![(opened.access, 0, now.plus(ACCESS_LIFE))],
        });
    }

    async fn refresh(&mut self, session: usize, age: usize) {
        let Some(session) = self.pick(session) else { return };
        let now = self.now();
        let expected = &mut self.sessions[session];
        let Some(presented) = expected.newest().checked_sub(age) else { return };
        let reply = self.world.refresh(&expected.refreshes[presented]).await;
        let in_grace = age == 1 && now <= expected.rotated_at.plus(GRACE);
        if !expected.lives(now) {
            assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
        } else if age > 0 && !in_grace {
            assert_eq!((reply.status, reply.code().as_str()), (401, "token theft detected"));
            expected.ended = true;
        } else {
            assert_eq!(reply.status, 200, "{}", reply.body);
            let next = reply.header("st-refresh-token").unwrap().to_owned();
            if age == 0 {
                expected.refreshes.push(next);
                expected.rotated_at = now;
                expected.expires_at = now.plus(SESSION_LIFE);
            } else {
                assert_eq!(next, expected.refreshes[presented + 1], "one live line of successors");
            }
            let access = reply.header("st-access-token").unwrap().to_owned();
            expected.accesses.push((access, expected.newest(), now.plus(ACCESS_LIFE)));
        }
    }

    async fn logout(&mut self, session: usize, age: usize) {
        let Some(session) = self.pick(session) else { return };
        let now = self.now();
        let expected = &mut self.sessions[session];
        let Some(presented) = (expected.accesses.len() - 1).checked_sub(age) else { return };
        let (access, _, expires_at) = &expected.accesses[presented];
        let reply = self.world.post("/logout").bearer(access).send().await;
        if now < *expires_at {
            assert_eq!(reply.status, 200);
            expected.ended = true;
        } else {
            assert_eq!((reply.status, reply.code().as_str()), (401, "try refresh token"));
        }
    }

    async fn revoke_handle(&mut self, session: usize) {
        let Some(session) = self.pick(session) else { return };
        let now = self.now();
        let expected = &mut self.sessions[session];
        let body = json!({"sessionHandle": expected.handle});
        let revoked = self.world.revoke("/revoke-handle", &body).await;
        let ended: Vec<_> =
            expected.lives(now).then(|| expected.handle.clone()).into_iter().collect();
        assert_eq!(revoked, ended);
        expected.ended = true;
    }

    async fn revoke_user(&mut self, user: usize, tenant: Option<usize>, except: Option<usize>) {
        let now = self.now();
        let except = except.and_then(|session| self.pick(session));
        let mut body = json!({"userId": self.user(user)});
        if let Some(tenant) = tenant {
            body["tenantId"] = TENANTS[tenant].into();
        }
        if let Some(session) = except {
            let kept = &self.sessions[session];
            body["exceptSessionHandle"] = kept.handle.as_str().into();
            if kept.user != user || !kept.lives(now) {
                let reply = self.world.admin("/revoke-user", &body).await;
                assert_eq!((reply.status, reply.code().as_str()), (409, "kept-session-not-found"));
                return;
            }
        }
        let revoked = self.world.revoke("/revoke-user", &body).await;
        let mut ended = Vec::new();
        for (number, session) in self.sessions.iter_mut().enumerate() {
            let covered =
                session.user == user && tenant.is_none_or(|tenant| session.tenant == tenant);
            if covered && except != Some(number) {
                ended.extend(session.lives(now).then(|| session.handle.clone()));
                session.ended = true;
            }
        }
        ended.sort();
        assert_eq!(revoked, ended);
    }

    async fn check(&self) {
        let now = self.now();
        for session in &self.sessions {
            for access in &session.accesses {
                let strict = if session.passes_strict(access, now) { 200 } else { 401 };
                assert_eq!(
                    self.world.strict(&access.0).await,
                    strict,
                    "strict, token {}",
                    access.1
                );
                let fast = if now < access.2 { 200 } else { 401 };
                assert_eq!(self.world.fast(&access.0).await, fast, "fast, token {}", access.1);
            }
        }
        for user in 0..2 {
            let mine =
                self.sessions.iter().filter(|session| session.user == user && session.lives(now));
            let mut live: Vec<_> = mine.map(|session| session.handle.clone()).collect();
            live.sort();
            assert_eq!(self.world.listed(&self.user(user)).await, live);
        }
    }
}

#[test]
fn every_history_goes_as_the_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let histories = Cell::new(0);
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&prop::collection::vec(step(), 1..25), |steps| {
        histories.set(histories.get() + 1);
        let mut history = History { world: &world, number: histories.get(), sessions: Vec::new() };
        runtime.block_on(async {
            for step in &steps {
                history.take(step).await;
                history.check().await;
            }
        });
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => panic!("{why}\nafter {steps:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
