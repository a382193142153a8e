//! Why was it so? A page for an officer, from a decision or from a journal entry.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::data::Form;
use crate::domain::decision::{FacetDecision, Hint};
use crate::domain::entry::{JournalEntry, Stage, Step};
use crate::domain::fact::{Case, Consent, Facts};
use crate::domain::name::{BasisId, CaseNumber, ConsentId, DataClass, PurposeId, RuleId};
use crate::domain::principal::{AcrRank, Assurance, Principal};
use crate::domain::reason::Reason;
use crate::domain::text::Language;
use crate::domain::time::Timestamp;

use super::gate::{Ask, Denial, pass};
use super::permit::Permit;
use super::{Policy, RuleKind};

/// A report: sections from the outcome down to the facts. `Display` is for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub sections: Vec<Section>,
}

/// One part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// A stable word for programs: `outcome`, `rules`, `purpose`, `data`, `walk`, `bundle`,
    /// `would-help`.
    pub code: &'static str,
    pub heading: &'static str,
    pub lines: Vec<String>,
}

impl Report {
    /// The report for programs: an object with a list of lines for each section.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let sections = self.sections.iter();
        Value::Object(
            sections
                .map(|s| (s.code.to_owned(), json!(s.lines)))
                .collect(),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in self
            .sections
            .iter()
            .filter(|section| !section.lines.is_empty())
        {
            writeln!(f, "{}", section.heading)?;
            for line in &section.lines {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

/// Explains a past request from its journal entry, with the sentences of the bundle in force. Says
/// so where another bundle decided. Shows no value and names no person.
#[must_use]
pub fn explain_entry(policy: &Policy, entry: &JournalEntry, language: Language) -> Report {
    let telling = Telling { policy, language };
    let outcome = match &entry.stage {
        Stage::Intent => telling.word(Word::Intent).to_owned(),
        Stage::Delivered { status } => format!("{} ({status})", telling.word(Word::Allowed)),
        Stage::Refused { reason } => format!("{}: {reason}", telling.word(Word::Refused)),
        Stage::Aborted => telling.word(Word::Aborted).to_owned(),
        Stage::SignedIn => telling.word(Word::SignedIn).to_owned(),
        Stage::SignedOut => telling.word(Word::SignedOut).to_owned(),
    };
    let data = entry.disclosed.iter();
    let mut data: Vec<_> = data.map(|d| telling.data(&d.class, d.form)).collect();
    data.sort();
    let in_force = policy.id().to_string();
    let bundle = match &entry.bundle {
        Some(bundle) if *bundle == in_force => vec![in_force],
        Some(bundle) => vec![bundle.clone(), telling.word(Word::OtherBundle).to_owned()],
        None => Vec::new(),
    };
    Report {
        sections: vec![
            telling.section("outcome", Word::Outcome, vec![outcome]),
            telling.section("rules", Word::Rules, telling.rules(&entry.rules)),
            telling.section(
                "purpose",
                Word::Purpose,
                telling.purpose(entry.purpose.as_ref(), &entry.bases, entry.case.as_ref()),
            ),
            telling.section("data", Word::Data, data),
            telling.section("walk", Word::Walk, walk(&entry.steps)),
            telling.section("bundle", Word::Bundle, bundle),
        ],
    }
}

/// Explains a decision just made: of the gate and, behind it, of each facet.
#[must_use]
pub fn explain_decision(
    policy: &Policy,
    decision: Result<(&Permit, &[FacetDecision]), &Denial>,
    counterfactuals: &[Counterfactual],
    language: Language,
) -> Report {
    let telling = Telling { policy, language };
    let would_help = counterfactuals.iter().map(|found| match found.outcome {
        Ok(()) => format!(
            "{}: {}",
            hint_word(&found.change),
            telling.word(Word::Allowed)
        ),
        Err(reason) => format!("{}: {reason}", hint_word(&found.change)),
    });
    let (outcome, rules, purpose, data, steps) = match decision {
        Ok((permit, facets)) => {
            let mut rules = permit.rules().to_vec();
            rules.extend(facets.iter().flat_map(|facet| facet.rules.iter().cloned()));
            rules.sort();
            rules.dedup();
            let data = facets.iter().map(|facet| telling.facet(facet)).collect();
            let purpose = telling.purpose(permit.purpose(), permit.bases(), permit.case());
            let outcome = telling.word(Word::Allowed).to_owned();
            (outcome, rules, purpose, data, permit.steps())
        }
        Err(denial) => {
            let outcome = format!("{}: {}", telling.word(Word::Refused), denial.reason);
            let purpose = telling.purpose(denial.purpose.as_ref(), &[], None);
            (
                outcome,
                denial.rules.clone(),
                purpose,
                Vec::new(),
                denial.steps.as_slice(),
            )
        }
    };
    Report {
        sections: vec![
            telling.section("outcome", Word::Outcome, vec![outcome]),
            telling.section("rules", Word::Rules, telling.rules(&rules)),
            telling.section("purpose", Word::Purpose, purpose),
            telling.section("data", Word::Data, data),
            telling.section("walk", Word::Walk, walk(steps)),
            telling.section("would-help", Word::WouldHelp, would_help.collect()),
            telling.section("bundle", Word::Bundle, vec![policy.id().to_string()]),
        ],
    }
}

/// What would have come of the same request with one circumstance changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterfactual {
    pub change: Hint,
    pub outcome: Result<(), Reason>,
}

/// Asks the gate again with a stronger sign-in, with a sound case, with a consent in force. Decides
/// nothing: what comes of it is told, not permitted.
#[must_use]
pub fn counterfactuals(policy: &Arc<Policy>, ask: &Ask<'_>) -> Vec<Counterfactual> {
    let mut found = Vec::new();
    let mut probe = |change: Hint, ask: &Ask<'_>| {
        let outcome = pass(policy, ask).map(drop).map_err(|denial| denial.reason);
        found.push(Counterfactual { change, outcome });
    };
    let rank = ask.principal.rank().as_u8();
    if let Some(stronger) = AcrRank::new(rank.saturating_add(1))
        && let Some(principal) = signed_in(&ask.principal, stronger)
    {
        probe(
            Hint::StepUp(stronger.as_u8()),
            &Ask {
                principal,
                ..ask.clone()
            },
        );
    }
    if let Some((number, facts)) = with_case(ask) {
        let mut changed = Ask {
            facts: &facts,
            ..ask.clone()
        };
        changed.claim.case = Some(number);
        probe(Hint::Case, &changed);
    }
    if let Some(facts) = with_consent(policy, ask) {
        probe(
            Hint::Consent,
            &Ask {
                facts: &facts,
                ..ask.clone()
            },
        );
    }
    found
}

fn signed_in(principal: &Principal, rank: AcrRank) -> Option<Principal> {
    let stronger = |assurance: Assurance| Assurance { rank, ..assurance };
    match principal {
        Principal::Anonymous => None,
        Principal::Person(person) => {
            let mut person = person.as_ref().clone();
            person.assurance = stronger(person.assurance);
            Some(Principal::Person(Arc::new(person)))
        }
        Principal::Official(official) => {
            let mut official = official.as_ref().clone();
            official.assurance = stronger(official.assurance);
            Some(Principal::Official(Arc::new(official)))
        }
        Principal::System(system) => {
            let mut system = system.as_ref().clone();
            system.assurance = stronger(system.assurance);
            Some(Principal::System(Arc::new(system)))
        }
    }
}

fn with_case(ask: &Ask<'_>) -> Option<(CaseNumber, Facts)> {
    let Principal::Official(official) = &ask.principal else {
        return None;
    };
    let purpose = purpose_of(ask)?;
    let number = CaseNumber::parse("counterfactual").ok()?;
    let mut facts = ask.facts.clone();
    facts.case = Some(Case {
        number: number.clone(),
        agency: official.agency.clone(),
        purpose,
        open: true,
        subject: ask.subject?.id,
        assignees: vec![official.official.clone()],
    });
    Some((number, facts))
}

fn with_consent(policy: &Policy, ask: &Ask<'_>) -> Option<Facts> {
    let Principal::System(system) = &ask.principal else {
        return None;
    };
    let mut facts = ask.facts.clone();
    facts.consents = vec![Consent {
        id: ConsentId::parse("counterfactual").ok()?,
        subject: ask.subject?.id,
        recipient: system.agency.clone(),
        purposes: vec![purpose_of(ask)?],
        classes: policy
            .vocabulary()
            .classes()
            .map(|class| class.id.clone())
            .collect(),
        valid_until: Timestamp::from_unix_ms(i64::MAX),
        withdrawn: false,
    }];
    Some(facts)
}

fn purpose_of(ask: &Ask<'_>) -> Option<PurposeId> {
    let mut bound = ask
        .operation
        .purposes
        .iter()
        .filter(|b| b.who == ask.principal.kind());
    ask.claim
        .purpose
        .clone()
        .or_else(|| bound.next().map(|b| b.purpose.clone()))
}

fn walk(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .map(|step| format!("{}: {}", step.name, step.found))
        .collect()
}

fn hint_word(hint: &Hint) -> String {
    match hint {
        Hint::StepUp(rank) => format!("step_up:{rank}"),
        Hint::Justify => "justify".to_owned(),
        Hint::Case => "case".to_owned(),
        Hint::Approve => "approve".to_owned(),
        Hint::Consent => "consent".to_owned(),
    }
}

struct Telling<'a> {
    policy: &'a Policy,
    language: Language,
}

impl Telling<'_> {
    fn section(&self, code: &'static str, heading: Word, lines: Vec<String>) -> Section {
        Section {
            code,
            heading: self.word(heading),
            lines,
        }
    }

    fn rules(&self, ids: &[RuleId]) -> Vec<String> {
        ids.iter().map(|id| self.rule(id)).collect()
    }

    fn rule(&self, id: &RuleId) -> String {
        let Some(rule) = self.policy.rule(id) else {
            return format!("{id}: {}", self.word(Word::NotInForce));
        };
        let kind = match rule.kind {
            RuleKind::Permit => "permit",
            RuleKind::Forbid => "forbid",
        };
        let title = rule.titles.get(self.language);
        let bases: Vec<_> = rule.bases.iter().map(|basis| self.basis(basis)).collect();
        let place = format!("{}:{}", rule.file.display(), rule.line);
        format!("{kind} {id}: {title} [{}; {place}]", bases.join("; "))
    }

    fn basis(&self, id: &BasisId) -> String {
        self.policy.vocabulary().basis(id).map_or_else(
            || id.to_string(),
            |basis| format!("{} § {}", basis.act, basis.article),
        )
    }

    fn purpose(
        &self,
        purpose: Option<&PurposeId>,
        bases: &[BasisId],
        case: Option<&CaseNumber>,
    ) -> Vec<String> {
        let words = self.policy.vocabulary();
        let purpose = purpose.map(|id| match words.purpose(id) {
            Some(purpose) => format!("{id}: {}", purpose.titles.get(self.language)),
            None => id.to_string(),
        });
        let bases = bases.iter().map(|id| match words.basis(id) {
            Some(basis) => format!("{}: {}", self.basis(id), basis.titles.get(self.language)),
            None => id.to_string(),
        });
        let case = case.map(|number| format!("{} {number}", self.word(Word::Case)));
        purpose.into_iter().chain(bases).chain(case).collect()
    }

    fn data(&self, class: &DataClass, form: Form) -> String {
        let title = self.policy.vocabulary().class(class);
        let title = title.map_or(class.as_str(), |c| c.titles.get(self.language));
        let form = match form {
            Form::Absent => self.word(Word::Absent).to_owned(),
            Form::Verified => self.word(Word::Verified).to_owned(),
            Form::Masked(mask) => format!("{} ({mask})", self.word(Word::Masked)),
            Form::Clear => self.word(Word::Clear).to_owned(),
        };
        format!("{title}: {form}")
    }

    fn facet(&self, decision: &FacetDecision) -> String {
        let mut line = self.data(&decision.facet.class, decision.form);
        if decision.degraded {
            line.push_str(" [policy_error]");
        }
        if let Some(hint) = &decision.hint {
            line.push_str(&format!(" [{}]", hint_word(hint)));
        }
        line
    }

    fn word(&self, word: Word) -> &'static str {
        let [uz, uzc, ru, en] = word.texts();
        match self.language {
            Language::UzLatn => uz,
            Language::UzCyrl => uzc,
            Language::Ru => ru,
            Language::En => en,
        }
    }
}

#[derive(Clone, Copy)]
enum Word {
    Outcome,
    Rules,
    Purpose,
    Data,
    Walk,
    Bundle,
    WouldHelp,
    Allowed,
    Refused,
    Intent,
    Aborted,
    SignedIn,
    SignedOut,
    OtherBundle,
    NotInForce,
    Case,
    Absent,
    Verified,
    Masked,
    Clear,
}

impl Word {
    #[rustfmt::skip]
    const fn texts(self) -> [&'static str; 4] {
        match self {
            Self::Outcome => ["Natija", "Натижа", "Итог", "Outcome"],
            Self::Rules => ["Qoidalar", "Қоидалар", "Правила", "Rules"],
            Self::Purpose => ["Maqsad va asos", "Мақсад ва асос", "Цель и основание", "Purpose and legal basis"],
            Self::Data => ["Maʼlumotlar", "Маълумотлар", "Данные", "Data"],
            Self::Walk => ["Soʻrov yoʻli", "Сўров йўли", "Ход запроса", "The way of the request"],
            Self::Bundle => ["Qoidalar toʻplami", "Қоидалар тўплами", "Набор правил", "Bundle"],
            Self::WouldHelp => ["Nima yordam berardi", "Нима ёрдам берарди", "Что помогло бы", "What would have helped"],
            Self::Allowed => ["ruxsat berildi", "рухсат берилди", "разрешено", "allowed"],
            Self::Refused => ["rad etildi", "рад этилди", "отказано", "refused"],
            Self::Intent => ["yozish niyati qayd etildi", "ёзиш нияти қайд этилди", "намерение записать отмечено", "intent to write recorded"],
            Self::Aborted => ["uzildi", "узилди", "прервано", "aborted"],
            Self::SignedIn => ["tizimga kirdi", "тизимга кирди", "вход выполнен", "signed in"],
            Self::SignedOut => ["tizimdan chiqdi", "тизимдан чиқди", "выход выполнен", "signed out"],
            Self::OtherBundle => ["hozirgi qoidalar toʻplami boshqa", "ҳозирги қоидалар тўплами бошқа", "сейчас действует другой набор правил", "another bundle is in force now"],
            Self::NotInForce => ["amaldagi toʻplamda yoʻq", "амалдаги тўпламда йўқ", "нет в действующем наборе", "not in the bundle in force"],
            Self::Case => ["ish", "иш", "дело", "case"],
            Self::Absent => ["berilmadi", "берилмади", "не передано", "withheld"],
            Self::Verified => ["faqat «ha» yoki «yoʻq»", "фақат «ҳа» ёки «йўқ»", "только «да» или «нет»", "only yes or no"],
            Self::Masked => ["qisman yashirildi", "қисман яширилди", "скрыто частично", "masked"],
            Self::Clear => ["toʻliq koʻrsatildi", "тўлиқ кўрсатилди", "показано полностью", "shown"],
        }
    }
}
