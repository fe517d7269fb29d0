//! A set of small numbers in one byte: a state of the model is copied and hashed millions of times.

use std::fmt;

/// A set of numbers below 8: handles, tokens or processes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Set(u8);

impl Set {
    /// The set of nothing.
    pub(crate) const EMPTY: Self = Self(0);

    /// The set of these.
    pub(crate) fn of(items: &[u8]) -> Self {
        let mut set = Self::default();
        for item in items {
            set.insert(*item);
        }
        set
    }

    /// Whether `item` is in it.
    pub(crate) const fn has(self, item: u8) -> bool {
        self.0 & (1 << item) != 0
    }

    /// Puts `item` in.
    pub(crate) const fn insert(&mut self, item: u8) {
        self.0 |= 1 << item;
    }

    /// Takes `item` out.
    pub(crate) const fn remove(&mut self, item: u8) {
        self.0 &= !(1 << item);
    }

    /// Puts all of `other` in.
    pub(crate) const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// All but `item`.
    pub(crate) const fn without(mut self, item: u8) -> Self {
        self.remove(item);
        self
    }

    /// What is in it, ascending.
    pub(crate) fn iter(self) -> impl Iterator<Item = u8> {
        (0..8).filter(move |item| self.has(*item))
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
