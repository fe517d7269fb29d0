//! What a history does: a few clients, each with a list of steps, all of it from one seed.

use fastrand::Rng;
use std::time::Duration;

/// A random concurrent program.
#[derive(Clone, Debug)]
pub struct Program {
    /// All randomness comes from here.
    pub seed: u64,
    /// How many clients act at once.
    pub clients: usize,
    /// How much each function instance's clock is off, in milliseconds.
    pub skews: Vec<i64>,
    /// How many calls of a thousand go wrong.
    pub fault_rate: u16,
    /// Whether time passes so long that the signing keys change: such a program has a table of its
    /// own.
    pub long: bool,
    /// The steps of all clients, each client's in order.
    pub steps: Vec<Step>,
}

/// One step of one client.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number; stays when others are taken away.
    pub id: usize,
    /// Who takes it.
    pub client: usize,
    /// What the client waits before.
    pub think: Duration,
    /// Which function instance serves it.
    pub instance: usize,
    /// Its own randomness, so that it meets the same faults when others are taken away.
    pub seed: u64,
    /// How many of its calls of a thousand go wrong.
    pub fault_rate: u16,
    /// Whether the function crashes, and at which of its calls.
    pub crash: Option<Crash>,
    /// What it does.
    pub verb: Verb,
}

/// A function ends between two calls.
#[derive(Clone, Copy, Debug)]
pub struct Crash {
    /// At the call of this number.
    pub at: u32,
    /// Whether the call has taken effect.
    pub after: bool,
}

/// What a step does. Tokens and sessions are picked by a number among those known by then.
#[derive(Clone, Copy, Debug)]
pub enum Verb {
    /// Open a session.
    Create {
        /// Whose.
        user: usize,
        /// Where.
        tenant: usize,
    },
    /// Exchange a refresh token, any that was ever handed out.
    Refresh(usize),
    /// Ask the strict authorizer about an access token.
    Strict(usize),
    /// Ask the fast one.
    Fast(usize),
    /// Log out by an access token.
    Logout(usize),
    /// End one session or two by handle.
    RevokeHandles(usize, usize),
    /// End a user's sessions.
    RevokeUser {
        /// Whose.
        user: usize,
        /// In which tenant, or everywhere.
        tenant: Option<usize>,
        /// Which to keep.
        except: Option<usize>,
    },
    /// Remove the tenant that is not `public`, which nobody has made.
    RemoveTenant,
    /// List a user's sessions.
    List(usize),
    /// An item that holds a generation is lost, or restored to what it once was.
    Lose {
        /// Which.
        item: Lost,
        /// To which of its states, the first of which is not to be there.
        state: usize,
    },
    /// Nothing, for a while.
    Wait(Duration),
    /// The instance forgets what it knew.
    Restart,
    /// Time to live deletes what has expired.
    Expire,
}

/// An item that holds a generation.
#[derive(Clone, Copy, Debug)]
pub enum Lost {
    /// A user item.
    User(usize),
    /// A user's, in the tenant that is not `public`.
    UserTenant(usize),
    /// The copy of that tenant's which judges this session.
    Copy(usize),
}

/// How far a clock may be off.
const MAX_SKEW: i64 = 5 * 60_000;

impl Program {
    /// The program of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let clients = rng.usize(2..=4);
        let skewed = rng.bool();
        let skew = |rng: &mut Rng| if skewed { rng.i64(-MAX_SKEW..=MAX_SKEW) } else { 0 };
        let skews = (0..3).map(|_| skew(&mut rng)).collect();
        let fault_rate = [0, 30, 120, 300][rng.usize(0..4)];
        let long = rng.u32(0..2_000) == 0;
        let count = rng.usize(4..=14);
        let steps = (0..count).map(|id| Step {
            id,
            client: if id == 0 { 0 } else { rng.usize(0..clients) },
            think: Duration::from_millis(rng.u64(0..120)),
            instance: rng.usize(0..3),
            seed: rng.u64(..),
            fault_rate,
            crash: (fault_rate > 0 && rng.u32(0..12) == 0)
                .then(|| Crash { at: rng.u32(0..5), after: rng.bool() }),
            verb: if id < 2 { create(&mut rng) } else { verb(&mut rng, long) },
        });
        let steps = steps.collect();
        Self { seed, clients, skews, fault_rate, long, steps }
    }
}

fn create(rng: &mut Rng) -> Verb {
    Verb::Create { user: rng.usize(0..4) / 3, tenant: rng.usize(0..2) }
}

fn verb(rng: &mut Rng, long: bool) -> Verb {
    let pick = |rng: &mut Rng| rng.usize(0..64);
    match rng.u32(0..34) {
        0..4 => create(rng),
        4..10 => Verb::Refresh(pick(rng)),
        10..16 => Verb::Strict(pick(rng)),
        16 => Verb::Fast(pick(rng)),
        17 => Verb::Logout(pick(rng)),
        18..20 => Verb::RevokeHandles(pick(rng), pick(rng)),
        20..25 => Verb::RevokeUser {
            user: rng.usize(0..4) / 3,
            tenant: (rng.usize(0..3) == 0).then(|| rng.usize(0..2)),
            except: (rng.usize(0..3) == 0).then(|| pick(rng)),
        },
        25..27 => Verb::List(rng.usize(0..4) / 3),
        27 => Verb::Wait(wait(rng, long)),
        28 => Verb::Restart,
        29 => Verb::Expire,
        30..32 => Verb::RemoveTenant,
        _ => Verb::Lose { item: lost(rng), state: pick(rng) },
    }
}

fn lost(rng: &mut Rng) -> Lost {
    match rng.u32(0..3) {
        0 => Lost::User(rng.usize(0..4) / 3),
        1 => Lost::UserTenant(rng.usize(0..4) / 3),
        _ => Lost::Copy(rng.usize(0..64)),
    }
}

fn wait(rng: &mut Rng, long: bool) -> Duration {
    match rng.u32(0..6) {
        0 if long => Duration::from_hours(168),
        0..3 => Duration::from_secs(31),
        3 => Duration::from_mins(61),
        4 => Duration::from_mins(115),
        _ => Duration::from_mins(rng.u64(1..240)),
    }
}
