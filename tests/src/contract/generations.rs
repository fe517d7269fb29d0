//! Generations: raised, read, and raised while one session is kept.

use super::{NOW, Tables, found, handle, insert, opened, session, tenant, user};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use shared::ids::{Generation, TenantId};
use shared::model::{Ended, Generations, Scope, UserGenerations};
use shared::table::{Kept, SessionTable};
use shared::time::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Generations only grow, whatever the clock says.
pub(super) async fn a_generation_only_grows(table: SessionTable) {
    let owner = user("u");
    for scope in [Scope::User, Scope::Tenant(tenant("acme"))] {
        let mut last = Generation::default();
        for now in [NOW, NOW, Timestamp::from_millis(5), NOW.plus(Duration::from_hours(1)), NOW] {
            let next = table.raise(&owner, &scope, now).await.expect("an answer");
            assert!(next > last);
            last = next;
        }
        let read = table.generations(&owner, &[].into()).await.expect("an answer");
        assert_eq!(scope.of(&read), last);
    }
}

/// None masks another: the whole user, a tenant, another tenant, another user.
pub(super) async fn each_scope_counts_by_itself(table: SessionTable) {
    let owner = user("u");
    let raise = async |scope| table.raise(&owner, &scope, NOW).await.expect("an answer");
    let read = async |name: &str| {
        let tenants = [tenant(name)].into();
        let read = table.generations(&owner, &tenants).await.expect("an answer");
        let session = handle("absent");
        let strict = table.read_strictly(&session, &owner, &tenant(name), false).await;
        let generations = read.in_tenant(&tenant(name));
        assert_eq!(strict.expect("an answer").generations.in_tenant(&tenant(name)), generations);
        generations
    };
    let zero = Generations::default();
    // A user who was never revoked as a whole.
    let acme = raise(Scope::Tenant(tenant("acme"))).await;
    assert_eq!(read("acme").await, Generations { tenant: acme, ..zero });
    assert_eq!(read("acm").await, zero);
    let public = raise(Scope::Tenant(TenantId::public())).await;
    let whole = raise(Scope::User).await;
    assert_eq!(read("acme").await, Generations { whole, tenant: acme, ..zero });
    assert_eq!(read("globex").await, Generations { whole, ..zero });
    assert_eq!(read("public").await, Generations { whole, tenant: public, ..zero });
    let several = ["acme", "globex", "public"].map(tenant).into();
    let present = table.generations(&owner, &several).await.expect("an answer");
    assert_eq!(present.in_tenant(&tenant("acme")).tenant, acme);
    assert_eq!(present.in_tenant(&tenant("globex")), Generations { whole, ..zero });
    assert_eq!(present.in_tenant(&TenantId::public()).tenant, public);
    let other = table.generations(&user("u#"), &several).await.expect("an answer");
    assert_eq!(other, UserGenerations::default());
}

/// The session and all generations that count for it, and no others, come in one answer.
pub(super) async fn a_strict_check_reads_all_that_judges(table: SessionTable) {
    let (owner, acme) = (user("u"), tenant("acme"));
    let session = opened(&table, "s", "u", 0).await;
    let read =
        async || table.read_strictly(&session, &owner, &acme, false).await.expect("an answer");
    let alive = async || {
        let read = read().await;
        read.session.expect("a session").judge(&read.generations, NOW).is_ok()
    };
    assert!(alive().await);
    let elsewhere = Scope::Tenant(tenant("globex"));
    table.raise(&owner, &elsewhere, NOW).await.expect("an answer");
    table.raise(&user("other"), &Scope::User, NOW).await.expect("an answer");
    assert!(alive().await);
    let raised = table.raise(&owner, &Scope::Tenant(acme.clone()), NOW).await;
    assert!(!alive().await);
    assert_eq!(read().await.generations.in_tenant(&acme).tenant, raised.expect("an answer"));
    // A token may name another's session: each part of the answer is what was asked for.
    let other = table.read_strictly(&session, &user("other"), &TenantId::public(), false).await;
    let other = other.expect("an answer");
    assert_eq!(other.session.expect("a session").user, owner);
    assert!(other.generations.whole > Generation::default());
    assert!(read().await.keys.is_none(), "keys are read when they are asked for");
}

/// A user's item and an item for each tenant.
pub(super) async fn more_tenants_than_one_batch_takes_are_read(table: SessionTable) {
    let owner = user("u");
    let tenants: BTreeSet<_> = (0..130).map(|i| tenant(&format!("tenant-{i}"))).collect();
    let whole = table.raise(&owner, &Scope::User, NOW).await.expect("an answer");
    let last = tenant("tenant-129");
    let raised = table.raise(&owner, &Scope::Tenant(last.clone()), NOW).await;
    let read = table.generations(&owner, &tenants).await.expect("an answer");
    assert_eq!(read.whole, whole);
    assert_eq!(read.tenants, [(last, raised.expect("an answer"))].into());
}

/// The raise and the lifting are one, and rest on what was seen.
pub(super) async fn keeping_a_session_raises_and_lifts_at_once_or_not_at_all(table: SessionTable) {
    let owner = user("u");
    let kept = opened(&table, "kept", "u", 0).await;
    let (born, unseen) = (Generations::default(), UserGenerations::default());
    let raise = async |seen: &UserGenerations, born| {
        let kept = (&kept, born);
        table.raise_keeping(&owner, &Scope::User, seen, kept, NOW).await.expect("an answer")
    };
    let Kept::Raised(first) = raise(&unseen, born).await else {
        panic!("nothing stood in the way")
    };
    let read = found(&table, &kept).await;
    assert_eq!(read.standing.born, Generations { whole: first, ..born });
    assert_eq!(raise(&unseen, born).await, Kept::Stale, "the generation is another by now");
    let seen = UserGenerations { whole: first, ..unseen };
    assert_eq!(raise(&seen, born).await, Kept::Stale, "the session is another by now");
    let Kept::Raised(second) = raise(&seen, read.standing.born).await else {
        panic!("both are as they were seen")
    };
    assert!(second > first);
    table.remove(&kept).await.expect("an answer");
    let (seen, born) =
        (UserGenerations { whole: second, ..seen }, Generations { whole: second, ..born });
    assert_eq!(raise(&seen, born).await, Kept::Stale, "the session is gone");
    assert!(table.find(&kept).await.expect("an answer").is_none(), "and stays gone");
    let now = table.generations(&owner, &[].into()).await.expect("an answer");
    assert_eq!(now.whole, second, "no half of it was done");
}

/// A revocation that came in between would be undone for the session that is kept.
pub(super) async fn a_session_is_not_kept_from_a_revocation_that_was_not_seen(table: SessionTable) {
    let owner = user("u");
    let (whole, acme) = (Scope::User, Scope::Tenant(tenant("acme")));
    for (i, scope) in [&whole, &acme, &whole, &acme].into_iter().enumerate() {
        let seen = table.generations(&owner, &[].into()).await.expect("an answer");
        let mut kept = session(&format!("kept-{i}"), "u", 0);
        kept.standing.born = seen.in_tenant(&tenant("acme"));
        insert(&table, &kept).await;
        let raised = table.raise(&owner, scope, NOW).await.expect("an answer");
        let spared = (&kept.handle, kept.standing.born);
        let became = table.raise_keeping(&owner, scope, &seen, spared, NOW).await;
        assert_eq!(became.expect("an answer"), Kept::Stale, "{i}");
        let now = table.generations(&owner, &[].into()).await.expect("an answer");
        assert_eq!(scope.of(&now), raised, "no half of it was done");
        let read = found(&table, &kept.handle).await.standing;
        assert_eq!(read.judge(&now, NOW), Err(Ended::Revoked));
    }
}

/// A tenant's generation likewise.
pub(super) async fn keeping_a_session_in_its_tenant_leaves_the_whole_alone(table: SessionTable) {
    let (owner, acme) = (user("u"), tenant("acme"));
    let kept = opened(&table, "kept", "u", 0).await;
    let other = opened(&table, "other", "u", 0).await;
    let (scope, unseen) = (Scope::Tenant(acme.clone()), UserGenerations::default());
    let raised = table
        .raise_keeping(&owner, &scope, &unseen, (&kept, Generations::default()), NOW)
        .await
        .expect("an answer");
    let Kept::Raised(raised) = raised else { panic!("nothing stood in the way") };
    let read = table.generations(&owner, &[acme].into()).await.expect("an answer");
    assert_eq!(read.whole, Generation::default());
    let born = Generations { tenant: raised, ..Generations::default() };
    assert_eq!(found(&table, &kept).await.standing.born, born);
    for (session, alive) in [(kept, true), (other, false)] {
        assert_eq!(found(&table, &session).await.standing.judge(&read, NOW).is_ok(), alive);
    }
}

/// The client sends a transaction again, under the same name, when its answer was lost; what was
/// seen is then no longer so, and it must succeed all the same.
pub(super) async fn a_transaction_that_is_sent_twice_is_done_once(tables: Tables) {
    let Tables { dynamodb, name } = tables;
    let key = || AttributeValue::S("user#public#u".to_owned());
    let number = |number: i32| AttributeValue::N(number.to_string());
    let update = Update::builder()
        .table_name(&name)
        .key("pk", key())
        .update_expression("ADD #generation :one")
        .condition_expression("attribute_not_exists(#generation)")
        .expression_attribute_names("#generation", "generation")
        .expression_attribute_values(":one", number(1))
        .build()
        .expect("an update");
    let item = TransactWriteItem::builder().update(update).build();
    let send = async |token: &str| {
        let transaction = dynamodb.transact_write_items().transact_items(item.clone());
        // Tokens count for all tables, and for ten minutes.
        let token = format!("{}-{token}", std::process::id());
        transaction.client_request_token(token).send().await
    };
    send("one").await.expect("an answer");
    send("one").await.expect("the same answer");
    let refusal =
        send("two").await.expect_err("the condition no longer holds").into_service_error();
    assert!(refusal.is_transaction_canceled_exception(), "{refusal:?}");
    let read = dynamodb.get_item().table_name(&name).key("pk", key()).consistent_read(true);
    let read = read.send().await.expect("an answer").item.expect("an item");
    assert_eq!(
        read,
        HashMap::from([("pk".to_owned(), key()), ("generation".to_owned(), number(1))])
    );
}

/// The items of one answer come in any order. dynalite shuffles them.
pub(super) async fn the_order_within_an_answer_makes_no_difference(tables: Tables) {
    let item = HashMap::from([
        ("pk".to_owned(), AttributeValue::S("tenant#public#acme".to_owned())),
        ("generation".to_owned(), AttributeValue::N("7".to_owned())),
    ]);
    let put = tables.dynamodb.put_item().table_name(&tables.name).set_item(Some(item));
    put.send().await.expect("an answer");
    let (table, owner, acme) = (SessionTable::from(tables), user("u"), tenant("acme"));
    let session = opened(&table, "s", "u", 7).await;
    let raise = async |scope| table.raise(&owner, &scope, NOW).await.expect("an answer");
    let expected = Generations {
        whole: raise(Scope::User).await,
        tenant: raise(Scope::Tenant(acme.clone())).await,
        everybody: Generation::from_number(7),
    };
    let several = [acme.clone(), tenant("globex")].into();
    for _ in 0..20 {
        let read = table.read_strictly(&session, &owner, &acme, true).await.expect("an answer");
        assert_eq!(read.generations.in_tenant(&acme), expected);
        assert!(read.session.is_some() && read.keys.is_none());
        let read = table.generations(&owner, &several).await.expect("an answer");
        assert_eq!(read.in_tenant(&acme), expected);
    }
}
