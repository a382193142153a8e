//! What an operator changes under a running gateway: all of it is taken, or nothing is.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use muhrdor::clock::{Clock, SystemClock};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use super::trouble::puppet::{Puppet, Then};
use super::{House, told, with_upstream};

/// One line to the control socket, one back.
pub(crate) async fn tell(socket: &Path, verb: &str) -> Value {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let line = format!("{{\"verb\":\"{verb}\"}}\n");
    stream.write_all(line.as_bytes()).await.unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await.unwrap();
    serde_json::from_str(&answer).unwrap()
}

/// Writes the house's config anew.
fn change(house: &House, change: impl FnOnce(String) -> String) {
    let path = &house.grounds.grounds.places.config;
    let before = fs::read_to_string(path).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after);
    fs::write(path, after).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_takes_the_limits_and_endpoints_that_are_written_now() {
    let house = House::open().await;
    let socket = house.grounds.grounds.config().unwrap().listen.control;
    let mut visitor = house.grounds.visitor();
    for _ in 0..3 {
        assert_eq!(visitor.get("/pension/info", &[]).await.unwrap().status, 200);
    }
    let puppet = Puppet::enter().await;
    let said = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\
                content-length: 6\r\nconnection: close\r\n\r\npuppet";
    puppet.says(said, Then::Close);
    change(&house, |config| {
        let config = with_upstream(&config, "pension-fund", &puppet.address.to_string());
        let principal = "principal = { requests_max = 1000000,";
        config.replace(principal, "principal = { requests_max = 4,")
    });
    let told_now = tell(&socket, "reload").await;
    assert_eq!(told_now["ok"], true, "{told_now}");
    for _ in 0..4 {
        let reply = visitor.get("/pension/info", &[]).await.unwrap();
        assert_eq!(reply.body, "puppet");
    }
    let reply = visitor.get("/pension/info", &[]).await.unwrap();
    assert_eq!(told(&reply), (429, "too_many_requests".to_owned()));
    assert_eq!(puppet.asked().len(), 4);
    puppet.leave().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_at_start_only_is_named_with_its_line_and_nothing_is_taken() {
    let house = House::open().await;
    let socket = house.grounds.grounds.config().unwrap().listen.control;
    let bundle = tell(&socket, "status").await["bundle"].clone();
    for (from, to, names) in [
        (
            "[listen]\n",
            "[listen]\nconnections_max = 7\n",
            "`listen` has changed",
        ),
        (
            "[limits]\n",
            "[limits]\nkeys_max = 7000\n",
            "`limits` has changed",
        ),
        (
            "[limits]\n",
            "[limits]\nkeys_mux = 7000\n",
            "unknown key `keys_mux`",
        ),
        (
            "[upstreams.pension-fund]\n",
            "[upstreams.pension]\n",
            "`pension-fund`",
        ),
    ] {
        let path = &house.grounds.grounds.places.config;
        let whole = fs::read_to_string(path).unwrap();
        change(&house, |config| {
            let config = config.replace(from, to);
            config.replace("requests_max = 1000000,", "requests_max = 1,")
        });
        let told_now = tell(&socket, "reload").await;
        let error = told_now["error"].as_str().unwrap();
        assert!(
            error.contains(names) && error.contains("gateway.toml:"),
            "{error}"
        );
        fs::write(path, whole).unwrap();
        let mut visitor = house.grounds.visitor();
        for _ in 0..3 {
            assert_eq!(visitor.get("/pension/info", &[]).await.unwrap().status, 200);
        }
    }
    assert_eq!(tell(&socket, "status").await["bundle"], bundle);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_section_that_is_read_at_start_only_is_named_when_it_changes() {
    let house = House::open().await;
    let config = house.grounds.grounds.config().unwrap();
    let path = &house.grounds.grounds.places.config;
    let whole = fs::read_to_string(path).unwrap();
    let keys = config.keys_dir.display().to_string();
    let other_keys = keys.replace("/keys", "/store");
    let policies = format!("dir = \"{}", config.bundle_dir.display());
    let within = |section: &str, line: &str| {
        let head = format!("[{section}]\n");
        (head.clone(), format!("{head}{line}\n"))
    };
    let new = |section: &str, line: &str| {
        let clock = "[clock]\n".to_owned();
        (clock.clone(), format!("[{section}]\n{line}\n\n{clock}"))
    };
    let other = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    for (section, (from, to)) in [
        ("portal", other("en = \"Single portal\"", "en = \"Portal\"")),
        ("listen", within("listen", "handshakes_max = 7")),
        (
            "keys",
            other(
                &format!("folder = \"{keys}"),
                &format!("folder = \"{other_keys}"),
            ),
        ),
        ("store", within("store", "free_bytes_min = 1048577")),
        (
            "bundle",
            other(&policies, &format!("{policies}/../policies")),
        ),
        (
            "realms",
            within("realms.officials", "session_seconds_max = 4000"),
        ),
        (
            "issuers",
            other(
                "roles = [\"income-checker\"]\nscopes = [\"pension.verify\"]\n\n[issuers.officials.systems.demo",
                "scopes = [\"pension.verify\"]\n\n[issuers.officials.systems.demo",
            ),
        ),
        ("egress", other("allow = [", "allow = [\"127.0.0.1:9\", ")),
        ("facts", other("answers = [\"cases\", ", "answers = [")),
        ("streams", new("streams", "per_principal_max = 7")),
        ("timeouts", new("timeouts", "head_ms_max = 7000")),
        ("telemetry", new("telemetry", "filter = \"error\"")),
        ("notary", within("notary", "access_seconds_max = 70")),
        ("limits", within("limits", "lag_ms_max = 7")),
        (
            "limits",
            within("limits", "redis = { address = \"127.0.0.1:9\", nodes = 2 }"),
        ),
    ] {
        let changed = whole.replacen(&from, &to, 1);
        assert_ne!(changed, whole, "{section}: `{from}`");
        fs::write(path, changed).unwrap();
        let told = tell(&config.listen.control, "reload").await;
        let error = told["error"]
            .as_str()
            .unwrap_or_else(|| panic!("{section}: {told}"));
        let named = format!("`{section}` has changed, which is read at start only");
        assert!(error.contains(&named), "{section}: {error}");
    }
    fs::write(path, whole).unwrap();
    assert_eq!(tell(&config.listen.control, "reload").await["ok"], true);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_under_load_lose_no_request() {
    let house = House::open().await;
    let socket = house.grounds.grounds.config().unwrap().listen.control;
    let over = Arc::new(AtomicBool::new(false));
    let mut asking = JoinSet::new();
    for _ in 0..4 {
        let (mut visitor, over) = (house.grounds.visitor(), Arc::clone(&over));
        asking.spawn(async move {
            let mut answered = 0;
            while !over.load(Ordering::SeqCst) {
                let reply = visitor.get("/pension/info", &[]).await.unwrap();
                assert_eq!(reply.status, 200, "{}", reply.received());
                answered += 1;
            }
            answered
        });
    }
    for round in 0..10 {
        change(&house, |config| {
            let bound = format!("idle_connections_max = {}", round + 1);
            let section = "[upstreams.pension-fund]\n";
            let at = config.find(section).unwrap() + section.len();
            let (before, after) = config.split_at(at);
            let after = match after.strip_prefix("idle_connections_max") {
                Some(old) => old.split_once('\n').unwrap().1,
                None => after,
            };
            format!("{before}{bound}\n{after}")
        });
        let told_now = tell(&socket, "reload").await;
        assert_eq!(told_now["ok"], true, "{told_now}");
    }
    over.store(true, Ordering::SeqCst);
    assert!(asking.join_all().await.iter().all(|answered| *answered > 0));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_shows_the_new_certificate_or_keeps_the_old() {
    let house = House::open().await;
    let socket = house.grounds.grounds.config().unwrap().listen.control;
    let folder = &house.grounds.grounds.folder;
    let mut before = house.grounds.visitor();
    assert_eq!(before.get("/pension/info", &[]).await.unwrap().status, 200);

    // Another authority, another certificate.
    fs::remove_file(folder.certificate_key()).unwrap();
    folder.make_certificate(SystemClock::new().now()).unwrap();
    let distrusts = house.grounds.visitor().get("/pension/info", &[]).await;
    assert!(
        distrusts.is_err(),
        "the old certificate is shown until told"
    );
    let told = tell(&socket, "reload").await;
    assert_eq!(told["ok"], true, "{told}");
    let after = house.grounds.visitor().get("/pension/info", &[]).await;
    assert_eq!(after.unwrap().status, 200);
    // Who was connected stays connected.
    assert_eq!(before.get("/pension/info", &[]).await.unwrap().status, 200);

    let key = fs::read(folder.certificate_key()).unwrap();
    fs::write(folder.certificate_key(), "no key").unwrap();
    let told = tell(&socket, "reload").await;
    assert_eq!(told["ok"], false, "{told}");
    let error = told["error"].as_str().unwrap();
    assert!(error.contains("tls/server.key"), "{error}");
    assert!(!error.contains("no key"), "{error}");
    let still = house.grounds.visitor().get("/pension/info", &[]).await;
    assert_eq!(still.unwrap().status, 200);
    fs::write(folder.certificate_key(), key).unwrap();
    assert_eq!(tell(&socket, "reload").await["ok"], true);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_answers_hosts_that_are_written_now() {
    let house = House::open().await;
    let socket = house.grounds.grounds.config().unwrap().listen.control;
    let mut visitor = house.grounds.visitor();
    assert_eq!(visitor.get("/pension/info", &[]).await.unwrap().status, 200);
    let host = "\n[hosts.\"*.services.example\"]\ncertificate = \"CERT\"\nkey = \"KEY\"\n";
    let folder = &house.grounds.grounds.folder;
    let shown = house.grounds.grounds.config().unwrap().tls;
    let host = host.replace("CERT", shown.certificate.to_str().unwrap());
    let host = host.replace("KEY", folder.certificate_key().to_str().unwrap());
    change(&house, |config| config + &host);
    let told_now = tell(&socket, "reload").await;
    assert_eq!(told_now["ok"], true, "{told_now}");
    // Who was connected stays connected; a host that stands twice is not taken.
    assert_eq!(visitor.get("/pension/info", &[]).await.unwrap().status, 200);
    change(&house, |config| {
        config + &host.replace("*.services.example", "localhost")
    });
    let told_now = tell(&socket, "reload").await;
    let error = told_now["error"].as_str().unwrap();
    assert!(
        error.contains("gateway.toml:") && error.contains("`localhost` stands twice"),
        "{error}"
    );
    house.close().await;
}
