//! The program: its arguments go to `cli`, its exit code comes from there.

use std::process::ExitCode;

fn main() -> ExitCode {
    muhrdor::cli::run(
        std::env::args_os(),
        &mut std::io::stdout(),
        &mut std::io::stderr(),
    )
}
