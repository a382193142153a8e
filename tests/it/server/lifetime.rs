//! How long a connection lives: timeouts under a paused clock, limits, draining.

#![expect(
    clippy::disallowed_methods,
    reason = "asks the paused clock of the test"
)]

use std::sync::Arc;
use std::time::Duration;

use muhrdor::domain::peer::Channel;
use muhrdor::server::ServerError;
use muhrdor::server::connection::{Handshake, Protocol, Settings};
use muhrdor::server::drain::{Drain, Stage};
use muhrdor::server::listener::{self, Listener};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::rig::{HOST, House, Rig, local_peer, plain_handshake, proxy_peer, read_all, read_until};

/// A house with one connection that needs no socket, so that paused time governs it.
fn open() -> (House, DuplexStream, Drain) {
    let house = House::new(Settings::default());
    let (client, server) = duplex(1 << 16);
    let drain = Drain::default();
    let (connections, drained) = (house.connections.clone(), drain.listen());
    tokio::spawn(async move {
        connections
            .serve(server, local_peer(), plain_handshake(), drained)
            .await;
    });
    (house, client, drain)
}

/// Lets so much of the paused time pass, in steps in which others may do what is due.
async fn pass(time: Duration) {
    for _ in 0..100 {
        tokio::time::advance(time / 100).await;
        tokio::task::yield_now().await;
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_is_given_up_at_its_deadline() {
    let (house, mut client, _drain) = open();
    let begun = Instant::now();
    let mut answer = None;
    for byte in get("/").into_bytes() {
        if client.write_all(&[byte]).await.is_err() {
            break;
        }
        let wait = tokio::time::timeout(Duration::from_secs(1), read_all(&mut client));
        if let Ok(text) = wait.await {
            answer = Some(text);
            break;
        }
    }
    let answer = answer.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "MT-15: {answer}");
    assert_eq!(begun.elapsed().as_secs(), 10, "MT-15");
    assert_eq!(house.codes(), ["head_timeout"], "MT-15");
    assert!(house.lines().is_empty(), "MT-15");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_without_a_word() {
    let (house, mut client, _drain) = open();
    client.write_all(get("/1").as_bytes()).await.unwrap();
    read_until(&mut client, "GET /1\n").await;
    let idle_since = Instant::now();
    assert_eq!(read_all(&mut client).await, "");
    assert_eq!(idle_since.elapsed().as_secs(), 75);
    assert!(house.codes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_rests_asks_again_until_it_has_idled_too_long() {
    let (house, mut client, _drain) = open();
    for number in 1..=3 {
        pass(Duration::from_secs(30)).await;
        let request = get(&format!("/{number}"));
        // In two pieces: the first wakes it, the second is read by who was woken.
        let (first, second) = request.split_at(10);
        client.write_all(first.as_bytes()).await.unwrap();
        pass(Duration::from_secs(5)).await;
        client.write_all(second.as_bytes()).await.unwrap();
        let answer = read_until(&mut client, &format!("GET /{number}\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let idle_since = Instant::now();
    assert_eq!(read_all(&mut client).await, "");
    assert_eq!(idle_since.elapsed().as_secs(), 75);
    assert!(house.codes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_wakes_a_resting_connection_is_judged_as_ever() {
    let (house, mut client, _drain) = open();
    client.write_all(get("/1").as_bytes()).await.unwrap();
    read_until(&mut client, "GET /1\n").await;
    pass(Duration::from_secs(10)).await;
    client
        .write_all(b"GET /2 HTTP/1.1\nHost: x\n\n")
        .await
        .unwrap();
    let answer = read_all(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(house.lines(), ["GET /1"]);

    // A head that trickles has its deadline from its first byte on.
    let (house, mut client, _drain) = open();
    pass(Duration::from_secs(10)).await;
    client.write_all(b"G").await.unwrap();
    let since = Instant::now();
    let answer = read_all(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(since.elapsed().as_secs(), 10, "MT-15");
    assert_eq!(house.codes(), ["head_timeout"], "MT-15");
}

#[tokio::test(start_paused = true)]
async fn draining_waits_a_moment_for_a_request_of_who_rests() {
    let (_house, mut resting, drain) = open();
    resting.write_all(get("/1").as_bytes()).await.unwrap();
    read_until(&mut resting, "GET /1\n").await;
    pass(Duration::from_secs(10)).await;
    drain.begin();
    let since = Instant::now();
    assert_eq!(read_all(&mut resting).await, "");
    assert_eq!(since.elapsed().as_millis(), 250);

    let (_house, mut kept, drain) = open();
    pass(Duration::from_secs(10)).await;
    drain.begin();
    pass(Duration::from_millis(100)).await;
    kept.write_all(get("/2").as_bytes()).await.unwrap();
    let answer = read_all(&mut kept).await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("GET /2\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stands_still_is_given_up() {
    let (house, mut client, _drain) = open();
    let head = format!("POST /body HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10\r\n\r\nabc");
    client.write_all(head.as_bytes()).await.unwrap();
    let answer = read_all(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(house.codes(), ["body_timeout"]);
    assert!(house.gateway.seen.lock().unwrap()[0].body.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_given_up() {
    let house = House::new(Settings::default());
    let (mut client, server) = duplex(256);
    let drain = Drain::default();
    let (connections, drained) = (house.connections.clone(), drain.listen());
    let serving = tokio::spawn(async move {
        connections
            .serve(server, local_peer(), plain_handshake(), drained)
            .await;
    });
    let begun = Instant::now();
    let head = format!("POST /body HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5000\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&[b'x'; 5000]).await.unwrap();
    serving.await.unwrap();
    assert_eq!(house.lines(), ["POST /body"]);
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn an_idle_http2_connection_is_closed_too() {
    let house = House::new(Settings::default());
    let (client, server) = duplex(1 << 16);
    let drain = Drain::default();
    let (connections, drained) = (house.connections.clone(), drain.listen());
    tokio::spawn(async move {
        let handshake = Handshake {
            protocol: Protocol::Http2,
            ..plain_handshake()
        };
        connections
            .serve(server, local_peer(), handshake, drained)
            .await;
    });
    let (sender, connection) = h2::client::handshake(client).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get(format!("https://{HOST}/1"))
        .body(())
        .unwrap();
    let (response, _) = sender.clone().send_request(request, true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    let idle_since = Instant::now();
    connection.await.unwrap().unwrap();
    let closed_after = idle_since.elapsed().as_secs();
    assert!((75..=150).contains(&closed_after), "{closed_after}");
    drop(sender);
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_outlives_the_idle_time() {
    let (house, mut client, _drain) = open();
    client.write_all(get("/wait").as_bytes()).await.unwrap();
    house.gateway.waiting.notified().await;
    tokio::time::advance(Duration::from_mins(10)).await;
    house.gateway.go.notify_one();
    read_until(&mut client, "GET /wait\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_takes_its_request_along() {
    let (house, mut client, _drain) = open();
    client.write_all(get("/wait").as_bytes()).await.unwrap();
    house.gateway.waiting.notified().await;
    client.shutdown().await.unwrap();
    assert_eq!(read_all(&mut client).await, "");
    house.gateway.go.notify_one();
    assert!(house.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn draining_answers_what_is_under_way_and_closes_what_is_idle() {
    let (house, mut busy, drain) = open();
    busy.write_all(get("/wait").as_bytes()).await.unwrap();
    house.gateway.waiting.notified().await;
    drain.begin();
    house.gateway.go.notify_one();
    let answer = read_all(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");

    let (_house, mut idle, drain) = open();
    idle.write_all(get("/1").as_bytes()).await.unwrap();
    read_until(&mut idle, "GET /1\n").await;
    drain.begin();
    assert_eq!(read_all(&mut idle).await, "");

    // A request that crosses the drain is answered, and is the last.
    let (_house, mut kept, drain) = open();
    kept.write_all(get("/1").as_bytes()).await.unwrap();
    read_until(&mut kept, "GET /1\n").await;
    drain.begin();
    for _ in 0..10 {
        tokio::time::advance(Duration::from_millis(10)).await;
        tokio::task::yield_now().await;
    }
    kept.write_all(get("/2").as_bytes()).await.unwrap();
    let answer = read_all(&mut kept).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("connection: close\r\n") && answer.ends_with("GET /2\n"));
}

#[tokio::test(start_paused = true)]
async fn only_a_trusted_proxy_may_say_what_it_forwards() {
    for (peer, kept) in [(local_peer(), false), (proxy_peer(), true)] {
        let house = House::new(Settings::default());
        let (mut client, server) = duplex(1 << 16);
        let (connections, drain) = (house.connections.clone(), Drain::default());
        let drained = drain.listen();
        let serving = connections.serve(server, peer, plain_handshake(), drained);
        let asking = async {
            let forwarded = "X-Forwarded-Uri: /public/x\r\nMuhrdor-User: root\r\n";
            let request = get("/oauth2/auth").replace("\r\n\r\n", "\r\nConnection: close\r\n");
            let request = format!("{request}{forwarded}\r\n");
            client.write_all(request.as_bytes()).await.unwrap();
            read_all(&mut client).await
        };
        let ((), answer) = tokio::join!(serving, asking);
        assert!(answer.starts_with("HTTP/1.1 200 "), "HS-06: {answer}");
        let seen = house.gateway.seen.lock().unwrap().clone();
        assert_eq!(
            seen[0].headers.contains_key("x-forwarded-uri"),
            kept,
            "HS-06"
        );
        assert!(!seen[0].headers.contains_key("muhrdor-user"), "HS-06");
    }
}

#[tokio::test]
async fn a_drained_listener_accepts_no_one_and_ends() {
    let rig = Rig::start().await;
    let mut stream = rig.connect().await;
    stream.write_all(get("/wait").as_bytes()).await.unwrap();
    rig.house.gateway.waiting.notified().await;
    rig.drain.begin();
    rig.house.gateway.go.notify_one();
    assert!(read_all(&mut stream).await.ends_with("GET /wait\n"));
    drop(stream);
    rig.running.await.unwrap();
    assert!(TcpStream::connect(rig.address).await.is_err());
}

#[tokio::test]
async fn the_last_stage_cuts_off_what_does_not_end() {
    let rig = Rig::start().await;
    let mut stream = rig.connect().await;
    stream.write_all(get("/wait").as_bytes()).await.unwrap();
    rig.house.gateway.waiting.notified().await;
    rig.drain.begin();
    rig.drain.now();
    rig.running.await.unwrap();
    assert!(rig.house.lines().is_empty());
}

#[tokio::test]
async fn the_first_signal_drains_and_the_second_ends() {
    let drain = Drain::default();
    let mut drained = drain.listen();
    let terminate = || {
        let itself = rustix::process::getpid();
        rustix::process::kill_process(itself, rustix::process::Signal::TERM).unwrap();
    };
    let signalling = async {
        terminate();
        drained.reached(Stage::Draining).await;
        assert_eq!(drained.stage(), Stage::Draining);
        terminate();
        drained.reached(Stage::Now).await;
    };
    let (heard, ()) = tokio::join!(drain.on_signals(Duration::from_mins(5)), signalling);
    heard.unwrap();
    assert_eq!(drain.stage(), Stage::Now);
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_given_up() {
    let limits = listener::Limits {
        handshake_ms_max: 20,
        ..Default::default()
    };
    let rig = Rig::with(limits, false).await;
    let mut silent = TcpStream::connect(rig.address).await.unwrap();
    assert_eq!(read_all(&mut silent).await, "", "MT-15");
    assert_eq!(rig.house.codes(), ["handshake"], "MT-15");
}

#[tokio::test]
async fn an_address_in_use_is_said_plainly() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let limits = listener::Limits::default();
    let settings = listener::Settings {
        address,
        channel: Channel::Portal,
        limits,
        proxies: Arc::default(),
    };
    let error = Listener::bind(&settings).await.unwrap_err();
    assert!(matches!(error, ServerError::AddressInUse { .. }));
    assert_eq!(
        error.to_string(),
        format!("the address `{address}` is in use by another program")
    );
}

#[tokio::test]
async fn one_address_cannot_take_every_connection() {
    let limits = listener::Limits {
        connections_per_block_max: 1,
        ..Default::default()
    };
    let rig = Rig::with(limits, false).await;
    let mut first = rig.connect().await;
    let second = rig.connect_with(rig.client(b"http/1.1"), HOST).await;
    assert!(second.is_err(), "MT-15");
    assert_eq!(rig.house.codes(), ["too_many_connections"], "MT-15");
    first.write_all(get("/1").as_bytes()).await.unwrap();
    read_until(&mut first, "GET /1\n").await;
}
