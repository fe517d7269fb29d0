//! `sever keys`: shows signing keys, makes the next one, kills one.

use crate::confirm::confirm;
use crate::failure::Failure;
use crate::options::Global;
use crate::output::{Done, moment, table};
use serde_json::{Value, json};
use shared::session::{
    KEYRING_MAX_AGE, KeyKilled, KeyRotated, MAX_KEYS, NextKey, Sessions, ShownKey,
};
use shared::time::Timestamp;
use shared::token::keyring::Kid;

pub(crate) async fn list(sessions: &Sessions) -> Result<Done, Failure> {
    let keys = sessions.show_keys().await?;
    let rows = keys.iter().map(|ShownKey { key, signs_now }| {
        [
            key.kid.as_str().to_owned(),
            key.kind.as_str().to_owned(),
            moment(key.created_at),
            moment(key.signs_from),
            key.published_until.map_or_else(|| "-".to_owned(), moment),
            if *signs_now { "yes" } else { "no" }.to_owned(),
        ]
    });
    let head = ["KID", "KIND", "MADE", "SIGNS FROM", "PUBLISHED UNTIL", "SIGNS NOW"];
    let text = if keys.is_empty() { "no keys yet\n".to_owned() } else { table(head, rows) };
    let json = json!({"keys": keys.iter().map(shown).collect::<Vec<_>>()});
    Ok(Done { text, json, failure: None })
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

pub(crate) async fn rotate(sessions: &Sessions, global: &Global) -> Result<Done, Failure> {
    if global.dry_run {
        let text = "would make the next dynamic key, unless one waits to sign; nothing was done\n";
        let keys: Vec<_> = sessions.show_keys().await?.iter().map(shown).collect();
        let json = json!({"dryRun": true, "keys": keys});
        return Ok(Done { text: text.to_owned(), json, failure: None });
    }
    let (NextKey { kid, signs_from }, made) = match sessions.rotate_key().await? {
        KeyRotated::Made(key) => (key, true),
        KeyRotated::Waiting(key) => (key, false),
        KeyRotated::TooMany => {
            let text = format!("there are {MAX_KEYS} keys already; wait until some are over");
            return Err(Failure::Refused(text));
        }
    };
    let (kid, what) = (kid.as_str(), if made { "made" } else { "was made before" });
    let text = format!("{kid} {what}, and signs from {}\n", moment(signs_from));
    let json = json!({"dryRun": false, "kid": kid, "made": made, "signsFrom": signs_from.millis()});
    Ok(Done { text, json, failure: None })
}

pub(crate) async fn kill(
    sessions: &Sessions,
    name: &str,
    global: &Global,
) -> Result<Done, Failure> {
    let unknown = || Failure::Refused("there is no key of this name; nothing was done".to_owned());
    let kid = Kid::parse(name).ok_or_else(unknown)?;
    if global.dry_run || !global.yes {
        let keys = sessions.show_keys().await?;
        let key = keys.iter().find(|key| key.key.kid == kid).ok_or_else(unknown)?;
        let ends = if key.signs_now { "signs now and would be replaced" } else { "does not sign" };
        if global.dry_run {
            let text = format!("would kill {name}, which {ends}; nothing was done\n");
            let json = json!({"dryRun": true, "wouldKill": shown(key)});
            return Ok(Done { text, json, failure: None });
        }
        let what = format!("This kills {name}, which {ends}: its access tokens are refused");
        confirm(global, &what, name)?;
    }
    let KeyKilled::Killed { replacement } = sessions.kill_key(&kid).await? else {
        return Err(unknown());
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
    Ok(Done { text, json, failure: None })
}
