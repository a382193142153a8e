//! What one browser has and nobody else: the name of a session, and half of the key to it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use crate::identity::session::store::RowKey;
use crate::keys::{Bound, KeyError, Vault};

/// 256 random bits; 43 characters of base64url in the cookie.
#[derive(Clone)]
pub struct Handle(Zeroizing<[u8; HANDLE_BYTES]>);

const HANDLE_BYTES: usize = 32;
const HANDLE_CHARS: usize = 43;
/// What a row's inner key is derived for.
const INFO: &[u8] = b"muhrdor session v1";
const PURPOSE: &str = "session";
const NONCE_BYTES: usize = 12;

impl Handle {
    pub(super) fn generate(random: &dyn SecureRandom) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; HANDLE_BYTES]);
        random
            .fill(&mut *bytes)
            .map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Reads a cookie's value in its one form; `None` for anything else.
    #[must_use]
    pub fn parse(given: &str) -> Option<Self> {
        if given.len() != HANDLE_CHARS {
            return None;
        }
        let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(given).ok()?);
        let bytes: [u8; HANDLE_BYTES] = decoded.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The cookie's value, knowingly.
    pub(super) fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// Under which a store keeps it: SHA-256, from which no handle can be had back.
    pub(in crate::identity) fn row(&self) -> RowKey {
        let hashed = digest(&SHA256, self.0.as_slice());
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(hashed.as_ref()) {
            *to = *from;
        }
        RowKey(key)
    }

    /// Encrypts for this row only: under a key that only the handle gives (RFC 5869), then under
    /// the house's.
    pub(super) fn seal(
        &self,
        plain: &[u8],
        vault: &Vault,
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, KeyError> {
        let row = self.row();
        let mut nonce = [0; NONCE_BYTES];
        random
            .fill(&mut nonce)
            .map_err(|_| KeyError::NoRandomness)?;
        let mut body = plain.to_vec();
        self.key()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(row.0),
                &mut body,
            )
            .map_err(|_| KeyError::Sealing)?;
        let inner = [&nonce[..], &body].concat();
        vault.seal(bound(&row), &inner, random)
    }

    /// Decrypts what [`Handle::seal`] made.
    pub(super) fn open(
        &self,
        sealed: &[u8],
        vault: &Vault,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let row = self.row();
        let mut inner = vault.open(bound(&row), sealed)?;
        let (nonce, body) = inner
            .split_first_chunk_mut::<NONCE_BYTES>()
            .ok_or(KeyError::NotAuthentic)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .key()?
            .open_in_place(nonce, Aad::from(row.0), body)
            .map_err(|_| KeyError::NotAuthentic)?;
        Ok(Zeroizing::new(plain.to_vec()))
    }

    fn key(&self) -> Result<LessSafeKey, KeyError> {
        let prk: Prk = Salt::new(HKDF_SHA256, &[]).extract(self.0.as_slice());
        let okm = prk
            .expand(&[INFO], &AES_256_GCM)
            .map_err(|_| KeyError::Sealing)?;
        Ok(LessSafeKey::new(UnboundKey::from(okm)))
    }
}

const fn bound(row: &RowKey) -> Bound<'_> {
    Bound {
        purpose: PURPOSE,
        place: &row.0,
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(withheld)")
    }
}
