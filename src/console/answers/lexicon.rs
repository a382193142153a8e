//! What ids are called, for those who read an answer.

use std::collections::BTreeMap;

use crate::console::shape::{Basis, Named, Titled};
use crate::domain::name::{AgencyId, BasisId, DataClass, PurposeId, RoleId, RuleId, ServiceId};
use crate::domain::purpose::LegalBasis;
use crate::domain::text::Texts;
use crate::policy::Policy;
use crate::register::Register;

/// The names of one bundle.
#[derive(Debug, Clone, Default)]
pub(in crate::console) struct Lexicon {
    agencies: BTreeMap<AgencyId, Texts>,
    services: BTreeMap<ServiceId, Texts>,
    purposes: BTreeMap<PurposeId, Texts>,
    bases: BTreeMap<BasisId, LegalBasis>,
    classes: BTreeMap<DataClass, Texts>,
    roles: BTreeMap<RoleId, Texts>,
    rules: BTreeMap<RuleId, Texts>,
}

impl Lexicon {
    /// The names of a bundle: its vocabulary, its rules, its register.
    pub(in crate::console) fn of(policy: &Policy, register: &Register) -> Self {
        let words = policy.vocabulary();
        let roles = words
            .roles()
            .map(|(id, titles)| (id.clone(), titles.clone()));
        Self {
            agencies: words
                .agencies()
                .map(|a| (a.id.clone(), a.names.clone()))
                .collect(),
            services: register
                .services()
                .map(|s| (s.id.clone(), s.names.clone()))
                .collect(),
            purposes: words
                .purposes()
                .map(|p| (p.id.clone(), p.titles.clone()))
                .collect(),
            bases: words.bases().map(|b| (b.id.clone(), b.clone())).collect(),
            classes: words
                .classes()
                .map(|c| (c.id.clone(), c.titles.clone()))
                .collect(),
            roles: roles.collect(),
            rules: policy
                .rules()
                .iter()
                .map(|r| (r.id.clone(), r.titles.clone()))
                .collect(),
        }
    }

    pub(super) fn agency(&self, id: &AgencyId) -> Named {
        Named {
            code: id.to_string(),
            names: or_code(self.agencies.get(id), id.as_str()),
        }
    }

    pub(super) fn service(&self, id: &ServiceId) -> Named {
        Named {
            code: id.to_string(),
            names: or_code(self.services.get(id), id.as_str()),
        }
    }

    pub(super) fn purpose(&self, id: &PurposeId) -> Titled {
        Titled {
            code: id.to_string(),
            titles: or_code(self.purposes.get(id), id.as_str()),
        }
    }

    pub(super) fn class(&self, id: &DataClass) -> Titled {
        Titled {
            code: id.to_string(),
            titles: or_code(self.classes.get(id), id.as_str()),
        }
    }

    pub(super) fn role(&self, id: &RoleId) -> Titled {
        Titled {
            code: id.to_string(),
            titles: or_code(self.roles.get(id), id.as_str()),
        }
    }

    /// A rule's sentence; a rule that is no longer in the bundle has none.
    pub(super) fn rule(&self, id: &RuleId) -> Option<Titled> {
        let titles = self.rules.get(id)?.clone();
        Some(Titled {
            code: id.to_string(),
            titles,
        })
    }

    /// A legal basis; one that is no longer in the vocabulary has none.
    pub(super) fn basis(&self, id: &BasisId) -> Option<Basis> {
        self.bases.get(id).map(|basis| Basis {
            code: id.to_string(),
            act: basis.act.clone(),
            article: basis.article.clone(),
            titles: basis.titles.clone(),
        })
    }
}

/// An entry may be older than the vocabulary: what has lost its name goes by its code.
fn or_code(texts: Option<&Texts>, code: &str) -> Texts {
    texts.cloned().unwrap_or_else(|| Texts {
        uz: code.to_owned(),
        uzc: code.to_owned(),
        ru: code.to_owned(),
        en: code.to_owned(),
    })
}
