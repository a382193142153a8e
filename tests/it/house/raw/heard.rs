//! What an e-service hears: of what only the gateway says, the gateway's word and no other.

use bytes::Bytes;
use http::Method;
use muhrdor::demo::{Ask, Client};

use super::{AZIZA, Listening, path, told};

/// Set by the client and let through, or naming the place: all else is the gateway's own word.
const OF_THE_CLIENT: [&str; 2] = ["accept", "host"];

#[tokio::test(flavor = "multi_thread")]
async fn hs_02_no_spelling_of_a_header_of_ours_arrives_but_our_own() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    assert_eq!(aziza.get(&path(), &[]).await.unwrap().status, 200);
    let plain = raw.heard().remove(0);
    let mut ours = plain.names();
    ours.retain(|name| !OF_THE_CLIENT.contains(name));
    ours.sort_unstable();
    let known = [
        "accept-encoding",
        "forwarded",
        "muhrdor-assertion",
        "muhrdor-request-id",
        "traceparent",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    ];
    assert_eq!(ours, known, "what the gateway says of its own");

    let never = ["muhrdor-user", "muhrdor-email", "x-forwarded-user"];
    for name in ours.into_iter().chain(never) {
        for separator in ["-", "_", "."] {
            let lower = name.replace('-', separator);
            for spelling in [lower.to_uppercase(), lower] {
                let forged = [(spelling.as_str(), "forged")];
                let reply = aziza.get(&path(), &forged).await.unwrap();
                let heard = raw.heard();
                if spelling.contains(['_', '.']) {
                    assert_eq!(reply.status, 400, "HS-01, HS-02: {spelling}");
                    assert!(heard.is_empty(), "HS-01, HS-02: {spelling}");
                    continue;
                }
                assert_eq!(reply.status, 200, "HS-02: {spelling}");
                assert_eq!(heard[0].names(), plain.names(), "HS-02: {spelling}");
                assert!(!heard[0].head.contains("forged"), "HS-02: {spelling}");
            }
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_04_hs_05_connection_takes_nothing_away_that_the_gateway_says() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    assert_eq!(aziza.get(&path(), &[]).await.unwrap().status, 200);
    let plain = raw.heard().remove(0);
    for (id, value) in [
        (
            "HS-04",
            "close, x-real-ip, X-Forwarded-For, muhrdor-assertion",
        ),
        (
            "HS-04",
            "Close, X-Real-IP, x-forwarded-FOR, MUHRDOR-Assertion",
        ),
        ("HS-05", "Authorization, Muhrdor-Assertion"),
        ("HS-05", "cookie, host, accept-encoding, forwarded"),
    ] {
        let reply = aziza.get(&path(), &[("connection", value)]).await.unwrap();
        assert_eq!(reply.status, 200, "{id}: {value}");
        let heard = raw.heard().remove(0);
        assert_eq!(heard.names(), plain.names(), "{id}: {value}");
        assert_eq!(heard.claims()["sub"], plain.claims()["sub"], "{id}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_10_hs_19_an_e_service_is_told_these_claims_and_none_that_a_client_adds() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let mut gulnora = house.grounds.signed_in("officials", "gulnora").await;
    let of_all = [
        "acr",
        "aud",
        "exp",
        "iat",
        "iss",
        "kind",
        "operation",
        "purpose",
        "sub",
    ];
    let forged = [
        ("muhrdor-email", "ceo@gov.example"),
        ("muhrdor-agency", "pension-fund"),
        ("muhrdor-groups", "a,b"),
    ];
    let case = [
        ("muhrdor-purpose", "pension.assess"),
        ("muhrdor-case", "\"PF-2026-000117\""),
    ];
    let official = [forged.as_slice(), &case].concat();
    for (visitor, headers, more) in [
        (&mut aziza, forged.as_slice(), [].as_slice()),
        (&mut gulnora, &official, &["agency", "case"]),
    ] {
        let reply = visitor.get(&path(), headers).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.received());
        let heard = raw.heard().remove(0);
        let claims = heard.claims();
        let mut known = [&of_all, more].concat();
        known.sort_unstable();
        let mut names: Vec<_> = claims.keys().collect();
        names.sort_unstable();
        assert_eq!(names, known, "HS-10");
        let single = |value: &serde_json::Value| value.is_string() || value.is_number();
        assert!(claims.values().all(single), "HS-19: no claim is a list");
        let told = ["muhrdor-assertion", "muhrdor-request-id"];
        let mut ours = heard.names();
        ours.retain(|name| name.starts_with("muhrdor-"));
        assert_eq!(ours, told, "HS-10");
        assert!(!heard.head.contains("ceo@"), "HS-10");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_16_a_purpose_or_case_that_is_named_twice_is_named_by_nobody() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let mut gulnora = house.grounds.signed_in("officials", "gulnora").await;
    let purpose = |purpose| ("muhrdor-purpose", purpose);
    let case = |case| ("muhrdor-case", case);
    let refused = (400, "bad_header".to_owned());
    let of_aziza = [
        vec![purpose("own.view"), purpose("pension.assess")],
        vec![purpose("own.view"), purpose("own.view")],
        vec![purpose("own.view, pension.assess")],
    ];
    let one_case = [purpose("pension.assess"), case("\"PF-2026-000117\"")];
    let two_cases = [&one_case[..], &[case("\"PF-2026-000118\"")]].concat();
    for (visitor, all) in [
        (&mut aziza, &of_aziza[..]),
        (&mut gulnora, &[two_cases][..]),
    ] {
        for headers in all {
            let reply = visitor.get(&path(), headers).await.unwrap();
            assert_eq!(told(&reply), refused, "HS-16: {headers:?}");
            assert!(raw.heard().is_empty(), "HS-16: {headers:?}");
        }
    }
    assert_eq!(gulnora.get(&path(), &one_case).await.unwrap().status, 200);
    assert_eq!(aziza.get(&path(), &[]).await.unwrap().status, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_for_one_reason_share_an_assertion_and_no_others_do() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let mut gulnora = house.grounds.signed_in("officials", "gulnora").await;
    let purpose = ("muhrdor-purpose", "pension.assess");
    let case = [purpose, ("muhrdor-case", "\"PF-2026-000117\"")];
    let ways: [&[_]; 2] = [&[], &case];
    let mut assertions = Vec::new();
    for (visitor, headers) in [&mut aziza, &mut gulnora].into_iter().zip(ways) {
        for _ in 0..2 {
            let reply = visitor.get(&path(), headers).await.unwrap();
            assert_eq!(reply.status, 200, "{}", reply.received());
            let heard = raw.heard().remove(0);
            let numbers = heard.values("muhrdor-request-id");
            assert_eq!(numbers.len(), 1, "every request has its number");
            assert!(!heard.claims().contains_key("jti"));
            assertions.push(heard.values("muhrdor-assertion")[0].to_owned());
        }
    }
    // Within the seconds in which others share one, each says the case of its own request.
    for number in ["PF-2026-000121", "PF-2026-000117", "PF-2026-000121"] {
        let quoted = format!("\"{number}\"");
        let headers = [purpose, ("muhrdor-case", quoted.as_str())];
        let reply = gulnora.get(&path(), &headers).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.received());
        assert_eq!(raw.heard().remove(0).claims()["case"], number);
    }
    // Both were asked for within the seconds in which an assertion is shared, or one was renewed.
    let of = |n: usize| assertions[n].split('.').nth(1).unwrap().to_owned();
    assert_ne!(of(0), of(2), "another person");
    assert!(assertions[0] == assertions[1] || of(0) != of(1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_14_hs_15_hs_22_what_the_gateway_answers_itself_no_e_service_hears_of() {
    let Listening {
        house,
        raw,
        aziza: _,
        tasks: _tasks,
    } = Listening::open().await;
    let forged = [
        ("muhrdor-user", "root"),
        ("muhrdor-assertion", "root"),
        ("oidc-claim-sub", "root"),
        ("origin", "https://evil.example"),
        ("access-control-request-method", "GET"),
    ];
    let own = path();
    for (id, method, path, status) in [
        ("HS-14", Method::OPTIONS, own.as_str(), 204),
        ("HS-14", Method::OPTIONS, "/pension/info", 204),
        ("HS-15", Method::GET, "/oauth2/callback?code=a&state=b", 400),
        ("HS-15", Method::GET, "/.well-known/jwks.json", 200),
        ("HS-15", Method::GET, "/assets/none-such.css", 404),
        ("HS-15", Method::GET, "/none-such", 404),
    ] {
        let mut visitor = house.grounds.visitor();
        let reply = visitor.ask(method, path, &forged, Bytes::new()).await;
        let reply = reply.unwrap();
        assert_eq!(reply.status, status, "{id} {path}: {}", reply.received());
        assert!(!reply.received().contains("root"), "{id}: {path}");
        assert!(raw.heard().is_empty(), "{id}: {path}");
    }
    for probe in ["livez", "readyz"] {
        let admin = &house.grounds.grounds.places.admin;
        let url = format!("{admin}/{probe}").parse().unwrap();
        let reply = Client::plain().send(&Ask::get(url)).await.unwrap();
        assert_eq!(reply.status, 200, "HS-22: {probe}");
        assert!(raw.heard().is_empty(), "HS-22: {probe}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_21_userinfo_tells_of_a_session_and_holds_no_token() {
    let Listening {
        house,
        raw: _,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let reply = aziza.get("/oauth2/userinfo", &[]).await.unwrap();
    let told = reply.json();
    let names: Vec<_> = told.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["kind", "realm", "acr", "authenticated_at", "working_case"],
        "HS-21"
    );
    let received = reply.received();
    assert!(!received.contains("eyJ"), "HS-21: {received}");
    assert!(!received.contains(AZIZA), "HS-21: {received}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_t12_t13_an_e_service_is_asked_for_the_whole_body_and_nothing_but_it() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    assert_eq!(aziza.get(&path(), &[]).await.unwrap().status, 200);
    let plain = raw.heard().remove(0);
    let oracles = [
        ("range", "bytes=0-3"),
        ("if-range", "\"1\""),
        ("if-none-match", "\"1\""),
        ("if-modified-since", "Sat, 01 Jan 2022 00:00:00 GMT"),
        ("accept-encoding", "gzip"),
        ("te", "trailers"),
    ];
    let get = aziza.get(&path(), &oracles).await.unwrap();
    let head = aziza
        .ask(Method::HEAD, &path(), &oracles, Bytes::new())
        .await
        .unwrap();
    for heard in raw.heard() {
        assert_eq!(heard.names(), plain.names(), "T12, T13");
        assert_eq!(heard.line(), plain.line(), "T11");
        assert_eq!(heard.values("accept-encoding"), ["identity"], "T01");
    }
    assert_eq!(get.status, 200, "T12");
    assert_eq!(head.status, get.status, "T11");
    assert!(head.body.is_empty(), "T11");
    for name in ["content-type", "content-length", "etag", "muhrdor-withheld"] {
        assert_eq!(head.header(name), get.header(name), "T11: {name}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_a_length_that_passes_as_it_comes_leaves_its_connection_for_the_next() {
    let Listening {
        house,
        raw,
        aziza: _,
        tasks: _tasks,
    } = Listening::open().await;
    let page = "<p>open to everyone</p>";
    let length = page.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n");
    let mut visitor = house.grounds.visitor();
    for pieces in [
        vec![format!("{head}{page}")],
        vec![head.clone(), page.to_owned()],
        vec![head, "<p>open ".to_owned(), "to everyone</p>".to_owned()],
    ] {
        raw.say(pieces.into_iter().map(String::into_bytes).collect());
        for _ in 0..2 {
            let reply = visitor.get("/pension/info", &[]).await.unwrap();
            assert_eq!(reply.status, 200, "{}", reply.received());
            assert_eq!(reply.body, page);
        }
    }
    let heard = raw.heard();
    let connections: Vec<_> = heard.iter().map(|heard| heard.connection).collect();
    assert_eq!(connections, vec![connections[0]; 6]);
    house.close().await;
}
