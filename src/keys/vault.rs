//! Encryption at rest: AES-256-GCM under a ring of keys, the newest of which encrypts.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::SecureRandom;
use ring::{digest, hkdf};

use crate::domain::time::Timestamp;
use crate::keys::{Dated, KeyError, RotationError, Secret};

/// Encrypts and decrypts what is stored.
///
/// Sealed bytes are `version ‖ key id ‖ salt ‖ nonce ‖ ciphertext ‖ tag`. The message key is derived
/// from the ring's key and the salt (RFC 5869), so that random 96-bit nonces stay within the 2^32
/// messages of one key that NIST SP 800-38D §8.3 allows, however much is written.
pub struct Vault {
    current: VaultKey,
    previous: Vec<VaultKey>,
}

/// What sealed bytes are for and where they belong: they open nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// The kind of thing, `journal-entry`.
    pub purpose: &'static str,
    /// Which one of its kind: a row's key, for example.
    pub place: &'a [u8],
}

impl Bound<'_> {
    fn bytes(self) -> Vec<u8> {
        // The purpose is a word of ours without zero bytes, so the parts cannot be confused.
        [self.purpose.as_bytes(), &[0], self.place].concat()
    }
}

struct VaultKey {
    id: [u8; KEY_ID_BYTES],
    prk: hkdf::Prk,
}

impl VaultKey {
    fn new(secret: &Secret) -> Self {
        let named = [&b"muhrdor vault key id\0"[..], secret.expose()].concat();
        let named = zeroize::Zeroizing::new(named);
        let digest = digest::digest(&digest::SHA256, &named);
        let mut id = [0; KEY_ID_BYTES];
        for (to, from) in id.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self {
            id,
            prk: hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, secret.expose()),
        }
    }

    fn message_key(&self, salt: &[u8]) -> Result<LessSafeKey, KeyError> {
        let info = [&b"muhrdor vault\0"[..], salt];
        let okm = self
            .prk
            .expand(&info, &AES_256_GCM)
            .map_err(|_| KeyError::Sealing)?;
        Ok(LessSafeKey::new(UnboundKey::from(okm)))
    }
}

impl Vault {
    /// A vault that encrypts under `current` and still opens what `previous` encrypted.
    #[must_use]
    pub fn new(current: &Secret, previous: &[Secret]) -> Self {
        Self {
            current: VaultKey::new(current),
            previous: previous.iter().map(VaultKey::new).collect(),
        }
    }

    /// A vault of dated keys: the last that has begun by `now` encrypts, all of them open.
    ///
    /// # Errors
    /// [`RotationError::NoneYet`] before the first begins.
    pub fn of(keys: &[Dated<Secret>], now: Timestamp) -> Result<Self, RotationError> {
        let current = keys
            .iter()
            .filter(|key| key.from <= now)
            .max_by_key(|key| key.from)
            .ok_or(RotationError::NoneYet(now))?;
        let others: Vec<Secret> = keys.iter().map(|key| key.key.clone()).collect();
        Ok(Self::new(&current.key, &others))
    }

    /// Encrypts `plain`, to be opened only with the same `bound`.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`], [`KeyError::Sealing`].
    pub fn seal(
        &self,
        bound: Bound<'_>,
        plain: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, KeyError> {
        let mut chance = [0_u8; SALT_BYTES + NONCE_BYTES];
        random
            .fill(&mut chance)
            .map_err(|_| KeyError::NoRandomness)?;
        let (salt, nonce) = chance.split_at(SALT_BYTES);
        let key = self.current.message_key(salt)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyError::Sealing)?;
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::from(bound.bytes()), &mut body)
            .map_err(|_| KeyError::Sealing)?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.current.id);
        sealed.extend_from_slice(&chance);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts what [`Vault::seal`] made with the same `bound`.
    ///
    /// # Errors
    /// [`KeyError::UnknownVaultKey`] when its key is not in the ring, [`KeyError::NotAuthentic`]
    /// when a bit of it, its purpose or its place is another.
    pub fn open(&self, bound: Bound<'_>, sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let altered = KeyError::NotAuthentic;
        let Some(([VERSION, header @ ..], body)) = sealed.split_first_chunk::<HEADER_BYTES>()
        else {
            return Err(altered);
        };
        let (id, chance) = header.split_at(KEY_ID_BYTES);
        let (salt, nonce) = chance.split_at(SALT_BYTES);
        let key = std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key.id == id)
            .ok_or(KeyError::UnknownVaultKey)?
            .message_key(salt)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyError::NotAuthentic)?;
        let mut body = body.to_vec();
        let plain_bytes = key
            .open_in_place(nonce, Aad::from(bound.bytes()), &mut body)
            .map_err(|_| KeyError::NotAuthentic)?
            .len();
        body.truncate(plain_bytes);
        Ok(body)
    }
}

impl Vault {
    /// Encrypts a key that encrypts something else, to be opened only with the same `bound`.
    /// Whoever destroys what comes of it has destroyed what the key encrypted.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn wrap(
        &self,
        bound: Bound<'_>,
        secret: &Secret,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, KeyError> {
        self.seal(bound, secret.expose(), random)
    }

    /// Decrypts what [`Vault::wrap`] made with the same `bound`.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn unwrap(&self, bound: Bound<'_>, wrapped: &[u8]) -> Result<Secret, KeyError> {
        let bytes = zeroize::Zeroizing::new(self.open(bound, wrapped)?);
        Secret::from_bytes(&bytes).ok_or(KeyError::NotAuthentic)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("current", &self.current.id)
            .field("previous_keys", &self.previous.len())
            .finish_non_exhaustive()
    }
}

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + SALT_BYTES + NONCE_BYTES;
