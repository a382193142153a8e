//! HTTP/1.1 over TLS: rows FR, HS and PA of the attack cases, to the door and back.

use tokio::io::AsyncWriteExt;

use super::rig::{HOST, Rig, read_all, read_until};

const SECOND: &str = "GET /second HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\n\r\n";

fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {HOST}\r\n{headers}Connection: close\r\n\r\n")
}

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

#[tokio::test]
#[rustfmt::skip]
async fn a_refused_request_reaches_no_door_and_ends_its_connection() {
    let rows: &[(&str, &str, u16, &str)] = &[
        ("FR-01", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding_misplaced"),
        ("FR-02", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400, "content_length_repeated"),
        ("FR-04", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400, "folded_header"),
        ("FR-05", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding"),
        ("FR-06", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "transfer_encoding_misplaced"),
        ("FR-07", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0_2e\r\n", 400, "chunk_size"),
        ("FR-09", "GET / HTTP/1.1\nHost: a\n\n", 400, "bare_line_feed"),
        ("FR-10", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version_not_supported"),
        ("FR-10", "GET /<img>\r\n", 400, "request_line"),
        ("FR-11", "G=\":<>(e),[T];?\" /get HTTP/1.1\r\nHost: a\r\n\r\n", 400, "method"),
        ("FR-14", "GET / HTTP/1.1\r\n\r\n", 400, "host_missing"),
        ("FR-15", "POST / HTTP/1.1\r\nHost: a\r\nExpect: foo\r\nContent-Length: 9\r\n\r\n", 417, "expectation"),
        ("FR-19", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n", 405, "connect"),
        ("HS-01", "GET /public/ HTTP/1.1\r\nHost: a\r\nX_Forwarded_User: root\r\n\r\n", 400, "alias_header_name"),
        ("PA-03", "GET /admin#/public/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
        ("PA-06", "GET /public%2f..%2fadmin HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
        ("AD-02", "GET http://evil/ping HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
    ];
    for (id, bytes, status, code) in rows {
        let rig = Rig::start().await;
        let answer = rig.exchange(format!("{bytes}{SECOND}").as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{id}: {answer}");
        assert_eq!(answers(&answer), 1, "{id}: {answer}");
        assert!(answer.contains("connection: close\r\n"), "{id}: {answer}");
        assert!(answer.contains("cache-control: no-store\r\n"), "{id}: {answer}");
        assert!(!answer.contains("set-cookie"), "{id}: {answer}");
        assert!(!answer.contains("img") && !answer.contains("evil"), "AD-04 {id}: {answer}");
        assert!(rig.house.lines().is_empty(), "{id}");
        assert_eq!(rig.house.codes(), [*code], "{id}");
    }
}

#[tokio::test]
async fn a_bad_request_behind_a_good_one_does_not_cut_its_answer_short() {
    let rig = Rig::start().await;
    let first = format!("POST /first HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100000\r\n\r\n");
    let body = "x".repeat(100_000);
    let bad = "GET /bad HTTP/1.1\nHost: a\n\n";
    let answer = rig
        .exchange(format!("{first}{body}{bad}{SECOND}").as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{}", &answer[..200]);
    assert!(
        answer.contains(&format!("POST /first\n{body}HTTP/1.1 400 ")),
        "FR-09"
    );
    assert_eq!(answers(&answer), 2);
    assert_eq!(rig.house.lines(), ["POST /first"]);
    assert_eq!(rig.house.codes(), ["bare_line_feed"]);
}

#[tokio::test]
async fn a_body_that_goes_wrong_is_answered_once_and_ends_the_connection() {
    let rig = Rig::start().await;
    let head = format!("POST /body HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let answer = rig
        .exchange(format!("{head}4\r\nseal\r\n0x4\r\nseal\r\n0\r\n\r\n{SECOND}").as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "FR-07: {answer}");
    assert_eq!(answers(&answer), 1, "FR-07: {answer}");
    assert_eq!(rig.house.codes(), ["chunk_size"], "FR-07");
    let seen = rig.house.gateway.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 1, "FR-07");
    assert!(
        seen[0].body.is_err(),
        "FR-07: the door is told that the body is not whole"
    );
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_order() {
    let rig = Rig::start().await;
    let one = format!("GET /1 HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\n\r\nseal");
    let two = format!(
        "POST /2 HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    );
    let answer = rig.exchange(format!("{one}{two}{SECOND}").as_bytes()).await;
    assert_eq!(answers(&answer), 3, "FR-12: {answer}");
    assert!(
        answer.contains("GET /1\nseal") && answer.contains("POST /2\nabc"),
        "{answer}"
    );
    assert_eq!(
        rig.house.lines(),
        ["GET /1", "POST /2", "GET /second"],
        "FR-12"
    );
}

#[tokio::test]
async fn a_body_that_was_not_waited_for_is_no_request() {
    let rig = Rig::start().await;
    let mut stream = rig.connect().await;
    let length = SECOND.len();
    let head = format!(
        "POST /ignore HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let early = read_until(&mut stream, "ignored").await;
    assert!(early.starts_with("HTTP/1.1 200 "), "FR-15: {early}");
    // The connection may be closed already: what matters is that no one reads this as a request.
    let _ = stream.write_all(SECOND.as_bytes()).await;
    let rest = read_all(&mut stream).await;
    assert_eq!(rest, "", "FR-15");
    assert_eq!(rig.house.lines(), ["POST /ignore"], "FR-15");
}

#[tokio::test]
async fn a_client_that_waits_is_told_to_go_on() {
    let rig = Rig::start().await;
    let mut stream = rig.connect().await;
    let head = format!(
        "POST /body HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let told = read_until(&mut stream, "\r\n\r\n").await;
    assert_eq!(told, "HTTP/1.1 100 Continue\r\n\r\n", "FR-15");
    stream.write_all(b"4\r\nseal\r\n0\r\n\r\n").await.unwrap();
    assert!(
        read_all(&mut stream).await.ends_with("POST /body\nseal"),
        "FR-15"
    );
}

#[tokio::test]
async fn what_follows_an_upgrade_is_never_a_request() {
    for path in ["/plain", "/switch"] {
        let rig = Rig::start().await;
        let upgrade = format!(
            "GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        );
        let answer = rig.exchange(format!("{upgrade}{SECOND}").as_bytes()).await;
        assert_eq!(answers(&answer), 1, "FR-16: {answer}");
        assert!(!answer.starts_with("HTTP/1.1 101"), "FR-16: {answer}");
        assert!(answer.contains("connection: close\r\n"), "FR-16: {answer}");
        assert_eq!(rig.house.lines(), [format!("GET {path}")], "FR-16");
    }
}

#[tokio::test]
async fn only_known_methods_reach_a_door() {
    for method in ["FOO", "get", "TRACE", "PROPFIND"] {
        let rig = Rig::start().await;
        let request = get("/app", "").replacen("GET", method, 1);
        let answer = rig.exchange(request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 405 "),
            "PA-23 {method}: {answer}"
        );
        assert!(answer.contains("allow: GET, HEAD, POST"), "PA-23 {method}");
        assert!(rig.house.lines().is_empty(), "PA-23 {method}");
        assert_eq!(rig.house.codes(), ["method_not_allowed"], "PA-23");
    }
}

#[tokio::test]
async fn what_only_the_gateway_says_is_gone_from_an_arrival() {
    let rig = Rig::start().await;
    let forged = "Muhrdor-User: root\r\nMUHRDOR-ASSERTION: x\r\nX-Forwarded-For: 10.0.0.1\r\n\
        Forwarded: for=10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\nClient-Cert: x\r\nSsl-Client-Cert: x\r\n\
        X-Envoy-Internal: 1\r\nX-HTTP-Method-Override: DELETE\r\nX-Original-URL: /admin\r\n\
        OIDC-Claim-Sub: root\r\nMuhrdor-Purpose: pension.assess\r\nCookie: a=b\r\nAccept: x/y\r\n";
    let answer = rig.exchange(get("/app", forged).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let seen = rig.house.gateway.seen.lock().unwrap().clone();
    let names: Vec<_> = seen[0]
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    let expected = [
        "host",
        "muhrdor-purpose",
        "cookie",
        "accept",
        "connection",
        "traceparent",
    ];
    assert_eq!(
        names, expected,
        "HS-02, HS-06, HS-07, HS-09, HS-10, HS-11, HS-14, PA-23"
    );
    assert_eq!(seen[0].line, "GET /app", "PA-23");
}

#[tokio::test]
async fn a_request_for_another_host_than_the_handshake_is_misdirected() {
    let rows = [
        ("PA-16", "PORTAL.example", 200),
        ("PA-17", "portal.example.", 200),
        ("HS-17", "portal.example:8443 \t", 200),
        ("MT-04", "api.example", 421),
        ("PA-18", "portalxexample", 421),
        ("PA-18", "portal.example.evil", 421),
        ("PA-18", "evil-portal.example", 421),
    ];
    for (id, host, status) in rows {
        let rig = Rig::start().await;
        let request = get("/app", "").replacen(HOST, host, 1);
        let answer = rig.exchange(request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{id} {host}: {answer}"
        );
        let hosts: Vec<_> = rig
            .house
            .gateway
            .seen
            .lock()
            .unwrap()
            .iter()
            .map(|seen| seen.host.clone())
            .collect();
        assert_eq!(hosts, vec![HOST; usize::from(status == 200)], "{id} {host}");
    }
}

#[tokio::test]
async fn a_reserved_path_has_its_own_door_and_nothing_of_admin_answers() {
    let rig = Rig::start().await;
    let answer = rig.exchange(get("/verify/AB12", "").as_bytes()).await;
    assert!(answer.ends_with("reserved GET /verify/AB12\n"), "{answer}");
    for path in [
        "/metrics",
        "/healthz",
        "/readyz",
        "/livez",
        "/debug/pprof",
        "/config_dump",
    ] {
        let answer = rig.exchange(get(path, "").as_bytes()).await;
        assert!(
            answer.ends_with(&format!("\r\n\r\nGET {path}\n")),
            "AD-01: {answer}"
        );
    }
    assert_eq!(
        rig.house.lines().len(),
        6,
        "AD-01: to the gateway, as any unknown path"
    );
}

#[tokio::test]
async fn a_question_to_the_server_itself_is_answered_here() {
    let rig = Rig::start().await;
    let answer = rig
        .exchange(get("*", "").replacen("GET", "OPTIONS", 1).as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 204 "), "PA-11: {answer}");
    assert!(rig.house.lines().is_empty(), "PA-11");
}
