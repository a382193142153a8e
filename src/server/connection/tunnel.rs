//! Connections and streams that leave HTTP: their bytes go to whoever the response brought.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::rt::Executor;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::domain::reason::Reason;
use crate::server::dispatch::refusal;
use crate::wire::body::Body;
use crate::wire::tasks::OwnedTasks;
use crate::wire::tunnel::duplex::Duplex;
use crate::wire::tunnel::{Carrier, Leaving};

/// Who carries the bytes of a connection of HTTP/1.1 once its `101` has left.
#[derive(Default)]
pub(super) struct Switch(Mutex<Option<Carrier>>);

impl Switch {
    /// Keeps the carrier that a response brings, and says that the connection switches.
    pub(super) fn hear(&self, response: &mut Response<Body>) {
        let Some(carrier) = response.extensions_mut().remove::<Carrier>() else {
            return;
        };
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(carrier);
    }

    pub(super) fn take(&self) -> Option<Carrier> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The stream behind an extended CONNECT, once its answer has left.
pub(super) fn opening(request: &mut Request<Incoming>) -> Option<OnUpgrade> {
    let extended =
        request.method() == Method::CONNECT && request.extensions().get::<Protocol>().is_some();
    extended.then(|| hyper::upgrade::on(request))
}

/// Turns `101` into the `200` that opens a stream of HTTP/2 (RFC 8441 §5), and carries its bytes.
/// No other answer with a 2xx may leave: the client would take it for a tunnel.
pub(super) fn carry<H: Send + 'static>(
    response: &mut Response<Body>,
    opens: OnUpgrade,
    leaving: Leaving,
    holds: H,
    streams: &OwnedTasks,
) {
    let carrier = response.extensions_mut().remove::<Carrier>();
    let Some(carrier) = carrier else {
        if response.status().is_success() {
            *response = refusal(Reason::Internal.status(), Reason::Internal.code());
        }
        return;
    };
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().remove(SEC_WEBSOCKET_ACCEPT);
    streams.execute(async move {
        // It fails when the client goes away before it has its answer.
        if let Ok(upgraded) = opens.await {
            let client = Duplex::new(Bytes::new(), TokioIo::new(upgraded), holds);
            carrier.carry(client, leaving).await;
        }
    });
}
