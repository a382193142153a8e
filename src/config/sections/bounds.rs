//! Limits, time and what is told about the running program.

use std::num::NonZeroU32;

use crate::domain::peer::AddressRange;
use crate::domain::sheet::{At, Table};
use crate::limits::{self, Rate};

/// How long things may take, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub handshake_ms_max: u32,
    /// From a connection's first byte to the end of a request's head.
    pub head_ms_max: u32,
    /// Longest silence within a request's body.
    pub body_idle_ms_max: u32,
    /// A kept-alive connection without a request.
    pub keep_alive_ms_max: u32,
    /// From the signal to stop until what still runs is cut.
    pub drain_ms_max: u32,
    /// The same where another process takes over, for which new connections wait.
    pub handover_ms_max: u32,
    /// One request of the gateway's own: to a provider, to a register of facts.
    pub egress_ms_max: u32,
    /// How long facts about staff and persons are remembered.
    pub fact_age_ms_max: u32,
}

/// Whose word on the time is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    pub trust: ClockTrust,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockTrust {
    /// The kernel says that it is synchronised.
    Kernel,
    /// Other clocks are asked.
    References,
    /// The operator answers for it.
    Operator,
}

/// Metrics and messages of the running program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    pub format: TelemetryFormat,
    /// Which messages are written, `info` or `muhrdor=debug,info`.
    pub filter: String,
    /// Whose traces go on here; anyone else's requests begin new ones.
    pub trace_sources: Vec<AddressRange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TelemetryFormat {
    Text,
    Json,
}

pub(in crate::config) fn limits(table: &mut Table<'_>) -> Option<limits::Settings> {
    let address = table.need_section("address", rate);
    let principal = table.need_section("principal", rate);
    let keys_max = table.bounded("keys_max", 100_000, (1_000, 100_000_000));
    Some(limits::Settings {
        address: address?,
        principal: principal?,
        keys_max: usize::try_from(keys_max?).ok()?,
    })
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

pub(in crate::config) fn timeouts(root: &mut Table<'_>) -> Option<Timeouts> {
    root.section_or("timeouts", TIMEOUTS_DEFAULT, |table| {
        let mut ms = |key, default: u32| {
            let ms = table.bounded(key, u64::from(default), (1, 3_600_000))?;
            u32::try_from(ms).ok()
        };
        let default = TIMEOUTS_DEFAULT;
        let handshake = ms("handshake_ms_max", default.handshake_ms_max);
        let head = ms("head_ms_max", default.head_ms_max);
        let body = ms("body_idle_ms_max", default.body_idle_ms_max);
        let keep_alive = ms("keep_alive_ms_max", default.keep_alive_ms_max);
        let drain = ms("drain_ms_max", default.drain_ms_max);
        let handover = ms("handover_ms_max", default.handover_ms_max);
        let egress = ms("egress_ms_max", default.egress_ms_max);
        let fact_age = ms("fact_age_ms_max", default.fact_age_ms_max);
        Some(Timeouts {
            handshake_ms_max: handshake?,
            head_ms_max: head?,
            body_idle_ms_max: body?,
            keep_alive_ms_max: keep_alive?,
            drain_ms_max: drain?,
            handover_ms_max: handover?,
            egress_ms_max: egress?,
            fact_age_ms_max: fact_age?,
        })
    })
}

pub(in crate::config) fn clock(table: &mut Table<'_>) -> Option<Clock> {
    let mend = "write `kernel`, `references` or `operator`";
    let trust = table.need_parsed("trust", mend, |given| match given {
        "kernel" => Ok(ClockTrust::Kernel),
        "references" => Ok(ClockTrust::References),
        "operator" => Ok(ClockTrust::Operator),
        _ => Err(format!("`{given}` is nobody to trust with the time")),
    });
    trust.map(|At { value: trust, .. }| Clock { trust })
}

pub(in crate::config) fn telemetry(root: &mut Table<'_>) -> Option<Telemetry> {
    let default = Telemetry {
        format: TelemetryFormat::Text,
        filter: FILTER_DEFAULT.to_owned(),
        trace_sources: Vec::new(),
    };
    root.section_or("telemetry", default, |table| {
        let mend = "write `text` or `json`";
        let format = table.parsed_or("format", TelemetryFormat::Text, mend, |given| match given {
            "text" => Ok(TelemetryFormat::Text),
            "json" => Ok(TelemetryFormat::Json),
            _ => Err(format!("`{given}` is no format")),
        });
        let filter = table.want::<String>("filter");
        let filter = filter.map_or_else(|| FILTER_DEFAULT.to_owned(), |at| at.value);
        let mend = "write ranges of addresses such as `10.0.0.0/8`";
        let sources = table.list_parsed("trace_sources", mend, AddressRange::parse);
        Some(Telemetry {
            format: format?,
            filter,
            trace_sources: sources.into_iter().map(|at| at.value).collect(),
        })
    })
}

const FILTER_DEFAULT: &str = "info";

const TIMEOUTS_DEFAULT: Timeouts = Timeouts {
    handshake_ms_max: 10_000,
    head_ms_max: 10_000,
    body_idle_ms_max: 15_000,
    keep_alive_ms_max: 60_000,
    drain_ms_max: 30_000,
    handover_ms_max: 10_000,
    egress_ms_max: 3_000,
    fact_age_ms_max: 5_000,
};
