//! Which endpoint is asked, and what when it fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{SETTINGS, Server, State, WITHIN, ask, nobody, pool, request};
use crate::upstream::pool::{
    EjectionSettings, Endpoint, HealthSettings, PoolSettings, Protocol, SendError,
};
use crate::upstream::upload::Upload;

async fn plain() -> Server {
    Server::start(Protocol::Http1, State::default()).await
}

fn gated() -> State {
    State {
        gate: Some(Semaphore::new(0)),
        ..State::default()
    }
}

#[tokio::test]
async fn endpoints_with_the_same_to_do_get_the_same_share() {
    let servers = [plain().await, plain().await, plain().await];
    let endpoints: Vec<&Endpoint> = servers.iter().map(|server| &server.endpoint).collect();
    let pool = pool(&endpoints, SETTINGS);
    for _ in 0..300 {
        ask(&pool).await.unwrap();
    }
    for server in &servers {
        let asked = server.requests();
        assert!((60..=140).contains(&asked), "{asked} of 300");
        assert_eq!(server.state.connections.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn an_endpoint_that_does_not_come_to_an_end_is_asked_less() {
    let (slow, quick) = (Server::start(Protocol::Http1, gated()).await, plain().await);
    let pool = Arc::new(pool(&[&slow.endpoint, &quick.endpoint], SETTINGS));
    let mut waiting = tokio::task::JoinSet::new();
    while slow.requests() < 3 {
        let pool = Arc::clone(&pool);
        waiting.spawn(async move { ask(&pool).await.unwrap() });
        tokio::task::yield_now().await;
    }
    let before = slow.requests();
    for _ in 0..50 {
        ask(&pool).await.unwrap();
    }
    assert_eq!(slow.requests(), before);
    slow.state.gate.as_ref().unwrap().add_permits(1_000);
    waiting.join_all().await;
}

#[tokio::test]
async fn where_nobody_listens_the_request_goes_elsewhere_and_then_nobody_asks_there() {
    let (gone, good) = (nobody().await, plain().await);
    let pool = pool(&[&gone, &good.endpoint], SETTINGS);
    for _ in 0..100 {
        ask(&pool).await.unwrap();
    }
    assert_eq!(good.requests(), 100);
    let now = pool.shared.clock.monotonic();
    assert!(pool.shared.targets[0].standing.is_ejected(now));
}

#[tokio::test]
async fn no_more_endpoints_are_taken_out_than_may_be() {
    let (gone, gone_too) = (nobody().await, nobody().await);
    let pool = pool(&[&gone, &gone_too], SETTINGS);
    for _ in 0..30 {
        ask(&pool).await.unwrap_err();
    }
    let now = pool.shared.clock.monotonic();
    let out = pool.shared.targets.iter();
    let out = out.filter(|target| target.standing.is_ejected(now)).count();
    assert_eq!(out, 1);
}

#[tokio::test]
async fn without_a_retry_that_is_left_the_failure_is_told() {
    let (gone, good) = (nobody().await, plain().await);
    let settings = PoolSettings {
        retries_max: 0,
        ejection: EjectionSettings {
            failures_max: 1_000,
            ..SETTINGS.ejection
        },
        ..SETTINGS
    };
    let pool = pool(&[&gone, &good.endpoint], settings);
    let mut failed = 0;
    for _ in 0..40 {
        failed += usize::from(ask(&pool).await.is_err());
    }
    assert!(failed > 0);
    assert_eq!(good.requests(), 40 - failed);
}

#[tokio::test]
async fn what_was_sent_is_never_sent_again() {
    let good = plain().await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rude = Endpoint::parse(&socket.local_addr().unwrap().to_string()).unwrap();
    let reading = tokio::spawn(async move {
        let mut asked = 0;
        loop {
            let (mut stream, _) = socket.accept().await.unwrap();
            let mut head = [0; 16];
            if stream.read_exact(&mut head).await.is_ok() {
                asked += 1;
            }
            // Half an answer is none.
            stream.write_all(b"HTTP/1.1 2").await.unwrap();
            drop(stream);
            if asked == 3 {
                return asked;
            }
        }
    });
    let pool = pool(&[&rude, &good.endpoint], SETTINGS);
    let (mut failed, mut asked) = (0, 0);
    while failed < 3 {
        failed += usize::from(ask(&pool).await.is_err());
        asked += 1;
    }
    assert_eq!(reading.await.unwrap(), 3);
    assert_eq!(good.requests(), asked - failed);
}

#[tokio::test]
async fn more_than_may_wait_are_turned_away() {
    let server = Server::start(Protocol::Http1, gated()).await;
    let settings = PoolSettings {
        connections_max: 1,
        pending_max: 1,
        ..SETTINGS
    };
    let pool = Arc::new(pool(&[&server.endpoint], settings));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let pool = Arc::clone(&pool);
        waiting.spawn(async move { ask(&pool).await.unwrap() });
    }
    while pool.shared.pending.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let third = ask(&pool).await.unwrap_err();
    assert!(
        matches!(third, SendError::Busy { pending_max: 1 }),
        "{third}"
    );
    server.state.gate.as_ref().unwrap().add_permits(2);
    waiting.join_all().await;
    assert_eq!(server.state.connections.load(Ordering::SeqCst), 1);
    assert_eq!(pool.shared.pending.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_that_does_not_begin_in_time_counts_against_the_endpoint() {
    let server = Server::start(Protocol::Http1, gated()).await;
    let other = plain().await;
    let ejection = EjectionSettings {
        failures_max: 1,
        ..SETTINGS.ejection
    };
    let settings = PoolSettings {
        ejection,
        ..SETTINGS
    };
    let pool = pool(&[&server.endpoint, &other.endpoint], settings);
    let mut ended = None;
    while ended.is_none() {
        let asked = pool
            .send(request(), Duration::from_millis(50), &Upload::default())
            .await;
        ended = asked.err();
    }
    assert!(matches!(ended, Some(SendError::Timeout)));
    let now = pool.shared.clock.monotonic();
    assert!(pool.shared.targets[0].standing.is_ejected(now));
    for _ in 0..20 {
        pool.send(request(), WITHIN, &Upload::default())
            .await
            .unwrap();
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn who_answers_that_it_cannot_is_taken_out_as_well() {
    let (down, good) = (plain().await, plain().await);
    down.state.status.store(503, Ordering::SeqCst);
    let pool = pool(&[&down.endpoint, &good.endpoint], SETTINGS);
    for _ in 0..100 {
        ask(&pool).await.unwrap();
    }
    assert_eq!(down.requests(), 5);
}

#[tokio::test]
async fn who_does_not_answer_probes_is_not_asked_until_it_does() {
    let (sick, good) = (plain().await, plain().await);
    sick.state.status.store(500, Ordering::SeqCst);
    let settings = PoolSettings {
        health: Some(HealthSettings {
            path: "/probe".to_owned(),
            every_ms: 1,
            probe_ms_max: 5_000,
            failures_max: 2,
            successes_min: 2,
        }),
        ..SETTINGS
    };
    let pool = pool(&[&sick.endpoint, &good.endpoint], settings);
    let is_asked = || {
        let standing = &pool.shared.targets[0].standing;
        let now = pool.shared.clock.monotonic();
        standing
            .burden(now, &pool.shared.settings.ejection)
            .is_some()
    };
    while is_asked() {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        ask(&pool).await.unwrap();
    }
    assert_eq!((sick.requests(), good.requests()), (0, 20));
    good.state.status.store(500, Ordering::SeqCst);
    sick.state.status.store(200, Ordering::SeqCst);
    while !is_asked() {
        tokio::task::yield_now().await;
    }
    ask(&pool).await.unwrap();
    assert_eq!(sick.requests(), 1);
}

#[tokio::test]
async fn where_no_endpoint_is_healthy_nobody_is_asked() {
    let sick = plain().await;
    let pool = pool(&[&sick.endpoint], SETTINGS);
    let health = HealthSettings {
        path: "/".to_owned(),
        every_ms: 1,
        probe_ms_max: 1,
        failures_max: 1,
        successes_min: 1,
    };
    let now = pool.shared.clock.monotonic();
    let standing = &pool.shared.targets[0].standing;
    let failed = crate::upstream::pool::endpoint::Outcome::Failed;
    assert_eq!(standing.probed(failed, now, &health), Some(failed));
    let refused = ask(&pool).await.unwrap_err();
    assert!(matches!(refused, SendError::NoEndpoint));
    assert_eq!(sick.requests(), 0);
}
