//! Why was this request answered as it was?

use std::io;

use serde_json::{Value, json};

use crate::app;
use crate::cli::{Answer, CliError, ConfigFile, Terminal};
use crate::domain::entry::{Actor, JournalEntry, VisitId};
use crate::domain::text::Language;
use crate::journal::Found;
use crate::policy::{self, Policy, Report, Section};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigFile,
    /// The number of the request: 32 hexadecimal digits
    ///
    /// Every answer has it in the header `Muhrdor-Request-Id`; a refused person is shown it.
    #[arg(value_name = "REQUEST_ID", value_parser = request_id)]
    request: VisitId,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
}

fn request_id(given: &str) -> Result<VisitId, &'static str> {
    VisitId::parse(given).ok_or("a request id has 32 hexadecimal digits")
}

/// Reads the entries of one request and tells them in the words of the bundle in force. Works
/// beside a running gateway: it only reads.
pub(super) fn explain(options: &Options, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let config = options.config.described()?;
    let found = app::journal_reader(&config)?.of_visit(options.request)?;
    let house = app::load_house(&config.bundle_dir);
    if let Err(problems) = &house {
        let bundle = config.bundle_dir.display();
        let count = problems.len();
        let what = format!("the bundle `{bundle}` has {count} problems: rules are told without");
        writeln!(
            terminal.errors,
            "muhrdor: {what} their titles; `muhrdor check` names them"
        )?;
    }
    let policy = house.as_ref().ok().map(|house| house.policy.as_ref());
    if options.json {
        let entries: Vec<Value> = found.iter().map(|found| in_json(policy, found)).collect();
        let request = options.request.to_string();
        terminal.print_json(&json!({ "request": request, "entries": entries }))?;
    } else {
        print(policy, &found, terminal)?;
    }
    if found.is_empty() {
        let request = options.request;
        writeln!(
            terminal.errors,
            "muhrdor: the journal has no entry of the request `{request}`"
        )?;
        return Ok(Answer::No);
    }
    Ok(Answer::Yes)
}

fn in_json(policy: Option<&Policy>, found: &Found) -> Value {
    json!({
        "position": found.position.0,
        "at": found.entry.at.to_string(),
        "entry": found.entry,
        "why": report(policy, &found.entry).to_json(),
    })
}

fn print(policy: Option<&Policy>, found: &[Found], terminal: &mut Terminal<'_>) -> io::Result<()> {
    for Found { position, entry } in found {
        writeln!(terminal.output, "Request {}", entry.visit)?;
        writeln!(
            terminal.output,
            "  {}, entry {} of the journal",
            entry.at, position.0
        )?;
        writeln!(terminal.output, "  by {}", who(&entry.actor))?;
        if let Some(operation) = &entry.operation {
            writeln!(terminal.output, "  operation {operation}")?;
        }
        writeln!(terminal.output, "{}", report(policy, entry))?;
    }
    Ok(())
}

/// Who acted, as the journal knows them: never by name.
fn who(actor: &Actor) -> String {
    let mut words = vec![actor.kind.as_str().to_owned()];
    words.extend(actor.position.clone());
    words.extend(
        actor
            .official
            .as_ref()
            .map(|number| format!("number {number}")),
    );
    words.extend(actor.system.as_ref().map(|system| format!("`{system}`")));
    words.extend(actor.agency.as_ref().map(|agency| format!("of {agency}")));
    words.push(format!("assurance {}", actor.acr));
    words.join(", ")
}

fn report(policy: Option<&Policy>, entry: &JournalEntry) -> Report {
    match policy {
        Some(policy) => policy::explain_entry(policy, entry, Language::En),
        None => untitled(entry),
    }
}

/// What an entry says by itself, where no bundle has words for it.
fn untitled(entry: &JournalEntry) -> Report {
    let section = |code, heading, lines| Section {
        code,
        heading,
        lines,
    };
    let ids = |ids: &mut dyn Iterator<Item = String>| ids.collect::<Vec<String>>();
    let stage = serde_json::to_value(&entry.stage)
        .unwrap_or_default()
        .to_string();
    let purpose = entry.purpose.iter().map(ToString::to_string);
    let mut purpose = purpose
        .chain(entry.bases.iter().map(ToString::to_string))
        .chain(entry.case.iter().map(|number| format!("case {number}")));
    let mut data: Vec<String> = entry
        .disclosed
        .iter()
        .map(|disclosed| {
            let form = serde_json::to_value(disclosed.form).unwrap_or_default();
            format!("{}: {form}", disclosed.class)
        })
        .collect();
    data.sort();
    let steps = entry
        .steps
        .iter()
        .map(|step| format!("{}: {}", step.name, step.found));
    Report {
        sections: vec![
            section("outcome", "Outcome", vec![stage]),
            section(
                "rules",
                "Rules",
                ids(&mut entry.rules.iter().map(ToString::to_string)),
            ),
            section("purpose", "Purpose and legal basis", ids(&mut purpose)),
            section("data", "Data", data),
            section("walk", "The way of the request", steps.collect()),
            section("bundle", "Bundle", entry.bundle.iter().cloned().collect()),
        ],
    }
}
