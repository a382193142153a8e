//! Too much at once: what is turned away, over the socket, before any door is asked.

use std::time::Duration;

use super::rig::{HOST, Rig};

#[tokio::test(flavor = "multi_thread")]
async fn a_late_house_turns_requests_away_before_any_door_and_lets_them_in_again() {
    let rig = Rig::start().await;
    let ask = format!("GET /a HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    assert!(
        rig.exchange(ask.as_bytes())
            .await
            .starts_with("HTTP/1.1 200")
    );
    for _ in 0..5 {
        rig.house.load.measured(Duration::from_secs(1));
    }
    let mut shed = 0;
    for _ in 0..20 {
        let answer = rig.exchange(ask.as_bytes()).await;
        if answer.starts_with("HTTP/1.1 503") {
            shed += 1;
            assert!(answer.contains("\r\nretry-after: "), "{answer}");
            assert!(answer.contains("\"code\":\"overloaded\""), "{answer}");
        }
    }
    assert_eq!(shed, 10, "half of them, as it was late five times");
    assert_eq!(rig.house.codes(), ["overloaded"; 10]);
    assert_eq!(
        rig.house.lines().len(),
        11,
        "no door hears of those turned away"
    );
    // Neither late nor clearly in time: it stays as it is.
    rig.house.load.measured(Duration::from_millis(200));
    assert_eq!(rig.house.load.shed_percent(), 50);
    for _ in 0..10 {
        rig.house.load.measured(Duration::ZERO);
    }
    assert_eq!(rig.house.load.shed_percent(), 0);
    assert!(
        rig.exchange(ask.as_bytes())
            .await
            .starts_with("HTTP/1.1 200")
    );
    assert_eq!(rig.house.load.under_way(), 0);
}
