//! What ids are called, for those who read an answer.

use std::collections::BTreeMap;

use crate::console::shape::{Basis, Named, Titled};
use crate::domain::name::{AgencyId, BasisId, DataClass, PurposeId, RoleId, RuleId, ServiceId};
use crate::domain::purpose::LegalBasis;
use crate::domain::text::Texts;

/// The names of one bundle.
#[derive(Debug, Clone, Default)]
pub(in crate::console) struct Lexicon {
    pub(in crate::console) agencies: BTreeMap<AgencyId, Texts>,
    pub(in crate::console) services: BTreeMap<ServiceId, Texts>,
    pub(in crate::console) purposes: BTreeMap<PurposeId, Texts>,
    pub(in crate::console) bases: BTreeMap<BasisId, LegalBasis>,
    pub(in crate::console) classes: BTreeMap<DataClass, Texts>,
    pub(in crate::console) roles: BTreeMap<RoleId, Texts>,
    pub(in crate::console) rules: BTreeMap<RuleId, Texts>,
}

impl Lexicon {
    pub(super) fn agency(&self, id: &AgencyId) -> Named {
        Named { code: id.to_string(), names: or_code(self.agencies.get(id), id.as_str()) }
    }

    pub(super) fn service(&self, id: &ServiceId) -> Named {
        Named { code: id.to_string(), names: or_code(self.services.get(id), id.as_str()) }
    }

    pub(super) fn purpose(&self, id: &PurposeId) -> Titled {
        Titled { code: id.to_string(), titles: or_code(self.purposes.get(id), id.as_str()) }
    }

    pub(super) fn class(&self, id: &DataClass) -> Titled {
        Titled { code: id.to_string(), titles: or_code(self.classes.get(id), id.as_str()) }
    }

    pub(super) fn role(&self, id: &RoleId) -> Titled {
        Titled { code: id.to_string(), titles: or_code(self.roles.get(id), id.as_str()) }
    }

    /// A rule's sentence; a rule that is no longer in the bundle has none.
    pub(super) fn rule(&self, id: &RuleId) -> Option<Titled> {
        let titles = self.rules.get(id)?.clone();
        Some(Titled { code: id.to_string(), titles })
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
