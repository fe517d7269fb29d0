//! The table's contract, on the embedded engine.

use local::dynamodb::{Embedded, client, create_table_if_absent};
use local::template::{SEVER, Template};
use std::sync::Arc;
use tests::contract::{CASES, Tables, case};

async fn embedded() -> Tables {
    let here = "http://localhost".to_owned();
    let urls = ["ApiDomain", "WebsiteDomain"].map(|name| (name.to_owned(), here.clone()));
    let table = Template::parse(SEVER, &urls.into()).unwrap().table;
    let client = client(Arc::new(Embedded::memory().unwrap()));
    create_table_if_absent(&client, &table).await.unwrap();
    Tables::new(client, &table.name)
}

macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        const HERE: &[&str] = &[$(stringify!($case)),*];

        $(#[tokio::test]
        async fn $case() {
            case(stringify!($case)).unwrap().run(embedded().await).await;
        })*
    };
}

contract!(
    a_session_is_read_as_it_was_written,
    the_longest_names_are_kept,
    a_user_may_have_no_name,
    every_character_is_kept,
    a_taken_handle_is_not_overwritten,
    what_does_not_exist_is_absent,
    of_two_rotations_one_wins,
    a_rotation_that_was_followed_by_another_is_known_again,
    a_rotation_may_bring_an_anti_csrf_token,
    an_ended_session_is_not_rotated_back,
    a_promotion_makes_a_token_current,
    of_two_promotions_one_wins,
    a_session_whose_time_is_over_is_not_promoted,
    what_an_application_changes_is_replaced_and_nothing_else,
    a_generation_only_grows,
    each_scope_counts_by_itself,
    a_strict_check_reads_all_that_judges,
    more_tenants_than_one_batch_takes_are_read,
    no_number_of_revocations_makes_an_item_grow,
    no_two_meanings_share_an_item,
    a_lost_generation_is_never_reached_again,
    a_restored_generation_is_not_followed_by_the_lost_one,
    the_end_of_a_tenant_is_written_in_every_copy,
    a_session_is_judged_by_its_own_copy,
    keeping_a_session_raises_and_lifts_at_once_or_not_at_all,
    a_session_is_not_kept_from_a_revocation_that_was_not_seen,
    keeping_a_session_in_its_tenant_leaves_the_whole_alone,
    the_order_within_an_answer_makes_no_difference,
    a_transaction_that_is_sent_twice_is_done_once,
    the_sweep_is_conditional,
    the_index_pages_through_one_users_sessions,
    the_index_tells_tenants_apart,
    a_page_goes_on_after_a_session_that_is_gone,
    many_sessions_are_read_in_one_call,
    what_does_not_fit_into_one_answer_is_asked_for_again,
    of_two_writers_of_keys_one_wins,
    a_strict_check_reads_the_keys_along,
    an_app_is_read_as_it_was_written,
    of_two_writers_of_an_app_one_wins,
    the_list_has_the_apps_that_there_are,
    a_removed_app_takes_its_keys_along,
    the_end_of_a_tenant_ends_everybodys_sessions_in_it,
    one_app_sees_nothing_of_another,
    of_many_sessions_with_one_handle_one_is_opened,
    of_many_rotations_at_once_one_wins,
    of_many_removals_at_once_one_reports,
    every_revocation_has_a_generation_of_its_own,
    of_many_who_keep_a_session_at_most_one_raises,
    of_many_writers_of_an_app_at_most_one_wins,
);

#[test]
fn every_case_of_the_contract_stands_here() {
    assert_eq!(HERE, CASES.iter().map(|case| case.name).collect::<Vec<_>>());
}
