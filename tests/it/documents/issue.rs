//! What an e-service may get wrong when it issues a document: nothing of it is handed out.

use http::Method;
use muhrdor::domain::entry::Stage;
use muhrdor::domain::reason::Reason;

use super::pdfs::{page, scripted};
use super::{ask_for_certificate, asked_for_certificate};
use crate::house::trouble::puppet::{Puppet, Then};
use crate::house::trouble::recorded;
use crate::house::{AZIZA, House, call, told, unhurried, with_upstream};

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

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sealed_is_refused_with_its_reason_and_recorded() {
    let puppet = Puppet::enter().await;
    let address = puppet.address.to_string();
    let house =
        House::open_with(|config| with_upstream(&unhurried(&config), "civil-registry", &address))
            .await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let pdf = "application/pdf";
    let deep = [b"%PDF-1.7\n1 0 obj\n".to_vec(), vec![b'['; 200_000]].concat();
    let right = declared("A-1", AZIZA);
    let missing = "document_missing";
    let refused = "document_not_sealable";
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
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
    ];
    for (what, bytes, status, code) in cases {
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
        "HTTP/1.1 200 OK\r\ncontent-type: {pdf}\r\n{right}content-length: 104857600\r\n\r\n"
    );
    let large = [head.into_bytes(), vec![b'%'; 21 << 20]].concat();
    puppet.says(large, Then::Close);
    let reply = asked_for_certificate(&mut aziza, AZIZA).await.unwrap();
    assert_eq!(told(&reply), (502, refused.to_owned()));
    // The number was never used up: the same one can be sealed now.
    puppet.says(answer(&right, pdf, &page("x")), Then::Close);
    let reply = ask_for_certificate(&mut aziza, AZIZA).await;
    assert_eq!(reply.status, 200, "{}", reply.received());
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
    let house = House::open_with(|config| {
        let config = unhurried(&config);
        let (before, after) = config.split_once("[notary]").unwrap();
        let (_, bounds) = after.split_once("[limits]").unwrap();
        format!("{before}[limits]{bounds}")
    })
    .await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let reply = ask_for_certificate(&mut aziza, AZIZA).await;
    assert_eq!(told(&reply), (503, "notary_unavailable".to_owned()));
    let reply = call(&mut aziza, &Method::GET, "/verify", &[])
        .await
        .unwrap();
    assert_eq!(reply.status, 404);
    house.close().await;
}
