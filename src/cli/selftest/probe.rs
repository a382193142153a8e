//! One attack in a connection of its own: sends, reads until there is nothing more to hear, and says
//! what came. Bounded in time and bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::client::{ResolvesClientCert, WantsClientCert};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ConfigBuilder, SignatureScheme, version};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::cli::selftest::corpus::{Expects, Sends, plain};
use crate::cli::selftest::frames;
use crate::cli::selftest::hello::{InPieces, Pieces};
use crate::cli::selftest::strangers::Stranger;
use crate::clock::{Clock, TlsTime};
use crate::egress::Roots;

/// The deployment that is tried.
pub(super) struct Probe {
    /// `host:port`, to connect to.
    pub(super) address: String,
    /// The host that is asked for and that the certificate must be of.
    pub(super) name: ServerName<'static>,
    /// As it stands in `Host`.
    pub(super) host: String,
    pub(super) roots: Roots,
    pub(super) clock: Arc<dyn Clock>,
    /// Longest wait for all that comes of one attack.
    pub(super) case_max: Duration,
}

/// What came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) statuses: Vec<u16>,
    /// The other side ended the connection, or the stream that was asked on.
    pub(super) ended: bool,
    /// The other side ended the whole connection.
    pub(super) hung_up: bool,
    /// A TLS record that goes on with the handshake.
    pub(super) shook_hands: bool,
    /// Whom the handshake met, where it was shaken in a way of its own.
    pub(super) met: Option<Met>,
    pub(super) bytes: Vec<u8>,
}

/// Whom a handshake met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Met {
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// A client certificate was asked for.
    pub(super) asks: bool,
}

/// How hands are shaken.
#[derive(Debug, Clone)]
pub(super) struct Shake {
    pub(super) pieces: Pieces,
    /// Whether the server's name is said.
    pub(super) named: bool,
    pub(super) shows: Option<Arc<Stranger>>,
}

/// Hears whether a client certificate is asked for, and shows the stranger's where there is one.
#[derive(Debug)]
struct Asked {
    was: AtomicBool,
    shows: Option<Arc<Stranger>>,
}

impl ResolvesClientCert for Asked {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.was.store(true, Ordering::Relaxed);
        self.shows.as_ref()?.resolve(authorities, schemes)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl Probe {
    /// Tries one attack.
    ///
    /// # Errors
    /// When no connection can be made.
    pub(super) async fn send(&self, sends: &Sends) -> Result<Came, String> {
        match sends {
            Sends::Http1(bytes) => {
                let stream = self.connect(b"http/1.1").await?;
                Ok(answers(self.exchange(stream, bytes, never).await))
            }
            Sends::Http2(bytes) | Sends::Flood(bytes) => {
                let stream = self.connect(b"h2").await?;
                if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                    return Err("no HTTP/2 is spoken there".to_owned());
                }
                let bytes = [frames::opening(), bytes.clone()].concat();
                let until: fn(&[u8]) -> bool = match sends {
                    Sends::Flood(_) => never,
                    Sends::Http1(_) | Sends::Http2(_) | Sends::Hello(_) => settled,
                };
                Ok(streams(self.exchange(stream, &bytes, until).await))
            }
            Sends::Hello(bytes) => {
                let stream = self.tcp().await?;
                let mut came = self.exchange(stream, bytes, never).await;
                came.shook_hands = came.bytes.first() == Some(&22);
                Ok(came)
            }
        }
    }

    /// A plain request after a handshake of this kind. No handshake is an outcome too.
    ///
    /// # Errors
    /// When no connection can be made, or it comes to no end in time.
    pub(super) async fn shaken(&self, shake: Shake) -> Result<Came, String> {
        let stream = self.tcp().await?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        let asked = Arc::new(Asked {
            was: AtomicBool::new(false),
            shows: shake.shows,
        });
        let resolver: Arc<dyn ResolvesClientCert> = Arc::<Asked>::clone(&asked);
        let mut config = self.tls()?.with_client_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.enable_sni = shake.named;
        let connector = TlsConnector::from(Arc::new(config));
        let stream = InPieces::new(stream, shake.pieces);
        let shaken = timeout(self.case_max, connector.connect(self.name.clone(), stream)).await;
        let Ok(stream) = shaken.map_err(|_| "no handshake in time".to_owned())? else {
            return Ok(Came {
                ended: true,
                hung_up: true,
                ..Came::default()
            });
        };
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = chain.iter().map(|c| c.clone().into_owned()).collect();
        let bytes = plain("/", &self.host);
        let mut came = answers(self.exchange(stream, &bytes, never).await);
        let asks = asked.was.load(Ordering::Relaxed);
        came.met = Some(Met { chain, asks });
        Ok(came)
    }

    /// The status of a plain request.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn status(&self, path: &str) -> Result<u16, String> {
        let came = self.send(&Sends::Http1(plain(path, &self.host))).await?;
        let first = came.statuses.first().copied();
        first.ok_or_else(|| format!("`{path}` is not answered"))
    }

    pub(super) async fn tcp(&self) -> Result<TcpStream, String> {
        let connected = timeout(self.case_max, TcpStream::connect(&self.address)).await;
        let stream = connected.map_err(|_| "no connection in time".to_owned())?;
        stream.map_err(|cause| format!("no connection: {cause}"))
    }

    async fn connect(&self, protocol: &[u8]) -> Result<TlsStream<TcpStream>, String> {
        let stream = self.tcp().await?;
        let mut config = self.tls()?.with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let shaken = timeout(self.case_max, connector.connect(self.name.clone(), stream)).await;
        let stream = shaken.map_err(|_| "no handshake in time".to_owned())?;
        stream.map_err(|cause| format!("no handshake: {cause}"))
    }

    fn tls(&self) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let time = Arc::new(TlsTime(Arc::clone(&self.clock)));
        let versions = ClientConfig::builder_with_details(provider, time)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12]);
        let versions = versions.map_err(|cause| cause.to_string())?;
        Ok(versions.with_root_certificates(self.roots.store()))
    }

    /// Writes it all while it reads: the other side may have had enough before the end.
    async fn exchange<S>(&self, stream: S, bytes: &[u8], settled: fn(&[u8]) -> bool) -> Came
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut reading, mut writing) = tokio::io::split(stream);
        let mut came = Came::default();
        let sending = async {
            // An error is the other side's going; what it said before is still read.
            let _sent = writing.write_all(bytes).await;
            let _flushed = writing.flush().await;
            std::future::pending::<()>().await;
        };
        let hearing = async {
            while came.bytes.len() < BYTES_MAX {
                match reading.read_buf(&mut came.bytes).await {
                    Ok(0) | Err(_) => {
                        came.ended = true;
                        came.hung_up = true;
                        return;
                    }
                    Ok(_) if settled(&came.bytes) => return,
                    Ok(_) => {}
                }
            }
        };
        let both = async {
            tokio::select! {
                () = hearing => {}
                () = sending => {}
            }
        };
        let _in_time = timeout(self.case_max, both).await;
        came
    }
}

/// Whether this is what must come.
pub(super) fn is_right(expects: Expects, came: &Came, plain: Option<u16>) -> bool {
    let refusal = |status: &u16| REFUSALS.contains(status);
    let one = match came.statuses.as_slice() {
        [status] => Some(*status),
        _ => None,
    };
    match expects {
        Expects::Refused => {
            came.hung_up && came.statuses.len() <= 1 && came.statuses.iter().all(refusal)
        }
        Expects::Status(allowed) => one.is_some_and(|status| allowed.contains(&status)),
        Expects::As(_) => one.is_some() && one == plain,
        Expects::Hidden(text) => {
            let shows = came.bytes.windows(text.len()).any(|w| w == text.as_bytes());
            one.is_some_and(|status| (300..500).contains(&status)) && !shows
        }
        Expects::StreamRefused => match came.statuses.as_slice() {
            [] => came.ended,
            statuses => statuses.iter().all(refusal),
        },
        Expects::ConnectionEnded => came.hung_up,
        Expects::NoHandshake => came.ended && !came.shook_hands,
    }
}

/// Waits for all that comes.
const fn never(_: &[u8]) -> bool {
    false
}

/// Whether nothing more is to be waited for on HTTP/2: what was asked is answered or refused.
fn settled(bytes: &[u8]) -> bool {
    let of_stream = |frame: &frames::Frame| {
        frame.stream == 1 && matches!(frame.kind, frames::HEADERS | frames::RST_STREAM)
    };
    every_frame(bytes).iter().any(of_stream)
}

fn every_frame(bytes: &[u8]) -> Vec<frames::Frame> {
    // The first that a server sends is its SETTINGS (RFC 9113 §3.4): all else is not HTTP/2.
    if bytes.get(3) != Some(&4) {
        return Vec::new();
    }
    let mut rest = bytes;
    let mut found = Vec::new();
    while let Some((frame, length)) = frames::next(rest) {
        found.push(frame);
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// The answers of HTTP/1: lines that begin with the version.
fn answers(mut came: Came) -> Came {
    let bytes = &came.bytes;
    let starts = bytes.windows(9).enumerate().filter(|(at, window)| {
        let begins =
            *at == 0 || bytes.get(at - 1) == Some(&b'\n') || bytes.get(at - 1) == Some(&b'}');
        begins && (window.starts_with(b"HTTP/1.1 ") || window.starts_with(b"HTTP/1.0 "))
    });
    let status = |(at, _): (usize, &[u8])| {
        let digits = bytes.get(at + 9..at + 12)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    };
    came.statuses = starts.filter_map(status).collect();
    came
}

/// The answers of HTTP/2 on the stream that was asked on.
fn streams(mut came: Came) -> Came {
    for frame in every_frame(&came.bytes) {
        match frame.kind {
            frames::HEADERS if frame.stream == 1 => {
                came.statuses.extend(frames::status(&frame.payload));
            }
            frames::RST_STREAM if frame.stream == 1 => came.ended = true,
            frames::GOAWAY => {
                came.ended = true;
                came.hung_up = true;
            }
            _ => {}
        }
    }
    came
}

/// Statuses that say no to what was sent.
const REFUSALS: [u16; 13] = [
    400, 403, 404, 405, 408, 411, 413, 414, 417, 421, 431, 501, 505,
];
/// Most bytes that are read of one connection.
const BYTES_MAX: usize = 256 * 1024;
