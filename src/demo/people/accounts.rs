//! Who may sign in, and as what.

use crate::demo::people::{AZIZA, BOTIR, GULNORA, JASUR, MALIKA, SHERZOD, ZUHRA};

/// A sign-in realm: an issuer of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::demo) enum Realm {
    Applicants,
    Officials,
}

impl Realm {
    pub(in crate::demo) const ALL: [Self; 2] = [Self::Applicants, Self::Officials];

    /// The realm's name: the path of its issuer, and what the gateway calls it.
    #[must_use]
    pub(in crate::demo) const fn as_str(self) -> &'static str {
        match self {
            Self::Applicants => "applicants",
            Self::Officials => "officials",
        }
    }

    /// The realm with this name.
    #[must_use]
    pub(in crate::demo) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|realm| realm.as_str() == name)
    }
}

/// Someone who may sign in.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) struct Account {
    pub realm: Realm,
    pub login: &'static str,
    pub password: &'static str,
    pub pinfl: &'static str,
    /// Number of the official; `None` for an applicant.
    pub official: Option<&'static str>,
    /// The rank that this realm gives the sign-in, a decimal digit.
    pub acr: &'static str,
    /// Requests to try: method, path, and the headers it needs.
    pub can: &'static [&'static str],
}

/// Someone on the staff register of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Official {
    pub number: &'static str,
    pub agency: &'static str,
    pub department: &'static str,
    pub position: &'static str,
    pub roles: &'static [&'static str],
    pub active: bool,
    pub trained_until: &'static str,
}

/// Another body's information system.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) struct System {
    pub client_id: &'static str,
    pub agency: &'static str,
    pub roles: &'static [&'static str],
    pub scopes: &'static [&'static str],
    pub can: &'static [&'static str],
}

pub(in crate::demo) const ACCOUNTS: &[Account] = &[
    Account {
        realm: Realm::Applicants,
        login: "aziza",
        password: "aziza-demo",
        pinfl: AZIZA,
        official: None,
        acr: "2",
        can: &[
            "GET /civil/records/41507850211172",
            "GET /pension/records/41507850211172",
            "GET /my",
            "GET /my/journal",
        ],
    },
    Account {
        realm: Realm::Applicants,
        login: "botir",
        password: "botir-demo",
        pinfl: BOTIR,
        official: None,
        acr: "1",
        can: &[
            "GET /civil/records/30209820212045",
            "GET /my",
            "GET /my/journal",
        ],
    },
    Account {
        realm: Realm::Applicants,
        login: "zuhra",
        password: "zuhra-demo",
        pinfl: ZUHRA,
        official: None,
        acr: "2",
        can: &[
            "GET /civil/records/40212590210086",
            "GET /my",
            "GET /my/journal",
        ],
    },
    Account {
        realm: Realm::Officials,
        login: "gulnora",
        password: "gulnora-demo",
        pinfl: GULNORA,
        official: Some("O-1001"),
        acr: "2",
        can: &[
            "GET /pension/records/41507850211172 with Muhrdor-Purpose: pension.assess and \
             Muhrdor-Case: \"PF-2026-000117\"",
        ],
    },
    Account {
        realm: Realm::Officials,
        login: "sherzod",
        password: "sherzod-demo",
        pinfl: SHERZOD,
        official: Some("O-1002"),
        acr: "2",
        can: &[
            "GET /pension/records/30209820212045 with Muhrdor-Purpose: pension.assess and \
             Muhrdor-Case: \"PF-2026-000118\"",
        ],
    },
    Account {
        realm: Realm::Officials,
        login: "jasur",
        password: "jasur-demo",
        pinfl: JASUR,
        official: Some("O-1003"),
        acr: "2",
        can: &[],
    },
    Account {
        realm: Realm::Officials,
        login: "malika",
        password: "malika-demo",
        pinfl: MALIKA,
        official: Some("O-9001"),
        acr: "2",
        can: &["GET /console/policies"],
    },
];

pub(crate) const OFFICIALS: &[Official] = &[
    Official {
        number: "O-1001",
        agency: "pension-fund",
        department: "assessment",
        position: "inspector",
        roles: &["pension-inspector"],
        active: true,
        trained_until: "2099-01-01T00:00:00Z",
    },
    Official {
        number: "O-1002",
        agency: "pension-fund",
        department: "assessment",
        position: "inspector",
        roles: &["pension-inspector"],
        active: true,
        trained_until: "2099-01-01T00:00:00Z",
    },
    Official {
        number: "O-1003",
        agency: "pension-fund",
        department: "assessment",
        position: "inspector",
        roles: &["pension-inspector"],
        active: true,
        trained_until: "2024-01-01T00:00:00Z",
    },
    Official {
        number: "O-9001",
        agency: "portal",
        department: "security",
        position: "security officer",
        roles: &["security-officer"],
        active: true,
        trained_until: "2099-01-01T00:00:00Z",
    },
];

pub(in crate::demo) const SYSTEMS: &[System] = &[
    System {
        client_id: "social-agency-system",
        agency: "social-agency",
        roles: &["income-checker"],
        scopes: &["pension.verify"],
        can: &[
            "GET /pension/records/41507850211172/income?below=10000000 with Muhrdor-Purpose: \
             benefit.assess",
        ],
    },
    System {
        client_id: "demo-bank-system",
        agency: "demo-bank",
        roles: &["income-checker"],
        scopes: &["pension.verify"],
        can: &[],
    },
    System {
        client_id: "pension-fund-system",
        agency: "pension-fund",
        roles: &[],
        scopes: &["documents.revoke"],
        can: &[],
    },
    System {
        client_id: "civil-registry-system",
        agency: "civil-registry",
        roles: &[],
        scopes: &["documents.revoke"],
        can: &["POST /notary/v1/documents/NUMBER/revocation"],
    },
];
