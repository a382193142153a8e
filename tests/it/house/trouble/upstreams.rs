//! Upstreams that are down, silent, slow, broken, or say what no contract lets through.

use std::fs;
use std::path::Path;

use muhrdor::domain::entry::Stage;
use muhrdor::domain::reason::Reason;
use tempfile::TempDir;

use super::super::call;
use super::puppet::{Puppet, Then};
use super::{AZIZA, House, recorded, told, unhurried, with_upstream};

/// What an upstream is waited for in these tests, in milliseconds.
const UPSTREAM_MS_MAX: u32 = 300;
/// The largest answer that is read in these tests.
const ANSWER_BYTES_MAX: usize = 2048;

/// The policies with small bounds on reading a record at the pension fund.
fn impatient_policies() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    copy(&policies, folder.path());
    let path = folder.path().join("services/pension-fund.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (before, after) = text
        .split_once("id = \"pension-fund.record.read\"\n")
        .unwrap();
    let bounded = after.replacen(
        "mode = \"fields\"\n",
        &format!("mode = \"fields\"\nbytes_max = {ANSWER_BYTES_MAX}\n"),
        1,
    );
    assert_ne!(bounded, after);
    let text = format!(
        "{before}id = \"pension-fund.record.read\"\nupstream_ms_max = {UPSTREAM_MS_MAX}\n{bounded}"
    );
    fs::write(&path, text).unwrap();
    folder
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

pub(crate) fn with_policies(config: &str, folder: &Path) -> String {
    let (before, after) = config.split_once("[bundle]\n").unwrap();
    let (_, rest) = after.split_once('\n').unwrap();
    format!("{before}[bundle]\ndir = \"{}\"\n{rest}", folder.display())
}

fn record() -> String {
    format!(
        "{{\"pinfl\":\"{AZIZA}\",\"name\":\"Aziza Karimova\",\"monthly_income\":7341907,\
         \"employer\":\"Chorsu Tekstil\"}}"
    )
}

/// An answer with its length, declared to be `length` bytes long.
fn declared(line: &str, media: &str, length: usize, body: &str) -> String {
    format!("HTTP/1.1 {line}\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn whole(line: &str, media: &str, body: &str) -> String {
    declared(line, media, body.len(), body)
}

fn chunked(body: &str, end: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{body}\r\n{end}",
        body.len()
    )
}

/// What the upstream does, in words, in bytes, and what comes of it.
type Fault = (&'static str, String, Then, Reason);

/// Exchanges that do not come to an end, or to none in time.
fn unfinished() -> Vec<Fault> {
    let record = record();
    let half = &record[..record.len() / 2];
    let half = declared("200 OK", "application/json", record.len(), half);
    let stub = "HTTP/1.1 200 OK\r\nconte".to_owned();
    let mail = "220 mail.example ESMTP\r\n".to_owned();
    let (nothing, unended) = (String::new(), chunked(&record, ""));
    let (unavailable, timeout) = (Reason::UpstreamUnavailable, Reason::UpstreamTimeout);
    let (close, silence) = (Then::Close, Then::Silence);
    vec![
        ("never answers", nothing.clone(), silence, timeout),
        ("hangs up", nothing, close, unavailable),
        ("breaks off in its head", stub.clone(), close, unavailable),
        ("stops in its head", stub, silence, timeout),
        ("does not speak HTTP", mail, close, unavailable),
        ("breaks off in its body", half.clone(), close, unavailable),
        ("breaks off after a chunk", unended, close, unavailable),
        ("stops in its body", half, silence, timeout),
    ]
}

/// Answers that came whole and are not what the register says.
fn unfit() -> Vec<Fault> {
    let (json, ok, record) = ("application/json", "200 OK", record());
    let name = "A".repeat(ANSWER_BYTES_MAX);
    let large = format!("{{\"pinfl\":\"{AZIZA}\",\"name\":\"{name}\"}}");
    let nobody = "{\"monthly_income\":7341907}";
    let says = [
        ("declares too much", whole(ok, json, &large)),
        ("says too much", chunked(&large, "0\r\n\r\n")),
        ("says half", whole(ok, json, &record[..record.len() / 2])),
        ("says nothing", whole(ok, json, "")),
        ("says a list", whole(ok, json, "[7341907]")),
        ("does not say about whom", whole(ok, json, nobody)),
        ("says it in a page", whole(ok, "text/html", &record)),
        ("has another status", whole("201 Created", json, &record)),
        ("fails", whole("500 Internal Server Error", json, &record)),
    ];
    says.into_iter()
        .map(|(what, says)| (what, says, Then::Close, Reason::ContractBroken))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_upstream_does_is_refused_clearly_recorded_and_over() {
    let policies = impatient_policies();
    let puppet = Puppet::enter().await;
    let house = House::open_with(|config| {
        let config = with_policies(&config, policies.path());
        let config = with_upstream(&config, "pension-fund", &puppet.address.to_string());
        let section = "[upstreams.pension-fund]\n";
        unhurried(&config.replace(
            section,
            &format!("{section}idle_ms_max = {UPSTREAM_MS_MAX}\n"),
        ))
    })
    .await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let path = format!("/pension/records/{AZIZA}");
    for (what, says, then, reason) in unfinished().into_iter().chain(unfit()) {
        puppet.says(says, then);
        let reply = aziza.get(&path, &[]).await.unwrap();
        let (status, code) = (reason.status(), reason.code().to_owned());
        assert_eq!(told(&reply), (status, code), "{what}: {}", reply.received());
        for secret in ["7341907", "Karimova", "AAAA", "Chorsu"] {
            assert!(!reply.received().contains(secret), "{what}");
        }
        let stages = recorded(&house.grounds, &reply);
        assert_eq!(stages, [Stage::Refused { reason }], "{what}");
        assert_eq!(puppet.asked().len(), 1, "{what}");
    }
    // It comes to its senses, and the next request is answered.
    puppet.says(whole("200 OK", "application/json", &record()), Then::Close);
    let reply = aziza.get(&path, &[]).await.unwrap();
    assert_eq!(
        reply.at("/monthly_income"),
        7_341_907,
        "{}",
        reply.received()
    );
    puppet.leave().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_down_is_said_to_be_and_a_write_leaves_its_intent() {
    let puppet = Puppet::enter().await;
    let house = House::open_with(|config| {
        unhurried(&with_upstream(
            &config,
            "civil-registry",
            &puppet.address.to_string(),
        ))
    })
    .await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let record = format!("/civil/records/{AZIZA}");
    let apply = format!("{record}/applications");
    let refused = Stage::Refused {
        reason: Reason::UpstreamUnavailable,
    };

    // The write reached it, and nobody knows what came of it: never sent twice, never forgotten.
    puppet.says("", Then::Close);
    let reply = call(&mut aziza, &http::Method::POST, &apply, &[]).await;
    let reply = reply.unwrap();
    assert_eq!(told(&reply), (502, "upstream_unavailable".to_owned()));
    assert_eq!(puppet.asked().len(), 1);
    assert_eq!(
        recorded(&house.grounds, &reply),
        [Stage::Intent, refused.clone()]
    );

    puppet.leave().await;
    for (method, path, stages) in [
        (http::Method::GET, &record, vec![refused.clone()]),
        (http::Method::POST, &apply, vec![Stage::Intent, refused]),
    ] {
        let reply = call(&mut aziza, &method, path, &[]).await.unwrap();
        assert_eq!(told(&reply), (502, "upstream_unavailable".to_owned()));
        assert_eq!(recorded(&house.grounds, &reply), stages, "{method}");
    }
    // What is about nobody says so as well, and another e-service does not suffer.
    let info = aziza.get("/civil/info/services", &[]).await.unwrap();
    assert_eq!(told(&info), (502, "upstream_unavailable".to_owned()));
    let other = aziza.get("/pension/info", &[]).await.unwrap();
    assert_eq!(other.status, 200, "{}", other.received());
    house.close().await;
}
