//! The fuzz targets of certificates, lists and answers on stable: the same runs every time. Row
//! MT-10.

use crate::fuzz::{run, targets};

use super::authority::{Authority, serial};
use super::responder::Responder;

const FRAGMENTS: &[&[u8]] = &[
    b"\x30\x80",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x30\x82\xff\xff",
    b"\x30\x00",
    b"\x31\x00",
    b"\x02\x01\x05",
    b"\x02\x00",
    b"\x03\x01\x00",
    b"\x03\x02\x07\x80",
    b"\x04\x00",
    b"\x05\x00",
    b"\x06\x00",
    b"\x06\x03\x55\x04\x05",
    b"\x06\x03\x55\x1d\x1c",
    b"\x0a\x01\x00",
    b"\x0c\x00",
    b"\x17\x0d270115000000Z",
    b"\x18\x0f20270115000000Z",
    b"\xa0\x03\x02\x01\x02",
    b"\xa0\x00",
    b"\xa3\x00",
    b"\x80\x01\x00",
    b"\xff",
    b"\x00",
];

#[test]
fn mt_07_certificates_that_were_changed_read_plainly_or_not_at_all() {
    let authority = Authority::new("one");
    let named = authority.issue("17", |params| {
        let uri = "urn:uz:body:17".try_into().unwrap();
        let other = (vec![1, 2, 3], "17".into());
        let names = [rcgen::SanType::URI(uri), rcgen::SanType::OtherName(other)];
        params.subject_alt_names = names.to_vec();
    });
    let plain = authority.issue("18", serial(5));
    let corpus: &[&[u8]] = &[
        &named.certificate,
        &plain.certificate,
        &authority.certificate,
    ];
    run(targets::certificate, 20_000, corpus, FRAGMENTS);
}

#[test]
fn mt_10_lists_that_were_changed_are_no_lists_and_end_no_process() {
    let authority = Authority::new("one");
    let lists = [
        authority.list(0, &[]),
        authority.list(0, &[1, 2, 3, 70_000]),
    ];
    let corpus: &[&[u8]] = &[&lists[0], &lists[1], b"-----BEGIN X509 CRL-----\nAAAA\n"];
    run(targets::list, 20_000, corpus, FRAGMENTS);
}

#[test]
fn answers_that_were_changed_lie_within_their_bytes() {
    let responder = Responder::new();
    let about = responder.authority.issue("17", serial(4));
    let answers = [
        responder.answer(&about, "authority", &["-nmin", "5"]),
        responder.answer(&about, "authority", &["-resp_no_certs", "-resp_key_id"]),
    ];
    let corpus: &[&[u8]] = &[&answers[0], &answers[1], &[0x30, 3, 10, 1, 3]];
    run(targets::ocsp, 20_000, corpus, FRAGMENTS);
}
