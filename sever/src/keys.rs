//! `sever keys`: shows signing keys, makes the next one, kills one.

use crate::audit::{Told, certainly_not_done};
use crate::confirm::confirm;
use crate::connect::Connected;
use crate::failure::Failure;
use crate::legible::text;
use crate::options::{KillKey, RotateKey};
use crate::output::{Done, moment, table};
use journal::{Operator, OperatorJournal, OperatorRecord};
use serde_json::{Value, json};
use shared::session::{
    KEYRING_MAX_AGE, KeyKilled, KeyRotated, KeyStore, MAX_KEYS, NextKey, ShownKey,
};
use shared::time::Timestamp;
use shared::token::key::Kid;

pub(crate) async fn list(store: &KeyStore) -> Result<Done, Failure> {
    let keys = store.show_keys().await?;
    let rows = keys.iter().map(|ShownKey { key, signs_now }| {
        let signs_now = if *signs_now { "yes" } else { "no" };
        let until = key.published_until.map_or_else(|| "-".to_owned(), moment);
        vec![
            vec![text(key.kid.as_str()), key.kind.as_str().to_owned(), signs_now.to_owned()],
            vec![moment(key.created_at), moment(key.signs_from), until],
        ]
    });
    let head = [&["KID", "KIND", "SIGNS NOW"][..], &["MADE", "SIGNS FROM", "PUBLISHED UNTIL"]];
    let text = if keys.is_empty() { "no keys yet\n".to_owned() } else { table(&head, rows) };
    let json = json!({"keys": keys.iter().map(shown).collect::<Vec<_>>()});
    Ok(Done { text, json, ..Done::default() })
}

fn shown(key: &ShownKey) -> Value {
    let ShownKey { key, signs_now } = key;
    json!({
        "kid": key.kid.as_str(),
        "kind": key.kind.as_str(),
        "createdAt": key.created_at.millis(),
        "signsFrom": key.signs_from.millis(),
        "publishedUntil": key.published_until.map(Timestamp::millis),
        "signsNow": signs_now,
    })
}

pub(crate) async fn rotate(connected: &Connected, asked: &RotateKey) -> Result<Done, Failure> {
    let store = &connected.keys;
    if asked.change.dry_run {
        let text = "would make the next dynamic key, unless one waits to sign; nothing was done\n";
        let keys: Vec<_> = store.show_keys().await?.iter().map(shown).collect();
        let json = json!({"dryRun": true, "keys": keys});
        return Ok(Done { text: text.to_owned(), json, ..Done::default() });
    }
    let result = store.rotate_key().await;
    let told = match &result {
        Ok(KeyRotated::Made(key)) => {
            tell(connected, |log, by| log.key_rotated(by, Some(&key.kid))).await
        }
        Err(error) if !certainly_not_done(error) => {
            tell(connected, |log, by| log.key_rotated(by, None)).await
        }
        _ => None,
    };
    let (NextKey { kid, signs_from }, made) = match result {
        Ok(KeyRotated::Made(key)) => (key, true),
        Ok(KeyRotated::Waiting(key)) => (key, false),
        Err(error) => return Ok(Done { told, failure: Some(error.into()), ..Done::default() }),
        Ok(KeyRotated::TooMany) => {
            let text = format!("there are {MAX_KEYS} keys already; wait until some are over");
            return Err(Failure::Refused(text));
        }
    };
    let (kid, what) = (kid.as_str(), if made { "made" } else { "was made before" });
    let text = format!("{kid} {what}, and signs from {}\n", moment(signs_from));
    let json = json!({"dryRun": false, "kid": kid, "made": made, "signsFrom": signs_from.millis()});
    Ok(Done { text, json, told, failure: None })
}

/// One record of what was done to a key.
async fn tell(
    connected: &Connected,
    record: impl FnOnce(&OperatorJournal, &Operator) -> OperatorRecord,
) -> Option<Told> {
    Some(connected.audit.tell(|journal, by| vec![record(journal, by)]).await)
}

pub(crate) async fn kill(connected: &Connected, asked: &KillKey) -> Result<Done, Failure> {
    let KillKey { kid: name, yes, change, .. } = asked;
    let store = &connected.keys;
    let unknown = || Failure::Refused("there is no key of this name; nothing was done".to_owned());
    let kid = Kid::parse(name).ok_or_else(unknown)?;
    if change.dry_run || !yes {
        let keys = store.show_keys().await?;
        let key = keys.iter().find(|key| key.key.kid == kid).ok_or_else(unknown)?;
        let ends = if key.signs_now { "signs now and would be replaced" } else { "does not sign" };
        if change.dry_run {
            let text = format!("would kill {name}, which {ends}; nothing was done\n");
            let json = json!({"dryRun": true, "wouldKill": shown(key)});
            return Ok(Done { text, json, ..Done::default() });
        }
        let what = format!("This kills {name}, which {ends}: its access tokens are refused");
        confirm(&what, name)?;
    }
    let result = store.kill_key(&kid).await;
    let told = match &result {
        Ok(KeyKilled::Killed { replacement }) => {
            tell(connected, |log, by| log.key_killed(by, &kid, Some(replacement.as_ref()))).await
        }
        Err(error) if !certainly_not_done(error) => {
            tell(connected, |log, by| log.key_killed(by, &kid, None)).await
        }
        _ => None,
    };
    let replacement = match result {
        Ok(KeyKilled::Killed { replacement }) => replacement,
        Ok(_) => return Err(unknown()),
        Err(error) => return Ok(Done { told, failure: Some(error.into()), ..Done::default() }),
    };
    let bound = KEYRING_MAX_AGE.as_secs();
    let killed = format!("killed {name}: its tokens are refused everywhere within {bound} s\n");
    let text = match &replacement {
        Some(next) => format!("{killed}{} took its place and signs now\n", next.as_str()),
        None => killed,
    };
    let json = json!({
        "dryRun": false,
        "kid": name,
        "replacement": replacement.as_ref().map(Kid::as_str),
        "refusedWithinSeconds": bound,
    });
    Ok(Done { text, json, told, failure: None })
}
