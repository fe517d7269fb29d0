//! Ending: the session of the request, the others, all, or one by name.

use http::StatusCode;
use journal::{Actor, JournaledApp};
use lambda_http::Request;
use serde::Deserialize;
use shared::app::App;
use shared::http::Reply;
use shared::http::command::{Unknown, from_json, no_query, present};
use shared::http::credentials::{AccessCredential, Credentials};
use shared::http::error::{ApiError, Code};
use shared::http::reply::{json as json_reply, with_tokens};
use shared::http::revoked::RevokedAnswer;
use shared::http::tokens::ClientTokens;
use shared::ids::{AppId, SessionHandle};
use shared::lambda::Caller;
use shared::model::Scope;
use shared::reason::Reason;
use shared::session::{Principal, Revocation, SessionError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Command {
    #[serde(default, deserialize_with = "present")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "present")]
    session_handle: Option<String>,
    #[serde(default, deserialize_with = "present")]
    reason: Option<String>,
}

/// What is to be ended.
enum RevokeTarget {
    /// The session of the request.
    Current,
    /// All but that one.
    Others,
    All,
    /// This one, which is not that of the request.
    Other(SessionHandle),
}

impl RevokeTarget {
    fn of(command: Command, who: &Principal) -> Result<Self, ApiError> {
        let fault = |code, detail: &str| Err(ApiError::new(code, detail));
        match (command.scope.as_deref(), command.session_handle) {
            (Some("current"), None) => Ok(Self::Current),
            (Some("others"), None) => Ok(Self::Others),
            (Some("all"), None) => Ok(Self::All),
            (Some(_), None) => {
                fault(Code::InvalidField, "`scope` must be `current`, `others` or `all`")
            }
            (None, Some(handle)) => {
                let handle = SessionHandle::parse(&handle)?;
                Ok(if handle == who.handle { Self::Current } else { Self::Other(handle) })
            }
            (None, None) => fault(Code::MissingField, "`scope` or `sessionHandle` is required"),
            (Some(_), Some(_)) => {
                fault(Code::InvalidField, "only one of `scope` and `sessionHandle` may be given")
            }
        }
    }

    /// Whether the session of the request is among them.
    fn signs_out(&self) -> bool {
        matches!(self, Self::Current | Self::All)
    }
}

/// Who asks, on which occasion, and why.
struct OwnRevocation<'a> {
    state: &'a JournaledApp,
    caller: Caller,
    who: &'a Principal,
    reason: Option<Reason>,
}

pub(super) async fn answer(
    state: &JournaledApp,
    who: &Principal,
    request: &Request,
) -> Result<Reply, ApiError> {
    let caller = Caller::of(request, &state.app.clock);
    no_query(request.uri().query())?;
    let command: Command = from_json(request.body(), Unknown::Refused)?;
    let reason = command.reason.as_deref().map(Reason::parse).transpose()?;
    let target = RevokeTarget::of(command, who)?;
    let revocation = OwnRevocation { state, caller, who, reason };
    let answer = match &target {
        RevokeTarget::Current => revocation.end_current().await?,
        RevokeTarget::Others => revocation.end_all_but(Some(&who.handle)).await?,
        RevokeTarget::All => revocation.end_all_but(None).await?,
        RevokeTarget::Other(handle) => revocation.end_one(handle).await?,
    };
    let reply = json_reply(StatusCode::OK, &answer);
    Ok(if target.signs_out() { with_tokens(reply, taken_from(&state.app, request)) } else { reply })
}

impl OwnRevocation<'_> {
    /// As `logout` does: a session that is already over is as good as ended.
    async fn end_current(&self) -> Result<RevokedAnswer, ApiError> {
        let ended = self.state.app.store.logout(&self.who.handle).await;
        self.state.journal.logged_out(&self.caller, self.who, self.reason.as_ref(), &ended).await;
        Ok(RevokedAnswer::by_name(&ended?))
    }

    async fn end_one(&self, handle: &SessionHandle) -> Result<RevokedAnswer, ApiError> {
        let user = &self.who.user;
        let revoked = self.state.app.store.end_own(user, handle).await;
        let (by, app, asked) = (Actor::User(user), AppId::public(), std::slice::from_ref(handle));
        let reason = self.reason.as_ref();
        self.state.journal.handles_revoked(&self.caller, by, &app, asked, reason, &revoked).await;
        let revoked = revoked?;
        if revoked.ended.is_empty() {
            let detail = "no live session of yours has this handle";
            return Err(ApiError::new(Code::SessionNotFound, detail));
        }
        Ok(RevokedAnswer::by_name(&revoked))
    }

    /// Nothing is ended when the session to be kept does not live: "the others" never become all.
    async fn end_all_but(&self, kept: Option<&SessionHandle>) -> Result<RevokedAnswer, ApiError> {
        let revocation = Revocation {
            user: self.who.user.clone(),
            scope: Scope::User,
            except: kept.cloned(),
            reason: self.reason.clone(),
        };
        let swept = self.state.app.store.revoke_own(&revocation).await;
        let (by, app) = (Actor::User(&self.who.user), AppId::public());
        self.state.journal.user_revoked(&self.caller, by, &app, &revocation, &swept).await;
        match swept {
            Ok(swept) => Ok(RevokedAnswer::of_user(&swept)),
            Err(SessionError::NoSessionToKeep) => {
                let detail = "the session of this request no longer lives; nothing was revoked";
                Err(ApiError::new(Code::KeptSessionNotFound, detail))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What takes the client's tokens away, in the way they came. The authorizer has found one token;
/// where it cannot be seen here, both ways are cleared.
fn taken_from(app: &App, request: &Request) -> ClientTokens {
    let cookies = &app.web.cookies;
    match Credentials::of(request.headers()).undisputed_access() {
        AccessCredential::Present(_, transfer) => ClientTokens::take(transfer, cookies),
        AccessCredential::Absent | AccessCredential::Duplicated => ClientTokens::take_both(cookies),
    }
}
