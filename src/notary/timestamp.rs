//! The authority that stamps the time (RFC 3161), and watches its clock while it does.
//!
//! Wall time is compared with the time that has passed since the start: both run alike unless
//! someone sets the clock. Once they differ by more than the promised accuracy nothing is stamped
//! until the process is started again: which of the two is right is for a person to say.

use std::fmt;
use std::sync::Arc;

use ring::rand::SecureRandom;

use crate::clock::{Clock, Monotonic};
use crate::cms::{
    Certificate, CmsError, Digest, Failure, Grant, Oid, SerialNumber, TimeStampReply,
    TimeStampRequest, UnsignedToken,
};
use crate::domain::time::Timestamp;
use crate::keys::Signer;

/// What the authority is told by its operator.
#[derive(Debug, Clone)]
pub struct StampSettings {
    /// The policy that tokens are given under.
    pub policy: Oid,
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
    #[error("the clock was set: it is off by {off_ms} ms since the start")]
    ClockSet { off_ms: i64 },
    #[error("the clock says {now}, before {known} which is past already")]
    ClockBehind { now: Timestamp, known: Timestamp },
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
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    began: (Timestamp, Monotonic),
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
            began: (clock.now(), clock.monotonic()),
            settings,
            signer,
            certificate,
            clock,
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
            self.token(&request, policy).map_err(|cause| {
                tracing::error!(target: "muhrdor::tsa", %cause, "no time-stamp is given");
                cause.failure()
            })
        });
        match granted {
            Ok(stamped) => TimeStampReply::granted(&stamped.token),
            Err(failure) => TimeStampReply::rejected(failure),
        }
    }

    /// The moment, if the clock can be believed.
    ///
    /// # Errors
    /// [`TsaError::ClockSet`], [`TsaError::ClockBehind`].
    pub fn moment(&self) -> Result<Timestamp, TsaError> {
        let (now, passed) = (self.clock.now(), self.clock.monotonic());
        let (wall, monotonic) = self.began;
        let expected = i64::try_from(passed.since(monotonic).as_millis()).unwrap_or(i64::MAX);
        let off_ms = now.ms_since(wall).saturating_sub(expected);
        let accuracy_ms = i64::from(self.settings.accuracy_seconds).saturating_mul(1000);
        if off_ms.abs() > accuracy_ms {
            return Err(TsaError::ClockSet { off_ms });
        }
        let known = self.settings.not_before;
        if known.ms_since(now) > accuracy_ms {
            return Err(TsaError::ClockBehind { now, known });
        }
        Ok(now)
    }

    fn token(&self, request: &TimeStampRequest, policy: &Oid) -> Result<Stamped, TsaError> {
        let at = Timestamp::from_unix_seconds(self.moment()?.unix_seconds());
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
    const fn failure(&self) -> Failure {
        match self {
            Self::ClockSet { .. } | Self::ClockBehind { .. } => Failure::TimeNotAvailable,
            Self::NoRandomness | Self::OtherKey | Self::Cms(_) | Self::Signing => {
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
