//! What a document costs, without a network: sealed, stamped, checked, entered in the log.
//!
//! `cargo bench --profile dist --bench documents [-- PART_OF_A_ROW] [-- --python PATH]`
//!
//! Prints rows as `rooms` does, and then ratios of processor time: to the bare cryptography of a
//! seal, and, with a Python that has what `tests/interop/documents/requirements.txt` names, to
//! pyHanko sealing the same file by the same key and certificate. Nothing is asserted of any figure.
//! The stores are files in the folder for temporary ones, where a disk should be.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that panics has failed; its rows are its output"
)]

mod checks;
mod house;
mod log;
#[path = "../rooms/measure.rs"]
mod measure;
mod page;
mod pyhanko;
mod seals;

/// The world of the tests of `policy`: its rules give the permits to issue.
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/policy/world.rs"]
mod world;

use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;

use house::House;
use measure::Table;

fn main() {
    let arguments = Arguments::read();
    let mut table = Table::new(arguments.wanted);
    let runtime = Runtime::new().unwrap();
    let house = House::build();
    let floor = seals::floor(&mut table, &house);
    let sealed = seals::measure(&mut table, &house, &runtime);
    let by_pyhanko = arguments
        .python
        .and_then(|python| pyhanko::measure(&table, &python, &house));
    seals::stamps(&mut table, &house, &runtime);
    checks::measure(&mut table, &house, &runtime);
    log::measure(&mut table, &runtime);

    println!();
    for (name, cpu) in [
        ("one at a time", sealed.alone),
        ("at once", sealed.together),
    ] {
        ratio(&format!("a seal, {name}: times its floor"), cpu, floor);
        ratio(
            &format!("a seal by pyHanko: times ours, {name}"),
            by_pyhanko,
            cpu,
        );
    }
}

/// What stands after `--`.
struct Arguments {
    /// Rows that have this in their name.
    wanted: Option<String>,
    /// An interpreter with pyHanko.
    python: Option<PathBuf>,
}

impl Arguments {
    /// `cargo bench` passes `--bench` as well.
    fn read() -> Self {
        let (mut wanted, mut python) = (None, None);
        let mut given = std::env::args().skip(1);
        while let Some(argument) = given.next() {
            if argument == "--python" {
                python = given.next().map(PathBuf::from);
            } else if !argument.starts_with("--") {
                wanted = Some(argument);
            }
        }
        Self { wanted, python }
    }
}

/// A ratio of processor times, where both rows ran.
fn ratio(name: &str, one: Option<Duration>, other: Option<Duration>) {
    if let (Some(one), Some(other)) = (one, other) {
        println!(
            "{name:<52} {:>10.1}",
            one.as_secs_f64() / other.as_secs_f64()
        );
    }
}
