//! The authority that stamps the time (RFC 3161, RFC 5816, ETSI EN 319 422).
//!
//! Answers: when was this there at the latest? In: digests of our own seals, requests of anyone.
//! Out: tokens, or the one reason why there is none. Invariants: a token carries whole seconds, the
//! accuracy, the request's imprint and nonce to the byte, a random number that never comes again,
//! and the certificate if and only if it was asked for; while the clock is in doubt none is given;
//! the key signs nothing else. Deliberately absent: who may ask and how often, HTTP.

mod watch;

use std::fmt;
use std::sync::Arc;

use ring::rand::SecureRandom;

use crate::clock::Clock;
use crate::cms::{
    Certificate, CmsError, Digest, Failure, Grant, Oid, SerialNumber, TimeStampReply,
    TimeStampRequest, UnsignedToken,
};
use crate::domain::time::Timestamp;
use crate::keys::Signer;
use crate::notary::timestamp::watch::{Watch, whole_second};

pub use watch::Doubt;

/// What the authority is told by its operator.
#[derive(Debug, Clone)]
pub struct StampSettings {
    /// The policy that tokens are given under.
    pub policy: Oid,
    /// What tokens promise. Rounding takes half a second of it; by the rest the clock may be off
    /// before none is given.
    pub accuracy_seconds: u32,
    /// No moment before this was ever stamped or logged by the house: the clock is wrong if it
    /// says so.
    pub not_before: Timestamp,
}

/// A token and the moment in it.
#[derive(Debug, Clone)]
pub struct Stamped {
    pub token: Vec<u8>,
    pub at: Timestamp,
}

/// Why there is no time-stamp.
#[derive(Debug, thiserror::Error)]
pub enum TsaError {
    #[error("the time is not known: {0}")]
    Clock(#[from] Doubt),
    #[error("the machine gave no randomness")]
    NoRandomness,
    #[error("the time-stamp's certificate is not of its key")]
    OtherKey,
    #[error("the time-stamp: {0}")]
    Cms(#[from] CmsError),
    #[error("the time-stamp's key does not sign")]
    Signing,
}

/// A time-stamping authority. Any number of tasks may ask it at a time.
pub struct Tsa {
    settings: StampSettings,
    signer: Arc<dyn Signer>,
    certificate: Certificate,
    random: Arc<dyn SecureRandom + Send + Sync>,
    watch: Watch,
}

impl Tsa {
    /// # Errors
    /// [`TsaError::OtherKey`]; [`TsaError::Cms`] when the certificate is not for time-stamps alone.
    pub fn new(
        settings: StampSettings,
        signer: Arc<dyn Signer>,
        certificate: Certificate,
        clock: Arc<dyn Clock>,
        random: Arc<dyn SecureRandom + Send + Sync>,
    ) -> Result<Self, TsaError> {
        certificate.check_stamps_time()?;
        if certificate.public_key() != signer.public_key().as_bytes() {
            return Err(TsaError::OtherKey);
        }
        Ok(Self {
            watch: Watch::new(clock, settings.accuracy_seconds, settings.not_before),
            settings,
            signer,
            certificate,
            random,
        })
    }

    /// A token over a digest, for a seal of this house; its certificate is inside.
    ///
    /// # Errors
    /// See [`TsaError`].
    pub fn stamp(&self, imprint: &Digest) -> Result<Stamped, TsaError> {
        let mut nonce = [0; 16];
        self.fill(&mut nonce)?;
        let request = TimeStampRequest::new(imprint.clone(), nonce);
        self.token(&request, &self.settings.policy)
    }

    /// Answers a request as RFC 3161 §2.4.2 wants: with a token, or with the one reason why not.
    #[must_use]
    pub fn reply(&self, request: &[u8]) -> TimeStampReply {
        let granted = TimeStampRequest::parse(request).and_then(|request| {
            let policy = request.policy(std::slice::from_ref(&self.settings.policy))?;
            self.token(&request, policy)
                .map_err(|cause| cause.failure())
        });
        match granted {
            Ok(stamped) => TimeStampReply::granted(&stamped.token),
            Err(failure) => TimeStampReply::rejected(failure),
        }
    }

    fn token(&self, request: &TimeStampRequest, policy: &Oid) -> Result<Stamped, TsaError> {
        let at = whole_second(self.watch.look()?);
        let grant = Grant {
            policy,
            serial: self.serial()?,
            moment: at,
            accuracy_seconds: self.settings.accuracy_seconds,
        };
        let token = UnsignedToken::new(request, &grant, &self.certificate)?;
        let signature = self.signer.sign(token.to_sign());
        let signature = signature.map_err(|_| TsaError::Signing)?.to_cms();
        Ok(Stamped {
            token: token.complete(&signature),
            at,
        })
    }

    /// 152 random bits: no two are the same, whatever was lost or restored.
    fn serial(&self) -> Result<SerialNumber, TsaError> {
        let mut bits = [0; 19];
        self.fill(&mut bits)?;
        SerialNumber::from_random(bits).ok_or(TsaError::NoRandomness)
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), TsaError> {
        self.random.fill(bytes).map_err(|_| TsaError::NoRandomness)
    }
}

impl TsaError {
    /// What a requester learns. The watch tells of the clock by itself, once and not for each
    /// request; what else is amiss is told here.
    fn failure(&self) -> Failure {
        match self {
            Self::Clock(_) => Failure::TimeNotAvailable,
            Self::NoRandomness | Self::OtherKey | Self::Cms(_) | Self::Signing => {
                tracing::error!(target: "muhrdor::tsa", cause = %self, "no time-stamp is given");
                Failure::SystemFailure
            }
        }
    }
}

impl fmt::Debug for Tsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tsa")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
