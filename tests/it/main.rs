//! The house in one process: one module a room.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that panics has failed, which is what it is for"
)]

#[cfg(feature = "demo")]
mod demo;
mod keys;
mod store;
mod tlog;
