//! Sever as its callers see it.

mod walkthrough;
