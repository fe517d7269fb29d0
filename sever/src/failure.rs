//! Why a command did not do what was asked: one line, and an exit code.

use shared::ids::InvalidId;
use shared::session::SessionError;
use shared::table::TableError;
use shared::{error_chain, error_line};
use std::process::ExitCode;

/// A command failed. What it had done by then is printed before.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It could not, or the effect is not known.
    #[error("{0}")]
    Unknown(String),
    /// What was typed makes no sense.
    #[error("{0} (try --help)")]
    Usage(String),
    /// It was understood and not done.
    #[error("{0}")]
    Refused(String),
}

/// All was done, but no audit record of it was written.
pub(crate) const UNRECORDED: u8 = 4;

impl Failure {
    /// As `--help` tells them, with [`UNRECORDED`].
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Unknown(_) => 1,
            Self::Usage(_) => 2,
            Self::Refused(_) => 3,
        })
    }
}

impl From<InvalidId> for Failure {
    fn from(invalid: InvalidId) -> Self {
        Self::Usage(invalid.to_string())
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NoSessionToKeep => Self::Refused(
                "the session to keep is not a live session of this user; nothing was revoked"
                    .to_owned(),
            ),
            SessionError::Table(error) | SessionError::PartlyRevoked { source: error, .. } => {
                error.into()
            }
            SessionError::Entropy(_)
            | SessionError::Key(_)
            | SessionError::KeyService(_)
            | SessionError::AccessTokenTooLarge { .. }
            | SessionError::Payload(_) => Self::Unknown(error_chain(&error)),
        }
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        let (TableError::Unavailable { doing, said: Some(said), .. }
        | TableError::Refused { doing, said, .. }) = &error
        else {
            return Self::Unknown(error_line(&error));
        };
        let reason = match said.code.as_str() {
            "ResourceNotFoundException" => {
                "there is no such table, or no index of it, in this account and Region".to_owned()
            }
            "AccessDeniedException" => format!("AWS does not allow it: {}", said.message),
            "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "ExpiredTokenException"
            | "MissingAuthenticationTokenException" => {
                format!("AWS does not take these credentials: {}", said.message)
            }
            code => format!("{code}: {}", said.message),
        };
        Self::Unknown(plain(&format!("{doing}: {reason}")))
    }
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
