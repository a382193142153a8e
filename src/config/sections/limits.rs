//! `[limits]`: how often, for whom, and with which other processes that is counted.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::config::place::Place;
use crate::config::secret::SecretFile;
use crate::config::sections::upstream::{Authority, named};
use crate::domain::name::OperationId;
use crate::domain::sheet::{At, Table};
use crate::limits::{self, LoadSettings, Rate, SharedSettings};
use crate::server::connection::Http2Limits;
use crate::server::guard;

/// The section as a whole.
#[derive(Debug)]
pub(in crate::config) struct Limits {
    pub(in crate::config) rates: limits::Settings,
    /// Where the operations with rates of their own are written.
    pub(in crate::config) operation_lines: BTreeMap<OperationId, u32>,
    pub(in crate::config) redis: Option<Redis>,
    pub(in crate::config) requests: Requests,
}

/// What one request may be, and how many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requests {
    pub load: LoadSettings,
    pub http1: guard::Limits,
    pub http2: Http2Limits,
}

/// A Redis that several processes count in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redis {
    /// `host:port`.
    pub address: String,
    pub tls: Option<RedisTls>,
    pub username: Option<String>,
    pub password: Option<SecretFile>,
    pub shared: SharedSettings,
    /// The longest that a request waits for it.
    pub timeout_ms_max: u32,
}

/// Whom to take for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisTls {
    /// PEM file of the authorities that vouch for it.
    pub roots: PathBuf,
    pub name: String,
    /// Certificate and key that are shown to it.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Limits {
    pub(in crate::config) fn read(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let address = table.need_section("address", rate);
        let principal = table.need_section("principal", rate);
        let guess = table.section_or("guess", GUESS_DEFAULT, rate);
        let mut operation_lines = BTreeMap::new();
        let operations = table.named("operations", |name, table| {
            let line = name.line;
            let (id, rate) = (named(name, table, OperationId::parse), rate(table));
            let id = id?;
            operation_lines.insert(id.clone(), line);
            Some((id, rate?))
        });
        let keys_max = table.bounded("keys_max", 100_000, (1_000, 100_000_000));
        let requests = Requests::read(table);
        let redis = table.section_or("redis", None, |t| Redis::read(t, place).map(Some));
        Some(Self {
            rates: limits::Settings {
                address: address?,
                principal: principal?,
                operations: operations.into_iter().collect(),
                guess: guess?,
                keys_max: usize::try_from(keys_max?).ok()?,
            },
            operation_lines,
            redis: redis?,
            requests: requests?,
        })
    }
}

impl Requests {
    fn read(table: &mut Table<'_>) -> Option<Self> {
        let load = load(table);
        let http1 = table.section_or("http1", guard::Limits::default(), http1);
        let http2 = table.section_or("http2", Http2Limits::default(), http2);
        Some(Self {
            load: load?,
            http1: http1?,
            http2: http2?,
        })
    }
}

fn load(table: &mut Table<'_>) -> Option<LoadSettings> {
    let default = LoadSettings::default();
    let under_way = u64::from(default.requests_under_way_max);
    let under_way = table.bounded("requests_under_way_max", under_way, (1, 1_000_000));
    let lag = table.bounded("lag_ms_max", u64::from(default.lag_ms_max), (1, 60_000));
    Some(LoadSettings {
        requests_under_way_max: u32::try_from(under_way?).ok()?,
        lag_ms_max: u32::try_from(lag?).ok()?,
    })
}

/// Lower than what is read elsewhere of it (target, cookies) is refused here; higher, there.
fn http1(table: &mut Table<'_>) -> Option<guard::Limits> {
    let default = guard::Limits::default();
    let mut number = |key, default: usize, bounds| {
        let read = table.bounded(key, u64::try_from(default).ok()?, bounds);
        usize::try_from(read?).ok()
    };
    let line = default.request_line_bytes_max;
    let line = number("request_line_bytes_max", line, (64, 64 * 1024));
    let head = number("head_bytes_max", default.head_bytes_max, (1024, 1 << 20));
    let headers = number("headers_max", default.headers_max, (8, 1_000));
    let name = number(
        "header_name_bytes_max",
        default.header_name_bytes_max,
        (16, 1_024),
    );
    let value = default.header_value_bytes_max;
    let value = number("header_value_bytes_max", value, (64, 64 * 1024));
    Some(guard::Limits {
        request_line_bytes_max: line?,
        head_bytes_max: head?,
        headers_max: headers?,
        header_name_bytes_max: name?,
        header_value_bytes_max: value?,
        ..default
    })
}

fn http2(table: &mut Table<'_>) -> Option<Http2Limits> {
    let default = Http2Limits::default();
    let mut number = |key, default, bounds| table.bounded(key, default, bounds);
    let list = u64::from(default.header_list_bytes_max);
    let streams = number("streams_max", u64::from(default.streams_max), (1, 10_000));
    let list = number("header_list_bytes_max", list, (1024, 1 << 20));
    let pending = number("pending_reset_streams_max", 20, (1, 1_000));
    let resets = number("local_error_resets_max", 100, (1, 10_000));
    Some(Http2Limits {
        streams_max: u32::try_from(streams?).ok()?,
        header_list_bytes_max: u32::try_from(list?).ok()?,
        pending_reset_streams_max: usize::try_from(pending?).ok()?,
        local_error_resets_max: usize::try_from(resets?).ok()?,
        ..default
    })
}

impl Redis {
    fn read(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let address = table.need_parsed("address", "write `host:port`", Authority::parse);
        let host = address.as_ref().map(|at| at.value.host().to_owned());
        let tls = table.section_or("tls", None, |t| RedisTls::read(t, place, host).map(Some));
        let username = table.want::<String>("username").map(|at| at.value);
        let password = match table.has("password_file") {
            true => Some(place.secret(table, "password_file")?),
            false => None,
        };
        let nodes = table.need_bounded("nodes", (1, 10_000));
        let lease_percent_max = table.bounded("lease_percent_max", 10, (0, 100));
        let lease_ms_max = table.bounded("lease_ms_max", 1_000, (1, 60_000));
        let timeout_ms_max = table.bounded("timeout_ms_max", 20, (1, 10_000));
        if username.is_some() && password.is_none() {
            let what = "`username` stands without `password_file`";
            table.note(table.line_of("username"), what, "write both, or neither");
        }
        Some(Self {
            address: address?.value.as_str().to_owned(),
            tls: tls?,
            username,
            password,
            shared: SharedSettings {
                nodes: positive(nodes?)?,
                lease_percent_max: u32::try_from(lease_percent_max?).ok()?,
                lease_ms_max: lease_ms_max?,
            },
            timeout_ms_max: u32::try_from(timeout_ms_max?).ok()?,
        })
    }
}

impl RedisTls {
    fn read(table: &mut Table<'_>, place: &Place, host: Option<String>) -> Option<Self> {
        let roots = place.file(table, "roots");
        let name = table.want::<String>("name").map(|At { value, .. }| value);
        let identity = match table.has("certificate") || table.has("key") {
            false => None,
            true => {
                let (certificate, key) =
                    (place.file(table, "certificate"), place.secret(table, "key"));
                Some((certificate?, key?.path().to_owned()))
            }
        };
        Some(Self {
            roots: roots?,
            name: name.or(host)?,
            identity,
        })
    }
}

fn rate(table: &mut Table<'_>) -> Option<Rate> {
    let requests_max = table.need_bounded("requests_max", (1, 10_000_000));
    let window_seconds = table.need_bounded("window_seconds", (1, 86_400));
    Some(Rate {
        requests_max: positive(requests_max?)?,
        window_seconds: positive(window_seconds?)?,
    })
}

fn positive(number: u64) -> Option<NonZeroU32> {
    u32::try_from(number).ok().and_then(NonZeroU32::new)
}

/// Five in a quarter of an hour: who types a code from paper mistypes it once or twice.
const GUESS_DEFAULT: Rate = Rate {
    requests_max: NonZeroU32::new(5).unwrap(),
    window_seconds: NonZeroU32::new(900).unwrap(),
};
