//! What the pages of the check are told. Nothing in it is about a person.

use crate::domain::text::Texts;
use crate::domain::time::Timestamp;

/// The page on which a check begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckView {
    /// The host whose page this is: checks at any other are worth nothing.
    pub host: String,
    pub trouble: Option<CheckTrouble>,
}

/// Why what was sent was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckTrouble {
    NoFile,
    FileTooLarge,
    TooManyRequests { retry_after_seconds: u32 },
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictView {
    pub outcome: Outcome,
    pub integrity: IntegrityView,
    pub status: StatusView,
    /// What kind of document it is.
    pub kind: Option<Texts>,
    /// The body that issued it.
    pub issuer: Option<Texts>,
    /// The subject of the certificate, as it stands there.
    pub certificate: Option<String>,
    pub registered: Option<RegisteredView>,
    /// Where the code printed on the paper is typed.
    pub access: Option<AccessView>,
    /// Where the receipt is.
    pub receipt: Option<String>,
    /// The same verdict as a compact JWS of this portal.
    pub signed: Option<String>,
    pub host: String,
}

/// What a check comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The file is as it was sealed.
    Genuine,
    /// There is a document with this code; no file was looked at.
    Registered,
    Revoked,
    Altered,
    NotOurs,
    /// Someone else's signature.
    Foreign {
        intact: bool,
        trusted: bool,
        signer: Option<String>,
    },
    /// No document has this code, or none that is told of.
    Unknown,
    /// The code and the access code do not belong together. Says of no document that it exists.
    NotOpened,
}

/// Whether the file is as it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegrityView {
    Intact,
    Altered,
    /// No file was looked at: only a code.
    Unchecked,
}

/// How the document stands with its issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusView {
    Valid {
        as_of: Timestamp,
    },
    Revoked {
        at: Timestamp,
    },
    /// Nobody could be asked; what is known is that it was sealed then.
    Unknown {
        after: Option<Timestamp>,
    },
}

/// Where and since when it stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredView {
    pub at: Timestamp,
    pub index: u64,
}

/// The form for the printed access code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessView {
    pub action: String,
    pub tried: Tried,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    NotYet,
    /// With a code that is not the one on the paper.
    Wrong,
}
