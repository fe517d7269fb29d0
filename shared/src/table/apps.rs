//! The app items: one for each app that was made, and one that lists them.

use super::client::Tried;
use super::generations::is_conflict;
use super::item::Item;
use super::schema::{
    APP_IDS, APP_VERSION, Attributes, INCARNATION, PK, REMOVED, SETTINGS, TENANTS, number, text,
};
use super::{SessionTable, TableError};
use crate::ids::{AppId, TenantId};
use crate::tenancy::AppRecord;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};

const DOING: &str = "writing an app";

/// The apps in a table.
#[derive(Clone)]
pub struct AppTable {
    dynamodb: Client,
    name: Box<str>,
    tried: Tried,
}

/// What is written along with an app's record.
#[derive(Clone, Copy, Debug)]
pub enum AppWrite {
    /// Nothing.
    Changed,
    /// It is on the list of apps from now on.
    Made,
    /// It no longer is, and its keys are gone: nothing that it issued can be verified.
    Removed,
}

/// What became of a write of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppWritten {
    /// It is written.
    Written,
    /// Somebody else wrote it first. Nothing was written.
    Stale,
}

impl AppTable {
    /// The apps in the table `name`.
    #[must_use]
    pub fn new(dynamodb: Client, name: &str) -> Self {
        Self { dynamodb, name: name.into(), tried: Tried::default() }
    }

    /// The same table for writes that end sessions, which are tried for some 10 s.
    #[must_use]
    pub fn patient(&self) -> Self {
        Self { tried: Tried::Patiently, ..self.clone() }
    }

    /// The sessions of an app.
    #[must_use]
    pub fn sessions_of(&self, app: &AppRecord) -> SessionTable {
        SessionTable::of_app(self.dynamodb.clone(), &self.name, app)
    }

    /// The sessions of the app of this name, if there is one. `public` is always there, and costs no
    /// read.
    ///
    /// # Errors
    /// We could not find out, or the app's item is corrupt.
    pub async fn find_sessions(&self, id: &AppId) -> Result<Option<SessionTable>, TableError> {
        if *id == AppId::public() {
            return Ok(Some(SessionTable::new(self.dynamodb.clone(), &self.name, id)));
        }
        let record = self.find(id).await?.filter(|record| !record.removed);
        Ok(record.map(|record| self.sessions_of(&record)))
    }

    /// An app's record, read strongly. One that was removed still has one.
    ///
    /// # Errors
    /// We could not find out, or the item is corrupt.
    pub async fn find(&self, id: &AppId) -> Result<Option<AppRecord>, TableError> {
        let get = self.dynamodb.get_item().table_name(&*self.name).key(PK, app_pk(id));
        let found = get.consistent_read(true).send().await;
        let found = found.map_err(TableError::doing("reading an app"))?;
        found.item.as_ref().map(|item| from_item(id, item)).transpose()
    }

    /// The ids of the apps that there are, read strongly.
    ///
    /// # Errors
    /// We could not find out, or the item is corrupt.
    pub async fn list(&self) -> Result<Vec<AppId>, TableError> {
        let get = self.dynamodb.get_item().table_name(&*self.name).key(PK, list_pk());
        let found = get.consistent_read(true).send().await;
        let found = found.map_err(TableError::doing("listing the apps"))?.item.unwrap_or_default();
        let item = Item { entity: "apps", attributes: &found };
        let Some(ids) = found.get(APP_IDS) else { return Ok(Vec::new()) };
        let ids = ids.as_ss().map_err(|_| item.corrupt(APP_IDS))?;
        ids.iter().map(|id| AppId::parse(id).map_err(|_| item.corrupt(APP_IDS))).collect()
    }

    /// Writes an app, if it is still at the version before; with it, in one transaction, what
    /// `write` says.
    ///
    /// # Errors
    /// The effect is unknown.
    pub async fn write(&self, app: &AppRecord, write: AppWrite) -> Result<AppWritten, TableError> {
        let update = |update| TransactWriteItem::builder().update(update).build();
        let mut items = vec![TransactWriteItem::builder().put(self.put(app)?).build()];
        match write {
            AppWrite::Changed => {}
            AppWrite::Made => items.push(update(self.list_as("ADD", app)?)),
            AppWrite::Removed => {
                items.push(update(self.list_as("DELETE", app)?));
                items.extend(self.delete_keys(app)?);
            }
        }
        let transaction = self.dynamodb.transact_write_items().set_transact_items(Some(items));
        match transaction.customize().config_override(self.tried.config()).send().await {
            Ok(_) => Ok(AppWritten::Written),
            Err(SdkError::ServiceError(error)) if is_conflict(error.err()) => Ok(AppWritten::Stale),
            Err(error) => Err(TableError::doing(DOING)(error)),
        }
    }

    fn delete_keys(&self, app: &AppRecord) -> Result<Vec<TransactWriteItem>, TableError> {
        let sessions = self.sessions_of(app);
        let delete = |pk| {
            let delete = Delete::builder().table_name(&*self.name).key(PK, pk).build();
            let delete = delete.map_err(TableError::building(DOING))?;
            Ok(TransactWriteItem::builder().delete(delete).build())
        };
        [sessions.signing_keys_pk(), sessions.public_keys_pk()].into_iter().map(delete).collect()
    }

    fn put(&self, app: &AppRecord) -> Result<Put, TableError> {
        let count = |count: u64| number(i64::try_from(count).unwrap_or(i64::MAX));
        let tenants: Vec<_> = app.tenants.iter().map(TenantId::as_str).collect();
        // Numbers and texts always serialize.
        let json = |json: Result<String, _>| text(&json.unwrap_or_default());
        let put = Put::builder()
            .table_name(&*self.name)
            .item(PK, app_pk(&app.id))
            .item(APP_VERSION, count(app.version))
            .item(INCARNATION, count(app.incarnation))
            .item(REMOVED, AttributeValue::Bool(app.removed))
            .item(SETTINGS, json(serde_json::to_string(&app.settings)))
            .item(TENANTS, json(serde_json::to_string(&tenants)));
        let put = match app.version {
            1 => put.condition_expression("attribute_not_exists(pk)"),
            version => put
                .condition_expression("appVersion = :seen")
                .expression_attribute_values(":seen", count(version - 1)),
        };
        put.build().map_err(TableError::building(DOING))
    }

    fn list_as(&self, verb: &str, app: &AppRecord) -> Result<Update, TableError> {
        Update::builder()
            .table_name(&*self.name)
            .key(PK, list_pk())
            .update_expression(format!("{verb} {APP_IDS} :id"))
            .expression_attribute_values(
                ":id",
                AttributeValue::Ss(vec![app.id.as_str().to_owned()]),
            )
            .build()
            .map_err(TableError::building(DOING))
    }
}

fn app_pk(id: &AppId) -> AttributeValue {
    text(&format!("app#{}", id.as_str()))
}

fn list_pk() -> AttributeValue {
    text("apps")
}

fn from_item(id: &AppId, attributes: &Attributes) -> Result<AppRecord, TableError> {
    let item = Item { entity: "app", attributes };
    let count = |name| u64::try_from(item.number(name)?).map_err(|_| item.corrupt(name));
    let tenants: Vec<String> = item.parsed(TENANTS, |json| serde_json::from_str(json))?;
    let tenant = |id: &String| TenantId::parse(id).map_err(|_| item.corrupt(TENANTS));
    Ok(AppRecord {
        id: id.clone(),
        version: count(APP_VERSION)?,
        incarnation: count(INCARNATION)?,
        removed: item.flag(REMOVED)?,
        settings: item.parsed(SETTINGS, |json| serde_json::from_str(json))?,
        tenants: tenants.iter().map(tenant).collect::<Result<_, _>>()?,
    })
}
