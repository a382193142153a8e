//! The room `policy` at its boundary: the shipped bundle, what a bundle may not be, and decisions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops; helpers of tests are no tests to the lint"
)]

mod bundle;
mod decide;
mod explain;
mod generated;
mod scale;
mod world;
