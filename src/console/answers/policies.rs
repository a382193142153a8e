//! `console.policies`: the rules in force, a page at a time.

use crate::console::shape::{Effect, Nulled, Policies, Rule};
use crate::domain::decision::{BundleId, JournalDepth, Notice};
use crate::domain::time::Timestamp;
use crate::policy;

use super::Lexicon;
use super::rule::{read, without_annotations};

/// Rules on one page: what fits into a page of 30 KB in Cyrillic.
const RULES_PAGE_MAX: usize = 8;

/// One page of the rules, counted from 1.
pub(in crate::console) fn policies(
    bundle: BundleId,
    rules: &[policy::Rule],
    page: u32,
    now: Timestamp,
    lexicon: &Lexicon,
) -> Policies {
    let pages = rules.len().div_ceil(RULES_PAGE_MAX).max(1);
    let before = usize::try_from(page.saturating_sub(1)).unwrap_or(usize::MAX);
    let of_page = rules.iter().skip(before.saturating_mul(RULES_PAGE_MAX)).take(RULES_PAGE_MAX);
    Policies {
        bundle: Some(bundle.to_string()),
        page: Some(page),
        pages: u32::try_from(pages).ok(),
        rules_total: Some(rules.len()),
        rules: Some(Nulled(of_page.map(|rule| sheet(rule, now, lexicon)).collect())),
    }
}

fn sheet(rule: &policy::Rule, now: Timestamp, lexicon: &Lexicon) -> Rule {
    let reading = read(&rule.text, lexicon).unwrap_or_default();
    Rule {
        id: rule.id.to_string(),
        effect: match rule.kind {
            policy::RuleKind::Permit => Effect::Permit,
            policy::RuleKind::Forbid => Effect::Forbid,
        },
        titles: rule.titles.clone(),
        who: reading.who,
        actions: reading.actions,
        data: reading.data,
        when: reading.when,
        mask: rule.mask.map(|mask| mask.as_str().to_owned()),
        journal: match rule.journal {
            JournalDepth::Full => "full",
            JournalDepth::Summary => "summary",
        }
        .to_owned(),
        notify: rule.notify.iter().map(|notice| notice_word(*notice).to_owned()).collect(),
        bases: rule.bases.iter().filter_map(|basis| lexicon.basis(basis)).collect(),
        owner: lexicon.agency(&rule.owner),
        until: rule.until.map(|until| until.to_string()),
        lapsed: rule.has_lapsed(now),
        file: rule.file.display().to_string(),
        line: rule.line,
        text: without_annotations(&rule.text).to_owned(),
    }
}

const fn notice_word(notice: Notice) -> &'static str {
    match notice {
        Notice::SubjectNow => "subject-now",
        Notice::SubjectDigest => "subject-digest",
        Notice::SecurityNow => "security-now",
        Notice::HeadOfUnit => "head-of-unit",
    }
}
