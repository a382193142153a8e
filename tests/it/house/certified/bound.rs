//! Tokens that are bound to a certificate (RFC 8705 §3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muhrdor::clock::{Clock, SystemClock};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::bearer::issuer::signed;
use crate::certificates::authority::Issued;

use super::{Certified, answered, refused};

fn thumbprint(issued: &Issued) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, &issued.certificate))
}

/// The field of a token of the social agency's system, bound as said.
fn token(certified: &Certified, confirmation: &Value) -> String {
    let now = SystemClock::new().now().unix_seconds();
    let system = "social-agency-system";
    let mut claims = json!({
        "iss": certified.issuer.origin, "aud": "live", "sub": system, "client_id": system,
        "iat": now, "exp": now + 300, "jti": "1",
    });
    if !confirmation.is_null() {
        claims["cnf"] = confirmation.clone();
    }
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "one" });
    let token = signed(&certified.key, &header.to_string(), &claims.to_string());
    format!("authorization: Bearer {token}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn jw_18_a_bound_token_holds_with_its_certificate_and_without_it_not() {
    let certified = Certified::open().await;
    let heard = certified.serving();
    let (own, later) = (
        certified.client("300000001", 5),
        certified.client("300000001", 6),
    );
    let bound = token(&certified, &json!({ "x5t#S256": thumbprint(&own) }));
    for path in ["GET /live/read", "GET /live/token"] {
        assert_eq!(
            certified.ask(Some(&own), path, &bound).await,
            answered(),
            "{path}"
        );
        for (what, shown) in [("none", None), ("another of the same system", Some(&later))] {
            let asked = certified.ask(shown, path, &bound).await;
            assert_eq!(asked, refused(401, "invalid_token"), "{path}, {what}");
        }
    }
    assert_eq!(heard.take().len(), 2);
    // Bound to the certificate of a system that is not its own.
    let bank = certified.client("300000002", 7);
    let foreign = token(&certified, &json!({ "x5t#S256": thumbprint(&bank) }));
    let asked = certified
        .ask(Some(&bank), "GET /live/token", &foreign)
        .await;
    assert_eq!(asked, refused(401, "invalid_token"));
    // A token that is not bound, beside a certificate that would sign in; and where it would not.
    let plain = token(&certified, &Value::Null);
    let asked = certified.ask(Some(&own), "GET /live/read", &plain).await;
    assert_eq!(asked, refused(400, "bad_request"));
    assert_eq!(
        certified.ask(Some(&own), "GET /live/token", &plain).await,
        answered()
    );
    assert_eq!(
        certified.ask(None, "GET /live/read", &plain).await,
        answered()
    );
    for odd in [
        json!({ "x5t#S256": thumbprint(&own), "jkt": "x" }),
        json!({ "x5t#S256": thumbprint(&own).to_lowercase() }),
        json!({ "x5t": thumbprint(&own) }),
        json!({ "x5t#S256": 5 }),
    ] {
        let asked = certified
            .ask(Some(&own), "GET /live/token", &token(&certified, &odd))
            .await;
        assert_eq!(asked, refused(401, "invalid_token"), "{odd}");
    }
    certified.live.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jw_18_a_bound_token_is_worth_no_more_than_its_certificate() {
    let certified = Certified::open().await;
    let _heard = certified.serving();
    let own = certified.client("300000001", 5);
    let bound = token(&certified, &json!({ "x5t#S256": thumbprint(&own) }));
    assert_eq!(
        certified.ask(Some(&own), "GET /live/token", &bound).await,
        answered()
    );
    certified.revoke(&[5]);
    let became =
        async { while certified.ask(Some(&own), "GET /live/token", &bound).await.0 == 200 {} };
    tokio::time::timeout(super::super::SOON, became)
        .await
        .unwrap();
    let asked = certified.ask(Some(&own), "GET /live/token", &bound).await;
    assert_eq!(asked, refused(403, "certificate_refused"));
    certified.live.house.close().await;
}
