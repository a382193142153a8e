//! What one browser meets: its cookie, the ends of its session, its working case.

use muhrdor::domain::principal::Principal;
use muhrdor::domain::purpose::Claim;
use muhrdor::domain::reason::Reason;
use muhrdor::identity::session::{Handle, SessionError, Sessions};

use super::{House, IDLE_MS, WHOLE_MS, begin, claim, handle, in_memory, official, realm, value};

/// The 64 characters of base64url, in the order of their values.
const BASE64URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn only_the_one_form_of_a_handle_is_read() {
    let good = format!("{}A", "Ab-_9".repeat(9).split_at(42).0);
    assert!(Handle::parse(&good).is_some());
    let long = "A".repeat(1_000_000);
    let padded = format!("{good}=");
    let standard = good.replace('-', "+").replace('_', "/");
    let foreign = format!("{}\u{e9}", "A".repeat(41));
    let garbage = ["", "==", &good[..42], &long, &padded, &standard, &foreign];
    for given in garbage {
        assert!(Handle::parse(given).is_none(), "{given:.60}");
    }
    for (nth, last) in BASE64URL.chars().enumerate() {
        // 43 characters hold 258 bits: the last two say nothing and must be zero.
        let given = format!("{}{last}", &good[..42]);
        assert_eq!(Handle::parse(&given).is_some(), nth % 4 == 0, "{last}");
    }
}

#[test]
fn a_handle_is_not_printed() {
    let handle = Handle::parse(&"A".repeat(43)).unwrap();
    assert_eq!(format!("{handle:?}"), "Handle(withheld)");
}

#[tokio::test]
async fn the_cookie_is_for_this_host_only_and_out_of_reach_of_scripts() {
    let house = House::new();
    let node = house.node(in_memory(), 10).await;
    let begun = begin(&node, house.applicant(), "applicants", None);
    let cookie = begun.await.unwrap();
    assert!(cookie.is_sensitive());
    let text = cookie.to_str().unwrap();
    let mut parts: Vec<_> = text.split("; ").collect();
    assert!(parts.remove(0).starts_with("__Host-muhrdor="));
    parts.sort_unstable();
    assert_eq!(parts, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    let cleared = Sessions::cleared_cookie().unwrap();
    assert_eq!(value(&cleared), "");
    assert!(cleared.to_str().unwrap().contains("; Max-Age=0"));
}

#[tokio::test]
async fn a_session_is_found_as_it_began() {
    let house = House::new();
    let node = house.node(in_memory(), 10).await;
    let everyone = [
        (house.applicant(), realm("applicants")),
        (official(None), realm("officials")),
        (official(Some(house.person())), realm("officials")),
    ];
    for (principal, realm) in everyone {
        let cookie = node.begin(&principal, &realm, None).await.unwrap();
        for _from in ["the store", "memory"] {
            let found = node.find(&handle(&cookie)).await.unwrap().unwrap();
            assert_eq!(found.principal(), &principal);
            assert_eq!(found.realm(), &realm);
            assert_eq!(found.claim(), &Claim::default());
        }
    }
}

#[tokio::test]
async fn only_people_have_sessions_and_only_in_realms_that_are_kept() {
    let house = House::new();
    let node = house.node(in_memory(), 10).await;
    let nobody = begin(&node, Principal::Anonymous, "applicants", None);
    let refused = nobody.await.unwrap_err();
    assert!(matches!(refused, SessionError::NotPersonal("anonymous")));
    let elsewhere = begin(&node, house.applicant(), "elsewhere", None);
    let refused = elsewhere.await.unwrap_err();
    assert!(matches!(refused, SessionError::Realm(_)));
    assert_eq!(refused.reason(), Reason::Internal);
}

#[tokio::test]
async fn nobody_is_behind_a_handle_that_was_never_given() {
    let house = House::new();
    let node = house.node(in_memory(), 10).await;
    house.signed_in(&node).await;
    let guessed = Handle::parse(&"A".repeat(43)).unwrap();
    assert!(node.find(&guessed).await.unwrap().is_none());
    assert!(!node.end(&guessed).await.unwrap());
    assert!(!node.set_claim(&guessed, &claim()).await.unwrap());
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used() {
    for cached_max in [0, 10] {
        let house = House::new();
        let node = house.node(in_memory(), cached_max).await;
        let handle = house.signed_in(&node).await;
        for _use in 0..3 {
            house.clock.advance_ms(IDLE_MS - 1);
            assert!(node.find(&handle).await.unwrap().is_some());
        }
        house.clock.advance_ms(IDLE_MS);
        assert!(node.find(&handle).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_session_ends_however_much_it_is_used() {
    for cached_max in [0, 10] {
        let house = House::new();
        let node = house.node(in_memory(), cached_max).await;
        let handle = house.signed_in(&node).await;
        let step = WHOLE_MS / 6;
        for _use in 0..5 {
            house.clock.advance_ms(step);
            assert!(node.find(&handle).await.unwrap().is_some());
        }
        house.clock.advance_ms(step - 1);
        assert!(node.find(&handle).await.unwrap().is_some());
        house.clock.advance_ms(1);
        assert!(node.find(&handle).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn signing_in_gives_a_new_handle_and_ends_what_it_replaces() {
    let house = House::new();
    let node = house.node(in_memory(), 10).await;
    let planted = house.signed_in(&node).await;
    assert!(node.set_claim(&planted, &claim()).await.unwrap());
    assert!(node.find(&planted).await.unwrap().is_some());
    let official = official(None);
    let begun = begin(&node, official.clone(), "officials", Some(&planted));
    let own = handle(&begun.await.unwrap());
    assert!(node.find(&planted).await.unwrap().is_none());
    let found = node.find(&own).await.unwrap().unwrap();
    assert_eq!(found.principal(), &official);
    assert_eq!(found.claim(), &Claim::default(), "nothing is carried over");
}

#[tokio::test]
async fn a_session_that_was_ended_is_over_at_once_and_no_other_is() {
    let house = House::new();
    let node = house.node(in_memory(), 10).await;
    let (one, other) = (house.signed_in(&node).await, house.signed_in(&node).await);
    assert!(node.find(&one).await.unwrap().is_some());
    assert!(node.end(&one).await.unwrap());
    assert!(!node.end(&one).await.unwrap());
    assert!(node.find(&one).await.unwrap().is_none());
    assert!(!node.set_claim(&one, &claim()).await.unwrap());
    assert!(node.find(&other).await.unwrap().is_some());
}

#[tokio::test]
async fn the_working_case_is_put_on_the_desk_and_cleared() {
    let house = House::new();
    let node = house.node(in_memory(), 10).await;
    let handle = house.signed_in(&node).await;
    for desk in [claim(), Claim::default()] {
        assert!(node.set_claim(&handle, &desk).await.unwrap());
        let found = node.find(&handle).await.unwrap().unwrap();
        assert_eq!(found.claim(), &desk);
        assert_eq!(found.principal(), &house.applicant());
    }
}
