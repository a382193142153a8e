//! The sign-in provider and the register of facts, when they are not there.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muhrdor::app;
use muhrdor::clock::{Clock, HandClock, SystemClock};
use muhrdor::domain::entry::Stage;
use muhrdor::domain::reason::Reason;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::puppet::{Puppet, Then};
use super::{AZIZA, House, TestGrounds, Vacant, recorded, told, unhurried, vacant, with_upstream};

/// After a provider did not answer it is left alone for this long, in milliseconds.
const PROVIDER_PAUSE_MS: u32 = 10_000;

/// The config with every mention of the address in `quoted` replaced.
fn moved(config: &str, after: &str, to: &Vacant) -> String {
    let (_, rest) = config.split_once(after).unwrap();
    let end = rest.find(['/', '"']).unwrap();
    config.replace(&rest[..end], &to.address().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_provider_that_comes_up_later_is_used_then() {
    let vacant = vacant();
    let change = |config: String| unhurried(&moved(&config, "issuer = \"http://", &vacant));
    let grounds = TestGrounds::prepare(change).await;
    let config = grounds.grounds.config().unwrap();
    let clock = HandClock::at(SystemClock::new().now());
    let gateway = app::start(config, Arc::new(clock.clone())).await.unwrap();
    let house = House { grounds, gateway };

    let mut aziza = house.grounds.visitor();
    let start = "/oauth2/start?realm=applicants";
    let reply = aziza.get(start, &[]).await.unwrap();
    assert_eq!(told(&reply), (503, "provider_unavailable".to_owned()));
    let page = aziza.get(start, &[("accept", "text/html")]).await.unwrap();
    assert_eq!(page.status, 503);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.received().contains("<h1"), "{}", page.received());
    // A token that cannot be checked is believed as little as one that is wrong.
    let token = unchecked(&house.grounds, &vacant).await;
    let mut system = house.grounds.visitor().with_bearer(&token);
    let path = format!("/pension/records/{AZIZA}/income?below=5000000");
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    let reply = system.get(&path, &purpose).await.unwrap();
    assert_eq!(told(&reply), (503, "provider_unavailable".to_owned()));
    // Whoever needs no sign-in goes on.
    let info = aziza.get("/pension/info", &[]).await.unwrap();
    assert_eq!(info.status, 200, "{}", info.received());

    let mut provider = provider(&house.grounds, &vacant).await;
    clock.advance_ms(PROVIDER_PAUSE_MS);
    let signed = aziza.sign_in("applicants", "aziza", "aziza-demo").await;
    let who = aziza.get("/oauth2/userinfo", &[]).await.unwrap();
    assert_eq!(
        who.at("/kind"),
        "person",
        "{}",
        signed.unwrap().last.received()
    );
    provider.kill().await.unwrap();
    house.close().await;
}

/// A system's token, from an issuer whose keys cannot be had.
async fn unchecked(grounds: &TestGrounds, issuer: &Vacant) -> String {
    let token = grounds.grounds.token("social-agency-system").await.unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["iss"] = format!("http://{}/officials", issuer.address()).into();
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{claims}.{}", parts[0], parts[2])
}

/// The demo's sign-in server, where the gateway has been looking for it.
async fn provider(grounds: &TestGrounds, at: &Vacant) -> Child {
    let places = &grounds.grounds;
    let mut child = Command::new(Path::new(env!("CARGO_BIN_EXE_muhrdor")))
        .args([
            "demo-part",
            "sign-in",
            "--listen",
            &at.address().to_string(),
        ])
        .args(["--portal", &places.places.portal, "--data-dir"])
        .arg(places.folder.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.next_line().await.unwrap().unwrap();
    assert!(ready.contains(&at.address().to_string()), "{ready}");
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_register_of_facts_nobody_is_let_through() {
    let vacant = vacant();
    let puppet = Puppet::enter().await;
    let house = House::open_with(|config| {
        let config = with_upstream(&config, "pension-fund", &puppet.address.to_string());
        let facts = "[facts.pension-case-system]\naddress = \"http://";
        unhurried(&moved(&config, facts, &vacant))
    })
    .await;
    puppet.says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Then::Close);
    let record = format!("/pension/records/{AZIZA}");
    let income = format!("{record}/income?below=5000000");
    let on_the_case = [
        ("muhrdor-purpose", "pension.assess"),
        ("muhrdor-case", "\"PF-2026-000117\""),
    ];
    let for_credit = [("muhrdor-purpose", "credit.assess")];
    let mut askers = [
        (
            house.grounds.signed_in("officials", "gulnora").await,
            &record,
            &on_the_case[..],
        ),
        (
            house.grounds.signed_in("applicants", "aziza").await,
            &record,
            &[],
        ),
        (
            house.grounds.system("demo-bank-system").await,
            &income,
            &for_credit,
        ),
    ];
    for (asker, path, headers) in &mut askers {
        let reply = asker.get(path, headers).await.unwrap();
        assert_eq!(told(&reply), (503, "facts_unavailable".to_owned()));
        let refused = Stage::Refused {
            reason: Reason::FactsUnavailable,
        };
        assert_eq!(recorded(&house.grounds, &reply), [refused]);
    }
    assert_eq!(puppet.asked(), Vec::<String>::new());
    puppet.leave().await;
    house.close().await;
}
