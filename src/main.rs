//! The program: its arguments go to `cli`, its exit code comes from there.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Many threads ask for small pieces and give them back; figures in ARCHITECTURE, "Measured".
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    muhrdor::cli::run(
        std::env::args_os(),
        &mut std::io::stdout(),
        &mut std::io::stderr(),
    )
}
