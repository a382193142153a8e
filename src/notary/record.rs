//! What the house knows of one document: encrypted in the index, read by this room alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::domain::document::{AccessCode, Detail, DocumentCode, DocumentStatus};
use crate::domain::name::{AgencyId, DocumentKind, DocumentNumber};
use crate::domain::person::Pinfl;
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;
use crate::notary::index::CodeKey;
use crate::notary::leaf::Sha256;

/// One document.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) code: DocumentCode,
    pub(super) issuer: AgencyId,
    pub(super) kind: DocumentKind,
    pub(super) number: DocumentNumber,
    pub(super) names: Names,
    holder: String,
    pub(super) details: Vec<Detail>,
    access: Octets,
    /// Digest of the file as the e-service gave it.
    pub(super) source: Octets,
    /// The moment of the time-stamp.
    pub(super) at: Timestamp,
    /// The entry of the log.
    pub(super) leaf: Octets,
    /// Where `Contents` stands in the archived file, with its brackets.
    pub(super) hole: (usize, usize),
    /// The key of the archived file, wrapped.
    pub(super) file_key: Octets,
    pub(super) progress: Progress,
}

/// What issuer and kind were called when it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub issuer: Texts,
    pub kind: Texts,
}

/// How far it has come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Progress {
    /// All that is needed to enter the log and go on.
    Staged(Staged),
    Released(Released),
    Revoked(Released, Revocation),
}

/// A signature before its proof.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Staged {
    /// Digest of what is covered.
    pub(super) content: Octets,
    pub(super) signature: Octets,
    pub(super) token: Octets,
    /// The signer's first.
    pub(super) certificates: Vec<Octets>,
}

/// What fills the hole.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Released {
    pub(super) index: u64,
    pub(super) seal: Octets,
    /// The text of the proof.
    pub(super) proof: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revocation {
    pub(super) at: Timestamp,
    pub(super) index: u64,
    pub(super) leaf: Octets,
    pub(super) proof: String,
}

/// What a new record begins with.
pub(super) struct Beginning {
    pub(super) code: DocumentCode,
    pub(super) access: AccessCode,
    pub(super) holder: Pinfl,
}

impl Record {
    /// Whom the document is about; nothing if the record is not one of ours.
    pub(super) fn holder(&self) -> Option<Pinfl> {
        Pinfl::parse(&self.holder).ok()
    }

    /// Whether this is what is printed on the paper. Takes the same time whatever was typed.
    pub(super) fn opens_with(&self, access: AccessCode) -> bool {
        let given = access_digest(self.code, access);
        let differs = given
            .0
            .iter()
            .zip(&self.access.0)
            .fold(0, |found, (given, kept)| found | (given ^ kept));
        differs == 0 && self.access.0.len() == given.0.len()
    }

    pub(super) fn status(&self) -> DocumentStatus {
        match &self.progress {
            Progress::Staged(_) | Progress::Released(_) => DocumentStatus::Valid,
            Progress::Revoked(_, revocation) => DocumentStatus::Revoked { at: revocation.at },
        }
    }

    pub(super) fn released(&self) -> Option<&Released> {
        match &self.progress {
            Progress::Staged(_) => None,
            Progress::Released(released) | Progress::Revoked(released, _) => Some(released),
        }
    }
}

impl Beginning {
    /// The access code is kept as a digest, the holder as the registers know them.
    pub(super) fn record(self, rest: Rest) -> Record {
        Record {
            code: self.code,
            issuer: rest.issuer,
            kind: rest.kind,
            number: rest.number,
            names: rest.names,
            holder: self.holder.expose().to_owned(),
            details: rest.details,
            access: Octets(access_digest(self.code, self.access).0.to_vec()),
            source: Octets(rest.source.0.to_vec()),
            at: rest.at,
            leaf: Octets(rest.leaf),
            hole: rest.hole,
            file_key: Octets(rest.file_key),
            progress: Progress::Staged(rest.staged),
        }
    }
}

/// What a new record says besides.
pub(super) struct Rest {
    pub(super) issuer: AgencyId,
    pub(super) kind: DocumentKind,
    pub(super) number: DocumentNumber,
    pub(super) names: Names,
    pub(super) details: Vec<Detail>,
    pub(super) source: Sha256,
    pub(super) at: Timestamp,
    pub(super) leaf: Vec<u8>,
    pub(super) hole: (usize, usize),
    pub(super) file_key: Vec<u8>,
    pub(super) staged: Staged,
}

/// What the stores know a code by.
pub(super) fn code_key(code: DocumentCode) -> CodeKey {
    CodeKey(Sha256::of(&[b"muhrdor document code\0", code.as_bytes()]))
}

fn access_digest(code: DocumentCode, access: AccessCode) -> Sha256 {
    let parts: [&[u8]; 3] = [
        b"muhrdor document access\0",
        code.as_bytes(),
        access.as_bytes(),
    ];
    Sha256::of(&parts)
}

/// Bytes, written as base64.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Octets(pub(super) Vec<u8>);

impl Serialize for Octets {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}
