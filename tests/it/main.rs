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
mod certificates;
#[cfg(feature = "demo")]
mod cli;
mod cms;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod deploy;
#[cfg(feature = "demo")]
mod documents;
mod egress;
mod framing;
mod fuzz;
mod headers;
#[cfg(feature = "demo")]
mod house;
mod journal;
mod keys;
mod limits;
mod locks;
mod login;
mod noninterference;
mod notary;
mod pages;
mod paths;
mod pdf;
mod policy;
mod public;
mod redaction;
mod register;
mod registrar;
mod server;
mod sessions;
mod store;
mod tidy;
mod tlog;
