//! Signing keys and what is published of them.

use super::{NOW, handle, opened, tenant, user};
use shared::table::{KeysWritten, SessionTable};
use shared::time::Entropy;
use shared::token::signing::{KeyLifetimes, SigningKey, SigningKeys};
use std::time::Duration;

const LIFETIMES: KeyLifetimes = KeyLifetimes {
    update_interval: Duration::from_hours(1),
    access_token_validity: Duration::from_mins(1),
};

/// Keys are written by one of those who would, private and public half together.
pub(super) async fn of_two_writers_of_keys_one_wins(table: SessionTable) {
    assert!(table.signing_keys().await.expect("an answer").is_none());
    let first = SigningKeys::first(NOW, &Entropy::system()).expect("keys");
    let late = SigningKeys::first(NOW, &Entropy::system()).expect("keys");
    assert_eq!(table.write_keys(&first).await.expect("an answer"), KeysWritten::Written);
    assert_eq!(table.write_keys(&late).await.expect("an answer"), KeysWritten::Stale);

    let read = table.signing_keys().await.expect("an answer").expect("keys");
    let read = SigningKeys::from_stored(read, None).expect("plain keys");
    let next = || {
        SigningKey::dynamic(NOW.plus(Duration::from_hours(2)), &Entropy::system()).expect("a key")
    };
    let (one, two) = (read.rotated(next(), LIFETIMES), first.rotated(next(), LIFETIMES));
    assert_eq!(table.write_keys(&one).await.expect("an answer"), KeysWritten::Written);
    assert_eq!(table.write_keys(&two).await.expect("an answer"), KeysWritten::Stale);

    let published = table.published_keys().await.expect("an answer").expect("keys");
    for key in one.public().expect("keys") {
        assert!(published.keys().any(|public| public.kid == key.kid));
    }
    let read = table.signing_keys().await.expect("an answer").expect("keys");
    let read = SigningKeys::from_stored(read, None).expect("plain keys");
    assert_eq!((read.version, read.public()), (one.version, one.public()));
}

/// A sandbox that has no keys yet needs no round trip of its own for them.
pub(super) async fn a_strict_check_reads_the_keys_along(table: SessionTable) {
    let keys = SigningKeys::first(NOW, &Entropy::system()).expect("keys");
    assert_eq!(table.write_keys(&keys).await.expect("an answer"), KeysWritten::Written);
    opened(&table, "s", "u", 0).await;
    for (name, there) in [("s", true), ("absent", false)] {
        let read = table.read_strictly(&handle(name), &user("u"), &tenant("public"), true).await;
        let read = read.expect("an answer");
        assert_eq!(read.session.is_some(), there);
        let known = read.keys.expect("keys");
        assert!(
            keys.public()
                .expect("keys")
                .iter()
                .all(|key| known.keys().any(|one| one.kid == key.kid))
        );
    }
}
