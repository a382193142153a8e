//! Key sets: how often they are fetched, and what holds when they cannot be.

use jsonwebtoken::Algorithm;
use muhrdor::identity::keysets::KeySetError;

use super::Rig;

#[tokio::test]
async fn ten_thousand_unknown_key_names_cause_one_fetch_in_a_cool_down() {
    let rig = Rig::new().await;
    let issuer = rig.provider.origin.as_str();
    rig.keysets
        .key(issuer, Some("one"), Algorithm::ES256)
        .await
        .unwrap();
    rig.clock.advance_ms(10_000);
    for number in 0..10_000 {
        let kid = format!("random-{number}");
        let outcome = rig.keysets.key(issuer, Some(&kid), Algorithm::ES256).await;
        assert!(matches!(outcome, Err(KeySetError::UnknownKey)));
    }
    assert_eq!(rig.provider.tell(|script| script.jwks), 2);
}

#[tokio::test]
async fn many_who_ask_at_once_cause_one_fetch() {
    let rig = Rig::new().await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (keysets, issuer) = (rig.keysets.clone(), rig.provider.origin.clone());
        asking.spawn(async move {
            let found = keysets.key(&issuer, Some("one"), Algorithm::ES256).await;
            found.map(|key| key.generation)
        });
    }
    while let Some(generation) = asking.join_next().await {
        assert_eq!(generation.unwrap().unwrap(), 1);
    }
    let fetched = rig
        .provider
        .tell(|script| (script.discoveries, script.jwks));
    assert_eq!(fetched, (1, 1));
}

#[tokio::test]
async fn the_last_good_set_outlives_a_provider_that_is_down_until_it_is_too_old() {
    let rig = Rig::new().await;
    let issuer = rig.provider.origin.as_str();
    let key = || rig.keysets.key(issuer, Some("one"), Algorithm::ES256);
    key().await.unwrap();
    rig.provider.tell(|script| script.down = true);
    rig.clock.advance_ms(60_000);
    assert_eq!(key().await.unwrap().generation, 1);
    rig.clock.advance_ms(540_000);
    assert!(matches!(key().await, Err(KeySetError::Provider(_))));
    // Up again, but asked a moment ago.
    rig.provider.tell(|script| script.down = false);
    assert!(matches!(key().await, Err(KeySetError::Provider(_))));
    rig.clock.advance_ms(10_000);
    assert_eq!(key().await.unwrap().generation, 2);
}

#[tokio::test]
async fn a_key_serves_only_its_own_kind_of_algorithm() {
    let rig = Rig::new().await;
    let issuer = rig.provider.origin.as_str();
    for algorithm in [
        Algorithm::HS256,
        Algorithm::RS256,
        Algorithm::ES384,
        Algorithm::EdDSA,
    ] {
        let outcome = rig.keysets.key(issuer, Some("one"), algorithm).await;
        assert!(
            matches!(outcome, Err(KeySetError::UnknownKey)),
            "{algorithm:?}"
        );
    }
    let outcome = rig
        .keysets
        .key("https://other.example", None, Algorithm::ES256)
        .await;
    assert!(matches!(outcome, Err(KeySetError::UnknownIssuer(_))));
}
