//! Whose certificates sign in, whom they name, and how it is known that they were not revoked.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use rustls::pki_types::CertificateDer;

use crate::domain::name::{AgencyId, RealmId};
use crate::domain::principal::AcrRank;
use crate::identity::bearer::SystemSettings;

/// Authorities whose certificates sign in one kind of principal.
#[derive(Debug, Clone)]
pub struct CertificateRealm {
    /// For metrics and the log.
    pub name: String,
    /// Who is believed.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Certificates of authorities below them, for clients that do not show them, and so that
    /// their lists can be believed.
    pub between: Vec<CertificateDer<'static>>,
    pub holder: Holder,
    pub assurance: AcrRank,
    pub lists: ListSettings,
    pub ocsp: OcspSettings,
}

/// Whom a certificate is of, and where it says so. Nothing is assumed of any place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    Person {
        realm: RealmId,
        pinfl: Place,
        name: Place,
    },
    Official {
        realm: RealmId,
        official: Place,
        /// Where the number of the body stands, and which body each number is.
        agency: Place,
        agencies: BTreeMap<String, AgencyId>,
        name: Place,
        position: Place,
        pinfl: Place,
    },
    System {
        /// Where the number stands that tells the system.
        number: Place,
        systems: BTreeMap<String, SystemSettings>,
    },
}

/// Where something stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An attribute of the subject.
    Subject(ObjectId),
    /// A further name of this type (`otherName`, RFC 5280 §4.2.1.6).
    OtherName(ObjectId),
    /// What follows this in the one URI that begins with it.
    Uri(String),
}

/// Text that is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no place of a certificate")]
pub struct PlaceError(String);

impl Place {
    /// Reads `subject:OID`, `other-name:OID` or `uri:PREFIX`.
    ///
    /// # Errors
    /// For anything else.
    pub fn parse(given: &str) -> Result<Self, PlaceError> {
        let error = || PlaceError(given.to_owned());
        let (kind, rest) = given.split_once(':').ok_or_else(error)?;
        match kind {
            "subject" => ObjectId::parse(rest).map(Self::Subject),
            "other-name" => ObjectId::parse(rest).map(Self::OtherName),
            "uri" if rest.contains(':') && rest.bytes().all(|b| b.is_ascii_graphic()) => {
                Some(Self::Uri(rest.to_owned()))
            }
            _ => None,
        }
        .ok_or_else(error)
    }
}

/// An object identifier, by its content octets.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectId(Vec<u8>);

impl ObjectId {
    /// From dotted decimal; `None` for anything else (X.690 §8.19).
    #[must_use]
    pub fn parse(dotted: &str) -> Option<Self> {
        let mut arcs = Vec::new();
        for arc in dotted.split('.') {
            let plain = arc == "0" || !arc.starts_with('0');
            if arc.is_empty() || !plain || !arc.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            arcs.push(arc.parse::<u32>().ok()?);
        }
        let [first, second, rest @ ..] = arcs.as_slice() else {
            return None;
        };
        if *first > 2 || (*first < 2 && *second > 39) {
            return None;
        }
        let mut octets = Vec::new();
        let begin = u64::from(*second) + u64::from(*first) * 40;
        for arc in [begin]
            .into_iter()
            .chain(rest.iter().copied().map(u64::from))
        {
            let sevens = (0..5).rev().map(|place| (arc >> (7 * place)) & 0x7f);
            let mut sevens: Vec<_> = sevens.skip_while(|seven| *seven == 0).collect();
            if sevens.is_empty() {
                sevens.push(0);
            }
            let last = sevens.len() - 1;
            let marked = sevens.iter().enumerate().map(|(at, seven)| {
                let more = if at < last { 0x80 } else { 0 };
                u8::try_from(*seven).unwrap_or_default() | more
            });
            octets.extend(marked);
        }
        Some(Self(octets))
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({} octets)", self.0.len())
    }
}

/// How much is asked before a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Nobody is asked.
    Off,
    /// What is known to be revoked is refused; what is not known is let in.
    Soft,
    /// What is not known to be good is refused.
    Hard,
}

/// Where lists of revoked certificates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSettings {
    pub demand: Demand,
    pub sources: Vec<Source>,
    /// How often addresses are asked; files are looked at each second.
    pub refresh_ms: u32,
    /// A longer list is not read.
    pub bytes_max: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// PEM or DER.
    File(PathBuf),
    /// DER, or PEM.
    Address(String),
}

/// Who is asked about single certificates (RFC 6960).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspSettings {
    pub demand: Demand,
    /// Present where `demand` is not [`Demand::Off`].
    pub responder: Option<String>,
    /// How long a request waits for an answer.
    pub ms_max: u32,
    /// How long an answer is used, where it does not end sooner.
    pub age_ms_max: u32,
}
