//! What would have helped: the gate asked again with one circumstance changed.

use std::sync::Arc;

use crate::domain::decision::Hint;
use crate::domain::fact::{Case, Consent, Facts};
use crate::domain::name::{CaseNumber, ConsentId, PurposeId};
use crate::domain::principal::{AcrRank, Assurance, Principal};
use crate::domain::reason::Reason;
use crate::domain::time::Timestamp;

use crate::policy::Policy;
use crate::policy::gate::{Ask, pass};

/// What would have come of the same request with one circumstance changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterfactual {
    pub change: Hint,
    pub outcome: Result<(), Reason>,
}

/// Asks the gate again with a stronger sign-in, with a sound case, with a consent in force. Decides
/// nothing: what comes of it is told, not permitted.
#[must_use]
pub fn counterfactuals(policy: &Arc<Policy>, ask: &Ask<'_>) -> Vec<Counterfactual> {
    let mut found = Vec::new();
    let mut probe = |change: Hint, ask: &Ask<'_>| {
        let outcome = pass(policy, ask).map(drop).map_err(|denial| denial.reason);
        found.push(Counterfactual { change, outcome });
    };
    let rank = ask.principal.rank().as_u8();
    if let Some(stronger) = AcrRank::new(rank.saturating_add(1))
        && let Some(principal) = signed_in(&ask.principal, stronger)
    {
        probe(
            Hint::StepUp(stronger.as_u8()),
            &Ask {
                principal,
                ..ask.clone()
            },
        );
    }
    if let Some((number, facts)) = with_case(ask) {
        let mut changed = Ask {
            facts: &facts,
            ..ask.clone()
        };
        changed.claim.case = Some(number);
        probe(Hint::Case, &changed);
    }
    if let Some(facts) = with_consent(policy, ask) {
        probe(
            Hint::Consent,
            &Ask {
                facts: &facts,
                ..ask.clone()
            },
        );
    }
    found
}

fn signed_in(principal: &Principal, rank: AcrRank) -> Option<Principal> {
    let stronger = |assurance: Assurance| Assurance { rank, ..assurance };
    match principal {
        Principal::Anonymous => None,
        Principal::Person(person) => {
            let mut person = person.as_ref().clone();
            person.assurance = stronger(person.assurance);
            Some(Principal::Person(Arc::new(person)))
        }
        Principal::Official(official) => {
            let mut official = official.as_ref().clone();
            official.assurance = stronger(official.assurance);
            Some(Principal::Official(Arc::new(official)))
        }
        Principal::System(system) => {
            let mut system = system.as_ref().clone();
            system.assurance = stronger(system.assurance);
            Some(Principal::System(Arc::new(system)))
        }
    }
}

fn with_case(ask: &Ask<'_>) -> Option<(CaseNumber, Facts)> {
    let Principal::Official(official) = &ask.principal else {
        return None;
    };
    let purpose = purpose_of(ask)?;
    let number = CaseNumber::parse("counterfactual").ok()?;
    let mut facts = ask.facts.clone();
    facts.case = Some(Case {
        number: number.clone(),
        agency: official.agency.clone(),
        purpose,
        open: true,
        subject: ask.subject?.id,
        assignees: vec![official.official.clone()],
    });
    Some((number, facts))
}

fn with_consent(policy: &Policy, ask: &Ask<'_>) -> Option<Facts> {
    let Principal::System(system) = &ask.principal else {
        return None;
    };
    let mut facts = ask.facts.clone();
    facts.consents = vec![Consent {
        id: ConsentId::parse("counterfactual").ok()?,
        subject: ask.subject?.id,
        recipient: system.agency.clone(),
        purposes: vec![purpose_of(ask)?],
        classes: policy
            .vocabulary()
            .classes()
            .map(|class| class.id.clone())
            .collect(),
        valid_until: Timestamp::from_unix_ms(i64::MAX),
        withdrawn: false,
    }];
    Some(facts)
}

fn purpose_of(ask: &Ask<'_>) -> Option<PurposeId> {
    let mut bound = ask
        .operation
        .purposes
        .iter()
        .filter(|b| b.who == ask.principal.kind());
    ask.claim
        .purpose
        .clone()
        .or_else(|| bound.next().map(|b| b.purpose.clone()))
}
