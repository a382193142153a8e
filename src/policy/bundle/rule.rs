//! One rule of a bundle: what its annotations say, in a closed vocabulary.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cedar_policy::{Effect, Policy};

use crate::domain::data::Mask;
use crate::domain::decision::{Hint, JournalDepth, Notice};
use crate::domain::name::{AgencyId, BasisId, RuleId};
use crate::domain::reason::Reason;
use crate::domain::text::Texts;
use crate::domain::time::Timestamp;

use super::vocabulary::Vocabulary;
use super::words::text_problems;

/// A rule as people read it. What it demands is in [`Rule::text`]; the engine has it compiled.
#[derive(Debug, Clone)]
pub struct Rule {
    pub id: RuleId,
    pub kind: RuleKind,
    /// The rule in one sentence.
    pub titles: Texts,
    pub bases: Vec<BasisId>,
    /// The body that answers for the rule.
    pub owner: AgencyId,
    /// From then on a permit permits nothing any more; a forbid goes on forbidding.
    pub until: Option<Timestamp>,
    pub mask: Option<Mask>,
    pub journal: JournalDepth,
    pub notify: Vec<Notice>,
    pub hint: Option<Hint>,
    /// The reason told when this forbid decides, or when this permit was the closest missing one.
    pub code: Option<Reason>,
    /// Below the bundle's folder.
    pub file: PathBuf,
    pub line: u32,
    /// As written, annotations included.
    pub text: String,
}

/// What a rule does where it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    Permit,
    Forbid,
}

impl Rule {
    /// Whether the rule is a permit that has run out.
    #[must_use]
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.kind == RuleKind::Permit && self.until.is_some_and(|until| until <= now)
    }
}

const WORDS: [&str; 13] = [
    "id",
    "title_uz",
    "title_uzc",
    "title_ru",
    "title_en",
    "basis",
    "owner",
    "until",
    "mask",
    "journal",
    "notify",
    "hint",
    "code",
];

/// Reads the annotations of a parsed statement. A problem is a pair: what is wrong, what to do.
pub(super) fn read_rule(
    policy: &Policy,
    vocabulary: &Vocabulary,
    place: (PathBuf, u32),
    text: &str,
) -> Result<Rule, Vec<(String, String)>> {
    let mut notes = Notes {
        given: policy.annotations().collect(),
        problems: Vec::new(),
    };
    notes.unknown_words();
    let kind = match policy.effect() {
        Effect::Permit => RuleKind::Permit,
        Effect::Forbid => RuleKind::Forbid,
    };
    let id = notes.id();
    let titles = notes.titles();
    let bases = notes.bases(vocabulary);
    let owner = notes.owner(vocabulary);
    let until = notes.parsed("until", "a date as 2027-12-31", read_date);
    let mask = notes.mask(policy, kind);
    let journal = notes.parsed("journal", "full or summary", read_journal);
    let notify = notes.list(
        "notify",
        "subject-now, subject-digest, security-now or head-of-unit",
        read_notice,
    );
    let hint = notes.parsed(
        "hint",
        "step_up:1 to 3, justify, case, approve or consent",
        read_hint,
    );
    let code = notes.parsed("code", "a stable reason code", Reason::from_code);
    if kind == RuleKind::Forbid && (journal.is_some() || !notify.is_empty()) {
        notes.problem(
            "a forbid obliges to nothing",
            "leave `@journal` and `@notify` to permits",
        );
    }
    if kind == RuleKind::Forbid && code.is_none() {
        notes.problem(
            "`@code` is missing",
            "say the reason that people are told when it forbids",
        );
    }
    let (Some(id), Some(owner), true) = (id, owner, notes.problems.is_empty()) else {
        return Err(notes.problems);
    };
    Ok(Rule {
        id,
        kind,
        titles,
        bases,
        owner,
        until,
        mask,
        journal: journal.unwrap_or_default(),
        notify,
        hint,
        code,
        file: place.0,
        line: place.1,
        text: text.to_owned(),
    })
}

struct Notes<'a> {
    given: BTreeMap<&'a str, &'a str>,
    problems: Vec<(String, String)>,
}

impl Notes<'_> {
    fn problem(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        self.problems.push((what.into(), mend.into()));
    }

    fn unknown_words(&mut self) {
        let unknown: Vec<_> = self
            .given
            .keys()
            .filter(|w| !WORDS.contains(w))
            .copied()
            .collect();
        for word in unknown {
            let words = WORDS.map(|word| format!("@{word}")).join(", ");
            self.problem(
                format!("`@{word}` is not an annotation"),
                format!("use {words}"),
            );
        }
    }

    fn id(&mut self) -> Option<RuleId> {
        let Some(id) = self.given.get("id").copied() else {
            self.problem("`@id` is missing", "name the rule, as `@id(\"own-data\")`");
            return None;
        };
        let edges = !id.starts_with('-') && !id.ends_with('-') && !id.contains("--");
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if edges
            && id.bytes().all(letters)
            && let Ok(id) = RuleId::parse(id)
        {
            return Some(id);
        }
        let what = format!(
            "`{}` is not a rule's name",
            id.chars().take(96).collect::<String>()
        );
        self.problem(
            what,
            "use small letters, digits and single hyphens, as `own-data`",
        );
        None
    }

    fn titles(&mut self) -> Texts {
        let title = |word: &str| self.given.get(word).copied().unwrap_or_default().to_owned();
        let titles = Texts {
            uz: title("title_uz"),
            uzc: title("title_uzc"),
            ru: title("title_ru"),
            en: title("title_en"),
        };
        for what in text_problems(&titles) {
            self.problem(
                what,
                "give `@title_uz`, `@title_uzc`, `@title_ru` and `@title_en`",
            );
        }
        titles
    }

    fn bases(&mut self, vocabulary: &Vocabulary) -> Vec<BasisId> {
        let known = |id: &str| {
            BasisId::parse(id)
                .ok()
                .filter(|id| vocabulary.basis(id).is_some())
        };
        let bases = self.list("basis", "legal bases of vocabulary.toml", known);
        if bases.is_empty() && !self.given.contains_key("basis") {
            self.problem(
                "`@basis` is missing",
                "name a legal basis of vocabulary.toml",
            );
        }
        bases
    }

    fn owner(&mut self, vocabulary: &Vocabulary) -> Option<AgencyId> {
        if !self.given.contains_key("owner") {
            self.problem(
                "`@owner` is missing",
                "name the body that answers for the rule",
            );
        }
        let known = |id: &str| {
            AgencyId::parse(id)
                .ok()
                .filter(|id| vocabulary.agency(id).is_some())
        };
        self.parsed("owner", "a body of vocabulary.toml", known)
    }

    /// A mask belongs to permits of `viewMasked`, and each of those has one.
    fn mask(&mut self, policy: &Policy, kind: RuleKind) -> Option<Mask> {
        let styles = Mask::ALL.map(Mask::as_str).join(", ");
        let mask = self.parsed("mask", &styles, Mask::from_name);
        let masks = kind == RuleKind::Permit
            && policy.entity_literals().iter().any(|uid| {
                uid.type_name().basename() == "Action" && uid.id().unescaped() == "viewMasked"
            });
        match (self.given.contains_key("mask"), masks) {
            (true, false) => {
                self.problem(
                    "`@mask` on a rule that masks nothing",
                    "keep it to permits of viewMasked",
                );
            }
            (false, true) => {
                self.problem(
                    "`@mask` is missing on a permit of viewMasked",
                    format!("use {styles}"),
                );
            }
            (true, true) | (false, false) => {}
        }
        mask
    }

    fn parsed<T>(
        &mut self,
        word: &str,
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let given = self.given.get(word).copied()?;
        let value = read(given);
        if value.is_none() {
            self.problem(
                format!("`{given}` is no value of `@{word}`"),
                format!("use {allowed}"),
            );
        }
        value
    }

    /// Values separated by commas.
    fn list<T>(&mut self, word: &str, allowed: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let Some(given) = self.given.get(word).copied() else {
            return Vec::new();
        };
        let mut values = Vec::new();
        for one in given.split(',').map(str::trim) {
            match read(one) {
                Some(value) => values.push(value),
                None => self.problem(
                    format!("`{one}` is no value of `@{word}`"),
                    format!("use {allowed}"),
                ),
            }
        }
        values
    }
}

fn read_journal(word: &str) -> Option<JournalDepth> {
    match word {
        "full" => Some(JournalDepth::Full),
        "summary" => Some(JournalDepth::Summary),
        _ => None,
    }
}

fn read_notice(word: &str) -> Option<Notice> {
    match word {
        "subject-now" => Some(Notice::SubjectNow),
        "subject-digest" => Some(Notice::SubjectDigest),
        "security-now" => Some(Notice::SecurityNow),
        "head-of-unit" => Some(Notice::HeadOfUnit),
        _ => None,
    }
}

fn read_hint(word: &str) -> Option<Hint> {
    match word {
        "step_up:1" => Some(Hint::StepUp(1)),
        "step_up:2" => Some(Hint::StepUp(2)),
        "step_up:3" => Some(Hint::StepUp(3)),
        "justify" => Some(Hint::Justify),
        "case" => Some(Hint::Case),
        "approve" => Some(Hint::Approve),
        "consent" => Some(Hint::Consent),
        _ => None,
    }
}

/// A date, as the first moment of it in UTC.
fn read_date(word: &str) -> Option<Timestamp> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let date = time::Date::parse(word, &format).ok()?;
    Some(Timestamp::from_unix_seconds(
        date.midnight().assume_utc().unix_timestamp(),
    ))
}
