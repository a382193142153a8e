//! The way of spans to their collector: OTLP over HTTP, in JSON.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode, Uri};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::app::error::AppError;
use crate::clock::Clock;
use crate::config::{Authority, Otlp};
use crate::egress::{Allowed, Egress, EgressError, EgressSettings, Roots};
use crate::server::drain::{Drained, Stage};
use crate::telemetry::spans::encoding::{export, rejected};
use crate::telemetry::spans::{Span, Spans, Told, told};

/// Takes spans from their queue to the collector, a batch at a time. What the collector does not
/// take is counted and lost: telemetry is no evidence.
pub(in crate::app) struct Exporter {
    waiting: mpsc::Receiver<Span>,
    egress: Egress,
    endpoint: Uri,
    batch_spans_max: usize,
    batch_max: Duration,
    /// Whether the last batch was taken; a change is told once.
    is_taken: bool,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("the collector answered {0}")]
    Status(StatusCode),
    #[error("{0}")]
    Request(#[from] http::Error),
}

impl Exporter {
    /// The queue's end for requests, and the exporter at its other.
    pub(in crate::app) fn new(
        otlp: &Otlp,
        clock: &Arc<dyn Clock>,
    ) -> Result<(Spans, Self), AppError> {
        let refused = |cause: String| AppError::Setting {
            what: "telemetry.otlp".to_owned(),
            cause,
        };
        let authority = Authority::of_url(&otlp.endpoint);
        let authority = authority.ok_or_else(|| refused("no host".to_owned()))?;
        let allowed = Allowed::parse(authority.as_str());
        // The operator wrote this one address, wherever it leads.
        let allowed = allowed
            .map_err(|cause| refused(cause.to_string()))?
            .inside();
        let roots = match &otlp.roots {
            Some(path) => Roots::load(path).map_err(|cause| refused(cause.to_string()))?,
            None => Roots::none(),
        };
        let settings = EgressSettings {
            allow: vec![allowed],
            ms_max: otlp.timeout_ms_max,
            bytes_max: ANSWER_BYTES_MAX,
            roots,
        };
        let egress = Egress::new(settings, Arc::clone(clock));
        let endpoint = Uri::try_from(&otlp.endpoint);
        let (spans, waiting) = Spans::queue(otlp.queue_spans_max, otlp.sample_percent);
        let exporter = Self {
            waiting,
            egress: egress.map_err(|cause| refused(cause.to_string()))?,
            endpoint: endpoint.map_err(|cause| refused(cause.to_string()))?,
            batch_spans_max: otlp.batch_spans_max,
            batch_max: Duration::from_millis(u64::from(otlp.batch_ms_max)),
            is_taken: true,
        };
        Ok((spans, exporter))
    }

    /// Until the last stage; what has ended by then is sent once more.
    pub(in crate::app) async fn run(mut self, mut drained: Drained) {
        let mut batch = Vec::new();
        let sending = async {
            loop {
                self.gather(&mut batch).await;
                self.send(&batch).await;
                batch.clear();
            }
        };
        tokio::select! {
            biased;
            () = drained.reached(Stage::Now) => {}
            () = sending => {}
        }
        let rest = async {
            while let Ok(span) = self.waiting.try_recv() {
                batch.push(span);
            }
            for part in batch.chunks(self.batch_spans_max) {
                self.send(part).await;
            }
        };
        // A collector that does not answer keeps nobody from ending.
        let _in_time = timeout(REST_MAX, rest).await;
    }

    /// Waits for a span, and then for others to go with it.
    async fn gather(&mut self, batch: &mut Vec<Span>) {
        let spans_max = self.batch_spans_max;
        self.waiting.recv_many(batch, spans_max).await;
        let mut waited = pin!(sleep(self.batch_max));
        while batch.len() < spans_max {
            tokio::select! {
                () = waited.as_mut() => return,
                more = self.waiting.recv_many(batch, spans_max - batch.len()) => {
                    if more == 0 {
                        return;
                    }
                }
            }
        }
    }

    async fn send(&mut self, batch: &[Span]) {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        match self.export(batch).await {
            Ok(rejected) => {
                let rejected = rejected.min(spans);
                told(Told::Taken, spans - rejected);
                told(Told::Refused, rejected);
                if !self.is_taken {
                    tracing::info!(target: TARGET, "the collector takes spans again");
                }
                self.is_taken = true;
            }
            Err(cause) => {
                told(Told::Refused, spans);
                if self.is_taken {
                    tracing::warn!(target: TARGET, %cause, "the collector does not take spans");
                }
                self.is_taken = false;
            }
        }
    }

    /// How many of them the collector did not take.
    async fn export(&self, batch: &[Span]) -> Result<u64, ExportError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.endpoint.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(export(batch).to_string()))?;
        let answer = self.egress.send(request).await?;
        match answer.status().is_success() {
            true => Ok(rejected(answer.body())),
            false => Err(ExportError::Status(answer.status())),
        }
    }
}

const TARGET: &str = "muhrdor::spans";
/// The largest answer of a collector, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// For what is left at the end.
const REST_MAX: Duration = Duration::from_secs(1);
