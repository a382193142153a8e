//! The house itself: its name, its doors, its certificate, its store.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::Overrides;
use crate::config::place::Place;
use crate::config::secret::SecretFile;
use crate::config::sections::upstream::https_origin;
use crate::domain::peer::AddressRange;
use crate::domain::sheet::{At, Table};
use crate::domain::text::Texts;
use crate::server::client::{Proxies, ProxyProtocol};

/// The portal as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// Its origin, `https://portal.example`: what redirects lead to and tokens are meant for.
    pub origin: String,
    /// The origin's host.
    pub host: String,
    pub names: Texts,
    /// The body that runs it.
    pub operator: Texts,
    /// How to reach a human: a sentence with a telephone number or an address.
    pub help: Texts,
}

/// The listeners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    pub public: SocketAddr,
    pub admin: SocketAddr,
    /// Path of the control socket.
    pub control: PathBuf,
    pub connections_max: usize,
    pub connections_per_block_max: usize,
    /// Who may say for whom it speaks.
    pub proxies: Proxies,
}

/// Certificate chain and private key of the public listener, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: SecretFile,
}

/// Where what must last is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// Nowhere: for trying out.
    Memory,
    /// In files of this machine.
    Embedded {
        data_dir: PathBuf,
        /// Outside `data_dir` and its backups.
        lock_dir: PathBuf,
        /// With less space than this, recorded operations are refused.
        free_bytes_min: u64,
    },
}

impl Portal {
    pub(in crate::config) fn read(table: &mut Table<'_>) -> Option<Self> {
        let mend = "write an origin such as `https://portal.example`";
        let origin = table.need_parsed("url", mend, https_origin);
        let names = table.need_section("names", texts);
        let operator = table.need_section("operator", texts);
        let help = table.need_section("help", texts);
        let (origin, host) = origin?.value;
        Some(Self {
            origin,
            host,
            names: names?,
            operator: operator?,
            help: help?,
        })
    }
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
        Some(Self {
            certificate: certificate?,
            key: key?,
        })
    }
}

impl Store {
    pub(in crate::config) fn read(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let At { value: kind, line } = table.need::<String>("kind")?;
        match kind.as_str() {
            "memory" => Some(Self::Memory),
            "embedded" => Self::embedded(table, place),
            _ => {
                table.note(
                    line,
                    format!("`{kind}` is no store"),
                    "write `embedded` or `memory`",
                );
                None
            }
        }
    }

    fn embedded(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let data_dir = place.secret_dir(table, "data_dir");
        let lock_dir = place.secret_dir(table, "lock_dir");
        let free_bytes_min =
            table.bounded("free_bytes_min", FREE_BYTES_DEFAULT, (1 << 20, 1 << 50));
        let (data_dir, lock_dir) = (data_dir?, lock_dir?);
        if lock_dir.starts_with(&data_dir) {
            let mend = "put it beside: a restored backup must not bring an old lock back";
            table.note(table.line(), "`lock_dir` lies within `data_dir`", mend);
        }
        Some(Self::Embedded {
            data_dir,
            lock_dir,
            free_bytes_min: free_bytes_min?,
        })
    }
}

/// A text in all four languages.
pub(in crate::config) fn texts(table: &mut Table<'_>) -> Option<Texts> {
    let mut text = |language| table.need::<String>(language).map(|at| at.value);
    let (uz, uzc, ru, en) = (text("uz"), text("uzc"), text("ru"), text("en"));
    Some(Texts {
        uz: uz?,
        uzc: uzc?,
        ru: ru?,
        en: en?,
    })
}

const FREE_BYTES_DEFAULT: u64 = 256 << 20;
