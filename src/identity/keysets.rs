//! Keys that issuers sign with: fetched, kept, renewed when a token names an unknown one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use crate::clock::Clock;
use crate::egress::Egress;
use crate::identity::providers::{
    Fetched, Metadata, ProviderError, RefreshSettings, Refreshed, Wish, discover, json,
};

/// Most keys read from one set.
const KEYS_MAX: usize = 64;

/// An issuer and where its keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKeys {
    /// Compared byte for byte.
    pub issuer: String,
    /// Where its key set is; else its discovery document says.
    pub jwks: Option<String>,
}

/// The key sets of all issuers known here.
#[derive(Debug)]
pub struct KeySets {
    egress: Arc<Egress>,
    clock: Arc<dyn Clock>,
    issuers: HashMap<String, Issuer>,
}

/// A key that may have signed a token.
#[derive(Clone)]
pub struct IssuerKey {
    pub jwk: Jwk,
    pub decoding: DecodingKey,
    /// Which fetch of the set it came from.
    pub generation: u64,
}

/// Why there is no key for a token.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    #[error("`{0}` is no issuer known here")]
    UnknownIssuer(String),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("the issuer has no key of this name for this algorithm")]
    UnknownKey,
    #[error("the token names no key and the issuer has several for its algorithm")]
    SeveralKeys,
}

#[derive(Debug)]
struct Issuer {
    jwks: Option<String>,
    metadata: Refreshed<Metadata>,
    set: Refreshed<Vec<Jwk>>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

impl KeySets {
    /// Key sets of these issuers; nothing is fetched yet. An issuer may stand several times, as a
    /// realm's and as one of bearer tokens: it has one key set.
    #[must_use]
    pub fn new(
        issuers: impl IntoIterator<Item = IssuerKeys>,
        settings: RefreshSettings,
        egress: Arc<Egress>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut known: HashMap<String, Issuer> = HashMap::new();
        for keys in issuers {
            let issuer = known.entry(keys.issuer).or_insert_with(|| Issuer {
                jwks: None,
                metadata: Refreshed::new(settings),
                set: Refreshed::new(settings),
            });
            issuer.jwks = keys.jwks.or_else(|| issuer.jwks.take());
        }
        Self {
            egress,
            clock,
            issuers: known,
        }
    }

    /// What the issuer says of itself.
    ///
    /// # Errors
    /// [`KeySetError::UnknownIssuer`], [`KeySetError::Provider`].
    pub async fn metadata(&self, issuer: &str) -> Result<Arc<Metadata>, KeySetError> {
        let known = self.issuer(issuer)?;
        let fetched = known
            .metadata
            .obtain(Wish::Any, &*self.clock, discover(&self.egress, issuer))
            .await?;
        Ok(fetched.ok_or_else(|| cooling_down(issuer))?.value)
    }

    /// The issuer's key for a token with this `kid` and `alg`. A key that is not in the set causes
    /// one fetch, at most one in each cool-down. A token without `kid` gets the only key that fits
    /// its algorithm; when several do it is refused.
    ///
    /// # Errors
    /// See [`KeySetError`].
    pub async fn key(
        &self,
        issuer: &str,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<IssuerKey, KeySetError> {
        let set = self.set(issuer, Wish::Any).await?;
        match find(&set, kid, algorithm) {
            Err(KeySetError::UnknownKey) => {
                let newer = self.set(issuer, Wish::After(set.generation)).await?;
                find(&newer, kid, algorithm)
            }
            found => found,
        }
    }

    /// Which fetch of the issuer's set is in use now; fetches it when that is due. What was
    /// verified with a key of another one is to be verified again.
    ///
    /// # Errors
    /// [`KeySetError::UnknownIssuer`], [`KeySetError::Provider`].
    pub async fn generation(&self, issuer: &str) -> Result<u64, KeySetError> {
        Ok(self.set(issuer, Wish::Any).await?.generation)
    }

    async fn set(&self, issuer: &str, wish: Wish) -> Result<Fetched<Vec<Jwk>>, KeySetError> {
        let known = self.issuer(issuer)?;
        let fetch = async {
            let url = match &known.jwks {
                Some(url) => url.clone(),
                None => self.metadata(issuer).await?.jwks_uri.clone(),
            };
            let set: Set = json(&self.egress, issuer, &url).await?;
            // A key of a kind unknown here is no reason to do without the others.
            let read = |key| serde_json::from_value(key).ok();
            let keys = set.keys.into_iter().take(KEYS_MAX).filter_map(read);
            Ok::<_, KeySetError>(keys.collect())
        };
        let fetched = known.set.obtain(wish, &*self.clock, fetch).await?;
        Ok(fetched.ok_or_else(|| cooling_down(issuer))?)
    }

    fn issuer(&self, issuer: &str) -> Result<&Issuer, KeySetError> {
        let known = self.issuers.get(issuer);
        known.ok_or_else(|| KeySetError::UnknownIssuer(issuer.to_owned()))
    }
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKey")
            .field("kid", &self.jwk.common.key_id)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

fn cooling_down(issuer: &str) -> ProviderError {
    ProviderError::CoolingDown {
        issuer: issuer.to_owned(),
    }
}

fn find(
    set: &Fetched<Vec<Jwk>>,
    kid: Option<&str>,
    algorithm: Algorithm,
) -> Result<IssuerKey, KeySetError> {
    let named = |jwk: &&Jwk| kid.is_none() || jwk.common.key_id.as_deref() == kid;
    let mut fitting = set
        .value
        .iter()
        .filter(named)
        .filter(|jwk| fits(jwk, algorithm));
    let jwk = fitting.next().ok_or(KeySetError::UnknownKey)?;
    if fitting.next().is_some() {
        return Err(KeySetError::SeveralKeys);
    }
    let decoding = DecodingKey::from_jwk(jwk).map_err(|_| KeySetError::UnknownKey)?;
    Ok(IssuerKey {
        jwk: jwk.clone(),
        decoding,
        generation: set.generation,
    })
}

/// Whether the key is of the algorithm's kind and meant for signatures (RFC 7517 §4.2, §4.4). Keys
/// of shared secrets fit nothing.
fn fits(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let meant = matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    let named = match algorithm {
        Algorithm::ES256 => KeyAlgorithm::ES256,
        Algorithm::ES384 => KeyAlgorithm::ES384,
        Algorithm::RS256 => KeyAlgorithm::RS256,
        Algorithm::PS256 => KeyAlgorithm::PS256,
        Algorithm::EdDSA => KeyAlgorithm::EdDSA,
        _ => return false,
    };
    let kind = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => {
            key.curve == EllipticCurve::P384
        }
        (AlgorithmParameters::RSA(_), Algorithm::RS256 | Algorithm::PS256) => true,
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => {
            key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    meant && kind && jwk.common.key_algorithm.is_none_or(|given| given == named)
}
