//! The table resource.

use super::TemplateError;
use serde::Deserialize;
use serde_json::Value;

/// The table: its keys, its indexes and what expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The name the functions are given.
    pub name: String,
    /// The attributes that are part of a key.
    pub attributes: Vec<Attribute>,
    /// The table's own key.
    pub keys: Vec<KeyElement>,
    /// The global secondary indexes.
    pub indexes: Vec<Index>,
    /// The attribute `DynamoDB` deletes expired items by.
    pub ttl_attribute: Option<String>,
}

/// A key attribute's name and type (`S`, `N` or `B`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its name.
    #[serde(rename = "AttributeName")]
    pub name: String,
    /// Its type.
    #[serde(rename = "AttributeType")]
    pub kind: String,
}

/// A part of a key: `HASH` or `RANGE`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyElement {
    /// The attribute.
    #[serde(rename = "AttributeName")]
    pub attribute: String,
    /// Its part in the key.
    #[serde(rename = "KeyType")]
    pub kind: String,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Its name.
    #[serde(rename = "IndexName")]
    pub name: String,
    /// Its key.
    #[serde(rename = "KeySchema")]
    pub keys: Vec<KeyElement>,
    /// What it holds besides keys.
    #[serde(rename = "Projection")]
    pub projection: Projection,
}

/// What an index holds besides keys.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// `KEYS_ONLY`, `INCLUDE` or `ALL`.
    #[serde(rename = "ProjectionType")]
    pub kind: String,
    /// The attributes of `INCLUDE`.
    #[serde(rename = "NonKeyAttributes", default)]
    pub attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<KeyElement>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    time_to_live_specification: Option<TimeToLive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

/// How the table is paid for, kept, observed and guarded makes no difference on one machine.
pub(super) const NO_EFFECT_HERE: [&str; 11] = [
    "BillingMode",
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "SSESpecification",
    "TableClass",
    "TableName",
    "Tags",
    "WarmThroughput",
];

/// Reads the resolved `properties` of the table that is called `name`.
pub(super) fn read(properties: &Value, name: &str, at: &str) -> Result<Table, TemplateError> {
    let properties: Properties = super::read(properties, at)?;
    Ok(Table {
        name: name.to_owned(),
        attributes: properties.attribute_definitions,
        keys: properties.key_schema,
        indexes: properties.global_secondary_indexes,
        ttl_attribute: properties
            .time_to_live_specification
            .filter(|ttl| ttl.enabled)
            .map(|ttl| ttl.attribute_name),
    })
}
