//! Why a case does not open what is asked for.

use std::borrow::Cow;

use crate::domain::principal::Principal;
use crate::domain::reason::Reason;

use crate::policy::cedar::Scene;

/// How the claimed case stands to this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CaseStanding {
    NotClaimed,
    Unknown,
    OfAnother,
    Closed,
    NotAssigned,
    Good,
}

impl CaseStanding {
    pub(super) const fn reason(self) -> Option<Reason> {
        match self {
            Self::NotClaimed => Some(Reason::CaseNeeded),
            Self::Unknown => Some(Reason::CaseUnknown),
            Self::OfAnother => Some(Reason::CaseOfAnother),
            Self::Closed => Some(Reason::CaseClosed),
            Self::NotAssigned => Some(Reason::CaseNotAssigned),
            Self::Good => None,
        }
    }

    pub(super) fn told(self) -> Cow<'static, str> {
        match self {
            Self::NotClaimed => Cow::Borrowed("none claimed"),
            Self::Good => Cow::Borrowed("open, assigned, of this person, body and purpose"),
            Self::Unknown | Self::OfAnother | Self::Closed | Self::NotAssigned => self
                .reason()
                .map_or(Cow::Borrowed(""), |reason| Cow::Owned(reason.to_string())),
        }
    }
}

/// Only words the refusal: the rules themselves test the case.
pub(super) fn case_standing(scene: &Scene<'_>) -> CaseStanding {
    if scene.case.is_none() {
        return CaseStanding::NotClaimed;
    }
    let Some(case) = scene.case() else {
        return CaseStanding::Unknown;
    };
    let same_body = scene.principal.agency() == Some(&case.agency);
    let same_person = scene.subject.is_none_or(|subject| subject == case.subject);
    let same_purpose = scene
        .purpose
        .is_some_and(|purpose| purpose.id == case.purpose);
    if !(same_body && same_person && same_purpose) {
        return CaseStanding::OfAnother;
    }
    if !case.open {
        return CaseStanding::Closed;
    }
    match scene.principal {
        Principal::Official(o) if case.assignees.contains(&o.official) => CaseStanding::Good,
        Principal::System(_) => CaseStanding::Good,
        Principal::Anonymous | Principal::Person(_) | Principal::Official(_) => {
            CaseStanding::NotAssigned
        }
    }
}
