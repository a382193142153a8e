//! `account.home`: how the person is signed in, and what there is.

use crate::console::shape::{Home, Link, Mark, Seen};
use crate::domain::principal::{Principal, PrincipalKind};

use super::journal::mark;
use super::{Kept, Lexicon};

/// The account's first page; `newest` is the first page of who saw the person's data.
pub(in crate::console) fn home(
    principal: &Principal,
    newest: Option<&Kept>,
    lexicon: &Lexicon,
) -> Home {
    let name = match principal {
        Principal::Person(person) => Some(person.name.0.clone()),
        Principal::Official(official) => Some(official.name.0.clone()),
        Principal::Anonymous | Principal::System(_) => None,
    };
    Home {
        name,
        kind: Some(principal.kind().as_str().to_owned()),
        agency: principal.agency().map(|agency| lexicon.agency(agency)),
        assurance: Some(principal.rank().as_u8()),
        signed_in_at: principal.assurance().map(|a| a.authenticated_at.to_string()),
        last_seen: newest.and_then(|kept| last_seen(principal, kept, lexicon)),
        links: links(principal.kind()),
    }
}

fn last_seen(principal: &Principal, newest: &Kept, lexicon: &Lexicon) -> Option<Seen> {
    let reader = principal.person()?.id;
    let entry = newest
        .accesses
        .iter()
        .map(|access| &access.entry)
        .find(|entry| mark(reader, entry) != Mark::Own)?;
    Some(Seen {
        at: entry.at.to_string(),
        body: entry.actor.agency.as_ref().map(|agency| lexicon.agency(agency)),
    })
}

fn links(kind: PrincipalKind) -> Vec<Link> {
    let link = |id: &str, href: &str| Link { id: id.to_owned(), href: href.to_owned() };
    let services = link("services", "/services");
    match kind {
        PrincipalKind::Person => vec![link("journal", "/my/journal"), services],
        PrincipalKind::Official => vec![services, link("policies", "/console/policies")],
        PrincipalKind::System | PrincipalKind::Anonymous => vec![services],
    }
}
