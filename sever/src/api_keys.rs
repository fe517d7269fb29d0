//! `sever api-keys`: makes keys for `core-driver`.

use crate::failure::Failure;
use crate::output::Done;
use serde_json::json;
use shared::api_keys::NewApiKey;
use shared::time::Entropy;

/// A key is printed here and kept nowhere.
pub(crate) fn new() -> Result<Done, Failure> {
    let random = Entropy::system().bytes();
    let random = random.map_err(|error| Failure::Unknown(error.to_string()))?;
    let NewApiKey { key, digest } = NewApiKey::of(random);
    let text = format!("key     {key}\ndigest  {digest}\n");
    Ok(Done { text, json: json!({"key": key, "digest": digest}), ..Done::default() })
}
