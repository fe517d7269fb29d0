//! Time and randomness as values that are passed in.
//!
//! Rules never read a clock or the operating system's randomness by themselves: they are given a
//! [`Clock`] and an [`Entropy`], so that a test can stop time and repeat a draw.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use std::sync::Arc;
use std::time::Duration;

/// A moment, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the Unix epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down: the shape of the `iat` claim.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment rounded up to a whole second, so that what expires then never lives shorter than
    /// promised.
    #[must_use]
    pub const fn ceil_to_second(self) -> Self {
        Self::from_seconds(self.0.saturating_add(999).div_euclid(1000))
    }

    /// The moment `span` later. Saturates at the end of time instead of wrapping to its beginning.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The moment `span` earlier, saturating likewise.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Tells the time. Clones tell the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's own clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn system() -> Self {
        Self::from_fn(|| {
            let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            Timestamp(0).plus(since_epoch.unwrap_or_default())
        })
    }

    /// A clock that shows what `now` returns, such as a stopped one.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// The source of randomness failed, so nothing secret can be made.
#[derive(Debug, thiserror::Error)]
#[error("the source of randomness failed")]
pub struct EntropyError;

/// Randomness fit for secrets: bytes and RSA keys. Clones share one source.
#[derive(Clone)]
pub struct Entropy {
    fill: Arc<Fill>,
    rsa_key: Arc<RsaKey>,
}

type Fill = dyn Fn(&mut [u8]) -> Result<(), EntropyError> + Send + Sync;
type RsaKey = dyn Fn() -> Result<Arc<[u8]>, EntropyError> + Send + Sync;

impl Entropy {
    /// The operating system's cryptographic randomness, by way of AWS-LC.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(|bytes| aws_lc_rs::rand::fill(bytes).map_err(|_| EntropyError))
    }

    /// A source that fills by `fill`, such as a seeded one. Its RSA keys are those of the system.
    #[must_use]
    pub fn from_fn(
        fill: impl Fn(&mut [u8]) -> Result<(), EntropyError> + Send + Sync + 'static,
    ) -> Self {
        let rsa_key = || new_rsa_key().map_err(|Unspecified| EntropyError);
        Self { fill: Arc::new(fill), rsa_key: Arc::new(rsa_key) }
    }

    /// This source, but with the RSA keys that `rsa_key` returns, such as keys made in advance.
    #[must_use]
    pub fn with_rsa_keys(
        self,
        rsa_key: impl Fn() -> Result<Arc<[u8]>, EntropyError> + Send + Sync + 'static,
    ) -> Self {
        Self { rsa_key: Arc::new(rsa_key), ..self }
    }

    /// A new private key of RSA-2048, as PKCS#8 in DER.
    ///
    /// # Errors
    /// No key could be made. Refuse what needs one.
    pub fn rsa_key(&self) -> Result<Arc<[u8]>, EntropyError> {
        (self.rsa_key)()
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// The source failed. There is no weaker source to fall back to.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes)?;
        Ok(bytes)
    }
}

fn new_rsa_key() -> Result<Arc<[u8]>, Unspecified> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let der: Pkcs8V1Der<'_> = pair.as_der()?;
    Ok(der.as_ref().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_down_and_an_expiry_rounds_up() {
        for (millis, down, up) in [(0, 0, 0), (1, 0, 1), (999, 0, 1), (1000, 1, 1), (1001, 1, 2)] {
            let moment = Timestamp::from_millis(millis);
            assert_eq!(moment.seconds(), down, "{millis} ms down");
            assert_eq!(moment.ceil_to_second(), Timestamp::from_seconds(up), "{millis} ms up");
        }
    }

    #[test]
    fn the_end_of_time_saturates() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert!(end.ceil_to_second() >= Timestamp::from_millis(i64::MAX - 999));
    }
}
