//! Who opened or ended a session, or changed a key, as records and events name them.

use serde_json::{Value, json};
use shared::ids::{AppId, UserId};
use shared::lambda::{CallSource, Caller};
use std::collections::BTreeMap;

/// The person, program or rule that ended or opened a session, or changed a key.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// An IAM principal, by ARN, as API Gateway saw it.
    Iam(&'a str),
    /// Whoever invoked the function itself: CloudTrail knows, by the request's id. The map is what
    /// the invoker said of itself, which proves nothing.
    DirectInvoke(&'a BTreeMap<String, String>),
    /// Somebody whom API Gateway let through without a signature.
    Unsigned,
    /// The user of the session, by an access token of it.
    User(&'a UserId),
    /// Whoever holds an API key of this app.
    Sdk(&'a AppId),
    /// Nobody: Sever ended what was stolen.
    TheftDetection,
    /// A person or a program at the command line `sever`.
    Operator(&'a Operator),
}

/// Whose AWS credentials the command line `sever` used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The principal's ARN, as STS told it.
    Arn(String),
    /// The access key's id: STS could not be asked.
    AccessKey(String),
}

impl<'a> Actor<'a> {
    /// An administrator or a back end.
    #[must_use]
    pub fn of(caller: &'a Caller) -> Self {
        match &caller.source {
            CallSource::Iam(arn) => Self::Iam(arn),
            CallSource::Anyone => Self::Unsigned,
            CallSource::Direct => Self::DirectInvoke(&caller.claimed),
        }
    }

    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::Iam(arn) => json!({"type": "iam", "arn": arn}),
            Self::DirectInvoke(claimed) if claimed.is_empty() => json!({"type": "direct-invoke"}),
            Self::DirectInvoke(claimed) => json!({"type": "direct-invoke", "claimed": claimed}),
            Self::Unsigned => json!({"type": "unsigned"}),
            Self::User(user) => json!({"type": "user", "userId": user.as_str()}),
            Self::Sdk(app) => json!({"type": "sdk", "appId": app.as_str()}),
            Self::TheftDetection => json!({"type": "theft-detection"}),
            Self::Operator(Operator::Arn(arn)) => json!({"type": "operator", "arn": arn}),
            Self::Operator(Operator::AccessKey(id)) => {
                json!({"type": "operator", "accessKeyId": id})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_invoker_claims_is_marked_as_claimed() {
        let mut claimed = BTreeMap::new();
        let plain = json!({"type": "direct-invoke"});
        assert_eq!(Actor::DirectInvoke(&claimed).to_json(), plain);
        claimed.insert("type".to_owned(), "iam".to_owned());
        let expected = json!({"type": "direct-invoke", "claimed": {"type": "iam"}});
        assert_eq!(Actor::DirectInvoke(&claimed).to_json(), expected);
    }
}
