//! The hashes of the tree (RFC 6962 §2.1, RFC 9162 §2.1.1).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA256};

use crate::domain::hex;

/// A SHA-256 value in the tree: of a leaf, of a node, or the root.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash([u8; HASH_BYTES]);

/// How many bytes a hash has.
pub const HASH_BYTES: usize = 32;

impl Hash {
    /// The hash with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// The root of the tree without leaves: SHA-256 of nothing.
    #[must_use]
    pub fn empty() -> Self {
        sha256(&[])
    }

    /// The hash of a leaf: SHA-256(0x00 ‖ data).
    #[must_use]
    pub fn leaf(data: &[u8]) -> Self {
        sha256(&[&[0], data])
    }

    /// The hash of a leaf whose data comes in two parts.
    #[must_use]
    pub fn salted_leaf(salt: &[u8], data: &[u8]) -> Self {
        sha256(&[&[0], salt, data])
    }

    /// The hash of a node: SHA-256(0x01 ‖ left ‖ right).
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        sha256(&[&[1], &left.0, &right.0])
    }

    /// From standard base64 of exactly 32 bytes; `None` for anything else.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    #[must_use]
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = Hash([0; HASH_BYTES]);
    for (to, from) in hash.0.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// The root of the perfect or right-edged subtree over `hashes` in order (RFC 6962 §2.1); the
/// empty root for none.
#[must_use]
pub fn root_of(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Hash::empty(),
        [one] => *one,
        many => {
            let half = many.len().next_power_of_two() / 2;
            let (left, right) = many.split_at_checked(half).unwrap_or((many, &[]));
            Hash::node(&root_of(left), &root_of(right))
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::digits(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}
