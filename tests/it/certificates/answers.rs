//! Answers of OCSP: `openssl` answers, and what becomes of its answers.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use muhrdor::clock::{Clock, SystemClock};
use muhrdor::domain::time::Timestamp;
use muhrdor::identity::certificate::{CertificateError, Demand, OcspError, Question, judge};
use muhrdor::wire::asn1::ocsp::Status;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::authority::{Authority, Issued, serial};
use super::responder::{Responder, Running};
use super::{Rig, realm};

fn now() -> Timestamp {
    SystemClock::new().now()
}

/// A certificate that is good today, as `openssl` knows no other day.
fn client(responder: &Responder, number: u64) -> Issued {
    responder.authority.issue("17", |params| {
        serial(number)(params);
        today(params);
    })
}

fn today(params: &mut CertificateParams) {
    let now = OffsetDateTime::from_unix_timestamp(now().unix_seconds()).unwrap();
    (params.not_before, params.not_after) = (now - Duration::days(1), now + Duration::days(1));
}

#[test]
fn what_openssl_answers_is_read_as_it_is_meant() {
    let responder = Responder::new();
    for (number, status) in [
        (4, Status::Good),
        (5, Status::Revoked),
        (6, Status::Unknown),
    ] {
        let about = client(&responder, u64::from(number));
        let answer = responder.answer(&about, "authority", &["-nmin", "5"]);
        let said = judge(&answer, &responder.question(&about, number), now()).unwrap();
        assert_eq!(said.status, status, "number {number}");
        let left = said.until.ms_since(now());
        assert!((200_000..=300_000).contains(&left), "{left}");
        // By the key instead of the name of who signed.
        let answer = responder.answer(&about, "authority", &["-nmin", "5", "-resp_key_id"]);
        let said = judge(&answer, &responder.question(&about, number), now()).unwrap();
        assert_eq!(said.status, status, "number {number}, by key");
    }
}

#[test]
fn an_answer_counts_for_its_certificate_and_its_time_only() {
    let responder = Responder::new();
    let about = client(&responder, 4);
    let question = responder.question(&about, 4);
    let answer = responder.answer(&about, "authority", &["-nmin", "5"]);
    let other = responder.question(&about, 7);
    assert!(matches!(
        judge(&answer, &other, now()),
        Err(OcspError::OfAnother)
    ));
    let twin = Question {
        issuer: Authority::new("one").certificate.to_vec(),
        ..question.clone()
    };
    assert!(
        matches!(judge(&answer, &twin, now()), Err(OcspError::OfAnother)),
        "another key"
    );
    for (what, moved_ms) in [("stale", 301_000), ("from the future", -61_000)] {
        let judged = judge(&answer, &question, now().plus_ms(moved_ms));
        assert!(
            matches!(judged, Err(OcspError::NotNow)),
            "{what}: {judged:?}"
        );
    }
    // Without an end it holds for five minutes.
    let endless = responder.answer(&about, "authority", &[]);
    assert!(judge(&endless, &question, now()).is_ok());
    let judged = judge(&endless, &question, now().plus_ms(301_000));
    assert!(matches!(judged, Err(OcspError::NotNow)));
}

#[test]
fn an_answer_with_a_wrong_signature_or_cut_off_says_nothing() {
    let responder = Responder::new();
    let about = client(&responder, 4);
    let question = responder.question(&about, 4);
    let answer = responder.answer(&about, "authority", &["-nmin", "5", "-resp_no_certs"]);
    assert!(judge(&answer, &question, now()).is_ok());
    let last = answer.len() - 1;
    let mut forged = answer.clone();
    forged[last] ^= 1;
    assert!(matches!(
        judge(&forged, &question, now()),
        Err(OcspError::Signature)
    ));
    for length in 0..answer.len() {
        assert!(
            judge(&answer[..length], &question, now()).is_err(),
            "{length} bytes"
        );
    }
    for at in 0..answer.len() {
        let mut changed = answer.clone();
        changed[at] ^= 0x20;
        assert!(judge(&changed, &question, now()).is_err(), "byte {at}");
    }
}

#[test]
fn only_the_authority_or_whom_it_gave_the_right_may_answer() {
    let responder = Responder::new();
    let about = client(&responder, 4);
    let question = responder.question(&about, 4);
    let signing = vec![ExtendedKeyUsagePurpose::OcspSigning];
    let issue = |by: &Authority, usages: &[ExtendedKeyUsagePurpose], days: i64| {
        by.issue("answers", |params| {
            today(params);
            params.extended_key_usages = usages.to_vec();
            params.not_before -= Duration::days(days);
            params.not_after -= Duration::days(days);
        })
    };
    let stranger = Authority::new("one");
    let clients = [ExtendedKeyUsagePurpose::ClientAuth];
    for (what, signer, is_good) in [
        (
            "given the right",
            issue(&responder.authority, &signing, 0),
            true,
        ),
        (
            "a client's",
            issue(&responder.authority, &clients, 0),
            false,
        ),
        (
            "of another authority of that name",
            issue(&stranger, &signing, 0),
            false,
        ),
        ("expired", issue(&responder.authority, &signing, 5), false),
    ] {
        responder.put("signer", &signer.certificate, &signer.key_pem);
        let answer = responder.answer(&about, "signer", &["-nmin", "5"]);
        let judged = judge(&answer, &question, now());
        if is_good {
            assert!(judged.is_ok(), "{what}: {judged:?}");
        } else {
            let refused = matches!(judged, Err(OcspError::Unauthorized));
            assert!(refused, "{what}: {judged:?}");
        }
    }
}

fn asking(responder: &Responder, demand: Demand, address: &str) -> Rig {
    let mut realm = realm("systems", &responder.authority, "17", "registry");
    realm.ocsp.demand = demand;
    realm.ocsp.responder = Some(format!("http://{address}/"));
    let rig = Rig::asking(vec![realm], &[address]);
    rig.clock.set(now());
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_asked_about_before_it_signs_in() {
    let responder = Responder::new();
    let running = Running::start(&responder);
    for demand in [Demand::Soft, Demand::Hard] {
        let rig = asking(&responder, demand, &running.1);
        let (good, bad) = (client(&responder, 4), client(&responder, 5));
        assert_eq!(
            rig.admit(&good.certificate).await,
            Ok("registry".to_owned()),
            "{demand:?}"
        );
        let refused = rig.admit(&bad.certificate).await;
        assert_eq!(refused, Err(CertificateError::Revoked), "{demand:?}");
        // Of a number that it does not know it says so.
        let unknown = rig.admit(&client(&responder, 6).certificate).await;
        match demand {
            Demand::Hard => assert_eq!(unknown, Err(CertificateError::StatusUnknown)),
            _ => assert!(unknown.is_ok()),
        }
    }
}

/// A responder that says the same bytes to everybody; and how often it was asked.
async fn saying(answer: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await.unwrap();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &answer].concat()).await;
        }
    });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_asks_for_many_and_the_answer_is_used_until_it_ends() {
    let responder = Responder::new();
    let about = client(&responder, 4);
    let answer = responder.answer(&about, "authority", &["-nmin", "5"]);
    let (address, asked) = saying(answer).await;
    let rig = asking(&responder, Demand::Hard, &address);
    let all = (0..20).map(|_| rig.admit(&about.certificate));
    for one in futures_all(all).await {
        assert!(one.is_ok());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // A minute later it is asked again, and the same answer still holds.
    rig.clock.advance_ms(61_000);
    assert!(rig.admit(&about.certificate).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    // After its end the same bytes say nothing.
    rig.clock.advance_ms(240_000);
    let refused = rig.admit(&about.certificate).await;
    assert_eq!(refused, Err(CertificateError::StatusUnknown));
}

/// All at once.
async fn futures_all<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    poll_fn(|cx| {
        let mut is_whole = true;
        for (one, done) in &mut all {
            if done.is_none() {
                match one.as_mut().poll(cx) {
                    Poll::Ready(output) => *done = Some(output),
                    Poll::Pending => is_whole = false,
                }
            }
        }
        if is_whole {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    all.into_iter().map(|(_, done)| done.unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_that_is_of_no_use_lets_in_only_where_that_was_chosen() {
    let responder = Responder::new();
    let about = client(&responder, 4);
    for (what, answer) in [
        ("no answer", b"garbage".to_vec()),
        ("try later", vec![0x30, 3, 10, 1, 3]),
    ] {
        let (address, _) = saying(answer).await;
        let hard = asking(&responder, Demand::Hard, &address);
        let refused = hard.admit(&about.certificate).await;
        assert_eq!(refused, Err(CertificateError::StatusUnknown), "{what}");
        let soft = asking(&responder, Demand::Soft, &address);
        assert!(soft.admit(&about.certificate).await.is_ok(), "{what}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap().to_string();
    // It accepts and says nothing: the wait has a bound.
    let mut rig = realm("systems", &responder.authority, "17", "registry");
    rig.ocsp.demand = Demand::Hard;
    rig.ocsp.ms_max = 50;
    rig.ocsp.responder = Some(format!("http://{address}/"));
    let rig = Rig::asking(vec![rig], &[&address]);
    rig.clock.set(now());
    let refused = rig.admit(&about.certificate).await;
    assert_eq!(refused, Err(CertificateError::StatusUnknown), "silent");
}
