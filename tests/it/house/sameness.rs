//! Noninterference on the wire: what an e-service says beyond what may be shown changes no byte of
//! what the client receives, head and length included.

use std::fs;
use std::future::pending;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderValue, Method, Response};
use muhrdor::demo::{Asked, Reply, Site, bind, serve};
use muhrdor::wire::body::Body;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::task::JoinSet;

use super::trouble::upstreams::{copy, with_policies};
use super::{AZIZA, House, unhurried, with_upstream};

/// Pairs of answers that are compared.
const PAIRS: usize = 96;

/// An e-service that says what the test lets it say.
#[derive(Debug, Default)]
struct Puppet(Mutex<Said>);

#[derive(Debug, Clone, Default)]
struct Said {
    body: String,
    /// A header of its own making.
    aside: String,
}

impl Site for Puppet {
    async fn answer(&self, _: Asked) -> Response<Body> {
        let said = self.0.lock().unwrap().clone();
        let mut response = Response::new(Body::full(said.body));
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert(
            "etag",
            HeaderValue::from_str(&format!("\"{}\"", said.aside)).unwrap(),
        );
        headers.insert("x-note", HeaderValue::from_str(&said.aside).unwrap());
        headers.insert(
            "set-cookie",
            HeaderValue::from_str(&format!("n={}", said.aside)).unwrap(),
        );
        response
    }
}

/// What must not be seen of a record: values of withheld classes, members the register does not
/// know, and how it is all spaced and ordered around them.
fn withheld() -> impl Strategy<Value = (String, String)> {
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        "[a-z ]{0,40}".prop_map(|s| format!("\"{s}\"")),
        prop::collection::vec("[a-z]{1,5}", 0..6).prop_map(|w| format!("{w:?}")),
        "[a-z]{1,9}".prop_map(|k| format!("{{\"{k}\":{{\"{k}\":1}}}}")),
    ];
    let member = prop_oneof![
        Just("health".to_owned()),
        Just("phone".to_owned()),
        "[a-z]{4,12}_note".prop_map(|name| name),
    ];
    let members = prop::collection::btree_map(member, value, 0..5);
    (members, "[a-z0-9]{0,20}").prop_map(|(members, aside)| {
        let written = members
            .iter()
            .map(|(name, value)| format!(",\"{name}\": {value}"));
        (written.collect(), aside)
    })
}

fn record(extra: &str) -> String {
    format!(
        "{{\"pinfl\":\"{AZIZA}\",\"name\":\"Aziza Karimova\",\"monthly_income\":7341907,\
         \"employer\":\"Chorsu Tekstil\"{extra}}}"
    )
}

/// Everything that was received but the request's own number and the time.
fn received(reply: &Reply) -> String {
    let own = ["muhrdor-request-id", "date", "ratelimit"];
    let lines = reply.received();
    let kept = lines
        .lines()
        .filter(|line| !own.iter().any(|name| line.starts_with(name)));
    kept.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_changes_no_byte_that_leaves() {
    let puppet = Arc::new(Puppet::default());
    let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, Arc::clone(&puppet), pending::<()>()));
    let house = House::open_with(|config| {
        unhurried(&with_upstream(
            &config,
            "pension-fund",
            &address.to_string(),
        ))
    })
    .await;
    let mut gulnora = house.grounds.signed_in("officials", "gulnora").await;
    let headers = [
        ("muhrdor-purpose", "pension.assess"),
        ("muhrdor-case", "\"PF-2026-000117\""),
    ];
    let mut runner = TestRunner::deterministic();
    let mut first: Option<String> = None;
    for _ in 0..PAIRS {
        let (extra, aside) = withheld().new_tree(&mut runner).unwrap().current();
        *puppet.0.lock().unwrap() = Said {
            body: record(&extra),
            aside,
        };
        let reply = gulnora
            .get(&format!("/pension/records/{AZIZA}"), &headers)
            .await
            .unwrap();
        assert_eq!(reply.status, 200, "{extra}: {}", reply.received());
        let received = received(&reply);
        assert!(received.contains("7341907"), "{received}");
        assert_eq!(
            *first.get_or_insert_with(|| received.clone()),
            received,
            "{extra}"
        );
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_a_preflight_says_the_same_of_what_is_there_and_what_is_not() {
    let policies = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    copy(&shipped, policies.path());
    let service = policies.path().join("services/pension-fund.toml");
    let text = fs::read_to_string(&service).unwrap();
    let prefix = "prefix = \"/pension\"\n";
    let origins = format!("{prefix}cors_origins = [\"https://app.example\"]\n");
    assert!(text.contains(prefix));
    fs::write(&service, text.replace(prefix, &origins)).unwrap();
    let house =
        House::open_with(|config| unhurried(&with_policies(&config, policies.path()))).await;
    let known = [
        "/pension/info".to_owned(),
        format!("/pension/records/{AZIZA}"),
        format!("/pension/records/{AZIZA}/income?below=5000000"),
    ];
    let unknown = [
        "/pension".to_owned(),
        "/pension/none-such".to_owned(),
        "/pension/records/00000000000000".to_owned(),
        format!("/pension/records/{AZIZA}/none-such"),
    ];
    let mut seen = Vec::new();
    for (origin, grants) in [
        ("https://app.example", true),
        ("https://evil.example", false),
    ] {
        let mut same: Option<String> = None;
        for method in ["GET", "DELETE", "NONE-SUCH"] {
            let asks = [
                ("origin", origin),
                ("access-control-request-method", method),
                ("access-control-request-headers", "muhrdor-purpose"),
            ];
            for path in known.iter().chain(&unknown) {
                let mut visitor = house.grounds.visitor();
                let asked = visitor.ask(Method::OPTIONS, path, &asks, Bytes::new());
                let reply = asked.await.unwrap();
                assert_eq!(reply.status, 204, "T21 {path}: {}", reply.received());
                let told = received(&reply);
                let granted = told.contains("access-control-allow-origin");
                assert_eq!(granted, grants, "T21 {path}: {told}");
                let first = same.get_or_insert_with(|| told.clone());
                assert_eq!(*first, told, "T21: {method} {path}");
            }
        }
        seen.extend(same);
    }
    assert_ne!(seen[0], seen[1]);
    house.close().await;
}
