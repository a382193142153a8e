//! What came of a check: the answer in one sentence, then what it rests on.

use askama::Template;

use crate::console::moment;
use crate::console::pages::{Shell, finish};
use crate::domain::time::Timestamp;
use crate::wire::pages::Page;
use crate::wire::pages::check::{IntegrityView, Outcome, StatusView, Tried, VerdictView};

#[derive(Template)]
#[template(path = "verdict.html")]
struct VerdictPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    sign: Sign,
    lead: String,
    lines: Vec<Line>,
    /// What to do with what was found.
    advice: String,
    host: String,
    access: Option<Access>,
    receipt: Option<&'a str>,
    signed: Option<&'a str>,
    /// A code that nothing is known of is typed again at once.
    asks_again: bool,
}

/// One axis: what it is called, how it stands, and a mark that says the same.
struct Line {
    word: String,
    mark: Option<Sign>,
    text: String,
}

struct Access {
    action: String,
    wrong: Option<String>,
}

/// A shape and a colour; beside them stand words that say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Holds,
    Broken,
    Withdrawn,
    Open,
    Unknown,
}

impl Sign {
    const fn shape(self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::Broken => "✕",
            Self::Withdrawn => "–",
            Self::Open => "i",
            Self::Unknown => "?",
        }
    }

    const fn tone(self) -> &'static str {
        match self {
            Self::Holds => "good",
            Self::Broken => "bad",
            Self::Withdrawn | Self::Open => "heed",
            Self::Unknown => "soft",
        }
    }
}

/// What came of a check.
pub(in crate::console) fn verdict(shell: &Shell<'_>, view: &VerdictView) -> Page {
    let words = words(view);
    let access = view.access.as_ref().map(|access| Access {
        action: shell.link(&access.action),
        wrong: match access.tried {
            Tried::NotYet => None,
            Tried::Wrong => Some(shell.say("access-wrong").into_owned()),
        },
    });
    let page = VerdictPage {
        shell,
        title: shell.say(words.title).into_owned(),
        sign: words.sign,
        lead: lead(shell, view, &words),
        lines: lines(shell, view),
        advice: shell.say(words.advice).into_owned(),
        host: shell
            .fill("check-host", &[("what", &view.host)])
            .into_owned(),
        access,
        receipt: view.receipt.as_deref(),
        signed: view.signed.as_deref(),
        asks_again: view.outcome == Outcome::Unknown,
    };
    finish(shell, &page)
}

struct Words {
    title: &'static str,
    lead: Lead,
    advice: &'static str,
    sign: Sign,
}

/// The sentence under the title.
enum Lead {
    Said(&'static str),
    /// The first names the body and the date; the second stands where they are not known.
    Named(&'static str, &'static str),
}

fn words(view: &VerdictView) -> Words {
    let said = |title, lead, advice, sign| Words {
        title,
        lead: Lead::Said(lead),
        advice,
        sign,
    };
    match &view.outcome {
        Outcome::Genuine => Words {
            title: "verdict-genuine",
            lead: Lead::Named("verdict-genuine-named", "verdict-genuine-text"),
            advice: match view.status {
                StatusView::Valid { .. } | StatusView::Revoked { .. } => "verdict-genuine-advice",
                StatusView::Unknown { .. } => "verdict-standing-advice",
            },
            sign: Sign::Holds,
        },
        Outcome::Registered => said(
            "verdict-registered",
            "verdict-registered-text",
            "verdict-registered-advice",
            Sign::Open,
        ),
        Outcome::Revoked => Words {
            title: "verdict-revoked",
            lead: Lead::Named("verdict-revoked-named", "verdict-revoked-text"),
            advice: "verdict-revoked-advice",
            sign: Sign::Withdrawn,
        },
        Outcome::Altered => said(
            "verdict-altered",
            "verdict-altered-text",
            "verdict-altered-advice",
            Sign::Broken,
        ),
        Outcome::NotOurs => said(
            "verdict-not-ours",
            "verdict-not-ours-text",
            "verdict-not-ours-advice",
            Sign::Unknown,
        ),
        Outcome::Foreign { .. } => said(
            "verdict-foreign",
            "verdict-foreign-text",
            "verdict-not-ours-advice",
            Sign::Unknown,
        ),
        Outcome::Unknown => said(
            "verdict-unknown",
            "verdict-unknown-text",
            "verdict-unknown-advice",
            Sign::Unknown,
        ),
        Outcome::NotOpened => said(
            "verdict-not-opened",
            "verdict-not-opened-text",
            "verdict-not-opened-advice",
            Sign::Unknown,
        ),
    }
}

fn lead(shell: &Shell<'_>, view: &VerdictView, words: &Words) -> String {
    let (named, plain) = match words.lead {
        Lead::Said(key) => return shell.say(key).into_owned(),
        Lead::Named(named, plain) => (named, plain),
    };
    // The sentence is of the date; of a revocation it is of the revocation's.
    let at = match view.status {
        StatusView::Revoked { at } => Some(at),
        StatusView::Valid { .. } | StatusView::Unknown { .. } => view.registered.map(|r| r.at),
    };
    let (Some(issuer), Some(at)) = (&view.issuer, at) else {
        return shell.say(plain).into_owned();
    };
    let date = moment::date(at);
    let values = [("body", shell.of(issuer)), ("what", date.as_str())];
    shell.fill(named, &values).into_owned()
}

/// The four axes, as far as there is something to say on each.
fn lines(shell: &Shell<'_>, view: &VerdictView) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut tell = |word: &str, mark: Option<Sign>, text: String| {
        let word = shell.say(word).into_owned();
        lines.push(Line { word, mark, text });
    };
    if let Some(kind) = &view.kind {
        tell("verdict-kind", None, shell.of(kind).to_owned());
    }
    let sealed_here = match &view.outcome {
        Outcome::Genuine | Outcome::Registered | Outcome::Revoked => true,
        Outcome::Altered => {
            let text = shell.say("integrity-altered").into_owned();
            tell("verdict-integrity", Some(Sign::Broken), text);
            false
        }
        Outcome::Foreign {
            intact,
            trusted,
            signer,
        } => {
            for (word, key) in foreign(*intact, *trusted) {
                tell(word, None, shell.say(key).into_owned());
            }
            if let Some(signer) = signer {
                tell("foreign-signer", None, signer.clone());
            }
            false
        }
        Outcome::NotOurs | Outcome::Unknown | Outcome::NotOpened => false,
    };
    if sealed_here {
        let (mark, key) = integrity(view.integrity);
        tell("verdict-integrity", Some(mark), shell.say(key).into_owned());
        let (mark, text) = status(shell, view.status);
        tell("verdict-status", Some(mark), text);
    }
    if let Some(issuer) = &view.issuer {
        let issuer = shell.of(issuer).to_owned();
        tell("verdict-issuer", Some(Sign::Holds), issuer);
    }
    if let Some(certificate) = &view.certificate {
        tell("verdict-certificate", None, certificate.clone());
    }
    if let Some(registered) = &view.registered {
        let index = registered.index.to_string();
        let at = moment::date_and_clock(registered.at);
        let values = [("what", at.as_str()), ("index", index.as_str())];
        let text = shell.fill("registered-at", &values).into_owned();
        tell("verdict-registered-at", Some(Sign::Holds), text);
    }
    lines
}

const fn integrity(integrity: IntegrityView) -> (Sign, &'static str) {
    match integrity {
        IntegrityView::Intact => (Sign::Holds, "integrity-intact"),
        IntegrityView::Altered => (Sign::Broken, "integrity-altered"),
        IntegrityView::Unchecked => (Sign::Unknown, "integrity-unchecked"),
    }
}

/// Whether it is in force is always said, also when it is not known.
fn status(shell: &Shell<'_>, status: StatusView) -> (Sign, String) {
    let of = |key: &str, at: Timestamp| {
        let at = moment::date_and_clock(at);
        shell.fill(key, &[("what", &at)]).into_owned()
    };
    match status {
        StatusView::Valid { as_of } => (Sign::Holds, of("status-valid", as_of)),
        StatusView::Revoked { at } => (Sign::Withdrawn, of("status-revoked", at)),
        StatusView::Unknown { after: Some(at) } => (Sign::Unknown, of("status-unknown-after", at)),
        StatusView::Unknown { after: None } => {
            (Sign::Unknown, shell.say("status-unknown").into_owned())
        }
    }
}

/// What is said of someone else's signature: whether it fits the file, whether its signer is known.
const fn foreign(intact: bool, trusted: bool) -> [(&'static str, &'static str); 2] {
    let fits = if intact {
        "foreign-intact"
    } else {
        "foreign-broken"
    };
    let known = if trusted {
        "foreign-trusted"
    } else {
        "foreign-untrusted"
    };
    [("foreign-signature", fits), ("foreign-trust", known)]
}
