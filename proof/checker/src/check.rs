//! What must hold of every history.
//!
//! A session only ever goes from living to ended, so a history is linearizable if every answer can
//! be explained by one moment of its ending: not before the first call that may have ended it began,
//! not after the first call that ended it for certain was answered, and never back. What ended it for
//! certain may also be learned from an answer that says so.

use crate::causes::{Causes, End};
use crate::history::{Asked, Call, History, Moment, Outcome};
use std::fmt;

/// How long a session lives without a refresh, in milliseconds.
pub(crate) const SESSION_LIFE: i64 = 120 * 60_000;
/// How long the previous refresh token yields the present one.
pub(crate) const GRACE: i64 = 30_000;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: Promise,
    /// By the call of this number.
    pub call: usize,
    /// Of which session.
    pub session: Option<usize>,
}

/// What Sever promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Promise {
    /// After a revocation has answered, no strict check that starts later allows.
    RevokedIsRefused,
    /// Nothing that has ended lives again.
    EndedIsFinal,
    /// A session whose time is over is over.
    ExpiredIsRefused,
    /// A listing shows no session that has ended.
    ListedLives,
    /// What nobody ended lives.
    NothingEndsByItself,
    /// A refresh token has one successor.
    OneSuccessor,
    /// A refresh token that was replaced long ago is not accepted.
    OldTokensAreRefused,
    /// Only a token that was presented before is taken for stolen.
    TheftIsReuse,
    /// A handle is reported by one call, or by none.
    ReportedOnce,
    /// A token that is not in time, or too old, is refused.
    TokensAreInTime,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RevokedIsRefused => "a revoked session is refused",
            Self::EndedIsFinal => "nothing that has ended lives again",
            Self::ExpiredIsRefused => "a session whose time is over is refused",
            Self::ListedLives => "a listing shows no session that has ended",
            Self::NothingEndsByItself => "what nobody ended lives",
            Self::OneSuccessor => "a refresh token has one successor",
            Self::OldTokensAreRefused => "a refresh token that was replaced is not accepted",
            Self::TheftIsReuse => "only a token that was presented before is taken for stolen",
            Self::ReportedOnce => "a handle is reported by one call, or by none",
            Self::TokensAreInTime => "a token that is not in time is refused",
        })
    }
}

/// The first promise that a history breaks.
#[must_use]
pub fn check(history: &History) -> Option<Violation> {
    let causes = Causes::of(history);
    let checker = Checker { history, causes: &causes };
    let mut calls = history.calls.iter().enumerate();
    calls.find_map(|(number, call)| checker.call(number, call)).or_else(|| reported(history))
}

struct Checker<'a> {
    history: &'a History,
    causes: &'a Causes<'a>,
}

impl Checker<'_> {
    fn call(&self, number: usize, call: &Call) -> Option<Violation> {
        let broken = |promise, session| Some(Violation { promise, call: number, session });
        match (&call.asked, &call.outcome) {
            (Asked::Strict(token), Outcome::Allowed) => {
                let session = self.history.accesses[*token].session;
                let promise = self.alive(session, call).or_else(|| self.allowed(*token, call))?;
                broken(promise, Some(session))
            }
            (Asked::Strict(token), Outcome::Refused) => {
                let session = self.history.accesses[*token].session;
                if self.refusal_is_explained(*token, call) {
                    return None;
                }
                broken(Promise::NothingEndsByItself, Some(session))
            }
            (Asked::Fast(token), outcome @ (Outcome::Allowed | Outcome::Refused)) => {
                let refused = matches!(outcome, Outcome::Refused);
                let wrong = if refused {
                    !self.out_of_time(*token, call, false)
                } else {
                    self.out_of_time(*token, call, true)
                };
                wrong.then_some(Violation {
                    promise: Promise::TokensAreInTime,
                    call: number,
                    session: None,
                })
            }
            (Asked::Refresh(token), outcome) => {
                let session = self.history.refreshes[*token].session;
                broken(self.refresh(number, *token, call, outcome)?, Some(session))
            }
            (Asked::List(_), Outcome::Listed(handles)) => {
                let listed = handles.iter().filter_map(|handle| self.history.named(handle));
                let mut dead = listed.filter(|session| self.alive(*session, call).is_some());
                broken(Promise::ListedLives, Some(dead.next()?))
            }
            _ => None,
        }
    }

    /// Which promise is broken if the session was alive to this call.
    fn alive(&self, session: usize, call: &Call) -> Option<Promise> {
        let after = |end: &Option<Moment>| end.is_some_and(|end| end < call.begun);
        let End { revoked, seen } = &self.causes.ends[session];
        let may_live = self.causes.may_be_revived(session, call);
        if after(revoked) && !may_live {
            return Some(Promise::RevokedIsRefused);
        }
        if after(seen) && !may_live {
            return Some(Promise::EndedIsFinal);
        }
        let latest = self.causes.latest_expiry(session, call.ended);
        (call.clock_at(call.begun) >= latest).then_some(Promise::ExpiredIsRefused)
    }

    /// Which promise is broken if the token was good for this call.
    fn allowed(&self, token: usize, call: &Call) -> Option<Promise> {
        if self.out_of_time(token, call, true) {
            return Some(Promise::TokensAreInTime);
        }
        let access = &self.history.accesses[token];
        let certain = self.causes.exchanges_after(access.refresh, |other| {
            matches!(other.outcome, Outcome::Exchanged(..)) && other.ended < call.begun
        });
        (certain >= 2).then_some(Promise::TokensAreInTime)
    }

    /// Whether the token was not in time by the clock of who served the call: for certain, or maybe.
    fn out_of_time(&self, token: usize, call: &Call, certain: bool) -> bool {
        let access = &self.history.accesses[token];
        let (first, last) = (call.clock_at(call.begun), call.clock_at(call.ended));
        if certain {
            first >= access.expires || last < access.issued
        } else {
            last >= access.expires || first < access.issued
        }
    }

    fn refusal_is_explained(&self, token: usize, call: &Call) -> bool {
        let access = &self.history.accesses[token];
        self.out_of_time(token, call, false)
            || self.may_have_ended(access.session, call)
            || self.causes.exchanges_after(access.refresh, |other| other.begun < call.ended) >= 2
    }

    fn may_have_ended(&self, session: usize, call: &Call) -> bool {
        let begun = self.causes.may_end(session, call.ended);
        let earliest = self.causes.earliest_expiry(session, call.ended);
        begun || call.clock_at(call.ended) >= earliest
    }

    fn refresh(
        &self,
        number: usize,
        token: usize,
        call: &Call,
        outcome: &Outcome,
    ) -> Option<Promise> {
        let session = self.history.refreshes[token].session;
        match outcome {
            Outcome::Exchanged(_, successor) => {
                let others = self.history.refreshes.iter().enumerate();
                let mut others = others.filter(|(other, _)| other != successor);
                if others.any(|(_, other)| other.parent == Some(token)) {
                    return Some(Promise::OneSuccessor);
                }
                let old = self.is_too_old(token, call);
                self.alive(session, call).or(old.then_some(Promise::OldTokensAreRefused))
            }
            Outcome::Theft => {
                let before = |(other, call): (usize, &Call)| {
                    other != number && matches!(call.asked, Asked::Refresh(t) if t == token)
                };
                let begun =
                    self.history.calls.iter().enumerate().filter(|(_, c)| c.begun < call.ended);
                (!begun.into_iter().any(before)).then_some(Promise::TheftIsReuse)
            }
            Outcome::Unauthorised if !self.may_have_ended(session, call) => {
                Some(Promise::NothingEndsByItself)
            }
            _ => None,
        }
    }

    /// Whether the token's successor had been exchanged too, or the window was over, for certain.
    fn is_too_old(&self, token: usize, call: &Call) -> bool {
        let refreshes = self.causes.refreshes_of(token);
        let mut exchanged =
            refreshes.filter(|other| other.ended < call.begun && !other.is_unclear());
        let Some(first) = exchanged.next() else { return false };
        let Outcome::Exchanged(_, successor) = first.outcome else { return false };
        let mut onwards = self.causes.refreshes_of(successor);
        let replaced = onwards.any(|other| {
            other.ended < call.begun && matches!(other.outcome, Outcome::Exchanged(..))
        });
        let unclear = self.causes.refreshes_of(token).any(Call::may_have_exchanged);
        let over = call.clock_at(call.begun) > first.clock_at(first.ended) + GRACE;
        // An unclear call, or a parallel one with another clock, may have set the time.
        let alone =
            self.causes.refreshes_of(token).filter(|other| other.begun < first.ended).count() == 1;
        replaced || (over && alone && !unclear)
    }
}

/// No handle is reported twice.
fn reported(history: &History) -> Option<Violation> {
    let mut seen: Vec<&str> = Vec::new();
    for (number, call) in history.calls.iter().enumerate() {
        let Outcome::Revoked(handles) = &call.outcome else { continue };
        for handle in handles {
            if seen.contains(&handle.as_str()) {
                let session = history.named(handle);
                return Some(Violation { promise: Promise::ReportedOnce, call: number, session });
            }
            seen.push(handle);
        }
    }
    None
}
