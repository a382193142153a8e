//! What a gateway writes to its log when it writes all it can.

use http::Method;

use crate::house::apart::Apart;
use crate::house::{AZIZA, TestGrounds, call, unhurried};

#[tokio::test(flavor = "multi_thread")]
async fn t16_a_log_names_the_operation_and_never_whom_it_was_about() {
    let grounds = TestGrounds::prepare(|config| {
        format!("{}\n[telemetry]\nfilter = \"trace\"\n", unhurried(&config))
    })
    .await;
    let apart = Apart::serve(&grounds).await;
    let token = grounds.grounds.token("demo-bank-system").await.unwrap();
    let mut bank = grounds.system("demo-bank-system").await;
    let mut aziza = grounds.signed_in("applicants", "aziza").await;
    let mut botir = grounds.signed_in("applicants", "botir").await;
    let record = format!("/pension/records/{AZIZA}");
    let paths = [
        (format!("{record}?note=canary-query"), "canary-query"),
        (format!("{record}/income?below=5000000"), "below="),
        (format!("/none/{AZIZA}"), "/none/"),
        (format!("/pension/%34{}", &AZIZA[1..]), "%34"),
    ];
    let referer = format!("https://localhost{record}?canary-referer");
    let headers = [
        ("referer", referer.as_str()),
        ("user-agent", "canary-agent\u{202e}"),
        ("muhrdor-purpose", "own.view"),
    ];
    for visitor in [&mut aziza, &mut botir, &mut bank] {
        for (path, _) in &paths {
            let reply = call(visitor, &Method::GET, path, &headers).await;
            assert!(reply.is_some(), "{path}");
        }
    }
    let said = apart.kill().await;
    grounds.close().await;

    assert!(said.contains("pension-fund.record.read"), "T16: {said}");
    let secrets = ["canary-referer", "canary-agent", "Aziza", "7341907", AZIZA];
    let of_paths = paths.iter().map(|(_, secret)| *secret);
    for secret in secrets.into_iter().chain(of_paths).chain([token.as_str()]) {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "T16, LG-03: `{secret}`");
    }
}
