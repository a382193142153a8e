//! Signing in begins, or has ended.

use askama::Template;

use super::{Shell, finish};
use crate::domain::principal::PrincipalKind;
use crate::wire::pages::{Page, RealmChoice};

#[derive(Template)]
#[template(path = "chooser.html")]
struct ChooserPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    choices: Vec<Choice>,
}

/// A way on: where to, what it is called, what it is for.
struct Choice {
    href: String,
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    provider: Option<&'a str>,
}

/// The page on which a person says how they want to sign in.
pub(in crate::console) fn chooser(
    shell: &Shell<'_>,
    realms: &[RealmChoice],
    return_to: &str,
) -> Page {
    let choices = realms.iter().map(|realm| choice(shell, realm, return_to)).collect();
    let title = shell.say("chooser-title").into_owned();
    finish(shell, &ChooserPage { shell, title, choices })
}

/// The page after signing out.
pub(in crate::console) fn signed_out(shell: &Shell<'_>, at_provider: Option<&str>) -> Page {
    // Whatever a provider's metadata says, a link of ours goes to HTTPS (or, in a demo on one
    // machine, to HTTP), never to a scheme that runs script.
    let provider = at_provider
        .filter(|address| address.starts_with("https://") || address.starts_with("http://"));
    let title = shell.say("signed-out-title").into_owned();
    finish(shell, &SignedOutPage { shell, title, provider })
}

fn choice(shell: &Shell<'_>, realm: &RealmChoice, return_to: &str) -> Choice {
    let (title, text) = match realm.kind {
        PrincipalKind::Person => ("realm-person", "realm-person-text"),
        PrincipalKind::Official => ("realm-official", "realm-official-text"),
        PrincipalKind::System | PrincipalKind::Anonymous => ("realm-other", "realm-other-text"),
    };
    let title = shell.say(title);
    Choice {
        href: shell.sign_in_at(&realm.realm, return_to),
        title: match &realm.names {
            Some(names) => format!("{title}: {}", shell.of(names)),
            None => title.into_owned(),
        },
        text: shell.say(text).into_owned(),
    }
}
