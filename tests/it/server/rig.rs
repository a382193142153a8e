//! A server with a door that tells what it saw.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Response, StatusCode};
use muhrdor::clock::{Clock, HandClock};
use muhrdor::domain::entry::VisitId;
use muhrdor::domain::peer::{AddressRange, Channel, Peer};
use muhrdor::domain::time::Timestamp;
use muhrdor::limits::{Load, LoadSettings};
use muhrdor::server::client::Proxies;
use muhrdor::server::connection::{Connections, Handshake, Protocol, Settings};
use muhrdor::server::dispatch::{Dispatch, Reserved, Wiring};
use muhrdor::server::drain::Drain;
use muhrdor::server::listener::{self, Listener};
use muhrdor::server::tls::{Demand, Settings as TlsSettings, Tls};
use muhrdor::server::{Answering, Door, Turnstile};
use muhrdor::wire::arrival::{Arrival, ClientCertificate};
use muhrdor::wire::body::Body;
use muhrdor::wire::host::Host;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::authority::Authority;
use super::floods::Endless;

pub(super) const HOST: &str = "portal.example";

/// A moment at which the certificates of these tests are valid.
pub(super) fn clock() -> Arc<HandClock> {
    Arc::new(HandClock::at(Timestamp::from_unix_seconds(1_795_000_000)))
}

#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) host: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Result<Vec<u8>, String>,
    pub(super) certificate: Option<ClientCertificate>,
    pub(super) peer: Peer,
}

/// Answers every request with what it saw; some paths do something else.
#[derive(Default)]
pub(super) struct Echo {
    pub(super) name: &'static str,
    pub(super) seen: Mutex<Vec<Seen>>,
    /// A request to `/wait` has arrived · it may be answered.
    pub(super) waiting: Notify,
    pub(super) go: Notify,
    /// An answer to `/endless` is over.
    pub(super) gone: Arc<Notify>,
}

impl Door for Echo {
    fn serve(&self, arrival: Arrival) -> Answering<'_> {
        Answering::new(async move {
            let line = format!("{} {}", arrival.method, arrival.target.origin_form());
            let path = arrival.target.path().to_owned();
            let mut seen = Seen {
                line: line.clone(),
                host: arrival.host,
                headers: arrival.headers,
                body: Ok(Vec::new()),
                certificate: arrival.certificate,
                peer: arrival.peer,
            };
            if path == "/ignore" {
                self.seen.lock().unwrap().push(seen);
                return Response::new(Body::full("ignored"));
            }
            if path == "/endless" {
                return Response::new(Body::stream(Endless(Arc::clone(&self.gone))));
            }
            if path == "/wait" {
                self.waiting.notify_one();
                self.go.notified().await;
            }
            let body = arrival.body.collect_up_to(1 << 20).await;
            seen.body = body
                .map(|bytes| bytes.to_vec())
                .map_err(|error| error.to_string());
            let mut answer = format!("{}{line}\n", self.name).into_bytes();
            answer.extend(seen.body.clone().unwrap_or_default());
            self.seen.lock().unwrap().push(seen);
            let mut response = Response::new(Body::full(answer));
            if path == "/switch" {
                *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            }
            response
        })
    }
}

/// Keeps the codes of what was turned away.
#[derive(Default)]
pub(super) struct Codes(pub(super) Mutex<Vec<&'static str>>);

impl Turnstile for Codes {
    fn turned_away(&self, _: Peer, code: &'static str) {
        self.0.lock().unwrap().push(code);
    }
}

/// Doors and connections without sockets.
pub(super) struct House {
    pub(super) gateway: Arc<Echo>,
    pub(super) codes: Arc<Codes>,
    pub(super) load: Arc<Load>,
    pub(super) connections: Arc<Connections>,
}

impl House {
    pub(super) fn new(settings: Settings) -> Self {
        let proxies = Proxies {
            trusted: vec![AddressRange::parse("198.51.100.0/24").unwrap()],
            ..Proxies::default()
        };
        Self::behind(settings, Arc::new(proxies))
    }

    pub(super) fn behind(settings: Settings, proxies: Arc<Proxies>) -> Self {
        let gateway = Arc::new(Echo::default());
        let reserved = Arc::new(Echo {
            name: "reserved ",
            ..Echo::default()
        });
        let codes = Arc::new(Codes::default());
        let load = Arc::new(Load::new(LoadSettings::default()));
        let next = AtomicU8::new(1);
        let dispatch = Dispatch::new(Wiring {
            proxies,
            trace_sources: vec![AddressRange::parse("198.51.100.0/24").unwrap()],
            reserved: vec![Reserved {
                path: "/verify/{code}".to_owned(),
                door: reserved,
            }],
            gateway: gateway.clone(),
            turnstile: codes.clone(),
            load: Arc::clone(&load),
            clock: clock(),
            visits: Arc::new(move || {
                VisitId::from_bytes([next.fetch_add(1, Ordering::Relaxed); 16])
            }),
        });
        let connections = Connections::new(settings, dispatch.unwrap(), codes.clone());
        Self {
            gateway,
            codes,
            load,
            connections: Arc::new(connections),
        }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.gateway
            .seen
            .lock()
            .unwrap()
            .iter()
            .map(|seen| seen.line.clone())
            .collect()
    }

    pub(super) fn codes(&self) -> Vec<&'static str> {
        self.codes.0.lock().unwrap().clone()
    }
}

pub(super) fn local_peer() -> Peer {
    Peer {
        address: [127, 0, 0, 1].into(),
        channel: Channel::Portal,
    }
}

pub(super) fn proxy_peer() -> Peer {
    Peer {
        address: [198, 51, 100, 7].into(),
        channel: Channel::Portal,
    }
}

pub(super) fn plain_handshake() -> Handshake {
    Handshake {
        host: Host::parse(HOST).unwrap(),
        tls: "1.3",
        protocol: Protocol::Http1,
        certificate: None,
    }
}

/// A running server.
pub(super) struct Rig {
    pub(super) house: House,
    pub(super) authority: Authority,
    pub(super) address: SocketAddr,
    pub(super) tls: Arc<Tls>,
    /// What TLS goes by.
    pub(super) clock: Arc<HandClock>,
    pub(super) drain: Drain,
    pub(super) running: JoinHandle<()>,
}

impl Rig {
    pub(super) async fn start() -> Self {
        Self::with(listener::Limits::default(), false).await
    }

    pub(super) async fn with(limits: listener::Limits, client_certificates: bool) -> Self {
        Self::behind(limits, client_certificates, Proxies::default()).await
    }

    pub(super) async fn behind(
        limits: listener::Limits,
        client_certificates: bool,
        proxies: Proxies,
    ) -> Self {
        let authority = Authority::new();
        authority.issue("server", &[HOST, "api.example"]);
        let first = if client_certificates {
            authority.files_asking("server", Demand::Required)
        } else {
            authority.files("server")
        };
        let hosts = Authority::hosts(first, &[("api.example", authority.files("server"))]);
        Self::serving(limits, proxies, authority, &hosts).await
    }

    pub(super) async fn serving(
        limits: listener::Limits,
        proxies: Proxies,
        authority: Authority,
        hosts: &TlsSettings,
    ) -> Self {
        let settings = Settings::default();
        Self::bounded(settings, limits, proxies, authority, hosts).await
    }

    /// With other bounds of a connection.
    pub(super) async fn of(settings: Settings) -> Self {
        let authority = Authority::new();
        authority.issue("server", &[HOST]);
        let hosts = Authority::hosts(authority.files("server"), &[]);
        let limits = listener::Limits::default();
        Self::bounded(settings, limits, Proxies::default(), authority, &hosts).await
    }

    async fn bounded(
        settings: Settings,
        limits: listener::Limits,
        proxies: Proxies,
        authority: Authority,
        hosts: &TlsSettings,
    ) -> Self {
        let clock = clock();
        let tls = Arc::new(Tls::load(hosts, clock.clone()).unwrap());
        let proxies = Arc::new(proxies);
        let house = House::behind(settings, Arc::clone(&proxies));
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = listener::Settings {
            address,
            channel: Channel::Portal,
            limits,
            proxies,
        };
        let listener = Listener::bind(&settings).await.unwrap();
        let address = listener.address().unwrap();
        let drain = Drain::default();
        let running = tokio::spawn(listener.run(
            tls.clone(),
            house.connections.clone(),
            house.codes.clone(),
            drain.listen(),
        ));
        Self {
            house,
            authority,
            address,
            tls,
            clock,
            drain,
            running,
        }
    }

    pub(super) fn client(&self, protocol: &[u8]) -> ClientConfig {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        self.client_by(Arc::new(provider), protocol)
    }

    pub(super) fn client_by(
        &self,
        provider: Arc<rustls::crypto::CryptoProvider>,
        protocol: &[u8],
    ) -> ClientConfig {
        self.client_with(provider, rustls::ALL_VERSIONS, protocol)
    }

    /// A client of one version.
    pub(super) fn client_of(
        &self,
        version: &'static rustls::SupportedProtocolVersion,
        protocol: &[u8],
    ) -> ClientConfig {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        self.client_with(Arc::new(provider), &[version], protocol)
    }

    fn client_with(
        &self,
        provider: Arc<rustls::crypto::CryptoProvider>,
        versions: &[&'static rustls::SupportedProtocolVersion],
        protocol: &[u8],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.certificate.clone()).unwrap();
        let mut config = ClientConfig::builder_with_details(provider, Arc::new(FixedTime))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        config
    }

    pub(super) async fn connect_with(
        &self,
        config: ClientConfig,
        server_name: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(server_name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }

    pub(super) async fn connect(&self) -> TlsStream<TcpStream> {
        self.connect_with(self.client(b"http/1.1"), HOST)
            .await
            .unwrap()
    }

    /// Sends bytes on a new connection; reads until the server closes it.
    pub(super) async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await
    }
}

pub(super) fn client_key(der: Vec<u8>) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(der).unwrap()
}

pub(super) async fn read_all(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Reads until this text has come.
pub(super) async fn read_until(stream: &mut (impl AsyncReadExt + Unpin), text: &str) -> String {
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(text) {
        assert_ne!(
            stream.read_buf(&mut answer).await.unwrap(),
            0,
            "ended before `{text}`"
        );
    }
    String::from_utf8(answer).unwrap()
}

#[derive(Debug)]
struct FixedTime;

impl rustls::time_provider::TimeProvider for FixedTime {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let seconds = u64::try_from(clock().now().unix_seconds()).unwrap();
        let since = std::time::Duration::from_secs(seconds);
        Some(rustls::pki_types::UnixTime::since_unix_epoch(since))
    }
}
