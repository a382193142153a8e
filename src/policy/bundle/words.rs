//! The vocabulary's file as it is written, and what is wrong with the texts in it.

use serde::Deserialize;
use toml::Spanned;

use crate::domain::name::{AgencyId, BasisId, DataClass, DocumentKind, PurposeId, RoleId};
use crate::domain::purpose::Visibility;
use crate::domain::text::{Language, Texts};

use super::vocabulary::Sector;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) agency: Vec<Spanned<WrittenAgency>>,
    pub(super) role: Vec<Spanned<WrittenRole>>,
    pub(super) basis: Vec<Spanned<WrittenBasis>>,
    pub(super) purpose: Vec<Spanned<WrittenPurpose>>,
    pub(super) class: Vec<Spanned<WrittenClass>>,
    #[serde(default)]
    pub(super) document: Vec<Spanned<WrittenDocument>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAgency {
    pub(super) id: AgencyId,
    pub(super) sector: Sector,
    pub(super) names: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRole {
    pub(super) id: RoleId,
    pub(super) titles: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBasis {
    pub(super) id: BasisId,
    pub(super) act: String,
    pub(super) article: String,
    pub(super) titles: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPurpose {
    pub(super) id: PurposeId,
    pub(super) parent: Option<PurposeId>,
    pub(super) basis: BasisId,
    pub(super) visibility: Visibility,
    pub(super) titles: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenClass {
    pub(super) id: DataClass,
    pub(super) parent: Option<DataClass>,
    pub(super) mask: String,
    pub(super) titles: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenDocument {
    pub(super) id: DocumentKind,
    pub(super) titles: Texts,
}

/// What is wrong with a text that people read: a language is empty, or an Uzbek letter is written
/// with another apostrophe than U+02BB (`oʻ`, `gʻ`) or U+02BC (`maʼno`).
pub(super) fn text_problems(texts: &Texts) -> Vec<String> {
    let empty = Language::ALL
        .into_iter()
        .filter(|language| texts.get(*language).trim().is_empty())
        .map(|language| format!("the text in {language} is empty"));
    let apostrophe = texts
        .uz
        .contains(['\'', '`', '\u{2018}', '\u{2019}'])
        .then(|| "the text in uz-Latn has an apostrophe other than U+02BB and U+02BC".to_owned());
    empty.chain(apostrophe).collect()
}
