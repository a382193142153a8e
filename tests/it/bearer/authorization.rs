//! The `Authorization` field: one grammar.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use muhrdor::domain::reason::Reason;
use muhrdor::identity::bearer::{BearerError, Token};

use super::{Rig, TOKEN_BYTES_MAX, authorization};

fn read(credentials: &str) -> Result<Option<Token>, BearerError> {
    Token::of(&authorization(credentials), TOKEN_BYTES_MAX)
}

#[test]
fn a_request_without_credentials_has_no_token() {
    assert!(
        Token::of(&HeaderMap::new(), TOKEN_BYTES_MAX)
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn jw_06_the_scheme_is_bearer_in_any_case_and_then_spaces() {
    let rig = Rig::new().await;
    let good = rig.good();
    for scheme in ["Bearer ", "bearer ", "BEARER ", "Bearer  "] {
        let token = read(&format!("{scheme}{good}")).unwrap().unwrap();
        rig.bearer.principal(&token).await.unwrap();
    }
}

#[test]
fn jw_06_credentials_of_another_grammar_are_a_bad_header() {
    for credentials in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer\ta.b.c",
        "Bearer \ta.b.c",
        "Bearer a.b.c\tx",
        "Bearer a,b",
        "Bearer a b",
        "Bearer a.b.c, Bearer a.b.c",
        "Bearer a=b",
        "Bearer ==",
        "Bearer \"a.b.c\"",
        "Bearer a%2eb",
        "Bearer:a",
        " Bearer a",
        "Bearer realm=\"x\"",
    ] {
        let error = read(credentials).unwrap_err();
        assert!(
            matches!(error, BearerError::Credentials),
            "`{credentials}` {error:?}"
        );
        assert_eq!(error.reason(), Reason::BadHeader);
    }
    let headers = HeaderValue::from_bytes(b"Bearer \xff").unwrap();
    let headers = HeaderMap::from_iter([(AUTHORIZATION, headers)]);
    let error = Token::of(&headers, TOKEN_BYTES_MAX).unwrap_err();
    assert_eq!(error.reason(), Reason::BadHeader);
}

#[test]
fn jw_06_two_fields_are_a_bad_header_even_when_they_are_the_same() {
    for second in ["Bearer a.b.c", "Basic YTpi", ""] {
        let mut headers = authorization("Bearer a.b.c");
        headers.append(AUTHORIZATION, HeaderValue::from_str(second).unwrap());
        let error = Token::of(&headers, TOKEN_BYTES_MAX).unwrap_err();
        assert!(matches!(error, BearerError::Header(_)));
        assert_eq!(error.reason(), Reason::BadHeader);
    }
}

#[test]
fn other_schemes_are_no_tokens() {
    for credentials in [
        "Basic YTpi",
        "DPoP a.b.c",
        "Bearerx a.b.c",
        "a.b.c",
        "Negotiate",
    ] {
        let error = read(credentials).unwrap_err();
        assert!(matches!(error, BearerError::Scheme), "`{credentials}`");
        assert_eq!(error.reason(), Reason::InvalidToken);
    }
}

#[test]
fn jw_07_a_token_is_looked_for_in_one_field_only() {
    let mut headers = HeaderMap::new();
    for name in ["x-access-token", "cookie", "proxy-authorization"] {
        headers.insert(name, HeaderValue::from_static("Bearer a.b.c"));
    }
    assert!(Token::of(&headers, TOKEN_BYTES_MAX).unwrap().is_none());
}

#[tokio::test]
async fn jw_08_a_token_that_is_too_long_is_not_read() {
    let longest = "a".repeat(TOKEN_BYTES_MAX);
    assert!(read(&format!("Bearer {longest}")).unwrap().is_some());
    for longer in [TOKEN_BYTES_MAX + 1, 1 << 20] {
        let error = read(&format!("Bearer {}", "a".repeat(longer))).unwrap_err();
        assert!(matches!(error, BearerError::TooLong));
        assert_eq!(error.reason(), Reason::InvalidToken);
    }
    // Who read the field with a larger bound has not changed the room's own.
    let rig = Rig::new().await;
    let longer = authorization(&format!("Bearer {longest}a"));
    let token = Token::of(&longer, usize::MAX).unwrap().unwrap();
    let error = rig.bearer.principal(&token).await.unwrap_err();
    assert!(matches!(error, BearerError::TooLong));
}

#[test]
fn a_token_is_never_shown() {
    let token = read("Bearer aGVsbG8.d29ybGQ.c2ln").unwrap();
    assert_eq!(format!("{token:?}"), "Some(Token(withheld))");
    let error = read("Bearer aGVsbG8.d29ybGQ.c2ln,x").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("aGVsbG8"));
}
