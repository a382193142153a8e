//! Is everything that was written for a gateway sound?

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::app;
use crate::cli::{Answer, CliError, ConfigFile, Terminal, clock};
use crate::domain::problem::Problem;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigFile,
    /// Say it as a JSON array of {file, line, what, mend}
    #[arg(long)]
    json: bool,
}

/// Names every problem of the config, what it names, its bundle and the bundle's tests.
pub(super) fn check(options: &Options, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    options.config.bytes()?;
    let mut problems = app::check(&options.config.path, &clock());
    problems.sort();
    if options.json {
        terminal.print_json(&in_json(&problems))?;
    } else {
        print(&problems, terminal.output)?;
    }
    Ok(if problems.is_empty() {
        Answer::Yes
    } else {
        Answer::No
    })
}

/// A line a problem, and how many there are.
pub(super) fn print(problems: &[Problem], output: &mut dyn Write) -> io::Result<()> {
    for problem in problems {
        writeln!(output, "{problem}")?;
    }
    match problems.len() {
        0 => writeln!(output, "no problem found"),
        1 => writeln!(output, "1 problem found"),
        count => writeln!(output, "{count} problems found"),
    }
}

/// The same for programs.
pub(super) fn in_json(problems: &[Problem]) -> Value {
    let told = |problem: &Problem| {
        json!({
            "file": problem.file.display().to_string(),
            "line": problem.line,
            "what": problem.what,
            "mend": problem.mend,
        })
    };
    problems.iter().map(told).collect()
}
