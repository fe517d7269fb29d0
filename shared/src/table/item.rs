//! Reading attributes. What is not as we write it is [`TableError::Corrupt`], with its name:
//! unknown means no.

use super::TableError;
use super::schema::Attributes;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;

/// An item being read, with what to call it in an error.
pub(super) struct Item<'a> {
    pub(super) entity: &'static str,
    pub(super) attributes: &'a Attributes,
}

impl<'a> Item<'a> {
    pub(super) fn corrupt(&self, attribute: &'static str) -> TableError {
        TableError::Corrupt { entity: self.entity, attribute }
    }

    /// `None` when absent; an error when present with another type.
    fn optional<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&'a AttributeValue) -> Option<T>,
    ) -> Result<Option<T>, TableError> {
        match self.attributes.get(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| self.corrupt(name)),
        }
    }

    pub(super) fn optional_text(&self, name: &'static str) -> Result<Option<&'a str>, TableError> {
        self.optional(name, |value| value.as_s().ok().map(String::as_str))
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&'a str, TableError> {
        self.optional_text(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub(super) fn optional_number(&self, name: &'static str) -> Result<Option<i64>, TableError> {
        self.optional(name, |value| value.as_n().ok()?.parse().ok())
    }

    pub(super) fn number(&self, name: &'static str) -> Result<i64, TableError> {
        self.optional_number(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub(super) fn millis(&self, name: &'static str) -> Result<Timestamp, TableError> {
        self.number(name).map(Timestamp::from_millis)
    }

    pub(super) fn optional_bytes(
        &self,
        name: &'static str,
    ) -> Result<Option<&'a [u8]>, TableError> {
        self.optional(name, |value| value.as_b().ok().map(AsRef::as_ref))
    }

    pub(super) fn bytes(&self, name: &'static str) -> Result<&'a [u8], TableError> {
        self.optional_bytes(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub(super) fn optional_bytes32(
        &self,
        name: &'static str,
    ) -> Result<Option<[u8; 32]>, TableError> {
        self.optional(name, |value| value.as_b().ok()?.as_ref().try_into().ok())
    }

    pub(super) fn bytes32(&self, name: &'static str) -> Result<[u8; 32], TableError> {
        self.optional_bytes32(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub(super) fn optional_flag(&self, name: &'static str) -> Result<Option<bool>, TableError> {
        self.optional(name, |value| value.as_bool().ok().copied())
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, TableError> {
        self.optional_flag(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub(super) fn list(&self, name: &'static str) -> Result<&'a [AttributeValue], TableError> {
        self.optional(name, |value| value.as_l().ok().map(Vec::as_slice))?
            .ok_or_else(|| self.corrupt(name))
    }

    /// Text that `parse` understands.
    pub(super) fn parsed<T, E>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, TableError> {
        parse(self.text(name)?).map_err(|_| self.corrupt(name))
    }
}
