//! The public check as strangers use it (cases V).

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Method;
use muhrdor::demo::{Reply, Visitor};
use muhrdor::domain::document::DocumentCode;
use muhrdor::keys::{Algorithm, Signer, SoftSigner};
use muhrdor::notary::verdict::{StatusError, StatusList, Trust};
use ring::hmac;
use ring::rand::SystemRandom;
use serde_json::Value;

use super::{NOW, SEALED, ask_for_certificate, upload};
use crate::house::{AZIZA, House, told};

const PAGE: [(&str, &str); 2] = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];

/// The code of a sealed file, as the verdict on the file tells it.
async fn code_of(visitor: &mut Visitor, file: &[u8]) -> String {
    let verdict = upload(visitor, file).await;
    let jws = verdict.at("/jws").as_str().unwrap().to_owned();
    let statement = jws.split('.').nth(1).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(statement);
    let statement: Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
    assert!(statement["iat"].is_i64() && statement["iss"].is_string());
    statement["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn v2_unknown_mistyped_and_hidden_codes_are_answered_alike() {
    let house = House::open().await;
    let mut stranger = house.grounds.visitor();
    let unknown = DocumentCode::from_bytes([7; 16]).to_string();
    let mistyped = {
        let last = unknown.chars().last().unwrap();
        let other = if last == 'A' { 'B' } else { 'A' };
        format!("{}{other}", &unknown[..26])
    };
    for headers in [&[][..], &PAGE] {
        let mut answers = Vec::new();
        for code in [
            unknown.as_str(),
            mistyped.as_str(),
            "short",
            "'%3Cscript%3E",
        ] {
            for path in ["/verify/", "/VERIFY/", "/verify?code="] {
                let reply = stranger.get(&format!("{path}{code}"), headers).await;
                let reply = reply.unwrap();
                assert_eq!(reply.status, 404, "{code}");
                let text = reply.received();
                assert!(!text.contains(code) && !text.contains("<script>"), "{code}");
                let number = reply.header("muhrdor-request-id").unwrap().to_owned();
                answers.push(String::from_utf8_lossy(&reply.body).replace(&number, ""));
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:#?}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v6_v8_a_verdict_tells_nothing_about_a_person_and_is_not_kept() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let file = ask_for_certificate(&mut aziza, AZIZA).await.body;
    let mut stranger = house.grounds.visitor();
    let code = code_of(&mut stranger, &file).await;
    let digest = ring::digest::digest(&ring::digest::SHA256, &file);
    let hex = digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _written = write!(hex, "{byte:02x}");
        hex
    });
    let by_digest = |hex: String| Bytes::from(format!("{{\"digest\":\"{hex}\"}}"));
    let json = [("content-type", "application/json")];
    let genuine = stranger
        .ask(Method::POST, "/verify", &json, by_digest(hex.clone()))
        .await
        .unwrap();
    assert_eq!(genuine.at("/result"), "genuine");
    // The digest of anything else says nothing, also of what the seal covers.
    let other = stranger
        .ask(
            Method::POST,
            "/verify",
            &json,
            by_digest(hex.replace('a', "b")),
        )
        .await
        .unwrap();
    assert_eq!(
        (other.status.as_u16(), other.at("/result")),
        (404, "unknown".into())
    );
    let mut replies: Vec<Reply> = vec![genuine, upload(&mut stranger, &file).await];
    for path in ["", "/receipt"] {
        let path = format!("/verify/{code}{path}");
        replies.push(stranger.get(&path, &[]).await.unwrap());
    }
    replies.push(
        stranger
            .get(&format!("/verify/{code}"), &PAGE)
            .await
            .unwrap(),
    );
    replies.push(
        stranger
            .get("/tlog/tile/entries/000.p/1", &[])
            .await
            .unwrap(),
    );
    for reply in &replies {
        assert_eq!(reply.status, 200, "{}", reply.received());
        let text = reply.received();
        for secret in ["Aziza", "Karimova", AZIZA, "1985", "TG-1985", "AD4471203"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    for reply in &replies[..replies.len() - 1] {
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v3_access_codes_are_not_guessed() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let file = ask_for_certificate(&mut aziza, AZIZA).await.body;
    let mut stranger = house.grounds.visitor();
    let code = code_of(&mut stranger, &file).await;
    let json = [("content-type", "application/json")];
    let path = format!("/verify/{code}/access");
    for _ in 0..5 {
        let body = Bytes::from_static(br#"{"access":"AAAA-AAAA"}"#);
        let reply = stranger
            .ask(Method::POST, &path, &json, body)
            .await
            .unwrap();
        assert_eq!(told(&reply), (403, "document_not_presented".to_owned()));
    }
    let body = Bytes::from_static(br#"{"access":"AAAA-AAAA"}"#);
    let reply = stranger
        .ask(Method::POST, &path, &json, body)
        .await
        .unwrap();
    assert_eq!(told(&reply), (429, "too_many_requests".to_owned()));
    assert!(reply.header("retry-after").is_some());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v7_what_is_sent_is_bounded_and_anything_but_a_file_is_refused() {
    let house = House::open().await;
    let mut stranger = house.grounds.visitor();
    let large = vec![b'%'; (20 << 20) + (64 << 10)];
    let reply = upload(&mut stranger, &large).await;
    assert_eq!(told(&reply), (413, "body_too_large".to_owned()));
    for (media, body, status) in [
        ("text/html", &b"x"[..], 415),
        ("multipart/form-data", b"x", 415),
        ("multipart/form-data; boundary=B", b"x", 400),
        ("application/pdf", b"", 400),
        ("application/json", b"{}", 400),
        ("text/plain; application/pdf", b"x", 415),
    ] {
        let headers = [("content-type", media)];
        let body = Bytes::from_static(body);
        let reply = stranger.ask(Method::POST, "/verify", &headers, body).await;
        assert_eq!(reply.unwrap().status, status, "{media}");
    }
    for (method, path, allow) in [
        (Method::DELETE, "/verify", "GET, HEAD, POST"),
        (Method::POST, "/verify/status", "GET, HEAD"),
        (Method::GET, "/tsa", "POST"),
        (Method::POST, "/tlog/checkpoint", "GET, HEAD"),
    ] {
        let reply = stranger.ask(method, path, &[], Bytes::new()).await.unwrap();
        assert_eq!(
            (reply.status.as_u16(), reply.header("allow")),
            (405, Some(allow))
        );
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v10_the_pages_of_the_check_cannot_be_framed_and_name_their_host() {
    let house = House::open().await;
    let mut stranger = house.grounds.visitor();
    let reply = stranger.get("/verify", &PAGE).await.unwrap();
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"));
    let host = house.grounds.grounds.places.portal.clone();
    let host = host.trim_start_matches("https://");
    assert!(reply.received().contains(host));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_that_the_address_names_stays_wherever_a_check_leads() {
    let house = House::open().await;
    let mut stranger = house.grounds.visitor();
    let unknown = DocumentCode::from_bytes([7; 16]).to_string();
    for path in ["/verify?lang=ru", &format!("/verify/{unknown}?lang=ru")] {
        let page = stranger.get(path, &PAGE).await.unwrap().received();
        assert!(page.contains("lang=\"ru\"") && page.contains("/verify?lang=en"));
        assert!(page.contains("name=\"lang\" value=\"ru\""), "{path}");
    }
    let headers = [PAGE[0], PAGE[1], ("content-type", "application/pdf")];
    let body = Bytes::from_static(b"%PDF-1.7 none");
    let sent = stranger.ask(Method::POST, "/verify?lang=ru", &headers, body);
    let page = sent.await.unwrap().received();
    assert!(page.contains("lang=\"ru\"") && page.contains("/verify?lang=en"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_served_for_ever_and_only_as_far_as_it_is_published() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    ask_for_certificate(&mut aziza, AZIZA).await;
    let mut stranger = house.grounds.visitor();
    let checkpoint = stranger.get("/tlog/checkpoint", &[]).await.unwrap();
    assert_eq!(
        checkpoint.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    for path in ["/tlog/tile/0/000.p/1", "/tlog/tile/entries/000.p/1"] {
        let tile = stranger.get(path, &[]).await.unwrap();
        assert_eq!(tile.status, 200, "{path}");
        let kept = tile.header("cache-control").unwrap();
        assert!(kept.contains("immutable"), "{kept}");
    }
    for path in [
        "/tlog/tile/0/000.p/2",
        "/tlog/tile/0/000",
        "/tlog/tile/1/000.p/1",
        "/tlog/tile/0/001.p/1",
        "/tlog/tile/00/000.p/1",
        "/tlog/tile/0/000.p/0",
        "/tlog/../keys",
        "/tlog/",
    ] {
        let none = stranger.get(path, &[]).await.unwrap();
        assert!(none.status == 404 || none.status == 400, "{path}");
    }
    house.close().await;
}

/// A status list and the trust file that believes it.
fn signed_list() -> (String, Trust, SoftSigner) {
    let key = SoftSigner::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    let signer = SoftSigner::from_pkcs8(&key).unwrap();
    let mut trust = SEALED.trust.clone();
    trust.keys = vec![signer.public_key().clone()];
    let list = StatusList {
        portal: trust.portal.clone(),
        issued_at: NOW,
        expires_at: NOW.plus_ms(1000),
        size: 1,
        revoked: Vec::new(),
    };
    (list.sign(&signer).unwrap(), trust, signer)
}

#[test]
fn j1_a_list_is_believed_by_its_one_algorithm_and_plain_header_only() {
    let (signed, trust, signer) = signed_list();
    assert!(StatusList::open(&signed, &trust, NOW).is_ok());
    let parts: Vec<&str> = signed.split('.').collect();
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    // Signed by the right key each time: it is the header that is not believed.
    let with_header = |header: &str| {
        let signing = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), parts[1]);
        let signature = signer.sign(signing.as_bytes()).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(signature.as_bytes());
        format!("{signing}.{signature}")
    };
    assert!(StatusList::open(&with_header(&header), &trust, NOW).is_ok());
    let extended = |member: &str| header.replacen('{', &format!("{{{member},"), 1);
    for wrong in [
        header.replace("ES256", "none"),
        header.replace("ES256", "HS256"),
        header.replace("ES256", "ES384"),
        extended("\"alg\":\"ES256\""),
        extended("\"crit\":[\"exp\"]"),
        extended("\"b64\":false"),
        extended("\"jku\":\"https://localhost/keys\""),
        header.replace("\"typ\":\"", "\"typ\":\"x-"),
    ] {
        assert_ne!(wrong, header);
        let found = StatusList::open(&with_header(&wrong), &trust, NOW);
        assert_eq!(found, Err(StatusError::NotSigned), "{wrong}");
    }
    // The key's public bytes as a secret, and no signature at all.
    let header = URL_SAFE_NO_PAD.encode(header.replace("ES256", "HS256"));
    let signing = format!("{header}.{}", parts[1]);
    let secret = hmac::Key::new(hmac::HMAC_SHA256, trust.keys[0].as_bytes());
    let code = URL_SAFE_NO_PAD.encode(hmac::sign(&secret, signing.as_bytes()));
    for wrong in [format!("{signing}.{code}"), format!("{signing}.")] {
        assert!(StatusList::open(&wrong, &trust, NOW).is_err(), "{wrong}");
    }
}
