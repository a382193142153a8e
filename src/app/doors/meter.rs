//! The metrics, rendered: what is only known when it is asked for is asked for first.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::app::error::AppError;
use crate::app::rooms::Wired;
use crate::app::stores;
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::{Gateway, Snapshot};
use crate::identity::certificate::Certificates;
use crate::identity::session::Sessions;
use crate::journal::Journal;
use crate::limits::AddressLimit;
use crate::server::drain::{Drained, Stage};
use crate::server::health::Metrics;
use crate::store::embedded::Space;
use crate::telemetry::list::{BUCKETS_SECONDS, describe};
use crate::telemetry::meters::{self, Levels};

/// How often observations are put in their buckets, so that nobody has to read the metrics for
/// them to stay few.
const UPKEEP_PAUSE: Duration = Duration::from_secs(5);

/// What is looked at when the metrics are read.
pub(in crate::app) struct Meter {
    recorded: PrometheusHandle,
    snapshot: Arc<ArcSwap<Snapshot>>,
    journal: Arc<Journal>,
    sessions: Arc<Sessions>,
    certificates: Arc<Certificates>,
    clock: Arc<dyn Clock>,
    addresses: Arc<AddressLimit>,
    gateway: Arc<Gateway>,
    /// The disk of the store, where it has one.
    space: Option<Space>,
}

impl Meter {
    pub(in crate::app) fn new(
        recorded: PrometheusHandle,
        config: &Config,
        snapshot: &Arc<ArcSwap<Snapshot>>,
        addresses: &Arc<AddressLimit>,
        (wired, clock): (&Wired, &Arc<dyn Clock>),
    ) -> Self {
        Self {
            recorded,
            snapshot: Arc::clone(snapshot),
            journal: Arc::clone(&wired.journal),
            sessions: wired.identity.sessions(),
            certificates: wired.identity.certificates(),
            clock: Arc::clone(clock),
            addresses: Arc::clone(addresses),
            gateway: Arc::clone(&wired.gateway),
            space: stores::space(config),
        }
    }

    fn look(&self) {
        for (name, state) in self.snapshot.load().pools.states() {
            meters::upstream(name.as_str(), &state);
        }
        let now = self.clock.now();
        for state in self.certificates.lists() {
            if let Some((from, until)) = state.times {
                let (age_ms, left_ms) = (now.ms_since(from), until.ms_since(now));
                meters::list(&state.realm, state.number, age_ms, left_ms);
            }
        }
        meters::levels(&Levels {
            journal_queue_entries: self.journal.waiting(),
            address_keys: self.addresses.keys(),
            principal_keys: self.gateway.counted_principals(),
            sessions_remembered: self.sessions.remembered(),
            store_free_bytes: self.space.as_ref().and_then(|space| space.left().ok()),
        });
    }
}

impl Metrics for Meter {
    fn render(&self) -> String {
        self.look();
        self.recorded.render()
    }
}

/// Keeps the metrics in order, to the last stage.
pub(in crate::app) async fn upkeep(recorded: PrometheusHandle, mut drained: Drained) {
    let keeping = async {
        loop {
            tokio::time::sleep(UPKEEP_PAUSE).await;
            recorded.run_upkeep();
        }
    };
    tokio::select! {
        biased;
        () = drained.reached(Stage::Now) => {}
        () = keeping => {}
    }
}

/// The process's one recorder of metrics; a second gateway in the process shares it. Called before
/// anything is counted.
pub(in crate::app) fn recorder() -> Result<PrometheusHandle, AppError> {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(made) = RECORDER.get() {
        return Ok(made.clone());
    }
    let unusable = |cause: String| AppError::Setting {
        what: "telemetry".to_owned(),
        cause,
    };
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(seconds, BUCKETS_SECONDS)
        .map_err(|cause| unusable(cause.to_string()))?
        .build_recorder();
    let handle = RECORDER.get_or_init(|| {
        let handle = recorder.handle();
        // Someone else's recorder keeps its place; ours then renders nothing.
        let _taken = metrics::set_global_recorder(recorder);
        describe();
        handle
    });
    Ok(handle.clone())
}
