//! Rows T01 to T18: status, media type, codings and headers.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use muhrdor::domain::flow::Flow;
use muhrdor::domain::name::{AgencyId, OperationId, ServiceId};
use muhrdor::domain::operation::{Assertion, Contract, Effect, Method, Mode, Operation, SubjectAt};
use muhrdor::domain::principal::AcrRank;
use muhrdor::domain::service::{Backend, Regulation, Service, ServiceKind};
use muhrdor::domain::text::Texts;
use muhrdor::redaction::head::{Media, contract, is_secretly_coded, outgoing};
use muhrdor::redaction::{Breach, RedactionError};

use super::{AZIZA, class, map};

fn texts() -> Texts {
    let text = || "x".to_owned();
    Texts {
        uz: text(),
        uzc: text(),
        ru: text(),
        en: text(),
    }
}

pub(crate) fn operation(contracts: &[(u16, &str, Mode)]) -> Operation {
    let service = Service {
        id: ServiceId::parse("pension-fund").unwrap(),
        names: texts(),
        agency: AgencyId::parse("pension-fund").unwrap(),
        agency_names: texts(),
        kind: ServiceKind::Interactive,
        regulation: Regulation {
            number: "1".to_owned(),
            term_days: 1,
        },
        hosts: vec!["localhost".to_owned()],
        prefix: "/pension".to_owned(),
        backend: Backend::InHouse,
        cors_origins: Vec::new(),
    };
    let contract = |(status, media, mode): &(u16, &str, Mode)| Contract {
        status: *status,
        media: (*media).to_owned(),
        mode: mode.clone(),
    };
    Operation {
        id: OperationId::parse("pension-fund.record.read").unwrap(),
        service: Arc::new(service),
        method: Method::Get,
        template: "/records/{pinfl}".to_owned(),
        who: BTreeSet::new(),
        assurance_min: AcrRank::ANONYMOUS,
        scopes: Vec::new(),
        purposes: Vec::new(),
        effect: Effect::Read,
        subject: SubjectAt::Path("pinfl".to_owned()),
        contracts: contracts.iter().map(contract).collect(),
        issues: Vec::new(),
        request_headers: Vec::new(),
        response_headers: Vec::new(),
        cookies: Vec::new(),
        body_bytes_max: 1024,
        upstream_ms_max: 1000,
        certificate_needed: false,
        credentials: BTreeSet::new(),
        flow: Flow::default(),
        assertion: Assertion::Shared,
        assertion_certificate: false,
    }
}

fn json_operation() -> Operation {
    operation(&[(
        200,
        "application/json",
        Mode::Fields(Arc::new(map(&[("/a", "public")], &[]))),
    )])
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value);
    }
    headers
}

fn judge(status: u16, pairs: &[(&str, &str)]) -> Option<Breach> {
    contract(&json_operation(), status, &headers(pairs)).err()
}

/// The headers that leave with an answer that keeps its contract.
fn leave(operation: &Operation, pairs: &[(&str, &str)]) -> Result<HeaderMap, RedactionError> {
    let incoming = headers(pairs);
    let (contract, media) = contract(operation, 200, &incoming)?;
    outgoing(operation, contract, &media, &incoming)
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn t01_t02_a_coded_body_keeps_no_contract() {
    for coding in [
        "gzip",
        "br",
        "zstd",
        "deflate",
        "gzip, br",
        "identity, gzip",
        "x-own",
        "",
    ] {
        assert_eq!(
            judge(200, &[JSON, ("content-encoding", coding)]),
            Some(Breach::Coding)
        );
    }
    let two = [
        JSON,
        ("content-encoding", "identity"),
        ("content-encoding", "br"),
    ];
    assert_eq!(judge(200, &two), Some(Breach::Coding));
    assert_eq!(judge(200, &[JSON, ("content-encoding", "identity")]), None);
}

#[test]
fn t03_a_body_that_begins_as_a_compressed_one_is_seen() {
    let media = |text: &str| Media::read(&headers(&[("content-type", text)])).unwrap();
    assert!(is_secretly_coded(
        &media("application/pdf"),
        b"\x1f\x8b\x08\x00"
    ));
    assert!(is_secretly_coded(
        &media("image/png"),
        b"\x28\xb5\x2f\xfd\x00"
    ));
    assert!(!is_secretly_coded(&media("application/pdf"), b"%PDF-1.7"));
    assert!(!is_secretly_coded(
        &media("application/gzip"),
        b"\x1f\x8b\x08\x00"
    ));
}

#[test]
fn t05_t06_t11_t12_t13_nothing_that_tells_of_the_upstreams_bytes_leaves() {
    let told = [
        "content-length",
        "content-encoding",
        "etag",
        "last-modified",
        "accept-ranges",
        "date",
        "server",
        "x-anything",
        "trailer",
        "transfer-encoding",
        "muhrdor-withheld",
    ];
    let mut operation = json_operation();
    operation.response_headers = told.iter().map(|name| (*name).to_owned()).collect();
    operation
        .response_headers
        .retain(|name| name != "x-anything");
    let mut pairs = vec![JSON];
    pairs.extend(
        told.iter()
            .filter(|n| **n != "content-encoding")
            .map(|name| (*name, "7")),
    );
    let left = leave(&operation, &pairs).unwrap();
    let names: Vec<_> = left.keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["content-type", "cache-control"]);
    assert_eq!(left["cache-control"], "no-store");
}

#[test]
fn t08_streams_of_records_are_not_json_answers() {
    for media in [
        "text/event-stream",
        "application/x-ndjson",
        "application/json-seq",
        "application/geo+json-seq",
        "multipart/mixed",
        "application/jose",
        "application/pkcs7-mime",
    ] {
        let fields = Mode::Fields(Arc::new(map(&[("/a", "public")], &[])));
        let operation = operation(&[(200, media, fields)]);
        let found = contract(&operation, 200, &headers(&[("content-type", media)])).err();
        assert_eq!(found, Some(Breach::Media), "{media}");
    }
}

#[test]
fn t10_a_media_type_has_one_of_few_forms() {
    for accepted in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        "application/json ; charset=\"utf-8\"",
    ] {
        assert_eq!(
            judge(200, &[("content-type", accepted)]),
            None,
            "{accepted}"
        );
    }
    for refused in [
        "application/json;charset=utf-16",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json;",
        "application/json; profile=x",
        "application/json, text/html",
        "application/json text/html",
        "json",
        "",
        "application/json; charset=utf-8;",
    ] {
        assert_eq!(
            judge(200, &[("content-type", refused)]),
            Some(Breach::Media),
            "{refused}"
        );
    }
    assert_eq!(judge(200, &[]), Some(Breach::Media));
    assert_eq!(judge(200, &[JSON, JSON]), Some(Breach::Media));
    for other in ["text/plain", "application/problem+json", "text/json"] {
        let found = judge(200, &[("content-type", other)]);
        assert_eq!(found, Some(Breach::NoContract { status: 200 }), "{other}");
    }
    let left = leave(
        &json_operation(),
        &[("content-type", "Application/JSON;charset=\"UTF-8\"")],
    );
    assert_eq!(
        left.unwrap()["content-type"],
        "application/json; charset=utf-8"
    );
}

#[test]
fn t12_a_part_of_a_body_keeps_no_contract() {
    assert_eq!(judge(206, &[JSON]), Some(Breach::Coding));
    assert_eq!(judge(304, &[]), Some(Breach::Coding));
    assert_eq!(
        judge(200, &[JSON, ("content-range", "bytes 0-1/9")]),
        Some(Breach::Coding)
    );
}

#[test]
fn t15_a_header_leaves_only_if_it_is_listed_and_names_nobody() {
    let mut operation = json_operation();
    operation.response_headers = vec!["location".to_owned(), "x-number".to_owned()];
    operation.cookies = vec!["draft".to_owned()];
    let quiet = [
        JSON,
        ("location", "/pension/claims/7"),
        ("content-location", AZIZA),
        ("link", AZIZA),
        ("x-own", AZIZA),
        ("set-cookie", "other=1"),
        ("set-cookie", "draft=2; Path=/"),
        ("set-cookie", "draft=3; Domain=gov.uz"),
        ("set-cookie", "__Host-draft=4"),
        ("access-control-allow-origin", "*"),
    ];
    let left = leave(&operation, &quiet).unwrap();
    assert_eq!(left["location"], "/pension/claims/7");
    assert_eq!(
        left.get_all("set-cookie").iter().collect::<Vec<_>>(),
        ["draft=2; Path=/"]
    );
    assert_eq!(left.len(), 4, "{left:?}");
    let path = format!("/records/{AZIZA}");
    for loud in [
        ("location", path.as_str()),
        ("x-number", AZIZA),
        ("set-cookie", "draft=+998901234534"),
    ] {
        let left = leave(&operation, &[JSON, loud]);
        assert!(
            matches!(left, Err(RedactionError::LeakStopped(_))),
            "{loud:?}"
        );
    }
}

#[test]
fn t17_an_error_page_without_a_contract_does_not_pass() {
    for status in [400, 404, 500, 503] {
        let found = judge(status, &[("content-type", "text/html")]);
        assert_eq!(found, Some(Breach::NoContract { status }));
    }
}

#[test]
fn t32_a_signed_answer_passes_whole_or_not_at_all() {
    let classes = vec![class("identifier")];
    let operation = operation(&[(200, "application/jose", Mode::Whole { classes })]);
    let left = leave(&operation, &[("content-type", "application/jose")]).unwrap();
    assert_eq!(left["cache-control"], "no-store");
}

#[test]
fn a_public_answer_keeps_the_cache_control_that_is_let_through() {
    let mut operation = operation(&[(200, "text/html", Mode::Public)]);
    operation.response_headers = vec!["cache-control".to_owned()];
    let pairs = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "max-age=60"),
    ];
    assert_eq!(
        leave(&operation, &pairs).unwrap()["cache-control"],
        "max-age=60"
    );
    operation.contracts[0].mode = Mode::Whole {
        classes: vec![class("health")],
    };
    assert_eq!(
        leave(&operation, &pairs).unwrap()["cache-control"],
        "no-store"
    );
}
