//! A bundle: which rules are in force, exactly?
//!
//! In: the files of `policies/`, as bytes. Out: the vocabulary, the rules as people read them and
//! as the engine evaluates them, and one id over every byte. Invariants: nothing half loaded, a
//! bundle has no problem or is not one; loaded only with its schema, strictly, at level 2, without
//! warnings. Deliberately absent: signatures and approval, links of templates.

mod lint;
mod rule;
mod source;
mod statement;
mod vocabulary;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};

use crate::domain::decision::BundleId;
use crate::domain::name::RuleId;
use crate::domain::problem::Problem;

pub use lint::Known;
pub use rule::{Rule, RuleKind};
pub use source::{FILE_BYTES_MAX, FILES_MAX, Source};
pub use vocabulary::{Agency, Class, Sector, Vocabulary};

pub(in crate::policy) use lint::{children, conjuncts, context_field};

/// How many dereferences from the request a policy may look: what the gateway loads.
const LEVEL_MAX: u32 = 2;

/// A checked bundle. `policies` stand in the order of `rules`, each under its rule's id.
#[derive(Debug)]
pub(in crate::policy) struct Bundle {
    pub(in crate::policy) id: BundleId,
    pub(in crate::policy) vocabulary: Vocabulary,
    pub(in crate::policy) rules: Vec<Rule>,
    pub(in crate::policy) policies: Vec<Policy>,
    pub(in crate::policy) schema: Schema,
}

impl Bundle {
    /// Reads and checks everything; every problem at once, sorted by place.
    pub(in crate::policy) fn load(source: &Source, known: &Known) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let schema = keep(&mut problems, read_schema(source));
        let vocabulary = keep(&mut problems, vocabulary_of(source));
        let Some(vocabulary) = vocabulary else {
            return Err(sorted(problems));
        };
        let mut rules = Vec::new();
        let mut policies = Vec::new();
        for (rule, policy) in read_rules(source, &vocabulary, known, &mut problems) {
            rules.push(rule);
            policies.push(policy);
        }
        if let Some(schema) = &schema {
            validate(source, schema, &rules, &policies, &mut problems);
        }
        if !rules.iter().any(|rule| rule.kind == RuleKind::Permit) && problems.is_empty() {
            let what = "no rule permits anything";
            problems.push(at(source.place(""), 0, what, "write at least one permit"));
        }
        match schema {
            Some(schema) if problems.is_empty() => Ok(Self {
                id: source.id(),
                vocabulary,
                rules,
                policies,
                schema,
            }),
            Some(_) | None => Err(sorted(problems)),
        }
    }
}

/// The vocabulary alone: what the register is read with.
pub(in crate::policy) fn vocabulary_of(source: &Source) -> Result<Vocabulary, Vec<Problem>> {
    let place = source.place("vocabulary.toml");
    match source.file("vocabulary.toml") {
        Some(bytes) => Vocabulary::parse(&place, bytes),
        None => Err(vec![at(place, 0, "the file is missing", "write it")]),
    }
}

/// The line, counted from 1, of the byte at `offset`.
pub(in crate::policy) fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.bytes().take(offset).filter(|b| *b == b'\n').count();
    u32::try_from(before).map_or(u32::MAX, |n| n.saturating_add(1))
}

fn read_schema(source: &Source) -> Result<Schema, Vec<Problem>> {
    let place = source.place("schema.cedarschema");
    let Some(bytes) = source.file("schema.cedarschema") else {
        let mend = "policies are never loaded without their schema: write it";
        return Err(vec![at(place, 0, "the file is missing", mend)]);
    };
    let mend = "see the Cedar schema grammar";
    let text = std::str::from_utf8(bytes)
        .map_err(|_| vec![at(place.clone(), 0, "the file is not UTF-8 text", mend)])?;
    let (schema, warnings) = Schema::from_cedarschema_str(text)
        .map_err(|error| vec![at(place.clone(), 0, &error.to_string(), mend)])?;
    let warnings: Vec<_> = warnings
        .map(|warning| at(place.clone(), 0, &warning.to_string(), mend))
        .collect();
    if warnings.is_empty() {
        Ok(schema)
    } else {
        Err(warnings)
    }
}

fn read_rules(
    source: &Source,
    vocabulary: &Vocabulary,
    known: &Known,
    problems: &mut Vec<Problem>,
) -> Vec<(Rule, Policy)> {
    let mut read = Vec::new();
    let mut places: BTreeMap<RuleId, (PathBuf, u32)> = BTreeMap::new();
    for (path, bytes) in source.policies() {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let what = "the file is not UTF-8 text";
            problems.push(at(source.place(path), 0, what, "save it as UTF-8"));
            continue;
        };
        for statement in statement::statements(text) {
            let place = (source.place(path), statement.line);
            let wrong = |(what, mend): (String, String)| at(place.0.clone(), place.1, &what, &mend);
            match read_rule(
                &statement,
                vocabulary,
                known,
                (PathBuf::from(path), place.1),
            ) {
                Err(found) => problems.extend(found.into_iter().map(wrong)),
                Ok((rule, policy)) => {
                    if let Some((file, line)) = places.insert(rule.id.clone(), place.clone()) {
                        let what = format!(
                            "`{}` also names the rule at {}:{line}",
                            rule.id,
                            file.display()
                        );
                        problems.push(wrong((what, "give each rule its own name".to_owned())));
                    }
                    read.push((rule, policy));
                }
            }
        }
    }
    read
}

fn read_rule(
    statement: &statement::Statement<'_>,
    vocabulary: &Vocabulary,
    known: &Known,
    place: (PathBuf, u32),
) -> Result<(Rule, Policy), Vec<(String, String)>> {
    let policy = Policy::parse(None, statement.text)
        .map_err(|error| vec![(error.to_string(), "see the Cedar grammar".to_owned())])?;
    let mut problems = lint::lint(&policy, vocabulary, known);
    match rule::read_rule(&policy, vocabulary, place, statement.text) {
        Ok(rule) if problems.is_empty() => {
            let policy = policy.new_id(PolicyId::new(rule.id.as_str()));
            Ok((rule, policy))
        }
        Ok(_) => Err(problems),
        Err(more) => {
            problems.extend(more);
            Err(problems)
        }
    }
}

/// Strict, at level 2, without errors and without warnings.
fn validate(
    source: &Source,
    schema: &Schema,
    rules: &[Rule],
    policies: &[Policy],
    problems: &mut Vec<Problem>,
) {
    let validator = Validator::new(schema.clone());
    for (rule, policy) in rules.iter().zip(policies) {
        let set = match PolicySet::from_policies([policy.clone()]) {
            Ok(set) => set,
            Err(error) => {
                let place = source.place(&rule.file.to_string_lossy());
                problems.push(at(place, rule.line, &error.to_string(), "write it anew"));
                continue;
            }
        };
        let result = validator.validate_with_level(&set, ValidationMode::Strict, LEVEL_MAX);
        let errors = result.validation_errors().map(ToString::to_string);
        let warnings = result.validation_warnings().map(ToString::to_string);
        for what in errors.chain(warnings) {
            let place = source.place(&rule.file.to_string_lossy());
            let mend = "make the rule agree with schema.cedarschema";
            problems.push(at(place, rule.line, &what, mend));
        }
    }
}

fn keep<T>(problems: &mut Vec<Problem>, read: Result<T, Vec<Problem>>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}

fn at(file: PathBuf, line: u32, what: &str, mend: &str) -> Problem {
    // A problem is one line: some of Cedar's messages are not.
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    Problem {
        file,
        line,
        what,
        mend: mend.to_owned(),
    }
}
