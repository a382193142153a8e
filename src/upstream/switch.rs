//! The opening handshake towards an e-service: what is asked for, and whether it was granted.

use std::future::Future;
use std::pin::Pin;

use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use ring::digest::{SHA256, digest};

use crate::domain::entry::VisitId;
use crate::upstream::answer::{self, Doubt, Idle};
use crate::upstream::pool::Lease;
use crate::wire::answer::Answer;
use crate::wire::body::Body;
use crate::wire::headers::single;
use crate::wire::tunnel::duplex::Duplex;
use crate::wire::tunnel::handshake::{
    Handshake, KEY_BYTES, VERSION, accept, has_upgrade_option, key,
};

/// What an e-service was asked to go on as.
#[derive(Debug)]
pub(super) struct Switch {
    key: String,
    handshake: Handshake,
}

/// What an e-service came to say.
pub(super) enum Heard {
    Answer(Result<Answer, Doubt>),
    Opening(Pin<Box<dyn Future<Output = Result<Answer, Doubt>> + Send>>),
}

/// Reads an answer: as one that opens a tunnel only where it was asked to and says that it does.
/// After such a question any good answer that opens none is in doubt.
pub(super) fn heard(
    switch: Option<Box<Switch>>,
    (response, lease): (Response<Incoming>, Lease),
    idle: Idle,
) -> Heard {
    let status = response.status();
    let good = status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS;
    match switch {
        Some(switch) if good => Heard::Opening(Box::pin(switch.granted(response, lease))),
        Some(_) | None => Heard::Answer(answer::read(response, lease, idle)),
    }
}

impl Switch {
    /// The key is made of the request's number, which is random and was never used before.
    pub(super) fn new(visit: VisitId, handshake: Handshake) -> Self {
        let digest = digest(&SHA256, format!("websocket {visit}").as_bytes());
        let mut bytes = [0; KEY_BYTES];
        for (byte, random) in bytes.iter_mut().zip(digest.as_ref()) {
            *byte = *random;
        }
        Self {
            key: key(bytes),
            handshake,
        }
    }

    /// Adds what asks for it (RFC 6455 §4.1). No extension is offered: none was agreed with anyone.
    pub(super) fn ask(&self, headers: &mut HeaderMap) {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
        let offered = self.handshake.subprotocols.join(", ");
        let said = [
            (SEC_WEBSOCKET_KEY, &self.key),
            (SEC_WEBSOCKET_PROTOCOL, &offered),
        ];
        for (name, text) in said {
            if let Some(value) = HeaderValue::from_str(text).ok().filter(|v| !v.is_empty()) {
                headers.insert(name, value);
            }
        }
    }

    /// The tunnel, where the e-service agreed to exactly what it was asked for (RFC 6455 §4.1).
    ///
    /// # Errors
    /// [`Doubt::Handshake`]; then its connection is closed.
    async fn granted(
        self: Box<Self>,
        mut response: Response<Incoming>,
        lease: Lease,
    ) -> Result<Answer, Doubt> {
        let subprotocol = self.agreed(response.status(), response.headers())?;
        let upgraded = hyper::upgrade::on(&mut response).await;
        let upgraded = upgraded.map_err(|_| Doubt::Handshake)?;
        let mut headers = HeaderMap::new();
        let accepted = self.handshake.accept.as_deref();
        let said = [
            (SEC_WEBSOCKET_ACCEPT, accepted),
            (SEC_WEBSOCKET_PROTOCOL, subprotocol.as_deref()),
        ];
        for (name, text) in said {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, value);
            }
        }
        Ok(Answer {
            status: StatusCode::SWITCHING_PROTOCOLS.as_u16(),
            headers,
            body: Body::empty(),
            tunnel: Some(Duplex::new(
                bytes::Bytes::new(),
                TokioIo::new(upgraded),
                lease,
            )),
        })
    }

    /// What is spoken in the tunnel, where something was agreed.
    fn agreed(&self, status: StatusCode, headers: &HeaderMap) -> Result<Option<String>, Doubt> {
        let said = |name| single(headers, &name).map_err(|_| Doubt::Handshake);
        let websocket = |protocol: &str| protocol.eq_ignore_ascii_case("websocket");
        let subprotocol = said(SEC_WEBSOCKET_PROTOCOL)?;
        let offered = |chosen: &str| self.handshake.subprotocols.iter().any(|one| one == chosen);
        let agreed = status == StatusCode::SWITCHING_PROTOCOLS
            && has_upgrade_option(headers)
            && said(UPGRADE)?.is_some_and(websocket)
            && said(SEC_WEBSOCKET_ACCEPT)? == Some(accept(&self.key).as_str())
            && !headers.contains_key(SEC_WEBSOCKET_EXTENSIONS)
            && subprotocol.is_none_or(offered);
        if agreed {
            Ok(subprotocol.map(str::to_owned))
        } else {
            Err(Doubt::Handshake)
        }
    }
}
