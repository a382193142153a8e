//! The account: what there is, and how the person is signed in.

use askama::Template;

use super::{Fact, Shell, finish};
use crate::console::moment;
use crate::console::shape::{Home, Link, Seen};
use crate::domain::time::Timestamp;
use crate::wire::pages::Page;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    hello: Option<String>,
    links: Vec<Way>,
    facts: Vec<Fact>,
}

struct Way {
    href: String,
    title: String,
    text: String,
}

pub(super) fn page(shell: &Shell<'_>, home: Home) -> Page {
    let hello = home.name.as_deref().map(|name| shell.fill("home-hello", &[("what", name)]));
    let page = HomePage {
        shell,
        title: shell.say("home-title").into_owned(),
        hello: hello.map(std::borrow::Cow::into_owned),
        links: home.links.iter().filter_map(|link| way(shell, link)).collect(),
        facts: facts(shell, &home),
    };
    finish(shell, &page)
}

fn facts(shell: &Shell<'_>, home: &Home) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(seen) = &home.last_seen {
        facts.push(Fact::new(shell.say("home-seen"), last_seen(shell, seen)));
    } else if home.kind.as_deref() == Some("person") {
        facts.push(Fact::new(shell.say("home-seen"), shell.say("home-seen-none")));
    }
    if let Some(agency) = &home.agency {
        facts.push(Fact::new(shell.say("home-body"), shell.of(&agency.names)));
    }
    if let Some(key) = home.assurance.and_then(strength) {
        facts.push(Fact::new(shell.say("home-strength"), shell.say(key)));
    }
    if let Some(at) = home.signed_in_at.as_deref().and_then(Timestamp::parse) {
        facts.push(Fact::new(shell.say("home-since"), moment::date_and_clock(at)));
    }
    facts
}

fn last_seen(shell: &Shell<'_>, seen: &Seen) -> String {
    let when = Timestamp::parse(&seen.at).map(moment::date_and_clock).unwrap_or_default();
    match &seen.body {
        Some(body) => format!("{}, {when}", shell.of(&body.names)),
        None => when,
    }
}

/// The links this page has words for; a target outside the portal is none.
fn way(shell: &Shell<'_>, link: &Link) -> Option<Way> {
    let (title, text) = match link.id.as_str() {
        "journal" => ("link-journal", "link-journal-text"),
        "services" => ("link-services", "link-services-text"),
        "policies" => ("link-policies", "link-policies-text"),
        _ => return None,
    };
    let within = link.href.starts_with('/') && !link.href.starts_with("//");
    within.then(|| Way {
        href: shell.link(&link.href),
        title: shell.say(title).into_owned(),
        text: shell.say(text).into_owned(),
    })
}

const fn strength(rank: u8) -> Option<&'static str> {
    match rank {
        0 => Some("strength-0"),
        1 => Some("strength-1"),
        2 => Some("strength-2"),
        3 => Some("strength-3"),
        _ => None,
    }
}
