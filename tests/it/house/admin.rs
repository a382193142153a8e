//! What is for operators is not for the public, and what is told of errors shows nothing of what
//! was sent. Rows AD of the attack cases.

use muhrdor::demo::{Ask, Client, Reply};
use serde_json::Value;

use super::House;

/// A problem without the number of its request.
fn apart_from_number(reply: &Reply) -> (u16, Value) {
    let mut body = reply.json();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    (reply.status.as_u16(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn ad_01_what_is_for_operators_is_unknown_to_the_public() {
    let house = House::open().await;
    let mut nobody = house.grounds.visitor();
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let paths = [
        "/metrics",
        "/livez",
        "/readyz",
        "/startupz",
        "/healthz",
        "/status",
        "/reload",
        "/alarms",
        "/config_dump",
        "/debug/pprof",
        "/admin/metrics",
    ];
    for visitor in [&mut nobody, &mut aziza] {
        let unknown = visitor.get("/nothing-is-here", &[]).await.unwrap();
        assert_eq!(unknown.status, 404, "AD-01");
        for path in paths {
            let reply = visitor.get(path, &[]).await.unwrap();
            let told = apart_from_number(&reply);
            assert_eq!(told, apart_from_number(&unknown), "AD-01: {path}");
        }
    }
    let admin = house.gateway.admin();
    for path in [
        "/config_dump",
        "/debug/pprof",
        "/reload",
        "/civil/info",
        "/verify",
    ] {
        let url = format!("http://{admin}{path}").parse().unwrap();
        let reply = Client::plain().send(&Ask::get(url)).await.unwrap();
        assert_eq!(reply.status, 404, "AD-01, AD-02: {path}");
        assert!(reply.body.is_empty(), "AD-01: {path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ad_04_what_was_sent_is_not_shown_as_markup_in_any_error() {
    let house = House::open().await;
    let mut nobody = house.grounds.visitor();
    let image = "%3Cimg%20src=x%20onerror=alert(1)%3E";
    let script = "%3Cscript%3Ealert(1)%3C/script%3E";
    let paths = [
        format!("/{image}"),
        format!("/civil/{image}?x={script}"),
        format!("/oauth2/callback?error=access_denied&error_description={script}&state={script}"),
        format!("/oauth2/start?realm={script}&rd={image}"),
        format!("/verify/{image}"),
        format!("/verify?code={script}"),
    ];
    for path in &paths {
        for accept in ["text/html", "application/json"] {
            let reply = nobody.get(path, &[("accept", accept)]).await.unwrap();
            let text = String::from_utf8_lossy(&reply.body).to_lowercase();
            for markup in ["<img", "<script", "alert(1)</"] {
                assert!(!text.contains(markup), "AD-04: {path} as {accept}");
            }
            let media = reply.header("content-type").unwrap_or_default();
            if media.starts_with("text/html") {
                let policy = reply.header("content-security-policy").unwrap_or_default();
                assert!(
                    policy.contains("default-src 'none'"),
                    "AD-04: {path}: {policy}"
                );
            }
            assert_eq!(
                reply.header("x-content-type-options"),
                Some("nosniff"),
                "AD-04: {path}"
            );
        }
    }
    house.close().await;
}
