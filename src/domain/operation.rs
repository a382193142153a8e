//! An operation: one method and path of an e-service, who may call it and what may come back.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::data::Mask;
use crate::domain::flow::Flow;
use crate::domain::name::{DataClass, DocumentKind, OperationId, PurposeId, RoleId, Scope};
use crate::domain::principal::{AcrRank, CredentialKind, PrincipalKind};
use crate::domain::service::Service;

/// One method and path of an e-service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub id: OperationId,
    pub service: Arc<Service>,
    pub method: Method,
    /// Path below the service's prefix, `/records/{pinfl}`; a capture is a whole segment.
    pub template: String,
    pub who: BTreeSet<PrincipalKind>,
    pub assurance_min: AcrRank,
    pub scopes: Vec<Scope>,
    /// Answered only where the client has shown a certificate in the TLS handshake.
    pub certificate_needed: bool,
    /// By what its callers may be known.
    pub credentials: BTreeSet<CredentialKind>,
    pub purposes: Vec<PurposeBinding>,
    pub effect: Effect,
    pub subject: SubjectAt,
    pub contracts: Vec<Contract>,
    /// Kinds of documents that its good answer is; empty for what issues nothing.
    pub issues: Vec<DocumentKind>,
    /// Further request headers let through, lower case.
    pub request_headers: Vec<String>,
    /// Further response headers let through, lower case.
    pub response_headers: Vec<String>,
    /// The e-service's own cookies let through.
    pub cookies: Vec<String>,
    pub body_bytes_max: u64,
    /// Until an answer begins.
    pub upstream_ms_max: u32,
    pub flow: Flow,
    pub assertion: Assertion,
    /// The assertion holds the client certificate of the handshake.
    pub assertion_certificate: bool,
}

impl Operation {
    /// Whether callers may be known by this.
    #[must_use]
    pub fn takes(&self, credential: CredentialKind) -> bool {
        self.credentials.contains(&credential)
    }
}

/// For how much one signed assertion is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assertion {
    /// Reads by the same principal for the same reason share one for some seconds.
    Shared,
    /// Every request has its own, with a number.
    Each,
}

/// Methods an operation may have; HEAD is answered as GET is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A purpose that an operation serves, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeBinding {
    pub purpose: PurposeId,
    pub who: PrincipalKind,
    /// Any of these; empty is every role.
    pub roles: Vec<RoleId>,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Reads; needs no intent.
    Read,
    /// Answers yes or no about one value, computed here: the value itself does not leave.
    Verify(Question),
    /// Writes; the intent is durable before it is forwarded.
    Write,
}

impl Effect {
    /// Whether the upstream may change something.
    #[must_use]
    pub const fn writes(&self) -> bool {
        matches!(self, Self::Write)
    }
}

/// A yes-or-no question about one number in the upstream's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The stable name shown in the answer, `income-below`.
    pub name: String,
    /// RFC 6901 pointer to the number.
    pub pointer: String,
    pub class: DataClass,
    pub comparison: Comparison,
    /// The query parameter that carries the threshold, a decimal integer.
    pub parameter: String,
    /// The thresholds that may be asked for: a free choice would let the value be searched for.
    pub thresholds: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    Below,
    AtLeast,
}

/// Where the request says whose data it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectAt {
    /// About nobody.
    Nobody,
    /// The principal's own person.
    Principal,
    /// A path capture that holds a PINFL.
    Path(String),
    /// A query parameter that holds a PINFL.
    Query(String),
    /// A path capture that holds a document's code: the person whom that document is about, once
    /// its access code was shown.
    Document(String),
    /// Many: only the answer says who (each subject is decided for itself).
    Answer,
}

/// What may come back: for one status and media type, how it is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub status: u16,
    /// `type/subtype`, lower case, no parameters.
    pub media: String,
    pub mode: Mode,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Declared free of personal data; streamed.
    Public,
    /// Opaque bytes about the request's subject; all classes clear, or refused.
    Whole { classes: Vec<DataClass> },
    /// JSON with a class map; what is not listed is absent.
    Fields(Arc<ClassMap>),
}

/// Where the fields of a JSON answer are, and what kind of data each is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMap {
    pub entries: Vec<ClassEntry>,
    /// RFC 6901 pointer with `*` to each identifier of a person: whose data the subtree around it
    /// is. The request's subject where no binding covers a field.
    pub subjects: Vec<SubjectBinding>,
    pub withhold: Withhold,
    pub bytes_max: u64,
}

/// A field, or a whole subtree, of one data class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassEntry {
    /// RFC 6901 pointer in which a segment may be `*`: any index, any key.
    pub selector: String,
    pub class: DataClass,
    pub mask: Option<Mask>,
    /// Class of the keys of this object, where keys themselves are personal.
    pub key_class: Option<DataClass>,
    /// Free text: the detector looks at it too.
    pub freetext: bool,
}

/// The subtree at `at` is about the person whose PINFL stands at `identifier` below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectBinding {
    /// Selector of the subtree, `/relatives/*`; empty is the root.
    pub at: String,
    /// RFC 6901 pointer relative to it, `/pinfl`.
    pub identifier: String,
}

/// How a withheld member is left out of an object; in arrays it is always `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Withhold {
    #[default]
    Remove,
    Null,
}

/// The path and query that go upstream: origin-form (RFC 9112 §3.2.1), canonical, already carrying
/// the upstream's prefix. Made by the register from the one parse of the target.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamTarget(String);

impl UpstreamTarget {
    /// From an origin-form target that was canonical and stays so under its new prefix.
    #[must_use]
    pub const fn new(origin_form: String) -> Self {
        Self(origin_form)
    }

    /// What stands in the request line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for UpstreamTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UpstreamTarget(withheld)")
    }
}
