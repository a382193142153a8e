//! What each room costs, without a network: `cargo bench --profile dist`.
//!
//! Prints one row for each measurement: how often it was done in the time it had, the median of
//! its rounds, the worst of them, how many a second that makes, and the processor time of each. One
//! process, and but for the journal and the log one thread; a name after `--` picks rows (`cargo
//! bench --bench rooms -- journal`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that panics has failed; its rows are its output"
)]

mod history;
mod measure;
mod requests;

/// The world of the tests of `policy`, and their thousand rules.
#[path = "../../tests/it/policy/generated.rs"]
mod generated;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/policy/world.rs"]
mod world;

use measure::Table;

fn main() {
    // `cargo bench` passes `--bench`; what else stands there picks rows.
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let mut table = Table::new(wanted);
    requests::measure(&mut table);
    history::measure(&mut table);
}
