//! `[upstreams.NAME]`: where an e-service's program listens, how it is spoken to, and its bounds.

use crate::config::place::Place;
use crate::config::sections::upstream::{Authority, named};
use crate::domain::name::UpstreamName;
use crate::domain::sheet::{At, Table};
use crate::upstream::{
    EjectionSettings, Endpoint, HealthSettings, PeerName, PoolSettings, Protocol, UpstreamTls,
};

/// An e-service's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// At least one.
    pub endpoints: Vec<Endpoint>,
    pub pool: PoolSettings,
}

impl Upstream {
    pub(in crate::config) fn read(
        name: At<&str>,
        table: &mut Table<'_>,
        place: &Place,
    ) -> Option<(UpstreamName, Self)> {
        let line = name.line;
        let id = named(name, table, UpstreamName::parse);
        let endpoints = endpoints(table, line);
        let protocol = table.parsed_or("protocol", Protocol::Http1, PROTOCOL_MEND, protocol);
        let tls = table.section_or("tls", None, |t| tls(t, place).map(Some));
        let ejection = table.section_or("ejection", EJECTION, ejection);
        let health = table.section_or("health", None, |t| health(t).map(Some));
        let mut number = |key, default, max| {
            let bounds = (1, max);
            table.bounded(key, default, bounds)
        };
        let connections_max = number("connections_max", 256, 100_000);
        let pending_max = number("pending_max", 1_024, 1_000_000);
        let kept_seconds_max = number("kept_seconds_max", 300, 86_400);
        let connect_ms_max = number("connect_ms_max", 1_000, 60_000);
        let idle_ms_max = number("idle_ms_max", 15_000, 3_600_000);
        let retries_max = table.bounded("retries_max", 16, (0, 100_000));
        let idle_connections_max = table.bounded("idle_connections_max", 32, (0, 10_000));
        let pool = PoolSettings {
            protocol: protocol?,
            tls: tls?,
            connections_max: usize::try_from(connections_max?).ok()?,
            pending_max: usize::try_from(pending_max?).ok()?,
            retries_max: usize::try_from(retries_max?).ok()?,
            idle_connections_max: usize::try_from(idle_connections_max?).ok()?,
            kept_seconds_max: u32::try_from(kept_seconds_max?).ok()?,
            connect_ms_max: u32::try_from(connect_ms_max?).ok()?,
            idle_ms_max: u32::try_from(idle_ms_max?).ok()?,
            ejection: ejection?,
            health: health?,
        };
        Some((
            id?,
            Self {
                endpoints: endpoints?,
                pool,
            },
        ))
    }
}

/// `address = "host:port"`, or `addresses` of several.
fn endpoints(table: &mut Table<'_>, line: u32) -> Option<Vec<Endpoint>> {
    let one = table.has("address");
    let several = table.list_parsed("addresses", ADDRESS_MEND, endpoint);
    if !one && !table.has("addresses") {
        return Some(vec![
            table.need_parsed("address", ADDRESS_MEND, endpoint)?.value,
        ]);
    }
    if one && table.has("addresses") {
        table.note(
            line,
            "both `address` and `addresses` are given",
            "write one of them",
        );
        return None;
    }
    if one {
        return Some(vec![
            table.need_parsed("address", ADDRESS_MEND, endpoint)?.value,
        ]);
    }
    let several: Vec<Endpoint> = several.into_iter().map(|at| at.value).collect();
    if several.is_empty() || several.len() > ENDPOINTS_MAX {
        let what = format!("`addresses` has {} of them", several.len());
        let mend = format!("write from 1 to {ENDPOINTS_MAX}, each `host:port`");
        table.note(line, what, mend);
        return None;
    }
    Some(several)
}

fn endpoint(given: &str) -> Result<Endpoint, String> {
    let authority = Authority::parse(given)?;
    Endpoint::parse(authority.as_str()).map_err(|cause| cause.to_string())
}

fn protocol(given: &str) -> Result<Protocol, String> {
    match given {
        "http1" => Ok(Protocol::Http1),
        "http2" => Ok(Protocol::Http2),
        _ => Err(format!("`{given}` is no protocol of an upstream")),
    }
}

fn tls(table: &mut Table<'_>, place: &Place) -> Option<UpstreamTls> {
    let roots = place.file(table, "roots");
    let name = table.parsed_or("name", PeerName::OfEndpoint, NAME_MEND, peer_name);
    let shows = table.has("certificate") || table.has("key");
    let identity = match shows {
        true => {
            let (certificate, key) = (place.file(table, "certificate"), place.secret(table, "key"));
            Some((certificate?, key?.path().to_owned()))
        }
        false => None,
    };
    Some(UpstreamTls {
        roots: roots?,
        name: name?,
        identity,
    })
}

fn peer_name(given: &str) -> Result<PeerName, String> {
    let is_dns = |name: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        !name.is_empty() && name.bytes().all(allowed)
    };
    match given.strip_prefix("spiffe://") {
        Some(rest) if rest.split('/').all(|part| !part.is_empty()) && rest.contains('/') => {
            Ok(PeerName::Spiffe(given.to_owned()))
        }
        None if is_dns(given) => Ok(PeerName::Dns(given.to_owned())),
        Some(_) | None => Err(format!("`{given}` is no name of a certificate")),
    }
}

fn ejection(table: &mut Table<'_>) -> Option<EjectionSettings> {
    let mut number = |key, default: u32, bounds| {
        let read = table.bounded(key, u64::from(default), bounds);
        read.and_then(|read| u32::try_from(read).ok())
    };
    let failures_max = number("failures_max", EJECTION.failures_max, (1, 1_000));
    let ejected_ms = number("ejected_ms", EJECTION.ejected_ms, (1, 3_600_000));
    let return_ms = number("return_ms", EJECTION.return_ms, (1, 3_600_000));
    let percent = EJECTION.ejected_percent_max;
    let ejected_percent_max = number("ejected_percent_max", percent, (0, 100));
    Some(EjectionSettings {
        failures_max: failures_max?,
        ejected_ms: ejected_ms?,
        return_ms: return_ms?,
        ejected_percent_max: ejected_percent_max?,
    })
}

fn health(table: &mut Table<'_>) -> Option<HealthSettings> {
    let path = table.need_parsed("path", PATH_MEND, |given| {
        let plain = given.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        match given.starts_with('/') && plain {
            true => Ok(given.to_owned()),
            false => Err(format!("`{given}` is no path")),
        }
    });
    let mut number = |key, default, max| {
        let read = table.bounded(key, default, (1, max));
        read.and_then(|read| u32::try_from(read).ok())
    };
    let every_ms = number("every_ms", 5_000, 3_600_000);
    let probe_ms_max = number("probe_ms_max", 1_000, 60_000);
    let failures_max = number("failures_max", 3, 1_000);
    let successes_min = number("successes_min", 2, 1_000);
    Some(HealthSettings {
        path: path?.value,
        every_ms: every_ms?,
        probe_ms_max: probe_ms_max?,
        failures_max: failures_max?,
        successes_min: successes_min?,
    })
}

/// Where nothing else is written.
const EJECTION: EjectionSettings = EjectionSettings {
    failures_max: 5,
    ejected_ms: 10_000,
    return_ms: 30_000,
    ejected_percent_max: 50,
};

const ENDPOINTS_MAX: usize = 1_000;
const ADDRESS_MEND: &str = "write `host:port`";
const PROTOCOL_MEND: &str = "write `http1` or `http2`";
const NAME_MEND: &str = "write a DNS name, or `spiffe://trust-domain/path`";
const PATH_MEND: &str = "write a path from `/`";
