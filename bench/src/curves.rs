//! How cost grows: with the sessions that a user has, and with the callers that come at once. In
//! this process, on the embedded table, whose own time is part of what is shown; so calls of the
//! table are counted as well, which take what they take on whatever table there is.

use crate::report::{short, table, write};
use crate::{Failure, one_thread, root, said_by};
use bench::instant;
use bench::plot::{Curve, Plot};
use bench::spread::Spread;
use futures_util::future::try_join_all;
use local::bundle::Bundle;
use local::dynamodb::{ConnectorError, Embedded, Engine, WireRequest, WireResponse};
use serde_json::{Value, json};
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many sessions one user has.
const SESSIONS: [u32; 9] = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];
/// How many callers come at once.
const CALLERS: [u32; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/// How often what takes next to no time is measured.
const TIMES: u32 = 50;

/// Measures, writes the plots and prints the numbers under them.
pub(crate) fn measure() -> Result<(), Failure> {
    one_thread()?.block_on(async {
        let mut sessions = Table::new(&[
            "sessions",
            "revoke-user: until it takes effect ms",
            "until all is swept ms",
            "table calls until it takes effect",
            "table calls in all",
            "strict check p50 µs",
            "its table calls",
            "first page of a list ms",
            "its table calls",
            "all pages ms",
            "their table calls",
        ]);
        for count in SESSIONS {
            sessions.push(count, grown(count).await?);
        }
        let mut callers = Table::new(&[
            "callers at once",
            "create ms each",
            "its table calls",
            "refresh of one token ms each",
            "its table calls",
            "refresh tokens answered",
        ]);
        for count in CALLERS {
            callers.push(count, crowded(count).await?);
        }
        draw(&sessions, &callers)?;
        let numbers = format!("{}\n{}", sessions.to_markdown(), callers.to_markdown());
        println!("{numbers}");
        write("curves", &numbers)
    })
}

/// What a user with `count` sessions costs.
async fn grown(count: u32) -> Result<Vec<f64>, Failure> {
    let place = Place::new().await?;
    let mut access = String::new();
    for _ in 0..count {
        let opened = place.ask("create-session:direct", r#"{"userId":"ada"}"#).await?;
        said_by(&opened, "/accessToken/token").clone_into(&mut access);
    }

    let check = check_of(&access);
    place.ask("verify-session", &check).await?;
    place.took();
    let mut checks = Vec::new();
    for _ in 0..TIMES {
        let start = instant();
        place.ask("verify-session", &check).await?;
        checks.push(start.elapsed().as_secs_f64() * 1e6);
    }
    let check_calls = place.took().calls() / f64::from(TIMES);

    let mut pages = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut command = json!({"userId": "ada"});
        if !cursor.is_null() {
            command["cursor"] = cursor;
        }
        let answer = place.ask("list-sessions:direct", &command.to_string()).await?;
        pages.push(place.took());
        cursor = answer["cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let first = &pages[0];
    let all: Duration = pages.iter().map(Took::time).sum();

    // The first is a stranger's: it takes the first call's set-up with it.
    place.ask("revoke-user:direct", r#"{"userId":"nobody"}"#).await?;
    place.took();
    let mut sweeps = Vec::new();
    loop {
        let answer = place.ask("revoke-user:direct", r#"{"userId":"ada"}"#).await?;
        sweeps.push(place.took());
        // A sweep ends after 10 s at the latest; what takes effect has long done so.
        if answer["sweepComplete"] == true {
            break;
        }
    }
    let (effect, effect_calls) = sweeps[0].until("UpdateItem")?;
    let swept: Duration = sweeps.iter().map(Took::time).sum();
    Ok(vec![
        millis(effect),
        millis(swept),
        effect_calls,
        sweeps.iter().map(Took::calls).sum(),
        median(checks)?,
        check_calls,
        millis(first.time()),
        first.calls(),
        millis(all),
        pages.iter().map(Took::calls).sum(),
    ])
}

/// What each of `count` callers costs who come at once: to open a session of one user, and to
/// refresh by one token, as many tabs do.
async fn crowded(count: u32) -> Result<Vec<f64>, Failure> {
    let place = Place::new().await?;
    let opened = place.ask("create-session:direct", r#"{"userId":"ada"}"#).await?;
    let refresh = refresh_of(said_by(&opened, "/refreshToken/token"));
    // Its own first call, for another session.
    let other = place.ask("create-session:direct", r#"{"userId":"grace"}"#).await?;
    let other = refresh_of(said_by(&other, "/refreshToken/token"));
    place.ask("refresh-session", &other).await?;
    place.took();

    let callers = (0..count).map(|_| place.ask("create-session:direct", r#"{"userId":"ada"}"#));
    try_join_all(callers).await?;
    let created = place.took();

    let answers = (0..count).map(|_| place.ask("refresh-session", &refresh));
    let answers = try_join_all(answers).await?;
    let refreshed = place.took();
    let tokens =
        answers.iter().map(|answer| said_by(answer, "/multiValueHeaders/st-refresh-token/0"));
    let mut tokens: Vec<_> = tokens.collect();
    tokens.sort_unstable();
    tokens.dedup();
    if tokens.contains(&"") {
        return Err(Failure::Wrong(
            "refresh-session".to_owned(),
            "a caller was refused".to_owned(),
        ));
    }
    let each = f64::from(count);
    Ok(vec![
        millis(created.time()) / each,
        created.calls() / each,
        millis(refreshed.time()) / each,
        refreshed.calls() / each,
        tokens.iter().map(|_| 1.0).sum(),
    ])
}

fn draw(sessions: &Table, callers: &Table) -> Result<(), Failure> {
    let count = "sessions of one user";
    let at_once = "callers at once, for one user";
    for (file, title, x, y, from, columns) in [
        (
            "revoke-user",
            "Revoking a user",
            count,
            "ms",
            sessions,
            &[(1, "until it takes effect"), (2, "until all rows are swept")][..],
        ),
        (
            "revoke-user-calls",
            "Revoking a user: calls of the table",
            count,
            "calls",
            sessions,
            &[(3, "until it takes effect"), (4, "in all")],
        ),
        (
            "strict-check",
            "The strict check",
            count,
            "µs, the embedded table's own time included",
            sessions,
            &[(5, "median")],
        ),
        (
            "list-sessions",
            "Listing a user's sessions",
            count,
            "ms",
            sessions,
            &[(7, "first page of 50"), (9, "all pages")],
        ),
        (
            "create-session",
            "Opening sessions of one user at once",
            at_once,
            "ms for each",
            callers,
            &[(1, "create")],
        ),
        (
            "refresh-session",
            "Refreshing by one token at once",
            at_once,
            "for each",
            callers,
            &[(3, "ms"), (4, "table calls")],
        ),
    ] {
        let curves: Vec<_> = columns
            .iter()
            .map(|&(column, name)| Curve { name: name.to_owned(), points: from.curve(column) })
            .collect();
        let svg = Plot { title, x, y, curves: &curves }.to_svg();
        let path = root().join(format!("docs/reference/performance/{file}.svg"));
        let written = fs::create_dir_all(root().join("docs/reference/performance"))
            .and_then(|()| fs::write(&path, svg));
        written.map_err(Failure::io(path.display().to_string()))?;
    }
    Ok(())
}

/// Numbers, by a count in the first column.
struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<f64>>,
}

impl Table {
    fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    fn push(&mut self, count: u32, numbers: Vec<f64>) {
        self.rows.push([vec![f64::from(count)], numbers].concat());
    }

    fn curve(&self, column: usize) -> Vec<(f64, f64)> {
        self.rows.iter().map(|row| (row[0], row[column])).collect()
    }

    fn to_markdown(&self) -> String {
        let cells = |row: &Vec<f64>| row.iter().map(|&number| short(number)).collect();
        table(&self.head, &self.rows.iter().map(cells).collect::<Vec<_>>())
    }
}

/// A bundle, and a table that notes when it has answered what.
struct Place {
    bundle: Bundle,
    noting: Arc<Noting>,
}

impl Place {
    async fn new() -> Result<Self, Failure> {
        let inner = Embedded::memory().map_err(Failure::sample)?;
        let noting = Arc::new(Noting { inner, calls: Mutex::default() });
        let bundle = Bundle::builder().engine(Arc::clone(&noting)).build().await;
        Ok(Self { bundle: bundle.map_err(Failure::sample)?, noting })
    }

    async fn ask(&self, function: &str, event: &str) -> Result<Value, Failure> {
        self.noting.begin();
        match self.bundle.invoke(function, event).await {
            Ok(answer) => serde_json::from_str(answer.get()).map_err(Failure::sample),
            Err(failure) => Err(Failure::Wrong(function.to_owned(), failure.error_message)),
        }
    }

    /// What was asked since this was called last, and how long it took up to now.
    fn took(&self) -> Took {
        let mut noted = self.noting.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = std::mem::take(&mut *noted);
        let start = noted.start.unwrap_or_else(instant);
        Took { start, end: instant(), calls: noted.calls }
    }
}

struct Noting {
    inner: Embedded,
    calls: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    start: Option<Instant>,
    calls: Vec<(String, Instant)>,
}

impl Noting {
    fn begin(&self) {
        let mut noted = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        noted.start.get_or_insert_with(instant);
    }
}

impl Engine for Noting {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, ConnectorError> {
        let operation = request.operation.clone();
        let answer = self.inner.call(request).await;
        let mut noted = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        noted.calls.push((operation, instant()));
        answer
    }
}

struct Took {
    start: Instant,
    end: Instant,
    calls: Vec<(String, Instant)>,
}

impl Took {
    fn time(&self) -> Duration {
        self.end - self.start
    }

    fn calls(&self) -> f64 {
        self.calls.iter().map(|_| 1.0).sum()
    }

    /// Until the first `operation` was answered: the time, and the calls with it.
    fn until(&self, operation: &str) -> Result<(Duration, f64), Failure> {
        let at = self.calls.iter().position(|call| call.0 == operation);
        let at = at.ok_or_else(|| Failure::Missed(format!("no {operation} was made")))?;
        Ok((self.calls[at].1 - self.start, self.calls[..=at].iter().map(|_| 1.0).sum()))
    }
}

fn check_of(access: &str) -> String {
    let headers = json!({"Authorization": [format!("Bearer {access}")]});
    json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/whoami",
        "resource": "/whoami",
        "path": "/whoami",
        "httpMethod": "GET",
        "multiValueHeaders": headers,
        "requestContext": {"stage": "prod"},
    })
    .to_string()
}

fn refresh_of(token: &str) -> String {
    json!({
        "resource": "/auth/session/refresh",
        "path": "/auth/session/refresh",
        "httpMethod": "POST",
        "headers": {},
        "multiValueHeaders": {"Authorization": [format!("Bearer {token}")], "rid": ["anti-csrf"]},
        "requestContext": {"stage": "prod", "httpMethod": "POST", "path": "/auth/session/refresh"},
        "body": null,
        "isBase64Encoded": false,
    })
    .to_string()
}

fn median(values: Vec<f64>) -> Result<f64, Failure> {
    let spread = Spread::of(values);
    spread
        .map(|spread| spread.p50)
        .ok_or_else(|| Failure::Missed("nothing was measured".to_owned()))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
