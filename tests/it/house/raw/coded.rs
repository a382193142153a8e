//! Bodies that are not what they seem: coded ones, methods and secrets beside them. Rows T01, T02,
//! T15, AD-05, PA-23.

use std::fs;

use bytes::Bytes;
use http::Method;
use miniz_oxide::deflate::compress_to_vec;
use tokio::io::AsyncWriteExt;

use super::said::{chunked, said};
use super::{Heard, Listening, Raw, path, record, told, whole};
use crate::house::apart::Apart;
use crate::house::streams::read_rest;
use crate::house::trouble::asked::{connect, session_cookie};
use crate::house::{AZIZA, House, TestGrounds, unhurried, with_upstream};

/// Stands in what is said and must not arrive at the client.
const CANARY: &str = "canary-c0ded";

/// As much as a body of 64 KiB can grow to, nearly.
const UNPACKED_BYTES: usize = 48 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn t01_t02_an_answer_in_a_coding_that_nobody_asked_for_is_none() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let body = record().replace("Aziza", CANARY).into_bytes();
    // Stored, not squeezed: the canary stands in it letter by letter.
    let stored = gzip(&body, 0);
    let squeezed = gzip(&body, 9);
    for (id, coding, bytes) in [
        ("T01", "Content-Encoding: gzip\r\n", &stored),
        ("T01", "Content-Encoding: gzip\r\n", &squeezed),
        ("T01", "Content-Encoding: br\r\n", &body),
        ("T01", "Content-Encoding: identity, gzip\r\n", &stored),
        (
            "T01",
            "Content-Encoding: identity\r\nContent-Encoding: br\r\n",
            &body,
        ),
        ("T02", "", &stored),
        ("T02", "", &squeezed),
    ] {
        for (path, media) in [
            (path(), "application/json"),
            ("/pension/info".to_owned(), "text/html"),
        ] {
            if coding.is_empty() && media == "text/html" {
                // Declared free of personal data, and passed on unread.
                continue;
            }
            let length = bytes.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {media}\r\n{coding}Content-Length: {length}\r\n\r\n"
            );
            raw.say(vec![[head.as_bytes(), bytes].concat()]);
            let reply = aziza.get(&path, &[]).await.unwrap();
            let refused = (502, "contract_broken".to_owned());
            assert_eq!(told(&reply), refused, "{id} {path}: {}", reply.received());
            assert!(!reply.received().contains(CANARY), "{id}: {coding}");
            assert_eq!(raw.heard().len(), 1, "{id}: {coding}");
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_no_header_trailer_or_early_hint_carries_what_was_cut_out() {
    let Listening {
        house,
        raw,
        aziza: _,
        tasks: _tasks,
    } = Listening::open().await;
    let cookie = session_cookie(&house.grounds, "aziza").await;
    let length = format!("Content-Length: {}\r\n", record().len());
    let in_header = [
        format!("Location: /{CANARY}"),
        format!("Content-Location: /{CANARY}"),
        format!("Link: </{CANARY}>; rel=preload"),
        format!("ETag: \"{CANARY}\""),
        format!("Last-Modified: {CANARY}"),
        format!("X-Note: {CANARY}"),
        format!("Set-Cookie: n={CANARY}"),
        format!("Content-Disposition: inline; filename={CANARY}"),
        format!("Refresh: 0; url=/{CANARY}"),
        format!("Server: {CANARY}"),
        format!("Server-Timing: {CANARY}"),
        format!("Muhrdor-Withheld: {CANARY}"),
    ];
    let mut answers = Vec::new();
    for line in in_header {
        let answer = said("200 OK", &format!("{line}\r\n{length}"), &record());
        let name = line.split(':').next().unwrap().to_owned();
        answers.push((name, answer));
    }
    let trailed = chunked(&record());
    let trailed = trailed.strip_suffix("\r\n").unwrap();
    let trailed = format!("{trailed}X-Note: {CANARY}\r\nLink: </{CANARY}>\r\n\r\n");
    let trailers = "Transfer-Encoding: chunked\r\nTrailer: x-note, link\r\n";
    answers.push(("a trailer".to_owned(), said("200 OK", trailers, &trailed)));
    let early = format!("HTTP/1.1 103 Early Hints\r\nLink: </{CANARY}>\r\n\r\n");
    let early = [early.into_bytes(), whole(&record())].concat();
    answers.push(("103".to_owned(), early));
    for (what, answer) in answers {
        raw.say(vec![answer]);
        let received = everything(&house.grounds, &cookie).await;
        assert!(
            received.starts_with("HTTP/1.1 200 "),
            "T15 {what}: {received}"
        );
        assert!(received.contains("7341907"), "T15 {what}: {received}");
        assert!(!received.contains(CANARY), "T15 {what}: {received}");
        assert_eq!(raw.heard().len(), 1, "T15 {what}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pa_23_a_method_in_the_words_of_a_body_or_query_is_none() {
    let (raw, address, _tasks) = Raw::open().await;
    let house = House::open_with(|config| registry_at(&config, &address.to_string())).await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    raw.say(vec![accepted()]);
    let form = "application/x-www-form-urlencoded";
    let parts = "multipart/form-data; boundary=x";
    let part = "--x\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\nDELETE\r\n--x--\r\n";
    for (media, query, body) in [
        (form, "", "_method=DELETE"),
        (form, "", "kind=birth-certificate&_method=delete&method=GET"),
        (form, "?_method=DELETE", "kind=birth-certificate"),
        (parts, "", part),
        ("application/json", "", r#"{"_method":"DELETE"}"#),
    ] {
        let path = format!("/civil/records/{AZIZA}/applications{query}");
        let reply = post(&mut aziza, &path, &[("content-type", media)], body.into()).await;
        assert_eq!(reply.status, 201, "PA-23 {body}: {}", reply.received());
        let [heard] = &raw.heard()[..] else {
            panic!("PA-23: heard once");
        };
        let line = format!("POST /records/{AZIZA}/applications{query} HTTP/1.1");
        assert_eq!(heard.line(), line, "PA-23: {body}");
        assert_eq!(heard.body, body.as_bytes(), "PA-23");
        let operation = &heard.claims()["operation"];
        assert_eq!(operation, "civil-registry.application.submit", "PA-23");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ad_05_a_squeezed_body_is_unpacked_by_nobody_here() {
    let (raw, address, _tasks) = Raw::open().await;
    let grounds = TestGrounds::prepare(|config| registry_at(&config, &address.to_string())).await;
    let apart = Apart::serve(&grounds).await;
    let mut aziza = grounds.signed_in("applicants", "aziza").await;
    raw.say(vec![accepted()]);
    let squeezed = Bytes::from(gzip(&vec![b' '; UNPACKED_BYTES], 9));
    assert!(squeezed.len() < 65_536, "{} bytes", squeezed.len());
    let path = format!("/civil/records/{AZIZA}/applications");
    // From here on: a start takes more for a moment than what comes after it (proc(5), `clear_refs`).
    let refs = format!("/proc/{}/clear_refs", apart.process());
    fs::write(refs, "5").unwrap();
    let before = largest_bytes(apart.process());
    for coding in ["gzip", "x-gzip", "gzip, gzip", "deflate"] {
        for media in ["application/json", "application/x-www-form-urlencoded"] {
            let headers = [("content-encoding", coding), ("content-type", media)];
            let reply = post(&mut aziza, &path, &headers, squeezed.clone()).await;
            assert_eq!(reply.status, 201, "AD-05 {coding}: {}", reply.received());
            let [Heard { body, .. }] = &raw.heard()[..] else {
                panic!("AD-05: heard once");
            };
            assert_eq!(*body, squeezed, "AD-05 {coding}: as it came");
        }
    }
    let grown = largest_bytes(apart.process()) - before;
    assert!(
        grown < UNPACKED_BYTES as u64 / 2,
        "AD-05: grew by {grown} bytes"
    );
    apart.kill().await;
    grounds.close().await;
}

fn registry_at(config: &str, address: &str) -> String {
    unhurried(&with_upstream(config, "civil-registry", address))
}

/// What the registry answers to an application.
fn accepted() -> Vec<u8> {
    let body = format!("{{\"pinfl\":\"{AZIZA}\",\"number\":\"1\"}}");
    let length = format!("Content-Length: {}\r\n", body.len());
    said("201 Created", &length, &body)
}

async fn post(
    visitor: &mut muhrdor::demo::Visitor,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> muhrdor::demo::Reply {
    let headers = [headers, &[("sec-fetch-site", "same-origin")]].concat();
    let asked = visitor.ask(Method::POST, path, &headers, body).await;
    asked.unwrap()
}

/// All bytes that come back for the record, interim answers and trailers too.
async fn everything(grounds: &TestGrounds, cookie: &str) -> String {
    let mut stream = connect(grounds).await;
    let host = grounds.grounds.places.portal.trim_start_matches("https://");
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\naccept: application/json\r\n\
         te: trailers\r\nconnection: close, te\r\n\r\n",
        path()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    read_rest(&mut stream).await
}

/// The most memory that a process has had since it was last asked to forget, in bytes (proc(5), `VmHWM`).
fn largest_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() * 1024
}

/// One member of a gzip file (RFC 1952).
fn gzip(plain: &[u8], level: u8) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    file.extend(compress_to_vec(plain, level));
    let table: Vec<u32> = (0..=255).map(|byte| remainder(byte, 8)).collect();
    let checksum = plain.iter().fold(!0, |sum: u32, byte| {
        table[((sum ^ u32::from(*byte)) & 0xff) as usize] ^ (sum >> 8)
    });
    file.extend((!checksum).to_le_bytes());
    file.extend(u32::try_from(plain.len()).unwrap().to_le_bytes());
    file
}

/// Steps of the division that CRC-32 is (RFC 1952 §8).
fn remainder(value: u32, steps: u32) -> u32 {
    (0..steps).fold(value, |left, _| (left >> 1) ^ (0xedb8_8320 * (left & 1)))
}
