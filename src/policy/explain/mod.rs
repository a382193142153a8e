//! Why was it so? A page for an officer, from a decision or from a journal entry.
//!
//! In: what was decided, or what the journal holds of it. Out: a [`Report`]. Invariants: it decides
//! nothing, shows no value and names no person. Deliberately absent: printing.

mod counterfactual;
mod telling;

use std::fmt;

use serde_json::{Value, json};

use crate::domain::decision::FacetDecision;
use crate::domain::entry::{JournalEntry, Stage, Step};
use crate::domain::text::Language;

use super::Policy;
use super::gate::Denial;
use super::permit::Permit;

use telling::{Telling, Word, hint_word};

pub use counterfactual::{Counterfactual, counterfactuals};

/// A report: sections from the outcome down to the facts. `Display` is for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub sections: Vec<Section>,
}

/// One part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// A stable word for programs: `outcome`, `rules`, `purpose`, `data`, `walk`, `bundle`,
    /// `would-help`.
    pub code: &'static str,
    pub heading: &'static str,
    pub lines: Vec<String>,
}

impl Report {
    /// The report for programs: an object with a list of lines for each section.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let sections = self.sections.iter();
        Value::Object(
            sections
                .map(|s| (s.code.to_owned(), json!(s.lines)))
                .collect(),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in self
            .sections
            .iter()
            .filter(|section| !section.lines.is_empty())
        {
            writeln!(f, "{}", section.heading)?;
            for line in &section.lines {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

/// Explains a past request from its journal entry, with the sentences of the bundle in force. Says
/// so where another bundle decided. Shows no value and names no person.
#[must_use]
pub fn explain_entry(policy: &Policy, entry: &JournalEntry, language: Language) -> Report {
    let telling = Telling { policy, language };
    let outcome = match &entry.stage {
        Stage::Intent => telling.word(Word::Intent).to_owned(),
        Stage::Delivered { status } => format!("{} ({status})", telling.word(Word::Allowed)),
        Stage::Refused { reason } => format!("{}: {reason}", telling.word(Word::Refused)),
        Stage::Aborted => telling.word(Word::Aborted).to_owned(),
        Stage::SignedIn => telling.word(Word::SignedIn).to_owned(),
        Stage::SignedOut => telling.word(Word::SignedOut).to_owned(),
    };
    let data = entry.disclosed.iter();
    let mut data: Vec<_> = data.map(|d| telling.data(&d.class, d.form)).collect();
    data.sort();
    let in_force = policy.id().to_string();
    let bundle = match &entry.bundle {
        Some(bundle) if *bundle == in_force => vec![in_force],
        Some(bundle) => vec![bundle.clone(), telling.word(Word::OtherBundle).to_owned()],
        None => Vec::new(),
    };
    Report {
        sections: vec![
            telling.section("outcome", Word::Outcome, vec![outcome]),
            telling.section("rules", Word::Rules, telling.rules(&entry.rules)),
            telling.section(
                "purpose",
                Word::Purpose,
                telling.purpose(entry.purpose.as_ref(), &entry.bases, entry.case.as_ref()),
            ),
            telling.section("data", Word::Data, data),
            telling.section("walk", Word::Walk, walk(&entry.steps)),
            telling.section("bundle", Word::Bundle, bundle),
        ],
    }
}

/// Explains a decision just made: of the gate and, behind it, of each facet.
#[must_use]
pub fn explain_decision(
    policy: &Policy,
    decision: Result<(&Permit, &[FacetDecision]), &Denial>,
    counterfactuals: &[Counterfactual],
    language: Language,
) -> Report {
    let telling = Telling { policy, language };
    let would_help = counterfactuals.iter().map(|found| match found.outcome {
        Ok(()) => format!(
            "{}: {}",
            hint_word(&found.change),
            telling.word(Word::Allowed)
        ),
        Err(reason) => format!("{}: {reason}", hint_word(&found.change)),
    });
    let (outcome, rules, purpose, data, steps) = match decision {
        Ok((permit, facets)) => {
            let mut rules = permit.rules().to_vec();
            rules.extend(facets.iter().flat_map(|facet| facet.rules.iter().cloned()));
            rules.sort();
            rules.dedup();
            let data = facets.iter().map(|facet| telling.facet(facet)).collect();
            let purpose = telling.purpose(permit.purpose(), permit.bases(), permit.case());
            let outcome = telling.word(Word::Allowed).to_owned();
            (outcome, rules, purpose, data, permit.steps())
        }
        Err(denial) => {
            let outcome = format!("{}: {}", telling.word(Word::Refused), denial.reason);
            let purpose = telling.purpose(denial.purpose.as_ref(), &[], None);
            (
                outcome,
                denial.rules.clone(),
                purpose,
                Vec::new(),
                denial.steps.as_slice(),
            )
        }
    };
    Report {
        sections: vec![
            telling.section("outcome", Word::Outcome, vec![outcome]),
            telling.section("rules", Word::Rules, telling.rules(&rules)),
            telling.section("purpose", Word::Purpose, purpose),
            telling.section("data", Word::Data, data),
            telling.section("walk", Word::Walk, walk(steps)),
            telling.section("would-help", Word::WouldHelp, would_help.collect()),
            telling.section("bundle", Word::Bundle, vec![policy.id().to_string()]),
        ],
    }
}

fn walk(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .map(|step| format!("{}: {}", step.name, step.found))
        .collect()
}
