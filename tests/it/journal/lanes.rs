//! Who may see which entry, and how.

use muhrdor::domain::data::Form;
use muhrdor::domain::entry::{Disclosed, JournalEntry, Stage};
use muhrdor::domain::operation::Effect;
use muhrdor::domain::person::PersonId;
use muhrdor::domain::purpose::Visibility;
use muhrdor::domain::reason::Reason;
use muhrdor::domain::time::Timestamp;
use muhrdor::journal::{Access, ActorKey, Certainty, Journal, LedgerPosition, Page};

use crate::journal::{House, all, delivered, intent, person, shown, visit};

async fn lane(journal: &Journal, subject: PersonId) -> Vec<Access> {
    let lane = journal.who_saw(subject, all()).await.unwrap();
    assert_eq!(lane.next, None);
    lane.accesses
}

#[tokio::test]
async fn a_person_sees_who_was_given_their_data_newest_first() {
    let house = House::build();
    let journal = house.open().unwrap();
    for n in 0..3 {
        let _ = journal.record(delivered(n)).await.unwrap();
    }
    let seen = lane(&journal, person(1)).await;
    let visits: Vec<_> = seen.iter().map(|access| access.entry.visit).collect();
    assert_eq!(visits, [visit(2), visit(1), visit(0)]);
    assert!(
        seen.iter()
            .all(|access| access.certainty == Certainty::Disclosed)
    );
    // How it was decided is for `explain`, not for the lane.
    assert!(seen.iter().all(|access| access.entry.steps.is_empty()));
    assert!(lane(&journal, person(2)).await.is_empty());
}

#[tokio::test]
async fn refusals_and_departures_disclosed_nothing_and_are_not_shown() {
    let house = House::build();
    let journal = house.open().unwrap();
    for (n, stage) in [
        (
            0,
            Stage::Refused {
                reason: Reason::NotPermitted,
            },
        ),
        (1, Stage::Aborted),
        (2, Stage::SignedIn),
    ] {
        let entry = JournalEntry {
            stage,
            ..delivered(n)
        };
        let _ = journal.record(entry).await.unwrap();
    }
    assert!(lane(&journal, person(1)).await.is_empty());
    assert_eq!(journal.of_visit(visit(0)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_intent_without_outcome_is_a_possible_disclosure() {
    let house = House::build();
    let journal = house.open().unwrap();
    let _ = journal
        .open(visit(1), &Effect::Write, || intent(1))
        .await
        .unwrap();
    let _ = journal
        .open(visit(2), &Effect::Write, || intent(2))
        .await
        .unwrap();
    let _ = journal.record(delivered(2)).await.unwrap();
    // The process dies here; the outcome of visit 1 never comes.
    journal.close().await;
    let journal = house.open().unwrap();
    let seen = lane(&journal, person(1)).await;
    let seen: Vec<_> = seen.iter().map(|a| (a.entry.visit, a.certainty)).collect();
    assert_eq!(
        seen,
        [
            (visit(2), Certainty::Disclosed),
            (visit(1), Certainty::Possible)
        ]
    );
    let open = house.reader().open_intents(all()).unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].entry.visit, visit(1));
}

fn about_two(n: u64, visibility: Visibility) -> JournalEntry {
    JournalEntry {
        visibility,
        disclosed: vec![shown(person(1)), shown(person(2))],
        ..delivered(n)
    }
}

#[tokio::test]
async fn others_in_an_answer_see_it_only_where_the_purpose_lets_them() {
    let house = House::build();
    let journal = house.open().unwrap();
    let _ = journal
        .record(about_two(0, Visibility::MainSubject))
        .await
        .unwrap();
    assert_eq!(lane(&journal, person(1)).await.len(), 1);
    assert!(lane(&journal, person(2)).await.is_empty());
    let _ = journal
        .record(about_two(1, Visibility::AllSubjects))
        .await
        .unwrap();
    assert_eq!(lane(&journal, person(2)).await.len(), 1);
}

#[tokio::test]
async fn nobody_learns_from_their_own_lane_about_another_person() {
    let house = House::build();
    let journal = house.open().unwrap();
    let _ = journal
        .record(about_two(0, Visibility::AllSubjects))
        .await
        .unwrap();
    let main = &lane(&journal, person(1)).await[0].entry;
    assert_eq!(main.disclosed, [shown(person(1))]);
    assert_eq!(main.subject, Some(person(1)));
    let other = &lane(&journal, person(2)).await[0].entry;
    assert_eq!(other.disclosed, [shown(person(2))]);
    assert_eq!(other.subject, None);
    assert_eq!(other.case, None);
}

#[tokio::test]
async fn one_of_whom_nothing_left_sees_nothing() {
    let house = House::build();
    let journal = house.open().unwrap();
    let absent = Disclosed {
        form: Form::Absent,
        ..shown(person(2))
    };
    let entry = JournalEntry {
        visibility: Visibility::AllSubjects,
        disclosed: vec![shown(person(1)), absent],
        ..delivered(0)
    };
    let _ = journal.record(entry).await.unwrap();
    assert!(lane(&journal, person(2)).await.is_empty());
}

#[tokio::test]
async fn a_lane_is_read_page_by_page_without_gap_or_repetition() {
    let house = House::build();
    let journal = house.open().unwrap();
    for n in 0..20 {
        let stage = match n % 3 {
            0 => Stage::Aborted,
            _ => Stage::Delivered { status: 200 },
        };
        let _ = journal
            .record(JournalEntry {
                stage,
                ..delivered(n)
            })
            .await
            .unwrap();
    }
    let mut page = Page {
        before: None,
        entries_max: 4,
    };
    let mut positions = Vec::new();
    loop {
        let lane = journal.who_saw(person(1), page).await.unwrap();
        assert!(lane.accesses.len() <= 4);
        positions.extend(lane.accesses.iter().map(|access| access.position.0));
        let Some(next) = lane.next else { break };
        page.before = Some(next);
    }
    let expected: Vec<u64> = (0..20).rev().filter(|n| n % 3 != 0).collect();
    assert_eq!(positions, expected);
}

#[tokio::test]
async fn all_that_one_official_received_since_a_moment_is_found() {
    let house = House::build();
    let journal = house.open().unwrap();
    for n in 0..10 {
        let mut entry = delivered(n);
        if n % 2 == 1 {
            entry.actor.official = Some("fedcba9876543210".to_owned());
        }
        let _ = journal.record(entry).await.unwrap();
    }
    let actor = ActorKey::of(&delivered(0).actor).unwrap();
    let since = Timestamp::from_unix_seconds(4);
    let found = journal.of_actor(actor.clone(), since, all()).await.unwrap();
    let positions: Vec<u64> = found.iter().map(|found| found.position.0).collect();
    assert_eq!(positions, [8, 6, 4]);
    let older = Page {
        before: Some(LedgerPosition(6)),
        entries_max: 1,
    };
    let found = journal.of_actor(actor, since, older).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].position, LedgerPosition(4));
}

#[test]
fn actors_are_told_apart() {
    let key = |entry: JournalEntry| ActorKey::of(&entry.actor);
    let official = delivered(0);
    let mut elsewhere = delivered(0);
    elsewhere.actor.agency = None;
    assert_ne!(key(official.clone()), key(elsewhere));
    let mut citizen = delivered(0);
    citizen.actor.official = None;
    citizen.actor.person = Some(person(3));
    assert_ne!(key(official), key(citizen.clone()));
    citizen.actor.person = None;
    assert_eq!(key(citizen), None);
}
