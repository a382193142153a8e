//! What a gateway writes to its log when it writes all it can.

use std::path::Path;
use std::process::Stdio;

use http::Method;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::house::{AZIZA, TestGrounds, call, unhurried};

#[tokio::test(flavor = "multi_thread")]
async fn t16_a_log_names_the_operation_and_never_whom_it_was_about() {
    let grounds = TestGrounds::prepare(|config| {
        format!("{}\n[telemetry]\nfilter = \"trace\"\n", unhurried(&config))
    })
    .await;
    let mut child = Command::new(Path::new(env!("CARGO_BIN_EXE_muhrdor")))
        .args(["serve", "--config"])
        .arg(&grounds.grounds.places.config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("muhrdor::serve: ready") {
        assert!(log.read_line(&mut said).await.unwrap() > 0, "{said}");
    }
    let reading = tokio::spawn(async move {
        log.read_to_string(&mut said).await.unwrap();
        said
    });

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
    child.kill().await.unwrap();
    let said = reading.await.unwrap();
    grounds.close().await;

    assert!(said.contains("pension-fund.record.read"), "T16: {said}");
    let secrets = ["canary-referer", "canary-agent", "Aziza", "7341907", AZIZA];
    let of_paths = paths.iter().map(|(_, secret)| *secret);
    for secret in secrets.into_iter().chain(of_paths).chain([token.as_str()]) {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "T16, LG-03: `{secret}`");
    }
}
