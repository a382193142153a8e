//! From a request to an arrival, and to whom it goes.
//!
//! What HTTP/2 hides from us, and what we make of it: `h2` joins nothing but reads `:path` into a
//! URI, which cuts off `#` and what follows it, so the part before is what is matched *and*
//! forwarded; it lower-cases nothing (upper-case names are errors) and drops padding, priorities
//! and unknown frames, which carry no meaning here. Connection-specific fields, a second
//! pseudo-header or a wrong `content-length` end the stream before we see it.

use std::sync::Arc;

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST, HeaderMap,
    HeaderName, HeaderValue, RETRY_AFTER,
};
use http::{Method, Request, Response, StatusCode, request};
use hyper::ext::Protocol;
use matchit::Router;

use crate::clock::Clock;
use crate::domain::entry::VisitId;
use crate::domain::peer::{AddressRange, Peer};
use crate::domain::reason::Reason;
use crate::limits::{Load, Overloaded};
use crate::telemetry::requests::{Asked, Requests, UnderWay};
use crate::telemetry::spans::Spans;
use crate::telemetry::trace::{self, TRACEPARENT, TRACESTATE, Trace};
use crate::telemetry::watched::Watched;
use crate::wire::arrival::Arrival;
use crate::wire::body::Body;
use crate::wire::headers::{self, CASE, DOCUMENT_ACCESS, HeaderError, PURPOSE};
use crate::wire::host::Host;
use crate::wire::path::Target;
use crate::wire::tunnel::{Carrier, Upgrade, handshake};

use super::client::{Proxies, forwarded};
use super::connection::Handshake;
use super::guard::Violation;
use super::guard::violation::problem;
use super::{Door, ServerError, Turnstile};

/// Where a request comes from: what the connection knows and no header can say.
#[derive(Debug)]
pub struct Origin {
    pub peer: Peer,
    pub handshake: Handshake,
}

/// A public endpoint at a reserved path, in the pattern language of `matchit`.
#[expect(missing_debug_implementations, reason = "holds a trait object")]
pub struct Reserved {
    pub path: String,
    pub door: Arc<dyn Door>,
}

/// What dispatch needs of others.
#[expect(missing_debug_implementations, reason = "holds trait objects")]
pub struct Wiring {
    /// Whose `Forwarded` or `X-Forwarded-For` says who the client is. Their fields stay in an
    /// arrival; from anyone else they are gone, so who finds them there may believe them.
    pub proxies: Arc<Proxies>,
    /// Peers whose traces go on here. Anyone else's request begins a new one.
    pub trace_sources: Vec<AddressRange>,
    pub reserved: Vec<Reserved>,
    /// Everything that is not reserved.
    pub gateway: Arc<dyn Door>,
    pub turnstile: Arc<dyn Turnstile>,
    /// Turns requests away when there are too many, before anything is asked of them.
    pub load: Arc<Load>,
    pub clock: Arc<dyn Clock>,
    /// Numbers for requests: random, never the same twice.
    pub visits: Arc<dyn Fn() -> VisitId + Send + Sync>,
}

/// Makes arrivals of requests and gives each to one door.
#[expect(missing_debug_implementations, reason = "holds trait objects")]
pub struct Dispatch {
    proxies: Arc<Proxies>,
    trace_sources: Vec<AddressRange>,
    reserved: Router<(Arc<str>, Arc<dyn Door>)>,
    gateway: Arc<dyn Door>,
    turnstile: Arc<dyn Turnstile>,
    load: Arc<Load>,
    clock: Arc<dyn Clock>,
    visits: Arc<dyn Fn() -> VisitId + Send + Sync>,
    requests: Arc<Requests>,
}

/// Why a request became no arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TurnedAway {
    Method,
    HeaderName,
    /// A trusted proxy says who the client is, and it does not read.
    Forwarded,
    Host,
    Misdirected,
    Target,
    /// Extended CONNECT for something that is not spoken here (RFC 8441 §4).
    Protocol,
    /// An expectation other than `100-continue` (RFC 9110 §10.1.1); on HTTP/1.1 the guard found it.
    Expectation,
    /// `OPTIONS *`: a question to the server itself (RFC 9110 §9.3.7).
    AsksForOptions,
}

impl Dispatch {
    /// Refuses reserved paths that collide.
    pub fn new(wiring: Wiring) -> Result<Self, ServerError> {
        let mut reserved = Router::new();
        for Reserved { path, door } in wiring.reserved {
            let inserted = reserved.insert(path.clone(), (Arc::from(path.as_str()), door));
            inserted.map_err(|_| ServerError::ReservedPath { path })?;
        }
        Ok(Self {
            proxies: wiring.proxies,
            trace_sources: wiring.trace_sources,
            reserved,
            gateway: wiring.gateway,
            turnstile: wiring.turnstile,
            load: wiring.load,
            clock: wiring.clock,
            visits: wiring.visits,
            requests: Requests::new(),
        })
    }

    /// The same, with somebody who wants spans of requests.
    #[must_use]
    pub fn telling(self, spans: Spans) -> Self {
        Self {
            requests: Requests::telling(Some(spans)),
            ..self
        }
    }

    /// Answers one request, which is under way until its answer was sent.
    pub async fn serve(&self, request: Request<Body>, origin: &Origin) -> Response<Body> {
        let asked = asked(&request, &origin.handshake);
        let mut under_way = self.requests.begin(&self.clock, asked);
        let mut response = self.answer(request, origin, &mut under_way).await;
        under_way.answered(&mut response);
        if let Some(bytes) = response.body().at_hand() {
            under_way.sent(bytes);
            return response;
        }
        response.map(|body| Body::stream(Watched::new(body, under_way)))
    }

    async fn answer(
        &self,
        request: Request<Body>,
        origin: &Origin,
        under_way: &mut UnderWay,
    ) -> Response<Body> {
        let _under_way = match self.load.begin() {
            Ok(under_way) => under_way,
            Err(overloaded) => return self.shed(overloaded, origin),
        };
        let (parts, body) = request.into_parts();
        let said = trace::parent(&parts.headers);
        let mut arrival = match self.arrive(parts, body, origin) {
            Ok(arrival) => arrival,
            Err(turned_away) => return self.turn_away(turned_away, origin, under_way),
        };
        let asks = arrival.upgrade.is_some();
        let trusted = contains(&self.trace_sources, origin.peer);
        let sampled = self.requests.samples(arrival.visit);
        let trace = Trace::of(arrival.visit, said, trusted, sampled);
        let told = trace.traceparent();
        let (endpoint, door) = match self.reserved.at(arrival.target.path()) {
            Ok(found) => (Some(&found.value.0), &found.value.1),
            Err(_) => (None, &self.gateway),
        };
        under_way.arrived(arrival.visit, trace, endpoint);
        arrival.headers.insert(TRACEPARENT, told);
        let response = door.serve(arrival).await;
        let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS
            && response.extensions().get::<Carrier>().is_some();
        if response.status().is_informational() && !(asks && switches) {
            return refusal(Reason::Internal.status(), Reason::Internal.code());
        }
        response
    }

    fn arrive(
        &self,
        mut parts: request::Parts,
        body: Body,
        origin: &Origin,
    ) -> Result<Arrival, TurnedAway> {
        let upgrade = upgrade(&parts)?;
        if upgrade == Some(Upgrade::Http2) {
            parts.method = Method::GET;
        }
        if !METHODS.contains(&parts.method) {
            return Err(TurnedAway::Method);
        }
        if !is_met(headers::single(&parts.headers, &EXPECT)) {
            return Err(TurnedAway::Expectation);
        }
        headers::check_names(&parts.headers).map_err(|_| TurnedAway::HeaderName)?;
        let peer = self.speaking(&parts.headers, origin.peer)?;
        let host = read_host(&parts)?;
        // Browsers reuse a connection for other hosts of its certificate, for which other rules may
        // hold (RFC 9110 §7.4).
        if host != origin.handshake.host {
            return Err(TurnedAway::Misdirected);
        }
        let raw = parts
            .uri
            .path_and_query()
            .map_or("", http::uri::PathAndQuery::as_str);
        if raw == "*" && parts.method == Method::OPTIONS {
            return Err(TurnedAway::AsksForOptions);
        }
        let target = Target::parse(raw.as_bytes()).map_err(|_| TurnedAway::Target)?;
        Ok(Arrival {
            visit: (self.visits)(),
            at: self.clock.now(),
            peer,
            certificate: origin.handshake.certificate.clone(),
            host: host.as_str().to_owned(),
            method: parts.method,
            target,
            headers: self.admitted(&parts.headers, origin.peer),
            body,
            upgrade,
        })
    }

    /// Who asks: the peer, or the client for whom a trusted one speaks.
    fn speaking(&self, headers: &HeaderMap, peer: Peer) -> Result<Peer, TurnedAway> {
        if !self.proxies.trust(peer.address) {
            return Ok(peer);
        }
        let trust = |address| self.proxies.trust(address);
        let found = forwarded::client(headers, peer.address, trust);
        let address = found.map_err(|_| TurnedAway::Forwarded)?;
        Ok(Peer { address, ..peer })
    }

    /// The headers that an arrival shows: all but what only the gateway may say.
    fn admitted(&self, incoming: &HeaderMap, peer: Peer) -> HeaderMap {
        let trusted = self.proxies.trust(peer.address);
        let mut admitted = HeaderMap::with_capacity(incoming.len() + TRACE_FIELDS);
        for (name, value) in incoming {
            let shown = !headers::is_reserved(name)
                || READ_BY_ROOMS.contains(name)
                || (trusted && headers::is_forwarding(name));
            if shown {
                admitted.append(name.clone(), value.clone());
            }
        }
        if contains(&self.trace_sources, peer)
            && trace::parent(incoming).is_some()
            && let Some(state) = trace::state(incoming)
        {
            admitted.insert(TRACESTATE, state);
        }
        admitted
    }

    /// The cheapest answer there is.
    fn shed(&self, overloaded: Overloaded, origin: &Origin) -> Response<Body> {
        let reason = Reason::Overloaded;
        self.turnstile.turned_away(origin.peer, reason.code());
        let mut response = refusal(reason.status(), reason.code());
        let wait = HeaderValue::from(overloaded.retry_after_seconds);
        response.headers_mut().insert(RETRY_AFTER, wait);
        response
    }

    fn turn_away(
        &self,
        turned_away: TurnedAway,
        origin: &Origin,
        under_way: &mut UnderWay,
    ) -> Response<Body> {
        let (status, code) = match turned_away {
            TurnedAway::AsksForOptions => return options(),
            TurnedAway::Method => (
                Reason::MethodNotAllowed.status(),
                Reason::MethodNotAllowed.code(),
            ),
            TurnedAway::Protocol => (StatusCode::NOT_IMPLEMENTED.as_u16(), "protocol"),
            TurnedAway::Expectation => (
                Violation::Expectation.status(),
                Violation::Expectation.code(),
            ),
            TurnedAway::HeaderName => (Reason::BadHeader.status(), Reason::BadHeader.code()),
            TurnedAway::Forwarded => (Reason::BadHeader.status(), "forwarded"),
            TurnedAway::Host | TurnedAway::Target => {
                (Reason::BadRequest.status(), Reason::BadRequest.code())
            }
            TurnedAway::Misdirected => (StatusCode::MISDIRECTED_REQUEST.as_u16(), "misdirected"),
        };
        under_way.turned_away(code);
        self.turnstile.turned_away(origin.peer, code);
        let mut response = refusal(status, code);
        if turned_away == TurnedAway::Method {
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(ALLOWED));
        }
        response
    }
}

/// A problem document with a status and a code: nothing of the request, nothing to keep.
#[must_use]
pub fn refusal(status: u16, code: &str) -> Response<Body> {
    let mut response = Response::new(Body::full(problem(status, code)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What telemetry may know of a request's head: words of ours.
fn asked(request: &Request<Body>, handshake: &Handshake) -> Asked {
    let method = METHODS.iter().find(|method| *method == request.method());
    Asked {
        protocol: handshake.protocol.as_str(),
        tls: handshake.tls,
        method: method.map_or("other", Method::as_str),
    }
}

fn contains(ranges: &[AddressRange], peer: Peer) -> bool {
    ranges.iter().any(|range| range.contains(peer.address))
}

/// Whether what a client expects is what it gets.
fn is_met(expected: Result<Option<&str>, HeaderError>) -> bool {
    expected.is_ok_and(|text| text.is_none_or(|text| text.eq_ignore_ascii_case("100-continue")))
}

/// Whether the request asks to leave HTTP for WebSocket.
fn upgrade(parts: &request::Parts) -> Result<Option<Upgrade>, TurnedAway> {
    match parts.extensions.get::<Protocol>() {
        Some(protocol) if protocol.as_str() == "websocket" => Ok(Some(Upgrade::Http2)),
        Some(_) => Err(TurnedAway::Protocol),
        None => Ok(handshake::is_asked_by(parts).then_some(Upgrade::Http1)),
    }
}

/// The host of `Host` or `:authority`; both only when they agree.
fn read_host(parts: &request::Parts) -> Result<Host, TurnedAway> {
    let header = headers::single(&parts.headers, &HOST).map_err(|_| TurnedAway::Host)?;
    let header = header
        .map(Host::parse)
        .transpose()
        .map_err(|_| TurnedAway::Host)?;
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let authority = authority
        .map(Host::parse)
        .transpose()
        .map_err(|_| TurnedAway::Host)?;
    match (authority, header) {
        (Some(authority), Some(header)) if authority != header => Err(TurnedAway::Host),
        (Some(host), _) | (None, Some(host)) => Ok(host),
        (None, None) => Err(TurnedAway::Host),
    }
}

fn options() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(ALLOWED));
    response
}

/// `traceparent` and `tracestate`.
const TRACE_FIELDS: usize = 2;

/// Reserved against upstreams, yet read by the rooms.
static READ_BY_ROOMS: [HeaderName; 6] =
    [CASE, CONTENT_LENGTH, COOKIE, DOCUMENT_ACCESS, HOST, PURPOSE];

const METHODS: &[Method] = &[
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

const ALLOWED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
