//! How often: by address block, then by principal and operation.

mod load;
pub(crate) mod redis;
mod shared;
mod told;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use muhrdor::clock::HandClock;
use muhrdor::domain::name::{OperationId, SystemId};
use muhrdor::domain::peer::AddressBlock;
use muhrdor::domain::time::Timestamp;
use muhrdor::limits::{self, AddressLimit, PrincipalKey, PrincipalLimit, Rate, Settings};

fn rate(requests_max: u32, window_seconds: u32) -> Rate {
    Rate {
        requests_max: NonZeroU32::new(requests_max).unwrap(),
        window_seconds: NonZeroU32::new(window_seconds).unwrap(),
    }
}

fn settings(keys_max: usize) -> Settings {
    Settings {
        address: rate(3, 60),
        principal: rate(2, 10),
        operations: BTreeMap::new(),
        guess: rate(2, 10),
        keys_max,
    }
}

fn address_limit(keys_max: usize) -> (AddressLimit, HandClock) {
    let clock = HandClock::at(Timestamp::from_unix_ms(0));
    (
        AddressLimit::new(&settings(keys_max), Arc::new(clock.clone()), None),
        clock,
    )
}

/// How many of so many requests pass.
async fn passed(limit: &AddressLimit, block: AddressBlock, requests: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..requests {
        passed += u32::from(limit.check(block).await.is_ok());
    }
    passed
}

fn block(address: &str) -> AddressBlock {
    AddressBlock::of(address.parse().unwrap())
}

#[tokio::test]
async fn a_burst_passes_the_next_request_waits_and_is_told_how_long() {
    let (limit, clock) = address_limit(1000);
    let peer = block("192.0.2.1");
    for remaining in [2, 1, 0] {
        assert_eq!(limit.check(peer).await.unwrap().remaining(), remaining);
    }
    let exceeded = limit.check(peer).await.unwrap_err();
    assert_eq!(exceeded.retry_after_seconds, 20);
    assert_eq!(
        exceeded.to_string(),
        "too many requests; the next may come in 20 s"
    );
    assert_eq!(exceeded.allowance.policy_field(), "\"address\";q=3;w=60");
    assert_eq!(exceeded.allowance.limit_field(), "\"address\";r=0;t=20");
    clock.advance_ms(19_999);
    assert_eq!(limit.check(peer).await.unwrap_err().retry_after_seconds, 1);
    clock.advance_ms(1);
    assert_eq!(limit.check(peer).await.unwrap().remaining(), 0);
    assert!(limit.check(peer).await.is_err());
}

#[tokio::test]
async fn what_is_left_of_several_limits_is_one_list_and_replaces_what_others_said() {
    let (limit, _clock) = address_limit(1000);
    let peer = block("192.0.2.1");
    let (first, second) = (
        limit.check(peer).await.unwrap(),
        limit.check(peer).await.unwrap(),
    );
    let mut headers = HeaderMap::new();
    headers.append("ratelimit", HeaderValue::from_static("\"upstream\";r=9"));
    headers.append("ratelimit", HeaderValue::from_static("\"upstream\";r=8"));
    limits::tell(&[first, second], &mut headers);
    let said = |name: &str| -> Vec<_> { headers.get_all(name).iter().collect() };
    assert_eq!(
        said("ratelimit"),
        ["\"address\";r=2;t=20, \"address\";r=1;t=40"]
    );
    let policy = ["\"address\";q=3;w=60, \"address\";q=3;w=60"];
    assert_eq!(said("ratelimit-policy"), policy);
    assert!(limit.check(peer).await.is_ok());
    limit.check(peer).await.unwrap_err().tell(&mut headers);
    assert_eq!(headers["retry-after"], "20");
    assert_eq!(headers["ratelimit"], "\"address\";r=0;t=20");
    limits::tell(&[], &mut headers);
    assert!(!headers.contains_key("ratelimit") && !headers.contains_key("ratelimit-policy"));
}

#[tokio::test]
async fn setting_the_machines_clock_gives_nobody_more_requests() {
    let (limit, clock) = address_limit(1000);
    let peer = block("192.0.2.1");
    assert_eq!(passed(&limit, peer, 3).await, 3);
    clock.set(Timestamp::from_unix_seconds(4_000_000_000));
    assert!(limit.check(peer).await.is_err());
}

#[tokio::test]
async fn rl_02_addresses_of_one_subnet_and_mapped_ones_share_a_count() {
    let (limit, _clock) = address_limit(1000);
    for address in ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::9"] {
        assert!(limit.check(block(address)).await.is_ok());
    }
    assert!(
        limit
            .check(block("2001:db8:1:2:aaaa:bbbb:cccc:dddd"))
            .await
            .is_err()
    );
    assert!(limit.check(block("2001:db8:1:3::1")).await.is_ok());
    for address in ["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7"] {
        assert!(limit.check(block(address)).await.is_ok());
    }
    assert!(limit.check(block("::ffff:192.0.2.7")).await.is_err());
}

#[tokio::test]
async fn rl_07_a_flood_of_keys_takes_bounded_room_and_frees_no_greedy_one() {
    let (limit, _clock) = address_limit(4096);
    let greedy = block("203.0.113.9");
    assert_eq!(passed(&limit, greedy, 3).await, 3);
    for n in 0..10_000_000_u32 {
        let address = Ipv6Addr::from((0x2001_0db8_u128 << 96) | (u128::from(n) << 64));
        limit
            .check(AddressBlock::of(IpAddr::V6(address)))
            .await
            .unwrap();
        if n % 64 == 0 {
            assert!(limit.check(greedy).await.is_err(), "freed after {n} keys");
        }
    }
    assert!(limit.keys() <= 4096, "{} keys", limit.keys());
}

#[tokio::test]
async fn a_principal_is_counted_for_each_operation_apart() {
    let clock = HandClock::at(Timestamp::from_unix_ms(0));
    let limit = PrincipalLimit::new(&settings(1000), Arc::new(clock.clone()), None);
    let read = OperationId::parse("pension-fund.record.read").unwrap();
    let list = OperationId::parse("pension-fund.payees.list").unwrap();
    let system = || PrincipalKey::System(SystemId::parse("bank").unwrap());
    let nobody = || PrincipalKey::Address(AddressBlock::of(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    assert!(limit.check(system(), &read).await.is_ok());
    assert!(limit.check(system(), &read).await.is_ok());
    let exceeded = limit.check(system(), &read).await.unwrap_err();
    assert_eq!(exceeded.retry_after_seconds, 5);
    assert_eq!(exceeded.allowance.policy_field(), "\"principal\";q=2;w=10");
    assert!(limit.check(system(), &list).await.is_ok());
    assert!(limit.check(nobody(), &read).await.is_ok());
    clock.advance_ms(5_000);
    assert!(limit.check(system(), &read).await.is_ok());
}

#[tokio::test]
async fn a_rate_that_is_set_anew_holds_for_keys_that_are_known_as_well() {
    let (limit, clock) = address_limit(1000);
    clock.advance_ms(3_600_000);
    let peer = block("192.0.2.1");
    assert_eq!(passed(&limit, peer, 3).await, 3);
    assert!(limit.check(peer).await.is_err());
    let more = Settings {
        address: rate(6, 60),
        ..settings(1000)
    };
    limit.set(&more);
    // Three of the old rate take a minute: as long as six of the new.
    assert_eq!(limit.check(peer).await.unwrap_err().retry_after_seconds, 10);
    clock.advance_ms(10_000);
    assert!(limit.check(peer).await.is_ok());
    assert!(limit.check(peer).await.is_err());
    clock.advance_ms(60_000);
    assert_eq!(passed(&limit, peer, 9).await, 6);
    // Someone new has the new rate whole.
    let other = block("192.0.2.2");
    assert_eq!(passed(&limit, other, 9).await, 6);
}

#[tokio::test]
async fn an_operation_with_a_rate_of_its_own_is_counted_by_it_until_it_is_taken_away() {
    let clock = HandClock::at(Timestamp::from_unix_ms(0));
    let read = OperationId::parse("pension-fund.record.read").unwrap();
    let list = OperationId::parse("pension-fund.payees.list").unwrap();
    let mut settings = settings(1000);
    settings.operations.insert(read.clone(), rate(1, 60));
    let limit = PrincipalLimit::new(&settings, Arc::new(clock.clone()), None);
    let system = || PrincipalKey::System(SystemId::parse("bank").unwrap());
    let allowance = limit.check(system(), &read).await.unwrap();
    assert_eq!(allowance.policy_field(), "\"operation\";q=1;w=60");
    let exceeded = limit.check(system(), &read).await.unwrap_err();
    assert_eq!(exceeded.retry_after_seconds, 60);
    assert!(limit.check(system(), &list).await.is_ok());
    assert!(limit.check(system(), &list).await.is_ok());
    assert!(limit.check(system(), &list).await.is_err());
    // The same again keeps what was counted.
    limit.set(&settings);
    assert!(limit.check(system(), &read).await.is_err());
    settings.operations.clear();
    limit.set(&settings);
    let allowance = limit.check(system(), &read).await.unwrap();
    assert_eq!(allowance.policy_field(), "\"principal\";q=2;w=10");
    assert_eq!(limit.keys(), 2);
}
