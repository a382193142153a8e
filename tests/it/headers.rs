//! Header fields and cookies: rows HS and SC of the attack cases that concern the wire.

use std::time::Duration;

use http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use muhrdor::wire::cookie::{self, CookieError, Cookies};
use muhrdor::wire::headers::{self, AllowList, HeaderError};
use muhrdor::wire::host::{Host, HostError};

const SESSION: &str = "__Host-muhrdor";

fn map(fields: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    map
}

fn list(names: &[&str]) -> Result<AllowList, HeaderError> {
    AllowList::of(
        names
            .iter()
            .map(|name| HeaderName::from_bytes(name.as_bytes()).unwrap()),
    )
}

#[test]
fn a_name_that_another_server_reads_as_ours_is_refused() {
    for spelling in [
        "x_forwarded_user",
        "muhrdor_user",
        "muhrdor.user",
        "x_auth_request_email",
    ] {
        assert_eq!(
            headers::check_names(&map(&[(spelling, "root")])),
            Err(HeaderError::AliasName),
            "HS-01, HS-02: {spelling}"
        );
    }
    assert_eq!(headers::check_names(&map(&[("accept", "*/*")])), Ok(()));
}

#[test]
fn what_only_the_gateway_says_cannot_be_let_through() {
    let rows = [
        ("HS-02", "muhrdor-user"),
        ("HS-06", "x-forwarded-uri"),
        ("HS-07", "x-forwarded-proto"),
        ("HS-09", "x-envoy-original-path"),
        ("HS-10", "muhrdor-email"),
        ("HS-11", "ssl-client-cert"),
        ("HS-11", "x-forwarded-client-cert"),
        ("HS-11", "x-client-cert"),
        ("HS-11", "client-cert"),
        ("HS-11", "client-cert-chain"),
        ("HS-14", "oidc-claim-sub"),
        ("PA-23", "x-http-method-override"),
        ("cookie", "cookie"),
        ("hop", "transfer-encoding"),
    ];
    for (id, name) in rows {
        assert!(list(&["accept", name]).is_err(), "{id}: {name}");
    }
}

#[test]
fn only_listed_end_to_end_headers_go_on() {
    let incoming = map(&[
        ("connection", "close, X-Trace"),
        ("connection", "accept-language"),
        ("x-trace", "1"),
        ("accept-language", "uz"),
        ("accept", "a/b"),
        ("accept", "c/d"),
        ("muhrdor-assertion", "forged"),
        ("x-real-ip", "192.0.2.1"),
    ]);
    let allowed = list(&["accept", "x-trace", "accept-language"]).unwrap();
    let expected = map(&[("accept", "a/b"), ("accept", "c/d")]);
    assert_eq!(
        allowed.select(&incoming, 0),
        expected,
        "HS-04, HS-05, HS-10"
    );
}

#[test]
fn a_header_that_may_stand_once_is_refused_twice() {
    let tenant = HeaderName::from_static("x-tenant");
    assert_eq!(headers::single(&map(&[]), &tenant), Ok(None));
    assert_eq!(
        headers::single(&map(&[("x-tenant", "a")]), &tenant),
        Ok(Some("a"))
    );
    let both = map(&[("x-tenant", "a"), ("x-tenant", "b")]);
    let twice = headers::single(&both, &tenant);
    assert_eq!(twice, Err(HeaderError::Repeated { name: tenant }), "HS-16");
}

#[test]
fn a_purpose_is_one_item() {
    let read = |value: &str| headers::item(&map(&[("muhrdor-purpose", value)]), &headers::PURPOSE);
    assert_eq!(
        read("pension.assess"),
        Ok(Some("pension.assess".to_owned()))
    );
    assert_eq!(
        read("\"pension.assess\""),
        Ok(Some("pension.assess".to_owned()))
    );
    let refused = Err(HeaderError::NotItem {
        name: headers::PURPOSE,
    });
    for value in ["a, b", "a;p=1", "(a)", "", "1", "?1", "a b", "\"open"] {
        assert_eq!(read(value), refused, "{value}");
    }
}

#[test]
fn a_broken_cookie_is_no_cookie_and_a_double_one_has_no_value() {
    let read = |text: &str| Cookies::read(&map(&[("cookie", text)])).unwrap();
    assert_eq!(
        read(";;; =; a; __Host-muhrdor=;==").one(SESSION),
        Ok(Some("")),
        "SC-06"
    );
    assert_eq!(read("a=1; __Host-muhrdor=v").one(SESSION), Ok(Some("v")));
    assert_eq!(read("__host-muhrdor=v").one(SESSION), Ok(None), "SC-08");
    let twice = Err(CookieError::Repeated { name: SESSION });
    assert_eq!(
        read("__Host-muhrdor=a; __Host-muhrdor=b").one(SESSION),
        twice,
        "SC-08"
    );
    let mut fields = HeaderMap::new();
    fields.append(COOKIE, HeaderValue::from_static("__Host-muhrdor=a"));
    fields.append(COOKIE, HeaderValue::from_static("__Host-muhrdor=a"));
    assert_eq!(Cookies::read(&fields).unwrap().one(SESSION), twice, "SC-08");
    let long = map(&[("cookie", &"a".repeat(20_000))]);
    assert_eq!(Cookies::read(&long).unwrap_err(), CookieError::TooLong);
    let mut bytes = HeaderMap::new();
    bytes.append(
        COOKIE,
        HeaderValue::from_bytes(b"\xff=\xfe; __Host-muhrdor=\xff").unwrap(),
    );
    assert_eq!(
        Cookies::read(&bytes).unwrap().one(SESSION),
        Ok(None),
        "SC-06"
    );
}

#[test]
fn a_cookie_is_set_in_one_way() {
    let set = cookie::set(SESSION, "v", Some(Duration::from_mins(1))).unwrap();
    let expected = "__Host-muhrdor=v; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(set.to_str().unwrap(), expected, "SC-09");
    assert!(set.is_sensitive(), "SC-09");
    let cleared = cookie::clear(SESSION).unwrap();
    assert!(
        cleared
            .to_str()
            .unwrap()
            .starts_with("__Host-muhrdor=; Max-Age=0;"),
        "SC-08"
    );
    assert!(cookie::set("muhrdor", "v", None).is_err(), "SC-09");
    assert!(cookie::set(SESSION, "a;b", None).is_err(), "FR-21");
    assert!(cookie::set(SESSION, "a\r\nX: y", None).is_err(), "FR-21");
}

#[test]
fn cookies_print_their_names_only() {
    let cookies = Cookies::read(&map(&[("cookie", "a=secret")])).unwrap();
    assert_eq!(format!("{cookies:?}"), "[\"a\"]", "LG-03");
}

#[test]
fn a_host_has_one_spelling() {
    let rows = [
        ("HS-17", "portal.example:8443", "portal.example"),
        ("HS-17", "PORTAL.EXAMPLE.", "portal.example"),
        ("PA-16", "Portal.Example", "portal.example"),
        ("PA-17", "portal.example.:443", "portal.example"),
        ("address", "[::1]:8443", "[::1]"),
        ("address", "127.0.0.1", "127.0.0.1"),
    ];
    for (id, raw, expected) in rows {
        assert_eq!(Host::parse(raw).unwrap().as_str(), expected, "{id}");
    }
    let refused = [
        ("", HostError::Empty),
        (".", HostError::Empty),
        ("a..b", HostError::Character),
        ("a@b", HostError::Character),
        ("a/b", HostError::Character),
        ("a b", HostError::Character),
        ("a:", HostError::Port),
        ("a:0", HostError::Port),
        ("a:70000", HostError::Port),
        ("a:+80", HostError::Port),
        ("[::1", HostError::Character),
        ("[::1]x", HostError::Character),
    ];
    for (raw, expected) in refused {
        assert_eq!(Host::parse(raw), Err(expected), "PA-18: {raw}");
    }
}
