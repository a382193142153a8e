//! The rules in force, in plain words; the exact text folded.

use askama::Template;

use super::journal::law;
use super::{Fact, Shell, finish};
use crate::console::moment;
use crate::console::shape::{Condition, Effect, Policies, Rule};
use crate::domain::time::Timestamp;
use crate::wire::pages::Page;

/// How much of a bundle's id is shown: enough to compare two by eye.
const BUNDLE_DIGITS: usize = 12;

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    notice: Option<String>,
    count: String,
    bundle: Option<String>,
    rules: Vec<Sheet>,
    before: Option<String>,
    after: Option<String>,
}

/// One rule as it is read.
struct Sheet {
    id: String,
    permits: bool,
    effect: String,
    sentence: String,
    facts: Vec<Fact>,
    place: String,
    text: String,
}

pub(super) fn page(shell: &Shell<'_>, policies: Policies) -> Page {
    let number = policies.page.unwrap_or(1);
    let count = policies.rules_total.and_then(|total| u64::try_from(total).ok()).unwrap_or(0);
    let withheld = policies.rules.is_none();
    let page = PoliciesPage {
        shell,
        title: shell.say("policies-title").into_owned(),
        notice: withheld.then(|| shell.say("policies-withheld").into_owned()),
        count: shell.count("policies-count", count).into_owned(),
        bundle: policies.bundle.map(|id| id.chars().take(BUNDLE_DIGITS).collect()),
        rules: policies.rules.iter().flat_map(|rules| &rules.0).map(|r| sheet(shell, r)).collect(),
        before: (number > 1).then(|| shell.at_page(number.saturating_sub(1))),
        after: (number < policies.pages.unwrap_or(1))
            .then(|| shell.at_page(number.saturating_add(1))),
    };
    finish(shell, &page)
}

fn sheet(shell: &Shell<'_>, rule: &Rule) -> Sheet {
    let effect = match rule.effect {
        Effect::Permit => shell.say("rule-permit"),
        Effect::Forbid => shell.say("rule-forbid"),
    };
    Sheet {
        id: rule.id.clone(),
        permits: rule.effect == Effect::Permit,
        effect: effect.into_owned(),
        sentence: shell.of(&rule.titles).to_owned(),
        facts: facts(shell, rule),
        place: format!("{}:{}", rule.file, rule.line),
        text: rule.text.clone(),
    }
}

fn facts(shell: &Shell<'_>, rule: &Rule) -> Vec<Fact> {
    let does = match rule.effect {
        Effect::Permit => "rule-does",
        Effect::Forbid => "rule-does-not",
    };
    let actions: Vec<_> = rule.actions.iter().filter_map(|action| action_words(action)).collect();
    let actions: Vec<_> = actions.into_iter().map(|key| shell.say(key)).collect();
    let when: Vec<_> = rule.when.iter().map(|condition| words(shell, condition)).collect();
    let laws: Vec<_> = rule.bases.iter().map(|basis| law(shell, basis)).collect();
    let mut facts = vec![
        Fact::new(shell.say("rule-who"), who(shell, rule)),
        Fact::new(shell.say(does), actions.join(", ")),
        Fact::new(shell.say("rule-data"), data(shell, rule)),
        Fact::new(
            shell.say("rule-when"),
            if when.is_empty() { shell.say("rule-always").into_owned() } else { when.join("; ") },
        ),
    ];
    if let Some(mask) = rule.mask.as_deref().and_then(mask_words) {
        facts.push(Fact::new(shell.say("rule-mask"), shell.say(mask)));
    }
    facts.push(Fact::new(shell.say("rule-law"), laws.join("; ")));
    facts.push(Fact::new(shell.say("rule-owner"), shell.of(&rule.owner.names)));
    facts.push(Fact::new(shell.say("rule-until"), until(shell, rule)));
    facts
}

fn until(shell: &Shell<'_>, rule: &Rule) -> String {
    let Some(until) = rule.until.as_deref().and_then(Timestamp::parse) else {
        return shell.say("rule-no-end").into_owned();
    };
    let date = moment::date(until);
    if rule.lapsed { format!("{date} — {}", shell.say("rule-lapsed")) } else { date }
}

fn who(shell: &Shell<'_>, rule: &Rule) -> String {
    let kind = shell.say(match rule.who.kind.as_str() {
        "person" => "who-person",
        "official" => "who-official",
        "system" => "who-system",
        _ => "who-anyone",
    });
    match &rule.who.role {
        Some(role) => format!("{kind}: {}", shell.of(&role.titles)),
        None => kind.into_owned(),
    }
}

fn data(shell: &Shell<'_>, rule: &Rule) -> String {
    if let Some(class) = &rule.data.class {
        return shell.of(&class.titles).to_owned();
    }
    let key = match rule.data.kind.as_str() {
        "facet" => "data-facet",
        "operation" => "data-operation",
        "document" => "data-document",
        _ => "data-any",
    };
    shell.say(key).into_owned()
}

fn words(shell: &Shell<'_>, condition: &Condition) -> String {
    let key = match condition {
        Condition::Purpose { purpose } => {
            let title = shell.of(&purpose.titles);
            return shell.fill("when-purpose", &[("what", title)]).into_owned();
        }
        Condition::Assurance { rank } => {
            return shell.count("when-assurance", u64::from(*rank)).into_owned();
        }
        Condition::Own => "when-own",
        Condition::Case => "when-case",
        Condition::Consent => "when-consent",
        Condition::Mandate => "when-mandate",
        Condition::Training => "when-training",
        Condition::Minor => "when-minor",
        Condition::Public => "when-public",
        Condition::Except => "when-except",
        Condition::Other => "when-other",
    };
    shell.say(key).into_owned()
}

/// Words for the actions of the schema; another action is named by the exact text only.
fn action_words(action: &str) -> Option<&'static str> {
    Some(match action {
        "any" => "does-any",
        "invoke" => "does-invoke",
        "submit" => "does-submit",
        "disclose" => "does-disclose",
        "view" => "does-view",
        "viewMasked" => "does-viewMasked",
        "verify" => "does-verify",
        "readJournal" => "does-readJournal",
        "checkDocument" => "does-checkDocument",
        _ => return None,
    })
}

fn mask_words(mask: &str) -> Option<&'static str> {
    Some(match mask {
        "redacted" => "mask-redacted",
        "band" => "mask-band",
        "pseudonym" => "mask-pseudonym",
        "partial" => "mask-partial",
        "last4" => "mask-last4",
        _ => return None,
    })
}
