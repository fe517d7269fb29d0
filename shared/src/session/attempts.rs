//! How often, and for how long, a verb goes on while other callers write the same items.

use super::SessionError;
use crate::table::{PATIENCE, TableError};
use crate::time::Entropy;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The longest pause before the second attempt of a revocation. It is twice as long before the third,
/// and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// So that a single write that fails in the end can still tell its reason.
const MARGIN: Duration = Duration::from_secs(2);

/// How patiently a revocation is carried out. A user can ask for one in a loop, in as many requests as
/// the gateway lets through, and must not keep an operator from ending sessions that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// For an operator or a back end: attempted for some 10 s.
    Operator,
    /// For a user: attempted four times, and the user may ask again.
    User,
}

impl Patience {
    /// Gives up on a revocation of several writes that takes longer than one of them may.
    pub(super) async fn bound<T>(
        doing: &'static str,
        revocation: impl Future<Output = Result<T, SessionError>>,
    ) -> Result<T, SessionError> {
        let out_of_time = |_| Err(TableError::OutOfTime { doing }.into());
        timeout(PATIENCE + MARGIN, revocation).await.unwrap_or_else(out_of_time)
    }
}

/// The attempts at a verb that other callers overtake. Each attempt begins by reading what they wrote.
pub(super) struct Attempts<'a> {
    doing: &'static str,
    /// How many more there may be. `None` while there is time.
    left: Option<u32>,
    pause: Pause<'a>,
}

enum Pause<'a> {
    None,
    Doubling(Duration),
    /// A span drawn at random from a range that doubles each time, so that two callers that contend
    /// do not meet again.
    Random {
        longest: Duration,
        entropy: &'a Entropy,
    },
}

impl Attempts<'static> {
    /// `number` attempts, one right after the other.
    pub(super) fn at_once(doing: &'static str, number: u32) -> Self {
        Self { doing, left: Some(number.saturating_sub(1)), pause: Pause::None }
    }

    /// `number` attempts, with a pause before each but the first that doubles each time.
    pub(super) fn spaced(doing: &'static str, number: u32, first: Duration) -> Self {
        Self { doing, left: Some(number.saturating_sub(1)), pause: Pause::Doubling(first) }
    }
}

impl<'a> Attempts<'a> {
    /// The attempts at a revocation.
    pub(super) fn at_revoking(
        doing: &'static str,
        patience: Patience,
        entropy: &'a Entropy,
    ) -> Self {
        let left = match patience {
            Patience::Operator => None,
            Patience::User => Some(3),
        };
        Self { doing, left, pause: Pause::Random { longest: FIRST_PAUSE, entropy } }
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// [`TableError::Contended`]: there is no next attempt.
    pub(super) async fn again(&mut self) -> Result<(), SessionError> {
        if let Some(left) = &mut self.left {
            let contended = TableError::Contended { doing: self.doing };
            *left = left.checked_sub(1).ok_or(contended)?;
        }
        match &mut self.pause {
            Pause::None => {}
            Pause::Doubling(pause) => {
                sleep(*pause).await;
                *pause *= 2;
            }
            Pause::Random { longest, entropy } => {
                let share = f64::from(u32::from_be_bytes(entropy.bytes()?)) / f64::from(u32::MAX);
                sleep(longest.mul_f64(share)).await;
                *longest = (*longest * 2).min(LONGEST_PAUSE);
            }
        }
        Ok(())
    }
}
