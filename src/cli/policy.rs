//! The policies, tested and asked, without a gateway.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::{self, House};
use crate::cli::{Answer, CliError, ConfigFile, EXIT_CODES, Terminal, check};
use crate::domain::problem::Problem;
use crate::policy::{self, Outcome, Source, Suite};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Run the bundle's own tests, `tests/*.toml`
    #[command(after_help = EXIT_CODES)]
    Test(TestOptions),
    /// Say what the policies decide for questions, by which rules, and what would have helped
    #[command(after_help = EXIT_CODES)]
    Explain(ExplainOptions),
}

#[derive(Debug, clap::Args)]
pub(super) struct TestOptions {
    #[command(flatten)]
    bundle: BundleAt,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExplainOptions {
    #[command(flatten)]
    bundle: BundleAt,
    /// The questions, written as the checks of a bundle's `tests/*.toml`
    #[arg(value_name = "QUESTIONS")]
    questions: PathBuf,
    /// Only the questions whose name holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
}

/// The bundle, by itself or as a config names it.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct BundleAt {
    /// The config that names the bundle
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The bundle's folder
    #[arg(long, value_name = "FOLDER")]
    bundle: Option<PathBuf>,
}

pub(super) fn policy(verb: &Verb, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    match verb {
        Verb::Test(options) => test(options, terminal),
        Verb::Explain(options) => explain(options, terminal),
    }
}

fn test(options: &TestOptions, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let run = options.bundle.load()?.and_then(|house| {
        let policy = &house.policy;
        policy::run(policy, &house.source)
    });
    let suites = match run {
        Ok(suites) => suites,
        Err(problems) => return unsound(&problems, options.json, terminal),
    };
    let (text, json) = policy::report(&suites);
    if options.json {
        terminal.print_json(&json)?;
    } else {
        write!(terminal.output, "{text}")?;
    }
    let held = |suite: &Suite| {
        suite
            .outcomes
            .iter()
            .all(|outcome| outcome.failures.is_empty())
    };
    Ok(if suites.iter().all(held) {
        Answer::Yes
    } else {
        Answer::No
    })
}

fn explain(options: &ExplainOptions, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let path = &options.questions;
    let bytes = fs::read(path).map_err(|source| CliError::QuestionsUnreadable {
        path: path.clone(),
        source,
    })?;
    let asked = options
        .bundle
        .load()?
        .and_then(|house| ask(&house, path, bytes));
    let suites = match asked {
        Ok(suites) => suites,
        Err(problems) => return unsound(&problems, options.json, terminal),
    };
    let wanted = |outcome: &&Outcome| {
        options
            .only
            .as_ref()
            .is_none_or(|text| outcome.name.contains(text.as_str()))
    };
    let outcomes: Vec<&Outcome> = suites
        .iter()
        .flat_map(|suite| &suite.outcomes)
        .filter(wanted)
        .collect();
    if options.json {
        let told = |outcome: &&Outcome| {
            let why = outcome.why.to_json();
            json!({ "name": outcome.name, "unexpected": outcome.failures, "why": why })
        };
        terminal.print_json(&outcomes.iter().map(told).collect())?;
    } else {
        for outcome in &outcomes {
            writeln!(terminal.output, "{}\n{}", outcome.name, outcome.why)?;
            for failure in &outcome.failures {
                writeln!(terminal.output, "Otherwise than expected\n  {failure}\n")?;
            }
        }
    }
    if outcomes.is_empty() {
        writeln!(
            terminal.errors,
            "muhrdor: no question of that name in `{}`",
            path.display()
        )?;
        return Ok(Answer::No);
    }
    Ok(Answer::Yes)
}

/// The questions, answered by the bundle's rules. Problems are told at the file's own place.
fn ask(house: &House, path: &Path, bytes: Vec<u8>) -> Result<Vec<Suite>, Vec<Problem>> {
    let files = BTreeMap::from([(QUESTIONS.to_owned(), bytes)]);
    let source = Source::from_files(PathBuf::new(), files)?;
    policy::run(&house.policy, &source).map_err(|problems| {
        let placed = |problem| Problem {
            file: path.to_owned(),
            ..problem
        };
        problems.into_iter().map(placed).collect()
    })
}

fn unsound(
    problems: &[Problem],
    json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, CliError> {
    if json {
        terminal.print_json(&json!({ "problems": check::in_json(problems) }))?;
    } else {
        check::print(problems, terminal.output)?;
    }
    Ok(Answer::No)
}

impl BundleAt {
    /// Loads it; what is wrong with the files of a folder that is there is an answer, not an error.
    fn load(&self) -> Result<Result<House, Vec<Problem>>, CliError> {
        let folder = match (&self.bundle, &self.config) {
            (Some(folder), _) => folder.clone(),
            (None, Some(path)) => ConfigFile { path: path.clone() }.described()?.bundle_dir,
            // The arguments do not parse without one of them.
            (None, None) => PathBuf::new(),
        };
        if !folder.is_dir() {
            return Err(CliError::NoBundle(folder));
        }
        Ok(app::load_house(&folder))
    }
}

/// Where a bundle has its tests: the place at which the questions are asked.
const QUESTIONS: &str = "tests/questions.toml";
