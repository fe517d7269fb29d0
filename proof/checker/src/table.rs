//! Tables for histories. One serves many, since making a signing key takes longer than a history;
//! users of different histories have different names.

use crate::cluster::{BEGINNING, TABLE};
use crate::history::History;
use crate::mutants::Missing;
use crate::program::Program;
use local::dynamodb::{
    Embedded, OpenError, WireRequest, WireResponse, client, create_table_if_absent,
};
use local::template::{SEVER, Template};
use serde_json::{Value, json};
use shared::ids::AppId;
use shared::table::SessionTable;
use shared::time::{Entropy, Timestamp};
use shared::token::signing::SigningKeys;
use std::sync::Arc;

/// How many histories share a table.
const SHARED_BY: u64 = 500;

/// Tables with signing keys, one after another.
pub struct Tables {
    keys: Vec<Value>,
    current: Embedded,
    used: u64,
}

impl Tables {
    /// Makes the keys, and the first table.
    ///
    /// # Errors
    /// There is no database, or what it was told was refused.
    pub fn new() -> Result<Self, OpenError> {
        let current = empty()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let mut keys = Vec::new();
        if let Ok(runtime) = runtime {
            let table =
                SessionTable::new(client(Arc::new(current.clone())), TABLE, &AppId::public());
            let first = SigningKeys::first(Timestamp::from_millis(BEGINNING), &Entropy::system());
            if let Ok(first) = first {
                drop(runtime.block_on(table.write_keys(&first)));
            }
            for (pk, list) in
                [("signing-keys#public", "signingKeys"), ("public-keys#public", "publicKeys")]
            {
                let mut item = item(&current, pk);
                only_dynamic(&mut item[list]["L"]);
                keys.push(item);
            }
        }
        // The first table still has both.
        Ok(Self { keys, current, used: SHARED_BY })
    }

    /// Runs a program on a table.
    ///
    /// # Errors
    /// There is no database.
    pub fn run(
        &mut self,
        program: &Program,
        missing: Option<Missing>,
    ) -> Result<History, OpenError> {
        if self.used >= SHARED_BY || program.long {
            self.current = self.fresh()?;
            self.used = 0;
        }
        self.used += 1;
        let name = format!("h{}", self.used);
        let history = crate::run(program, self.current.clone(), &name, missing);
        if program.long {
            // Its keys are of another time.
            self.used = SHARED_BY;
        }
        Ok(history)
    }

    fn fresh(&self) -> Result<Embedded, OpenError> {
        let table = empty()?;
        for item in &self.keys {
            let put = json!({"TableName": TABLE, "Item": item});
            drop(table.answer(&WireRequest::new("PutItem", &put)));
        }
        Ok(table)
    }
}

/// A table as the template has it.
fn empty() -> Result<Embedded, OpenError> {
    let database = Embedded::memory()?;
    let domain = |name: &str| (name.to_owned(), "https://sever.example".to_owned());
    let domains = [domain("ApiDomain"), domain("WebsiteDomain")].into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    if let (Ok(template), Ok(runtime)) = (Template::parse(SEVER, &domains), runtime) {
        let table = local::template::Table { name: TABLE.to_owned(), ..template.table };
        let client = client(Arc::new(database.clone()));
        drop(runtime.block_on(create_table_if_absent(&client, &table)));
    }
    Ok(database)
}

fn item(table: &Embedded, pk: &str) -> Value {
    let get = json!({"TableName": TABLE, "Key": {"pk": {"S": pk}}});
    let WireResponse { body, .. } = table.answer(&WireRequest::new("GetItem", &get));
    let answer: Value = serde_json::from_str(&body).unwrap_or_default();
    answer["Item"].clone()
}

/// Instances read every key, and reading one takes longer than using it: the static one is not used
/// here.
fn only_dynamic(keys: &mut Value) {
    if let Some(keys) = keys.as_array_mut() {
        let is_dynamic = |kid: &str| kid.starts_with("d-");
        keys.retain(|key| key["M"]["kid"]["S"].as_str().is_some_and(is_dynamic));
    }
}
