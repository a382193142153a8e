//! Whose bearer tokens are accepted, and what their clients stand for.

use jsonwebtoken::Algorithm;

use crate::domain::name::{AgencyId, RoleId, Scope, SystemId};
use crate::domain::principal::AcrRank;

#[derive(Debug, Clone)]
pub struct BearerSettings {
    /// Each issuer stands once; of two with one name the first counts.
    pub issuers: Vec<BearerIssuer>,
    /// How far an issuer's clock may differ from ours, both ways.
    pub clock_skew_seconds_max: u32,
    /// The longest token that is looked at.
    pub token_bytes_max: usize,
    /// The longest time from a token's issue to its expiry.
    pub token_seconds_max: u32,
    /// Verified tokens that are remembered; below two, none is.
    pub tokens_cached_max: usize,
}

/// An issuer of bearer tokens. Its keys are in the key sets under the same name.
#[derive(Debug, Clone)]
pub struct BearerIssuer {
    /// Compared byte for byte.
    pub issuer: String,
    /// The only audience accepted, compared byte for byte.
    pub audience: String,
    /// Algorithms accepted; those of shared secrets count for nothing.
    pub algorithms: Vec<Algorithm>,
    /// Accepted `typ` of the header, lower case (RFC 9068 §2.1).
    pub types: Vec<String>,
    pub systems: Vec<SystemSettings>,
}

/// What a client id, or the number in a certificate, stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemSettings {
    /// A token's `client_id`.
    pub id: SystemId,
    pub agency: AgencyId,
    pub roles: Vec<RoleId>,
    /// The most it may be granted; a token may hold fewer.
    pub scopes: Vec<Scope>,
    pub assurance: AcrRank,
}
