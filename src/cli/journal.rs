//! The journal, proved and exported beside the process that writes it.

use std::io::{BufWriter, Write};
use std::time::Duration;

use serde_json::json;

use crate::app;
use crate::cli::{Answer, CliError, ConfigFile, EXIT_CODES, Terminal, clock};
use crate::journal::{LedgerPosition, Verified};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Say whether the journal is as it was written
    ///
    /// Reads every entry and the signed log beside it, and names the first entry that is not as it
    /// was written. Works beside a running gateway.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Verify(VerifyOptions),
    /// Print entries in their order, a JSON object a line
    ///
    /// An entry holds codes, keyed pseudonyms and counts, never a value.
    #[command(after_help = EXIT_CODES)]
    Export(ExportOptions),
}

#[derive(Debug, clap::Args)]
pub(super) struct VerifyOptions {
    #[command(flatten)]
    config: ConfigFile,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportOptions {
    #[command(flatten)]
    config: ConfigFile,
    /// The first entry; the journal begins with 0
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    from: u64,
    /// The last entry; without it, all that there are
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
}

pub(super) fn journal(verb: &Verb, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    match verb {
        Verb::Verify(options) => verify(options, terminal),
        Verb::Export(options) => export(options, terminal),
    }
}

fn verify(options: &VerifyOptions, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let clock = clock();
    let mut told = clock.monotonic();
    let mut progress = |entries: u64| {
        let now = clock.monotonic();
        if now.since(told) >= PROGRESS_EVERY {
            told = now;
            // Progress that nobody sees is no reason to stop.
            let _ = writeln!(terminal.errors, "{entries} entries read");
        }
    };
    let verified = app::verify_journal(&options.config.described()?, &mut progress)?;
    if options.json {
        terminal.print_json(&json!({
            "holds": verified.finding.is_none(),
            "entries": verified.rows,
            "tree_size": verified.integrated,
            "root": verified.root.to_string(),
            "finding": verified.finding.as_ref().map(ToString::to_string),
        }))?;
    } else {
        print(&verified, terminal.output)?;
    }
    Ok(if verified.finding.is_none() {
        Answer::Yes
    } else {
        Answer::No
    })
}

fn print(verified: &Verified, output: &mut dyn Write) -> Result<(), CliError> {
    match &verified.finding {
        None => writeln!(output, "the journal holds")?,
        Some(finding) => writeln!(output, "the journal does not hold: {finding}")?,
    }
    writeln!(output, "entries in order: {}", verified.rows)?;
    writeln!(output, "in the signed log: {}", verified.integrated)?;
    writeln!(output, "signed root: {}", verified.root)?;
    Ok(())
}

fn export(options: &ExportOptions, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let reader = app::journal_reader(&options.config.described()?)?;
    let last = options.to.unwrap_or(u64::MAX);
    let mut output = BufWriter::new(&mut *terminal.output);
    let mut next = options.from;
    while next <= last {
        let found = reader.read(LedgerPosition(next), ENTRIES_MAX)?;
        let Some(end) = found.last().map(|found| found.position.0) else {
            break;
        };
        for found in found.iter().filter(|found| found.position.0 <= last) {
            let line = json!({ "position": found.position.0, "entry": found.entry });
            writeln!(output, "{line}")?;
        }
        next = end.saturating_add(1);
    }
    output.flush()?;
    Ok(Answer::Yes)
}

/// Entries that are read at once.
const ENTRIES_MAX: u32 = 1024;
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
