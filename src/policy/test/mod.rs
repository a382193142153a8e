//! The policies' own tests, `tests/*.toml` in the bundle: do the rules do what they are for?
//!
//! In: a loaded policy and its files. Out: an outcome for each check, with its file and line.
//! Invariants: every class of the vocabulary is asked for in every check, and what a check does not
//! list must be absent. Deliberately absent: bodies of answers, the register.

mod fixture;
mod written;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::data::{Facet, Form, Mask};
use crate::domain::decision::FacetDecision;
use crate::domain::document::Issuance;
use crate::domain::entry::VisitId;
use crate::domain::fact::Facts;
use crate::domain::name::{DataClass, DocumentNumber, RuleId};
use crate::domain::operation::UpstreamTarget;
use crate::domain::peer::Channel;
use crate::domain::problem::Problem;
use crate::domain::purpose::Claim;
use crate::domain::reason::Reason;
use crate::domain::text::Language;
use crate::domain::time::Timestamp;

use super::Policy;
use super::bundle::{Source, line_of};
use super::explain::{Report, counterfactuals, explain_decision};
use super::gate::{Ask, Denial};
use super::permit::{Permit, RevocableDocument};

use written::{Check, File};

/// What came of one file of tests.
#[derive(Debug)]
pub struct Suite {
    pub name: String,
    pub outcomes: Vec<Outcome>,
}

/// What came of one check.
#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub file: PathBuf,
    pub line: u32,
    /// What was otherwise than expected; none if it passed.
    pub failures: Vec<String>,
    /// Why it was so, in English.
    pub why: Report,
}

/// Runs all tests of the bundle. A file that cannot be read is a problem; every problem at once.
pub fn run(policy: &Arc<Policy>, source: &Source) -> Result<Vec<Suite>, Vec<Problem>> {
    let mut suites = Vec::new();
    let mut problems = Vec::new();
    for (path, bytes) in source
        .files()
        .filter(|(path, _)| path.starts_with("tests/"))
    {
        let place = source.place(path);
        match read(bytes).and_then(|(text, file)| run_file(policy, &place, text, &file)) {
            Ok(suite) => suites.push(suite),
            Err((line, what)) => problems.push(Problem {
                file: place,
                line,
                what,
                mend: "write it as the other tests are written".to_owned(),
            }),
        }
    }
    if problems.is_empty() {
        Ok(suites)
    } else {
        Err(problems)
    }
}

impl Suite {
    /// A problem for each check that does not hold.
    pub fn problems(&self) -> impl Iterator<Item = Problem> + '_ {
        let failed = self
            .outcomes
            .iter()
            .filter(|outcome| !outcome.failures.is_empty());
        failed.map(|outcome| Problem {
            file: outcome.file.clone(),
            line: outcome.line,
            what: format!("`{}`: {}", outcome.name, outcome.failures.join("; ")),
            mend: "change the rule, or what the check expects of it".to_owned(),
        })
    }
}

/// The outcomes for a terminal and for programs.
#[must_use]
pub fn report(suites: &[Suite]) -> (String, Value) {
    let mut lines = Vec::new();
    let mut checks = Vec::new();
    for suite in suites {
        lines.push(suite.name.clone());
        for outcome in &suite.outcomes {
            let passed = outcome.failures.is_empty();
            let mark = if passed { "ok  " } else { "FAIL" };
            lines.push(format!("  {mark} {}", outcome.name));
            let place = format!("{}:{}", outcome.file.display(), outcome.line);
            let failures = outcome.failures.iter();
            lines.extend(failures.map(|failure| format!("       {place}: {failure}")));
            checks.push(json!({
                "suite": suite.name,
                "name": outcome.name,
                "file": outcome.file.display().to_string(),
                "line": outcome.line,
                "passed": passed,
                "failures": outcome.failures,
                "why": outcome.why.to_json(),
            }));
        }
    }
    let outcomes = suites.iter().flat_map(|suite| &suite.outcomes);
    let failed = outcomes
        .filter(|outcome| !outcome.failures.is_empty())
        .count();
    let total = checks.len();
    lines.push(format!("{} of {total} checks hold\n", total - failed));
    let json = json!({ "checks": checks, "total": total, "failed": failed });
    (lines.join("\n"), json)
}

fn read(bytes: &[u8]) -> Result<(&str, File), (u32, String)> {
    let text = std::str::from_utf8(bytes).map_err(|_| (0, "not UTF-8 text".to_owned()))?;
    let file = toml::from_str(text).map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| line_of(text, span.start));
        (line, error.message().to_owned())
    })?;
    Ok((text, file))
}

fn run_file(
    policy: &Arc<Policy>,
    place: &std::path::Path,
    text: &str,
    file: &File,
) -> Result<Suite, (u32, String)> {
    let now = fixture::moment(&file.clock).map_err(|what| (0, what))?;
    let mut outcomes = Vec::new();
    for spanned in &file.check {
        let check = spanned.get_ref();
        let line = line_of(text, spanned.span().start);
        let (failures, why) = run_check(policy, file, check, now).map_err(|what| (line, what))?;
        outcomes.push(Outcome {
            name: check.name.clone(),
            file: place.to_owned(),
            line,
            failures,
            why,
        });
    }
    Ok(Suite {
        name: file.suite.clone(),
        outcomes,
    })
}

fn run_check(
    policy: &Arc<Policy>,
    file: &File,
    check: &Check,
    now: Timestamp,
) -> Result<(Vec<String>, Report), String> {
    let facts = file.facts(check)?;
    let subject = check
        .on
        .as_ref()
        .map(|name| file.person(name))
        .transpose()?;
    let ask = Ask {
        visit: VisitId::from_bytes([0; 16]),
        operation: Arc::new(file.operation(&check.does)?),
        target: UpstreamTarget::new("/".to_owned()),
        principal: file.principal(check, now)?,
        subject,
        claim: Claim {
            purpose: check.because.purpose.clone(),
            case: check.because.case.clone(),
        },
        facts: &facts,
        channel: Channel::Portal,
        now,
    };
    match policy.decide(ask.clone()) {
        Ok(permit) => {
            if let Some(denial) = document_denial(file, check, &permit)? {
                let report = explain_decision(policy, Err(&denial), &[], Language::En);
                return Ok((refused(check, &denial)?, report));
            }
            let about = match &check.about {
                Some(name) => Some(file.person(name)?),
                None => permit.subject().copied(),
            };
            let facets: Vec<_> = about.map_or_else(Vec::new, |subject| {
                let classes = policy.vocabulary().classes();
                classes
                    .map(|class| Facet {
                        subject,
                        class: class.id.clone(),
                    })
                    .collect()
            });
            let decisions = permit.decide(&facets, &Facts::default());
            let failures = allowed(policy, check, &permit, &decisions)?;
            let report = explain_decision(policy, Ok((&permit, &decisions)), &[], Language::En);
            Ok((failures, report))
        }
        Err(denial) => {
            let help = counterfactuals(policy, &ask);
            let report = explain_decision(policy, Err(&denial), &help, Language::En);
            Ok((refused(check, &denial)?, report))
        }
    }
}

/// What issuing or revoking the check's document is refused for.
fn document_denial(file: &File, check: &Check, permit: &Permit) -> Result<Option<Denial>, String> {
    if let Some(document) = &check.issues {
        let number = DocumentNumber::parse("1").map_err(|error| error.to_string())?;
        let issuance = Issuance {
            issuer: document.issuer.clone(),
            kind: document.kind.clone(),
            number,
            holder: file.person(&document.holder)?,
            details: Vec::new(),
        };
        return Ok(permit.issuing(issuance).err());
    }
    let Some(document) = &check.revokes else {
        return Ok(None);
    };
    let revocable = RevocableDocument {
        issuer: document.issuer.clone(),
        kind: document.kind.clone(),
        holder: file.person(&document.holder)?.id,
        revoked: document.revoked,
    };
    Ok(permit.revoking(&revocable).err())
}

fn allowed(
    policy: &Policy,
    check: &Check,
    permit: &Permit,
    decisions: &[FacetDecision],
) -> Result<Vec<String>, String> {
    let mut failures = Vec::new();
    if check.expect.gate != "allowed" {
        expected_reason(check)?;
        failures.push(format!("allowed, not `{}`", check.expect.gate));
        return Ok(failures);
    }
    for word in check.expect.forms.keys() {
        let class = word.strip_suffix("/*").unwrap_or(word);
        if !decisions.iter().any(|d| d.facet.class.as_str() == class) {
            return Err(format!("`{word}` is no class that was asked for"));
        }
    }
    for decision in decisions {
        let class = decision.facet.class.as_str();
        let expected = expected_form(policy, check, &decision.facet.class)?;
        if decision.form != expected {
            let (got, wanted) = (shown(decision.form), shown(expected));
            failures.push(format!("{class} is {got}, not {wanted}"));
        }
        if decision.degraded {
            failures.push(format!("{class}: a rule could not be evaluated"));
        }
    }
    let decided = decisions
        .iter()
        .flat_map(|d| &d.rules)
        .chain(permit.rules());
    failures.extend(not_among(&check.by, decided));
    Ok(failures)
}

fn refused(check: &Check, denial: &Denial) -> Result<Vec<String>, String> {
    if check.expect.gate == "allowed" {
        return Ok(vec![format!(
            "refused with `{}`, not allowed",
            denial.reason
        )]);
    }
    let expected = expected_reason(check)?;
    let mut failures: Vec<_> = not_among(&check.by, denial.rules.iter()).collect();
    if denial.reason != expected {
        failures.push(format!(
            "refused with `{}`, not `{expected}`",
            denial.reason
        ));
    }
    Ok(failures)
}

/// What is said of the class itself, else of the nearest class above it whose `CLASS/*` is listed,
/// else absent.
fn expected_form(policy: &Policy, check: &Check, class: &DataClass) -> Result<Form, String> {
    let forms = &check.expect.forms;
    let all_below = |above: &DataClass| forms.get(&format!("{above}/*"));
    forms
        .get(class.as_str())
        .or_else(|| policy.vocabulary().chain(class).find_map(all_below))
        .map_or(Ok(Form::Absent), |word| form(word))
}

fn expected_reason(check: &Check) -> Result<Reason, String> {
    let code = &check.expect.gate;
    Reason::from_code(code).ok_or(format!("`{code}` is neither `allowed` nor a reason code"))
}

fn not_among<'a>(
    by: &'a [RuleId],
    decided: impl Iterator<Item = &'a RuleId>,
) -> impl Iterator<Item = String> {
    let decided: Vec<_> = decided.collect();
    by.iter()
        .filter(move |rule| !decided.contains(rule))
        .map(|rule| format!("`{rule}` is not among the rules that decided"))
}

/// `clear`, `verified`, `absent`, `masked(last4)`.
fn form(word: &str) -> Result<Form, String> {
    let mask = word
        .strip_prefix("masked(")
        .and_then(|rest| rest.strip_suffix(')'));
    match (word, mask.and_then(Mask::from_name)) {
        ("clear", _) => Ok(Form::Clear),
        ("verified", _) => Ok(Form::Verified),
        ("absent", _) => Ok(Form::Absent),
        (_, Some(mask)) => Ok(Form::Masked(mask)),
        (_, None) => Err(format!(
            "`{word}` is no form: use clear, masked(STYLE), verified, absent"
        )),
    }
}

fn shown(form: Form) -> String {
    match form {
        Form::Absent => "absent".to_owned(),
        Form::Verified => "verified".to_owned(),
        Form::Masked(mask) => format!("masked({mask})"),
        Form::Clear => "clear".to_owned(),
    }
}
