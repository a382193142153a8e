//! Tokens that were verified before, and key sets that change meanwhile.

use muhrdor::domain::reason::Reason;
use muhrdor::domain::time::Timestamp;
use muhrdor::identity::bearer::BearerError;
use serde_json::json;

use super::issuer::{Key, laid_over, signed};
use super::{NOW, Rig, SKEW, scopes};

fn entries(rig: &Rig) -> String {
    let shown = format!("{:?}", rig.bearer);
    let (_, after) = shown.split_once("Remembered { entries: ").unwrap();
    after.split([',', ' ']).next().unwrap().to_owned()
}

#[tokio::test]
async fn a_remembered_token_is_the_same_principal() {
    let rig = Rig::new().await;
    let good = rig.good();
    let first = rig.ask(&good).await.unwrap();
    let second = rig.ask(&good).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert_eq!((rig.issuer.fetches(), entries(&rig).as_str()), (1, "1"));
}

#[tokio::test]
async fn a_remembered_token_expires_by_the_clock_and_is_forgotten() {
    let rig = Rig::new().await;
    let good = rig.good();
    rig.ask(&good).await.unwrap();
    let at = |seconds| rig.clock.set(Timestamp::from_unix_seconds(NOW + seconds));
    at(300 + SKEW - 1);
    rig.ask(&good).await.unwrap();
    at(300 + SKEW);
    assert!(matches!(rig.refuses(&good).await, BearerError::Expired));
    assert_eq!(entries(&rig), "0");
}

#[tokio::test]
async fn a_remembered_token_does_not_hold_before_its_time_when_the_clock_is_set_back() {
    let rig = Rig::new().await;
    let good = rig.good();
    rig.ask(&good).await.unwrap();
    rig.clock
        .set(Timestamp::from_unix_seconds(NOW - 5 - SKEW - 1));
    assert!(matches!(rig.refuses(&good).await, BearerError::NotYet));
}

#[tokio::test]
async fn jw_13_a_remembered_token_whose_key_is_revoked_is_refused_after_the_next_fetch() {
    let rig = Rig::new().await;
    let good = rig.good();
    rig.ask(&good).await.unwrap();
    let next = Key::new("next");
    rig.issuer.tell(|script| script.set = vec![next.jwk()]);
    // Still in the set that was fetched a moment ago.
    rig.ask(&good).await.unwrap();
    rig.clock.advance_ms(60_000);
    assert!(matches!(rig.refuses(&good).await, BearerError::Key));
    assert_eq!((rig.issuer.fetches(), entries(&rig).as_str()), (2, "0"));
}

#[tokio::test]
async fn jw_13_a_key_of_the_same_name_does_not_keep_a_remembered_token_alive() {
    let rig = Rig::new().await;
    let good = rig.good();
    rig.ask(&good).await.unwrap();
    rig.issuer
        .tell(|script| script.set = vec![Key::new("one").jwk()]);
    rig.clock.advance_ms(60_000);
    assert!(matches!(rig.refuses(&good).await, BearerError::Signature));
}

#[tokio::test]
async fn a_remembered_token_is_verified_again_when_another_token_brought_a_newer_set() {
    let rig = Rig::new().await;
    let good = rig.good();
    rig.ask(&good).await.unwrap();
    let next = Key::new("next");
    rig.issuer.tell(|script| script.set = vec![next.jwk()]);
    rig.clock.advance_ms(10_000);
    // Its unknown key name causes the fetch.
    let header = laid_over(rig.header(), &json!({ "kid": "next" })).to_string();
    rig.ask(&signed(&next, &header, &rig.claims().to_string()))
        .await
        .unwrap();
    assert!(matches!(rig.refuses(&good).await, BearerError::Key));
}

#[tokio::test]
async fn a_remembered_token_outlives_a_newer_set_that_still_has_its_key() {
    let rig = Rig::new().await;
    let good = rig.good();
    rig.ask(&good).await.unwrap();
    rig.clock.advance_ms(60_000);
    rig.ask(&good).await.unwrap();
    rig.ask(&good).await.unwrap();
    assert_eq!((rig.issuer.fetches(), entries(&rig).as_str()), (2, "1"));
}

#[tokio::test]
async fn oc_12_a_key_that_is_newer_than_the_set_is_fetched_once() {
    let rig = Rig::new().await;
    rig.ask(&rig.good()).await.unwrap();
    rig.clock.advance_ms(10_000);
    let next = Key::new("next");
    rig.issuer.tell(|script| script.set.push(next.jwk()));
    let header = laid_over(rig.header(), &json!({ "kid": "next" })).to_string();
    rig.ask(&signed(&next, &header, &rig.claims().to_string()))
        .await
        .unwrap();
    assert_eq!(rig.issuer.fetches(), 2);
}

#[tokio::test]
async fn oc_13_ten_thousand_unknown_key_names_cause_one_fetch_in_a_cool_down() {
    let rig = Rig::new().await;
    rig.ask(&rig.good()).await.unwrap();
    rig.clock.advance_ms(10_000);
    let claims = rig.claims().to_string();
    for number in 0..10_000 {
        let header = laid_over(rig.header(), &json!({ "kid": format!("random-{number}") }));
        let token = super::issuer::unsigned(&header.to_string(), &claims);
        let error = rig.ask(&format!("{token}.AAAA")).await.unwrap_err();
        assert!(matches!(error, BearerError::Key));
    }
    assert_eq!((rig.issuer.fetches(), entries(&rig).as_str()), (2, "1"));
    rig.ask(&rig.good()).await.unwrap();
}

#[tokio::test]
async fn jw_21_keys_that_cannot_be_had_let_nobody_pass() {
    let rig = Rig::new().await;
    rig.issuer.tell(|script| script.down = true);
    let good = rig.good();
    for _ in 0..3 {
        let error = rig.ask(&good).await.unwrap_err();
        assert!(matches!(error, BearerError::Keys(_)));
        assert_eq!(error.reason(), Reason::ProviderUnavailable);
        assert!(!format!("{error} {error:?}").contains(&good));
    }
    assert_eq!(rig.issuer.fetches(), 1);
    // The failure is not remembered of the token.
    rig.issuer.tell(|script| script.down = false);
    rig.clock.advance_ms(10_000);
    rig.ask(&good).await.unwrap();
}

#[tokio::test]
async fn jw_21_a_remembered_token_is_not_served_from_a_set_that_is_too_old() {
    let rig = Rig::new().await;
    let long = rig.token(&json!({}), &json!({ "exp": NOW + 3_000 }));
    rig.ask(&long).await.unwrap();
    rig.issuer.tell(|script| script.down = true);
    rig.clock.advance_ms(599_000);
    rig.ask(&long).await.unwrap();
    rig.clock.advance_ms(11_000);
    let error = rig.ask(&long).await.unwrap_err();
    assert_eq!(error.reason(), Reason::ProviderUnavailable);
}

#[tokio::test]
async fn jw_09_what_is_remembered_of_one_token_serves_no_other() {
    let rig = Rig::new().await;
    let narrow = rig.good();
    let wide = rig.token(
        &json!({}),
        &json!({ "scope": "pension.read pension.write" }),
    );
    for _ in 0..2 {
        assert_eq!(scopes(&rig.ask(&narrow).await.unwrap()), ["pension.read"]);
        let system = rig.ask(&wide).await.unwrap();
        assert_eq!(scopes(&system), ["pension.read", "pension.write"]);
    }
    // The same letters with their dots elsewhere.
    let dot = narrow.find('.').unwrap();
    let mut letters: Vec<char> = narrow.chars().collect();
    letters.swap(dot, dot + 1);
    rig.refuses(&letters.into_iter().collect::<String>()).await;
    rig.refuses(&narrow[..narrow.len() - 1]).await;
}

#[tokio::test]
async fn what_is_refused_is_not_remembered() {
    let rig = Rig::new().await;
    rig.refuses_claims(json!({ "aud": "portal" })).await;
    rig.refuses(&format!("{}AAAA", rig.good())).await;
    let early = rig.token(&json!({}), &json!({ "nbf": NOW + 100 }));
    rig.refuses(&early).await;
    assert_eq!(entries(&rig), "0");
    rig.clock.advance_ms(100_000);
    rig.ask(&early).await.unwrap();
}

#[tokio::test]
async fn so_many_tokens_are_remembered_and_no_more() {
    for (tokens_max, kept) in [(0, 0), (1, 0), (2, 2), (10, 10)] {
        let rig = Rig::remembering(tokens_max).await;
        for number in 0..25 {
            let token = rig.token(&json!({}), &json!({ "jti": number.to_string() }));
            rig.ask(&token).await.unwrap();
            rig.ask(&token).await.unwrap();
            assert!(entries(&rig).parse::<usize>().unwrap() <= tokens_max);
        }
        assert_eq!(entries(&rig), kept.to_string(), "{tokens_max}");
    }
}

#[tokio::test]
async fn a_token_in_use_is_not_forgotten_for_those_that_come_once() {
    let rig = Rig::remembering(10).await;
    let used = rig.good();
    let first = rig.ask(&used).await.unwrap();
    for number in 0..50 {
        rig.takes_claims(json!({ "jti": format!("once-{number}") }))
            .await;
        let again = rig.ask(&used).await.unwrap();
        assert!(std::sync::Arc::ptr_eq(&first, &again), "{number}");
    }
}
