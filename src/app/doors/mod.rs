//! What stands behind the server: the corridor, and what is about keys and pages, not persons.

mod meter;
mod public;
mod ready;
mod reload;
#[cfg(feature = "otlp")]
mod spans;

use std::fmt;
use std::sync::Arc;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::task;

use crate::clock::Clock;
use crate::counts::Counts;
use crate::domain::peer::Peer;
use crate::gateway::Gateway;
use crate::keys::Rotation;
use crate::limits::AddressLimit;
use crate::notary::Tsa;
use crate::public::check::Check;
use crate::public::{tiles, timestamp};
use crate::server::control::{Control, Operator, Telling};
use crate::server::{Answering, Door, Turnstile};
use crate::telemetry::meters;
use crate::tlog::Tlog;
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;
use crate::wire::pages::{ASSET_CACHE_CONTROL, Pages};

pub(super) use meter::{Meter, recorder, upkeep};
pub(super) use public::public_doors;
pub(super) use ready::Ready;
pub(super) use reload::Reload;
#[cfg(feature = "otlp")]
pub(super) use spans::Exporter;

/// How long a key set may be kept by who checks assertions; the next key is published longer ahead.
const KEY_SET_CACHE_CONTROL: &str = "public, max-age=300";

/// The corridor for everything that is an e-service's.
pub(super) struct Corridor(pub(super) Arc<Gateway>);

impl Door for Corridor {
    fn serve(&self, arrival: Arrival) -> Answering<'_> {
        Answering::new(Arc::clone(&self.0).serve(arrival))
    }
}

/// `/oauth2/…`: sign-in has a short path of its own through the corridor.
pub(super) struct SignInDoor(pub(super) Arc<Gateway>);

impl Door for SignInDoor {
    fn serve(&self, arrival: Arrival) -> Answering<'_> {
        Answering::new(Arc::clone(&self.0).sign_in(arrival))
    }
}

/// `/.well-known/jwks.json`: the keys that assertions are checked with (RFC 7517 §5).
pub(super) struct KeySet {
    keys: Rotation,
    clock: Arc<dyn Clock>,
}

impl KeySet {
    pub(super) fn new(keys: Rotation, clock: &Arc<dyn Clock>) -> Self {
        let clock = Arc::clone(clock);
        Self { keys, clock }
    }
}

impl Door for KeySet {
    fn serve(&self, arrival: Arrival) -> Answering<'_> {
        let set = self.keys.jwks(self.clock.now()).to_string();
        let media = "application/jwk-set+json";
        Answering::new(async move {
            fixed(
                &arrival.method,
                set.into_bytes(),
                media,
                KEY_SET_CACHE_CONTROL,
            )
        })
    }
}

/// `/verify…`: the check of documents.
pub(super) struct CheckDoor(pub(super) Arc<Check>);

impl Door for CheckDoor {
    fn serve(&self, arrival: Arrival) -> Answering<'_> {
        Answering::new(self.0.answer(arrival))
    }
}

/// `/tsa`: time-stamps.
pub(super) struct Stamps {
    pub(super) tsa: Arc<Tsa>,
    pub(super) addresses: Arc<AddressLimit>,
}

impl Door for Stamps {
    fn serve(&self, arrival: Arrival) -> Answering<'_> {
        Answering::new(timestamp::answer(&self.tsa, &self.addresses, arrival))
    }
}

/// `/tlog/…`: the documents' log.
pub(super) struct Log {
    pub(super) log: Arc<Tlog>,
    pub(super) addresses: Arc<AddressLimit>,
}

impl Door for Log {
    fn serve(&self, arrival: Arrival) -> Answering<'_> {
        Answering::new(tiles::answer(&self.log, &self.addresses, arrival))
    }
}

/// `/assets/…`: the style sheet and what pages refer to.
pub(super) struct Assets(pub(super) Arc<dyn Pages>);

impl Door for Assets {
    fn serve(&self, arrival: Arrival) -> Answering<'_> {
        let found = self.0.asset(arrival.target.path());
        Answering::new(async move {
            match found {
                Some(asset) => fixed(
                    &arrival.method,
                    asset.bytes.to_vec(),
                    asset.content_type,
                    ASSET_CACHE_CONTROL,
                ),
                None => bare(StatusCode::NOT_FOUND),
            }
        })
    }
}

fn fixed(
    method: &Method,
    bytes: Vec<u8>,
    media: &'static str,
    cache_control: &'static str,
) -> Response<Body> {
    if *method != Method::GET && *method != Method::HEAD {
        let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let body = if *method == Method::HEAD {
        Body::empty()
    } else {
        Body::full(bytes)
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    response
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Counts what the server turned away.
pub(super) struct Gate;

impl Turnstile for Gate {
    fn turned_away(&self, _peer: Peer, code: &'static str) {
        meters::turned_away(code);
    }
}

/// What an operator may tell the running process.
pub(super) struct Desk {
    pub(super) gateway: Arc<Gateway>,
    pub(super) counts: Arc<Counts>,
    pub(super) reload: Arc<Reload>,
}

impl Control for Desk {
    fn tell(&self, operator: Operator, request: Value) -> Telling<'_> {
        Telling(Box::pin(async move {
            let verb = request
                .get("verb")
                .and_then(Value::as_str)
                .unwrap_or_default();
            tracing::info!(target: "muhrdor::control", user = operator.user, verb);
            match verb {
                "status" => json!({
                    "ok": true,
                    "bundle": self.gateway.bundle().to_string(),
                    "process": std::process::id(),
                }),
                "reload" => self.reload().await,
                "alarms" => {
                    let alarms = self.counts.all_alarms();
                    let listed: Vec<Value> = alarms
                        .into_iter()
                        .map(|(reason, count)| json!({ "reason": reason.code(), "count": count }))
                        .collect();
                    json!({ "ok": true, "alarms": listed })
                }
                _ => json!({ "ok": false, "error": "the verbs are status, reload and alarms" }),
            }
        }))
    }
}

impl Desk {
    /// Reading the files is left to a thread that may wait.
    async fn reload(&self) -> Value {
        let reload = Arc::clone(&self.reload);
        match task::spawn_blocking(move || reload.run()).await {
            Ok(Ok(bundle)) => json!({ "ok": true, "bundle": bundle }),
            Ok(Err(cause)) => json!({ "ok": false, "error": cause.told() }),
            Err(_) => json!({ "ok": false, "error": "the reload broke off" }),
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}
