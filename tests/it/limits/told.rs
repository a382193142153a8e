//! What clients are told of limits, over the listeners.

use crate::house::{House, told};

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
