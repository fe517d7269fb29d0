//! The twenty rows of PROTOCOL Appendix B: what the classic exchange answers, and what it leaves in
//! the table.

use super::row::{self, digest};
use super::sdk::{
    ACCESS_VALIDITY, REFRESH_VALIDITY, Sdk, claims, creation_with, exchange, kid, new_access,
    opened,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tests::{Opened, World};

/// What is done with a session. Pairs of tokens have names: `0` is the one it was opened with; what
/// a verification gives in place of an access token has the name of that token's pair and a `p`.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Exchange the refresh token of a pair for a pair of this name.
    Refresh(&'static str, &'static str),
    /// The same, asking for the key that never changes.
    Convert(&'static str, &'static str),
    /// Verify the access token of a pair without asking the table.
    Use(&'static str),
    /// Verify it and ask the table.
    Check(&'static str),
    /// Change the payload through the handle.
    Put,
    /// Change the payload through the access token of a pair.
    Regenerate(&'static str),
    /// End the session.
    Remove,
    /// Let hours pass.
    Wait(u64),
}
use Step::{Check, Convert, Put, Refresh, Regenerate, Remove, Use, Wait};

/// What the last step is answered.
#[derive(Clone, Copy, Debug)]
enum Last {
    /// A new pair, whose payload is the stored one.
    Pair,
    /// OK, with the payload of the token that was used, and no new token.
    Quiet,
    /// OK, with a new access token that has no parent and the stored payload.
    Renewed,
    /// OK, with the stored payload and no token.
    Stored,
    /// `TOKEN_THEFT_DETECTED`, and whose session it is.
    Theft,
    /// `UNAUTHORISED`, and why.
    Refused(&'static str),
}
use Last::{Pair, Quiet, Refused, Renewed, Stored, Theft};

/// What the table holds afterwards.
#[derive(Clone, Copy, Debug)]
enum After {
    /// A row whose current refresh token is this pair's, and whose expiry was set by the step of
    /// this number; `0` is its creation.
    Row(&'static str, usize),
    /// No row.
    Gone,
    /// A row or none, and nobody is shown it.
    Over,
}
use After::{Gone, Over, Row};

const BLACKLISTED: &str = "Either the session has ended or has been blacklisted";
const EXPIRED: &str = "Session missing in db or has expired";

/// Number, steps, what the last of them is answered, and the row afterwards.
const SCENARIOS: [(u32, &[Step], Last, After); 20] = [
    (1, &[Refresh("0", "1")], Pair, Row("0", 0)),
    (2, &[Refresh("0", "1"), Refresh("0", "1'")], Pair, Row("0", 0)),
    (3, &[Refresh("0", "1"), Use("1")], Renewed, Row("1", 2)),
    (4, &[Refresh("0", "1"), Use("1"), Use("1")], Renewed, Row("1", 2)),
    (5, &[Refresh("0", "1"), Use("1"), Use("1p")], Quiet, Row("1", 2)),
    (6, &[Refresh("0", "1"), Use("1"), Refresh("0", "x")], Theft, Row("1", 2)),
    (7, &[Refresh("0", "1"), Refresh("0", "1'"), Use("1"), Refresh("1'", "x")], Theft, Row("1", 3)),
    (8, &[Refresh("0", "1"), Refresh("0", "1'"), Use("1"), Use("1'")], Quiet, Row("1", 3)),
    (9, &[Refresh("0", "1"), Refresh("1", "2")], Pair, Row("1", 2)),
    (10, &[Refresh("0", "1"), Refresh("1", "2"), Refresh("0", "x")], Theft, Row("1", 2)),
    (11, &[Remove, Refresh("0", "x")], Refused(EXPIRED), Gone),
    (12, &[Remove, Use("0")], Quiet, Gone),
    (13, &[Remove, Check("0")], Refused(BLACKLISTED), Gone),
    (14, &[Refresh("0", "1"), Remove, Use("1")], Refused("Session missing in db"), Gone),
    (15, &[Wait(2_400), Refresh("0", "x")], Refused(EXPIRED), Over),
    (16, &[Put, Use("0")], Quiet, Row("0", 0)),
    (17, &[Put, Check("0")], Renewed, Row("0", 0)),
    (18, &[Put, Refresh("0", "1")], Pair, Row("0", 0)),
    (19, &[Wait(1), Regenerate("0")], Stored, Row("0", 0)),
    (20, &[Convert("0", "1")], Pair, Row("0", 0)),
];

/// One session, and all that was ever handed out for it.
struct Story<'w> {
    world: &'w World,
    sdk: Sdk<'w>,
    name: String,
    handle: String,
    pairs: HashMap<String, Opened>,
    /// When it was created, and when each step was taken.
    moments: Vec<i64>,
    stored: Value,
    is_static: bool,
}

impl<'w> Story<'w> {
    async fn begin(world: &'w World, number: u32) -> Self {
        let sdk = Sdk::new(world);
        let stored = json!({"role": "old"});
        let first = sdk.open_with(&creation_with(&format!("u{number}"), &stored)).await;
        Self {
            world,
            sdk,
            name: format!("row {number}"),
            handle: first.handle.clone(),
            pairs: [("0".to_owned(), first)].into(),
            moments: vec![world.clock.now().millis()],
            stored,
            is_static: false,
        }
    }

    fn access(&self, name: &str) -> &str {
        &self.pairs[name].access
    }

    /// Takes a step a little after the one before.
    async fn take(&mut self, step: Step) -> Value {
        self.world.pass(Duration::from_millis(10_001));
        if let Wait(hours) = step {
            self.world.pass(Duration::from_hours(hours));
        }
        self.moments.push(self.world.clock.now().millis());
        match step {
            Refresh(from, to) => self.exchange(from, to, true).await,
            Convert(from, to) => {
                self.is_static = true;
                self.exchange(from, to, false).await
            }
            Use(name) => self.verify(name, false).await,
            Check(name) => self.verify(name, true).await,
            Put => {
                self.stored = json!({"role": "new", "extra": [null]});
                let body = json!({"sessionHandle": self.handle, "userDataInJWT": self.stored});
                self.sdk.change("/recipe/jwt/data", &body).await
            }
            Regenerate(name) => {
                self.stored = json!({"role": "regenerated"});
                let body = json!({"accessToken": self.access(name), "userDataInJWT": self.stored});
                self.sdk.ask("/recipe/session/regenerate", &body).await
            }
            Remove => json!(self.sdk.end(&self.handle).await),
            Wait(_) => Value::Null,
        }
    }

    async fn exchange(&mut self, from: &str, to: &str, dynamic: bool) -> Value {
        let mut body = exchange(&self.pairs[from].refresh);
        body["useDynamicSigningKey"] = json!(dynamic);
        let answer = self.sdk.ask("/recipe/session/refresh", &body).await;
        if answer["status"] == "OK" {
            let pair = opened(&answer);
            let parent = &claims(&pair.access)["parentRefreshTokenHash1"];
            let exchanged = &claims(self.access(from))["refreshTokenHash1"];
            assert_eq!(parent, exchanged, "{}", self.name);
            assert_eq!(kid(&pair.access).starts_with("d-"), !self.is_static, "{}", self.name);
            self.pairs.insert(to.to_owned(), pair);
        }
        answer
    }

    async fn verify(&mut self, name: &str, check_database: bool) -> Value {
        let answer = self.sdk.verify(self.access(name), check_database).await;
        if let Some(access) = new_access(&answer) {
            let renewed = Opened { access: access.to_owned(), ..self.pairs[name].clone() };
            self.pairs.insert(format!("{name}p"), renewed);
        }
        answer
    }

    fn told(&self, payload: &Value) -> Value {
        let user = format!("u{}", self.name.trim_start_matches("row "));
        json!({
            "handle": self.handle, "userId": user, "recipeUserId": user,
            "userDataInJWT": payload, "tenantId": "public",
        })
    }

    /// Whether the last step was answered as the row says.
    fn judge(&self, step: Step, last: Last, answer: &Value) {
        let name = &self.name;
        match (last, step) {
            (Pair, Refresh(_, to) | Convert(_, to)) => {
                assert_eq!(answer["session"], self.told(&self.stored), "{name}");
                assert_eq!(claims(self.access(to))["role"], self.stored["role"], "{name}");
            }
            (Quiet, Use(used) | Check(used)) => {
                let carried = json!({"role": claims(self.access(used))["role"]});
                let told = self.told(&carried);
                assert_eq!(answer, &json!({"status": "OK", "session": told}), "{name}");
            }
            (Renewed, Use(used) | Check(used)) => {
                assert_eq!(answer["session"], self.told(&self.stored), "{name}");
                let (old, new) =
                    (claims(self.access(used)), claims(new_access(answer).expect(name)));
                assert_eq!(new["refreshTokenHash1"], old["refreshTokenHash1"], "{name}");
                assert_eq!(new["parentRefreshTokenHash1"], Value::Null, "{name}");
                assert_eq!(new["role"], self.stored["role"], "{name}");
                let now = self.world.clock.now().millis() / 1000 * 1000;
                assert_eq!(answer["accessToken"]["expiry"], now + ACCESS_VALIDITY, "{name}");
            }
            (Stored, _) => {
                let told = self.told(&self.stored);
                assert_eq!(answer, &json!({"status": "OK", "session": told}), "{name}");
            }
            (Theft, _) => {
                let whose = self.told(&Value::Null);
                let whose = json!({
                    "handle": whose["handle"], "userId": whose["userId"],
                    "recipeUserId": whose["userId"],
                });
                let theft = json!({"status": "TOKEN_THEFT_DETECTED", "session": whose});
                assert_eq!(answer, &theft, "{name}");
            }
            (Refused(why), _) => {
                assert_eq!(answer, &json!({"status": "UNAUTHORISED", "message": why}), "{name}");
            }
            (Pair | Quiet | Renewed, _) => panic!("{name}: {step:?} is not answered like this"),
        }
    }

    /// Whether the table holds what the row says, and shows it.
    async fn look(&self, after: After) {
        let name = &self.name;
        let row = row::Row::find(self.world, "public", &self.handle).await;
        let shown = self.sdk.session(&self.handle).await;
        let Row(current, renewed) = after else {
            assert_eq!(shown["status"], "UNAUTHORISED", "{name}");
            assert!(matches!(after, Over) || row.is_none(), "{name}");
            return;
        };
        let row = row.expect(name);
        assert_eq!(row.current(), digest(self.access(current)), "{name}");
        let previous = (current != "0").then(|| digest(self.access("0")));
        assert_eq!(row.previous(), previous, "{name}");
        assert_eq!(row.is_static(), self.is_static, "{name}");
        assert_eq!(shown["expiry"], self.moments[renewed] + REFRESH_VALIDITY, "{name}");
        assert_eq!(shown["timeCreated"], self.moments[0], "{name}");
        assert_eq!(shown["userDataInJWT"], self.stored, "{name}");
    }
}

#[tokio::test]
async fn every_scenario_ends_as_it_must() {
    let world = World::new().await;
    for (number, steps, last, after) in SCENARIOS {
        let mut story = Story::begin(&world, number).await;
        let mut answer = Value::Null;
        for step in steps {
            answer = story.take(*step).await;
        }
        story.judge(*steps.last().expect("a step"), last, &answer);
        story.look(after).await;
    }
}

#[tokio::test]
async fn siblings_are_independent() {
    let world = World::new().await;
    let mut story = Story::begin(&world, 2).await;
    story.take(Refresh("0", "1")).await;
    story.take(Refresh("0", "1'")).await;
    let (one, other) = (&story.pairs["1"], &story.pairs["1'"]);
    assert_ne!(one.refresh, other.refresh);
    assert_ne!(
        claims(&one.access)["refreshTokenHash1"],
        claims(&other.access)["refreshTokenHash1"]
    );
}
