//! Signing keys: ES256 for what others read with JOSE and CMS, Ed25519 for the logs.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, UnparsedPublicKey,
};
use ring::{digest, rand};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::keys::KeyError;

/// Something that signs with one private key. Concurrent: any thread may sign at any time.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message` itself, not a digest of it.
    ///
    /// # Errors
    /// [`KeyError::Signing`] when the key's keeper does not sign.
    fn sign(&self, message: &[u8]) -> Result<Signature, KeyError>;

    /// Which algorithm this key is for.
    fn algorithm(&self) -> Algorithm {
        self.public_key().algorithm()
    }

    /// The key's id: its thumbprint.
    fn key_id(&self) -> &KeyId {
        self.public_key().id()
    }
}

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256 (RFC 7518 §3.4).
    Es256,
    /// RFC 8032.
    Ed25519,
}

impl Algorithm {
    /// The algorithm's name in JOSE (RFC 7518 §3.1, RFC 9864 §2.2).
    #[must_use]
    pub const fn jose(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Ed25519 => "Ed25519",
        }
    }
}

/// A key's name: the base64url SHA-256 thumbprint of its public half (RFC 7638, RFC 8037 §2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Arc<str>);

impl KeyId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A signature and what made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    algorithm: Algorithm,
    bytes: [u8; 64],
}

impl Signature {
    /// A signature read from elsewhere.
    #[must_use]
    pub const fn from_bytes(algorithm: Algorithm, bytes: [u8; 64]) -> Self {
        Self { algorithm, bytes }
    }

    /// The 64 bytes: r ‖ s for ES256 (RFC 7518 §3.4), the signature itself for Ed25519.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.bytes
    }

    /// As CMS wants it: `ECDSA-Sig-Value` (RFC 3279 §2.2.3) for ES256, the bytes as they are for
    /// Ed25519 (RFC 8419 §2.1).
    #[must_use]
    pub fn to_cms(self) -> Vec<u8> {
        let (r, s) = self.bytes.split_at(32);
        match self.algorithm {
            Algorithm::Ed25519 => self.bytes.to_vec(),
            Algorithm::Es256 => {
                let integers = [der_integer(r), der_integer(s)].concat();
                der(0x30, &integers)
            }
        }
    }
}

/// A positive INTEGER (X.690 §8.3): no superfluous leading zero, one where the top bit is set.
fn der_integer(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|b| **b == 0).count();
    let digits = big_endian.get(zeros..).unwrap_or_default();
    let mut value = Vec::with_capacity(33);
    if digits.first().is_none_or(|b| b & 0x80 != 0) {
        value.push(0);
    }
    value.extend_from_slice(digits);
    der(0x02, &value)
}

/// Tag, length, value; lengths here are below 128.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag, u8::try_from(value.len()).unwrap_or(u8::MAX)];
    out.extend_from_slice(value);
    out
}

/// The public half of a signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    bytes: Vec<u8>,
    id: KeyId,
}

impl PublicKey {
    /// From the raw form: 0x04 ‖ x ‖ y for ES256 (SEC 1 §2.3.3), 32 bytes for Ed25519; `None` for
    /// any other length or mark. Whether it is a point shows when it verifies.
    #[must_use]
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        let members = jwk_members(algorithm, bytes)?;
        // RFC 7638 §3: required members in lexicographic order, no white space; all values here
        // are base64url or fixed words, so none needs escaping.
        let canonical: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\":\"{value}\""))
            .collect();
        let canonical = format!("{{{}}}", canonical.join(","));
        let thumbprint = digest::digest(&digest::SHA256, canonical.as_bytes());
        Some(Self {
            algorithm,
            bytes: bytes.to_vec(),
            id: KeyId(URL_SAFE_NO_PAD.encode(thumbprint.as_ref()).into()),
        })
    }

    /// From a JWK (RFC 7517, RFC 7518 §6.2, RFC 8037 §2); `None` for a key of another kind.
    #[must_use]
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let member = |name| jwk.get(name).and_then(Value::as_str);
        let decoded = |name| URL_SAFE_NO_PAD.decode(member(name)?).ok();
        match (member("kty")?, member("crv")?) {
            ("EC", "P-256") => {
                let point = [vec![4], decoded("x")?, decoded("y")?].concat();
                Self::from_bytes(Algorithm::Es256, &point)
            }
            ("OKP", "Ed25519") => Self::from_bytes(Algorithm::Ed25519, &decoded("x")?),
            _ => None,
        }
    }

    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw form that [`PublicKey::from_bytes`] takes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// The key as a JWK for signature checks (RFC 7517), with `alg`, `kid` and `use`.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = json!({
            "alg": self.algorithm.jose(), "kid": self.id.as_str(), "use": "sig"
        });
        if let Some(object) = jwk.as_object_mut() {
            for (name, value) in jwk_members(self.algorithm, &self.bytes).unwrap_or_default() {
                object.insert(name.to_owned(), Value::String(value));
            }
        }
        jwk
    }

    /// Whether `signature` over `message` is this key's.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`] when it is not.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let bad = |_| KeyError::BadSignature;
        match self.algorithm {
            Algorithm::Es256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.bytes)
                .verify(message, signature)
                .map_err(bad),
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.bytes)
                .verify(message, signature)
                .map_err(bad),
        }
    }
}

/// The members that RFC 7638 hashes, in its order; `None` when the bytes cannot be such a key.
fn jwk_members(algorithm: Algorithm, bytes: &[u8]) -> Option<Vec<(&'static str, String)>> {
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    match algorithm {
        Algorithm::Es256 => {
            let (mark, point) = bytes.split_first()?;
            let (x, y) = point.split_at_checked(32)?;
            (*mark == 4 && y.len() == 32).then(|| {
                vec![
                    ("crv", "P-256".to_owned()),
                    ("kty", "EC".to_owned()),
                    ("x", encode(x)),
                    ("y", encode(y)),
                ]
            })
        }
        Algorithm::Ed25519 => (bytes.len() == 32).then(|| {
            vec![
                ("crv", "Ed25519".to_owned()),
                ("kty", "OKP".to_owned()),
                ("x", encode(bytes)),
            ]
        }),
    }
}

/// A signer whose private key lies in this process's memory.
pub struct SoftSigner {
    pair: Pair,
    public: PublicKey,
    random: SystemRandom,
}

enum Pair {
    Es256(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl SoftSigner {
    /// From a PKCS#8 document (RFC 5958), which says its algorithm itself.
    ///
    /// # Errors
    /// [`KeyError::Pkcs8`] when it is none of ours.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random)
        {
            let public = PublicKey::from_bytes(Algorithm::Es256, pair.public_key().as_ref());
            return Ok(Self {
                pair: Pair::Es256(Box::new(pair)),
                public: public.ok_or(KeyError::Pkcs8)?,
                random,
            });
        }
        // OpenSSL writes version 1 documents, which carry no public key to check against.
        let pair =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| KeyError::Pkcs8)?;
        let public = PublicKey::from_bytes(Algorithm::Ed25519, pair.public_key().as_ref());
        Ok(Self {
            pair: Pair::Ed25519(Box::new(pair)),
            public: public.ok_or(KeyError::Pkcs8)?,
            random,
        })
    }

    /// A new private key as a PKCS#8 document.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate(
        algorithm: Algorithm,
        random: &dyn rand::SecureRandom,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random)
            }
            Algorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(random),
        };
        document
            .map(|d| Zeroizing::new(d.as_ref().to_vec()))
            .map_err(|_| KeyError::NoRandomness)
    }
}

impl Signer for SoftSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature = match &self.pair {
            Pair::Es256(pair) => pair
                .sign(&self.random, message)
                .map_err(|_| KeyError::Signing)?,
            Pair::Ed25519(pair) => pair.sign(message),
        };
        let bytes = signature.as_ref().try_into();
        Ok(Signature {
            algorithm: self.public.algorithm,
            bytes: bytes.map_err(|_| KeyError::Signing)?,
        })
    }
}

impl fmt::Debug for SoftSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftSigner")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}
