//! Whose connection, whose request? Proxies say for whom they speak, and only some are believed.
//!
//! In: the address the socket has, and what a trusted peer says: a header before TLS ([`proxy`]) or
//! fields of a request ([`forwarded`]). Out: the one address that limits, journal and upstreams are
//! told. Invariants: what an untrusted peer says is not read; what a trusted one says is read whole
//! and strictly, or refused: a proxy that writes what we do not understand hides a client.

pub mod checksum;
pub mod forwarded;
pub mod proxy;

use std::net::IpAddr;

use crate::domain::peer::AddressRange;

/// Whether trusted peers open each connection with a PROXY header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyProtocol {
    #[default]
    Off,
    /// Version 1 (text) or 2 (binary), whichever comes; without one the connection is refused.
    V1V2,
}

/// The peers that may speak for others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    pub trusted: Vec<AddressRange>,
    pub protocol: ProxyProtocol,
}

impl Proxies {
    /// Whether this peer may say for whom it speaks.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|range| range.contains(address))
    }

    /// Whether this peer must say it before TLS.
    pub(super) fn announce(&self, address: IpAddr) -> bool {
        self.protocol == ProxyProtocol::V1V2 && self.trust(address)
    }
}
