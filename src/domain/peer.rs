//! The other end of a connection.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The other end of a connection, as the socket says it (never as a header says it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    pub address: IpAddr,
    pub channel: Channel,
}

/// By which door a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    Portal,
    Interdepartmental,
}

impl Channel {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Interdepartmental => "interdepartmental",
        }
    }
}

/// The address a limit counts by: an IPv4 address, or the /64 of an IPv6 one (RFC 4291 §2.5.1:
/// a host may use any interface id in its subnet). A v4-mapped address is the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressBlock(IpAddr);

impl AddressBlock {
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(IpAddr::V4(v4)),
            IpAddr::V6(v6) => {
                let network = u128::from(v6) & (u128::MAX << 64);
                Self(IpAddr::V6(Ipv6Addr::from(network)))
            }
        }
    }

    /// The lowest address of the block.
    #[must_use]
    pub const fn network(self) -> IpAddr {
        self.0
    }
}
