//! Tokens that nobody issued.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use muhrdor::identity::bearer::BearerError;
use proptest::prelude::{ProptestConfig, any, prop};
use proptest::{prop_assert, proptest};
use ring::hmac;
use serde_json::{Value, json};

use super::Rig;
use super::issuer::{Key, laid_over, signed, unsigned, with_signature};

/// Where a public key of P-256 begins in its `SubjectPublicKeyInfo` (RFC 5480 §2).
const SPKI_P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A header of the issuer's key with another `alg`, and the good claims.
fn message(rig: &Rig, alg: &Value) -> String {
    let header = laid_over(rig.header(), &json!({ "alg": alg }));
    unsigned(&header.to_string(), &rig.claims().to_string())
}

#[tokio::test]
async fn an_algorithm_that_is_none_is_refused_in_all_spellings_before_any_key_is_looked_for() {
    let rig = Rig::new().await;
    for alg in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "none ",
        "",
        "null",
        "n\u{00f6}ne",
        "es256",
        "ES256 ",
    ] {
        let message = message(&rig, &json!(alg));
        for token in [
            with_signature(&message, b""),
            with_signature(&message, b"x"),
            with_signature(&message, &rig.key.sign(&message)),
            message.clone(),
        ] {
            rig.refuses(&token).await;
        }
        let error = rig.refuses(&with_signature(&message, b"x")).await;
        assert!(matches!(error, BearerError::Algorithm), "`{alg}`");
    }
    for alg in [
        json!(["ES256"]),
        json!(0),
        json!(true),
        json!({ "ES256": 1 }),
        Value::Null,
    ] {
        let message = message(&rig, &alg);
        let error = rig
            .refuses(&with_signature(&message, &rig.key.sign(&message)))
            .await;
        assert!(matches!(error, BearerError::Algorithm), "{alg}");
    }
    assert_eq!(rig.issuer.fetches(), 0);
}

#[tokio::test]
async fn jw_01_a_public_key_in_any_form_is_no_shared_secret() {
    let rig = Rig::new().await;
    rig.ask(&rig.good()).await.unwrap();
    let jwk = rig.key.jwk();
    let der = [&SPKI_P256, rig.key.public()].concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(&der)
    );
    let secrets = [
        pem.trim_end().as_bytes().to_vec(),
        pem.into_bytes(),
        der,
        rig.key.public().to_vec(),
        jwk.to_string().into_bytes(),
        jwk["x"].as_str().unwrap().as_bytes().to_vec(),
        Vec::new(),
    ];
    let algorithms = [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
        ("ES256", hmac::HMAC_SHA256),
    ];
    for secret in &secrets {
        for (alg, with) in algorithms {
            let message = message(&rig, &json!(alg));
            let tag = hmac::sign(&hmac::Key::new(with, secret), message.as_bytes());
            let error = rig.refuses(&with_signature(&message, tag.as_ref())).await;
            let expected = match alg {
                "ES256" => matches!(error, BearerError::Signature),
                _ => matches!(error, BearerError::Algorithm),
            };
            assert!(expected, "{alg} {error:?}");
        }
    }
}

#[tokio::test]
async fn jw_01_a_key_serves_only_its_own_kind_of_algorithm() {
    let rig = Rig::new().await;
    let rsa = json!({
        "kty": "RSA", "kid": "rsa", "e": "AQAB", "n": format!("{}Q", "u".repeat(341)),
    });
    let meant_otherwise = [("use", json!("enc")), ("alg", json!("ES384"))].map(|(name, value)| {
        let key = Key::new(if name == "use" { "enc" } else { "es384" });
        let jwk = laid_over(key.jwk(), &json!({ name: value }));
        (key, jwk)
    });
    rig.issuer.tell(|script| {
        script.set.push(rsa);
        script
            .set
            .extend(meant_otherwise.iter().map(|(_, jwk)| jwk.clone()));
    });
    for (alg, kid) in [
        ("RS256", "one"),
        ("EdDSA", "one"),
        ("ES256", "rsa"),
        ("EdDSA", "rsa"),
    ] {
        let error = rig.refuses_header(json!({ "alg": alg, "kid": kid })).await;
        assert!(matches!(error, BearerError::Key), "{alg} {kid} {error:?}");
    }
    for (key, _) in &meant_otherwise {
        let header = laid_over(rig.header(), &json!({ "kid": key.kid })).to_string();
        let error = rig
            .refuses(&signed(key, &header, &rig.claims().to_string()))
            .await;
        assert!(matches!(error, BearerError::Key), "{}", key.kid);
    }
    let error = rig
        .refuses_header(json!({ "alg": "RS256", "kid": "rsa" }))
        .await;
    assert!(matches!(error, BearerError::Signature), "{error:?}");
    // Asymmetric, known here, but not this issuer's.
    for alg in ["ES384", "PS256", "RS512", "ES256K", "ES512"] {
        let error = rig.refuses_header(json!({ "alg": alg })).await;
        assert!(matches!(error, BearerError::Algorithm), "{alg}");
    }
}

#[tokio::test]
async fn a_token_signed_by_another_key_of_the_same_name_is_refused() {
    let rig = Rig::new().await;
    let (header, claims) = (rig.header().to_string(), rig.claims().to_string());
    let error = rig
        .refuses(&signed(&Key::new("one"), &header, &claims))
        .await;
    assert!(matches!(error, BearerError::Signature));
    // Nor does one token's signature serve for another's claims.
    let good = rig.good();
    let other = rig.token(&json!({}), &json!({ "jti": "2" }));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    rig.refuses(&format!("{signed}.{signature}")).await;
}

#[tokio::test]
async fn jw_08_signatures_of_another_length_are_refused() {
    let rig = Rig::new().await;
    let message = message(&rig, &json!("ES256"));
    let good = rig.key.sign(&message);
    for signature in [
        vec![0; 64],
        vec![0; 1],
        good[..63].to_vec(),
        [&good[..], &[0]].concat(),
        vec![0xff; 2_000],
    ] {
        let error = rig.refuses(&with_signature(&message, &signature)).await;
        assert!(
            matches!(error, BearerError::Signature),
            "{}",
            signature.len()
        );
    }
    let error = rig
        .refuses(&format!("{message}.{}", "A".repeat(21_830)))
        .await;
    assert!(matches!(error, BearerError::TooLong));
}

#[tokio::test]
async fn a_token_has_three_segments_of_base64url_without_padding() {
    let rig = Rig::new().await;
    let good = rig.good();
    let [header, payload, signature] = *good.split('.').collect::<Vec<_>>() else {
        panic!("three segments");
    };
    for token in [
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!("{good}="),
        format!("{good}=="),
        format!("{header}.{payload}.+{signature}"),
        format!("{header}.{payload}./{signature}"),
        format!("{header}.{payload}~.{signature}"),
        "...".to_owned(),
        "..".to_owned(),
    ] {
        let error = rig.refuses(&token).await;
        assert!(matches!(error, BearerError::Form), "{error:?}");
    }
    assert_eq!(rig.issuer.fetches(), 0);
}

#[tokio::test]
async fn loose_bits_at_the_end_of_a_segment_are_refused() {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let rig = Rig::new().await;
    let good = rig.good();
    rig.ask(&good).await.unwrap();
    // 64 bytes leave four loose bits in the last letter.
    let (rest, last) = good.split_at(good.len() - 1);
    for letter in LETTERS
        .iter()
        .filter(|letter| **letter != last.as_bytes()[0])
    {
        rig.refuses(&format!("{rest}{}", char::from(*letter))).await;
    }
}

#[test]
fn no_bytes_and_no_change_of_a_good_token_are_ever_accepted() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let rig = runtime.block_on(Rig::new());
    let good = rig.good();
    let is_accepted = |token: &str| runtime.block_on(rig.ask(token)).is_ok();
    assert!(is_accepted(&good));
    let config = ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0x20_u8..0x7f, 0_u8..4), 1..4),
        noise in prop::collection::vec(0x20_u8..0x7f, 0..300),
    )| {
        let mut changed = good.clone().into_bytes();
        for (at, byte, kind) in edits {
            let at = at.index(changed.len());
            match kind {
                0 => changed[at] = byte,
                1 => changed.insert(at, byte),
                2 if changed.len() > 1 => { changed.remove(at); }
                _ => changed[at] ^= 1,
            }
        }
        let changed = String::from_utf8(changed).unwrap();
        // Spaces before a token are no part of it.
        let is_changed = changed.trim_start_matches(' ') != good && !changed.contains('\x7f');
        prop_assert!(!is_changed || !is_accepted(&changed));
        prop_assert!(!is_accepted(&String::from_utf8(noise.clone()).unwrap()));
    });
    // Names of keys that are not there caused no fetch within the cool-down.
    assert_eq!(rig.issuer.fetches(), 1);
}

#[test]
fn no_header_and_no_claims_of_random_bytes_are_ever_accepted() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let rig = runtime.block_on(Rig::new());
    let (header, claims) = (rig.header().to_string(), rig.claims().to_string());
    let config = ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(noise in ".{0,200}", at in any::<prop::sample::Index>(), cut in any::<char>())| {
        // Signed by the issuer itself, so that only reading stands between.
        for (header, claims) in [(&noise, &claims), (&header, &noise)] {
            let token = signed(&rig.key, header, claims);
            prop_assert!(runtime.block_on(rig.ask(&token)).is_err());
        }
        // A broken object: any letter in the place of another never panics.
        let mut broken: Vec<char> = claims.chars().collect();
        let at = at.index(broken.len());
        broken[at] = cut;
        let broken: String = broken.into_iter().collect();
        let _either = runtime.block_on(rig.ask(&signed(&rig.key, &header, &broken)));
    });
}
