//! What the table promises to the rules, case by case, over any DynamoDB client: conditions hold,
//! absence is a value, nothing resurrects. The suite runs the cases on the embedded engine,
//! `tests/engines/run` on others. Each case has a table to itself.

mod apps;
mod classic;
mod generations;
mod index;
mod keys;
mod races;
mod sessions;

use aws_sdk_dynamodb::Client;
use shared::ids::{AppId, Generation, SessionHandle, TenantId, UserId};
use shared::model::{
    Device, Generations, IssuerClaim, Lineage, Rotation, Session, SessionData, Standing,
};
use shared::table::{AppTable, Inserted, Rotated, RotationWrite, SessionTable};
use shared::tenancy::AppRecord;
use shared::time::{Entropy, Timestamp};
use shared::token::key::KeyKind;
use shared::token::payload::Payload;
use shared::token::refresh::{RefreshDigest, RefreshHash, RotationSalt, TokenKey};
use std::pin::Pin;
use std::time::Duration;

/// One of the promises.
#[derive(Clone, Copy)]
pub struct Case {
    /// What is promised.
    pub name: &'static str,
    run: fn(Tables) -> Pin<Box<dyn Future<Output = ()>>>,
}

impl Case {
    /// Panics if the promise is not kept.
    pub async fn run(self, tables: Tables) {
        (self.run)(tables).await;
    }
}

/// A case that is not named here is dead code, and the compiler says so.
macro_rules! cases {
    ($($module:ident::$case:ident),* $(,)?) => {
        /// All of them.
        pub const CASES: &[Case] = &[$(Case {
            name: stringify!($case),
            run: |tables| Box::pin($module::$case(tables.into())),
        }),*];
    };
}

cases!(
    sessions::a_session_is_read_as_it_was_written,
    sessions::the_longest_names_are_kept,
    sessions::a_user_may_have_no_name,
    sessions::every_character_is_kept,
    sessions::a_taken_handle_is_not_overwritten,
    sessions::what_does_not_exist_is_absent,
    sessions::of_two_rotations_one_wins,
    sessions::a_rotation_that_was_followed_by_another_is_known_again,
    sessions::a_rotation_may_bring_an_anti_csrf_token,
    sessions::an_ended_session_is_not_rotated_back,
    classic::a_promotion_makes_a_token_current,
    classic::of_two_promotions_one_wins,
    classic::a_session_whose_time_is_over_is_not_promoted,
    classic::what_an_application_changes_is_replaced_and_nothing_else,
    generations::a_generation_only_grows,
    generations::each_scope_counts_by_itself,
    generations::a_strict_check_reads_all_that_judges,
    generations::more_tenants_than_one_batch_takes_are_read,
    generations::no_number_of_revocations_makes_an_item_grow,
    generations::no_two_meanings_share_an_item,
    generations::a_lost_generation_is_never_reached_again,
    generations::a_restored_generation_is_not_followed_by_the_lost_one,
    generations::the_end_of_a_tenant_is_written_in_every_copy,
    generations::a_session_is_judged_by_its_own_copy,
    generations::keeping_a_session_raises_and_lifts_at_once_or_not_at_all,
    generations::a_session_is_not_kept_from_a_revocation_that_was_not_seen,
    generations::keeping_a_session_in_its_tenant_leaves_the_whole_alone,
    generations::the_order_within_an_answer_makes_no_difference,
    generations::a_transaction_that_is_sent_twice_is_done_once,
    index::the_sweep_is_conditional,
    index::the_index_pages_through_one_users_sessions,
    index::the_index_tells_tenants_apart,
    index::a_page_goes_on_after_a_session_that_is_gone,
    index::many_sessions_are_read_in_one_call,
    index::what_does_not_fit_into_one_answer_is_asked_for_again,
    keys::of_two_writers_of_keys_one_wins,
    keys::a_strict_check_reads_the_keys_along,
    apps::an_app_is_read_as_it_was_written,
    apps::of_two_writers_of_an_app_one_wins,
    apps::the_list_has_the_apps_that_there_are,
    apps::a_removed_app_takes_its_keys_along,
    apps::the_end_of_a_tenant_ends_everybodys_sessions_in_it,
    apps::one_app_sees_nothing_of_another,
    races::of_many_sessions_with_one_handle_one_is_opened,
    races::of_many_rotations_at_once_one_wins,
    races::of_many_removals_at_once_one_reports,
    races::every_revocation_has_a_generation_of_its_own,
    races::of_many_who_keep_a_session_at_most_one_raises,
    races::of_many_writers_of_an_app_at_most_one_wins,
);

/// The case of this name.
#[must_use]
pub fn case(name: &str) -> Option<Case> {
    CASES.iter().find(|case| case.name == name).copied()
}

/// A table in which nothing is yet. A case asks for what it needs of it.
pub struct Tables {
    dynamodb: Client,
    name: String,
}

impl Tables {
    /// The table `name`.
    #[must_use]
    pub fn new(dynamodb: Client, name: &str) -> Self {
        Self { dynamodb, name: name.to_owned() }
    }
}

impl From<Tables> for SessionTable {
    fn from(tables: Tables) -> Self {
        Self::new(tables.dynamodb, &tables.name, &AppId::public())
    }
}

impl From<Tables> for AppTable {
    fn from(tables: Tables) -> Self {
        Self::new(tables.dynamodb, &tables.name)
    }
}

/// The moment at which every case plays.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn generation_at(now: Timestamp) -> Generation {
    Generation::new(now, Entropy::system().bytes().expect("randomness"))
}

fn user(name: &str) -> UserId {
    UserId::parse_or_empty(name).expect("a user id")
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("a tenant id")
}

fn handle(name: &str) -> SessionHandle {
    SessionHandle::parse(name).expect("a handle")
}

fn digest(text: &str) -> RefreshDigest {
    RefreshHash::from_text(text).digest()
}

/// A new app of this name.
fn app(name: &str) -> AppRecord {
    AppRecord::first(AppId::parse(name).expect("an app id"))
}

fn session(name: &str, whose: &str, generation: i64) -> Session {
    let generation = Generation::from_number(generation);
    Session {
        handle: handle(name),
        recipe_user: user(whose),
        created_at: NOW,
        standing: Standing {
            user: user(whose),
            tenant: tenant("acme"),
            expires_at: NOW.plus(Duration::from_hours(1)),
            born: Generations { whole: generation, tenant: generation, everybody: generation },
            lineage: Lineage { current: digest(name), rotation: None },
        },
        token_key: TokenKey([7; 32]),
        payload: Payload::default(),
        data: SessionData::default(),
        device: Device::default(),
        anti_csrf: None,
        anti_csrf_since: None,
        key_kind: KeyKind::Static,
        issuer: IssuerClaim::Ours,
    }
}

async fn insert(table: &SessionTable, session: &Session) {
    assert_eq!(table.insert_new(session).await.expect("an answer"), Inserted::Inserted);
}

async fn opened(table: &SessionTable, name: &str, whose: &str, generation: i64) -> SessionHandle {
    let session = session(name, whose, generation);
    insert(table, &session).await;
    session.handle
}

/// The generations that judge a session of this user, in this tenant, of this name.
async fn present(table: &SessionTable, whose: &str, place: &str, name: &str) -> Generations {
    let read = table.generations(&user(whose), &tenant(place), &handle(name)).await;
    read.expect("an answer")
}

async fn found(table: &SessionTable, handle: &SessionHandle) -> Session {
    table.find(handle).await.expect("an answer").expect("a session")
}

/// Exchanges the token `seen` for `next`. With another salt than other exchanges.
async fn rotated(table: &SessionTable, name: &str, seen: &str, next: &str) -> Rotated {
    let write = RotationWrite {
        next: digest(next),
        previous: digest(seen),
        salt: &salt(next),
        at: NOW,
        expires_at: NOW.plus(Duration::from_hours(2)),
        new_anti_csrf: None,
    };
    table.rotate(&handle(name), digest(seen), write).await.expect("an answer")
}

/// The salt from which the token `next` follows.
fn salt(next: &str) -> RotationSalt {
    RotationSalt(*digest(next).as_bytes())
}

#[track_caller]
fn assert_same(read: &Session, written: &Session) {
    assert_eq!(read.handle, written.handle);
    assert_eq!(read.recipe_user, written.recipe_user);
    assert_eq!(read.created_at, written.created_at);
    assert_same_standing(&read.standing, &written.standing);
    assert_eq!(read.token_key.0, written.token_key.0);
    assert_eq!(read.payload, written.payload);
    assert_eq!(read.data, written.data);
    assert_eq!(read.device, written.device);
    let anti_csrf =
        |session: &Session| session.anti_csrf.as_ref().map(|token| token.expose().to_owned());
    assert_eq!(anti_csrf(read), anti_csrf(written));
    assert_eq!(read.anti_csrf_since, written.anti_csrf_since);
    assert_eq!((read.key_kind, read.issuer), (written.key_kind, written.issuer));
}

#[track_caller]
fn assert_same_standing(read: &Standing, written: &Standing) {
    assert_eq!((&read.user, &read.tenant), (&written.user, &written.tenant));
    assert_eq!(read.expires_at, written.expires_at);
    assert_eq!(read.born, written.born);
    assert_eq!(read.lineage.current, written.lineage.current);
    let rotation = |standing: &Standing| {
        let rotation = standing.lineage.rotation.as_ref();
        rotation.map(|Rotation { previous, salt, at }| {
            (*previous, salt.as_ref().map(|salt| salt.0), *at)
        })
    };
    assert_eq!(rotation(read), rotation(written));
}
