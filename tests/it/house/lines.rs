//! What a running gateway writes: one access line a request, in words of its own; and in no line,
//! whatever the level, a secret or a person.

use std::collections::BTreeSet;
use std::fs;

use http::Method;
use muhrdor::demo::{Ask, Client, Reply, Visitor};
use serde_json::Value;

use super::apart::Apart;
use super::{AZIZA, TestGrounds, call, unhurried};

/// With these lines under `[telemetry]`.
async fn serve(telemetry: &str) -> (TestGrounds, Apart) {
    let change = |config: String| format!("{}\n[telemetry]\n{telemetry}", unhurried(&config));
    let grounds = TestGrounds::prepare(change).await;
    let apart = Apart::serve(&grounds).await;
    (grounds, apart)
}

/// Every value that somebody was given to show it again, and every number of a person.
fn secrets(grounds: &TestGrounds, replies: &[Reply], more: &[String]) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = more.iter().cloned().collect();
    for reply in replies {
        for cookie in reply.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            found.extend(pair.split_once('=').map(|(_, value)| value.to_owned()));
        }
        let Some(location) = reply.header("location") else {
            continue;
        };
        let Ok(url) = location.parse::<url::Url>() else {
            continue;
        };
        let secret = ["state", "nonce", "code", "code_challenge"];
        let pairs = url.query_pairs();
        let told = pairs.filter(|(name, _)| secret.contains(&name.as_ref()));
        found.extend(told.map(|(_, value)| value.into_owned()));
    }
    let root = grounds.grounds.folder.root();
    for folder in ["secrets", "keys"] {
        for file in fs::read_dir(root.join(folder)).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            found.extend(text.lines().map(str::to_owned));
        }
    }
    found.retain(|secret| secret.len() >= 8 && !secret.starts_with("-----"));
    found
}

/// Requests with something in every place that must not be told.
async fn ask_around(visitor: &mut Visitor) {
    let record = format!("/pension/records/{AZIZA}");
    for path in [
        &record,
        "/my",
        "/oauth2/userinfo",
        "/oauth2/callback?code=canary-code&state=canary-state",
    ] {
        call(visitor, &Method::GET, path, &[("x-note", "canary-note")])
            .await
            .unwrap();
    }
    let body = bytes::Bytes::from_static(b"kind=canary-body&pinfl=41507850211172");
    let form = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
    ];
    visitor
        .ask(Method::POST, "/civil/documents?canary-query", &form, body)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lg_03_oc_29_no_secret_that_was_used_stands_in_any_log_or_metric() {
    let (grounds, apart) = serve("format = \"json\"\nfilter = \"trace\"\n").await;
    let token = grounds.grounds.token("demo-bank-system").await.unwrap();
    let mut aziza = grounds.visitor();
    let signed = aziza
        .sign_in("applicants", "aziza", "aziza-demo")
        .await
        .unwrap();
    let mut bank = grounds.system("demo-bank-system").await;
    for visitor in [&mut aziza, &mut bank] {
        ask_around(visitor).await;
    }
    let canaries = [
        "canary-code",
        "canary-state",
        "canary-note",
        "canary-body",
        "canary-query",
        "Aziza",
        "aziza-demo",
    ];
    let mut more: Vec<String> = canaries.map(str::to_owned).to_vec();
    more.extend([token, AZIZA.to_owned()]);
    let secrets = secrets(&grounds, &signed.replies, &more);
    assert!(
        secrets.len() > 12,
        "the run used secrets: {}",
        secrets.len()
    );
    let admin = grounds.grounds.config().unwrap().listen.admin;
    let url = format!("http://{admin}/metrics").parse().unwrap();
    let metrics = Client::plain()
        .send(&Ask::get(url))
        .await
        .unwrap()
        .received();
    let said = apart.kill().await;
    grounds.close().await;
    assert!(said.contains("pension-fund.record.read"), "{said}");
    for secret in &secrets {
        for text in [&said, &metrics] {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(line, None, "LG-03, OC-29: `{secret}`");
        }
    }
    let told = said
        .lines()
        .find(|line| line.contains("code=") || line.contains("state="));
    assert_eq!(told, None, "OC-29");
}

/// The access lines of a log, each an object.
fn access(said: &str) -> Vec<serde_json::Map<String, Value>> {
    let lines = said.lines().map(|line| {
        let read: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        read
    });
    let of_access = lines.filter(|line| line["target"] == "muhrdor::access");
    of_access
        .map(|line| line["fields"].as_object().unwrap().clone())
        .collect()
}

async fn get(visitor: &mut Visitor, path: &str, headers: &[(&str, &str)]) -> (String, Reply) {
    let reply = visitor.get(path, headers).await.unwrap();
    let number = reply
        .header("muhrdor-request-id")
        .unwrap_or_default()
        .to_owned();
    (number, reply)
}

#[tokio::test(flavor = "multi_thread")]
async fn lg_01_lg_02_a_request_is_told_in_one_line_of_json_in_words_of_the_gateways_own() {
    let trusted = "trace_sources = [\"127.0.0.0/8\"]\n";
    let (grounds, apart) = serve(&format!("format = \"json\"\nfilter = \"info\"\n{trusted}")).await;
    let mut aziza = grounds.signed_in("applicants", "aziza").await;
    let mut nobody = grounds.visitor();
    let record = format!("/pension/records/{AZIZA}?note=canary");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let hostile = [
        (
            "user-agent",
            "x\u{202e}{\"level\":\"info\"}\u{1b}[31m".replace('\u{1b}', "%1b"),
        ),
        ("muhrdor-purpose", "\"a,b=c\\\"d\"".to_owned()),
        ("origin", "https://evil\u{202e}.example".to_owned()),
        ("accept-language", "=,\"\u{feff}".to_owned()),
        ("muhrdor-case", "\"k=v,operation=other\"".to_owned()),
    ];
    let hostile: Vec<(&str, &str)> = hostile.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let (own, answered) = get(&mut aziza, &record, &[("traceparent", parent)]).await;
    assert_eq!(answered.status, 200, "{}", answered.received());
    let (refused, _) = get(&mut nobody, &record, &[]).await;
    let (unknown, _) = get(&mut nobody, "/none/canary?x=\"y\",z", &[]).await;
    let (odd, _) = get(&mut aziza, &record, &hostile).await;
    let (check, _) = get(&mut nobody, "/verify/canary-code", &[]).await;
    let said = apart.kill().await;
    grounds.close().await;

    let lines = access(&said);
    let of = |number: &str| {
        let mut found = lines.iter().filter(|line| line["request_id"] == number);
        let line = found
            .next()
            .unwrap_or_else(|| panic!("no line of {number}\n{said}"));
        assert!(found.next().is_none(), "LG-01: two lines of {number}");
        line
    };
    let line = of(&own);
    for (field, value) in [
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("method", "GET"),
        ("path", "/pension/records/{pinfl}"),
        ("operation", "pension-fund.record.read"),
        ("principal", "person"),
        ("credential", "session"),
        ("outcome", "answered"),
        ("protocol", "h1"),
        ("tls", "1.3"),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    assert_eq!(line["status"], 200);
    assert_eq!(line["sent_bytes"], answered.body.len());
    assert_eq!(line["sent_whole"], true);
    assert_eq!(line["pseudonym"].as_str().unwrap().len(), 16);
    assert!(line["upstream_us"].as_u64().unwrap() > 0);
    assert!(line["own_us"].as_u64().unwrap() > 0);
    assert_eq!(of(&refused)["outcome"], "sign_in_needed");
    assert_eq!(of(&refused)["trace_id"], refused.as_str());
    assert_eq!(of(&unknown)["path"], "");
    assert_eq!(of(&unknown)["outcome"], "unknown_operation");
    assert_eq!(of(&odd)["outcome"], "bad_header");
    assert_eq!(of(&check)["operation"], "/verify/{code}");
    let treacherous = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{feff}".contains(c);
    assert!(!said.contains(treacherous), "LG-01");
    for word in ["canary", "evil", "level\\\":", AZIZA] {
        assert!(!said.contains(word), "LG-01, LG-02: {word}");
    }
}
