//! Which authorities may be asked, and to which addresses they may lead.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An authority that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    host: String,
    port: u16,
    reach: Reach,
}

/// How far inside an authority may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To addresses of the public Internet only.
    Public,
    /// To loopback and private networks too: the operator said so. Link-local addresses, where
    /// clouds keep their metadata, stay out of reach.
    Inside,
}

/// Text that is no `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `host:port`")]
pub struct AllowedError(String);

impl Allowed {
    /// Reads `host:port`; an IPv6 address stands in brackets. Who writes an address or `localhost`
    /// knows where it leads: those reach inside; other names do not, unless [`Allowed::inside`].
    ///
    /// # Errors
    /// `AllowedError` when there is no host or no port.
    pub fn parse(given: &str) -> Result<Self, AllowedError> {
        let error = || AllowedError(given.to_owned());
        let (host, port) = given.rsplit_once(':').ok_or_else(error)?;
        let port = port.parse().map_err(|_| error())?;
        let host = bare(host).to_ascii_lowercase();
        if host.is_empty() || host.contains(['/', '@', '?', '#']) {
            return Err(error());
        }
        let reach = match host.parse::<IpAddr>() {
            Ok(_) => Reach::Inside,
            Err(_) if host == "localhost" => Reach::Inside,
            Err(_) => Reach::Public,
        };
        Ok(Self { host, port, reach })
    }

    /// The same authority, allowed to lead to addresses inside.
    #[must_use]
    pub fn inside(self) -> Self {
        Self {
            reach: Reach::Inside,
            ..self
        }
    }

    pub(super) fn is(&self, host: &str, port: u16) -> bool {
        self.host == host && self.port == port
    }

    /// Whether this authority may lead to that address.
    pub(super) fn reaches(&self, address: IpAddr) -> bool {
        match (Zone::of(address), self.reach) {
            (Zone::Public, _) | (Zone::Inside, Reach::Inside) => true,
            (Zone::Inside, Reach::Public) | (Zone::Nowhere, _) => false,
        }
    }
}

/// A host without the brackets of an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

/// `host:port` with the brackets an IPv6 address needs.
pub(super) fn written(host: &str, port: u16) -> String {
    if host.contains(':') {
        return format!("[{host}]:{port}");
    }
    format!("{host}:{port}")
}

/// Where an address lies (RFC 6890).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    Public,
    /// Loopback, private and shared networks.
    Inside,
    /// Link-local, multicast, unspecified, reserved, or wrapped in a transition prefix, behind
    /// which any IPv4 address can hide.
    Nowhere,
}

impl Zone {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, c, _] = address.octets();
        let shared = a == 100 && (64..128).contains(&b);
        let benchmark = a == 198 && (b == 18 || b == 19);
        if address.is_loopback() || address.is_private() || shared {
            return Self::Inside;
        }
        let nowhere = a == 0
            || a >= 224
            || address.is_link_local()
            || address.is_documentation()
            || (a == 192 && b == 0 && c == 0)
            || benchmark;
        if nowhere { Self::Nowhere } else { Self::Public }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_loopback() || address.is_unique_local() {
            return Self::Inside;
        }
        // Only 2000::/3 is handed out; of it, Teredo, documentation and 6to4 are no one's.
        let [first, second, ..] = address.segments();
        let global = first & 0xe000 == 0x2000;
        let wrapped = first == 0x2002 || (first == 0x2001 && (second == 0 || second == 0xdb8));
        if global && !wrapped {
            Self::Public
        } else {
            Self::Nowhere
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_only_to_public_addresses_unless_the_operator_says_otherwise() {
        let name = Allowed::parse("idp.example:443").unwrap();
        let inside = name.clone().inside();
        for (address, by_name, by_inside) in [
            ("93.184.215.14", true, true),
            ("2a00:1450::1", true, true),
            ("127.0.0.1", false, true),
            ("10.1.2.3", false, true),
            ("100.64.0.1", false, true),
            ("::1", false, true),
            ("fd00::1", false, true),
            ("::ffff:10.0.0.1", false, true),
            ("169.254.169.254", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("fe80::1", false, false),
            ("64:ff9b::a9fe:a9fe", false, false),
            ("2002:a9fe:a9fe::1", false, false),
            ("0.0.0.0", false, false),
            ("::", false, false),
            ("224.0.0.1", false, false),
            ("255.255.255.255", false, false),
        ] {
            let ip = address.parse().unwrap();
            assert_eq!(name.reaches(ip), by_name, "{address} by name");
            assert_eq!(inside.reaches(ip), by_inside, "{address} inside");
        }
    }

    #[test]
    fn an_authority_is_a_host_and_a_port_and_nothing_else() {
        for wrong in ["", "host", "host:", ":443", "host:99999", "a/b:1", "u@h:1"] {
            assert!(Allowed::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Allowed::parse("[::1]:443").unwrap().is("::1", 443));
        assert!(
            Allowed::parse("IDP.example:443")
                .unwrap()
                .is("idp.example", 443)
        );
    }
}
