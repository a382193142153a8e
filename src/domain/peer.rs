//! The other end of a connection.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// Who speaks to us: the other end of a connection as the socket says it, or the client for whom a
/// configured proxy speaks.
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

/// A text that is not a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a range of addresses such as `10.0.0.0/8` or `2001:db8::/32`")]
pub struct AddressRangeError {
    given: String,
}

/// A range of addresses, as operators write it. Compared after a v4-mapped address was made the
/// IPv4 address it stands for, so that one host has one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressRange {
    network: IpAddr,
    prefix_bits: u32,
}

impl AddressRange {
    /// Reads `address/bits`, or one address. Refuses bits beyond the prefix: a range written
    /// `10.1.2.3/8` is a slip of someone who meant one of two things.
    pub fn parse(given: &str) -> Result<Self, AddressRangeError> {
        let refused = || AddressRangeError {
            given: given.chars().take(64).collect(),
        };
        let (address, bits) = given
            .split_once('/')
            .map_or((given, None), |(a, b)| (a, Some(b)));
        let network: IpAddr = address.parse().map_err(|_| refused())?;
        let bits_max = if network.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            Some(bits) => bits.parse().map_err(|_| refused())?,
            None => bits_max,
        };
        let range = Self {
            network,
            prefix_bits,
        };
        if prefix_bits > bits_max || network.to_canonical() != network || range.lowest() != network
        {
            return Err(refused());
        }
        Ok(range)
    }

    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = self.mask(32);
                u128::from(u32::from(network)) == u128::from(u32::from(address)) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                u128::from(network) == u128::from(address) & self.mask(128)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// Whether all addresses of a family are in it.
    #[must_use]
    pub const fn is_everyone(self) -> bool {
        self.prefix_bits == 0
    }

    fn lowest(self) -> IpAddr {
        match self.network {
            IpAddr::V4(network) => {
                let low = u128::from(u32::from(network)) & self.mask(32);
                u32::try_from(low).map_or(self.network, |low| IpAddr::V4(low.into()))
            }
            IpAddr::V6(network) => IpAddr::V6((u128::from(network) & self.mask(128)).into()),
        }
    }

    /// The bits that an address shares with its network, of a family this wide.
    fn mask(self, family_bits: u32) -> u128 {
        let host_bits = family_bits.saturating_sub(self.prefix_bits);
        u128::MAX.checked_shl(host_bits).unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given = String::deserialize(from)?;
        Self::parse(&given).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_addresses_in_either_spelling() {
        let holds = |range: &str, address: &str| {
            let range = AddressRange::parse(range).unwrap();
            range.contains(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.200.0.1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.0.0.1"), "PA-19");
        assert!(!holds("10.0.0.0/8", "::ffff:192.0.2.1"), "PA-19");
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(holds("192.0.2.7", "192.0.2.7"));
        assert!(!holds("192.0.2.7", "192.0.2.8"));
        for slip in [
            "10.1.2.3/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "x",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(AddressRange::parse(slip).is_err(), "{slip}");
        }
    }
}
