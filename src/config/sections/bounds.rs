//! Time, streams, and what is told about the running program.

use std::path::PathBuf;

use crate::config::place::Place;
use crate::config::sections::upstream::{URL_MEND, guarded_url};
use crate::domain::peer::AddressRange;
use crate::domain::sheet::{At, Table};

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
    pub otlp: Option<Otlp>,
}

/// A collector of traces, spoken to in OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otlp {
    /// The whole URL.
    pub endpoint: String,
    /// PEM file of the authorities that vouch for it.
    pub roots: Option<PathBuf>,
    /// Of a hundred traces that begin here, so many are told of.
    pub sample_percent: u8,
    pub queue_spans_max: usize,
    pub batch_spans_max: usize,
    /// How long a span waits for others to go with it.
    pub batch_ms_max: u32,
    pub timeout_ms_max: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TelemetryFormat {
    Text,
    Json,
}

/// How many streams may be open at once, and how they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// Of one person or official; of nobody in particular, of one address block.
    pub per_principal_max: usize,
    /// Of one system, behind which many may stand.
    pub per_system_max: usize,
    pub streams_max: usize,
    /// From the first signal to stop until a stream is ended in good order.
    pub drain_ms_max: u32,
}

pub(in crate::config) fn streams(root: &mut Table<'_>) -> Option<Streams> {
    root.section_or("streams", STREAMS_DEFAULT, |table| {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let default = STREAMS_DEFAULT;
        let each = table.bounded(
            "per_principal_max",
            number(default.per_principal_max),
            (1, 10_000),
        );
        let system = table.bounded(
            "per_system_max",
            number(default.per_system_max),
            (1, 1_000_000),
        );
        let all = table.bounded("streams_max", number(default.streams_max), (1, 1_000_000));
        let drain = table.bounded(
            "drain_ms_max",
            u64::from(default.drain_ms_max),
            (0, 600_000),
        );
        Some(Streams {
            per_principal_max: usize::try_from(each?).ok()?,
            per_system_max: usize::try_from(system?).ok()?,
            streams_max: usize::try_from(all?).ok()?,
            drain_ms_max: u32::try_from(drain?).ok()?,
        })
    })
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

pub(in crate::config) fn telemetry(root: &mut Table<'_>, place: &Place) -> Option<Telemetry> {
    let default = Telemetry {
        format: TelemetryFormat::Text,
        filter: FILTER_DEFAULT.to_owned(),
        trace_sources: Vec::new(),
        otlp: None,
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
        let otlp = table.section_or("otlp", None, |t| Otlp::read(t, place).map(Some));
        Some(Telemetry {
            format: format?,
            filter,
            trace_sources: sources.into_iter().map(|at| at.value).collect(),
            otlp: otlp?,
        })
    })
}

impl Otlp {
    fn read(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        if !cfg!(feature = "otlp") {
            let mend = "build it with `--features otlp`, or take the section out";
            let what = "this program was built without the feature `otlp`";
            table.note(table.line_of("endpoint"), what, mend);
        }
        let endpoint = table.need_parsed("endpoint", URL_MEND, guarded_url);
        let roots = match table.has("roots") {
            true => Some(place.file(table, "roots")?),
            false => None,
        };
        let sample_percent = table.bounded("sample_percent", 100, (0, 100));
        let queue_spans_max = table.bounded("queue_spans_max", 2_048, (1, 1_000_000));
        let batch_spans_max = table.bounded("batch_spans_max", 512, (1, 10_000));
        let batch_ms_max = table.bounded("batch_ms_max", 5_000, (1, 60_000));
        let timeout_ms_max = table.bounded("timeout_ms_max", 10_000, (1, 60_000));
        Some(Self {
            endpoint: endpoint?.value,
            roots,
            sample_percent: u8::try_from(sample_percent?).ok()?,
            queue_spans_max: usize::try_from(queue_spans_max?).ok()?,
            batch_spans_max: usize::try_from(batch_spans_max?).ok()?,
            batch_ms_max: u32::try_from(batch_ms_max?).ok()?,
            timeout_ms_max: u32::try_from(timeout_ms_max?).ok()?,
        })
    }
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

const STREAMS_DEFAULT: Streams = Streams {
    per_principal_max: 16,
    per_system_max: 256,
    streams_max: 10_000,
    drain_ms_max: 5_000,
};
