//! An e-service of the register.

use serde::{Deserialize, Serialize};

use crate::domain::name::{AgencyId, ServiceId, UpstreamName};
use crate::domain::text::Texts;

/// An e-service: who runs it, under which regulation, where it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub id: ServiceId,
    pub names: Texts,
    pub agency: AgencyId,
    pub agency_names: Texts,
    pub kind: ServiceKind,
    pub regulation: Regulation,
    /// Hosts it answers on, lower case, without port or trailing dot.
    pub hosts: Vec<String>,
    /// Path prefix at the portal, `/pension`; no trailing slash.
    pub prefix: String,
    pub backend: Backend,
    /// Origins whose scripts may call it (RFC 6454 serialisation).
    pub cors_origins: Vec<String>,
}

/// The two kinds of e-service the law knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    Information,
    Interactive,
}

/// The regulation under which an e-service is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regulation {
    pub number: String,
    /// Term for the service, in days; 0 is at once.
    pub term_days: u16,
}

/// Where the answers of an e-service come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// A program of a body; its addresses stand in the deployment's config under this name.
    /// `prefix` replaces the service's own prefix.
    Upstream { name: UpstreamName, prefix: String },
    /// A part of this program that stands behind the same walk.
    InHouse,
}
