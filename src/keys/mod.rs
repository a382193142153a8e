//! What the house signs and encrypts with.
//!
//! Answers: by which key is this signed, encrypted at rest, or made a pseudonym? In: key files of
//! one folder, randomness. Out: signatures, public keys, sealed bytes, pseudonyms. Invariants:
//! private bytes never leave this room and never show in `Debug`; keys are created only by
//! [`KeyFolder::create_signing`] and [`KeyFolder::create_secret`], which serving never calls; each
//! key has one use. Deliberately absent: who may use a key, and certificates.

mod file;
mod pem;
mod pseudonym;
mod rotation;
mod signer;
mod vault;

use std::path::PathBuf;

use zeroize::Zeroizing;

pub use file::{Dated, KeyFolder, KeyName, Secret};
pub use pseudonym::{DeliveredDigest, Pseudonym};
pub use rotation::{Rotation, RotationError};
pub use signer::{Algorithm, KeyId, PublicKey, Signature, Signer, SoftSigner};
pub use vault::{Bound, Vault};

/// A certificate in its textual encoding (RFC 7468 §5).
#[must_use]
pub fn certificate_pem(der: &[u8]) -> String {
    pem::encode("CERTIFICATE", der).to_string()
}

/// A private key (PKCS#8) in its textual encoding (RFC 7468 §10), for files of others.
#[must_use]
pub fn private_key_pem(der: &[u8]) -> Zeroizing<String> {
    pem::encode("PRIVATE KEY", der)
}

/// A list of revoked certificates in its textual encoding (RFC 7468 §6).
#[must_use]
pub fn revoked_pem(der: &[u8]) -> String {
    pem::encode("X509 CRL", der).to_string()
}

/// The DER of one certificate in its textual encoding (RFC 7468 §5).
#[must_use]
pub fn certificate_of_pem(text: &str) -> Option<Vec<u8>> {
    pem::decode("CERTIFICATE", text).map(|der| der.to_vec())
}

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key folder `{}` does not exist; create it with `muhrdor keys init`", .0.display())]
    NoFolder(PathBuf),
    #[error("no key `{name}` in `{}`; create it with `muhrdor keys init`", folder.display())]
    NoKey { folder: PathBuf, name: String },
    #[error("`{}` exists already; keys are never overwritten", .0.display())]
    Exists(PathBuf),
    #[error(
        "`{}` may be read or written by others (mode {mode:03o}); take their rights away with `chmod go=`",
        path.display()
    )]
    Exposed { path: PathBuf, mode: u32 },
    #[error("`{}` is not a key file of this house: {what}", path.display())]
    Malformed { path: PathBuf, what: &'static str },
    #[error("`{0}` is not a key name; use 1 to 32 of a-z, 0-9 and `-`")]
    Name(String),
    #[error("cannot {action} `{}`", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the key does not read as a PKCS#8 private key of its algorithm")]
    Pkcs8,
    #[error("the signature does not verify")]
    BadSignature,
    #[error("signing failed")]
    Signing,
    #[error("the machine gave no randomness")]
    NoRandomness,
    #[error("encrypted under a key that is not in the ring")]
    UnknownVaultKey,
    #[error("what was encrypted at rest does not open: altered, or bound to another place")]
    NotAuthentic,
    #[error("encryption at rest failed")]
    Sealing,
}
