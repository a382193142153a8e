//! What the operation itself demands, and what the request selects of what it offers.

use crate::domain::decision::Hint;
use crate::domain::operation::{PurposeBinding, SubjectAt};
use crate::domain::person::Person;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::purpose::Purpose;
use crate::domain::reason::Reason;

use crate::policy::Policy;

use super::Ask;

/// What the operation demands before any rule is asked.
pub(super) fn admit(ask: &Ask<'_>) -> Result<(), (Reason, Option<Hint>)> {
    let operation = &ask.operation;
    let anonymous = ask.principal.kind() == PrincipalKind::Anonymous;
    if !operation.who.contains(&ask.principal.kind()) {
        let reason = if anonymous {
            Reason::SignInNeeded
        } else {
            Reason::WrongRealm
        };
        return Err((reason, None));
    }
    if ask.principal.rank() < operation.assurance_min {
        let hint = Some(Hint::StepUp(operation.assurance_min.as_u8()));
        let reason = if anonymous {
            Reason::SignInNeeded
        } else {
            Reason::StrongerSignInNeeded
        };
        return Err((reason, hint));
    }
    if let Principal::System(system) = &ask.principal
        && !operation
            .scopes
            .iter()
            .all(|scope| system.scopes.contains(scope))
    {
        return Err((Reason::InsufficientScope, None));
    }
    Ok(())
}

/// The person the request is about, as the operation says where that is found.
pub(super) fn subject(ask: &Ask<'_>) -> Result<Option<Person>, Reason> {
    let own = ask.principal.person().copied();
    match (&ask.operation.subject, ask.subject) {
        (SubjectAt::Nobody | SubjectAt::Answer, None) => Ok(None),
        (SubjectAt::Principal, None) => own.map(Some).ok_or(Reason::SubjectUnclear),
        (SubjectAt::Principal, Some(given)) if own == Some(given) => Ok(own),
        (SubjectAt::Path(_) | SubjectAt::Query(_) | SubjectAt::Document(_), Some(given)) => {
            Ok(Some(given))
        }
        (
            SubjectAt::Nobody
            | SubjectAt::Answer
            | SubjectAt::Principal
            | SubjectAt::Path(_)
            | SubjectAt::Query(_)
            | SubjectAt::Document(_),
            _,
        ) => Err(Reason::SubjectUnclear),
    }
}

/// The purpose that the claim selects among those bound to this operation for this principal. An
/// operation that binds none has none, whatever is claimed.
pub(super) fn choose_purpose<'a>(
    policy: &'a Policy,
    ask: &Ask<'_>,
) -> Result<Option<&'a Purpose>, Reason> {
    let operation = &ask.operation;
    let bound =
        |binding: &&PurposeBinding| binding.who == ask.principal.kind() && has_role(ask, binding);
    let mut open: Vec<_> = operation
        .purposes
        .iter()
        .filter(bound)
        .map(|b| &b.purpose)
        .collect();
    open.sort_unstable();
    open.dedup();
    let chosen = match (&ask.claim.purpose, open.as_slice()) {
        _ if operation.purposes.is_empty() => return Ok(None),
        (Some(claimed), open) if open.contains(&claimed) => claimed,
        (Some(_), _) | (None, []) => return Err(Reason::PurposeNotBound),
        (None, [only]) => only,
        (None, _) => return Err(Reason::PurposeNeeded),
    };
    let known = policy.vocabulary().purpose(chosen);
    known.map(Some).ok_or(Reason::PurposeNotBound)
}

fn has_role(ask: &Ask<'_>, binding: &PurposeBinding) -> bool {
    let roles = match &ask.principal {
        Principal::Anonymous | Principal::Person(_) => &[],
        Principal::Official(official) => ask
            .facts
            .staff
            .as_ref()
            .filter(|s| s.official == official.official && s.agency == official.agency)
            .map_or(&[][..], |staff| staff.roles.as_slice()),
        Principal::System(system) => system.roles.as_slice(),
    };
    binding.roles.is_empty() || binding.roles.iter().any(|role| roles.contains(role))
}
