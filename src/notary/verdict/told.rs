//! A verdict: what is concluded, and how each axis stands.

use serde_json::{Value, json};

use crate::domain::document::{DocumentCode, DocumentStatus};
use crate::domain::name::{AgencyId, DocumentKind};
use crate::domain::time::Timestamp;
use crate::keys::{KeyError, Signer};
use crate::notary::Known;
use crate::notary::verdict::{
    Examination, Finding, ForeignFacts, Receipted, SealFacts, StatusList, jws,
};

/// What all axes come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conclusion {
    /// Sealed here, as it is, and not known to be revoked.
    Genuine,
    Revoked,
    Altered,
    /// Not sealed here.
    NotOurs,
    /// There is a document with this code, and no file was looked at.
    Registered,
}

impl Conclusion {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Revoked => "revoked",
            Self::Altered => "altered",
            Self::NotOurs => "not-ours",
            Self::Registered => "registered",
        }
    }
}

/// Whether the file is as it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Integrity {
    Intact,
    Altered,
    /// No file was looked at.
    Unchecked,
}

/// Whether the issuer still stands by it, and as of when that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusKnown {
    Valid {
        as_of: Timestamp,
    },
    Revoked {
        at: Timestamp,
    },
    /// Nobody was asked; what is known is that it was sealed then.
    Unknown {
        after: Option<Timestamp>,
    },
}

/// Where it stands in the log, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Registered {
    pub index: u64,
    pub at: Timestamp,
}

/// What is said of a document. Nothing about a person is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub conclusion: Conclusion,
    pub integrity: Integrity,
    pub status: StatusKnown,
    pub issuer: Option<AgencyId>,
    /// The subject of the seal's certificate.
    pub certificate: Option<String>,
    pub registered: Option<Registered>,
    pub kind: Option<DocumentKind>,
    pub code: Option<DocumentCode>,
    pub foreign: Option<ForeignFacts>,
    pub finding: Option<Finding>,
}

impl Verdict {
    /// What a code alone tells.
    #[must_use]
    pub fn of_known(known: &Known, now: Timestamp) -> Self {
        let status = status_of(known.status, now);
        Self {
            conclusion: match status {
                StatusKnown::Revoked { .. } => Conclusion::Revoked,
                StatusKnown::Valid { .. } | StatusKnown::Unknown { .. } => Conclusion::Registered,
            },
            integrity: Integrity::Unchecked,
            status,
            ..Self::registered(known)
        }
    }

    /// What the digest of a whole file as it was handed out tells.
    #[must_use]
    pub fn of_file(known: &Known, now: Timestamp) -> Self {
        let status = status_of(known.status, now);
        Self {
            conclusion: standing(status),
            integrity: Integrity::Intact,
            status,
            ..Self::registered(known)
        }
    }

    /// What a file tells, with what the index knows of it.
    #[must_use]
    pub fn of_examination(
        examination: &Examination,
        known: Option<&Known>,
        now: Timestamp,
    ) -> Self {
        let status = known.map(|known| status_of(known.status, now));
        let mut verdict = Self::with_status(examination, status);
        verdict.kind = known.map(|known| known.kind.clone());
        verdict.code = known.map(|known| known.code);
        verdict
    }

    /// What a file tells to someone who is alone with it, a receipt and a status list if they have
    /// them. A receipt or a list of another document tells nothing of this one.
    #[must_use]
    pub fn offline(
        examination: &Examination,
        receipt: Option<&Receipted>,
        list: Option<&StatusList>,
    ) -> Self {
        let Examination::Sealed(facts) = examination else {
            return Self::with_status(examination, None);
        };
        let mine = receipt.filter(|receipt| receipt.commitment == facts.commitment);
        let by_receipt = mine.and_then(|receipt| receipt.revoked_at);
        let by_list = list.map(|list| match list.revoked_at(&facts.commitment) {
            Some(at) => StatusKnown::Revoked { at },
            // Made when the document was in the log already: clocks do not come into it.
            None if list.size > facts.index => StatusKnown::Valid {
                as_of: list.issued_at,
            },
            None => unknown(facts),
        });
        let status = match by_receipt {
            Some(at) => Some(StatusKnown::Revoked { at }),
            None => by_list,
        };
        Self::with_status(examination, status)
    }

    fn with_status(examination: &Examination, status: Option<StatusKnown>) -> Self {
        let nothing = |conclusion, integrity, finding| Self {
            conclusion,
            integrity,
            status: StatusKnown::Unknown { after: None },
            issuer: None,
            certificate: None,
            registered: None,
            kind: None,
            code: None,
            foreign: None,
            finding,
        };
        match examination {
            Examination::Sealed(facts) => {
                let status = status.unwrap_or(unknown(facts));
                Self {
                    status,
                    issuer: Some(facts.issuer.clone()),
                    certificate: Some(facts.certificate.clone()),
                    registered: Some(Registered {
                        index: facts.index,
                        at: facts.stamped_at,
                    }),
                    ..nothing(standing(status), Integrity::Intact, None)
                }
            }
            Examination::Altered(finding) => {
                nothing(Conclusion::Altered, Integrity::Altered, Some(*finding))
            }
            Examination::Foreign(facts) => Self {
                foreign: Some(facts.clone()),
                ..nothing(Conclusion::NotOurs, Integrity::Unchecked, None)
            },
            Examination::Unsigned(finding) => {
                nothing(Conclusion::NotOurs, Integrity::Unchecked, Some(*finding))
            }
        }
    }

    fn registered(known: &Known) -> Self {
        Self {
            conclusion: Conclusion::Registered,
            integrity: Integrity::Unchecked,
            status: StatusKnown::Unknown { after: None },
            issuer: Some(known.issuer.clone()),
            certificate: None,
            registered: Some(Registered {
                index: known.index,
                at: known.issued_at,
            }),
            kind: Some(known.kind.clone()),
            code: Some(known.code),
            foreign: None,
            finding: None,
        }
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let moment = |at: Timestamp| Value::String(at.to_string());
        let (status, status_at, revoked_at) = match self.status {
            StatusKnown::Valid { as_of } => ("valid", moment(as_of), Value::Null),
            StatusKnown::Revoked { at } => ("revoked", Value::Null, moment(at)),
            StatusKnown::Unknown { after } => {
                ("unknown", after.map_or(Value::Null, moment), Value::Null)
            }
        };
        let integrity = match self.integrity {
            Integrity::Intact => "intact",
            Integrity::Altered => "altered",
            Integrity::Unchecked => "unchecked",
        };
        let issuer = self
            .issuer
            .as_ref()
            .map(|agency| json!({ "agency": agency, "certificate": self.certificate }));
        let registered = self
            .registered
            .map(|found| json!({ "index": found.index, "at": found.at.to_string() }));
        let foreign = self.foreign.as_ref().map(|facts| {
            json!({ "intact": facts.intact, "trusted": facts.trusted, "signer": facts.signer })
        });
        let findings: Vec<&str> = self.finding.iter().map(|found| found.code()).collect();
        json!({
            "result": self.conclusion.code(),
            "integrity": integrity,
            "status": status,
            "status_at": status_at,
            "revoked_at": revoked_at,
            "issuer": issuer,
            "registered": registered,
            "kind": self.kind,
            "foreign": foreign,
            "findings": findings,
        })
    }

    /// The same signed, with the moment and the portal: a picture of a page proves nothing, this
    /// does.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn sign(
        &self,
        signer: &dyn Signer,
        portal: &str,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        let statement = json!({
            "iss": portal,
            "iat": now.unix_seconds(),
            "code": self.code.map(|code| code.to_string()),
            "verdict": self.to_json(),
        });
        jws::sign(KIND, &statement, signer)
    }
}

fn status_of(status: DocumentStatus, now: Timestamp) -> StatusKnown {
    match status {
        DocumentStatus::Valid => StatusKnown::Valid { as_of: now },
        DocumentStatus::Revoked { at } => StatusKnown::Revoked { at },
    }
}

const fn standing(status: StatusKnown) -> Conclusion {
    match status {
        StatusKnown::Revoked { .. } => Conclusion::Revoked,
        StatusKnown::Valid { .. } | StatusKnown::Unknown { .. } => Conclusion::Genuine,
    }
}

const fn unknown(facts: &SealFacts) -> StatusKnown {
    StatusKnown::Unknown {
        after: Some(facts.stamped_at),
    }
}

const KIND: &str = "muhrdor-verdict+jwt";
