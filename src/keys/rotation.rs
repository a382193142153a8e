//! Which of several keys of one use signs now, and which are published beside it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::time::Timestamp;
use crate::keys::{Dated, KeyId, Signer};

/// The keys of one use in the order in which they begin to sign.
///
/// A key is published from the moment it is in the ring, before it signs, so that readers know it
/// when it does; it stays published for `overlap_ms` after its successor began, so that what it
/// signed last can still be checked.
#[derive(Debug, Clone)]
pub struct Rotation {
    keys: Vec<Dated<Arc<dyn Signer>>>,
    overlap_ms: i64,
}

/// Why a ring of keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    #[error("no key has begun to sign by {0}")]
    NoneYet(Timestamp),
}

impl Rotation {
    /// A ring of `keys`, in any order.
    #[must_use]
    pub fn new(mut keys: Vec<Dated<Arc<dyn Signer>>>, overlap_ms: u32) -> Self {
        keys.sort_by_key(|key| key.from);
        Self {
            keys,
            overlap_ms: i64::from(overlap_ms),
        }
    }

    /// The key that signs at `now`: the last one that has begun.
    ///
    /// # Errors
    /// [`RotationError::NoneYet`] before the first begins.
    pub fn current(&self, now: Timestamp) -> Result<&Arc<dyn Signer>, RotationError> {
        self.keys
            .iter()
            .rfind(|key| key.from <= now)
            .map(|key| &key.key)
            .ok_or(RotationError::NoneYet(now))
    }

    /// The keys whose signatures are good at `now`: those to come, the current one, and those whose
    /// successor began less than the overlap ago.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &Arc<dyn Signer>> {
        let successors = self.keys.iter().skip(1).map(|key| Some(key.from));
        let ends = successors.chain(std::iter::once(None));
        self.keys.iter().zip(ends).filter_map(move |(key, end)| {
            end.is_none_or(|end| now < end.plus_ms(self.overlap_ms))
                .then_some(&key.key)
        })
    }

    /// The published key with this id.
    #[must_use]
    pub fn find(&self, id: &KeyId, now: Timestamp) -> Option<&Arc<dyn Signer>> {
        self.published(now).find(|signer| signer.key_id() == id)
    }

    /// The published keys as a JWK set (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self, now: Timestamp) -> Value {
        let keys: Vec<Value> = self
            .published(now)
            .map(|signer| signer.public_key().jwk())
            .collect();
        json!({ "keys": keys })
    }
}
