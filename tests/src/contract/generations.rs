//! Generations: raised, read, and raised while one session is kept.

use super::{
    NOW, Tables, found, generation_at, handle, insert, opened, present, session, tenant, user,
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use shared::ids::{Generation, TenantId};
use shared::model::{Ended, Generations, Scope};
use shared::table::{KeptSession, RaiseKeeping, SessionTable};
use shared::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Generations only grow, whatever the clock says.
pub(super) async fn a_generation_only_grows(table: SessionTable) {
    let owner = user("u");
    for (scope, place) in [
        (Scope::User, "acme"),
        (Scope::Tenant(tenant("acme")), "acme"),
        (Scope::Tenant(TenantId::public()), "public"),
    ] {
        let mut last = Generation::default();
        for now in [NOW, NOW, Timestamp::from_millis(5), NOW.plus(Duration::from_hours(1)), NOW] {
            let next = table.raise(&owner, &scope, generation_at(now)).await.expect("an answer");
            assert!(next > last);
            assert_eq!(scope.of(present(&table, "u", place, "s").await), next);
            last = next;
        }
    }
}

/// None masks another: the whole user, a tenant, another tenant, another user.
pub(super) async fn each_scope_counts_by_itself(table: SessionTable) {
    let owner = user("u");
    let raise =
        async |scope| table.raise(&owner, &scope, generation_at(NOW)).await.expect("an answer");
    let read = async |name: &str| {
        let session = handle("absent");
        let strict = table.read_strictly(&session, &owner, &tenant(name), false).await;
        let generations = present(&table, "u", name, "absent").await;
        assert_eq!(strict.expect("an answer").generations, generations);
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
    for place in ["acme", "globex", "public"] {
        assert_eq!(present(&table, "u#", place, "absent").await, zero);
    }
}

/// The session and all generations that count for it, and no others, come in one answer.
pub(super) async fn a_strict_check_reads_all_that_judges(table: SessionTable) {
    let (owner, acme) = (user("u"), tenant("acme"));
    let session = opened(&table, "s", "u", 0).await;
    let read =
        async || table.read_strictly(&session, &owner, &acme, false).await.expect("an answer");
    let alive = async || {
        let read = read().await;
        read.session.expect("a session").judge(read.generations, NOW).is_ok()
    };
    assert!(alive().await);
    for elsewhere in [tenant("globex"), TenantId::public()] {
        table
            .raise(&owner, &Scope::Tenant(elsewhere), generation_at(NOW))
            .await
            .expect("an answer");
    }
    table.raise(&user("other"), &Scope::User, generation_at(NOW)).await.expect("an answer");
    assert!(alive().await);
    let raised = table.raise(&owner, &Scope::Tenant(acme.clone()), generation_at(NOW)).await;
    assert!(!alive().await);
    assert_eq!(read().await.generations.tenant, raised.expect("an answer"));
    // A token may name another's session: each part of the answer is what was asked for.
    let other = table.read_strictly(&session, &user("other"), &TenantId::public(), false).await;
    let other = other.expect("an answer");
    assert_eq!(other.session.expect("a session").user, owner);
    assert!(other.generations.whole > Generation::default());
    assert!(read().await.keys.is_none(), "keys are read when they are asked for");
}

/// A user's sessions in so many tenants that one batch does not take the items that judge them.
pub(super) async fn more_tenants_than_one_batch_takes_are_read(table: SessionTable) {
    let owner = user("u");
    let mut handles = Vec::new();
    for i in 0..130 {
        let mut session = session(&format!("s-{i}"), "u", 0);
        session.standing.tenant = tenant(&format!("tenant-{i}"));
        insert(&table, &session).await;
        handles.push(session.handle);
    }
    let whole = table.raise(&owner, &Scope::User, generation_at(NOW)).await.expect("an answer");
    let last = Scope::Tenant(tenant("tenant-129"));
    let raised = table.raise(&owner, &last, generation_at(NOW)).await.expect("an answer");
    let found = table.find_all(&handles, &owner).await.expect("an answer");
    assert_eq!(found.len(), handles.len());
    for (session, generations) in found {
        let tenant = if session.handle == handles[129] { raised } else { Generation::default() };
        assert_eq!(generations, Generations { whole, tenant, ..Generations::default() });
    }
}

/// Every item that holds a generation has as many attributes after many revocations as after one.
pub(super) async fn no_number_of_revocations_makes_an_item_grow(tables: Tables) {
    let (dynamodb, name) = (tables.dynamodb.clone(), tables.name.clone());
    let table = SessionTable::from(tables);
    let revoke = async |tenants: std::ops::Range<usize>| {
        for i in tenants {
            let scope = Scope::Tenant(tenant(&format!("tenant-{i}")));
            table.raise(&user("u"), &scope, generation_at(NOW)).await.expect("an answer");
        }
        for scope in [Scope::User, Scope::Tenant(TenantId::public())] {
            table.raise(&user("u"), &scope, generation_at(NOW)).await.expect("an answer");
        }
        table.raise_tenant(&tenant("tenant-0"), generation_at(NOW)).await.expect("an answer");
    };
    let largest = async || {
        let items = dynamodb.scan().table_name(&name).consistent_read(true).send().await;
        let items = items.expect("an answer").items.unwrap_or_default();
        items.iter().map(HashMap::len).max().expect("an item")
    };
    revoke(0..1).await;
    let bound = largest().await;
    revoke(0..100).await;
    assert_eq!((bound, largest().await), (3, 3), "a key and two numbers");
}

/// Whatever characters a user id has, the item of one user, or of one user in one tenant, is no
/// other's.
pub(super) async fn no_two_meanings_share_an_item(table: SessionTable) {
    let raised = ["acme#u", "acme", "#", "tenant#public#acme#0", ""];
    for name in raised {
        table.raise(&user(name), &Scope::User, generation_at(NOW)).await.expect("an answer");
        let scope = Scope::Tenant(tenant("globex"));
        table.raise(&user(name), &scope, generation_at(NOW)).await.expect("an answer");
    }
    for name in ["u", "#u", "acme##u", "globex#u", "globex#acme", "public#u", "0"] {
        for place in ["public", "acme", "globex"] {
            let zero = Generations::default();
            assert_eq!(present(&table, name, place, "s").await, zero, "{name} in {place}");
        }
    }
    for name in raised {
        let zero = Generation::default();
        let read = present(&table, name, "globex", "s").await;
        assert!(read.whole > zero && read.tenant > zero && read.everybody == zero, "{name}");
    }
}

/// A session of a generation that was lost with its item is ahead, and no revocation that follows
/// reaches its generation again: each is at least the present time.
pub(super) async fn a_lost_generation_is_never_reached_again(tables: Tables) {
    let (dynamodb, name) = (tables.dynamodb.clone(), tables.name.clone());
    let (table, owner) = (SessionTable::from(tables), user("u"));
    for (pk, scope, place) in [
        ("user#public#u", Scope::User, "acme"),
        ("user-tenant#public#acme#u", Scope::Tenant(tenant("acme")), "acme"),
        ("user#public#u", Scope::Tenant(TenantId::public()), "public"),
    ] {
        for now in [NOW, NOW, NOW] {
            table.raise(&owner, &scope, generation_at(now)).await.expect("an answer");
        }
        let mut session = session("s", "u", 0);
        session.standing.tenant = tenant(place);
        session.standing.born = present(&table, "u", place, "s").await;
        let judged = async |after: u64| {
            let present = present(&table, "u", place, "s").await;
            session.standing.judge(present, NOW.plus(Duration::from_millis(after)))
        };
        assert_eq!(judged(0).await, Ok(()));
        let key = AttributeValue::S(pk.to_owned());
        dynamodb.delete_item().table_name(&name).key("pk", key).send().await.expect("an answer");
        assert_eq!(judged(0).await, Err(Ended::Ahead));
        for after in 10..20 {
            let now = NOW.plus(Duration::from_millis(after));
            table.raise(&owner, &scope, generation_at(now)).await.expect("an answer");
            assert_eq!(judged(after).await, Err(Ended::Revoked));
        }
    }
}

/// An item that became what it was, and clocks that are behind it: the generation that follows is
/// another than the one that followed before.
pub(super) async fn a_restored_generation_is_not_followed_by_the_lost_one(tables: Tables) {
    let (dynamodb, name) = (tables.dynamodb.clone(), tables.name.clone());
    let (table, owner) = (SessionTable::from(tables), user("u"));
    let behind = NOW.minus(Duration::from_secs(24));
    for (pk, scope, place) in [
        ("user#public#u", Scope::User, "acme"),
        ("user-tenant#public#acme#u", Scope::Tenant(tenant("acme")), "acme"),
        ("user#public#u", Scope::Tenant(TenantId::public()), "public"),
    ] {
        let raise = async |now| {
            table.raise(&owner, &scope, generation_at(now)).await.expect("an answer");
        };
        raise(NOW).await;
        let key = AttributeValue::S(pk.to_owned());
        let older = dynamodb.get_item().table_name(&name).key("pk", key).send().await;
        raise(behind).await;
        let mut session = session("s", "u", 0);
        session.standing.tenant = tenant(place);
        session.standing.born = present(&table, "u", place, "s").await;
        let older = older.expect("an answer").item;
        dynamodb.put_item().table_name(&name).set_item(older).send().await.expect("an answer");
        for _ in 0..3 {
            raise(behind).await;
            let judged = session.standing.judge(present(&table, "u", place, "s").await, NOW);
            assert!(judged.is_err());
        }
    }
}

/// A tenant's generation is written in 16 copies, and every one of them is raised each time.
pub(super) async fn the_end_of_a_tenant_is_written_in_every_copy(tables: Tables) {
    let (dynamodb, name) = (tables.dynamodb.clone(), tables.name.clone());
    let (table, acme) = (SessionTable::from(tables), tenant("acme"));
    let copies = async || {
        let items = dynamodb.scan().table_name(&name).consistent_read(true).send().await;
        let items = items.expect("an answer").items.unwrap_or_default();
        let number = |item: &HashMap<String, AttributeValue>| {
            let pk = item["pk"].as_s().expect("a key").clone();
            (pk, item["generation"].as_n().expect("a number").parse::<i64>().expect("a number"))
        };
        items.iter().map(number).collect::<BTreeMap<_, _>>()
    };
    let mut last = BTreeMap::new();
    // A clock that stands still or goes back raises them too.
    for now in [NOW, NOW, Timestamp::from_millis(5)] {
        table.raise_tenant(&acme, generation_at(now)).await.expect("an answer");
        let copies = copies().await;
        let keys: Vec<_> = copies.keys().cloned().collect();
        let digits = "0123456789abcdef".chars();
        assert_eq!(keys, digits.map(|d| format!("tenant#public#acme#{d}")).collect::<Vec<_>>());
        assert!(copies.iter().all(|(pk, raised)| last.get(pk).is_none_or(|old| raised > old)));
        last = copies;
    }
}

/// The copy is named by the first hex digit of the handle's SHA-256.
pub(super) async fn a_session_is_judged_by_its_own_copy(tables: Tables) {
    let (dynamodb, table_name) = (tables.dynamodb.clone(), tables.name.clone());
    // `printf h1 | sha256sum`
    let digit = "3";
    for copy in "0123456789abcdef".chars() {
        let generation = i32::from(copy.to_string() == digit) + 7;
        let put = dynamodb.put_item().table_name(&table_name);
        let put = put.item("pk", AttributeValue::S(format!("tenant#public#acme#{copy}")));
        let put = put.item("generation", AttributeValue::N(generation.to_string()));
        put.send().await.expect("an answer");
    }
    let table = SessionTable::from(tables);
    let expected = Generation::from_number(8);
    assert_eq!(present(&table, "u", "acme", "h1").await.everybody, expected);
    let session = opened(&table, "h1", "u", 0).await;
    let strict = table.read_strictly(&session, &user("u"), &tenant("acme"), false).await;
    assert_eq!(strict.expect("an answer").generations.everybody, expected);
    let found = table.find_all(&[session], &user("u")).await.expect("an answer");
    assert_eq!(found[0].1.everybody, expected);
}

/// The raise and the lifting are one, and rest on what was seen.
pub(super) async fn keeping_a_session_raises_and_lifts_at_once_or_not_at_all(table: SessionTable) {
    let owner = user("u");
    let kept = opened(&table, "kept", "u", 0).await;
    let (born, unseen) = (Generations::default(), Generations::default());
    let raise = async |seen, born| {
        let kept = KeptSession { handle: &kept, born };
        table
            .raise_keeping(&owner, &Scope::User, seen, kept, generation_at(NOW))
            .await
            .expect("an answer")
    };
    let RaiseKeeping::Raised(first) = raise(unseen, born).await else {
        panic!("nothing stood in the way")
    };
    let read = found(&table, &kept).await;
    assert_eq!(read.standing.born, Generations { whole: first, ..born });
    assert_eq!(raise(unseen, born).await, RaiseKeeping::Stale, "the generation is another by now");
    let seen = Generations { whole: first, ..unseen };
    assert_eq!(raise(seen, born).await, RaiseKeeping::Stale, "the session is another by now");
    let RaiseKeeping::Raised(second) = raise(seen, read.standing.born).await else {
        panic!("both are as they were seen")
    };
    assert!(second > first);
    table.remove(&kept).await.expect("an answer");
    let (seen, born) =
        (Generations { whole: second, ..seen }, Generations { whole: second, ..born });
    assert_eq!(raise(seen, born).await, RaiseKeeping::Stale, "the session is gone");
    assert!(table.find(&kept).await.expect("an answer").is_none(), "and stays gone");
    let now = present(&table, "u", "acme", "kept").await;
    assert_eq!(now.whole, second, "no half of it was done");
}

/// A revocation that came in between would be undone for the session that is kept.
pub(super) async fn a_session_is_not_kept_from_a_revocation_that_was_not_seen(table: SessionTable) {
    let owner = user("u");
    let (whole, acme) = (Scope::User, Scope::Tenant(tenant("acme")));
    for (i, scope) in [&whole, &acme, &whole, &acme].into_iter().enumerate() {
        let mut kept = session(&format!("kept-{i}"), "u", 0);
        let seen = present(&table, "u", "acme", "kept").await;
        kept.standing.born = seen;
        insert(&table, &kept).await;
        let raised = table.raise(&owner, scope, generation_at(NOW)).await.expect("an answer");
        let spared = KeptSession { handle: &kept.handle, born: kept.standing.born };
        let became = table.raise_keeping(&owner, scope, seen, spared, generation_at(NOW)).await;
        assert_eq!(became.expect("an answer"), RaiseKeeping::Stale, "{i}");
        let now = present(&table, "u", "acme", "kept").await;
        assert_eq!(scope.of(now), raised, "no half of it was done");
        let read = found(&table, &kept.handle).await.standing;
        assert_eq!(read.judge(now, NOW), Err(Ended::Revoked));
    }
}

/// A tenant's generation likewise.
pub(super) async fn keeping_a_session_in_its_tenant_leaves_the_whole_alone(table: SessionTable) {
    let (owner, acme) = (user("u"), tenant("acme"));
    let kept = opened(&table, "kept", "u", 0).await;
    let other = opened(&table, "other", "u", 0).await;
    let (scope, unseen) = (Scope::Tenant(acme), Generations::default());
    let spared = KeptSession { handle: &kept, born: unseen };
    let raised = table.raise_keeping(&owner, &scope, unseen, spared, generation_at(NOW)).await;
    let raised = raised.expect("an answer");
    let RaiseKeeping::Raised(raised) = raised else { panic!("nothing stood in the way") };
    let read = present(&table, "u", "acme", "kept").await;
    assert_eq!(read.whole, Generation::default());
    let born = Generations { tenant: raised, ..Generations::default() };
    assert_eq!(found(&table, &kept).await.standing.born, born);
    for (session, alive) in [(kept, true), (other, false)] {
        assert_eq!(found(&table, &session).await.standing.judge(read, NOW).is_ok(), alive);
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
        // `printf s | sha256sum`
        ("pk".to_owned(), AttributeValue::S("tenant#public#acme#0".to_owned())),
        ("generation".to_owned(), AttributeValue::N("7".to_owned())),
    ]);
    let put = tables.dynamodb.put_item().table_name(&tables.name).set_item(Some(item));
    put.send().await.expect("an answer");
    let (table, owner, acme) = (SessionTable::from(tables), user("u"), tenant("acme"));
    let session = opened(&table, "s", "u", 7).await;
    let raise =
        async |scope| table.raise(&owner, &scope, generation_at(NOW)).await.expect("an answer");
    let expected = Generations {
        whole: raise(Scope::User).await,
        tenant: raise(Scope::Tenant(acme.clone())).await,
        everybody: Generation::from_number(7),
    };
    for _ in 0..20 {
        let read = table.read_strictly(&session, &owner, &acme, true).await.expect("an answer");
        assert_eq!(read.generations, expected);
        assert!(read.session.is_some() && read.keys.is_none());
        assert_eq!(present(&table, "u", "acme", "s").await, expected);
    }
}
