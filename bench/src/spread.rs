//! Quantiles of what was measured.

/// The tenth, the middle and the ninetieth of a hundred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// One in ten is not above this.
    pub p10: f64,
    /// The median.
    pub p50: f64,
    /// Nine in ten are not above this.
    pub p90: f64,
}

impl Spread {
    /// The spread of `values`; `None` when there are none.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let at = |percent| quantile(&values, percent);
        Some(Self { p10: at(10)?, p50: at(50)?, p90: at(90)? })
    }

    /// A value that does not vary.
    #[must_use]
    pub fn exactly(value: f64) -> Self {
        Self { p10: value, p50: value, p90: value }
    }
}

/// The least of the sorted `values` that `percent` in a hundred are not above.
#[must_use]
pub fn quantile(values: &[f64], percent: usize) -> Option<f64> {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let spread = Spread::of((1..=10).rev().map(f64::from).collect());
        assert_eq!(spread, Some(Spread { p10: 1.0, p50: 5.0, p90: 9.0 }));
        assert_eq!(Spread::of(vec![7.0]), Some(Spread::exactly(7.0)));
        assert_eq!(Spread::of(Vec::new()), None);
        assert_eq!(quantile(&[1.0, 2.0], 99), Some(2.0));
    }
}
