//! A document asked about: by its code, by its file, and offline.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Response};
use muhrdor::clock::{Clock, SystemClock};
use muhrdor::domain::entry::VisitId;
use muhrdor::domain::peer::{Channel, Peer};
use muhrdor::domain::time::Timestamp;
use muhrdor::notary::verdict::{Conclusion, Verdict, examine};
use muhrdor::public::check::Check;
use muhrdor::wire::arrival::Arrival;
use muhrdor::wire::body::Body;
use muhrdor::wire::path::Target;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::house::{House, close};
use crate::measure::Table;
use crate::seals;

/// Documents that are asked about, each once where nothing is known yet.
const DOCUMENTS: u32 = 1_000;
const ANSWER_BYTES_MAX: u64 = 1 << 16;

const BY_CODE_KNOWN: &str = "check: by code, asked before";
const BY_CODE_COLD: &str = "check: by code, index just opened, each once";
const BY_FILE: &str = "check: a sealed file of 100 KiB, uploaded";
const BY_DIGEST: &str = "check: the digest of a sealed file";
const OFFLINE: &str = "check: a sealed file of 100 KiB, offline";
const UNSEALED: &str = "check: the same file without a seal, offline";

pub(crate) fn measure(table: &mut Table, house: &House, runtime: &Runtime) {
    let rows = [
        BY_CODE_KNOWN,
        BY_CODE_COLD,
        BY_FILE,
        BY_DIGEST,
        OFFLINE,
        UNSEALED,
    ];
    if !rows.iter().any(|row| table.wants(row)) {
        return;
    }
    let notary = house.notary();
    let sealed = runtime.block_on(seals::some(&notary, &house.file, DOCUMENTS));
    let check = house.check(&notary);
    let codes: Vec<String> = sealed
        .iter()
        .map(|file| runtime.block_on(code_of(&check, file)))
        .collect();
    drop(check);
    runtime.block_on(close(notary));
    by_code(table, house, runtime, &codes);
    by_file(table, house, runtime, &sealed[0]);
    offline(table, house, &sealed[0]);
}

/// The rows of an index are read from its file the first time, and known after that.
fn by_code(table: &mut Table, house: &House, runtime: &Runtime, codes: &[String]) {
    let notary = house.notary();
    let check = house.check(&notary);
    let ask = |code: &String| {
        let answer = check.answer(arrival(&format!("/verify/{code}"), None));
        assert_eq!(runtime.block_on(answer).status(), 200);
    };
    table.crowd(BY_CODE_COLD, |clock| {
        let timed = |code| {
            let began = clock.monotonic();
            ask(code);
            clock.monotonic().since(began)
        };
        codes.iter().map(timed).collect()
    });
    table.row(BY_CODE_KNOWN, || ask(&codes[0]));
    drop(check);
    runtime.block_on(close(notary));
}

fn by_file(table: &mut Table, house: &House, runtime: &Runtime, file: &Bytes) {
    let notary = house.notary();
    let check = house.check(&notary);
    table.row(BY_FILE, || {
        assert_eq!(runtime.block_on(upload(&check, file)).status(), 200);
    });
    let hex = digest(&SHA256, file)
        .as_ref()
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let body = Bytes::from(format!("{{\"digest\":\"{hex}\"}}"));
    table.row(BY_DIGEST, || {
        let asked = arrival("/verify", Some(("application/json", body.clone())));
        assert_eq!(runtime.block_on(check.answer(asked)).status(), 200);
    });
    drop(check);
    runtime.block_on(close(notary));
}

/// What `muhrdor verify` does once it has read its files.
fn offline(table: &mut Table, house: &House, file: &Bytes) {
    let now = SystemClock::new().now();
    let verdict = |file: &[u8]| {
        let examination = examine(file, &house.trust, now);
        Verdict::offline(&examination, None, None)
    };
    assert_eq!(verdict(file).conclusion, Conclusion::Genuine);
    table.row(OFFLINE, || verdict(file).to_json().to_string());
    table.row(UNSEALED, || verdict(&house.file).to_json().to_string());
}

async fn upload(check: &Check, file: &Bytes) -> Response<Body> {
    let asked = arrival("/verify", Some(("application/pdf", file.clone())));
    check.answer(asked).await
}

/// The code of a sealed file, as the signed verdict on it tells.
async fn code_of(check: &Check, file: &Bytes) -> String {
    let answer = upload(check, file).await.into_body();
    let answer = answer.collect_up_to(ANSWER_BYTES_MAX).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["result"], "genuine");
    let statement = answer["jws"].as_str().unwrap().split('.').nth(1).unwrap();
    let engine = &base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let statement = base64::Engine::decode(engine, statement).unwrap();
    let statement: Value = serde_json::from_slice(&statement).unwrap();
    statement["code"].as_str().unwrap().to_owned()
}

/// A request as the server hands it over: with a body of this kind it is a POST.
pub(crate) fn arrival(target: &str, body: Option<(&'static str, Bytes)>) -> Arrival {
    let mut headers = HeaderMap::new();
    let (method, body) = match body {
        Some((media, bytes)) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
            (Method::POST, bytes)
        }
        None => (Method::GET, Bytes::new()),
    };
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
        headers,
        body: Body::full(body),
        upgrade: None,
    }
}
