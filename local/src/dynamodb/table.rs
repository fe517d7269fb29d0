//! Makes the table the template describes.

use crate::template::{Index, KeyElement, Table};
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TimeToLiveSpecification,
    TimeToLiveStatus,
};
use aws_sdk_dynamodb::{Client, Error};

/// The table could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The template's description of the table lacks something.
    #[error("the template's table is incomplete")]
    Incomplete(#[from] BuildError),
    /// `DynamoDB` refused.
    #[error("the table {table} cannot be made ready: {}", DisplayErrorContext(.source))]
    Refused {
        /// The table's name.
        table: String,
        /// What `DynamoDB` said.
        source: Box<Error>,
    },
    /// A table of that name is there, made by another version of the template.
    #[error(
        "the data holds a table {table} with other keys or indexes than the template; start with a new file"
    )]
    OtherShape {
        /// The table's name.
        table: String,
    },
}

/// Creates `table`, its index and its time-to-live setting, or checks that what is there has the
/// same keys and indexes.
pub async fn create_table_if_absent(client: &Client, table: &Table) -> Result<(), TableError> {
    let refused =
        |source: Error| TableError::Refused { table: table.name.clone(), source: Box::new(source) };
    match client.describe_table().table_name(&table.name).send().await {
        Ok(found) if found.table.as_ref().is_some_and(|found| has_shape_of(found, table)) => {}
        Ok(_) => return Err(TableError::OtherShape { table: table.name.clone() }),
        Err(SdkError::ServiceError(error))
            if matches!(error.err(), DescribeTableError::ResourceNotFoundException(_)) =>
        {
            create(client, table).await?;
        }
        Err(error) => return Err(refused(error.into())),
    }
    enable_ttl(client, table).await
}

async fn create(client: &Client, table: &Table) -> Result<(), TableError> {
    let attributes = table.attributes.iter().map(|attribute| {
        AttributeDefinition::builder()
            .attribute_name(&attribute.name)
            .attribute_type(ScalarAttributeType::from(attribute.kind.as_str()))
            .build()
    });
    let indexes: Vec<_> = table.indexes.iter().map(index).collect::<Result<_, _>>()?;
    let request = client
        .create_table()
        .table_name(&table.name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.collect::<Result<_, _>>()?))
        .set_key_schema(Some(key_schema(&table.keys)?))
        .set_global_secondary_indexes(Some(indexes).filter(|indexes| !indexes.is_empty()));
    request.send().await.map_err(|error| TableError::Refused {
        table: table.name.clone(),
        source: Box::new(error.into()),
    })?;
    Ok(())
}

fn key_schema(keys: &[KeyElement]) -> Result<Vec<KeySchemaElement>, BuildError> {
    keys.iter()
        .map(|key| {
            KeySchemaElement::builder()
                .attribute_name(&key.attribute)
                .key_type(KeyType::from(key.kind.as_str()))
                .build()
        })
        .collect()
}

fn index(index: &Index) -> Result<GlobalSecondaryIndex, BuildError> {
    let attributes = index.projection.attributes.clone();
    GlobalSecondaryIndex::builder()
        .index_name(&index.name)
        .set_key_schema(Some(key_schema(&index.keys)?))
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::from(index.projection.kind.as_str()))
                .set_non_key_attributes(Some(attributes).filter(|names| !names.is_empty()))
                .build(),
        )
        .build()
}

/// `UpdateTimeToLive` refuses to set what is already set, so the present setting is asked for
/// first.
async fn enable_ttl(client: &Client, table: &Table) -> Result<(), TableError> {
    let Some(attribute) = &table.ttl_attribute else { return Ok(()) };
    let refused =
        |source: Error| TableError::Refused { table: table.name.clone(), source: Box::new(source) };
    let present = client.describe_time_to_live().table_name(&table.name).send().await;
    let present = present.map_err(|error| refused(error.into()))?.time_to_live_description;
    if present.is_some_and(|ttl| ttl.time_to_live_status == Some(TimeToLiveStatus::Enabled)) {
        return Ok(());
    }
    let setting =
        TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build()?;
    let request =
        client.update_time_to_live().table_name(&table.name).time_to_live_specification(setting);
    request.send().await.map_err(|error| refused(error.into()))?;
    Ok(())
}

fn has_shape_of(found: &TableDescription, table: &Table) -> bool {
    let same_keys = |found: &[KeySchemaElement], keys: &[KeyElement]| {
        found.len() == keys.len()
            && found.iter().zip(keys).all(|(found, key)| {
                found.attribute_name == key.attribute && found.key_type.as_str() == key.kind
            })
    };
    let indexes = found.global_secondary_indexes();
    same_keys(found.key_schema(), &table.keys)
        && indexes.len() == table.indexes.len()
        && table.indexes.iter().all(|index| {
            indexes.iter().any(|found| {
                found.index_name() == Some(index.name.as_str())
                    && same_keys(found.key_schema(), &index.keys)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::{Embedded, client};
    use crate::template::Template;
    use aws_sdk_dynamodb::types::AttributeValue;
    use std::sync::Arc;

    fn table() -> Table {
        Template::for_tests().table
    }

    #[tokio::test]
    async fn the_table_is_made_as_the_template_says_and_once() {
        let client = client(Arc::new(Embedded::memory().unwrap()));
        create_table_if_absent(&client, &table()).await.unwrap();
        create_table_if_absent(&client, &table()).await.unwrap();

        let found = client.describe_table().table_name(table().name).send().await.unwrap();
        let found = found.table.unwrap();
        assert_eq!(found.key_schema()[0].attribute_name, "pk");
        let index = &found.global_secondary_indexes()[0];
        assert_eq!(index.index_name(), Some("user-tenant-index"));
        let projection = index.projection().unwrap().projection_type.clone();
        assert_eq!(projection, Some(ProjectionType::KeysOnly));
        let ttl = client.describe_time_to_live().table_name(table().name).send().await.unwrap();
        let ttl = ttl.time_to_live_description.unwrap();
        assert_eq!(ttl.attribute_name.as_deref(), Some("expiresAt"));
    }

    #[tokio::test]
    async fn a_table_of_another_shape_is_refused() {
        let client = client(Arc::new(Embedded::memory().unwrap()));
        let mut other = table();
        other.indexes.clear();
        other.attributes.retain(|attribute| attribute.name == "pk");
        create_table_if_absent(&client, &other).await.unwrap();
        let refusal = create_table_if_absent(&client, &table()).await;
        assert!(matches!(refusal, Err(TableError::OtherShape { .. })), "{refusal:?}");
    }

    #[tokio::test]
    async fn a_file_keeps_what_was_written() {
        let path = std::env::temp_dir().join(format!("sever-file-{}.db", std::process::id()));
        let key = || AttributeValue::S("session#public#1".to_owned());
        {
            let client = client(Arc::new(Embedded::file(&path).unwrap()));
            create_table_if_absent(&client, &table()).await.unwrap();
            client.put_item().table_name(table().name).item("pk", key()).send().await.unwrap();
        }
        let client = client(Arc::new(Embedded::file(&path).unwrap()));
        create_table_if_absent(&client, &table()).await.unwrap();
        let kept = client.get_item().table_name(table().name).key("pk", key()).send().await;
        std::fs::remove_file(&path).unwrap();
        assert_eq!(kept.unwrap().item.unwrap()["pk"], key());
    }
}
