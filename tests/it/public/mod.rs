//! The doors about proofs, asked as the server asks them.

mod stamps;
mod tiles;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use http::header::HeaderMap;
use http::{Method, Response};
use muhrdor::clock::HandClock;
use muhrdor::domain::entry::VisitId;
use muhrdor::domain::peer::{Channel, Peer};
use muhrdor::domain::time::Timestamp;
use muhrdor::limits::{AddressLimit, Rate, Settings};
use muhrdor::wire::arrival::Arrival;
use muhrdor::wire::body::Body;
use muhrdor::wire::path::Target;

/// A request of anyone.
fn arrival(method: Method, target: &str, body: Body) -> Arrival {
    Arrival {
        visit: VisitId::from_bytes([7; 16]),
        at: Timestamp::default(),
        peer: Peer {
            address: [127, 0, 0, 1].into(),
            channel: Channel::Portal,
        },
        certificate: None,
        host: "portal.example".to_owned(),
        method,
        target: Target::parse(target.as_bytes()).unwrap(),
        headers: HeaderMap::new(),
        body,
        upgrade: None,
    }
}

/// A count of addresses that lets so many by.
fn addresses(requests_max: u32) -> AddressLimit {
    let rate = Rate {
        requests_max: NonZeroU32::new(requests_max).unwrap(),
        window_seconds: NonZeroU32::new(60).unwrap(),
    };
    let settings = Settings {
        address: rate,
        principal: rate,
        operations: BTreeMap::new(),
        guess: rate,
        keys_max: 100,
    };
    AddressLimit::new(
        &settings,
        Arc::new(HandClock::at(Timestamp::default())),
        None,
    )
}

/// The one value of a response's header.
fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    let mut values = response.headers().get_all(name).iter();
    let value = values.next().map_or("", |value| value.to_str().unwrap());
    assert!(values.next().is_none(), "{name} stands twice");
    value
}

async fn bytes(response: Response<Body>) -> Vec<u8> {
    let body = response.into_body().collect_up_to(1 << 24).await;
    body.unwrap().to_vec()
}
