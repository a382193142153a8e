//! What is true about this case?
//!
//! In: who asks, what they claim, and whom it is about. Out: [`Facts`], asked of the bodies'
//! registers at the moment of the decision. Invariants: a case, a mandate, a consent is never
//! answered from memory; what is remembered of staff and persons is younger than
//! `fact_age_ms_max`; a register that does not answer is a refusal, never an empty answer.
//! Deliberately absent: judgement — whether a fact suffices is `policy`'s word.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use crate::clock::Clock;
use crate::domain::fact::{Facts, Mandate, Staff, Standing};
use crate::domain::name::{AgencyId, OfficialId};
use crate::domain::person::Person;
use crate::domain::principal::Principal;
use crate::domain::purpose::Claim;

mod file;
mod http;
mod memory;
mod source;

pub use file::{FactFile, FactFileError};
pub use http::{FactService, FactServiceSettings};
pub use source::{FactError, FactSource};

use memory::Memory;

/// Most persons one answer may speak of.
pub const SUBJECTS_MAX: usize = 1000;

/// The kinds of facts a source may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactKind {
    Cases,
    Staff,
    Mandates,
    Consents,
    Persons,
}

/// A source and what it is asked.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The bodies it answers for; empty is all of them.
    pub agencies: Vec<AgencyId>,
    pub kinds: BTreeSet<FactKind>,
    pub source: Arc<dyn FactSource>,
}

/// The room.
#[derive(Debug)]
pub struct FactRoom {
    assignments: Vec<Assignment>,
    memory: Memory,
}

impl FactRoom {
    /// Asks the first assignment that fits. Staff and standings are remembered for
    /// `fact_age_ms_max`, at most `facts_max` of each.
    #[must_use]
    pub fn new(
        assignments: Vec<Assignment>,
        clock: Arc<dyn Clock>,
        fact_age_ms_max: u32,
        facts_max: usize,
    ) -> Self {
        Self {
            assignments,
            memory: Memory::new(clock, fact_age_ms_max, facts_max),
        }
    }

    /// The facts about one request: its case, its official, its mandates and consents, and how its
    /// subject stands.
    ///
    /// # Errors
    /// [`FactError`] when a register that was asked did not answer.
    pub async fn gather(
        &self,
        principal: &Principal,
        claim: &Claim,
        subject: Option<&Person>,
    ) -> Result<Facts, FactError> {
        let mut facts = Facts::default();
        match principal {
            Principal::Anonymous => {}
            Principal::Person(p) => {
                if subject.is_some_and(|subject| subject.id != p.person.id) {
                    facts.mandates = self.mandates(&p.person).await?;
                }
            }
            Principal::Official(o) => {
                facts.staff = self.staff(&o.agency, &o.official).await?;
                if let (Some(number), Some(source)) =
                    (&claim.case, self.source(FactKind::Cases, Some(&o.agency)))
                {
                    facts.case = source.case(&o.agency, number).await?;
                }
            }
            Principal::System(s) => {
                if let (Some(subject), Some(source)) =
                    (subject, self.source(FactKind::Consents, None))
                {
                    facts.consents = source.consents(subject, &s.agency).await?;
                }
            }
        }
        if let Some(subject) = subject {
            self.add_standings(&mut facts, std::slice::from_ref(subject))
                .await?;
        }
        Ok(facts)
    }

    /// The facts as they were, and how each of `subjects` stands: one batch for all the persons an
    /// answer speaks of.
    ///
    /// # Errors
    /// [`FactError::TooMany`] above [`SUBJECTS_MAX`]; else as [`FactRoom::gather`].
    pub async fn about(&self, mut facts: Facts, subjects: &[Person]) -> Result<Facts, FactError> {
        if subjects.len() > SUBJECTS_MAX {
            return Err(FactError::TooMany {
                subjects_max: SUBJECTS_MAX,
            });
        }
        self.add_standings(&mut facts, subjects).await?;
        Ok(facts)
    }

    async fn add_standings(&self, facts: &mut Facts, people: &[Person]) -> Result<(), FactError> {
        let Some(source) = self.source(FactKind::Persons, None) else {
            return Ok(());
        };
        let mut unknown = Vec::new();
        for person in people {
            if facts.standing(person.id).is_some() {
                continue;
            }
            match self.memory.standing(person.id) {
                Some(standing) => facts.standings.push((person.id, standing)),
                None => unknown.push(*person),
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let answered: Vec<(Person, Standing)> = source.standings(&unknown).await?;
        for (person, standing) in answered {
            self.memory.keep_standing(person.id, standing);
            facts.standings.push((person.id, standing));
        }
        Ok(())
    }

    async fn mandates(&self, holder: &Person) -> Result<Vec<Mandate>, FactError> {
        match self.source(FactKind::Mandates, None) {
            Some(source) => source.mandates(holder).await,
            None => Ok(Vec::new()),
        }
    }

    async fn staff(
        &self,
        agency: &AgencyId,
        official: &OfficialId,
    ) -> Result<Option<Staff>, FactError> {
        if let Some(known) = self.memory.staff(agency, official) {
            return Ok(Some(known));
        }
        let Some(source) = self.source(FactKind::Staff, Some(agency)) else {
            return Ok(None);
        };
        let staff = source.staff(agency, official).await?;
        if let Some(staff) = &staff {
            self.memory.keep_staff(staff);
        }
        Ok(staff)
    }

    fn source(&self, kind: FactKind, agency: Option<&AgencyId>) -> Option<&Arc<dyn FactSource>> {
        self.assignments
            .iter()
            .find(|a| {
                let for_agency = a.agencies.is_empty()
                    || agency.is_none_or(|agency| a.agencies.contains(agency));
                a.kinds.contains(&kind) && for_agency
            })
            .map(|a| &a.source)
    }
}
