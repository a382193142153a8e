//! Ask the service.
//!
//! In: a [`Permit`], a durable [`Opened`] intent where the operation writes, and the parts of the
//! arrival that may go on. Out: an [`Answer`], which nobody may see before `redaction`. Invariants:
//! the target is read from the permit; the request is built from an allow-list, so what a client
//! made up (an assertion, a forwarded address) cannot get through; one signed assertion says who
//! asks. Deliberately absent: decisions, retries of what may have been done already.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};

use crate::clock::Clock;
use crate::domain::entry::VisitId;
use crate::domain::name::UpstreamName;
use crate::domain::peer::Peer;
use crate::domain::reason::Reason;
use crate::domain::service::Backend;
use crate::journal::Opened;
use crate::policy::Permit;
use crate::telemetry::meters::UpstreamState;
use crate::wire::answer::Answer;
use crate::wire::arrival::ClientCertificate;
use crate::wire::body::Body;
use crate::wire::cookie::Cookies;
use crate::wire::path::Target;
use crate::wire::tunnel::handshake::Handshake;

use answer::Idle;
use pool::SendError;
use switch::{Heard, Switch};
use upload::Upload;

mod answer;
mod in_house;
mod pool;
mod request;
mod switch;
mod upload;
mod vouch;

pub use in_house::{InHouse, InHouseError, InHouseRequest};
pub use pool::{
    EjectionSettings, Endpoint, EndpointError, HealthSettings, PeerName, Pool, PoolSettings,
    Protocol, UpstreamTls, UpstreamTlsError,
};
pub use vouch::{ASSERTION_SECONDS, ASSERTION_TYPE, SHARED_MS, Vouch, VouchError};

/// A pool for each upstream of the deployment.
#[derive(Debug, Default)]
pub struct Pools(HashMap<UpstreamName, Arc<Pool>>);

impl Pools {
    /// Pools by their names. Those of `before` whose endpoints and settings are the same are kept,
    /// with their connections and with what is known of their endpoints.
    ///
    /// # Errors
    /// The upstream whose TLS cannot be set up, and why.
    pub fn new<'c>(
        configured: impl Iterator<Item = (&'c UpstreamName, &'c [Endpoint], &'c PoolSettings)>,
        before: &Self,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, (UpstreamName, UpstreamTlsError)> {
        let pools = configured.map(|(name, endpoints, settings)| {
            let kept = before.0.get(name);
            if let Some(kept) = kept.filter(|kept| kept.is_of(endpoints, settings)) {
                return Ok((name.clone(), Arc::clone(kept)));
            }
            let made = Pool::new(endpoints.to_vec(), settings.clone(), Arc::clone(clock));
            let made = made.map_err(|cause| (name.clone(), cause))?;
            Ok((name.clone(), Arc::new(made)))
        });
        pools.collect::<Result<_, _>>().map(Self)
    }
}

impl Pools {
    /// How each upstream is, at this moment.
    pub fn states(&self) -> impl Iterator<Item = (&UpstreamName, UpstreamState)> {
        self.0.iter().map(|(name, pool)| (name, pool.state()))
    }
}

/// The room: what is in the house, and who vouches towards what is not.
#[derive(Debug)]
pub struct Upstream {
    in_house: Arc<dyn InHouse>,
    vouch: Vouch,
    clock: Arc<dyn Clock>,
}

/// The parts of an arrival that go on, before the allow-list was applied to them.
#[derive(Debug)]
pub struct Onward {
    pub visit: VisitId,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Body,
    pub peer: Peer,
    pub host: String,
    pub cookies: Cookies,
    pub captures: Vec<(String, String)>,
    /// What the assertion is to hold of the handshake.
    pub certificate: Option<ClientCertificate>,
    /// The operation goes on as WebSocket.
    pub handshake: Option<Box<Handshake>>,
    /// Of a call of gRPC: how long it may take, as a whole.
    pub deadline: Option<Duration>,
    /// The target as it arrived, for what is in the house.
    pub target: Target,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    #[error("upstream `{0}` stands in the register and not in the config")]
    Unknown(UpstreamName),
    #[error("upstream `{name}` cannot be reached: {cause}")]
    Unavailable { name: UpstreamName, cause: String },
    #[error("upstream `{name}` did not answer within {ms} ms")]
    Timeout { name: UpstreamName, ms: u32 },
    /// More wait for it than may: nothing was sent.
    #[error("upstream `{name}` is busy: {cause}")]
    Busy { name: UpstreamName, cause: String },
    /// The client's body was larger than the operation takes.
    #[error("the request's body is larger than {bytes_max} bytes")]
    BodyTooLarge { bytes_max: u64 },
    /// The client's body broke off: nothing was done with it.
    #[error("the request's body broke off")]
    BodyBroken,
    /// A write without its intent, or an intent of another visit: a defect of the corridor.
    #[error("the intent does not belong to this write")]
    NotOpened,
    /// The register lets through what only the gateway may say.
    #[error("the operation's request headers: {0}")]
    AllowList(String),
    #[error("the assertion could not be signed: {0}")]
    Vouch(String),
    #[error("in the house: {0}")]
    InHouse(#[from] InHouseError),
}

impl UpstreamError {
    /// The reason a caller is told.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Unknown(_) | Self::NotOpened | Self::Vouch(_) | Self::AllowList(_) => {
                Reason::Internal
            }
            Self::Unavailable { .. } => Reason::UpstreamUnavailable,
            Self::Timeout { .. } => Reason::UpstreamTimeout,
            Self::Busy { .. } => Reason::UpstreamBusy,
            Self::BodyTooLarge { .. } => Reason::BodyTooLarge,
            Self::InHouse(InHouseError::NotFound) => Reason::NothingToDisclose,
            Self::BodyBroken | Self::InHouse(InHouseError::BadInput(_)) => Reason::BadRequest,
            Self::InHouse(InHouseError::Unavailable(_)) => Reason::JournalUnavailable,
            Self::InHouse(InHouseError::Refused { reason, .. }) => *reason,
        }
    }
}

impl Upstream {
    #[must_use]
    pub fn new(in_house: Arc<dyn InHouse>, vouch: Vouch, clock: Arc<dyn Clock>) -> Self {
        Self {
            in_house,
            vouch,
            clock,
        }
    }

    /// Asks the service that the permit names for the target that the permit holds.
    ///
    /// # Errors
    /// See [`UpstreamError`]. A write whose error is `Timeout` or `Unavailable` may have been done.
    pub async fn forward(
        &self,
        permit: &Permit,
        opened: &Opened,
        onward: Onward,
        pools: &Pools,
    ) -> Result<Answer, UpstreamError> {
        if !opened.covers(permit.visit(), &permit.operation().effect) {
            return Err(UpstreamError::NotOpened);
        }
        match &permit.operation().service.backend {
            Backend::InHouse => self.ask_in_house(permit, onward).await,
            Backend::Upstream { name, .. } => {
                let pool = pools.0.get(name);
                let pool = pool.ok_or_else(|| UpstreamError::Unknown(name.clone()))?;
                // By itself it is a third of what a request under way takes of memory.
                Box::pin(self.ask_upstream(permit, pool, name, onward)).await
            }
        }
    }

    async fn ask_in_house(&self, permit: &Permit, onward: Onward) -> Result<Answer, UpstreamError> {
        let bytes_max = permit.operation().body_bytes_max;
        let body = request::collect(onward.body, bytes_max).await?;
        let request = InHouseRequest {
            captures: onward.captures,
            target: onward.target,
            body,
            now: self.clock.now(),
        };
        Ok(self.in_house.answer(permit, request).await?)
    }

    async fn ask_upstream(
        &self,
        permit: &Permit,
        pool: &Pool,
        name: &UpstreamName,
        mut onward: Onward,
    ) -> Result<Answer, UpstreamError> {
        let assertion = self
            .vouch
            .assert(permit, onward.certificate.as_ref(), self.clock.now())
            .map_err(|cause| UpstreamError::Vouch(cause.to_string()))?;
        let (upload, deadline) = (Upload::of(permit.operation()), onward.deadline);
        let handshake = onward.handshake.take();
        let switch = handshake.map(|handshake| Box::new(Switch::new(permit.visit(), *handshake)));
        let mut request = request::build(permit, onward, assertion, &upload).await?;
        if let Some(switch) = &switch {
            switch.ask(request.headers_mut());
        }
        let ms = permit.operation().upstream_ms_max;
        let within = Duration::from_millis(u64::from(ms));
        let unavailable = |cause: String| UpstreamError::Unavailable {
            name: name.clone(),
            cause,
        };
        let idle = Idle {
            body_ms_max: pool.idle_ms_max(),
            stream_ms_max: permit.operation().flow.stream_idle_ms_max,
        };
        let within = deadline.map_or(within, |deadline| deadline.min(within));
        match pool.send(request, within, &upload).await {
            Ok(answered) => {
                let doubted = |doubt| unavailable(format!("the head of its answer: {doubt}"));
                match switch::heard(switch, answered, idle) {
                    Heard::Answer(read) => read.map_err(doubted),
                    Heard::Opening(opening) => opening.await.map_err(doubted),
                }
            }
            Err(cause) if upload.error().is_some() => {
                let cause = unavailable(cause.to_string());
                Err(upload.error().unwrap_or(cause))
            }
            Err(SendError::Timeout) => Err(UpstreamError::Timeout {
                name: name.clone(),
                ms,
            }),
            Err(cause @ SendError::Busy { .. }) => Err(UpstreamError::Busy {
                name: name.clone(),
                cause: cause.to_string(),
            }),
            Err(cause) => Err(unavailable(cause.to_string())),
        }
    }
}
