//! `sever sessions`: shows a user's, and ends some by handle.

use crate::audit::{Told, certainly_not_done};
use crate::confirm::confirm;
use crate::connect::Connected;
use crate::failure::Failure;
use crate::legible::text;
use crate::options::{List, RevokeSessions};
use crate::output::{Done, count, sessions_of_users_text, sessions_text, table};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use journal::{Operator, OperatorJournal};
use serde_json::{Value, json};
use shared::http::listing;
use shared::ids::{SessionHandle, UserId};
use shared::model::{Scope, Session, Summary};
use shared::session::{MAX_HANDLES, MAX_LISTED, Revoked, SessionError, SessionStore, newest_first};
use std::collections::{BTreeSet, HashSet};
use std::io::{self, Read as _};

/// How many sessions are looked at at once.
const CONCURRENCY: usize = 16;
/// The most bytes of handles that are read from standard input.
const MAX_INPUT: u64 = 16 << 20;

/// Some of a user's sessions.
pub(crate) struct Found {
    /// Newest first.
    pub(crate) sessions: Vec<Summary>,
    /// Whether there may be others.
    pub(crate) more: bool,
}

/// Up to `wanted` live sessions, page by page. One page that cannot be read fails the whole: a part
/// of a listing would look like all of it.
pub(crate) async fn find(
    store: &SessionStore,
    user: &UserId,
    scope: &Scope,
    wanted: usize,
) -> Result<Found, SessionError> {
    let mut found = Found { sessions: Vec::new(), more: true };
    let mut after = None;
    while found.more && found.sessions.len() < wanted {
        let left = wanted - found.sessions.len();
        let limit = u8::try_from(left).unwrap_or(MAX_LISTED).min(MAX_LISTED);
        let page = store.list(user, scope, limit, after.as_ref()).await?;
        found.sessions.extend(page.sessions);
        after = page.next;
        found.more = after.is_some();
    }
    // Each page is sorted by itself.
    newest_first(&mut found.sessions);
    Ok(found)
}

pub(crate) async fn list(store: &SessionStore, asked: &List) -> Result<Done, Failure> {
    let user = UserId::parse(&asked.user)?;
    let scope = Scope::of_tenant(asked.tenant.as_deref())?;
    let wanted = if asked.all { usize::MAX } else { asked.limit };
    let found = find(store, &user, &scope, wanted).await?;
    let mut told = if found.sessions.is_empty() {
        format!("no live sessions of user {}\n", text(user.as_str()))
    } else {
        sessions_text(&found.sessions)
    };
    if found.more {
        told.push_str("there may be more: give --all, or a higher --limit\n");
    }
    let shown: Vec<_> = found.sessions.iter().map(listing::shown).collect();
    let json = json!({"sessions": shown, "more": found.more});
    Ok(Done { text: told, json, ..Done::default() })
}

pub(crate) async fn revoke(connected: &Connected, asked: &RevokeSessions) -> Result<Done, Failure> {
    let store = &connected.store;
    let handles = handles(&asked.handles)?;
    if asked.change.dry_run {
        return Ok(rehearsed(&handles, &look_up(store, &handles).await?));
    }
    if handles.len() > 1 && !asked.yes {
        let found = look_up(store, &handles).await?;
        let users: BTreeSet<_> = found.iter().map(|session| &session.standing.user).collect();
        if users.len() > 1 {
            let number = found.len().to_string();
            let (ending, of) = (count(found.len(), "session"), count(users.len(), "user"));
            confirm(&format!("This ends {ending} of {of}"), &number)?;
        }
    }
    Ok(end(connected, &handles).await)
}

/// The handles as typed and as read, each once. None is repeated in an error: somebody may have
/// pasted a token.
fn handles(typed: &[String]) -> Result<Vec<SessionHandle>, Failure> {
    let mut texts: Vec<(String, String)> = Vec::new();
    for (i, text) in typed.iter().enumerate() {
        if text == "-" {
            let lines = read_input()?;
            let lines =
                lines.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
            let named = |(i, line): (_, &str)| (format!("line {}", i + 1), line.to_owned());
            texts.extend(lines.map(named));
        } else {
            texts.push((format!("argument {}", i + 1), text.clone()));
        }
    }
    if texts.is_empty() {
        return Err(Failure::Usage("standard input has no handles".to_owned()));
    }
    let mut seen = HashSet::new();
    let mut handles = Vec::with_capacity(texts.len());
    for (place, text) in texts {
        let handle = SessionHandle::parse(&text)
            .map_err(|invalid| Failure::Usage(format!("{place}: {invalid}; nothing was done")))?;
        if seen.insert(handle.clone()) {
            handles.push(handle);
        }
    }
    Ok(handles)
}

fn read_input() -> Result<String, Failure> {
    let mut input = String::new();
    let read = io::stdin().take(MAX_INPUT + 1).read_to_string(&mut input);
    let unread = |error| Failure::Usage(format!("standard input is no list of handles: {error}"));
    if read.map_err(unread)? as u64 > MAX_INPUT {
        let limit = format!("standard input has more than {MAX_INPUT} bytes; nothing was done");
        return Err(Failure::Usage(limit));
    }
    Ok(input)
}

/// Those of the handles that name a live session.
async fn look_up(
    store: &SessionStore,
    handles: &[SessionHandle],
) -> Result<Vec<Session>, SessionError> {
    let looks = stream::iter(handles).map(|handle| store.find(handle)).buffered(CONCURRENCY);
    looks.try_filter_map(async |found| Ok(found)).try_collect().await
}

fn rehearsed(handles: &[SessionHandle], found: &[Session]) -> Done {
    let live = |handle: &&SessionHandle| found.iter().any(|session| session.handle == **handle);
    let missing: Vec<_> = handles.iter().filter(|handle| !live(handle)).collect();
    let found: Vec<_> = found.iter().map(summary).collect();
    let missing_rows = missing.iter().map(|handle| text(handle.as_str()) + ": not found\n");
    let told = format!(
        "{}{}would end: {}; nothing was done\n",
        sessions_of_users_text(&found),
        missing_rows.collect::<String>(),
        count(found.len(), "session"),
    );
    let json = json!({
        "dryRun": true,
        "wouldEnd": found.iter().map(listing::shown).collect::<Vec<_>>(),
        "notFound": texts(missing),
    });
    let failure = found.is_empty().then(none_found);
    Done { text: told, json, told: None, failure }
}

fn summary(session: &Session) -> Summary {
    Summary {
        handle: session.handle.clone(),
        created_at: session.created_at,
        standing: session.standing.clone(),
        device: session.device.clone(),
    }
}

/// Ends them all, so far as possible: in an emergency one failure keeps nothing else alive.
async fn end(connected: &Connected, handles: &[SessionHandle]) -> Done {
    let mut answers = Vec::new();
    for some in handles.chunks(MAX_HANDLES) {
        answers.push((some, connected.store.revoke_handles(some.to_vec()).await));
    }
    let told = tell(connected, &answers).await;
    let (mut ended, mut missing, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut failure = None;
    for (some, answer) in answers {
        let (revoked, rest, error) = match answer {
            Ok(revoked) => (revoked, &mut missing, None),
            Err(SessionError::PartlyRevoked { revoked, source }) => {
                (revoked, &mut unknown, Some(Failure::from(source)))
            }
            Err(error) => (Revoked::default(), &mut unknown, Some(error.into())),
        };
        let revoked: Vec<_> = revoked.ended.into_iter().map(|session| session.handle).collect();
        rest.extend(some.iter().filter(|handle| !revoked.contains(handle)).cloned());
        ended.extend(revoked);
        failure = failure.or(error);
    }
    if ended.is_empty() && missing.is_empty() {
        return Done { told, failure, ..Done::default() };
    }
    let rows = [(&ended, "ended"), (&missing, "not found"), (&unknown, "unknown")];
    let rows = rows.into_iter().flat_map(|(handles, what)| {
        handles.iter().map(move |handle| vec![vec![text(handle.as_str()), what.to_owned()]])
    });
    let text = table(&[&["HANDLE", "RESULT"]], rows);
    let nothing = ended.is_empty() && failure.is_none();
    Done {
        text,
        json: json!({
            "dryRun": false,
            "sessionHandlesRevoked": texts(&ended),
            "notFound": texts(&missing),
            "unknown": texts(&unknown),
        }),
        told,
        failure: failure.or_else(|| nothing.then(none_found)),
    }
}

/// One record for each call that may have ended something.
async fn tell(
    connected: &Connected,
    answers: &[(&[SessionHandle], Result<Revoked, SessionError>)],
) -> Option<Told> {
    let done: Vec<_> = answers
        .iter()
        .filter(|(_, answer)| !answer.as_ref().is_err_and(certainly_not_done))
        .collect();
    if done.is_empty() {
        return None;
    }
    let records = |journal: &OperatorJournal, by: &Operator| {
        done.iter().map(|(some, answer)| journal.handles_revoked(by, some, answer)).collect()
    };
    Some(connected.audit.tell(records).await)
}

fn none_found() -> Failure {
    let text = "no live session has any of these handles: they are over, or never were";
    Failure::Refused(text.to_owned())
}

fn texts<'a>(handles: impl IntoIterator<Item = &'a SessionHandle>) -> Vec<Value> {
    handles.into_iter().map(|handle| handle.as_str().into()).collect()
}
