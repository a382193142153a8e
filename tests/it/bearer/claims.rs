//! The claims of a token: whose, for whom, when, for what.

use muhrdor::identity::bearer::BearerError;
use serde_json::{Value, json};

use super::issuer::signed;
use super::{NOW, Rig, SKEW, scopes};

#[tokio::test]
async fn jw_02_times_are_whole_numbers() {
    let rig = Rig::new().await;
    let broken = [
        json!((NOW + 300).to_string()),
        json!("9999999999"),
        json!(1_800_000_300.5),
        json!({}),
        json!([NOW + 300]),
        json!(true),
        json!(-1),
        json!((1_u64 << 53) + 1),
        json!(u64::MAX),
    ];
    for name in ["exp", "iat", "nbf"] {
        for value in &broken {
            let error = rig.refuses_claims(json!({ name: value })).await;
            assert!(
                matches!(error, BearerError::Claim(claim) if claim == name),
                "{name} {value}"
            );
        }
        // As they stand, for what a writer of JSON would not write.
        for value in [
            "1800000300.0",
            "18e8",
            "1.8e9",
            "-0",
            "null",
            "1e400",
            "01800000300",
        ] {
            let claims = rig.claims();
            let mut members = claims.as_object().unwrap().clone();
            members.remove(name);
            let claims = Value::Object(members).to_string();
            let claims = claims.replacen('{', &format!("{{\"{name}\":{value},"), 1);
            let token = signed(&rig.key, &rig.header().to_string(), &claims);
            let error = rig.refuses(&token).await;
            assert!(
                matches!(error, BearerError::Claim(_) | BearerError::Form),
                "{name} {value}"
            );
        }
    }
    assert_eq!(rig.issuer.fetches(), 0);
}

#[tokio::test]
async fn jw_03_each_needed_claim_is_needed() {
    let rig = Rig::new().await;
    for name in ["iss", "aud", "sub", "client_id", "iat", "exp"] {
        let error = rig.refuses_claims(json!({ name: null })).await;
        assert!(
            matches!(error, BearerError::Claim(claim) if claim == name),
            "{name}"
        );
    }
    for name in ["iss", "sub", "client_id", "scope", "aud"] {
        let error = rig.refuses_claims(json!({ name: 7 })).await;
        assert!(
            matches!(error, BearerError::Claim(claim) if claim == name),
            "{name}"
        );
    }
}

#[tokio::test]
async fn jw_03_a_token_for_another_audience_is_refused() {
    let rig = Rig::new().await;
    for audience in [
        json!("portal"),
        json!("EXCHANGE"),
        json!("exchange "),
        json!("exchange/"),
        json!("exchang"),
        json!(""),
        json!([]),
        json!(["portal", "other"]),
        json!(["exchange portal"]),
    ] {
        let error = rig.refuses_claims(json!({ "aud": audience })).await;
        assert!(matches!(error, BearerError::Audience), "{audience}");
    }
    rig.takes_claims(json!({ "aud": ["portal", "exchange"] }))
        .await;
    let eight: Vec<_> = (1..8)
        .map(|n| format!("a{n}"))
        .chain(["exchange".to_owned()])
        .collect();
    rig.takes_claims(json!({ "aud": eight })).await;
    let nine: Vec<_> = (1..9)
        .map(|n| format!("a{n}"))
        .chain(["exchange".to_owned()])
        .collect();
    for audience in [
        json!(nine),
        json!(["exchange", 1]),
        json!({ "0": "exchange" }),
        json!([["exchange"]]),
    ] {
        let error = rig.refuses_claims(json!({ "aud": audience })).await;
        assert!(matches!(error, BearerError::Claim("aud")), "{audience}");
    }
}

#[tokio::test]
async fn sc_26_a_second_client_of_the_issuer_with_a_token_for_itself_is_refused() {
    let rig = Rig::new().await;
    // What an OpenID client gets: signed by the same key, meant for the client.
    let id_token = json!({ "aud": "portal", "azp": "portal", "nonce": "n" });
    let error = rig
        .refuses(&rig.token(&json!({ "typ": "JWT" }), &id_token))
        .await;
    assert!(matches!(error, BearerError::Type));
    let error = rig.refuses_claims(id_token).await;
    assert!(matches!(error, BearerError::Audience));
}

#[tokio::test]
async fn a_token_of_an_issuer_that_is_not_configured_causes_no_fetch() {
    let rig = Rig::new().await;
    let origin = rig.issuer.origin.clone();
    for issuer in [
        format!("{origin}/"),
        origin.to_uppercase(),
        format!(" {origin}"),
        format!("{origin}#"),
        "https://elsewhere.example".to_owned(),
        String::new(),
    ] {
        let error = rig.refuses_claims(json!({ "iss": issuer })).await;
        assert!(matches!(error, BearerError::UnknownIssuer), "{issuer}");
    }
    assert_eq!(rig.issuer.fetches(), 0);
}

#[tokio::test]
async fn a_token_holds_from_its_issue_to_its_expiry_give_or_take_the_skew() {
    let rig = Rig::new().await;
    for (issued, expires) in [
        (-60, 1 - SKEW),
        (SKEW, SKEW + 60),
        (0, 3_600),
        (-3_600 + 1, 1),
    ] {
        rig.takes_claims(json!({ "iat": NOW + issued, "exp": NOW + expires }))
            .await;
    }
    for (issued, expires) in [(-60, -SKEW), (-3_600, -3_000)] {
        let claims = json!({ "iat": NOW + issued, "exp": NOW + expires });
        let error = rig.refuses_claims(claims).await;
        assert!(matches!(error, BearerError::Expired), "{expires} {error:?}");
    }
    let error = rig.refuses_claims(json!({ "iat": NOW + SKEW + 1 })).await;
    assert!(matches!(error, BearerError::NotYet));
    let error = rig
        .refuses_claims(json!({ "iat": NOW + SKEW + 1, "nbf": NOW - 5 }))
        .await;
    assert!(matches!(error, BearerError::NotYet));
    rig.takes_claims(json!({ "nbf": NOW + SKEW })).await;
    let error = rig.refuses_claims(json!({ "nbf": NOW + SKEW + 1 })).await;
    assert!(matches!(error, BearerError::NotYet));
    // One early token does not make a system signed in later than now.
    let early = rig.takes_claims(json!({ "iat": NOW + SKEW })).await;
    assert_eq!(early.assurance.authenticated_at.unix_seconds(), NOW);
}

#[tokio::test]
async fn a_token_that_holds_longer_than_any_may_is_refused() {
    let rig = Rig::new().await;
    for (issued, expires) in [(0, 3_601), (0, 0), (10, 5), (-NOW, 60)] {
        let error = rig
            .refuses_claims(json!({ "iat": NOW + issued, "exp": NOW + expires }))
            .await;
        assert!(matches!(error, BearerError::Lifetime), "{issued} {expires}");
    }
    let error = rig.refuses_claims(json!({ "exp": 1_u64 << 53 })).await;
    assert!(matches!(error, BearerError::Lifetime));
}

#[tokio::test]
async fn a_claim_that_stands_twice_is_refused() {
    let rig = Rig::new().await;
    let (header, claims) = (rig.header().to_string(), rig.claims().to_string());
    for double in [
        r#""aud":"exchange""#,
        r#""aud":"portal""#,
        r#""\u0061ud":"portal""#,
        r#""exp":1"#,
        r#""sub":"tax-system""#,
        r#""x":{"y":1,"y":2}"#,
        r#""x":[{"y":{"z":1,"z":1}}]"#,
    ] {
        let first = claims.replacen('{', &format!("{{{double},"), 1);
        let last = format!("{},{double}}}", claims.strip_suffix('}').unwrap());
        for claims in [first, last] {
            let error = rig.refuses(&signed(&rig.key, &header, &claims)).await;
            assert!(matches!(error, BearerError::Form), "{double}");
        }
    }
}

#[tokio::test]
async fn claims_that_are_no_object_are_refused() {
    let rig = Rig::new().await;
    let (header, claims) = (rig.header().to_string(), rig.claims().to_string());
    let wrapped = [
        format!("[{claims}]"),
        format!("{claims}{claims}"),
        format!("{claims},"),
        format!("\u{feff}{claims}"),
        claims.replace("\"jti\":\"1\"", "\"jti\":\"\\ud800\""),
        claims.replace(',', ",,"),
    ];
    for payload in wrapped
        .iter()
        .map(String::as_str)
        .chain(["null", "1", "\"x\"", "[]", "{}x"])
    {
        let error = rig.refuses(&signed(&rig.key, &header, payload)).await;
        assert!(matches!(error, BearerError::Form), "{payload}");
    }
}

#[tokio::test]
async fn jw_08_claims_that_are_nested_deep_are_refused() {
    let rig = Rig::new().await;
    let header = rig.header().to_string();
    for depth in [200, 1_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let claims = rig
            .claims()
            .to_string()
            .replacen('{', &format!("{{\"x\":{nested},"), 1);
        let error = rig.refuses(&signed(&rig.key, &header, &claims)).await;
        assert!(matches!(error, BearerError::Form), "{depth}");
    }
    let nested = "[".repeat(10_000);
    let error = rig.refuses(&signed(&rig.key, &header, &nested)).await;
    assert!(matches!(error, BearerError::TooLong));
}

#[tokio::test]
async fn a_client_that_is_no_system_here_is_refused() {
    let rig = Rig::new().await;
    for client in [
        "stranger",
        "TAX-SYSTEM",
        "tax-system ",
        "",
        "tax-system\u{0}",
    ] {
        let error = rig
            .refuses_claims(json!({ "client_id": client, "sub": client }))
            .await;
        assert!(matches!(error, BearerError::UnknownSystem), "`{client}`");
    }
}

#[tokio::test]
async fn a_token_on_behalf_of_another_than_its_client_is_refused() {
    let rig = Rig::new().await;
    for subject in ["aziza", "other-system", "Tax-System", ""] {
        let error = rig.refuses_claims(json!({ "sub": subject })).await;
        assert!(matches!(error, BearerError::Claim("sub")), "`{subject}`");
    }
}

#[tokio::test]
async fn jw_16_a_token_that_is_bound_to_a_key_is_no_bearer_token() {
    let rig = Rig::new().await;
    for bound in [
        json!({ "jkt": "x" }),
        json!({ "x5t#S256": "x" }),
        json!({}),
        json!("x"),
    ] {
        let error = rig.refuses_claims(json!({ "cnf": bound })).await;
        assert!(matches!(error, BearerError::Bound));
    }
}

#[tokio::test]
async fn scopes_are_those_of_the_token_that_its_system_may_have() {
    let rig = Rig::new().await;
    for (given, effective) in [
        ("pension.read", vec!["pension.read"]),
        (
            "pension.write pension.read",
            vec!["pension.read", "pension.write"],
        ),
        ("pension.read pension.read", vec!["pension.read"]),
        ("pension.read admin civil.read", vec!["pension.read"]),
        ("admin", vec![]),
        ("PENSION.READ pension.read.all pension", vec![]),
        ("*", vec![]),
        ("", vec![]),
    ] {
        let system = rig.takes_claims(json!({ "scope": given })).await;
        assert_eq!(scopes(&system), effective, "`{given}`");
    }
    let system = rig.takes_claims(json!({ "scope": null })).await;
    assert!(system.scopes.is_empty());
    // Roles and rank a token claims for itself count for nothing.
    let boast =
        json!({ "roles": ["root"], "acr": "3", "agency": "other", "scp": ["pension.write"] });
    let system = rig.takes_claims(boast).await;
    assert_eq!(scopes(&system), ["pension.read"]);
    assert_eq!((system.roles.len(), system.assurance.rank.as_u8()), (1, 2));
}

#[tokio::test]
async fn a_scope_claim_of_another_form_is_refused() {
    let rig = Rig::new().await;
    let many = |count| vec!["pension.read"; count].join(" ");
    rig.takes_claims(json!({ "scope": many(64) })).await;
    for scope in [
        json!(["pension.read"]),
        json!(" pension.read"),
        json!("pension.read "),
        json!("a  b"),
        json!("a\tb"),
        json!("a\nb"),
        json!("\u{441}"),
        json!("a\"b"),
        json!(many(65)),
        json!({}),
    ] {
        let error = rig.refuses_claims(json!({ "scope": scope })).await;
        assert!(matches!(error, BearerError::Claim("scope")), "{scope}");
    }
}
