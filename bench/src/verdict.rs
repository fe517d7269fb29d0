//! Whether a figure is still what was accepted.

/// What is to be said of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is what was accepted, or nearly.
    Holds,
    /// It is so much less that the baseline should say so.
    Better,
    /// It is more than is allowed.
    Worse,
    /// Nothing was accepted for it.
    New,
    /// Something was accepted for it, and it was not measured.
    Gone,
}

/// By how much a figure must be less, in percent, for the baseline to follow it.
const WORTH_SAYING: u64 = 3;

impl Verdict {
    /// Compares what was measured with what was accepted, of which it may exceed `margin` percent.
    #[must_use]
    pub fn on(measured: Option<u64>, accepted: Option<u64>, margin: u64) -> Self {
        let (measured, accepted) = match (measured, accepted) {
            (None, _) => return Self::Gone,
            (_, None) => return Self::New,
            (Some(measured), Some(accepted)) => (measured, accepted),
        };
        if measured > accepted + accepted * margin / 100 {
            Self::Worse
        } else if measured + accepted * WORTH_SAYING / 100 < accepted {
            Self::Better
        } else {
            Self::Holds
        }
    }

    /// Whether a change may land with it.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Holds | Self::Better)
    }

    /// How it is told.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Holds => "",
            Self::Better => "better: bench/guard --update keeps it so",
            Self::Worse => "WORSE",
            Self::New => "NEW",
            Self::Gone => "GONE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_costs_more_than_allowed_or_is_unknown_fails() {
        for (measured, accepted, verdict, passes) in [
            (Some(1000), Some(1000), Verdict::Holds, true),
            (Some(1020), Some(1000), Verdict::Holds, true),
            (Some(1021), Some(1000), Verdict::Worse, false),
            (Some(970), Some(1000), Verdict::Holds, true),
            (Some(969), Some(1000), Verdict::Better, true),
            (Some(1), None, Verdict::New, false),
            (None, Some(1), Verdict::Gone, false),
        ] {
            assert_eq!(Verdict::on(measured, accepted, 2), verdict, "{measured:?} {accepted:?}");
            assert_eq!(verdict.passes(), passes, "{verdict:?}");
        }
        assert_eq!(Verdict::on(Some(1001), Some(1000), 0), Verdict::Worse);
    }
}
