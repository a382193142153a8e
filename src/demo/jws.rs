//! ES256 tokens (RFC 7515, RFC 7518 §3.4): made by the sign-in server, read by the e-services.
//!
//! Written apart from the gateway's own code: the demo's parts stand for other people's programs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SecureRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use serde_json::{Value, json};

use crate::demo::error::DemoError;

/// A key that signs ES256, made when its process starts and gone when it ends.
#[derive(Debug)]
pub struct SigningKey {
    pair: EcdsaKeyPair,
    x: String,
    y: String,
    kid: String,
}

impl SigningKey {
    /// A new key from the given randomness.
    ///
    /// # Errors
    /// [`DemoError::Key`] when there is none.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, DemoError> {
        let failed = |_| DemoError::Key("no P-256 key could be made".to_owned());
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, random).map_err(failed)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), random)
            .map_err(|cause| DemoError::Key(cause.to_string()))?;
        // SEC 1 §2.3.3: 0x04, then 32 bytes of x and 32 of y.
        let (x, y) = pair
            .public_key()
            .as_ref()
            .strip_prefix(&[4])
            .and_then(|point| point.split_at_checked(32))
            .map(|(x, y)| (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
            .ok_or_else(|| DemoError::Key("the key has no plain point".to_owned()))?;
        // RFC 7638 §3: the required members in lexical order.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
        Ok(Self { pair, x, y, kid })
    }

    /// The public half (RFC 7517).
    #[must_use]
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "kid": self.kid, "x": self.x, "y": self.y,
        })
    }

    /// The claims, signed, in compact form.
    ///
    /// # Errors
    /// [`DemoError::Key`] when randomness fails.
    pub fn sign(
        &self,
        typ: &str,
        claims: &Value,
        random: &dyn SecureRandom,
    ) -> Result<String, DemoError> {
        let header = json!({ "alg": "ES256", "typ": typ, "kid": self.kid });
        let head = URL_SAFE_NO_PAD.encode(header.to_string());
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self
            .pair
            .sign(random, signed.as_bytes())
            .map_err(|_| DemoError::Key("nothing could be signed".to_owned()))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A key that verifies ES256.
#[derive(Debug, Clone)]
pub struct PublicKey {
    kid: String,
    point: Vec<u8>,
}

impl PublicKey {
    /// From a P-256 key of a key set; `None` for keys of another kind.
    #[must_use]
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if text("kty") != Some("EC") || text("crv") != Some("P-256") {
            return None;
        }
        let coordinate = |name| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let (x, y) = (coordinate("x")?, coordinate("y")?);
        if x.len() != 32 || y.len() != 32 {
            return None;
        }
        let point = [4].into_iter().chain(x).chain(y).collect();
        Some(Self {
            kid: text("kid")?.to_owned(),
            point,
        })
    }

    /// The keys of a key set (RFC 7517 §5) that are of the right kind.
    #[must_use]
    pub fn from_set(set: &Value) -> Vec<Self> {
        let keys = set.get("keys").and_then(Value::as_array);
        keys.into_iter()
            .flatten()
            .filter_map(Self::from_jwk)
            .collect()
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not of the expected form, type or algorithm")]
    Form,
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    #[error("the signature of the token is wrong")]
    Signature,
}

/// The claims of a compact ES256 token of this type, signed by one of these keys. Says nothing of
/// issuer, audience and time.
///
/// # Errors
/// See [`TokenError`].
pub fn verify(token: &str, typ: &str, keys: &[PublicKey]) -> Result<Value, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
    let (head, claims) = signed.split_once('.').ok_or(TokenError::Form)?;
    let header = decoded(head)?;
    let of_header = |name: &str| header.get(name).and_then(Value::as_str);
    let typed = of_header("typ").is_some_and(|given| given.eq_ignore_ascii_case(typ));
    if of_header("alg") != Some("ES256") || !typed || header.get("crit").is_some() {
        return Err(TokenError::Form);
    }
    let kid = of_header("kid").ok_or(TokenError::Form)?;
    let key = keys
        .iter()
        .find(|key| key.kid == kid)
        .ok_or(TokenError::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| TokenError::Form)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.point)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| TokenError::Signature)?;
    decoded(claims)
}

fn decoded(part: &str) -> Result<Value, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Form)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Form)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;

    #[test]
    fn a_token_is_believed_only_with_its_own_key_type_and_bytes() {
        let random = SystemRandom::new();
        let key = SigningKey::generate(&random).unwrap();
        let other = SigningKey::generate(&random).unwrap();
        let claims = json!({ "sub": "someone" });
        let token = key.sign("at+jwt", &claims, &random).unwrap();
        let keys = PublicKey::from_set(&json!({ "keys": [key.jwk()] }));
        let others = PublicKey::from_set(&json!({ "keys": [other.jwk(), { "kty": "RSA" }] }));

        assert_eq!(verify(&token, "at+jwt", &keys), Ok(claims));
        assert_eq!(verify(&token, "jwt", &keys), Err(TokenError::Form));
        assert_eq!(
            verify(&token, "at+jwt", &others),
            Err(TokenError::UnknownKey)
        );
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
        let (_, rest) = token.split_once('.').unwrap();
        assert_eq!(
            verify(&format!("{none}.{rest}"), "at+jwt", &keys),
            Err(TokenError::Form)
        );
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"else"}"#);
        let (head, _) = signed.split_once('.').unwrap();
        let forged = format!("{head}.{claims}.{signature}");
        assert_eq!(verify(&forged, "at+jwt", &keys), Err(TokenError::Signature));
    }
}
