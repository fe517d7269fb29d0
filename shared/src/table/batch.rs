//! Strongly consistent reads of several items at once, to the last key.

use super::schema::{Attributes, PK};
use super::{SessionTable, TableError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use std::collections::HashMap;
use std::time::Duration;

/// The most keys DynamoDB takes in one call.
const MAX_KEYS: usize = 100;
/// How often keys that came back unprocessed are asked for again. With the pauses between: 140 ms
/// at the most.
const ROUNDS: u32 = 4;

impl SessionTable {
    /// Reads the attributes `names` of the items at `keys`. Which of them exist is told by the `pk`
    /// of what comes back.
    ///
    /// A key that DynamoDB leaves unprocessed (throttling, answered with HTTP 200) is asked for
    /// again, a bounded number of times; the SDK does not do that. What is then still missing is
    /// **unknown**, not absent, so it is an error.
    pub(super) async fn read_all(
        &self,
        doing: &'static str,
        keys: Vec<AttributeValue>,
        names: &[&str],
    ) -> Result<Vec<Attributes>, TableError> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(MAX_KEYS) {
            let request = batch(doing, chunk, names)?;
            found.extend(self.read_chunk(doing, request).await?);
        }
        Ok(found)
    }

    async fn read_chunk(
        &self,
        doing: &'static str,
        batch: KeysAndAttributes,
    ) -> Result<Vec<Attributes>, TableError> {
        let mut found = Vec::new();
        let mut keys = batch.keys.clone();
        for round in 1..=ROUNDS {
            // Always our own request with the keys that are left, never the one that came back:
            // what this read promises must not hang on what was echoed.
            let mut request = batch.clone();
            request.keys = keys;
            let answer = self
                .dynamodb
                .batch_get_item()
                .request_items(&*self.name, request)
                .customize()
                .interceptor(self.hot.clone())
                .send()
                .await
                .map_err(TableError::doing(doing))?;
            found.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
            let left = answer.unprocessed_keys.unwrap_or_default();
            keys = left.into_values().flat_map(|left| left.keys).collect();
            if keys.is_empty() {
                return Ok(found);
            }
            if round < ROUNDS {
                tokio::time::sleep(Duration::from_millis(10 << round)).await;
            }
        }
        Err(TableError::Unprocessed { doing })
    }
}

fn batch(
    doing: &'static str,
    keys: &[AttributeValue],
    names: &[&str],
) -> Result<KeysAndAttributes, TableError> {
    let mut batch = KeysAndAttributes::builder().consistent_read(true);
    for key in keys {
        batch = batch.keys(HashMap::from([(PK.to_owned(), key.clone())]));
    }
    let (projection, names) = projection(names);
    batch = batch.projection_expression(projection);
    for (placeholder, name) in names {
        batch = batch.expression_attribute_names(placeholder, name);
    }
    batch.build().map_err(TableError::building(doing))
}

/// An expression for these attributes, and what stands in it for which: a name may have a character
/// (`#`) or be a word that expressions reserve.
pub(super) fn projection<'a>(names: &[&'a str]) -> (String, HashMap<String, &'a str>) {
    let placeholders: Vec<_> = (0..names.len()).map(|i| format!("#a{i}")).collect();
    (placeholders.join(","), placeholders.into_iter().zip(names.iter().copied()).collect())
}
