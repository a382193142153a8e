//! What an e-service may get wrong when it issues a document: nothing of it is handed out.

use std::fs;

use http::Method;
use muhrdor::domain::entry::Stage;
use muhrdor::domain::reason::Reason;
use muhrdor::notary::verdict::{Examination, Trust, examine};

use super::pdfs::{page, pages, scripted};
use super::{NOW, ask_for_certificate, asked_for_certificate};
use crate::house::trouble::puppet::{Puppet, Then};
use crate::house::trouble::recorded;
use crate::house::{AZIZA, House, TestGrounds, call, told, unhurried, with_upstream};

fn answer(declared: &str, media: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {media}\r\n{declared}content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn declared(number: &str, subject: &str) -> String {
    format!(
        "muhrdor-document: number=\"{number}\", kind=birth-certificate, subject=\"{subject}\"\r\n"
    )
}

/// What it is, the e-service's bytes, and the status and code that the caller gets.
fn bad_answers() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let pdf = PDF;
    let deep = [b"%PDF-1.7\n1 0 obj\n".to_vec(), vec![b'['; 200_000]].concat();
    let right = declared("A-1", AZIZA);
    let missing = "document_missing";
    let refused = "document_not_sealable";
    vec![
        ("no header", answer("", pdf, &page("x")), 502, missing),
        (
            "a header that is none",
            answer("muhrdor-document: number=\r\n", pdf, &page("x")),
            502,
            missing,
        ),
        (
            "two headers",
            answer(&[right.clone(), right.clone()].concat(), pdf, &page("x")),
            502,
            missing,
        ),
        (
            "an unknown kind",
            answer(
                &right.replace("birth-certificate", "passport"),
                pdf,
                &page("x"),
            ),
            502,
            missing,
        ),
        (
            "a number that is none",
            answer(&declared("A 1", AZIZA), pdf, &page("x")),
            502,
            missing,
        ),
        (
            "another person",
            answer(&declared("A-1", super::BOTIR), pdf, &page("x")),
            502,
            "subject_mismatch",
        ),
        ("no PDF", answer(&right, "text/plain", b"x"), 502, missing),
        ("nothing", answer(&right, pdf, b""), 502, refused),
        (
            "a ZIP",
            answer(&right, pdf, b"PK\x03\x04............"),
            502,
            refused,
        ),
        ("200,000 arrays", answer(&right, pdf, &deep), 502, refused),
        ("a script", answer(&right, pdf, &scripted()), 502, refused),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sealed_is_refused_with_its_reason_and_recorded() {
    let puppet = Puppet::enter().await;
    let address = puppet.address.to_string();
    let house =
        House::open_with(|config| with_upstream(&unhurried(&config), "civil-registry", &address))
            .await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    for (what, bytes, status, code) in bad_answers() {
        puppet.says(bytes, Then::Close);
        let reply = ask_for_certificate(&mut aziza, AZIZA).await;
        assert_eq!(told(&reply), (status, code.to_owned()), "{what}");
        let stages = recorded(&house.grounds, &reply);
        let reason = Reason::from_code(code).unwrap();
        assert_eq!(stages, [Stage::Intent, Stage::Refused { reason }], "{what}");
        assert!(!reply.received().contains("%PDF"), "{what}");
    }
    // A document of 100 MB is not even read to its end.
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {PDF}\r\n{}content-length: 104857600\r\n\r\n",
        declared("A-1", AZIZA)
    );
    let large = [head.into_bytes(), vec![b'%'; 21 << 20]].concat();
    puppet.says(large, Then::Close);
    let reply = asked_for_certificate(&mut aziza, AZIZA).await.unwrap();
    assert_eq!(told(&reply), (502, "document_not_sealable".to_owned()));
    // The number was never used up: the same one can be sealed now, also with 200 pages.
    puppet.says(
        answer(&declared("A-1", AZIZA), PDF, &pages(200)),
        Then::Close,
    );
    let reply = ask_for_certificate(&mut aziza, AZIZA).await;
    assert_eq!(reply.status, 200, "{}", reply.received());
    let trust = fs::read(&house.grounds.grounds.places.trust).unwrap();
    let found = examine(&reply.body, &Trust::parse(&trust).unwrap(), NOW);
    assert!(matches!(found, Examination::Sealed(_)), "{found:?}");
    let head = reply.header("muhrdor-document");
    assert_eq!(head, None);
    puppet.leave().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_has_one_seal_however_often_and_at_once_it_is_asked_for() {
    let house = House::open().await;
    let mut together = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut visitor = house.grounds.signed_in("applicants", "aziza").await;
        together.spawn(async move { ask_for_certificate(&mut visitor, AZIZA).await });
    }
    let replies = together.join_all().await;
    let first = &replies[0].body;
    for reply in &replies {
        assert_eq!(reply.status, 200, "{}", reply.received());
        assert_eq!(&reply.body, first);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_seals_nothing_says_so_and_hands_out_nothing() {
    let grounds = TestGrounds::prepare(|config| unhurried(&config)).await;
    let path = &grounds.grounds.places.config;
    let config = fs::read_to_string(path).unwrap();
    let (before, after) = config.split_once("[notary]").unwrap();
    let (_, bounds) = after.split_once("[limits]").unwrap();
    fs::write(path, format!("{before}[limits]{bounds}")).unwrap();
    let house = House::open_on(grounds).await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let reply = ask_for_certificate(&mut aziza, AZIZA).await;
    assert_eq!(told(&reply), (503, "notary_unavailable".to_owned()));
    let reply = call(&mut aziza, &Method::GET, "/verify", &[])
        .await
        .unwrap();
    assert_eq!(reply.status, 404);
    house.close().await;
}

const PDF: &str = "application/pdf";
