//! Rules, purposes and data in the reader's language.

use crate::domain::data::Form;
use crate::domain::decision::{FacetDecision, Hint};
use crate::domain::name::{BasisId, CaseNumber, DataClass, PurposeId, RuleId};
use crate::domain::text::Language;

use crate::policy::{Policy, RuleKind};

use super::Section;

pub(super) fn hint_word(hint: &Hint) -> String {
    match hint {
        Hint::StepUp(rank) => format!("step_up:{rank}"),
        Hint::Justify => "justify".to_owned(),
        Hint::Case => "case".to_owned(),
        Hint::Approve => "approve".to_owned(),
        Hint::Consent => "consent".to_owned(),
    }
}

pub(super) struct Telling<'a> {
    pub(super) policy: &'a Policy,
    pub(super) language: Language,
}

impl Telling<'_> {
    pub(super) fn section(&self, code: &'static str, heading: Word, lines: Vec<String>) -> Section {
        Section {
            code,
            heading: self.word(heading),
            lines,
        }
    }

    pub(super) fn rules(&self, ids: &[RuleId]) -> Vec<String> {
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

    pub(super) fn purpose(
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

    pub(super) fn data(&self, class: &DataClass, form: Form) -> String {
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

    pub(super) fn facet(&self, decision: &FacetDecision) -> String {
        let mut line = self.data(&decision.facet.class, decision.form);
        if decision.degraded {
            line.push_str(" [policy_error]");
        }
        if let Some(hint) = &decision.hint {
            line.extend([" [", &hint_word(hint), "]"]);
        }
        line
    }

    pub(super) fn word(&self, word: Word) -> &'static str {
        let [uz, uzc, ru, en] = word.texts();
        match self.language {
            Language::UzLatn => uz,
            Language::UzCyrl => uzc,
            Language::Ru => ru,
            Language::En => en,
        }
    }
}

/// A word of the report itself; what rules say stands in the bundle.
#[derive(Clone, Copy)]
pub(super) enum Word {
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
