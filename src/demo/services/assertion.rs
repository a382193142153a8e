//! Whether the gateway vouches for a request: what every e-service behind it must check.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::Url;

use crate::clock::Clock;
use crate::demo::http::{Ask, Asked, Client, json as json_answer};
use crate::demo::jws::{PublicKey, TokenError, verify};
use crate::domain::time::Timestamp;
use crate::wire::body::Body;

/// Checks assertions for one service against the gateway's key set.
#[derive(Debug)]
pub struct Assertions {
    /// What `aud` must be.
    service: &'static str,
    /// What `iss` must be, and where the key set is.
    portal: String,
    authority: PathBuf,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    fetching: Semaphore,
}

#[derive(Debug, Default)]
struct Known {
    keys: Arc<Vec<PublicKey>>,
    fetched_at: Option<Timestamp>,
}

/// Why a request is not vouched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unvouched {
    #[error("there is no assertion, or more than one")]
    Missing,
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the assertion is by another issuer")]
    Issuer,
    #[error("the assertion is for another service")]
    Audience,
    #[error("the assertion has run out, is not good yet, or is good for too long")]
    Time,
    #[error("the key set of the gateway cannot be had: {0}")]
    Keys(String),
}

impl Unvouched {
    /// 401, with the reason for the people who run the service.
    #[must_use]
    pub fn answer(&self) -> Response<Body> {
        json_answer(
            StatusCode::UNAUTHORIZED,
            &json!({ "error": self.to_string() }),
        )
    }
}

impl Assertions {
    /// For `service`, behind the gateway at `portal` (an origin), whose certificate `authority`
    /// (a PEM file) signed.
    #[must_use]
    pub fn new(
        service: &'static str,
        portal: String,
        authority: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            service,
            portal,
            authority,
            clock,
            known: Mutex::default(),
            fetching: Semaphore::new(1),
        }
    }

    /// The assertion's claims.
    ///
    /// # Errors
    /// See [`Unvouched`].
    pub async fn check(&self, asked: &Asked) -> Result<Value, Unvouched> {
        let token = asked
            .header("muhrdor-assertion")
            .ok_or(Unvouched::Missing)?;
        let claims = match verify(token, ASSERTION_TYPE, &self.keys()) {
            Err(TokenError::UnknownKey) => verify(token, ASSERTION_TYPE, &self.newer().await?)?,
            outcome => outcome?,
        };
        self.fits(&claims)?;
        Ok(claims)
    }

    fn fits(&self, claims: &Value) -> Result<(), Unvouched> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(self.portal.as_str()) {
            return Err(Unvouched::Issuer);
        }
        if text("aud") != Some(self.service) {
            return Err(Unvouched::Audience);
        }
        let second = |name: &str| {
            claims
                .get(name)
                .and_then(Value::as_i64)
                .ok_or(Unvouched::Time)
        };
        let (issued, until) = (second("iat")?, second("exp")?);
        let now = self.clock.now().unix_seconds();
        let good = issued <= now + SKEW_SECONDS_MAX
            && now < until
            && until.saturating_sub(issued) <= ASSERTION_SECONDS_MAX;
        if good { Ok(()) } else { Err(Unvouched::Time) }
    }

    fn keys(&self) -> Arc<Vec<PublicKey>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known.keys)
    }

    /// The gateway's key set, asked for anew by one request while the others wait for what it
    /// brings; at most once a second, so that made-up key names do not turn into requests.
    async fn newer(&self) -> Result<Arc<Vec<PublicKey>>, Unvouched> {
        let closed = |_| Unvouched::Keys("the service is ending".to_owned());
        let _turn = self.fetching.acquire().await.map_err(closed)?;
        let now = self.clock.now();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = |at: Timestamp| now.ms_since(at) < REFRESH_MS_MIN;
            if known.fetched_at.is_some_and(fresh) {
                return Ok(Arc::clone(&known.keys));
            }
        }
        let keys = Arc::new(self.fetch().await?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.keys = Arc::clone(&keys);
        known.fetched_at = Some(now);
        Ok(keys)
    }

    async fn fetch(&self) -> Result<Vec<PublicKey>, Unvouched> {
        let failed = |cause: String| Unvouched::Keys(cause);
        let url = Url::parse(&format!("{}/.well-known/jwks.json", self.portal))
            .map_err(|e| failed(e.to_string()))?;
        let mut client = Client::trusting(&self.authority).map_err(|e| failed(e.to_string()))?;
        let reply = client
            .send(&Ask::get(url))
            .await
            .map_err(|e| failed(e.to_string()))?;
        if reply.status != StatusCode::OK {
            return Err(failed(format!("the gateway answered {}", reply.status)));
        }
        Ok(PublicKey::from_set(&reply.json()))
    }
}

const ASSERTION_TYPE: &str = "muhrdor-assertion+jwt";
const ASSERTION_SECONDS_MAX: i64 = 60;
const SKEW_SECONDS_MAX: i64 = 5;
const REFRESH_MS_MIN: i64 = 1_000;
