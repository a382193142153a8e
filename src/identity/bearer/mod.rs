//! Bearer tokens: which body's system asks?
//!
//! Answers: whose token is this, and may it still be used? In: the request's `Authorization` field.
//! Out: a [`Principal::System`] whose body, roles, scopes and assurance are what the config says of
//! it; the token can only hold fewer scopes. Invariants: a token names its issuer, but only issuers
//! of the config are looked for, and nothing else in a token is ever fetched; algorithms are
//! asymmetric and pinned per issuer; no claim grants anything before the signature is verified;
//! what is ambiguous (a member twice, a time that is no whole number) is refused; a remembered
//! token is judged by the clock and by the key set's generation at each use; nothing of a token
//! stands in an error or in `Debug`; a token that is bound to a client certificate (RFC 8705 §3) is
//! told as such, and bound in another way it is refused. Deliberately absent: people's tokens,
//! tokens bound to a key (RFC 9449: refused), introspection, scopes that an operation needs.

mod claims;
mod error;
mod header;
mod json;
mod settings;
mod token;

use std::sync::Arc;

use jsonwebtoken::crypto;

use crate::clock::Clock;
use crate::domain::principal::{Assurance, Principal, SystemPrincipal};
use crate::domain::remembered::Remembered;
use crate::domain::time::Timestamp;
use crate::identity::keysets::KeySets;
use crate::wire::arrival::CertificateDigest;

use claims::{Claims, TimeBounds, Times};
use header::Header;
use token::{Segments, TokenDigest};

pub use error::BearerError;
pub use settings::{BearerIssuer, BearerSettings, SystemSettings};
pub use token::Token;

/// Those who issue bearer tokens, and the tokens that were verified.
#[derive(Debug)]
pub struct Bearer {
    issuers: Vec<BearerIssuer>,
    token_bytes_max: usize,
    bounds: TimeBounds,
    verified: Remembered<TokenDigest, Arc<Verified>>,
    keysets: Arc<KeySets>,
    clock: Arc<dyn Clock>,
}

/// Who came in with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    pub principal: Principal,
    /// From when on the token holds no more.
    pub until: Timestamp,
    /// It holds only together with this client certificate.
    pub bound: Option<CertificateDigest>,
}

/// A token that was good when it was verified, without the token.
struct Verified {
    issuer: String,
    principal: Arc<SystemPrincipal>,
    times: Times,
    bound: Option<CertificateDigest>,
    /// Which fetch of the issuer's key set its key was in.
    generation: u64,
}

impl Bearer {
    /// Bearer tokens of these issuers, whose keys are in `keysets`. Nothing is fetched yet.
    #[must_use]
    pub fn new(settings: BearerSettings, keysets: Arc<KeySets>, clock: Arc<dyn Clock>) -> Self {
        Self {
            issuers: settings.issuers,
            token_bytes_max: settings.token_bytes_max,
            bounds: TimeBounds {
                skew_seconds_max: i64::from(settings.clock_skew_seconds_max),
                token_seconds_max: i64::from(settings.token_seconds_max),
            },
            verified: Remembered::new(settings.tokens_cached_max),
            keysets,
            clock,
        }
    }

    /// The system whose token this is, whoever sends it.
    ///
    /// # Errors
    /// As [`Bearer::admit`]; and for a token that holds only together with a certificate.
    pub async fn principal(&self, token: &Token) -> Result<Principal, BearerError> {
        let admitted = self.admit(token).await?;
        match admitted.bound {
            None => Ok(admitted.principal),
            Some(_) => Err(BearerError::Bound),
        }
    }

    /// The system whose token this is, until when it holds, and with which certificate: that is for
    /// the caller to compare.
    ///
    /// # Errors
    /// [`BearerError`]: the token is not valid here, or its issuer's keys cannot be had.
    pub async fn admit(&self, token: &Token) -> Result<Admitted, BearerError> {
        let digest = token.digest();
        if let Some(known) = self.verified.find(&digest) {
            if let Err(error) = known.times.check(self.bounds, self.clock.now()) {
                self.verified.forget(&digest);
                return Err(error);
            }
            if self.keysets.generation(&known.issuer).await? == known.generation {
                return Ok(self.admitted(&known));
            }
            // Its key may be gone from the newer set.
            self.verified.forget(&digest);
        }
        let verified = self.verify(token).await?;
        let admitted = self.admitted(&verified);
        self.verified.keep(digest, Arc::new(verified));
        Ok(admitted)
    }

    fn admitted(&self, verified: &Verified) -> Admitted {
        Admitted {
            principal: Principal::System(Arc::clone(&verified.principal)),
            until: verified.times.until(self.bounds),
            bound: verified.bound,
        }
    }

    /// Everything that needs no key comes first, so that a token that could not hold anyway
    /// causes no fetch. The system is looked up only when the signature is known to be good.
    async fn verify(&self, token: &Token) -> Result<Verified, BearerError> {
        if token.as_str().len() > self.token_bytes_max {
            return Err(BearerError::TooLong);
        }
        let segments = Segments::of(token)?;
        let header = Header::read(&segments.header)?;
        let claims = Claims::read(&segments.payload)?;
        let now = self.clock.now();

        let issuer = self.issuer(&claims)?;
        let algorithm = header.algorithm(&issuer.algorithms)?;
        header.check_type(&issuer.types)?;
        claims.check_audience(&issuer.audience)?;
        claims.times.check(self.bounds, now)?;

        let kid = header.kid.as_deref();
        let key = self.keysets.key(&issuer.issuer, kid, algorithm).await?;
        let signed = segments.signed.as_bytes();
        match crypto::verify(segments.signature, signed, &key.decoding, algorithm) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(BearerError::Signature),
        }

        Ok(Verified {
            issuer: issuer.issuer.clone(),
            principal: Arc::new(system(issuer, &claims, now)?),
            times: claims.times,
            bound: claims.bound,
            generation: key.generation,
        })
    }

    fn issuer(&self, claims: &Claims) -> Result<&BearerIssuer, BearerError> {
        let mut issuers = self.issuers.iter();
        let issuer = issuers.find(|issuer| issuer.issuer == claims.issuer);
        issuer.ok_or(BearerError::UnknownIssuer)
    }
}

/// The principal that the token's client is. Of the token itself it has only the moment of issue
/// and what it leaves out of the configured scopes.
fn system(
    issuer: &BearerIssuer,
    claims: &Claims,
    now: Timestamp,
) -> Result<SystemPrincipal, BearerError> {
    let mut systems = issuer.systems.iter();
    let system = systems.find(|system| system.id.as_str() == claims.client);
    let system = system.ok_or(BearerError::UnknownSystem)?;
    let held = |scope: &&_| claims.holds_scope(scope);
    Ok(SystemPrincipal {
        system: system.id.clone(),
        agency: system.agency.clone(),
        roles: system.roles.clone(),
        scopes: system.scopes.iter().filter(held).cloned().collect(),
        assurance: Assurance {
            rank: system.assurance,
            // Never in our future, whatever the issuer's clock says.
            authenticated_at: claims.times.issued_at().min(now),
        },
    })
}
