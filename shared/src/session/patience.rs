//! How long a revocation goes on while others write the same items.

use super::SessionError;
use crate::table::{PATIENCE, TableError};
use crate::time::Entropy;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Before the second try of a write for which others contend; twice that before the third, and so
/// on.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// So that a single write that fails in the end says why.
const MARGIN: Duration = Duration::from_secs(2);

/// Who asks for a revocation. A user can ask in a loop, in as many requests as the gateway lets
/// through. What a user can trigger must not keep an operator from ending sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// An operator or a back end: it is tried for some 10 s.
    Operator,
    /// A user: it is tried four times, and the user may ask again.
    User,
}

impl Patience {
    /// How often more it is tried; `None` while there is time.
    fn more_tries(self) -> Option<u32> {
        match self {
            Self::Operator => None,
            Self::User => Some(3),
        }
    }

    /// Gives up on a revocation of several writes that takes longer than one of them may.
    pub(super) async fn bound<T>(
        doing: &'static str,
        revocation: impl Future<Output = Result<T, SessionError>>,
    ) -> Result<T, SessionError> {
        let out_of_time = |_| Err(TableError::OutOfTime { doing }.into());
        timeout(PATIENCE + MARGIN, revocation).await.unwrap_or_else(out_of_time)
    }
}

/// The tries of one write for which others contend.
pub(super) struct Tries<'a> {
    doing: &'static str,
    left: Option<u32>,
    pause: Duration,
    entropy: &'a Entropy,
}

impl<'a> Tries<'a> {
    pub(super) fn new(doing: &'static str, patience: Patience, entropy: &'a Entropy) -> Self {
        Self { doing, left: patience.more_tries(), pause: FIRST_PAUSE, entropy }
    }

    /// Waits before the next try, for a span drawn at random from a range that doubles each time,
    /// so that two that contend do not meet again.
    ///
    /// # Errors
    /// [`TableError::Contended`]: there is no next try.
    pub(super) async fn again(&mut self) -> Result<(), SessionError> {
        if let Some(left) = &mut self.left {
            let contended = TableError::Contended { doing: self.doing };
            *left = left.checked_sub(1).ok_or(contended)?;
        }
        let share = f64::from(u32::from_be_bytes(self.entropy.bytes()?)) / f64::from(u32::MAX);
        sleep(self.pause.mul_f64(share)).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
