//! The documents' log, audited beside the process that writes it.

use std::time::Duration;

use serde_json::json;

use crate::app;
use crate::cli::{Answer, CliError, ConfigFile, EXIT_CODES, Terminal, clock};

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Verb {
    /// Say whether the documents' log is as it was written
    ///
    /// Reads every entry, builds the tree of them again and compares it with every tile and with
    /// the signed checkpoint. Works beside a running gateway.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Verify(Options),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    config: ConfigFile,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn log(verb: &Verb, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let Verb::Verify(options) = verb;
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
    let audited = app::audit_documents(&options.config.described()?, &mut progress)?;
    let (holds, finding) = match &audited {
        Ok(_) => (true, None),
        Err(finding) => (false, Some(finding.to_string())),
    };
    let head = audited.as_ref().ok();
    if options.json {
        terminal.print_json(&json!({
            "holds": holds,
            "entries": head.map(|head| head.size),
            "root": head.map(|head| head.root.to_base64()),
            "finding": finding,
        }))?;
    } else {
        match (&finding, head) {
            (None, Some(head)) => {
                writeln!(terminal.output, "the documents' log holds")?;
                writeln!(terminal.output, "entries: {}", head.size)?;
                writeln!(terminal.output, "signed root: {}", head.root.to_base64())?;
            }
            (finding, _) => {
                let finding = finding.as_deref().unwrap_or_default();
                writeln!(
                    terminal.output,
                    "the documents' log does not hold: {finding}"
                )?;
            }
        }
    }
    Ok(if holds { Answer::Yes } else { Answer::No })
}

const PROGRESS_EVERY: Duration = Duration::from_secs(1);
