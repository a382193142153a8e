//! The check of documents: where it begins, and what came of it.

use askama::Template;

use crate::console::moment;
use crate::console::pages::{Fact, Shell, finish};
use crate::wire::pages::Page;
use crate::wire::pages::check::{CheckTrouble, CheckView, Outcome, StatusView, Tried, VerdictView};

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    trouble: Option<String>,
    host: String,
}

#[derive(Template)]
#[template(path = "verdict.html")]
struct VerdictPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    /// A sign and a colour that say the same as the title.
    sign: &'static str,
    tone: &'static str,
    lead: String,
    facts: Vec<Fact>,
    host: String,
    access: Option<Access<'a>>,
    receipt: Option<&'a str>,
    /// What to do with what was found.
    advice: String,
}

struct Access<'a> {
    action: &'a str,
    wrong: Option<String>,
}

/// The page on which a check begins.
pub(in crate::console) fn check(shell: &Shell<'_>, view: &CheckView) -> Page {
    let trouble = view.trouble.map(|trouble| match trouble {
        CheckTrouble::NoFile => shell.say("check-no-file").into_owned(),
        CheckTrouble::FileTooLarge => shell.say("check-too-large").into_owned(),
        CheckTrouble::TooManyRequests {
            retry_after_seconds,
        } => shell
            .count("check-too-many", u64::from(retry_after_seconds))
            .into_owned(),
    });
    let page = CheckPage {
        shell,
        title: shell.say("check-title").into_owned(),
        trouble,
        host: shell
            .fill("check-host", &[("what", &view.host)])
            .into_owned(),
    };
    finish(shell, &page)
}

/// What came of a check.
pub(in crate::console) fn verdict(shell: &Shell<'_>, view: &VerdictView) -> Page {
    let words = words(&view.outcome);
    let access = view.access.as_ref().map(|access| Access {
        action: &access.action,
        wrong: match access.tried {
            Tried::NotYet => None,
            Tried::Wrong => Some(shell.say("access-wrong").into_owned()),
        },
    });
    let page = VerdictPage {
        shell,
        title: shell.say(words.title).into_owned(),
        sign: words.sign,
        tone: words.tone,
        lead: shell.say(words.lead).into_owned(),
        facts: facts(shell, view),
        host: shell
            .fill("check-host", &[("what", &view.host)])
            .into_owned(),
        access,
        receipt: view.receipt.as_deref(),
        advice: shell.say(words.advice).into_owned(),
    };
    finish(shell, &page)
}

struct Words {
    title: &'static str,
    lead: &'static str,
    advice: &'static str,
    sign: &'static str,
    tone: &'static str,
}

const fn words(outcome: &Outcome) -> Words {
    let (title, lead, advice, sign, tone) = match outcome {
        Outcome::Genuine => (
            "verdict-genuine",
            "verdict-genuine-text",
            "verdict-genuine-advice",
            "✓",
            "good",
        ),
        Outcome::Registered => (
            "verdict-registered",
            "verdict-registered-text",
            "verdict-registered-advice",
            "i",
            "heed",
        ),
        Outcome::Revoked => (
            "verdict-revoked",
            "verdict-revoked-text",
            "verdict-revoked-advice",
            "✕",
            "bad",
        ),
        Outcome::Altered => (
            "verdict-altered",
            "verdict-altered-text",
            "verdict-altered-advice",
            "✕",
            "bad",
        ),
        Outcome::NotOurs => (
            "verdict-not-ours",
            "verdict-not-ours-text",
            "verdict-not-ours-advice",
            "?",
            "heed",
        ),
        Outcome::Foreign { .. } => (
            "verdict-foreign",
            "verdict-foreign-text",
            "verdict-not-ours-advice",
            "?",
            "heed",
        ),
        Outcome::Unknown => (
            "verdict-unknown",
            "verdict-unknown-text",
            "verdict-unknown-advice",
            "?",
            "heed",
        ),
    };
    Words {
        title,
        lead,
        advice,
        sign,
        tone,
    }
}

/// The four axes, as far as there is something to say on each.
fn facts(shell: &Shell<'_>, view: &VerdictView) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut tell = |word: &str, text: String| facts.push(Fact::new(shell.say(word), text));
    if let Some(kind) = &view.kind {
        tell("verdict-kind", shell.of(kind).to_owned());
    }
    let integrity = match &view.outcome {
        Outcome::Genuine => Some("integrity-intact"),
        Outcome::Altered => Some("integrity-altered"),
        Outcome::Registered => Some("integrity-unchecked"),
        Outcome::Revoked | Outcome::NotOurs | Outcome::Foreign { .. } | Outcome::Unknown => None,
    };
    if let Some(key) = integrity {
        tell("verdict-integrity", shell.say(key).into_owned());
    }
    let at = moment::date_and_clock;
    match view.status {
        StatusView::Valid { as_of } => {
            let text = shell.fill("status-valid", &[("what", &at(as_of))]);
            tell("verdict-status", text.into_owned());
        }
        StatusView::Revoked { at: since } => {
            let text = shell.fill("status-revoked", &[("what", &at(since))]);
            tell("verdict-status", text.into_owned());
        }
        StatusView::Unknown => {}
    }
    if let Some(issuer) = &view.issuer {
        tell("verdict-issuer", shell.of(issuer).to_owned());
    }
    if let Some(certificate) = &view.certificate {
        tell("verdict-certificate", certificate.clone());
    }
    if let Some(registered) = &view.registered {
        let index = registered.index.to_string();
        let values = [("what", at(registered.at)), ("index", index)];
        let values = values
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        tell(
            "verdict-registered-at",
            shell.fill("registered-at", &values).into_owned(),
        );
    }
    if let Outcome::Foreign {
        intact,
        trusted,
        signer,
    } = &view.outcome
    {
        let key = if *intact {
            "foreign-intact"
        } else {
            "foreign-broken"
        };
        tell("foreign-signature", shell.say(key).into_owned());
        let key = if *trusted {
            "foreign-trusted"
        } else {
            "foreign-untrusted"
        };
        tell("foreign-trust", shell.say(key).into_owned());
        if let Some(signer) = signer {
            tell("foreign-signer", signer.clone());
        }
    }
    facts
}
