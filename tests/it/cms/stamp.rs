//! Time-stamps: our authority before openssl, openssl's before us, and the T rows.

use muhrdor::cms::{
    CmsError, Failure, Grant, Oid, SerialNumber, TimeStampReply, TimeStampRequest, TimeStampToken,
    UnsignedToken,
};

use super::{CONTENT, POLICY, now, pki, sha256, token};

const QUERY: &str = "ts -query -data content -out out";

#[test]
fn our_requester_accepts_our_authority() {
    let request = TimeStampRequest::new(sha256(CONTENT), [9; 16]);
    let asked = TimeStampRequest::parse(&request.to_der()).unwrap();
    assert_eq!(asked, request);
    let reply = TimeStampReply::granted(&token(&asked, 2));
    let read = TimeStampReply::token(reply.der()).unwrap();
    let certificate = pki().certificate("stamp");
    let info = read.verify_answer(&certificate, &request).unwrap();
    assert_eq!(info.policy.to_string(), POLICY);
    assert_eq!(info.accuracy_ms, 1000);
    assert_eq!(info.moment.unix_ms() % 1000, 0);
    assert!(now().ms_since(info.moment) < 60_000);
    assert_eq!(read.signer(), Some(&certificate));
}

#[test]
fn openssl_accepts_what_we_answer_to_its_requests() {
    for options in ["-cert -sha256", "-cert -sha512", "-cert -sha384 -no_nonce"] {
        let query = pki().makes(&[("content", CONTENT)], &format!("{QUERY} {options}"));
        let request = TimeStampRequest::parse(&query).unwrap();
        let reply = TimeStampReply::granted(&token(&request, 3));
        let files = [("query", query.as_slice()), ("reply", reply.der())];
        let line = "ts -verify -in reply -queryfile query -CAfile @root.crt";
        assert!(pki().likes(&files, line), "{options}");
        let files = [("content", &b"other"[..]), ("reply", reply.der())];
        let line = "ts -verify -in reply -data content -CAfile @root.crt";
        assert!(!pki().likes(&files, line), "{options}");
    }
}

#[test]
fn we_accept_what_openssl_answers() {
    let configuration = format!(
        "[tsa]\nserial = serial\ncrypto_device = builtin\nsigner_digest = sha256\n\
         default_policy = {POLICY}\ndigests = sha256\naccuracy = secs:1, millisecs:500\n\
         ess_cert_id_alg = sha256\n"
    );
    let request = TimeStampRequest::new(sha256(CONTENT), [11; 16]);
    let query = request.to_der();
    let files = [
        ("query", query.as_slice()),
        ("configuration", configuration.as_bytes()),
        ("serial", b"01"),
    ];
    let line = "ts -reply -config configuration -section tsa -queryfile query \
                -signer @stamp.crt -inkey @stamp.key -out out";
    let reply = pki().makes(&files, line);
    let read = TimeStampReply::token(&reply).unwrap();
    let info = read.verify_answer(&pki().certificate("stamp"), &request);
    assert_eq!(info.unwrap().accuracy_ms, 1500);
}

#[test]
fn openssl_reads_every_rejection() {
    for failure in Failure::ALL {
        let reply = TimeStampReply::rejected(failure);
        let refused = TimeStampReply::parse(reply.der());
        assert_eq!(refused, Err(CmsError::Refused(Some(failure))));
        let line = "ts -reply -in reply -text -out out";
        let text = pki().makes(&[("reply", reply.der())], line);
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("Status: Rejected."), "{text}");
        assert!(!text.contains("Failure info: unspecified"), "{text}");
        assert!(text.contains("TST info:\nNot included."), "{text}");
    }
}

#[test]
fn t1_a_nonce_that_is_missing_or_another_is_refused() {
    let request = TimeStampRequest::new(sha256(CONTENT), [1; 16]);
    let certificate = pki().certificate("stamp");
    let silent = pki().makes(
        &[("content", CONTENT)],
        &format!("{QUERY} -no_nonce -sha256"),
    );
    let silent = TimeStampRequest::parse(&silent).unwrap();
    let other = TimeStampRequest::new(sha256(CONTENT), [2; 16]);
    for asked in [silent, other] {
        let read = TimeStampToken::parse(&token(&asked, 4)).unwrap();
        let verdict = read.verify_answer(&certificate, &request);
        let expected = CmsError::OtherRequest("its nonce is another");
        assert_eq!(verdict, Err(expected));
    }
}

#[test]
fn t2_an_imprint_of_other_data_or_of_their_hexadecimal_is_refused() {
    let hexadecimal = CONTENT
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    for data in [b"other", hexadecimal.as_bytes()] {
        let request = TimeStampRequest::new(sha256(data), [1; 16]);
        let read = TimeStampToken::parse(&token(&request, 5)).unwrap();
        let verdict = read.verify(&pki().certificate("stamp"), &sha256(CONTENT));
        assert_eq!(
            verdict,
            Err(CmsError::OtherRequest("it is over other data"))
        );
    }
}

#[test]
fn t3_a_certificate_that_is_not_for_time_stamps_alone_stamps_nothing() {
    let request = TimeStampRequest::new(sha256(CONTENT), [1; 16]);
    let policy = Oid::parse(POLICY).unwrap();
    for name in ["seal", "lax", "both", "root"] {
        let certificate = pki().certificate(name);
        assert!(certificate.check_stamps_time().is_err(), "{name}");
        let grant = Grant {
            policy: &policy,
            serial: SerialNumber::from_random([1; 19]).unwrap(),
            moment: now(),
            accuracy_seconds: 1,
        };
        let refused = UnsignedToken::new(&request, &grant, &certificate);
        assert!(matches!(refused, Err(CmsError::Certificate(_))), "{name}");
        let good = TimeStampToken::parse(&token(&request, 6)).unwrap();
        let verdict = good.verify(&certificate, &sha256(CONTENT));
        assert!(matches!(verdict, Err(CmsError::Certificate(_))), "{name}");
    }
}

#[test]
fn t4_weak_algorithms_and_wrong_lengths_are_refused_by_name() {
    for digest in ["-sha1", "-md5"] {
        let query = pki().makes(&[("content", CONTENT)], &format!("{QUERY} {digest}"));
        assert_eq!(TimeStampRequest::parse(&query), Err(Failure::BadAlgorithm));
    }
    let mut query = TimeStampRequest::new(sha256(CONTENT), [1; 16]).to_der();
    // SHA-384 by name, with the 32 bytes of SHA-256.
    let at = query.windows(2).position(|pair| pair == [0x02, 0x01]);
    let name = query
        .windows(3)
        .position(|found| found == [4, 2, 1])
        .unwrap();
    assert!(at.is_some());
    query[name + 2] = 2;
    assert_eq!(TimeStampRequest::parse(&query), Err(Failure::BadDataFormat));
    assert_eq!(
        TimeStampRequest::parse(b"junk"),
        Err(Failure::BadDataFormat)
    );
    assert_eq!(TimeStampRequest::parse(b""), Err(Failure::BadDataFormat));
}

#[test]
fn t5_a_policy_that_is_not_served_and_an_extension_are_refused_by_name() {
    let policy = Oid::parse(POLICY).unwrap();
    let line = format!("{QUERY} -sha256 -tspolicy 1.2.3.4");
    let query = pki().makes(&[("content", CONTENT)], &line);
    let request = TimeStampRequest::parse(&query).unwrap();
    let served = [policy.clone()];
    assert_eq!(request.policy(&served), Err(Failure::UnacceptedPolicy));
    let silent = TimeStampRequest::new(sha256(CONTENT), [1; 16]);
    assert_eq!(silent.policy(&served), Ok(&policy));

    let mut query = silent.to_der();
    // [0] with one extension of no meaning.
    let extension = [0xa0, 9, 0x30, 7, 6, 2, 0x2a, 3, 4, 1, 0];
    query.extend_from_slice(&extension);
    query[1] += u8::try_from(extension.len()).unwrap();
    let refused = TimeStampRequest::parse(&query);
    assert_eq!(refused, Err(Failure::UnacceptedExtension));
}

#[test]
fn t6_without_a_wish_for_certificates_the_token_carries_none() {
    let query = pki().makes(&[("content", CONTENT)], &format!("{QUERY} -sha256"));
    let request = TimeStampRequest::parse(&query).unwrap();
    let reply = TimeStampReply::granted(&token(&request, 7));
    let read = TimeStampReply::token(reply.der()).unwrap();
    assert!(read.certificates().is_empty());
    read.verify_answer(&pki().certificate("stamp"), &request)
        .unwrap();
    let files = [("query", query.as_slice()), ("reply", reply.der())];
    let line = "ts -verify -in reply -queryfile query -CAfile @root.crt -untrusted @stamp.crt";
    assert!(pki().likes(&files, line));
}

#[test]
fn t9_what_is_too_large_is_refused_before_it_is_read() {
    let refused = TimeStampRequest::parse(&vec![0x30; 5_000_000]);
    assert_eq!(refused, Err(Failure::BadDataFormat));
    let mut long = vec![0x30, 0x82, 0x0b, 0x04, 0x06, 0x82, 0x0b, 0x00];
    long.resize(8 + 0x0b00, 0x81);
    assert_eq!(TimeStampRequest::parse(&long), Err(Failure::BadDataFormat));
    assert!(Oid::parse(&"1.".repeat(500_000)).is_err());
}
