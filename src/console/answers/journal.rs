//! `account.journal`: who saw the reader's data.

use crate::console::shape::{
    ClassForm, Entry, Journal, Mark, Nulled, Official, Proof, Role, Shown,
};
use crate::domain::data::Form;
use crate::domain::entry::{Disclosed, JournalEntry};
use crate::domain::person::PersonId;
use crate::domain::principal::PrincipalKind;
use crate::domain::time::Timestamp;

use super::Lexicon;

/// One entry as the journal keeps it.
#[derive(Debug, Clone)]
pub(in crate::console) struct Access {
    pub(in crate::console) entry: JournalEntry,
    /// When it became durable.
    pub(in crate::console) registered: Timestamp,
    /// Where it stands in the ledger.
    pub(in crate::console) position: u64,
}

/// A page of what is kept about one person, newest first.
#[derive(Debug, Clone)]
pub(in crate::console) struct Kept {
    pub(in crate::console) accesses: Vec<Access>,
    /// Counted from 1.
    pub(in crate::console) page: u32,
    /// Whether older ones follow.
    pub(in crate::console) more: bool,
    /// Since when there is a journal.
    pub(in crate::console) since: Option<Timestamp>,
}

/// The page as its reader may be told it.
pub(in crate::console) fn journal(reader: PersonId, kept: &Kept, lexicon: &Lexicon) -> Journal {
    let entries = kept.accesses.iter().map(|access| entry(reader, access, lexicon)).collect();
    Journal {
        since: kept.since.map(|at| at.to_string()),
        page: Some(kept.page),
        more: Some(kept.more),
        entries: Some(Nulled(entries)),
    }
}

fn entry(reader: PersonId, access: &Access, lexicon: &Lexicon) -> Entry {
    let kept = &access.entry;
    let about_reader = kept.subject == Some(reader);
    Entry {
        id: Some(kept.visit.to_string()),
        at: Some(kept.at.to_string()),
        registered: Some(access.registered.to_string()),
        body: kept.actor.agency.as_ref().map(|agency| lexicon.agency(agency)),
        mark: Some(mark(reader, kept)),
        official: kept.actor.official.as_ref().map(|number| Official {
            number: number.clone(),
            position: kept.actor.position.clone(),
        }),
        system: kept.actor.system.as_ref().map(ToString::to_string),
        service: kept.service.as_ref().map(|service| lexicon.service(service)),
        purpose: kept.purpose.as_ref().map(|purpose| lexicon.purpose(purpose)),
        bases: kept.bases.iter().filter_map(|basis| lexicon.basis(basis)).collect(),
        // A case of somebody else is their affair, even where the reader's data stood in it.
        case: kept.case.as_ref().filter(|_| about_reader).map(ToString::to_string),
        role: Some(if about_reader || kept.subject.is_none() { Role::Main } else { Role::Relative }),
        classes: classes(reader, &kept.disclosed, lexicon),
        rules: kept.rules.iter().filter_map(|rule| lexicon.rule(rule)).collect(),
        proof: Some(Proof { position: access.position, digest: kept.digest.clone() }),
    }
}

pub(super) fn mark(reader: PersonId, entry: &JournalEntry) -> Mark {
    match entry.actor.kind {
        PrincipalKind::Person if entry.actor.person == Some(reader) => Mark::Own,
        PrincipalKind::Person | PrincipalKind::Anonymous => Mark::Representative,
        PrincipalKind::Official => Mark::Official,
        PrincipalKind::System => Mark::System,
    }
}

/// The reader's own classes, never those of others in the same answer.
fn classes(reader: PersonId, disclosed: &[Disclosed], lexicon: &Lexicon) -> Vec<ClassForm> {
    let of_reader = disclosed.iter().filter(|one| one.subject == reader);
    of_reader
        .map(|one| {
            let named = lexicon.class(&one.class);
            let form = match one.form {
                Form::Clear => Shown::Clear,
                Form::Masked(_) => Shown::Masked,
                Form::Verified => Shown::Verified,
                Form::Absent => Shown::Absent,
            };
            ClassForm { code: named.code, titles: named.titles, form }
        })
        .collect()
}
