//! The protocol: one file per verb, as in `shared/src/session`. Each says, for where a process
//! stands, which table call comes next and where each answer leads.

pub(crate) mod check;
pub(crate) mod create;
pub(crate) mod end_tenant;
pub(crate) mod refresh;
pub(crate) mod remove;
pub(crate) mod revoke;
pub(crate) mod sweep;
