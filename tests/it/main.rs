//! The house in one process: one module a room.
//! The house in one process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that panics has failed, which is what it is for"
)]

mod egress;
mod keys;
mod login;
mod store;
mod tlog;
mod framing;
mod fuzz;
mod headers;
mod paths;
mod server;
    reason = "a test that cannot go on has failed"
)]

mod config;
mod limits;
mod register;
//! The house in one process.

mod policy;
