//! Requirements of standards, and bugs that others shipped, which no other test states whole.
//! `docs/reference/security.md` has the table of all of them.

mod cookie_tossing;
mod cookies;
mod cross_site;
mod endings;
mod logs;
mod memory;
mod ownership;
mod responses;
mod table_calls;
mod tokens;
