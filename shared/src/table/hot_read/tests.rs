use crate::ids::{AppId, SessionHandle, TenantId, UserId};
use crate::model::Generations;
use crate::table::{SessionTable, TableError, harden};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A table that answers what it is told to, one answer after the other and the last one for ever.
#[derive(Clone, Debug)]
struct Table(Arc<Mutex<Script>>);

#[derive(Debug)]
struct Script {
    answers: Vec<Answer>,
    asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
enum Answer {
    Says(u16, String),
    IsUnreachable,
    IsSilent,
}

/// A call that came.
#[derive(Clone, Debug)]
struct Asked {
    by_the_sdk: bool,
    uri: String,
    headers: Vec<(String, String)>,
    body: Value,
}

impl HttpConnector for Table {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut script = self.0.lock().unwrap();
        let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        script.asked.push(Asked {
            by_the_sdk: request.headers().contains_key("amz-sdk-invocation-id"),
            uri: request.uri().to_owned(),
            headers: request.headers().iter().map(header).collect(),
            body: serde_json::from_slice(request.body().bytes().unwrap()).unwrap(),
        });
        let next = match script.answers.len() {
            1 => script.answers[0].clone(),
            _ => script.answers.remove(0),
        };
        match next {
            Answer::Says(status, body) => {
                let status = StatusCode::try_from(status).unwrap();
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
            }
            Answer::IsUnreachable => {
                HttpConnectorFuture::ready(Err(ConnectorError::io("refused".into())))
            }
            Answer::IsSilent => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

/// A session row of generation 7, and a user item that makes it so.
fn rows() -> Answer {
    let digest = "A".repeat(43) + "=";
    let answer = json!({"Responses": {"sessions": [
        {
            "pk": {"S": "session#public#h1"}, "userId": {"S": "u1"}, "tenantId": {"S": "public"},
            "expiresAt": {"N": "2000000000"}, "expiresAtMillis": {"N": "2000000000000"},
            "userGeneration": {"N": "7"}, "tenantGeneration": {"N": "0"},
            "refreshDigest": {"B": digest},
        },
        {"pk": {"S": "user#public#u1"}, "generation": {"N": "7"}},
    ]}, "UnprocessedKeys": {}});
    Answer::Says(200, answer.to_string())
}

fn table(answers: impl IntoIterator<Item = Answer>) -> (SessionTable, Table) {
    let answers = answers.into_iter().collect();
    let table = Table(Arc::new(Mutex::new(Script { answers, asked: Vec::new() })));
    let connector = SharedHttpConnector::new(table.clone());
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-north-1"))
        .credentials_provider(Credentials::new("id", "secret", Some("token".into()), None, "test"))
        .http_client(http_client_fn(move |_, _| connector.clone()));
    let client = Client::from_conf(harden(config).build());
    (SessionTable::new(client, "sessions", &AppId::public()), table)
}

impl Table {
    fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// Of each call since this was asked last, whether it was the SDK's.
    fn take_sdks(&self) -> Vec<bool> {
        self.take().iter().map(|asked| asked.by_the_sdk).collect()
    }
}

/// The generation that the session has seen.
async fn read(table: &SessionTable) -> Result<Generations, TableError> {
    let handle = SessionHandle::parse("h1").unwrap();
    let user = UserId::parse("u1").unwrap();
    let read = table.read_strictly(&handle, &user, &TenantId::public(), false).await?;
    Ok(read.session.expect("a session").born)
}

#[tokio::test(start_paused = true)]
async fn it_asks_as_the_sdk_does_where_the_sdk_did() {
    let (table, wire) = table([rows()]);
    let first = read(&table).await.unwrap();
    assert_eq!(read(&table).await.unwrap(), first);
    let asked = wire.take();
    let [sdks, ours] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((sdks.by_the_sdk, ours.by_the_sdk), (true, false));
    assert_eq!(ours.uri, sdks.uri);
    assert_eq!(ours.uri, "https://dynamodb.eu-north-1.amazonaws.com/");
    assert_eq!(ours.body, sdks.body);
    // What the SDK sends more is for its own sake, but for the length, which the connection adds.
    let own = [
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "content-length",
        "user-agent",
        "x-amz-user-agent",
    ];
    let names = |asked: &Asked| {
        let names = asked.headers.iter().map(|(name, _)| name.clone());
        names
            .filter(|name| !own.contains(&name.as_str()))
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(ours), names(sdks));
    for (name, value) in &ours.headers {
        let theirs = sdks.headers.iter().find(|(other, _)| other == name);
        let same = theirs.is_some_and(|(_, theirs)| theirs == value);
        assert!(same || ["authorization", "x-amz-date"].contains(&name.as_str()), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_out_of_the_ordinary_is_left_to_the_sdk() {
    let says = |status, body: &str| Answer::Says(status, body.to_owned());
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;
    let kept_back = r#"{"Responses":{"sessions":[]},"UnprocessedKeys":{"sessions":{"Keys":[{"pk":{"S":"session#public#h1"}}]}}}"#;
    for odd in [
        Answer::IsUnreachable,
        Answer::IsSilent,
        says(400, throttled),
        says(500, "{}"),
        says(204, ""),
        says(200, ""),
        says(200, "{"),
        says(200, "{}"),
        says(200, r#"{"Responses":null}"#),
        says(200, r#"{"Responses":{"sessions":[{"pk":{"S":"a"},"b":{"BOOL":true}}]}}"#),
        says(200, r#"{"Responses":{"sessions":[{"pk":{"S":"a"},"b":{"B":"?"}}]}}"#),
        says(200, kept_back),
    ] {
        let what = format!("{odd:?}");
        let (table, wire) = table([rows(), odd, rows()]);
        let first = read(&table).await.unwrap();
        assert_eq!(read(&table).await.unwrap(), first, "{what}");
        assert_eq!(wire.take_sdks(), [true, false, true], "{what}");
        assert_eq!(read(&table).await.unwrap(), first, "{what}");
        assert_eq!(wire.take_sdks(), [false], "{what}: the SDK has shown the way anew");
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_sdk_does_not_find_out_either_it_is_an_error() {
    let (table, _) = table([rows(), Answer::IsUnreachable]);
    read(&table).await.unwrap();
    assert!(matches!(read(&table).await, Err(TableError::Unavailable { .. })));
}

#[tokio::test(start_paused = true)]
async fn it_waits_no_longer_than_an_attempt_of_the_sdk() {
    let (table, _) = table([rows(), Answer::IsSilent, rows()]);
    read(&table).await.unwrap();
    let start = tokio::time::Instant::now();
    read(&table).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), super::ATTEMPT.as_secs());
}
