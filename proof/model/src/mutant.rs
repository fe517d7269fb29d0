//! Protocols that look right and are not. Each leaves out or changes one thing; a model that could
//! not tell them from the true one would prove nothing.
//!
//! A refresh, a lift or a sweep without `attribute_exists(pk)` is not among them: on a row that is
//! not there, the comparison beside it does not hold either. Alone, it stands in `remove`.

use crate::promise::Promise;

macro_rules! mutants {
    ($($mutant:ident: $about:literal,)*) => {
        /// The protocol that is explored: the true one, or one with a fault built in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Mutant {
            /// As the code has it.
            None,
            $(#[doc = $about] $mutant,)*
        }

        impl Mutant {
            /// All but the true one.
            pub const ALL: &[Self] = &[$(Self::$mutant,)*];

            /// The mutant in words.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self {
                    Self::None => "The protocol as it is.",
                    $(Self::$mutant => $about,)*
                }
            }
        }
    };
}

mutants! {
    GenerationsOff:
        "Revoking a user deletes the rows that the index shows, and raises nothing.",
    WallClockCutoff:
        "Each session has a time of birth, each user a time of revocation, by the functions' \
         clocks.",
    RaiseWithoutStep:
        "A revocation whose clock is not ahead of the generation adds nothing.",
    RaiseOvertaken:
        "A revocation reads the generation and raises it by one; when another was faster, it \
         takes the work for done. The other may have kept a session.",
    LiftApart:
        "The kept session is lifted by a write of its own, after the raise.",
    KeepingUnconditional:
        "Raise and lift are one transaction, conditional on nothing.",
    OneLookToCheck:
        "A check that finds a session behind does not look again.",
    OneLookToRefresh:
        "A refresh that finds a session behind does not look again.",
    OneLookToKeep:
        "A revocation that finds the session to be kept behind does not look again.",
    CheckReadsThePast:
        "The strict check reads without `ConsistentRead`.",
    CreateReadsThePast:
        "Opening a session reads the generation without `ConsistentRead`.",
    RefreshReadsThePast:
        "A refresh reads without `ConsistentRead`.",
    UnprocessedIgnored:
        "A key that a batch leaves unprocessed is taken for an item that is not there.",
    PutRepeated:
        "The SDK repeats the put that opens a session.",
    RotateUnconditional:
        "A refresh is written on no condition.",
    RotateWithoutDigest:
        "A refresh is written on condition that there is a row: not on which token is current.",
    SuccessorDrawn:
        "A parallel tab is given a new successor, not the same one again.",
    ReplayAccepted:
        "A token that is older than the previous one is taken for the previous one.",
    TheftLeavesSession:
        "Theft is answered, and the session left.",
    SweepUnconditional:
        "The sweep deletes whatever the index shows.",
    RemoveUnconditional:
        "A handle is removed without asking that it is there.",
    ExpiryLeftToTtl:
        "A session lives until time to live has removed its row.",
    AheadLives:
        "A session that is ahead of the generation lives: only one that is behind is refused.",
    OneLookAhead:
        "A check that finds a session ahead does not look again.",
    LooksUnlike:
        "Two looks that find the same generation are a proof, even if one found the session behind \
         and the other ahead.",
    GenerationsCounted:
        "A revocation adds one to the generation, whatever the clock shows.",
    CopyLeftOut:
        "The removal of a tenant raises all copies of its generation but one.",
    AnotherCopyChecked:
        "A check reads another copy of the tenant's generation than the session saw at birth.",
    TenantGoneLast:
        "The removal of a tenant raises its generation first and takes it out of the app's record \
         afterwards.",
    TenantNotLookedForAgain:
        "A session is opened without looking for its tenant once more.",
}

/// What must find a mutant: in which configuration which promise is broken.
#[derive(Clone, Copy, Debug)]
pub struct Catch {
    /// The mutant.
    pub mutant: Mutant,
    /// The name of the configuration.
    pub configuration: &'static str,
    /// The promise that it breaks.
    pub promise: Promise,
}

const fn by(mutant: Mutant, configuration: &'static str, promise: Promise) -> Catch {
    Catch { mutant, configuration, promise }
}

/// Every mutant, with what catches it.
pub const CATCHES: &[Catch] = &[
    by(Mutant::GenerationsOff, "revoke", Promise::RevokedIsRefused),
    by(Mutant::GenerationsOff, "revoke", Promise::SuccessHasEffect),
    by(Mutant::WallClockCutoff, "revoke", Promise::RevokedIsRefused),
    by(Mutant::WallClockCutoff, "revoke", Promise::OthersAreSpared),
    by(Mutant::RaiseWithoutStep, "revoke", Promise::RevokedIsRefused),
    by(Mutant::RaiseOvertaken, "keep", Promise::RevokedIsRefused),
    by(Mutant::LiftApart, "keep", Promise::OthersAreSpared),
    by(Mutant::KeepingUnconditional, "keep", Promise::RevokedIsRefused),
    by(Mutant::OneLookToCheck, "keep", Promise::OthersAreSpared),
    by(Mutant::OneLookToRefresh, "keep-open", Promise::OthersAreSpared),
    by(Mutant::OneLookToKeep, "keep-same", Promise::OthersAreSpared),
    by(Mutant::CheckReadsThePast, "revoke", Promise::RevokedIsRefused),
    by(Mutant::CreateReadsThePast, "revoke", Promise::OthersAreSpared),
    by(Mutant::RefreshReadsThePast, "refresh", Promise::RevokedIsRefused),
    by(Mutant::UnprocessedIgnored, "revoke", Promise::RevokedIsRefused),
    by(Mutant::PutRepeated, "handles", Promise::RevokedIsRefused),
    by(Mutant::PutRepeated, "handles", Promise::EndedStaysEnded),
    by(Mutant::RotateUnconditional, "handles-refresh", Promise::EndedStaysEnded),
    by(Mutant::RotateUnconditional, "handles-refresh", Promise::ReportedOnce),
    by(Mutant::RotateWithoutDigest, "tabs", Promise::OneSuccessor),
    by(Mutant::SuccessorDrawn, "tabs", Promise::OneSuccessor),
    by(Mutant::ReplayAccepted, "theft", Promise::TheftEnds),
    by(Mutant::TheftLeavesSession, "theft", Promise::TheftEnds),
    by(Mutant::SweepUnconditional, "revoke", Promise::OthersAreSpared),
    by(Mutant::SweepUnconditional, "keep", Promise::OthersAreSpared),
    by(Mutant::RemoveUnconditional, "handles-refresh", Promise::ReportedOnce),
    by(Mutant::ExpiryLeftToTtl, "time", Promise::TimeOverIsRefused),
    by(Mutant::AheadLives, "lost", Promise::RevokedIsRefused),
    by(Mutant::AheadLives, "lost-copy", Promise::RevokedIsRefused),
    by(Mutant::OneLookAhead, "keep", Promise::OthersAreSpared),
    by(Mutant::LooksUnlike, "keep-same", Promise::OthersAreSpared),
    by(Mutant::GenerationsCounted, "lost", Promise::RevokedIsRefused),
    by(Mutant::CopyLeftOut, "tenant", Promise::RevokedIsRefused),
    by(Mutant::CopyLeftOut, "tenant", Promise::SuccessHasEffect),
    by(Mutant::AnotherCopyChecked, "lost-copy", Promise::RevokedIsRefused),
    by(Mutant::AnotherCopyChecked, "lost-copy", Promise::OthersAreSpared),
    by(Mutant::TenantGoneLast, "tenant", Promise::RemovedTenantIsEmpty),
    by(Mutant::TenantNotLookedForAgain, "tenant", Promise::RemovedTenantIsEmpty),
];
