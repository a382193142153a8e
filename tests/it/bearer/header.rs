//! The header of a token: what it may ask of us.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use muhrdor::identity::bearer::BearerError;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::issuer::{Key, laid_over, signed, unsigned, with_signature};
use super::{NOW, Rig};

#[tokio::test]
async fn a_good_token_makes_the_configured_system_of_its_client() {
    let rig = Rig::new().await;
    let system = rig.ask(&rig.good()).await.unwrap();
    assert_eq!(system.system.as_str(), "tax-system");
    assert_eq!(system.agency.as_str(), "tax-committee");
    assert_eq!(system.roles[0].as_str(), "exchange");
    assert_eq!(system.assurance.rank.as_u8(), 2);
    assert_eq!(system.assurance.authenticated_at.unix_seconds(), NOW - 5);
}

#[tokio::test]
async fn another_configured_algorithm_serves_with_a_key_of_its_kind() {
    let rig = Rig::new().await;
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "ed" });
    rig.issuer.tell(|script| script.set.push(jwk));
    let header = laid_over(rig.header(), &json!({ "alg": "EdDSA", "kid": "ed" }));
    let message = unsigned(&header.to_string(), &rig.claims().to_string());
    let token = with_signature(&message, pair.sign(message.as_bytes()).as_ref());
    rig.ask(&token).await.unwrap();
}

/// Where in PKCS #8 (RFC 5958 §2) a key of PKCS #1 stands that is as long as this one.
const RSA_KEY_AT: usize = 26;

#[tokio::test]
async fn jw_01_a_key_of_rsa_serves_with_the_padding_that_the_token_names() {
    let rig = Rig::new().await;
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let pair = EncodingKey::from_rsa_der(&pair.serialize_der()[RSA_KEY_AT..]);
    let jwk = Jwk::from_encoding_key(&pair, Algorithm::RS256).unwrap();
    let jwk = laid_over(serde_json::to_value(jwk).unwrap(), &json!({ "kid": "rsa" }));
    rig.issuer.tell(|script| script.set.push(jwk));
    let header = laid_over(rig.header(), &json!({ "alg": "RS256", "kid": "rsa" }));
    let message = unsigned(&header.to_string(), &rig.claims().to_string());
    let token = |padding| {
        let signature = crypto::sign(message.as_bytes(), &pair, padding).unwrap();
        format!("{message}.{signature}")
    };
    rig.ask(&token(Algorithm::RS256)).await.unwrap();
    let error = rig.refuses(&token(Algorithm::PS256)).await;
    assert!(matches!(error, BearerError::Signature));
}

#[tokio::test]
async fn the_type_is_that_of_an_access_token_with_or_without_application() {
    let rig = Rig::new().await;
    for kind in [
        "at+jwt",
        "application/at+jwt",
        "AT+JWT",
        "Application/at+JWT",
    ] {
        rig.ask(&rig.token(&json!({ "typ": kind }), &json!({})))
            .await
            .unwrap();
    }
    for kind in [
        json!("JWT"),
        json!("logout+jwt"),
        json!("text/at+jwt"),
        json!(""),
        json!(1),
        json!(["at+jwt"]),
        json!("application/application/at+jwt"),
        Value::Null,
    ] {
        let error = rig.refuses_header(json!({ "typ": kind })).await;
        assert!(matches!(error, BearerError::Type), "{kind}");
    }
}

#[tokio::test]
async fn jw_04_keys_and_extensions_that_a_token_brings_along_are_refused_and_never_fetched() {
    let rig = Rig::new().await;
    let elsewhere = format!("{}/elsewhere", rig.issuer.origin);
    let forger = Key::new("one");
    for (name, value) in [
        ("jku", json!(elsewhere)),
        ("x5u", json!(elsewhere)),
        ("jwk", forger.jwk()),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ] {
        let over = json!({ name: value });
        let error = rig.refuses_header(over.clone()).await;
        assert!(
            matches!(error, BearerError::Member(member) if member == name),
            "{name}"
        );
        let header = laid_over(rig.header(), &over).to_string();
        rig.refuses(&signed(&forger, &header, &rig.claims().to_string()))
            .await;
    }
    assert_eq!(rig.issuer.fetches(), 0);
    // There, but null, is there.
    let header = rig
        .header()
        .to_string()
        .replace("\"typ\"", "\"jku\":null,\"typ\"");
    rig.refuses(&signed(&rig.key, &header, &rig.claims().to_string()))
        .await;
}

#[tokio::test]
async fn jw_04_a_key_name_is_only_compared() {
    let rig = Rig::new().await;
    for kid in [
        "../../dev/null",
        "' or 1=1 --",
        "one\u{2028}",
        "http://127.0.0.1/",
        "ONE",
        "one ",
        "%6fne",
    ] {
        let error = rig.refuses_header(json!({ "kid": kid })).await;
        assert!(matches!(error, BearerError::Key), "`{kid}`");
    }
    for kid in [
        json!(""),
        json!("one\0"),
        json!("a\nb"),
        json!("k".repeat(257)),
        json!(1),
        json!(["one"]),
    ] {
        let error = rig.refuses_header(json!({ "kid": kid })).await;
        assert!(matches!(error, BearerError::Member("kid")), "{kid}");
    }
    assert_eq!(rig.issuer.fetches(), 1);
}

#[tokio::test]
async fn oc_11_a_token_that_names_no_key_has_the_only_one_that_fits() {
    let rig = Rig::new().await;
    let unnamed = rig.token(&json!({ "kid": null }), &json!({}));
    rig.ask(&unnamed).await.unwrap();
    let rig = Rig::new().await;
    rig.issuer
        .tell(|script| script.set.push(Key::new("two").jwk()));
    let error = rig.refuses_header(json!({ "kid": null })).await;
    assert!(matches!(error, BearerError::Key));
}

#[tokio::test]
async fn a_header_member_that_stands_twice_is_refused() {
    let rig = Rig::new().await;
    let claims = rig.claims().to_string();
    for header in [
        r#"{"alg":"ES256","alg":"ES256","typ":"at+jwt","kid":"one"}"#,
        r#"{"alg":"none","typ":"at+jwt","kid":"one","alg":"ES256"}"#,
        r#"{"alg":"ES256","typ":"JWT","kid":"one","t\u0079p":"at+jwt"}"#,
        r#"{"alg":"ES256","typ":"at+jwt","kid":"one","x":{"y":1,"y":1}}"#,
    ] {
        let error = rig.refuses(&signed(&rig.key, header, &claims)).await;
        assert!(matches!(error, BearerError::Form), "{header}");
    }
}

#[tokio::test]
async fn a_header_that_is_no_object_is_refused() {
    let rig = Rig::new().await;
    let claims = rig.claims().to_string();
    for header in [
        "",
        "[]",
        "null",
        "\"ES256\"",
        "{",
        "{}{}",
        "{\"alg\":\"ES256\",}",
        "\u{feff}{}",
    ] {
        let error = rig.refuses(&signed(&rig.key, header, &claims)).await;
        assert!(matches!(error, BearerError::Form), "`{header}`");
    }
}
