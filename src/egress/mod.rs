//! The one outbound client: what the gateway asks on its own account.
//!
//! Answers: what does a provider, a register of facts, a time-stamping body say? In: a request with
//! an absolute URL. Out: the whole answer, or why there is none. Invariants: a request goes only to
//! an authority of the allow-list; the addresses it resolves to are judged before one is connected
//! to, and exactly the judged address is connected to, so that a name cannot lead inside
//! ([`address::Reach`]); plain HTTP never leaves this machine; redirects are answers, not orders;
//! every exchange is bounded in time and bytes. Deliberately absent: kept connections, retries,
//! cookies, decompression.

mod address;
mod exchange;
mod tls;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::clock::Clock;

pub use address::{Allowed, Reach};
pub use tls::{Roots, RootsError};

/// Where requests may go and how long and large they may be.
#[derive(Debug, Clone)]
pub struct EgressSettings {
    pub allow: Vec<Allowed>,
    /// From the look-up of the name to the last byte of the answer.
    pub ms_max: u32,
    /// The largest body of an answer.
    pub bytes_max: u64,
    /// Who vouches for the other side's certificate.
    pub roots: Roots,
}

/// The outbound client.
pub struct Egress {
    allow: Vec<Allowed>,
    ms_max: u32,
    bytes_max: u64,
    tls: TlsConnector,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    #[error("the URL has no scheme and host that can be asked")]
    Url,
    #[error("`{authority}` is not in the allow-list of outbound requests")]
    NotAllowed { authority: String },
    #[error("`{authority}` leads to the address `{address}`, where requests may not go")]
    Address {
        authority: String,
        address: std::net::IpAddr,
    },
    #[error("`{authority}` would be asked over plain HTTP beyond this machine")]
    Plain { authority: String },
    #[error("`{authority}` cannot be resolved")]
    Resolve {
        authority: String,
        source: std::io::Error,
    },
    #[error("`{authority}` cannot be connected to")]
    Connect {
        authority: String,
        source: std::io::Error,
    },
    #[error("the exchange with `{authority}` broke off")]
    Exchange {
        authority: String,
        source: hyper::Error,
    },
    #[error("`{authority}` answered with more than {bytes_max} bytes")]
    TooLarge { authority: String, bytes_max: u64 },
    #[error("`{authority}` took more than {ms_max} ms")]
    Timeout { authority: String, ms_max: u32 },
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

impl Egress {
    /// A client with these bounds; certificates are judged by `clock`.
    ///
    /// # Errors
    /// [`EgressError::Tls`].
    pub fn new(settings: EgressSettings, clock: Arc<dyn Clock>) -> Result<Self, EgressError> {
        let config = tls::client(settings.roots, clock).map_err(EgressError::Tls)?;
        Ok(Self {
            allow: settings.allow,
            ms_max: settings.ms_max,
            bytes_max: settings.bytes_max,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Sends one request with an absolute `http` or `https` URL; gives back the whole answer,
    /// whatever its status.
    ///
    /// # Errors
    /// [`EgressError`]; nothing was sent unless it is `Exchange`, `TooLarge` or `Timeout`.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, EgressError> {
        let place = Place::of(request.uri())?;
        let allowed = self
            .allow
            .iter()
            .find(|allowed| allowed.is(&place.host, place.port))
            .ok_or_else(|| EgressError::NotAllowed {
                authority: place.authority(),
            })?;
        // Boxed: a TLS handshake's state is large, and every caller would carry it.
        let whole = Box::pin(self.exchange(&place, allowed, request));
        let bound = Duration::from_millis(u64::from(self.ms_max));
        tokio::time::timeout(bound, whole)
            .await
            .map_err(|_| EgressError::Timeout {
                authority: place.authority(),
                ms_max: self.ms_max,
            })?
    }

    async fn exchange(
        &self,
        place: &Place,
        allowed: &Allowed,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, EgressError> {
        let addresses = place.judged(allowed).await?;
        let connect = |source| EgressError::Connect {
            authority: place.authority(),
            source,
        };
        let stream = TcpStream::connect(addresses.as_slice())
            .await
            .map_err(connect)?;
        if !place.secure {
            return exchange::over(stream, place, request, self.bytes_max).await;
        }
        let name = tls::server_name(&place.host).ok_or(EgressError::Url)?;
        let stream = self.tls.connect(name, stream).await.map_err(connect)?;
        exchange::over(stream, place, request, self.bytes_max).await
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("allow", &self.allow)
            .finish_non_exhaustive()
    }
}

/// Where one request goes.
struct Place {
    secure: bool,
    /// Lower case, an IPv6 address without brackets.
    host: String,
    port: u16,
}

impl Place {
    fn of(uri: &Uri) -> Result<Self, EgressError> {
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(_) | None => return Err(EgressError::Url),
        };
        let authority = uri.authority().ok_or(EgressError::Url)?;
        if authority.as_str().contains('@') {
            return Err(EgressError::Url);
        }
        let port = authority
            .port_u16()
            .unwrap_or(if secure { 443 } else { 80 });
        let host = address::bare(authority.host()).to_ascii_lowercase();
        Ok(Self { secure, host, port })
    }

    /// The addresses the name leads to, when all of them may be asked.
    async fn judged(&self, allowed: &Allowed) -> Result<Vec<SocketAddr>, EgressError> {
        let found = lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(|source| EgressError::Resolve {
                authority: self.authority(),
                source,
            })?;
        let addresses: Vec<_> = found.collect();
        let refused = |address: &&SocketAddr| !allowed.reaches(address.ip());
        if let Some(address) = addresses.iter().find(refused) {
            return Err(EgressError::Address {
                authority: self.authority(),
                address: address.ip(),
            });
        }
        let here = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
        if !self.secure && !addresses.iter().all(here) {
            return Err(EgressError::Plain {
                authority: self.authority(),
            });
        }
        Ok(addresses)
    }

    fn authority(&self) -> String {
        address::written(&self.host, self.port)
    }
}
