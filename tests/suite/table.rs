//! The table's contract, on the embedded engine.

use local::dynamodb::{Embedded, client, create_table_if_absent};
use local::template::{SEVER, Template};
use shared::ids::AppId;
use shared::table::SessionTable;
use std::sync::Arc;
use tests::contract;

/// An empty table as the template has it: the client and its name.
async fn empty() -> (aws_sdk_dynamodb::Client, String) {
    let here = "http://localhost".to_owned();
    let urls = ["ApiDomain", "WebsiteDomain"].map(|name| (name.to_owned(), here.clone()));
    let table = Template::parse(SEVER, &urls.into()).unwrap().table;
    let client = client(Arc::new(Embedded::memory().unwrap()));
    create_table_if_absent(&client, &table).await.unwrap();
    (client, table.name)
}

async fn embedded() -> SessionTable {
    let (client, name) = empty().await;
    SessionTable::new(client, &name, &AppId::public())
}

macro_rules! contract {
    ($($case:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            contract::$case(embedded().await).await;
        }
    )*};
}

contract!(
    a_session_is_read_as_it_was_written,
    a_taken_handle_is_not_overwritten,
    what_does_not_exist_is_absent,
    of_two_rotations_one_wins,
    an_ended_session_is_not_rotated_back,
    a_generation_only_grows,
    keeping_a_session_raises_and_lifts_at_once_or_not_at_all,
    the_sweep_is_conditional,
    the_index_pages_through_one_users_sessions,
    many_sessions_are_read_in_one_call,
    of_two_writers_of_keys_one_wins,
);

#[tokio::test]
async fn one_app_sees_nothing_of_another() {
    let (client, name) = empty().await;
    let app = |app| SessionTable::new(client.clone(), &name, &AppId::parse(app).unwrap());
    contract::of_two_writers_of_keys_one_wins(app("one")).await;
    contract::of_two_writers_of_keys_one_wins(app("two")).await;
    contract::the_index_pages_through_one_users_sessions(app("one")).await;
    contract::the_index_pages_through_one_users_sessions(app("two")).await;
}
