//! The paper in a stranger's hand (cases V): what is printed, what it opens, and who learns of it.

use std::collections::HashSet;

use bytes::Bytes;
use http::Method;
use muhrdor::demo::{Paper, Reply, Visitor};
use muhrdor::domain::document::DocumentCode;
use ring::rand::{SecureRandom, SystemRandom};

use super::{ask_for_certificate, pdfs, upload};
use crate::house::{AZIZA, House};

const PAGE: [(&str, &str); 2] = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];

async fn opened(visitor: &mut Visitor, paper: &Paper) -> String {
    let body = Bytes::from(format!("{{\"access\":\"{}\"}}", paper.access));
    let path = format!("/verify/{}/access", paper.code);
    let json = [("content-type", "application/json")];
    let reply = visitor.ask(Method::POST, &path, &json, body).await.unwrap();
    reply.at("/access").as_str().unwrap().to_owned()
}

/// A million is not possible over a socket in a test: here they are codes, each other than all that
/// were given; over the socket a few.
#[tokio::test(flavor = "multi_thread")]
async fn v1_codes_are_drawn_from_all_there_are_and_guesses_find_none() {
    let random = SystemRandom::new();
    let draw = || {
        let mut bytes = [0; 16];
        random.fill(&mut bytes).unwrap();
        bytes
    };
    let given: HashSet<[u8; 16]> = (0..1_000).map(|_| draw()).collect();
    assert!((0..1_000_000).all(|_| !given.contains(&draw())));

    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let (mut codes, mut stranger) = (Vec::new(), house.grounds.visitor());
    for _ in 0..2 {
        let file = ask_for_certificate(&mut aziza, AZIZA).await.body;
        codes.push(Paper::read(&file).unwrap().code);
    }
    for code in &codes {
        let real = DocumentCode::parse(code).unwrap();
        assert_eq!(stranger.get(&check(code), &[]).await.unwrap().status, 200);
        // Its neighbours, with the check characters that they would have.
        for (at, bit) in [(15, 1), (15, 2), (0, 1), (7, 128)] {
            let mut near = *real.as_bytes();
            near[at] ^= bit;
            let near = DocumentCode::from_bytes(near).to_string();
            assert_eq!(stranger.get(&check(&near), &[]).await.unwrap().status, 404);
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_the_check_is_at_one_host_and_never_leads_elsewhere() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let file = ask_for_certificate(&mut aziza, AZIZA).await.body;
    let paper = Paper::read(&file).unwrap();
    let portal = &house.grounds.grounds.places.portal;
    let host = portal.trim_start_matches("https://");
    let printed = format!("{host}/verify");
    assert!(
        paper.lines.iter().any(|line| line.ends_with(&printed)),
        "{paper:?}"
    );
    let mut stranger = house.grounds.visitor();
    let elsewhere = "https://portal.example.evil.example";
    let from_elsewhere = [PAGE[0], PAGE[1], ("referer", elsewhere)];
    for path in [
        "/verify".to_owned(),
        format!("/verify?code={}", paper.code),
        format!("/verify?code={elsewhere}&next={elsewhere}"),
        check(&paper.code),
        format!("/VERIFY/{}?rd={elsewhere}", paper.code),
    ] {
        let reply = stranger.get(&path, &from_elsewhere).await.unwrap();
        assert!(matches!(reply.status.as_u16(), 200 | 404), "{path}");
        assert_eq!(reply.header("location"), None, "{path}");
        let text = reply.received();
        assert!(!text.contains("evil.example"), "{path}");
        assert!(text.contains(host), "{path}");
        let tls_only = reply.header("strict-transport-security").unwrap();
        assert!(tls_only.contains("max-age=31536000"), "{path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v5_a_code_on_another_paper_shows_what_the_right_one_says() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let file = ask_for_certificate(&mut aziza, AZIZA).await.body;
    let paper = Paper::read(&file).unwrap();
    let mut stranger = house.grounds.visitor();
    let token = opened(&mut stranger, &paper).await;
    let shown = [("muhrdor-document-access", token.as_str())];
    let view = stranger.get(&below(&paper, "view"), &shown).await.unwrap();
    assert_eq!(view.at("/details/name/0"), "A. K.");
    let whole = below(&paper, "document");
    let original = stranger.get(&whole, &shown).await.unwrap();
    assert_eq!(original.body, file);
    let looks = looks(&aziza.get("/my/journal", &[]).await.unwrap());
    assert_eq!(looks, 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v9_what_a_file_says_of_itself_is_never_part_of_a_page() {
    let house = House::open().await;
    let mut stranger = house.grounds.visitor();
    let title = "<script>alert(1)</script>";
    let page = pdfs::page("word");
    let named = pdfs::titled(title);
    for file in [page, named] {
        let form = [
            b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"",
            title.as_bytes(),
            b"\"\r\n\r\n",
            &file,
            b"\r\n--B--\r\n",
        ];
        let headers = [
            PAGE[0],
            PAGE[1],
            ("content-type", "multipart/form-data; boundary=B"),
        ];
        let body = Bytes::from(form.concat());
        let asked = stranger.ask(Method::POST, "/verify", &headers, body);
        let reply = asked.await.unwrap();
        assert_eq!(reply.status, 200);
        assert!(!reply.received().contains("alert(1)"));
        let told = upload(&mut stranger, &file).await;
        assert!(!told.received().contains("alert(1)"));
    }
    house.close().await;
}

fn check(code: &str) -> String {
    format!("/verify/{code}")
}

fn below(paper: &Paper, what: &str) -> String {
    format!("/verify/{}/{what}", paper.code)
}

/// How many entries say that someone checked a document.
fn looks(journal: &Reply) -> usize {
    let entries = journal.at("/entries");
    let entries = entries.as_array().unwrap().iter();
    let purpose = entries.filter_map(|entry| entry.pointer("/purpose/code"));
    purpose.filter(|code| *code == "document.check").count()
}
