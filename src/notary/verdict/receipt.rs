//! A receipt: a document's entries in the log with their proofs, to check without asking again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::notary::leaf::{Commitment, DocumentLeaf};
use crate::notary::verdict::Trust;
use crate::notary::verdict::examine::proven;

/// A receipt as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    version: u32,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Base64 of the entry's bytes.
    entry: String,
    /// The text of `tlog-proof`.
    proof: String,
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipted {
    pub commitment: Commitment,
    pub index: u64,
    pub stamped_at: Timestamp,
    /// When it was revoked, if the receipt says so.
    pub revoked_at: Option<Timestamp>,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    #[error("the receipt does not read")]
    Malformed,
    #[error("an entry of the receipt is not proved to be in the log")]
    NotProved,
    #[error("the entries of the receipt are not of one document")]
    OtherDocument,
}

impl Receipt {
    /// The receipt of these entries, each with its proof: the issue first.
    #[must_use]
    pub fn of<'a>(entries: impl IntoIterator<Item = (&'a [u8], &'a str)>) -> Self {
        let entry = |(entry, proof): (&[u8], &str)| Entry {
            entry: STANDARD.encode(entry),
            proof: proof.to_owned(),
        };
        Self {
            version: VERSION,
            entries: entries.into_iter().map(entry).collect(),
        }
    }

    /// Reads a receipt.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self, ReceiptError> {
        let read: Self = serde_json::from_slice(json).map_err(|_| ReceiptError::Malformed)?;
        let fits = read.version == VERSION && (1..=ENTRIES_MAX).contains(&read.entries.len());
        fits.then_some(read).ok_or(ReceiptError::Malformed)
    }

    /// What it proves, by the log that is trusted.
    ///
    /// # Errors
    /// See [`ReceiptError`].
    pub fn check(&self, trust: &Trust) -> Result<Receipted, ReceiptError> {
        let mut found: Option<Receipted> = None;
        for entry in &self.entries {
            let bytes = STANDARD.decode(&entry.entry);
            let bytes = bytes.map_err(|_| ReceiptError::Malformed)?;
            let leaf = DocumentLeaf::parse(&bytes).ok_or(ReceiptError::Malformed)?;
            let (index, _) = proven(entry.proof.as_bytes(), &bytes, trust)
                .map_err(|_| ReceiptError::NotProved)?;
            match (leaf, found.as_mut()) {
                (DocumentLeaf::Issue(leaf), None) => {
                    found = Some(Receipted {
                        commitment: leaf.commitment,
                        index,
                        stamped_at: leaf.at,
                        revoked_at: None,
                    });
                }
                (DocumentLeaf::Revoke(leaf), Some(issued))
                    if leaf.commitment == issued.commitment =>
                {
                    issued.revoked_at = Some(leaf.at);
                }
                (DocumentLeaf::Issue(_) | DocumentLeaf::Revoke(_), _) => {
                    return Err(ReceiptError::OtherDocument);
                }
            }
        }
        found.ok_or(ReceiptError::Malformed)
    }
}

const VERSION: u32 = 1;
const ENTRIES_MAX: usize = 8;
