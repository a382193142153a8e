//! Signed statements of this house, compact JWS (RFC 7515), ES256 and nothing else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::keys::{KeyError, PublicKey, Signer};

/// Signs a statement of this type.
///
/// # Errors
/// [`KeyError::Signing`].
pub(super) fn sign(kind: &str, statement: &Value, signer: &dyn Signer) -> Result<String, KeyError> {
    let algorithm = signer.algorithm().jose();
    let header = json!({ "alg": algorithm, "typ": kind, "kid": signer.key_id().as_str() });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(statement));
    let signature = signer.sign(signed.as_bytes())?;
    let signature = URL_SAFE_NO_PAD.encode(signature.as_bytes());
    Ok(format!("{signed}.{signature}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// The statement, if one of these keys signed it as one of this type; its bytes, not yet read.
pub(super) fn open(jws: &str, kind: &str, keys: &[PublicKey]) -> Option<Vec<u8>> {
    let (signed, signature) = jws.trim_end().rsplit_once('.')?;
    let (header, statement) = signed.split_once('.')?;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let key = keys.iter().find(|key| key.id().as_str() == header.kid)?;
    if header.typ != kind || header.alg != key.algorithm().jose() {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    key.verify(signed.as_bytes(), &signature).ok()?;
    URL_SAFE_NO_PAD.decode(statement).ok()
}
