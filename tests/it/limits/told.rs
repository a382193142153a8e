//! What clients are told of limits, over the listeners.

use std::fs;

use bytes::Bytes;
use http::Method;

use super::redis::Redis;
use crate::house::reload::tell;
use crate::house::{House, told, unhurried};

const LIGHT: &str = "/civil/info/services";

#[tokio::test(flavor = "multi_thread")]
async fn every_counted_answer_says_what_is_left_and_the_one_too_many_when_to_come_again() {
    let house =
        House::open_with(|config| config.replace("requests_max = 60,", "requests_max = 2,"));
    let house = house.await;
    let mut anyone = house.grounds.visitor();
    let policy = "\"address\";q=1200;w=60, \"principal\";q=2;w=60";
    for left in [1, 0] {
        let reply = anyone.get(LIGHT, &[]).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.received());
        assert_eq!(reply.header("ratelimit-policy"), Some(policy));
        let limit = reply.header("ratelimit").unwrap();
        let (address, principal) = limit.split_once(", ").unwrap();
        assert!(address.starts_with("\"address\";r=119"), "{limit}");
        let expected = format!("\"principal\";r={left};t=");
        assert!(principal.starts_with(&expected), "{limit}");
        assert_eq!(reply.header("retry-after"), None);
    }
    let reply = anyone.get(LIGHT, &[]).await.unwrap();
    assert_eq!(told(&reply), (429, "too_many_requests".to_owned()));
    assert_eq!(reply.header("ratelimit-policy"), Some(policy));
    let wait = reply.header("retry-after").unwrap();
    assert!((1..=30).contains(&wait.parse::<u32>().unwrap()), "{wait}");
    let limit = reply.header("ratelimit").unwrap();
    assert!(
        limit.ends_with(&format!("\"principal\";r=0;t={wait}")),
        "{limit}"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rl_03_who_says_other_addresses_in_headers_is_counted_as_who_they_are() {
    let house =
        House::open_with(|config| config.replace("requests_max = 60,", "requests_max = 2,"));
    let house = house.await;
    let mut anyone = house.grounds.visitor();
    for (n, expected) in [200, 200, 429, 429].into_iter().enumerate() {
        let address = format!("198.51.100.{n}");
        let forwarded = format!("for={address}");
        let said = [
            ("x-forwarded-for", address.as_str()),
            ("x-real-ip", address.as_str()),
            ("forwarded", forwarded.as_str()),
        ];
        let reply = anyone.get(LIGHT, &said).await.unwrap();
        assert_eq!(reply.status, expected, "{}", reply.received());
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_counts_in_the_redis_of_its_config_and_answers_without_it() {
    let redis = Redis::start();
    let section = format!(
        "\n[limits.redis]\naddress = \"{}\"\nnodes = 2\ntimeout_ms_max = 5000\n",
        redis.address
    );
    let house = House::open_with(|config| unhurried(&config) + &section).await;
    let mut anyone = house.grounds.visitor();
    let mut asked = 0;
    // Until it is connected, it is on its own.
    while !redis
        .told("KEYS muhrdor:limit:*")
        .await
        .contains("muhrdor:limit:")
    {
        asked += 1;
        assert!(asked < 10_000, "nothing was counted in it");
        assert_eq!(anyone.get(LIGHT, &[]).await.unwrap().status, 200);
    }
    drop(redis);
    for _ in 0..20 {
        let reply = anyone.get(LIGHT, &[]).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.received());
        assert!(reply.header("ratelimit").is_some());
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doors_of_sign_in_count_a_request_once_and_say_what_is_left() {
    // In a day: nothing comes back while the test runs.
    let rate = "address = { requests_max = 1000, window_seconds = 86400 }";
    let usual = "address = { requests_max = 1200, window_seconds = 60 }";
    let house = House::open_with(|config| config.replace(usual, rate)).await;
    let policy = "\"address\";q=1000;w=86400";
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    let mut before = None;
    for (method, path, status) in [
        (Method::GET, "/oauth2/start", 200),
        (Method::GET, "/oauth2/start?realm=applicants", 303),
        // Two questions to the session, one request.
        (Method::GET, "/oauth2/start?acr=2", 303),
        (Method::GET, "/oauth2/callback?code=a&state=b", 400),
        (Method::GET, "/oauth2/userinfo", 200),
        (Method::GET, "/oauth2/none-such", 404),
        (Method::POST, "/oauth2/userinfo", 405),
        (Method::POST, "/oauth2/sign_out", 200),
        (Method::GET, "/oauth2/userinfo", 401),
    ] {
        let from_here = [("sec-fetch-site", "same-origin")];
        let reply = aziza.ask(method, path, &from_here, Bytes::new()).await;
        let reply = reply.unwrap();
        assert_eq!(reply.status, status, "{path}: {}", reply.received());
        assert_eq!(reply.header("ratelimit-policy"), Some(policy), "{path}");
        let limit = reply.header("ratelimit").unwrap();
        let left = limit.strip_prefix("\"address\";r=").unwrap();
        let left: u32 = left.split(';').next().unwrap().parse().unwrap();
        assert_eq!(*before.get_or_insert(left), left, "{path}");
        before = Some(left - 1);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_access_codes_has_the_tries_that_the_operator_gives() {
    let rate = "guess = { requests_max = 2, window_seconds = 3600 }";
    let house = House::open_with(|config| {
        unhurried(&config).replace("[limits]\n", &format!("[limits]\n{rate}\n"))
    })
    .await;
    let mut stranger = house.grounds.visitor();
    let json = [("content-type", "application/json")];
    let path = "/verify/0000-0000-0000-0000-0000-0000-0000/access";
    let mut guesses = async |expected: &[u16]| {
        for status in expected {
            let body = Bytes::from_static(b"{\"access\":\"AAAA-AAAA\"}");
            let reply = stranger.ask(Method::POST, path, &json, body).await.unwrap();
            assert_eq!(reply.status, *status, "{}", reply.received());
        }
    };
    guesses(&[403, 403, 429, 429]).await;
    let config = &house.grounds.grounds.places.config;
    let text = fs::read_to_string(config).unwrap();
    let more = "guess = { requests_max = 6, window_seconds = 7200 }";
    let more = text.replace(rate, more);
    fs::write(config, more).unwrap();
    let socket = house.grounds.grounds.config().unwrap().listen.control;
    assert_eq!(tell(&socket, "reload").await["ok"], true);
    // Two of two in an hour weigh as much as three of six in two.
    guesses(&[403]).await;
    house.close().await;
}
