//! What may have ended a session, what has for certain, and since when.

use crate::check::SESSION_LIFE;
use crate::history::{Asked, Call, History, Moment, OTHER, Outcome};

/// By when a session has ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct End {
    /// When a call that ended it was answered.
    pub(crate) revoked: Option<Moment>,
    /// When an answer first said that it had ended.
    pub(crate) seen: Option<Moment>,
}

/// The ends of all sessions.
pub(crate) struct Causes<'h> {
    history: &'h History,
    pub(crate) ends: Vec<End>,
}

/// How a call bears on a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Never,
    Maybe,
    /// From the moment of its answer.
    Ends,
}

impl<'h> Causes<'h> {
    pub(crate) fn of(history: &'h History) -> Self {
        let mut causes = Self { history, ends: vec![End::default(); history.sessions.len()] };
        for session in 0..history.sessions.len() {
            let certain = |call: &&Call| effect(history, call, session) == Effect::Ends;
            let revoked = history.calls.iter().filter(certain).map(|call| call.ended).min();
            causes.ends[session].revoked = revoked;
        }
        for session in 0..history.sessions.len() {
            causes.ends[session].seen = causes.first_seen(session);
        }
        causes.learn_from_others();
        causes
    }

    /// Whether any call that had begun by then may have ended the session.
    pub(crate) fn may_end(&self, session: usize, by: Moment) -> bool {
        let history = self.history;
        let begun = history.calls.iter().filter(|call| call.begun < by);
        begun.into_iter().any(|call| effect(history, call, session) != Effect::Never)
    }

    /// Whether an item that judges the session became what it once was, before `by` was answered, in
    /// such a way that the session may be found alive: a lost revocation is lost, and what a call
    /// reads before and after the loss does not go together.
    pub(crate) fn may_be_revived(&self, session: usize, by: &Call) -> bool {
        let history = self.history;
        let losses = history.calls.iter().filter(|call| call.begun < by.ended);
        { losses }.any(|loss| match &loss.outcome {
            Outcome::Lost { .. } if by.begun < loss.begun => true,
            Outcome::Lost { revived, .. } if revived.contains(&session) => true,
            Outcome::Lost { ended, .. } => {
                let concerned = ended.contains(&session) || is_being_opened(history, loss, session);
                concerned && !is_settled(history, loss)
            }
            _ => false,
        })
    }

    /// The first answer that says the session had ended: a refusal that nothing else explains.
    fn first_seen(&self, session: usize) -> Option<Moment> {
        let history = self.history;
        let says = |call: &&Call| match (&call.asked, &call.outcome) {
            (Asked::Strict(token), Outcome::Refused) => {
                let access = &history.accesses[*token];
                let in_time = call.clock_at(call.ended) < access.expires
                    && call.clock_at(call.begun) >= access.issued;
                let fresh =
                    self.exchanges_after(access.refresh, |other| other.begun < call.ended) < 2;
                access.session == session
                    && in_time
                    && fresh
                    && call.clock_at(call.ended) < self.earliest_expiry(session, call.ended)
            }
            (Asked::Refresh(token), Outcome::Unauthorised) => {
                history.refreshes[*token].session == session
                    && call.clock_at(call.ended) < self.earliest_expiry(session, call.ended)
            }
            _ => false,
        };
        history.calls.iter().filter(says).map(|call| call.ended).min()
    }

    /// A revocation of a user that nobody knows the outcome of is known to have taken effect when
    /// one of the sessions it covers is seen to have ended and nothing else can have ended it. Then
    /// it has ended all the others as well: it is one write.
    fn learn_from_others(&mut self) {
        let history = self.history;
        let unclear: Vec<&Call> = history.calls.iter().filter(|call| call.is_unclear()).collect();
        for revocation in unclear {
            let Asked::RevokeUser { user, tenant, except } = &revocation.asked else { continue };
            let covered = |session: &usize| {
                let known = &history.sessions[*session];
                known.user == *user
                    && tenant.is_none_or(|tenant| tenant == known.tenant)
                    && *except != Some(*session)
                    && history.calls[known.call].ended < revocation.begun
            };
            let covered: Vec<usize> = (0..history.sessions.len()).filter(covered).collect();
            let alone = |session: &usize| {
                let seen = self.ends[*session].seen?;
                let mut others = history.calls.iter().filter(|call| call.begun < seen);
                let others = others.any(|call| {
                    call.begun != revocation.begun
                        && effect(history, call, *session) != Effect::Never
                });
                (!others).then_some(seen)
            };
            let Some(known) = covered.iter().filter_map(alone).min() else { continue };
            for session in covered {
                let seen = &mut self.ends[session].seen;
                *seen = Some(seen.map_or(known, |seen| seen.min(known)));
            }
        }
    }

    /// The calls that presented a refresh token.
    pub(crate) fn refreshes_of(&self, token: usize) -> impl Iterator<Item = &'h Call> {
        self.history
            .calls
            .iter()
            .filter(move |call| matches!(call.asked, Asked::Refresh(t) if t == token))
    }

    /// How many exchanges may have followed the refresh token, among the calls that `counts`.
    pub(crate) fn exchanges_after(&self, token: usize, counts: impl Fn(&Call) -> bool) -> usize {
        let history = self.history;
        let session = history.refreshes[token].session;
        let mut successors = Vec::new();
        let mut unclear = 0;
        for call in history.calls.iter().filter(|call| counts(call)) {
            match (&call.asked, &call.outcome) {
                (Asked::Refresh(presented), Outcome::Exchanged(_, next))
                    if *next > token
                        && history.refreshes[*presented].session == session
                        && !successors.contains(next) =>
                {
                    successors.push(*next);
                }
                (Asked::Refresh(presented), _)
                    if call.may_have_exchanged()
                        && history.refreshes[*presented].session == session =>
                {
                    unclear += 1;
                }
                _ => {}
            }
        }
        successors.len() + unclear
    }

    /// When the session's time was over at the latest, by the clocks of those who set it: by calls
    /// that had begun by then.
    pub(crate) fn latest_expiry(&self, session: usize, by: Moment) -> i64 {
        let setters = setters(self.history, session).filter(|call| call.begun < by);
        // Nobody knows when it read its clock; not later than it ended.
        let late = setters.map(|call| call.clock_at(call.ended) + SESSION_LIFE);
        late.max().unwrap_or(i64::MAX)
    }

    /// When it was over at the earliest.
    pub(crate) fn earliest_expiry(&self, session: usize, by: Moment) -> i64 {
        let setters = setters(self.history, session).filter(|call| call.begun < by);
        setters.map(|call| call.clock_at(call.begun) + SESSION_LIFE).min().unwrap_or(i64::MAX)
    }
}

/// The calls that may have set when the session's time is over.
fn setters(history: &History, session: usize) -> impl Iterator<Item = &Call> {
    history.calls.iter().enumerate().filter_map(move |(number, call)| {
        let opened = history.sessions[session].call == number;
        let refreshed = matches!(call.asked, Asked::Refresh(token) if history.refreshes[token].session == session)
            && (call.is_unclear() || matches!(call.outcome, Outcome::Exchanged(..)));
        (opened || refreshed).then_some(call)
    })
}

/// How a call bears on a session.
fn effect(history: &History, call: &Call, session: usize) -> Effect {
    let known = &history.sessions[session];
    let if_unclear = |covered: bool| match (covered, call.is_unclear()) {
        (true, true) => Effect::Maybe,
        _ => Effect::Never,
    };
    match (&call.asked, &call.outcome) {
        (Asked::Logout(token), outcome) => {
            let own = history.accesses[*token].session == session;
            match outcome {
                Outcome::LoggedOut if own => Effect::Ends,
                _ => if_unclear(own),
            }
        }
        (Asked::RevokeHandles(sessions), outcome) => match outcome {
            Outcome::Revoked(_) if sessions.contains(&session) => Effect::Ends,
            _ => if_unclear(sessions.contains(&session)),
        },
        (Asked::Refresh(token), outcome) => {
            let own = history.refreshes[*token].session == session;
            match outcome {
                Outcome::Theft if own => Effect::Ends,
                // It may have found a theft and ended the session, or failed on the way.
                _ => if_unclear(own),
            }
        }
        (Asked::RevokeUser { user, tenant, except }, outcome) => {
            let covers = known.user == *user
                && tenant.is_none_or(|tenant| tenant == known.tenant)
                && *except != Some(session);
            if !covers || matches!(outcome, Outcome::NothingToKeep) && !call.late {
                return Effect::Never;
            }
            let opening = &history.calls[known.call];
            if opening.begun > call.ended && !call.late {
                return Effect::Never;
            }
            match outcome {
                Outcome::Revoked(_) if opening.ended < call.begun => Effect::Ends,
                _ => Effect::Maybe,
            }
        }
        (Asked::RemoveTenant, outcome) => {
            if known.tenant != OTHER {
                return Effect::Never;
            }
            let opening = &history.calls[known.call];
            match outcome {
                _ if opening.begun > call.ended && !call.late => Effect::Never,
                Outcome::Removed if opening.ended < call.begun => Effect::Ends,
                _ => Effect::Maybe,
            }
        }
        (Asked::Lose(_), Outcome::Lost { ended, revived }) => {
            if ended.contains(&session) && is_settled(history, call) {
                Effect::Ends
            } else if ended.contains(&session)
                || revived.contains(&session)
                || is_being_opened(history, call, session)
            {
                Effect::Maybe
            } else {
                Effect::Never
            }
        }
        _ => Effect::Never,
    }
}

/// Whether no revocation was under way when an item was lost. A write that is repeated after the
/// loss, or takes effect late, may write the very generation that was lost.
fn is_settled(history: &History, loss: &Call) -> bool {
    history.calls.iter().filter(|call| call.raises()).all(|call| call.is_apart_from(loss))
}

fn is_being_opened(history: &History, loss: &Call, session: usize) -> bool {
    let opening = &history.calls[history.sessions[session].call];
    opening.begun < loss.begun && opening.ended > loss.ended
}
