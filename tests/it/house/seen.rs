//! What is counted of a running gateway: metrics of a closed list, and in no label a path, a person
//! or a word of a client's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use muhrdor::demo::{Ask, Client};
use muhrdor::domain::reason::Reason;
use muhrdor::telemetry::list::{Kind, METRICS};
use serde_json::Value;

use super::{AZIZA, House};

/// A line of the Prometheus text format: name, labels, value.
fn samples(text: &str) -> Vec<(String, BTreeMap<String, String>, f64)> {
    let mut found = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let (head, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = head.split_once('{').unwrap_or((head, ""));
        let labels = labels.trim_end_matches('}').split("\",");
        let labels = labels.filter_map(|pair| pair.split_once("=\""));
        let labels = labels.map(|(key, value)| {
            let value = value.trim_end_matches('"');
            (key.to_owned(), value.to_owned())
        });
        found.push((name.to_owned(), labels.collect(), value.parse().unwrap()));
    }
    found
}

/// What every label may say.
fn is_word_of(label: &str, value: &str) -> bool {
    let of = |words: &[&str]| words.contains(&value);
    let named = |more: &str| {
        let allowed = |b: u8| b.is_ascii_lowercase() || more.as_bytes().contains(&b);
        !value.is_empty() && value.len() <= 96 && value.bytes().all(allowed)
    };
    let reason = Reason::from_code(value).is_some();
    match label {
        // The check has an address in capitals, too, for the codes that are printed.
        "operation" => {
            !value.contains(AZIZA) && (value == "/VERIFY/{code}" || named("0123456789.-_/{}*"))
        }
        "outcome" => reason || of(&["answered", "client_gone", "misdirected", "forwarded"]),
        "reason" => reason || named("_"),
        "protocol" => of(&["h1", "h2"]),
        "group" => value.len() <= 24 && value.bytes().all(|b| b.is_ascii_alphanumeric()),
        "tls" => of(&["1.3", "1.2"]),
        "side" => of(&["caller", "upstream", "gateway"]),
        "state" => of(&["open", "ejected", "unhealthy", "under_way", "pending"]),
        "kind" => of(&["events", "websocket", "grpc"]),
        "limit" => of(&["address", "principal", "operation", "guess"]),
        "upstream" => named("0123456789-"),
        "log" => value.ends_with("/journal") || value.ends_with("/documents"),
        "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
        _ => named("0123456789._-"),
    }
}

/// The names of the list that were seen; what is not of the list, or says what it may not, fails.
fn listed(text: &str) -> BTreeSet<&'static str> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, labels, _) in samples(text) {
        let whole = |metric: &&muhrdor::telemetry::list::Metric| {
            let parts: &[&str] = match metric.kind {
                Kind::Histogram => &["_bucket", "_sum", "_count"],
                Kind::Counter | Kind::Gauge => &[""],
            };
            parts
                .iter()
                .any(|part| name == format!("{}{part}", metric.name))
        };
        let Some(metric) = METRICS.iter().find(whole) else {
            wrong.push(format!("{name} is not in the list"));
            continue;
        };
        seen.insert(metric.name);
        for (label, value) in &labels {
            let known = metric.labels.contains(&label.as_str()) || label == "le";
            if !known || !is_word_of(label, value) {
                wrong.push(format!("{name}: {label}={value}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_the_names_and_labels_of_the_list_and_no_path_and_no_person() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let mut nobody = house.grounds.visitor();
    let record = format!("/pension/records/{AZIZA}");
    for path in [
        &record,
        "/civil/info",
        "/none/canary-path",
        "/verify/canary",
        "/services",
    ] {
        aziza.get(path, &[("traceparent", "canary")]).await.unwrap();
        nobody.get(path, &[]).await.unwrap();
    }
    nobody
        .get("/civil/info", &[("x_canary", "1")])
        .await
        .unwrap();
    let url = format!("http://{}/metrics", house.gateway.admin())
        .parse()
        .unwrap();
    let told = Client::plain().send(&Ask::get(url)).await.unwrap();
    let text = String::from_utf8(told.body.to_vec()).unwrap();
    house.close().await;

    assert!(!text.contains(AZIZA) && !text.contains("canary"), "{text}");
    let seen = listed(&text);
    let of_the_walk = METRICS.iter().map(|metric| metric.name);
    let missing: Vec<_> = of_the_walk
        .filter(|name| name.starts_with("muhrdor_upstream") || name.ends_with("_seconds"))
        .filter(|name| !seen.contains(name))
        .collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
    for (start, labels) in [
        (
            "muhrdor_requests_total",
            r#"operation="pension-fund.record.read",outcome="answered""#,
        ),
        (
            "muhrdor_requests_total",
            r#"operation="none",outcome="unknown_operation""#,
        ),
        ("muhrdor_turned_away_total", "reason="),
        (
            "muhrdor_refusals_total",
            r#"reason="sign_in_needed",side="caller""#,
        ),
        (
            "muhrdor_own_seconds_count",
            r#"operation="pension-fund.record.read""#,
        ),
        (
            "muhrdor_upstream_seconds_count",
            r#"operation="pension-fund.record.read""#,
        ),
        (
            "muhrdor_certificate_list_left_seconds{",
            "realm=\"systems\",list=\"1\"",
        ),
        ("muhrdor_store_free_bytes", ""),
    ] {
        let stands = |line: &str| line.starts_with(start) && line.contains(labels);
        assert!(text.lines().any(stands), "{start} {labels}\n{text}");
    }
}

#[test]
fn architecture_and_dashboard_name_the_metrics_of_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for metric in METRICS {
        let row = format!("| `{}`", metric.name);
        let line = page.lines().find(|line| line.starts_with(&row));
        let line = line.unwrap_or_else(|| panic!("no row of `{}`", metric.name));
        for label in metric.labels {
            assert!(line.contains(&format!("`{label}`")), "{line}: `{label}`");
        }
    }
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let board = fs::read_to_string(root.join("deploy/dashboards/muhrdor.json")).unwrap();
    for (file, text) in [
        ("ARCHITECTURE.md", &page),
        ("README.md", &readme),
        ("the dashboard", &board),
    ] {
        for name in named_in(text) {
            let known = METRICS.iter().any(|metric| {
                let bucket = format!("{}_bucket", metric.name);
                name == metric.name || name == bucket
            });
            assert!(known, "{file} names `{name}`");
        }
    }
    let board: Value = serde_json::from_str(&board).unwrap();
    let told: BTreeSet<&str> = METRICS
        .iter()
        .flat_map(|m| m.labels)
        .copied()
        .chain(["le"])
        .collect();
    for question in questions(&board) {
        for list in question.split("by (").skip(1) {
            for label in list.split(')').next().unwrap().split(", ") {
                assert!(told.contains(label), "`{label}` in `{question}`");
            }
        }
    }
    let asked: String = questions(&board).join(" ");
    let unasked = METRICS.iter().filter(|metric| !asked.contains(metric.name));
    let unasked: Vec<_> = unasked.map(|metric| metric.name).collect();
    assert!(unasked.is_empty(), "no panel asks for {unasked:?}");
}

/// The names of metrics in a text.
fn named_in(text: &str) -> BTreeSet<&str> {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let name = |(at, _)| {
        let rest: &str = &text[at..];
        &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())]
    };
    text.match_indices("muhrdor_").map(name).collect()
}

/// What the dashboard asks, panel by panel.
fn questions(board: &Value) -> Vec<&str> {
    let panels = board["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    targets
        .map(|target| target["expr"].as_str().unwrap())
        .collect()
}
