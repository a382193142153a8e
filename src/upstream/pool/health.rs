//! Probes: whether an endpoint answers, asked beside the requests.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, HOST, HeaderValue, USER_AGENT};
use http::{Request, Uri};

use crate::upstream::pool::endpoint::Outcome;
use crate::upstream::pool::{HealthSettings, Shared, Target};
use crate::wire::body::Body;

/// Probes one endpoint for as long as the pool is there. Ends with the task it runs in.
pub(super) async fn watch(shared: Arc<Shared>, at: usize, health: HealthSettings) {
    let Some(target) = shared.targets.get(at) else {
        return;
    };
    let every = Duration::from_millis(u64::from(health.every_ms));
    loop {
        tokio::time::sleep(every).await;
        let within = Duration::from_millis(u64::from(health.probe_ms_max));
        let probed = tokio::time::timeout(within, probe(&shared, target, &health)).await;
        let outcome = probed.unwrap_or(Outcome::Failed);
        let now = shared.clock.monotonic();
        let endpoint = target.dial.endpoint.as_str();
        match target.standing.probed(outcome, now, &health) {
            Some(Outcome::Well) => {
                tracing::info!(target: "muhrdor::upstream", endpoint, "is healthy again");
            }
            Some(Outcome::Failed) => {
                tracing::error!(target: "muhrdor::upstream", endpoint, "is not healthy");
            }
            None => {}
        }
    }
}

/// One probe on a connection of its own. It says nothing of anyone: no assertion, no session.
async fn probe(shared: &Shared, target: &Target, health: &HealthSettings) -> Outcome {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = Uri::try_from(health.path.as_str()).unwrap_or_default();
    let headers = request.headers_mut();
    if let Ok(host) = HeaderValue::from_str(target.dial.endpoint.as_str()) {
        headers.insert(HOST, host);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static("muhrdor-health"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let Ok(mut connection) = target.dial.connect(shared.clock.monotonic()).await else {
        return Outcome::Failed;
    };
    let request = target.dial.addressed(request);
    match target.dial.exchange(&mut connection, request).await {
        Ok(answer) if answer.status().is_success() => Outcome::Well,
        Ok(_) | Err(_) => Outcome::Failed,
    }
}
