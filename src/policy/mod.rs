//! May they, for this purpose?
//!
//! Answers: may this operation be called ([`Policy::decide`]), and in which form may each kind of
//! data about each person leave ([`Permit::decide`])? In: the bundle's files once; then verified
//! facts, claims and the time as arguments. Out: a [`Permit`] with its duties, or a [`Denial`] with
//! a reason and what would help. Invariants: nothing is allowed but by a rule of one bundle; an
//! error, a panic or a value out of range denies; a claim selects among what the operation binds
//! and never adds to it; what was decided is remembered for asks that are the same to every
//! rule. Deliberately absent: IO while deciding, the raw engine.

mod bundle;
mod cedar;
mod explain;
mod gate;
mod permit;
mod remembered;
mod slice;
mod test;

use crate::domain::decision::{BundleId, Obligations};
use crate::domain::name::RuleId;
use crate::domain::problem::Problem;

pub use bundle::{
    Agency, Class, FILE_BYTES_MAX, FILES_MAX, Known, Rule, RuleKind, Sector, Source, Vocabulary,
};
pub use explain::{
    Counterfactual, Report, Section, counterfactuals, explain_decision, explain_entry,
};
pub use gate::{Ask, Denial};
pub use permit::{IssuePermit, Permit, RevocableDocument, RevokePermit};
pub use test::{Outcome, Suite, report, run};

/// One bundle, loaded and checked: the rules in force.
#[derive(Debug)]
pub struct Policy {
    bundle: bundle::Bundle,
    engine: cedar::Engine,
    /// At the gate; and of what may leave.
    verdicts: remembered::Remembered<cedar::Verdict>,
    forms: remembered::Remembered<permit::Decided>,
}

impl Policy {
    /// Loads a bundle. `known` are the register's names that rules may use. Every problem at once,
    /// with its file and line; nothing is half loaded.
    pub fn load(source: &Source, known: &Known) -> Result<Self, Vec<Problem>> {
        let bundle = bundle::Bundle::load(source, known)?;
        let engine = cedar::Engine::new(&bundle)?;
        Ok(Self {
            bundle,
            engine,
            verdicts: remembered::Remembered::default(),
            forms: remembered::Remembered::default(),
        })
    }

    /// The vocabulary alone: what the register is read with before the policies are.
    pub fn vocabulary_of(source: &Source) -> Result<Vocabulary, Vec<Problem>> {
        bundle::vocabulary_of(source)
    }

    /// Which bundle this is.
    #[must_use]
    pub fn id(&self) -> BundleId {
        self.bundle.id
    }

    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.bundle.vocabulary
    }

    /// All rules, in the order of their files.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.bundle.rules
    }

    #[must_use]
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.bundle.rules.iter().find(|rule| rule.id == *id)
    }

    fn rules_at<'a>(&'a self, indexes: &'a [usize]) -> impl Iterator<Item = &'a Rule> {
        indexes.iter().filter_map(|at| self.bundle.rules.get(*at))
    }
}

/// The duties of several rules together: the fuller journal, every notice, every basis.
fn merge<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Obligations {
    let mut journal = None;
    let mut merged = Obligations::default();
    for rule in rules {
        journal = journal.max(Some(rule.journal));
        merged.notify.extend(&rule.notify);
        merged.bases.extend(rule.bases.iter().cloned());
    }
    merged.journal = journal.unwrap_or_default();
    tidy(&mut merged);
    merged
}

fn tidy(obligations: &mut Obligations) {
    obligations.notify.sort_unstable();
    obligations.notify.dedup();
    obligations.bases.sort_unstable();
    obligations.bases.dedup();
}
