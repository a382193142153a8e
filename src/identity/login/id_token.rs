//! What an ID token must be before one claim of it is believed (`OpenID` Connect Core §3.1.3.7).

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, decode_header};
use openidconnect::core::{
    CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde_json::{Map, Value};

use crate::domain::principal::Assurance;
use crate::domain::time::Timestamp;
use crate::identity::keysets::KeySets;
use crate::identity::login::LoginError;
use crate::identity::providers::{Metadata, RealmSettings};

/// How far the provider's clock may be ahead of ours.
const SKEW_SECONDS_MAX: i64 = 60;
/// How long ago an ID token may have been issued: it comes straight from the token endpoint.
const ISSUED_SECONDS_MAX: i64 = 600;
/// The longest `sub` (`OpenID` Connect Core §2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Asymmetric algorithms only: a public key or a client secret never serves as a signing key.
const PINNED: [(Algorithm, &str, CoreJwsSigningAlgorithm); 5] = [
    (
        Algorithm::ES256,
        "ES256",
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    ),
    (
        Algorithm::ES384,
        "ES384",
        CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    ),
    (
        Algorithm::PS256,
        "PS256",
        CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    ),
    (
        Algorithm::RS256,
        "RS256",
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    ),
    (Algorithm::EdDSA, "EdDSA", CoreJwsSigningAlgorithm::EdDsa),
];

/// The claims of an ID token that was verified.
pub(super) struct Verified {
    pub(super) claims: Map<String, Value>,
    pub(super) assurance: Assurance,
}

/// Verifies signature, issuer, audience, nonce and times; ranks the `acr`.
pub(super) async fn verify(
    id_token: &CoreIdToken,
    realm: &RealmSettings,
    metadata: &Metadata,
    nonce: &str,
    keysets: &KeySets,
    now: Timestamp,
) -> Result<Verified, LoginError> {
    let wrong = |what: &str| LoginError::IdToken(what.to_owned());
    let compact = id_token.to_string();
    let header = decode_header(&compact).map_err(|_| wrong("its header does not read"))?;
    let algorithm = pinned(header.alg, metadata).ok_or_else(|| wrong("its algorithm"))?;
    let key = keysets
        .key(&realm.issuer, header.kid.as_deref(), header.alg)
        .await?;
    let jwk = serde_json::to_value(&key.jwk).map_err(|_| wrong("its key"))?;
    let jwk: CoreJsonWebKey = serde_json::from_value(jwk).map_err(|_| wrong("its key"))?;
    let issuer = IssuerUrl::new(realm.issuer.clone()).map_err(|_| wrong("its issuer"))?;
    let client_id = ClientId::new(realm.client_id.clone());
    // As a public client's, so that the library takes no shared secret for a key.
    let keys = CoreJsonWebKeySet::new(vec![jwk]);
    let now_ms = u64::try_from(now.unix_ms()).unwrap_or_default();
    let verifier = CoreIdTokenVerifier::new_public_client(client_id, issuer, keys)
        .set_allowed_algs([algorithm])
        .set_time_fn(move || (UNIX_EPOCH + Duration::from_millis(now_ms)).into());
    id_token
        .claims(&verifier, &Nonce::new(nonce.to_owned()))
        .map_err(|error| LoginError::IdToken(error.to_string()))?;
    let claims = payload(&compact).ok_or_else(|| wrong("its claims do not read"))?;
    check(&claims, realm, now)?;
    let assurance = assurance(&claims, realm, now)?;
    Ok(Verified { claims, assurance })
}

/// The algorithm, when it is one of ours and the provider said it would use it. A provider that
/// says nothing uses RS256 (Discovery §3 requires it of all).
fn pinned(given: Algorithm, metadata: &Metadata) -> Option<CoreJwsSigningAlgorithm> {
    let (_, name, pinned) = PINNED.into_iter().find(|(ours, ..)| *ours == given)?;
    let said = &metadata.id_token_signing_alg_values_supported;
    let expected = if said.is_empty() {
        name == "RS256"
    } else {
        said.iter().any(|one| one == name)
    };
    expected.then_some(pinned)
}

/// What the library leaves open: the exact issuer, `azp`, `sub` and `iat`.
fn check(
    claims: &Map<String, Value>,
    realm: &RealmSettings,
    now: Timestamp,
) -> Result<(), LoginError> {
    let claim = |name: &str| LoginError::Claim(name.to_owned());
    if text(claims, "iss") != Some(realm.issuer.as_str()) {
        return Err(claim("iss"));
    }
    if claims.contains_key("azp") && text(claims, "azp") != Some(realm.client_id.as_str()) {
        return Err(claim("azp"));
    }
    let subject = text(claims, "sub").ok_or_else(|| claim("sub"))?;
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
        return Err(claim("sub"));
    }
    let age = seconds_ago(claims, "iat", now).ok_or_else(|| claim("iat"))?;
    if !(-SKEW_SECONDS_MAX..=ISSUED_SECONDS_MAX).contains(&age) {
        return Err(claim("iat"));
    }
    Ok(())
}

fn assurance(
    claims: &Map<String, Value>,
    realm: &RealmSettings,
    now: Timestamp,
) -> Result<Assurance, LoginError> {
    let acr = text(claims, "acr").ok_or(LoginError::Acr)?;
    let rank = *realm.acr.get(acr).ok_or(LoginError::Acr)?;
    let wrong = || LoginError::Claim("auth_time".to_owned());
    let age = seconds_ago(claims, "auth_time", now).ok_or_else(wrong)?;
    let age_max = i64::from(realm.auth_age_seconds_max) + SKEW_SECONDS_MAX;
    if !(-SKEW_SECONDS_MAX..=age_max).contains(&age) {
        return Err(wrong());
    }
    // Never in our future, whatever the provider's clock says.
    let authenticated_at = now.plus_ms(-age.max(0).saturating_mul(1000));
    Ok(Assurance {
        rank,
        authenticated_at,
    })
}

pub(super) fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}

fn seconds_ago(claims: &Map<String, Value>, name: &str, now: Timestamp) -> Option<i64> {
    let at = claims.get(name)?.as_i64()?;
    now.unix_seconds().checked_sub(at)
}

/// The claims of a token whose signature is known to be good.
fn payload(compact: &str) -> Option<Map<String, Value>> {
    let payload = compact.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}
