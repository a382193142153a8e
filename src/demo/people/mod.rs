//! The people, officials, systems and cases of the demo: one consistent invented world.
//!
//! Answers: who is there, what is on file about them, who may sign in? Out: tables that every part
//! of the demo reads, so that the sign-in server, the e-services and the walk speak of the same
//! people. Invariants: every PINFL has a true date and check digit; every number and diagnosis is
//! distinctive, so that one that appears where it must not can be told from chance. Deliberately
//! absent: any real person.

mod accounts;
mod cases;
mod persons;

pub(super) use accounts::{ACCOUNTS, Account, OFFICIALS, Official, Realm, SYSTEMS, System};
pub(super) use cases::{CASES, CONSENTS, Case, MANDATES};
pub(super) use persons::{PERSONS, Person};

/// Aziza: an applicant, and the subject of the pension case of the walk.
pub(super) const AZIZA: &str = "41507850211172";
/// Botir: an applicant, Aziza's husband.
pub(super) const BOTIR: &str = "30209820212045";
/// Kamola: the minor child of both.
pub(super) const KAMOLA: &str = "61103150210334";
/// Farrukh: the pension fund answers about Botir when it is asked about him.
pub(super) const FARRUKH: &str = "32811900455116";
/// Nodira: under state protection.
pub(super) const NODIRA: &str = "40707790134024";
/// Dilshod: limited the sharing of his data.
pub(super) const DILSHOD: &str = "31401670326157";
/// Zuhra: an applicant with nothing unusual about her.
pub(super) const ZUHRA: &str = "40212590210086";
/// Gulnora's own number: she is an official.
pub(super) const GULNORA: &str = "41206760131182";
/// Sherzod's own number: he is an official.
pub(super) const SHERZOD: &str = "31902880132195";
/// Jasur's own number: an official whose training lapsed.
pub(super) const JASUR: &str = "30505910133200";
/// Malika's own number: a security officer.
pub(super) const MALIKA: &str = "42308840134210";

/// The person on file under this number.
#[must_use]
pub(super) fn person(pinfl: &str) -> Option<&'static Person> {
    PERSONS.iter().find(|person| person.pinfl == pinfl)
}

/// The official with this number at their body.
#[must_use]
pub(super) fn official(number: &str) -> Option<&'static Official> {
    OFFICIALS.iter().find(|official| official.number == number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::domain::name::{AgencyId, CaseNumber, OfficialId, PurposeId, RoleId};
    use crate::domain::person::Pinfl;

    use super::*;

    #[test]
    fn every_number_of_the_demo_is_a_true_pinfl_of_one_person() {
        let numbers: BTreeSet<&str> = PERSONS.iter().map(|p| p.pinfl).collect();
        assert_eq!(numbers.len(), PERSONS.len());
        for person in PERSONS {
            Pinfl::parse(person.pinfl).unwrap();
            let (day, month, year) = (
                person.pinfl.get(1..3).unwrap(),
                person.pinfl.get(3..5).unwrap(),
                person.pinfl.get(5..7).unwrap(),
            );
            assert_eq!(
                person.born.get(2..).unwrap(),
                format!("{year}-{month}-{day}"),
                "{}",
                person.name
            );
            let named = person
                .relatives
                .iter()
                .map(|(n, _)| *n)
                .chain(person.children.to_vec());
            assert!(
                named.into_iter().all(|n| numbers.contains(n)),
                "{}",
                person.name
            );
        }
    }

    #[test]
    fn incomes_and_diagnoses_are_distinctive() {
        let incomes: BTreeSet<u64> = PERSONS.iter().map(|p| p.monthly_income).collect();
        assert_eq!(incomes.len(), PERSONS.len());
        let diagnoses: BTreeSet<&str> = PERSONS.iter().map(|p| p.diagnosis).collect();
        assert_eq!(diagnoses.len(), PERSONS.len());
    }

    #[test]
    fn accounts_cases_and_officials_speak_of_people_on_file() {
        for account in ACCOUNTS {
            assert!(person(account.pinfl).is_some(), "{}", account.login);
            assert_eq!(
                account.realm == Realm::Officials,
                account.official.is_some()
            );
        }
        for official in OFFICIALS {
            OfficialId::parse(official.number).unwrap();
            AgencyId::parse(official.agency).unwrap();
            assert!(
                official
                    .roles
                    .iter()
                    .all(|role| RoleId::parse(role).is_ok())
            );
        }
        for case in CASES {
            CaseNumber::parse(case.number).unwrap();
            PurposeId::parse(case.purpose).unwrap();
            assert!(person(case.subject).is_some());
            assert!(
                case.assignees
                    .iter()
                    .all(|number| official(number).is_some())
            );
        }
    }
}
