//! The time-stamping authority and its clock (cases T).

use std::path::Path;
use std::sync::Arc;

use muhrdor::clock::{Clock, HandClock};
use muhrdor::cms::{
    Certificate, CmsError, DigestAlgorithm, Failure, Oid, TimeStampReply, TimeStampRequest,
};
use muhrdor::domain::time::Timestamp;
use muhrdor::keys::{Algorithm, Signer, SoftSigner, certificate_of_pem};
use muhrdor::notary::{StampSettings, Tsa, TsaError};
use ring::rand::SystemRandom;

/// Within the validity of the certificate below.
fn now() -> Timestamp {
    Timestamp::parse("2030-01-01T00:00:00Z").unwrap()
}

/// An authority whose certificate openssl made for it.
fn authority(clock: &HandClock, not_before: Timestamp) -> (Tsa, Certificate) {
    let random = SystemRandom::new();
    let folder = tempfile::tempdir().unwrap();
    let pkcs8 = SoftSigner::generate(Algorithm::Es256, &random).unwrap();
    let signer: Arc<dyn Signer> = Arc::new(SoftSigner::from_pkcs8(&pkcs8).unwrap());
    let certificate = certify(folder.path(), &pkcs8);
    let settings = StampSettings {
        policy: Oid::parse("2.999.26.2").unwrap(),
        accuracy_seconds: 1,
        not_before,
    };
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let tsa = Tsa::new(
        settings,
        signer,
        certificate.clone(),
        clock,
        Arc::new(SystemRandom::new()),
    );
    (tsa.unwrap(), certificate)
}

fn certify(folder: &Path, pkcs8: &[u8]) -> Certificate {
    let run = |words: &[&str]| {
        let done = std::process::Command::new("openssl")
            .args(words)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    std::fs::write(folder.join("key.der"), pkcs8).unwrap();
    run(&[
        "pkey", "-inform", "DER", "-in", "key.der", "-out", "key.pem",
    ]);
    run(&[
        "req",
        "-x509",
        "-new",
        "-key",
        "key.pem",
        "-subj",
        "/CN=stamps",
        "-days",
        "7300",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-addext",
        "keyUsage=critical,digitalSignature",
        "-addext",
        "extendedKeyUsage=critical,timeStamping",
        "-out",
        "tsa.pem",
    ]);
    let pem = std::fs::read_to_string(folder.join("tsa.pem")).unwrap();
    Certificate::parse(&certificate_of_pem(&pem).unwrap()).unwrap()
}

fn request() -> TimeStampRequest {
    TimeStampRequest::new(DigestAlgorithm::Sha256.of(&[b"data"]), [9; 16])
}

fn refused(tsa: &Tsa, request: &[u8]) -> Option<Failure> {
    match TimeStampReply::parse(tsa.reply(request).der()) {
        Err(CmsError::Refused(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_stamped_with_its_own_nonce_in_whole_seconds() {
    let clock = HandClock::at(now().plus_ms(750));
    let (tsa, certificate) = authority(&clock, now());
    let request = request();
    let reply = tsa.reply(&request.to_der());
    let token = TimeStampReply::token(reply.der()).unwrap();
    let stamp = token.verify_answer(&certificate, &request).unwrap();
    assert_eq!((stamp.moment, stamp.accuracy_ms), (now(), 1_000));
}

#[test]
fn t7_no_two_tokens_have_one_number_also_after_a_restart() {
    let mut seen = std::collections::HashSet::new();
    for _ in 0..4 {
        let clock = HandClock::at(now());
        let (tsa, certificate) = authority(&clock, now());
        for _ in 0..250 {
            let reply = tsa.reply(&request().to_der());
            let token = TimeStampReply::token(reply.der()).unwrap();
            let stamp = token.verify(&certificate, request().imprint()).unwrap();
            assert!(seen.insert(stamp.serial.clone()));
        }
    }
}

#[test]
fn t8_a_clock_that_was_set_stamps_nothing_until_the_next_start() {
    for jump_ms in [-2_000, 3_600_000] {
        let clock = HandClock::at(now());
        let (tsa, _) = authority(&clock, Timestamp::default());
        clock.advance_ms(60_000);
        assert!(tsa.moment().is_ok());
        clock.set(clock.now().plus_ms(jump_ms));
        assert!(matches!(tsa.moment(), Err(TsaError::ClockSet { .. })));
        assert_eq!(
            refused(&tsa, &request().to_der()),
            Some(Failure::TimeNotAvailable)
        );
        // Back where it was: both run alike again.
        clock.set(clock.now().plus_ms(-jump_ms));
        assert!(tsa.moment().is_ok());
    }
    // A leap second, by which the promised accuracy is not left.
    let clock = HandClock::at(now());
    let (tsa, _) = authority(&clock, Timestamp::default());
    clock.set(clock.now().plus_ms(-1_000));
    assert!(tsa.moment().is_ok());
}

#[test]
fn t10_l16_a_clock_before_the_last_entry_of_the_log_stamps_nothing() {
    let clock = HandClock::at(now());
    let (tsa, _) = authority(&clock, now().plus_ms(60_000));
    assert!(matches!(tsa.moment(), Err(TsaError::ClockBehind { .. })));
    assert_eq!(
        refused(&tsa, &request().to_der()),
        Some(Failure::TimeNotAvailable)
    );
}

#[test]
fn t4_t5_what_is_not_served_is_refused_with_its_one_reason() {
    let clock = HandClock::at(now());
    let (tsa, _) = authority(&clock, Timestamp::default());
    assert_eq!(refused(&tsa, b""), Some(Failure::BadDataFormat));
    assert_eq!(refused(&tsa, &[0x30; 5000]), Some(Failure::BadDataFormat));
    // MessageImprint of SHA-1.
    let sha1 = b"\x30\x26\x02\x01\x01\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";
    let sha1 = [&sha1[..], &[7; 20]].concat();
    assert_eq!(refused(&tsa, &sha1), Some(Failure::BadAlgorithm));
    // SHA-256 with a digest that is too short.
    let short = b"\x30\x31\x02\x01\x01\x30\x2c\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\
        \x05\x00\x04\x1b";
    let short = [&short[..], &[7; 27]].concat();
    assert_eq!(refused(&tsa, &short), Some(Failure::BadDataFormat));
}
