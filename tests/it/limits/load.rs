//! How much at once.

use std::sync::Arc;
use std::time::Duration;

use muhrdor::limits::{Load, LoadSettings};

fn load(requests_under_way_max: u32) -> Arc<Load> {
    Arc::new(Load::new(LoadSettings {
        requests_under_way_max,
        lag_ms_max: 100,
    }))
}

#[test]
fn too_many_under_way_are_turned_away_until_it_is_clearly_less() {
    let load = load(16);
    let mut under_way: Vec<_> = (0..16).map(|_| load.begin().unwrap()).collect();
    let overloaded = load.begin().unwrap_err();
    assert!((1..=4).contains(&overloaded.retry_after_seconds));
    // One less is not clearly less: no flapping at the edge.
    drop(under_way.pop());
    assert!(load.begin().is_err());
    assert_eq!(load.under_way(), 15);
    under_way.truncate(13);
    under_way.push(load.begin().unwrap());
    under_way.push(load.begin().unwrap());
    assert_eq!(load.under_way(), 15);
    drop(under_way);
    assert_eq!(load.under_way(), 0);
}

#[test]
fn the_later_the_more_are_turned_away_and_never_all() {
    let load = load(1_000_000);
    let shed = |load: &Arc<Load>| (0..1_000).filter(|_| load.begin().is_err()).count();
    assert_eq!(shed(&load), 0);
    let mut before = 0;
    for _ in 0..20 {
        load.measured(Duration::from_millis(101));
        let now = shed(&load);
        assert!(now >= before, "{now} after {before}");
        before = now;
    }
    assert!((940..=960).contains(&before), "{before} of 1000");
    // In time, but not clearly: no change.
    load.measured(Duration::from_millis(99));
    load.measured(Duration::from_millis(50));
    assert_eq!(load.shed_percent(), 95);
    for _ in 0..19 {
        load.measured(Duration::from_millis(49));
    }
    assert_eq!(shed(&load), 0);
}

#[test]
fn those_turned_away_do_not_all_come_back_at_once() {
    let load = load(1);
    let _one = load.begin().unwrap();
    let waits: std::collections::BTreeSet<u32> = (0..8)
        .map(|_| load.begin().unwrap_err().retry_after_seconds)
        .collect();
    assert!(waits.len() > 1, "{waits:?}");
}
