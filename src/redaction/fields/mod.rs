//! JSON answers about persons: read with a class map, decided, cut.
//!
//! Answers: what in this body is whose, and what of it stays? In: bytes, a class map, and for each
//! person × data class a decision. Out: a body in which every byte that stays is the upstream's
//! own, or nothing. Invariants: what the map does not list is absent, and so is what two selectors
//! claim, what has another shape than listed, what is about nobody, and a record of a person of
//! whom nothing may be shown; the result is read again and searched for identifiers before it is
//! handed out. The answer to a question is computed here, on decimals, not floats. Deliberately
//! absent: HTTP, decisions.

mod classmap;
mod mask;
mod reading;
mod splice;
mod verify;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::domain::data::{Facet, Form};
use crate::domain::decision::FacetDecision;
use crate::domain::entry::Disclosed;
use crate::domain::name::DataClass;
use crate::redaction::detector;
use crate::redaction::error::RedactionError;
use crate::redaction::fields::splice::{Forms, Spliced, splice};

pub use mask::{BHM_SOUM, Masks};
pub use reading::{Identify, Reading, SUBJECTS_MAX};
pub use verify::threshold;

/// What may leave of a JSON answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    pub bytes: Bytes,
    /// What left of whom in which form, and what was found of the same persons and withheld.
    pub disclosed: Vec<Disclosed>,
    /// The decisions by which something left.
    pub decisions: Vec<FacetDecision>,
    /// Classes that the map expects of those persons and that are not clear for all of them:
    /// `Absent` or `Masked`.
    pub withheld: BTreeMap<DataClass, Form>,
    /// A rule could not be evaluated, so something is absent.
    pub degraded: bool,
}

impl Reading {
    /// Cuts what the decisions (one for each of [`Reading::facets`], in its order) do not let
    /// through. A decision that is missing or about something else counts as absent.
    ///
    /// # Errors
    /// [`RedactionError::NothingToDisclose`] or [`RedactionError::RuleFault`] if nothing stays;
    /// [`RedactionError::LeakStopped`] if what stays holds an identifier in another place than
    /// one that is clear for identifiers.
    pub fn redact(
        &self,
        decisions: &[FacetDecision],
        masks: &Masks<'_>,
    ) -> Result<Redacted, RedactionError> {
        let facets = self.facets();
        let forms: Forms<'_> = self
            .asked
            .keys()
            .zip(facets.iter().zip(decisions))
            .filter(|(_, (facet, decision))| **facet == decision.facet)
            .map(|((subject, class), (_, decision))| ((*subject, class), decision.form))
            .collect();
        let degraded = decisions.iter().any(|decision| decision.degraded);
        let Some(spliced) = splice(self, &forms, masks) else {
            return Err(nothing(degraded));
        };
        match detector::find_in_json(&spliced.bytes, &spliced.excused)? {
            Some(finding) => Err(RedactionError::LeakStopped(finding)),
            None => Ok(self.redacted(spliced, decisions, &forms, degraded)),
        }
    }

    fn redacted(
        &self,
        spliced: Spliced,
        decisions: &[FacetDecision],
        forms: &Forms<'_>,
        degraded: bool,
    ) -> Redacted {
        let persons: BTreeSet<_> = spliced.left.iter().map(|(subject, ..)| *subject).collect();
        let mut forms_left: BTreeMap<_, _> =
            spliced.left.into_iter().map(|(subject, class, form)| ((subject, class), form)).collect();
        let mut withheld = BTreeMap::new();
        for ((subject, class), found) in &self.asked {
            if !persons.contains(subject) {
                continue;
            }
            let form = forms.get(&(*subject, class)).copied().unwrap_or(Form::Absent);
            if form != Form::Clear {
                let least = withheld.entry(class.clone()).or_insert(form);
                *least = form.min(*least);
            }
            if form == Form::Absent && *found == reading::Found::Yes {
                forms_left.entry((*subject, class.clone())).or_insert(Form::Absent);
            }
        }
        let person = |subject: reading::Subject| self.subjects.get(subject.0).copied();
        let left = |decision: &&FacetDecision| {
            forms_left.iter().any(|((subject, class), form)| {
                *form != Form::Absent
                    && *class == decision.facet.class
                    && person(*subject) == Some(decision.facet.subject)
            })
        };
        Redacted {
            bytes: Bytes::from(spliced.bytes),
            decisions: decisions.iter().filter(left).cloned().collect(),
            disclosed: forms_left
                .iter()
                .filter_map(|((subject, class), form)| {
                    let subject = person(*subject)?.id;
                    Some(Disclosed { subject, class: class.clone(), form: *form })
                })
                .collect(),
            withheld,
            degraded,
        }
    }
}

/// Why nothing leaves.
pub(super) fn nothing(degraded: bool) -> RedactionError {
    match degraded {
        true => RedactionError::RuleFault,
        false => RedactionError::NothingToDisclose,
    }
}

/// What the decisions say of one facet; absent where they do not.
fn form_of(facet: &Facet, decisions: &[FacetDecision]) -> Form {
    let decision = decisions.iter().find(|decision| decision.facet == *facet);
    decision.map_or(Form::Absent, |decision| decision.form)
}
