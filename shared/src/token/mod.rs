//! Tokens: how they look, how they are made, what makes one genuine. No I/O, no clock and no
//! environment in here.

pub mod access;
pub mod anti_csrf;
pub mod claims;
pub mod issuers;
pub mod key;
pub mod keyring;
mod legacy;
pub mod payload;
pub mod refresh;
mod refresh_hash;
pub mod sealing;
pub mod signing;
pub mod stored_keys;
pub mod unverified;
pub mod version;

#[cfg(test)]
mod tests;

use std::fmt;

/// Text that must never be shown: it has no `Display`, and its `Debug` says only that it is there.
#[derive(Clone)]
struct Secret(Box<str>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
