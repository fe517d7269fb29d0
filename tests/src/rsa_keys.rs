//! RSA keys for the bundles of a test process. Making one takes longer than most tests.

use shared::time::{Entropy, EntropyError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Key = Arc<[u8]>;

/// The keys that no bundle has at present.
static FREE: Mutex<Vec<Key>> = Mutex::new(Vec::new());

/// The keys of one bundle. No other has them until it is dropped, so a token of another deployment
/// is never genuine by chance.
#[derive(Default)]
struct Lent(Mutex<Vec<Key>>);

impl Lent {
    fn next(&self) -> Result<Key, EntropyError> {
        let free = lock(&FREE).pop();
        let key = free.map_or_else(|| Entropy::system().rsa_key(), Ok)?;
        lock(&self.0).push(Arc::clone(&key));
        Ok(key)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        lock(&FREE).append(&mut lock(&self.0));
    }
}

fn lock(keys: &Mutex<Vec<Key>>) -> MutexGuard<'_, Vec<Key>> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The system's randomness, with RSA keys of earlier bundles of this process.
#[must_use]
pub fn entropy() -> Entropy {
    let lent = Lent::default();
    Entropy::system().with_rsa_keys(move || lent.next())
}
