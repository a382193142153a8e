//! What an operator sees and changes from outside: readiness, a full disk, a reload.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use muhrdor::app;
use muhrdor::clock::{Clock, HandClock, SystemClock};
use muhrdor::demo::{Ask, Client, Reply};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use tokio::sync::oneshot;

use super::reload::tell;
use super::{AZIZA, House, TestGrounds, told, unhurried};

/// Long enough for any machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

async fn probe(admin: SocketAddr, path: &str) -> Reply {
    let url = format!("http://{admin}{path}").parse().unwrap();
    Client::plain().send(&Ask::get(url)).await.unwrap()
}

fn text(reply: &Reply) -> (u16, String) {
    let body = String::from_utf8(reply.body.to_vec()).unwrap();
    (reply.status.as_u16(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn lg_06_a_disk_without_room_refuses_what_is_recorded_and_nothing_else() {
    let grounds = TestGrounds::prepare(|config| unhurried(&config)).await;
    // The room runs out once the stores are made.
    let path = &grounds.grounds.places.config;
    let config = fs::read_to_string(path).unwrap();
    let section = "kind = \"embedded\"\n";
    let full = config.replace(
        section,
        &format!("{section}free_bytes_min = {}\n", 1_u64 << 50),
    );
    assert_ne!(full, config);
    fs::write(path, full).unwrap();
    let config = grounds.grounds.config().unwrap();
    let gateway = app::start(config, Arc::new(SystemClock::new()));
    let gateway = gateway.await.unwrap();
    let house = House { grounds, gateway };
    let admin = house.gateway.admin();

    let (status, said) = text(&probe(admin, "/readyz").await);
    assert_eq!(status, 503);
    assert_eq!(
        said,
        "recorded operations are refused: there is no space to write an entry\n"
    );
    assert_eq!(probe(admin, "/livez").await.status, 200);

    let full = (503, "store_full".to_owned());
    let mut system = house.grounds.system("social-agency-system").await;
    let income = format!("/pension/records/{AZIZA}/income?below=5000000");
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    let reply = system.get(&income, &purpose).await.unwrap();
    assert_eq!(told(&reply), full, "{}", reply.received());
    assert!(reply.header("muhrdor-request-id").is_some());
    // A refusal that cannot be recorded says no more than that either.
    let reply = system.get(&income, &[]).await.unwrap();
    assert_eq!(told(&reply), full, "{}", reply.received());
    let mut aziza = house.grounds.visitor();
    let signed = aziza.sign_in("applicants", "aziza", "aziza-demo").await;
    let last = signed.unwrap().last;
    assert_eq!(last.status, 503, "{}", last.received());
    let who = aziza.get("/oauth2/userinfo", &[]).await.unwrap();
    assert_eq!(told(&who), (401, "sign_in_needed".to_owned()));

    for path in ["/civil/info", "/pension/info", "/services"] {
        let reply = aziza.get(path, &[]).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.received());
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_cannot_be_read_are_told_until_they_can() {
    let grounds = TestGrounds::prepare(|config| unhurried(&config)).await;
    let config = grounds.grounds.config().unwrap();
    let clock = HandClock::at(SystemClock::new().now());
    let gateway = app::start(config, Arc::new(clock.clone())).await.unwrap();
    let house = House { grounds, gateway };
    let admin = house.gateway.admin();
    assert_eq!(
        text(&probe(admin, "/readyz").await),
        (200, "ok\n".to_owned())
    );
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;

    let sessions = house
        .grounds
        .grounds
        .folder
        .root()
        .join("store/sessions.sqlite");
    let sessions = rusqlite::Connection::open(sessions).unwrap();
    sessions.busy_timeout(PATIENCE).unwrap();
    let rename = |from: &str, to: &str| {
        let rename = format!("alter table {from} rename to {to}");
        sessions.execute(&rename, []).unwrap();
    };
    rename("session", "session_away");
    rename("change", "change_away");
    // Nothing that was remembered is believed after five seconds without a look.
    clock.advance_ms(5_001);
    let (status, said) = text(&probe(admin, "/readyz").await);
    assert_eq!((status, said.as_str()), (503, "sessions cannot be read\n"));
    let my = aziza.get("/my", &[]).await.unwrap();
    assert_eq!(told(&my), (503, "sessions_unavailable".to_owned()));
    let info = aziza.get("/pension/info", &[]).await.unwrap();
    assert_eq!(told(&info).0, 503, "who asks is not known");
    assert_eq!(
        house
            .grounds
            .visitor()
            .get("/pension/info", &[])
            .await
            .unwrap()
            .status,
        200
    );

    rename("session_away", "session");
    rename("change_away", "change");
    let recovered = async { while probe(admin, "/readyz").await.status != 200 {} };
    tokio::time::timeout(PATIENCE, recovered).await.unwrap();
    let my = aziza.get("/my", &[]).await.unwrap();
    assert_eq!(my.status, 200, "nobody was signed out: {}", my.received());
    house.close().await;
}

/// All of the gateway runs on the one thread of this test.
#[tokio::test]
async fn requests_are_answered_while_a_reload_waits_for_a_disk() {
    let house = House::open().await;
    let socket = house.grounds.grounds.config().unwrap().listen.control;
    let mut visitor = house.grounds.visitor();
    assert_eq!(visitor.get("/pension/info", &[]).await.unwrap().status, 200);
    // A file that is read as slowly as the test likes.
    let path = house.grounds.grounds.places.config.clone();
    let text = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, &path, FileType::Fifo, mode, 0).unwrap();
    let (reads, reading) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let disk = std::thread::spawn(move || {
        // Opens when the reload does.
        let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
        reads.send(()).unwrap();
        let in_time = released.recv_timeout(PATIENCE);
        file.write_all(&text).unwrap();
        in_time
    });
    let reload = tokio::spawn(async move { tell(&socket, "reload").await });
    reading.await.unwrap();
    let reply = visitor.get("/pension/info", &[]).await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(!reload.is_finished());
    release.send(()).unwrap();
    assert!(
        disk.join().unwrap().is_ok(),
        "nothing was answered meanwhile"
    );
    assert_eq!(reload.await.unwrap()["ok"], true);
    house.close().await;
}

#[test]
fn the_unit_and_the_image_say_only_what_the_program_does() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let unit = fs::read_to_string(deploy.join("systemd/muhrdor.service")).unwrap();
    let image = fs::read_to_string(deploy.join("Containerfile")).unwrap();
    // The program says itself that it is ready; a reload is asked for by its own verb.
    assert!(unit.lines().any(|line| line == "Type=notify"));
    let mut calls: Vec<Vec<String>> = unit
        .lines()
        .filter(|line| line.starts_with("Exec"))
        .map(|line| line.split_once("=/usr/bin/muhrdor ").unwrap().1)
        .map(|words| words.split(' ').map(str::to_owned).collect())
        .collect();
    assert_eq!(calls.len(), 3);
    let line = image.lines().find_map(|line| line.strip_prefix("CMD "));
    calls.push(serde_json::from_str(line.unwrap()).unwrap());
    for words in calls {
        let mut program = Command::new(env!("CARGO_BIN_EXE_muhrdor"));
        let said = program.args(&words).arg("--help").output().unwrap();
        assert!(said.status.success(), "{words:?}");
    }
}
