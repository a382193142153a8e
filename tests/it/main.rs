//! The house in one process: one module a room.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that panics has failed, which is what it is for"
)]

mod bearer;
mod config;
mod egress;
mod framing;
mod fuzz;
mod headers;
mod journal;
#[cfg(feature = "demo")]
mod demo;
mod keys;
mod limits;
mod login;
mod locks;
mod noninterference;
mod paths;
mod policy;
mod redaction;
mod pages;
mod register;
mod server;
mod store;
mod tidy;
mod tlog;
