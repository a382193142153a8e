//! What the authority answers: the T rows.

use std::collections::HashSet;

use muhrdor::clock::{Clock, HandClock};
use muhrdor::cms::{
    CmsError, DigestAlgorithm, Failure, TimeStampReply, TimeStampRequest, TimeStampToken,
};
use muhrdor::domain::time::Timestamp;
use muhrdor::notary::TsaError;

use super::{ACCURACY_SECONDS, authority, authority_of, refused};
use crate::cms::{CONTENT, POLICY, now, pki, sha256};

const QUERY: &str = "ts -query -data content -out out";
const VERIFY: &str = "ts -verify -in reply -queryfile query -CAfile @root.crt";

fn query(options: &str) -> Vec<u8> {
    pki().makes(&[("content", CONTENT)], &format!("{QUERY} {options}"))
}

#[test]
fn a_stamp_of_our_own_carries_its_certificate_and_says_when() {
    let (tsa, clock) = authority();
    clock.advance_ms(700);
    let stamped = tsa.stamp(&sha256(CONTENT)).unwrap();
    assert_eq!(
        stamped.at,
        Timestamp::from_unix_seconds(clock.now().plus_ms(500).unix_seconds())
    );
    let token = TimeStampToken::parse(&stamped.token).unwrap();
    let certificate = pki().certificate("stamp");
    assert_eq!(token.signer(), Some(&certificate));
    let said = token.verify(&certificate, &sha256(CONTENT)).unwrap();
    assert_eq!(said.moment, stamped.at);
    assert_eq!(said.policy.to_string(), POLICY);
    assert_eq!(said.accuracy_ms, ACCURACY_SECONDS * 1000);
}

#[test]
fn openssl_verifies_every_digest_with_and_without_nonce() {
    let (tsa, _) = authority();
    for digest in ["-sha256", "-sha384", "-sha512"] {
        for wish in ["-cert", "-cert -no_nonce", "-cert -tspolicy 2.999.3.1"] {
            let query = query(&format!("{digest} {wish}"));
            let reply = tsa.reply(&query);
            let files = [("query", query.as_slice()), ("reply", reply.der())];
            assert!(pki().likes(&files, VERIFY), "{digest} {wish}");
        }
    }
}

#[test]
fn t1_the_nonce_comes_back_as_it_was_sent() {
    let (tsa, _) = authority();
    let certificate = pki().certificate("stamp");
    let request = TimeStampRequest::new(sha256(CONTENT), [0xff; 16]);
    let other = TimeStampRequest::new(sha256(CONTENT), [0x7f; 16]);
    let token = TimeStampReply::token(tsa.reply(&request.to_der()).der()).unwrap();
    token.verify_answer(&certificate, &request).unwrap();
    let verdict = token.verify_answer(&certificate, &other);
    assert_eq!(verdict, Err(CmsError::OtherRequest("its nonce is another")));
}

#[test]
fn t2_a_stamp_is_over_the_data_that_was_asked_for_and_no_other() {
    let (tsa, _) = authority();
    let reply = tsa.reply(&query("-sha256 -cert"));
    let line = "ts -verify -in reply -data data -CAfile @root.crt";
    let files = |data| [("data", data), ("reply", reply.der())];
    assert!(pki().likes(&files(CONTENT), line));
    assert!(!pki().likes(&files(b"other"), line));
}

#[test]
fn t3_no_authority_has_a_certificate_for_something_else_or_of_another_key() {
    let clock = HandClock::at(now());
    for name in ["seal", "lax", "both"] {
        let made = authority_of(&clock, clock.now(), name, pki().certificate(name));
        assert!(
            matches!(made, Err(TsaError::Cms(CmsError::Certificate(_)))),
            "{name}"
        );
    }
    let made = authority_of(&clock, clock.now(), "twin", pki().certificate("stamp"));
    assert!(matches!(made, Err(TsaError::OtherKey)));
}

#[test]
fn t4_weak_digests_and_wrong_lengths_get_their_reason_and_no_token() {
    let (tsa, _) = authority();
    for digest in ["-sha1", "-md5"] {
        let reply = tsa.reply(&query(&format!("{digest} -cert")));
        assert_eq!(
            refused(reply.der()),
            Some(Failure::BadAlgorithm),
            "{digest}"
        );
    }
    let mut wrong = TimeStampRequest::new(sha256(CONTENT), [1; 16]).to_der();
    // SHA-512 by name, with the 32 bytes of SHA-256.
    let name = wrong.windows(3).position(|found| found == [4, 2, 1]);
    wrong[name.unwrap() + 2] = 3;
    let reply = tsa.reply(&wrong);
    assert_eq!(refused(reply.der()), Some(Failure::BadDataFormat));
}

#[test]
fn t5_a_policy_that_is_not_served_and_an_extension_get_their_reason() {
    let (tsa, _) = authority();
    let reply = tsa.reply(&query("-sha256 -tspolicy 1.2.3.4"));
    assert_eq!(refused(reply.der()), Some(Failure::UnacceptedPolicy));
    let mut extended = TimeStampRequest::new(sha256(CONTENT), [1; 16]).to_der();
    let extension = [0xa0, 9, 0x30, 7, 6, 2, 0x2a, 3, 4, 1, 0];
    extended.extend_from_slice(&extension);
    extended[1] += u8::try_from(extension.len()).unwrap();
    let reply = tsa.reply(&extended);
    assert_eq!(refused(reply.der()), Some(Failure::UnacceptedExtension));
}

#[test]
fn t6_certificates_come_only_to_who_asked_for_them() {
    let (tsa, _) = authority();
    let certificates = |options: &str| {
        let reply = tsa.reply(&query(options));
        let token = TimeStampReply::token(reply.der()).unwrap();
        token.certificates().len()
    };
    assert_eq!(certificates("-sha256 -cert"), 1);
    assert_eq!(certificates("-sha256"), 0);
}

#[test]
fn t7_no_number_comes_twice_over_a_thousand_starts() {
    let mut numbers = HashSet::new();
    let mut longest = 0;
    let clock = HandClock::at(now());
    let certificate = pki().certificate("stamp");
    for _ in 0..1000 {
        // Nothing is kept from one start to the next, as after a kill or with yesterday's backup.
        let tsa = authority_of(&clock, clock.now(), "stamp", certificate.clone()).unwrap();
        let stamped = tsa.stamp(&sha256(CONTENT)).unwrap();
        let token = TimeStampToken::parse(&stamped.token).unwrap();
        let said = token.verify(&certificate, &sha256(CONTENT)).unwrap();
        let number = format!("{:?}", said.serial);
        longest = longest.max(number.len());
        assert!(numbers.insert(number));
    }
    // 152 bits, and the octet that keeps them positive.
    assert_eq!(longest, 40);
}

#[test]
fn t9_what_is_too_large_or_no_request_gets_its_reason() {
    let (tsa, _) = authority();
    let large = vec![0x30; 5_000_000];
    // An identifier of a mebibyte, were it read.
    let mut identifier = vec![0x30, 0x83, 0x10, 0, 4, 0x06, 0x83, 0x10, 0, 0];
    identifier.resize(10 + (1 << 20), 0x81);
    for bytes in [&b""[..], b"junk", b"\x30\x03junk", &large, &identifier] {
        let reply = tsa.reply(bytes);
        assert_eq!(refused(reply.der()), Some(Failure::BadDataFormat));
    }
    let digest = DigestAlgorithm::Sha512.of(&[CONTENT]);
    let mut long = TimeStampRequest::new(digest, [1; 16]).to_der();
    // A nonce of 22 octets, where 160 bits and the sign are the most.
    let nonce = long.len() - 21;
    assert_eq!(long[nonce..][..2], [2, 16]);
    long.splice(nonce..nonce + 18, [&[2, 22][..], &[1; 22]].concat());
    long[1] += 6;
    assert_eq!(refused(tsa.reply(&long).der()), Some(Failure::BadRequest));
}

#[test]
fn an_expired_certificate_stamps_nothing() {
    let clock = HandClock::at(now().plus_ms(30 * 86_400_000));
    let certificate = pki().certificate("stamp");
    let tsa = authority_of(&clock, clock.now(), "stamp", certificate).unwrap();
    assert!(matches!(tsa.stamp(&sha256(CONTENT)), Err(TsaError::Cms(_))));
    let reply = tsa.reply(&query("-sha256"));
    assert_eq!(refused(reply.der()), Some(Failure::SystemFailure));
}
