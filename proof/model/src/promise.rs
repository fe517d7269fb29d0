//! What must hold in every state that can be reached. `history.rs` notices when it does not.

/// A promise, and whether it has been broken on the way to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// The product's promise.
    RevokedIsRefused,
    /// Ended is for ever, whoever ended it, even if nobody was told.
    EndedStaysEnded,
    /// Parallel tabs and lost answers share one line of successors.
    OneSuccessor,
    /// Who presents a token that was superseded gets nothing, and the session ends.
    TheftEnds,
    /// By the call that removed it, or by none.
    ReportedOnce,
    /// Of every verb.
    SuccessHasEffect,
    /// A revocation ends what it covers and nothing else.
    OthersAreSpared,
    /// Whether or not time to live has removed the row.
    TimeOverIsRefused,
    /// A removed tenant is empty, whoever opened a session in it meanwhile.
    RemovedTenantIsEmpty,
    /// Not promised: see [`LIMITS`](crate::LIMITS).
    NothingAfterTheAnswer,
    /// Not promised: see [`LIMITS`](crate::LIMITS).
    TimeOverStaysOver,
}

/// What is promised, and holds in every configuration.
pub const PROMISES: [Promise; 9] = [
    Promise::RevokedIsRefused,
    Promise::EndedStaysEnded,
    Promise::OneSuccessor,
    Promise::TheftEnds,
    Promise::ReportedOnce,
    Promise::SuccessHasEffect,
    Promise::OthersAreSpared,
    Promise::TimeOverIsRefused,
    Promise::RemovedTenantIsEmpty,
];

impl Promise {
    /// The promise in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RevokedIsRefused => {
                "what a revoke, a logout, a theft or the loss of a generation has ended is refused by \
                 every strict check and refresh that starts after it"
            }
            Self::EndedStaysEnded => {
                "a session that was found ended is never allowed again, and a row that was removed \
                 never comes back"
            }
            Self::OneSuccessor => "a refresh token has one successor, whoever asks and how often",
            Self::TheftEnds => {
                "a superseded refresh token gets no successor, and theft is answered when the \
                 session has ended"
            }
            Self::ReportedOnce => "a handle is reported revoked by at most one call",
            Self::SuccessHasEffect => "no verb answers success without its effect",
            Self::OthersAreSpared => {
                "a session opened after a revocation took effect, or kept by it, is not refused"
            }
            Self::TimeOverIsRefused => {
                "a session whose time is over is refused, whether or not its row is still there"
            }
            Self::RemovedTenantIsEmpty => {
                "no session in a tenant whose removal was answered is allowed, one that was being \
                 opened meanwhile included"
            }
            Self::NothingAfterTheAnswer => "a revocation takes no effect after its answer",
            Self::TimeOverStaysOver => {
                "a session that was refused because its time was over is never allowed again"
            }
        }
    }
}

/// A set of promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Broken(u16);

impl Broken {
    /// Notes that `promise` was broken.
    pub(crate) const fn note(&mut self, promise: Promise) {
        self.0 |= 1 << promise as u16;
    }

    /// Whether `promise` was broken.
    pub(crate) const fn has(self, promise: Promise) -> bool {
        self.0 & (1 << promise as u16) != 0
    }
}
