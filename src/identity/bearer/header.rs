//! What a token says about its own signature.

use jsonwebtoken::Algorithm;

use crate::identity::bearer::BearerError;
use crate::identity::bearer::json::Object;

/// The longest name of a key.
const KID_BYTES_MAX: usize = 256;

/// Members that would have us do more than verify a signature with a key we know: keys and places
/// of keys that the token brings along, other encodings, extensions (RFC 7515 §4.1, RFC 7516 §4.1,
/// RFC 7797).
const REFUSED: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// The asymmetric algorithms by their names (RFC 7518 §3.1, RFC 8037 §3.1). What is not in this
/// table verifies nothing, whatever the settings say.
const ALGORITHMS: [(&str, Algorithm); 5] = [
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("PS256", Algorithm::PS256),
    ("RS256", Algorithm::RS256),
    ("EdDSA", Algorithm::EdDSA),
];

/// The header of a token, before anything of it is believed.
pub(super) struct Header {
    algorithm: Algorithm,
    /// Lower case, without `application/`.
    kind: String,
    pub(super) kid: Option<String>,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BearerError> {
        let object = Object::read(bytes).ok_or(BearerError::Form)?;
        if let Some(name) = REFUSED
            .into_iter()
            .find(|name| object.member(name).is_some())
        {
            return Err(BearerError::Member(name));
        }
        let named = object.text("alg").ok_or(BearerError::Algorithm)?;
        let mut algorithms = ALGORITHMS.into_iter();
        let algorithm = algorithms.find_map(|(name, ours)| (name == named).then_some(ours));
        let kind = object.text("typ").ok_or(BearerError::Type)?;
        let kid = match object.member("kid") {
            None => None,
            Some(kid) => match kid.as_str() {
                Some(kid) if is_kid(kid) => Some(kid.to_owned()),
                Some(_) | None => return Err(BearerError::Member("kid")),
            },
        };
        Ok(Self {
            algorithm: algorithm.ok_or(BearerError::Algorithm)?,
            kind: plain_type(kind),
            kid,
        })
    }

    /// The algorithm, when it is one of the issuer's.
    pub(super) fn algorithm(&self, accepted: &[Algorithm]) -> Result<Algorithm, BearerError> {
        let accepted = accepted.contains(&self.algorithm);
        accepted
            .then_some(self.algorithm)
            .ok_or(BearerError::Algorithm)
    }

    /// So that no ID token or other JWT of the issuer passes for an access token (RFC 9068 §4).
    pub(super) fn check_type(&self, accepted: &[String]) -> Result<(), BearerError> {
        let accepted = accepted.iter().any(|kind| plain_type(kind) == self.kind);
        accepted.then_some(()).ok_or(BearerError::Type)
    }
}

/// `application/` may be left out (RFC 7515 §4.1.9).
fn plain_type(given: &str) -> String {
    let lower = given.to_ascii_lowercase();
    match lower.strip_prefix("application/") {
        Some(rest) => rest.to_owned(),
        None => lower,
    }
}

fn is_kid(given: &str) -> bool {
    let fits = (1..=KID_BYTES_MAX).contains(&given.len());
    fits && !given.chars().any(char::is_control)
}
