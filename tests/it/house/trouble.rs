//! What goes wrong around the gateway: each is told clearly, recorded where someone identified is
//! behind it, and nothing of an answer leaves.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use http::Method;
use muhrdor::app::journal_reader;
use muhrdor::demo::Reply;
use muhrdor::domain::entry::{Stage, VisitId};
use muhrdor::domain::reason::Reason;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::raw::{Listening, path, whole};
use super::{AZIZA, House, told, unhurried, with_upstream};

/// That the request's refusal stands in the journal.
fn recorded(house: &House, reply: &Reply, reason: Reason) {
    let visit = VisitId::parse(reply.header("muhrdor-request-id").unwrap()).unwrap();
    let reader = journal_reader(&house.grounds.grounds.config().unwrap()).unwrap();
    let found = reader.of_visit(visit).unwrap();
    let refused = found
        .iter()
        .any(|found| found.entry.stage == Stage::Refused { reason });
    assert!(refused, "{reason} is not in the journal: {found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_e_service_that_is_down_is_told_and_recorded() {
    // A port that was free a moment ago, and is again.
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let house = House::open_with(|config| {
        unhurried(&with_upstream(&config, "pension-fund", &nobody.to_string()))
    })
    .await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let reply = aziza.get(&path(), &[]).await.unwrap();
    assert_eq!(told(&reply), (502, "upstream_unavailable".to_owned()));
    recorded(&house, &reply, Reason::UpstreamUnavailable);
    let other = aziza
        .get(&format!("/civil/records/{AZIZA}"), &[])
        .await
        .unwrap();
    assert_eq!(
        other.status,
        200,
        "the other e-services go on: {}",
        other.received()
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_e_service_that_falls_silent_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            // It reads the request, and that is all.
            let mut some = [0; 1024];
            let _read = stream.read(&mut some).await;
            open.push(stream);
        }
    });
    let policies = tempfile::tempdir().unwrap();
    hurried(policies.path());
    let house = House::open_with(|config| {
        let silent = with_upstream(&config, "pension-fund", &address.to_string());
        let (before, after) = silent.split_once("[bundle]\ndir = \"").unwrap();
        let (_, rest) = after.split_once('"').unwrap();
        let ours = policies.path().display();
        unhurried(&format!("{before}[bundle]\ndir = \"{ours}\"{rest}"))
    })
    .await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let reply = aziza.get(&path(), &[]).await.unwrap();
    assert_eq!(told(&reply), (504, "upstream_timeout".to_owned()));
    recorded(&house, &reply, Reason::UpstreamTimeout);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_keeps_no_contract_or_breaks_off_is_not_delivered() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let record = |extra: &str| format!("{{\"pinfl\":\"{AZIZA}\",\"name\":\"canary\"{extra}}}");
    let large = record(&format!(",\"clerk_note\":\"{}\"", "x".repeat(2 << 20)));
    for (what, answer) in [
        ("no JSON", whole("{\"name\":\"canary\"")),
        ("another form", whole("[\"canary\"]")),
        ("too large", whole(&large)),
        (
            "another medium",
            whole(&record("")).replacing("application/json", "text/csv"),
        ),
        (
            "another status",
            whole(&record("")).replacing("200 OK", "418 Teapot"),
        ),
        ("half of it", whole(&record(""))[..100].to_vec()),
    ] {
        // What breaks off must break off: the connection is closed after it.
        let breaks_off = what == "half of it";
        raw.say_and(vec![answer], breaks_off);
        let reply = aziza.get(&path(), &[]).await.unwrap();
        assert_eq!(reply.status, 502, "{what}: {}", reply.received());
        assert!(!reply.received().contains("canary"), "{what}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_its_bound_is_refused_and_not_forwarded() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let headers = [
        ("content-type", "application/json"),
        ("sec-fetch-site", "same-origin"),
    ];
    let path = format!("/civil/records/{AZIZA}/applications");
    let body = Bytes::from(format!("{{\"kind\":\"{}\"}}", "x".repeat(65_536)));
    let reply = aziza
        .ask(Method::POST, &path, &headers, body)
        .await
        .unwrap();
    assert_eq!(told(&reply), (413, "body_too_large".to_owned()));
    recorded(&house, &reply, Reason::BodyTooLarge);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_bodies_registers_nobody_gets_anything_about_a_person() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let house = House::open_with(|config| {
        let section = "[facts.pension-case-system]\naddress = \"http://";
        let (before, after) = config.split_once(section).unwrap();
        let (old, rest) = after.split_once('"').unwrap();
        let moved = format!("{before}{section}{nobody}\"{rest}");
        unhurried(&moved.replace(&format!("\"{old}\""), &format!("\"{nobody}\"")))
    })
    .await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let reply = aziza.get(&path(), &[]).await.unwrap();
    assert_eq!(told(&reply), (503, "facts_unavailable".to_owned()));
    recorded(&house, &reply, Reason::FactsUnavailable);
    let public = aziza.get("/civil/info/services", &[]).await.unwrap();
    assert_eq!(public.status, 200, "{}", public.received());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_server_that_is_down_is_told_and_the_rest_goes_on() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let house = House::open_with(|config| {
        let (before, after) = config.split_once("[realms.applicants]").unwrap();
        let (_, rest) = after.split_once("issuer = \"http://").unwrap();
        let (old, _) = rest.split_once('/').unwrap();
        let moved = format!("http://{nobody}/applicants");
        unhurried(
            &format!("{before}[realms.applicants]{after}")
                .replace(&format!("http://{old}/applicants"), &moved),
        )
        .replace("allow = [", &format!("allow = [\"{nobody}\", "))
    })
    .await;
    let mut aziza = house.grounds.visitor();
    let reply = aziza
        .get("/oauth2/start?realm=applicants", &[])
        .await
        .unwrap();
    assert_eq!(told(&reply), (503, "provider_unavailable".to_owned()));
    let officials = house.grounds.signed_in("officials", "gulnora").await;
    drop(officials);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_that_may_not_be_asked_about_is_refused_before_anybody_is_asked() {
    let Listening {
        house,
        raw,
        tasks: _tasks,
        ..
    } = Listening::open().await;
    let mut system = house.grounds.system("social-agency-system").await;
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    for query in [
        "below=7341908",
        "below=5000000&below=7341908",
        "",
        "below=%35000000x",
    ] {
        let asked = format!("{}/income?{query}", path());
        let reply = system.get(&asked, &purpose).await.unwrap();
        assert_eq!(
            told(&reply),
            (400, "question_not_allowed".to_owned()),
            "{query}"
        );
    }
    assert!(raw.heard().is_empty());
    let allowed = format!("{}/income?below=5000000", path());
    let reply = system.get(&allowed, &purpose).await.unwrap();
    assert_eq!(reply.at("/answer"), false, "{}", reply.received());
    assert_eq!(raw.heard().len(), 1);
    house.close().await;
}

/// The shipped policies, with little patience for the pension fund's record.
fn hurried(into: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut folders = vec![from.clone()];
    while let Some(folder) = folders.pop() {
        let place = into.join(folder.strip_prefix(&from).unwrap());
        fs::create_dir_all(&place).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                fs::copy(&path, place.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    let described = into.join("services/pension-fund.toml");
    let text = fs::read_to_string(&described).unwrap();
    let call = "call = \"GET /records/{pinfl}\"\n";
    fs::write(
        &described,
        text.replace(call, &format!("{call}upstream_ms_max = 200\n")),
    )
    .unwrap();
}

/// Bytes with a word exchanged.
trait Replacing {
    fn replacing(self, from: &str, to: &str) -> Vec<u8>;
}

impl Replacing for Vec<u8> {
    fn replacing(self, from: &str, to: &str) -> Vec<u8> {
        String::from_utf8(self)
            .unwrap()
            .replace(from, to)
            .into_bytes()
    }
}
