//! Proceedings, consents and mandates, as the body's own system starts with them.

use crate::demo::people::{AZIZA, BOTIR, FARRUKH, GULNORA, KAMOLA, NODIRA};

/// A proceeding at the pension fund.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) struct Case {
    pub number: &'static str,
    pub agency: &'static str,
    pub purpose: &'static str,
    pub open: bool,
    pub subject: &'static str,
    pub assignees: &'static [&'static str],
}

/// A consent in the consent register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consent {
    pub id: &'static str,
    pub subject: &'static str,
    pub recipient: &'static str,
    pub purposes: &'static [&'static str],
    pub classes: &'static [&'static str],
    pub valid_until: &'static str,
    pub withdrawn: bool,
}

/// A right of one person to act for another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mandate {
    pub id: &'static str,
    pub holder: &'static str,
    pub subject: &'static str,
    pub purposes: &'static [&'static str],
    pub valid_until: &'static str,
}

const fn assess(
    number: &'static str,
    subject: &'static str,
    assignees: &'static [&'static str],
) -> Case {
    Case {
        number,
        agency: "pension-fund",
        purpose: "pension.assess",
        open: true,
        subject,
        assignees,
    }
}

pub(in crate::demo) const CASES: &[Case] = &[
    assess("PF-2026-000117", AZIZA, &["O-1001"]),
    assess("PF-2026-000118", BOTIR, &["O-1002"]),
    assess("PF-2026-000119", AZIZA, &["O-1002"]),
    Case {
        open: false,
        ..assess("PF-2026-000120", AZIZA, &["O-1001"])
    },
    assess("PF-2026-000121", AZIZA, &["O-1001"]),
    assess("PF-2026-000122", FARRUKH, &["O-1001"]),
    assess("PF-2026-000123", NODIRA, &["O-1001"]),
    assess("PF-2026-000124", GULNORA, &["O-1001"]),
    assess("PF-2026-000125", AZIZA, &["O-1003"]),
];

pub(crate) const CONSENTS: &[Consent] = &[
    Consent {
        id: "C-2026-0001",
        subject: AZIZA,
        recipient: "social-agency",
        purposes: &["benefit.assess"],
        classes: &["income"],
        valid_until: "2099-01-01T00:00:00Z",
        withdrawn: false,
    },
    Consent {
        id: "C-2026-0002",
        subject: BOTIR,
        recipient: "social-agency",
        purposes: &["benefit.assess"],
        classes: &["income"],
        valid_until: "2099-01-01T00:00:00Z",
        withdrawn: true,
    },
];

pub(crate) const MANDATES: &[Mandate] = &[
    Mandate {
        id: "M-2026-0001",
        holder: AZIZA,
        subject: KAMOLA,
        purposes: &["own.view"],
        valid_until: "2033-03-11T00:00:00Z",
    },
    Mandate {
        id: "M-2026-0002",
        holder: BOTIR,
        subject: KAMOLA,
        purposes: &["own.view"],
        valid_until: "2033-03-11T00:00:00Z",
    },
];
