//! Out to the provider and back: state, issuer, errors, the token endpoint.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muhrdor::domain::principal::Principal;
use muhrdor::domain::reason::Reason;
use muhrdor::domain::time::Timestamp;
use muhrdor::wire::cookie::Cookies;
use ring::digest::{SHA256, digest};
use serde_json::json;
use url::form_urlencoded;

use super::provider::basic;
use super::{NOW, Rig, held, reason};

#[tokio::test]
async fn a_person_signs_in_with_pkce_state_and_nonce() {
    let rig = Rig::new().await;
    // A provider that does not speak of PKCE gets it all the same (OC-21).
    let begun = rig.begin().await;
    let asked: BTreeMap<_, _> = begun.location.query_pairs().into_owned().collect();
    assert_eq!(asked["response_type"], "code");
    assert_eq!(
        asked["redirect_uri"],
        "https://portal.example/oauth2/callback"
    );
    assert_eq!(asked["scope"], "openid profile");
    assert_eq!(asked["code_challenge_method"], "S256");
    // Some providers say an `acr` only when asked for one.
    assert_eq!(asked["acr_values"], "1 2");
    let arrived = rig.arrive(&begun).await.unwrap();
    assert_eq!(arrived.way_back.as_str(), "/pension/record");
    let Principal::Person(person) = &arrived.principal else {
        panic!("not a person");
    };
    assert_eq!(person.person.pinfl.expose(), "31210932040247");
    assert_eq!(person.assurance.rank.as_u8(), 2);
    let authenticated_at = person.assurance.authenticated_at;
    assert_eq!(authenticated_at, Timestamp::from_unix_seconds(NOW - 5));
    // OC-24: id and secret are form-encoded before base64.
    let (form, by) = rig.provider.tell(|script| script.tokens[0].clone());
    assert_eq!(by, basic("portal", "a%2Bb%2Fc%25d%3Ae"));
    let form: BTreeMap<_, _> = form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let verifier = &form["code_verifier"];
    assert_eq!(verifier.len(), 43);
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    assert_eq!(challenge, asked["code_challenge"]);
}

#[tokio::test]
async fn a_state_is_good_once_for_ten_minutes_and_for_its_own_browser() {
    let rig = Rig::new().await;
    let begun = rig.begin().await;
    let query = format!("code=c&state={}&iss={}", begun.state, rig.provider.origin);
    // OR-14: another browser, with a sign-in of its own.
    let other = rig.begin().await;
    assert_eq!(
        reason(rig.come_back(&query, &other.cookies).await),
        Reason::SignInFailed
    );
    let none = Cookies::default();
    assert_eq!(
        reason(rig.come_back(&query, &none).await),
        Reason::SignInFailed
    );
    rig.clock.advance_ms(600_000);
    assert_eq!(
        reason(rig.come_back(&query, &begun.cookies).await),
        Reason::SignInFailed
    );
    assert_eq!(rig.token_calls(), 0);

    let rig = Rig::new().await;
    let begun = rig.begin().await;
    let arrived = rig.arrive(&begun).await.unwrap();
    let query = format!("code=c&state={}&iss={}", begun.state, rig.provider.origin);
    let again = rig.come_back(&query, &held(&arrived.set_cookies)).await;
    assert_eq!(reason(again), Reason::SignInFailed);
    assert_eq!(rig.token_calls(), 1);
}

#[tokio::test]
async fn what_the_callback_may_not_say_reaches_no_token_endpoint() {
    let rig = Rig::new().await;
    let begun = rig.begin().await;
    let (state, issuer) = (&begun.state, &rig.provider.origin);
    for query in [
        // OC-02
        format!("code=c&state={state}&state={state}&iss={issuer}"),
        format!("code=c&code=d&state={state}&iss={issuer}"),
        format!("code=c&state={state}&iss={issuer}&iss={issuer}"),
        format!("state={state}&iss={issuer}"),
        format!("code=&state={state}&iss={issuer}"),
        format!("code=c&iss={issuer}"),
        // OC-03
        format!("code=c&state={state}"),
        format!("code=c&state={state}&iss=https://evil.example"),
        format!("code=c&state={state}&iss={issuer}/"),
        format!("error=access_denied&state={state}&iss=https://evil.example"),
        format!("error=invalid_scope&state={state}&iss={issuer}"),
    ] {
        let outcome = rig.come_back(&query, &begun.cookies).await;
        assert_eq!(reason(outcome), Reason::SignInFailed, "{query}");
    }
    assert_eq!(rig.token_calls(), 0);
}

#[tokio::test]
async fn a_cancelled_sign_in_is_no_failure_and_says_where_to_begin_again() {
    for error in ["access_denied", "user_cancel"] {
        let rig = Rig::new().await;
        let begun = rig.begin().await;
        let (state, issuer) = (&begun.state, &rig.provider.origin);
        let query = format!("error={error}&error_description=%3Cb%3E&state={state}&iss={issuer}");
        let failed = rig.come_back(&query, &begun.cookies).await.unwrap_err();
        assert_eq!(failed.error.reason(), Reason::SignInCancelled);
        assert_eq!(failed.realm.unwrap().as_str(), "applicants");
        assert!(!failed.error.to_string().contains("<b>"));
    }
}

#[tokio::test]
async fn eight_tabs_sign_in_side_by_side_and_a_ninth_replaces_the_first() {
    let rig = Rig::new().await;
    let mut tabs = vec![rig.begin().await];
    for _ in 0..8 {
        let next = rig.begin_with(&tabs.last().unwrap().cookies, "/my").await;
        tabs.push(next);
    }
    let cookies = &tabs[8].cookies;
    let coming = |tab: usize| format!("code=c&state={}", tabs[tab].state);
    let origin = &rig.provider.origin;
    let first = rig
        .come_back(&format!("{}&iss={origin}", coming(0)), cookies)
        .await;
    assert_eq!(reason(first), Reason::SignInFailed);
    let query = format!("{}&iss={origin}", coming(8));
    assert!(rig.come_back(&query, cookies).await.is_ok());
    let value_bytes = cookies.one("__Host-muhrdor-signin").unwrap().unwrap().len();
    assert!(value_bytes < 3_700, "{value_bytes}");
}

#[tokio::test]
async fn a_way_back_of_ten_kilobytes_is_dropped_and_the_sign_in_succeeds() {
    let rig = Rig::new().await;
    let long = format!("/{}", "a".repeat(10_000));
    let begun = rig.begin_with(&Cookies::default(), &long).await;
    assert_eq!(rig.arrive(&begun).await.unwrap().way_back.as_str(), "/my");
    for way in ["//evil", "https://evil.tld/", "/oauth2/sign_out?rd=//evil"] {
        let begun = rig.begin_with(&Cookies::default(), way).await;
        assert_eq!(rig.arrive(&begun).await.unwrap().way_back.as_str(), "/my");
    }
}

#[tokio::test]
async fn a_token_endpoint_that_misbehaves_is_a_provider_that_is_down() {
    let huge = vec![b' '; 200 * 1024];
    let html = b"<h1>Sorry</h1>".to_vec();
    let client = br#"{"error":"invalid_client"}"#.to_vec();
    for answer in [
        (200, "text/html", html.clone()),
        (302, "application/json", b"{}".to_vec()),
        (500, "application/json", b"{}".to_vec()),
        (200, "application/json", huge),
        (401, "application/json", client),
    ] {
        let rig = Rig::new().await;
        let begun = rig.begin().await;
        rig.provider
            .tell(|script| script.token_answer = Some(answer.clone()));
        let outcome = rig.arrive(&begun).await;
        let (status, media, _) = answer;
        assert_eq!(
            reason(outcome),
            Reason::ProviderUnavailable,
            "{status} {media}"
        );
        assert_eq!(rig.token_calls(), 1);
    }
    let rig = Rig::new().await;
    let begun = rig.begin().await;
    rig.provider.tell(|script| script.stalls = true);
    assert_eq!(
        reason(rig.arrive(&begun).await),
        Reason::ProviderUnavailable
    );

    let rig = Rig::new().await;
    let begun = rig.begin().await;
    let used = br#"{"error":"invalid_grant"}"#.to_vec();
    rig.provider
        .tell(|script| script.token_answer = Some((400, "application/json", used)));
    assert_eq!(reason(rig.arrive(&begun).await), Reason::SignInFailed);
}

#[tokio::test]
async fn a_provider_that_says_it_is_another_or_points_inside_signs_nobody_in() {
    let rig = Rig::new().await;
    rig.provider
        .tell(|script| script.metadata = json!({ "issuer": "https://other.example" }));
    let cookies = Cookies::default();
    let error = rig
        .login
        .start("applicants", None, None, &cookies)
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Reason::ProviderUnavailable);
    assert!(
        rig.login
            .start("nobody", None, None, &cookies)
            .await
            .is_err()
    );
    // OC-18: where the metadata points is judged like everything else.
    for jwks in [
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://other.example/jwks",
    ] {
        let rig = Rig::new().await;
        rig.provider
            .tell(|script| script.metadata = json!({ "jwks_uri": jwks }));
        let begun = rig.begin().await;
        let outcome = rig.arrive(&begun).await;
        assert_eq!(reason(outcome), Reason::ProviderUnavailable, "{jwks}");
    }
    for endpoint in ["javascript:alert(1)", "ftp://x/"] {
        let rig = Rig::new().await;
        rig.provider
            .tell(|script| script.metadata = json!({ "authorization_endpoint": endpoint }));
        assert!(
            rig.login
                .start("applicants", None, None, &cookies)
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn an_official_signs_in_with_body_and_position_and_perhaps_a_number() {
    for (claims, signs_in) in [
        (json!({ "pinfl": null }), true),
        (json!({}), true),
        (json!({ "pinfl": "31210932040248" }), false),
        (json!({ "agency": null }), false),
        (json!({ "agency": "two words" }), false),
        (json!({ "position": "" }), false),
    ] {
        let rig = Rig::new().await;
        let cookies = Cookies::default();
        let started = rig
            .login
            .start("officials", Some("//evil"), None, &cookies)
            .await;
        let begun = rig.begun(started.unwrap());
        let mut said =
            json!({ "sub": "O-4411", "agency": "pension-agency", "position": "Inspector" });
        for (name, value) in claims.as_object().unwrap() {
            said[name] = value.clone();
        }
        rig.provider.tell(|script| script.claims = said);
        let outcome = rig.arrive(&begun).await;
        assert_eq!(outcome.is_ok(), signs_in, "{claims}");
        if let Ok(arrived) = outcome {
            assert_eq!(arrived.way_back.as_str(), "/services");
            let Principal::Official(official) = &arrived.principal else {
                panic!("not an official");
            };
            assert_eq!(official.official.as_str(), "O-4411");
            assert_eq!(official.person.is_some(), claims.get("pinfl").is_none());
        }
    }
}

#[tokio::test]
async fn the_provider_is_told_of_a_sign_out_when_it_says_where() {
    let rig = Rig::new().await;
    let (realm, _) = rig.login.realms().next().unwrap();
    let url = rig.login.end_session(realm).await.unwrap();
    assert!(
        url.as_str()
            .starts_with(&format!("{}/end?client_id=portal&", rig.provider.origin))
    );
    let rig = Rig::new().await;
    rig.provider
        .tell(|script| script.metadata = json!({ "end_session_endpoint": null }));
    assert_eq!(rig.login.end_session(realm).await, None);
}
