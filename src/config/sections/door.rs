//! The doors: where they are, who is believed there, and what is shown to whom.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::Overrides;
use crate::config::place::Place;
use crate::config::secret::SecretFile;
use crate::domain::peer::AddressRange;
use crate::domain::sheet::{At, Table};
use crate::server::client::{Proxies, ProxyProtocol};
use crate::server::tls::Demand;
use crate::wire::host::HostPattern;

/// The listeners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    pub public: SocketAddr,
    pub admin: SocketAddr,
    /// Path of the control socket.
    pub control: PathBuf,
    pub connections_max: usize,
    pub connections_per_block_max: usize,
    pub handshakes_max: usize,
    pub handshakes_per_block_max: usize,
    /// Who may say for whom it speaks.
    pub proxies: Proxies,
}

/// What a host shows and asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Chain and private key, PEM.
    pub certificate: PathBuf,
    pub key: SecretFile,
    /// An answer of OCSP, DER.
    pub staple: Option<PathBuf>,
    /// Authorities of client certificates, PEM; and whether everyone must have one.
    pub clients: Option<(PathBuf, Demand)>,
}

/// A host beside the portal's, or all that are one label below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FurtherHost {
    pub host: HostPattern,
    pub tls: Tls,
    pub line: u32,
}

impl Listen {
    pub(in crate::config) fn read(
        table: &mut Table<'_>,
        place: &Place,
        overrides: &Overrides,
    ) -> Option<Self> {
        let mend = "write `address:port`";
        let public = table.need_parsed("public", mend, str::parse::<SocketAddr>);
        let admin = table.need_parsed("admin", mend, str::parse::<SocketAddr>);
        let control = place.path(table, "control");
        let connections_max = table.bounded("connections_max", 10_000, (1, 1_000_000));
        let per_block = table.bounded("connections_per_block_max", 256, (1, 1_000_000));
        let handshakes = table.bounded("handshakes_max", 1_000, (1, 100_000));
        let handshakes_per_block = table.bounded("handshakes_per_block_max", 64, (1, 100_000));
        let proxies = proxies(table);
        let public_address = overrides
            .listen_public
            .or(public.as_ref().map(|at| at.value));
        let admin_address = overrides.listen_admin.or(admin.as_ref().map(|at| at.value));
        if let (Some(at), Some(public), Some(admin)) = (&admin, public_address, admin_address)
            && public == admin
            && public.port() != 0
        {
            let what = format!("`admin` and `public` are both `{admin}`");
            table.note(at.line, what, "give `admin` a port of its own");
        }
        Some(Self {
            public: public_address?,
            admin: admin_address?,
            control: control?,
            connections_max: usize::try_from(connections_max?).ok()?,
            connections_per_block_max: usize::try_from(per_block?).ok()?,
            handshakes_max: usize::try_from(handshakes?).ok()?,
            handshakes_per_block_max: usize::try_from(handshakes_per_block?).ok()?,
            proxies: proxies?,
        })
    }
}

/// Peers that are believed, and how they speak.
fn proxies(table: &mut Table<'_>) -> Option<Proxies> {
    let mend = "write a range such as `10.0.0.0/8` or `2001:db8::/32`";
    let trusted = table.list_parsed("trusted_proxies", mend, |given| {
        let range = AddressRange::parse(given).map_err(|cause| cause.to_string())?;
        if range.is_everyone() {
            return Err(format!("`{given}` is everyone"));
        }
        Ok(range)
    });
    let line = table.line_of("proxy_protocol");
    let mend = "write `off` or `v1v2`";
    let protocol = table.parsed_or(
        "proxy_protocol",
        ProxyProtocol::Off,
        mend,
        |given| match given {
            "off" => Ok(ProxyProtocol::Off),
            "v1v2" => Ok(ProxyProtocol::V1V2),
            _ => Err(format!("`{given}` is no version of the PROXY protocol")),
        },
    );
    if protocol == Some(ProxyProtocol::V1V2) && table.is_empty("trusted_proxies") {
        let what = "nobody may open a connection with a PROXY header";
        table.note(line, what, "name the balancers in `trusted_proxies`");
    }
    Some(Proxies {
        trusted: trusted.into_iter().map(|at| at.value).collect(),
        protocol: protocol?,
    })
}

impl Tls {
    pub(in crate::config) fn read(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let certificate = place.file(table, "certificate");
        let key = place.secret(table, "key");
        let staple = table.has("staple").then(|| place.file(table, "staple"));
        let line = table.line_of("client_certificate");
        let demanded = table.has("client_certificate");
        let mend = "write `optional` or `required`";
        let demand =
            table.parsed_or(
                "client_certificate",
                Demand::Optional,
                mend,
                |given| match given {
                    "optional" => Ok(Demand::Optional),
                    "required" => Ok(Demand::Required),
                    _ => Err(format!("`{given}` is no way to ask for a certificate")),
                },
            );
        let clients = if table.has("client_authorities") {
            Some(place.file(table, "client_authorities")?)
        } else {
            if demanded {
                let mend = "name the PEM file of the authorities in `client_authorities`";
                table.note(line, "no client certificate could hold", mend);
            }
            None
        };
        Some(Self {
            certificate: certificate?,
            key: key?,
            staple: match staple {
                None => None,
                Some(staple) => Some(staple?),
            },
            clients: match clients {
                None => None,
                Some(authorities) => Some((authorities, demand?)),
            },
        })
    }
}

impl FurtherHost {
    pub(in crate::config) fn read(
        name: &At<&str>,
        table: &mut Table<'_>,
        place: &Place,
    ) -> Option<At<Self>> {
        let line = name.line;
        let host = HostPattern::parse(name.value);
        if host.is_err() {
            let what = format!("`{}` is no host", name.value);
            table.note(
                line,
                what,
                "write a name, or `*.` and a name below which all are meant",
            );
        }
        let tls = Tls::read(table, place);
        let host = Self {
            host: host.ok()?,
            tls: tls?,
            line,
        };
        Some(At { value: host, line })
    }
}
