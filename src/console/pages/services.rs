//! The register of e-services in the reader's language.

use askama::Template;

use super::{Fact, Shell, finish};
use crate::console::shape::{Operation, Service, Services};
use crate::wire::pages::Page;

#[derive(Template)]
#[template(path = "services.html")]
struct ServicesPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    desk: Option<Desk>,
    services: Vec<Card>,
}

/// What an official works on, and the form to say so.
struct Desk {
    action: String,
    /// What is there now, in one line.
    now: Option<String>,
    purpose: String,
    case: String,
}

struct Card {
    name: String,
    facts: Vec<Fact>,
    /// Where the service begins, where it has a page that needs nothing to be filled in.
    open: Option<String>,
    operations: Vec<Call>,
}

struct Call {
    call: String,
    access: String,
}

pub(super) fn page(shell: &Shell<'_>, services: &Services) -> Page {
    let services = services.services.iter().flat_map(|services| &services.0);
    let page = ServicesPage {
        shell,
        title: shell.say("services-title").into_owned(),
        desk: desk(shell),
        services: services.map(|service| card(shell, service)).collect(),
    };
    finish(shell, &page)
}

/// Only officials work on cases.
fn desk(shell: &Shell<'_>) -> Option<Desk> {
    let claim = shell.desk()?;
    let purpose = claim.purpose.as_ref().map(ToString::to_string);
    let case = claim.case.as_ref().map(ToString::to_string);
    let said: Vec<&str> = [&case, &purpose]
        .into_iter()
        .filter_map(|one| one.as_deref())
        .collect();
    let now = shell.fill("desk-now", &[("what", &said.join(" · "))]);
    Some(Desk {
        action: shell.link("/oauth2/working_case"),
        now: (!said.is_empty()).then(|| now.into_owned()),
        purpose: purpose.unwrap_or_default(),
        case: case.unwrap_or_default(),
    })
}

fn card(shell: &Shell<'_>, service: &Service) -> Card {
    let kind = match service.kind.as_str() {
        "information" => Some("service-kind-information"),
        "interactive" => Some("service-kind-interactive"),
        _ => None,
    };
    let days = u64::from(service.regulation.term_days);
    let term = if days == 0 {
        shell.say("term-now")
    } else {
        shell.count("term-days", days)
    };
    let number = [("what", service.regulation.number.as_str())];
    let mut facts = vec![Fact::new(
        shell.say("service-agency"),
        shell.of(&service.agency.names),
    )];
    facts.extend(kind.map(|key| Fact::new(shell.say("service-kind"), shell.say(key))));
    facts.push(Fact::new(shell.say("service-term"), term));
    facts.push(Fact::new(
        shell.say("service-regulation"),
        shell.fill("service-regulation-number", &number),
    ));
    Card {
        name: shell.of(&service.names).to_owned(),
        facts,
        open: start(service).map(|path| shell.link(path)),
        operations: service
            .operations
            .iter()
            .map(|operation| call(shell, operation))
            .collect(),
    }
}

/// The first thing that can be opened by following a link.
fn start(service: &Service) -> Option<&str> {
    service
        .operations
        .iter()
        .find(|operation| operation.method == "GET" && is_page(operation))
        .map(|operation| operation.path.as_str())
}

fn is_page(operation: &Operation) -> bool {
    let path = &operation.path;
    path.starts_with('/') && !path.starts_with("//") && !path.contains('{')
}

fn call(shell: &Shell<'_>, operation: &Operation) -> Call {
    let access = match (operation.sign_in, operation.assurance) {
        (false, _) => "access-open",
        (true, 0 | 1) => "access-sign-in",
        (true, _) => "access-strong",
    };
    Call {
        call: format!("{} {}", operation.method, operation.path),
        access: shell.say(access).into_owned(),
    }
}
