//! How an entry is written, salted, hashed and encrypted.
//!
//! Canonical form, version 1: JSON (RFC 8259) `{"entry":…,"version":1}` without white space, members
//! of every object in ascending order of their bytes. Leaf: SHA-256(0x00 ‖ salt ‖ canonical form), so
//! that a leaf cannot be guessed from what an entry may say. At rest: salt ‖ canonical form, encrypted
//! and bound to the leaf.

use ring::rand::SecureRandom;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::entry::{JournalEntry, VisitId};
use crate::domain::person::PersonId;
use crate::journal::ledger::{ActorKey, RowStage, subjects_of};
use crate::journal::{LedgerPosition, LedgerRow, Link};
use crate::keys::{Bound, KeyError, Vault};
use crate::tlog::Hash;

/// Why an entry cannot be written, or is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum EncodingError {
    #[error("an entry of {0} bytes is longer than {ENTRY_BYTES_MAX}")]
    TooLong(usize),
    #[error("the entry is not in the canonical form of version {VERSION}")]
    NotCanonical,
    #[error("the entry does not read")]
    Json(#[from] serde_json::Error),
    #[error("the entry is not the one that its leaf stands for")]
    OtherLeaf,
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Versioned<E> {
    entry: E,
    version: u32,
}

/// The canonical form of an entry.
pub(super) fn encode(entry: &JournalEntry) -> Result<Vec<u8>, EncodingError> {
    let version = VERSION;
    let value = serde_json::to_value(Versioned { entry, version })?;
    let mut out = Vec::with_capacity(1024);
    write_sorted(&value, &mut out)?;
    if out.len() > ENTRY_BYTES_MAX {
        return Err(EncodingError::TooLong(out.len()));
    }
    Ok(out)
}

/// The entry of a canonical form; no other form is read.
pub(super) fn decode(canonical: &[u8]) -> Result<JournalEntry, EncodingError> {
    let read: Versioned<JournalEntry> = serde_json::from_slice(canonical)?;
    if read.version != VERSION || encode(&read.entry)? != canonical {
        return Err(EncodingError::NotCanonical);
    }
    Ok(read.entry)
}

fn write_sorted(value: &Value, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            serde_json::to_writer(out, value)
        }
        Value::Array(members) => {
            out.push(b'[');
            for (n, member) in members.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_sorted(member, out)?;
            }
            out.push(b']');
            Ok(())
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| name.as_bytes());
            out.push(b'{');
            for (n, (name, member)) in sorted.into_iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, name)?;
                out.push(b':');
                write_sorted(member, out)?;
            }
            out.push(b'}');
            Ok(())
        }
    }
}

/// An entry that is ready for the ledger but has no place in it yet.
#[derive(Debug)]
pub struct SealedEntry {
    leaf: Hash,
    sealed: Vec<u8>,
    visit: VisitId,
    stage: RowStage,
    subjects: Vec<PersonId>,
    actor: Option<ActorKey>,
}

impl SealedEntry {
    /// Salts and encrypts an entry.
    ///
    /// # Errors
    /// [`EncodingError::TooLong`], [`EncodingError::Key`].
    pub fn seal(
        entry: &JournalEntry,
        vault: &Vault,
        random: &dyn SecureRandom,
    ) -> Result<Self, EncodingError> {
        let mut plain = vec![0; SALT_BYTES];
        random
            .fill(&mut plain)
            .map_err(|_| KeyError::NoRandomness)?;
        plain.extend_from_slice(&encode(entry)?);
        let leaf = leaf_of(&plain);
        Ok(Self {
            leaf,
            sealed: vault.seal(bound(&leaf), &plain, random)?,
            visit: entry.visit,
            stage: RowStage::of(&entry.stage),
            subjects: subjects_of(entry),
            actor: ActorKey::of(&entry.actor),
        })
    }

    /// The row that follows `previous`.
    pub(super) fn follow(self, previous: &Link, position: LedgerPosition) -> LedgerRow {
        LedgerRow {
            position,
            link: previous.then(position, &self.leaf),
            leaf: self.leaf,
            sealed: self.sealed,
            visit: self.visit,
            stage: self.stage,
            subjects: self.subjects,
            actor: self.actor,
        }
    }
}

/// What a leaf is the hash of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Preimage {
    pub(super) salt: [u8; SALT_BYTES],
    pub(super) canonical: Vec<u8>,
}

impl Preimage {
    /// Decrypts a row and holds it to its leaf.
    pub(super) fn open(row: &LedgerRow, vault: &Vault) -> Result<Self, EncodingError> {
        let plain = vault.open(bound(&row.leaf), &row.sealed)?;
        let Some((salt, canonical)) = plain.split_first_chunk::<SALT_BYTES>() else {
            return Err(EncodingError::OtherLeaf);
        };
        if leaf_of(&plain) != row.leaf {
            return Err(EncodingError::OtherLeaf);
        }
        Ok(Self {
            salt: *salt,
            canonical: canonical.to_vec(),
        })
    }

    pub(super) fn entry(&self) -> Result<JournalEntry, EncodingError> {
        decode(&self.canonical)
    }
}

/// Salt and canonical form are hashed as they lie.
fn leaf_of(plain: &[u8]) -> Hash {
    Hash::leaf(plain)
}

fn bound(leaf: &Hash) -> Bound<'_> {
    Bound {
        purpose: "journal-entry",
        place: leaf.as_bytes(),
    }
}

const VERSION: u32 = 1;
/// The longest canonical form, in bytes.
pub(super) const ENTRY_BYTES_MAX: usize = 1 << 20;
const SALT_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::{EncodingError, decode, write_sorted};

    #[test]
    fn members_are_sorted_at_every_depth() {
        let value =
            serde_json::from_str(r#"{"b": [{"y": 1, "x": "\u0041\n"}], "a": null}"#).unwrap();
        let mut out = Vec::new();
        write_sorted(&value, &mut out).unwrap();
        assert_eq!(out, br#"{"a":null,"b":[{"x":"A\n","y":1}]}"#);
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        let minimal = r#"{"entry":{"actor":{"acr":0,"agency":null,"kind":"anonymous","official":null,"person":null,"position":null,"system":null},"at":5,"bases":[],"bundle":null,"case":null,"depth":"full","digest":null,"disclosed":[],"notify":[],"operation":null,"purpose":null,"rules":[],"service":null,"stage":"aborted","steps":[],"subject":null,"visibility":"main-subject","visit":"000102030405060708090a0b0c0d0e0f"},"version":1}"#;
        decode(minimal.as_bytes()).unwrap();
        for bad in [
            format!("{minimal} "),
            minimal.replace("\"version\":1", "\"version\":2"),
            minimal.replace("\"at\":5", "\"at\": 5"),
            minimal.replace("\"at\":5", "\"at\":5,\"at\":5"),
            minimal.replace("\"at\":5", "\"at\":5,\"value\":1"),
            minimal.replace("\"aborted\"", "\"\\u0061borted\""),
            minimal.replace("0a0b", "0A0B"),
            minimal.replace("\"bases\":[],", ""),
        ] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad}");
        }
        let moved = minimal.replace("\"at\":5,\"bases\":[]", "\"bases\":[],\"at\":5");
        assert!(matches!(
            decode(moved.as_bytes()),
            Err(EncodingError::NotCanonical)
        ));
    }
}
