//! ID tokens that are not what they should be.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muhrdor::domain::principal::Principal;
use muhrdor::domain::reason::Reason;
use muhrdor::wire::cookie::Cookies;
use serde_json::{Value, json};

use super::{NOW, Rig, reason};

async fn with_claims(claims: Value) -> Result<(), Reason> {
    let rig = Rig::new().await;
    let begun = rig.begin().await;
    rig.provider.tell(|script| script.claims = claims);
    rig.arrive(&begun)
        .await
        .map(|_| ())
        .map_err(|failed| failed.error.reason())
}

#[tokio::test]
async fn an_id_token_with_one_wrong_claim_signs_nobody_in() {
    let issuer_of = |suffix: &str| json!({ "iss": format!("http://127.0.0.1{suffix}") });
    for claims in [
        // OC-06
        json!({ "nonce": null }),
        json!({ "nonce": "another" }),
        // OC-07
        json!({ "iss": null }),
        issuer_of(""),
        json!({ "iss": "https://evil.example" }),
        // OC-08
        json!({ "aud": null }),
        json!({ "aud": "another" }),
        json!({ "aud": ["portal", "another"] }),
        json!({ "azp": "another" }),
        // OC-09
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "s".repeat(256) }),
        json!({ "exp": NOW }),
        json!({ "exp": null }),
        json!({ "iat": NOW + 61 }),
        json!({ "iat": NOW - 601 }),
        // OC-22, OC-23
        json!({ "acr": null }),
        json!({ "acr": "3" }),
        json!({ "auth_time": null }),
        json!({ "auth_time": NOW - 3_661 }),
        json!({ "auth_time": NOW + 61 }),
        json!({ "pinfl": null }),
        json!({ "pinfl": "31210932040248" }),
        json!({ "name": "a\nb" }),
        json!({ "name": null }),
    ] {
        let outcome = with_claims(claims.clone()).await;
        assert_eq!(outcome, Err(Reason::SignInFailed), "{claims}");
    }
    for claims in [
        json!({}),
        json!({ "aud": ["portal"], "azp": "portal" }),
        json!({ "acr": "1", "unknown": [1, 2] }),
    ] {
        assert_eq!(with_claims(claims.clone()).await, Ok(()), "{claims}");
    }
}

#[tokio::test]
async fn an_issuer_is_compared_byte_for_byte() {
    let rig = Rig::new().await;
    let slash = format!("{}/", rig.provider.origin);
    let upper = rig.provider.origin.to_uppercase();
    for issuer in [slash, upper] {
        let begun = rig.begin().await;
        rig.provider
            .tell(|script| script.claims = json!({ "iss": issuer }));
        assert_eq!(
            reason(rig.arrive(&begun).await),
            Reason::SignInFailed,
            "{issuer}"
        );
    }
}

#[tokio::test]
async fn only_a_pinned_algorithm_and_a_key_of_the_set_count() {
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "ES384" }),
        json!({ "crit": ["exp"] }),
        json!({ "typ": "at+jwt" }),
    ] {
        let rig = Rig::new().await;
        let begun = rig.begin().await;
        rig.provider.tell(|script| script.header = header.clone());
        assert_eq!(
            reason(rig.arrive(&begun).await),
            Reason::SignInFailed,
            "{header}"
        );
    }
    // The name of a key in the set, the signature of one that is not.
    let rig = Rig::new().await;
    let begun = rig.begin().await;
    rig.provider.tell(|script| {
        script.signs = None;
        script.header = json!({ "kid": "one" });
    });
    assert_eq!(reason(rig.arrive(&begun).await), Reason::SignInFailed);
    // Not signed at all.
    let rig = Rig::new().await;
    let begun = rig.begin().await;
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let bare = format!("{head}.{}.", URL_SAFE_NO_PAD.encode("{}"));
    let answer = json!({ "access_token": "a", "token_type": "Bearer", "id_token": bare });
    rig.provider.tell(|script| {
        script.token_answer = Some((200, "application/json", answer.to_string().into_bytes()));
    });
    assert_eq!(reason(rig.arrive(&begun).await), Reason::SignInFailed);
}

#[tokio::test]
async fn a_token_without_a_key_name_takes_the_only_key_and_refuses_to_choose() {
    let rig = Rig::new().await;
    rig.provider.tell(|script| script.set = vec![None]);
    let begun = rig.begin().await;
    assert!(rig.arrive(&begun).await.is_ok());

    let rig = Rig::new().await;
    rig.provider.tell(|script| script.set = vec![None, None]);
    let begun = rig.begin().await;
    assert_eq!(reason(rig.arrive(&begun).await), Reason::SignInFailed);
}

#[tokio::test]
async fn a_key_that_appears_after_the_set_was_fetched_is_found_by_one_more_fetch() {
    let rig = Rig::new().await;
    let begun = rig.begin().await;
    assert!(rig.arrive(&begun).await.is_ok());
    rig.provider.tell(|script| {
        script.set = vec![Some("one"), Some("two")];
        script.signs = Some(1);
    });
    rig.clock.advance_ms(10_000);
    let begun = rig.begin().await;
    assert!(rig.arrive(&begun).await.is_ok());
    assert_eq!(rig.provider.tell(|script| script.jwks), 2);
}

#[tokio::test]
async fn pa_22_an_email_is_nobodys_identity() {
    let emails = [
        "attacker@evil.com@gov.example",
        "\"a@evil\"@gov.example",
        "a@gov.example\n",
        "a@g\u{043e}v.example",
        "a@gov.example",
    ];
    let rig = Rig::new().await;
    let signed_in = async |claims: Value| {
        let begun = rig.begin().await;
        rig.provider.tell(|script| script.claims = claims);
        let arrived = rig.arrive(&begun).await;
        arrived.map(|arrived| match arrived.principal {
            Principal::Person(person) => (person.person.id, person.name.0.clone()),
            other => panic!("{other:?}"),
        })
    };
    let plain = signed_in(json!({})).await.unwrap();
    for email in emails {
        let with = signed_in(json!({ "email": email, "email_verified": true })).await;
        assert_eq!(with.unwrap(), plain, "{email:?}");
        for claims in [
            json!({ "email": email, "pinfl": null }),
            json!({ "email": email, "pinfl": email }),
        ] {
            let refused = signed_in(claims).await.unwrap_err().error.reason();
            assert_eq!(refused, Reason::SignInFailed, "{email:?}");
        }
        let nothing = Cookies::default();
        let official = rig.login.start("officials", None, None, &nothing);
        let begun = rig.begun(official.await.unwrap());
        let claims = json!({ "sub": email, "agency": "pension-fund", "position": "Inspector" });
        rig.provider.tell(|script| script.claims = claims);
        assert_eq!(
            reason(rig.arrive(&begun).await),
            Reason::SignInFailed,
            "{email:?}"
        );
    }
}
