//! The words that policies and the register may use: bodies, roles, legal bases, purposes, classes.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::domain::data::{Form, Mask};
use crate::domain::name::{AgencyId, BasisId, DataClass, DocumentKind, PurposeId, RoleId};
use crate::domain::problem::Problem;
use crate::domain::purpose::{LegalBasis, Purpose};
use crate::domain::text::Texts;

use super::line_of;
use super::words::{
    Written, WrittenAgency, WrittenBasis, WrittenClass, WrittenDocument, WrittenPurpose,
    WrittenRole, text_problems,
};

/// The words of one bundle. Trees have no dead ends and no circles.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    agencies: BTreeMap<AgencyId, Agency>,
    roles: BTreeMap<RoleId, Texts>,
    bases: BTreeMap<BasisId, LegalBasis>,
    purposes: BTreeMap<PurposeId, Purpose>,
    classes: BTreeMap<DataClass, Class>,
    documents: BTreeMap<DocumentKind, IssuedKind>,
}

/// A kind of document that bodies issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedKind {
    pub id: DocumentKind,
    pub titles: Texts,
}

/// A body that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    pub id: AgencyId,
    pub names: Texts,
    pub sector: Sector,
}

/// Whether a body is of the state: others get data only with consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sector {
    State,
    Bank,
}

impl Sector {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Bank => "bank",
        }
    }
}

/// A kind of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    pub id: DataClass,
    pub parent: Option<DataClass>,
    pub titles: Texts,
    /// The most that is shown of it where a rule says to mask and names no style of its own.
    pub default: Form,
}

impl Vocabulary {
    /// Reads `vocabulary.toml`; every problem at once.
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        let broken = |line, what: String| {
            vec![Problem {
                file: file.to_owned(),
                line,
                what,
                mend: "write it as the other entries are written".to_owned(),
            }]
        };
        let text = std::str::from_utf8(bytes)
            .map_err(|_| broken(0, "the file is not UTF-8 text".to_owned()))?;
        let written: Written = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            broken(line, error.message().to_owned())
        })?;
        let mut reading = Reading {
            file,
            text,
            problems: Vec::new(),
        };
        let vocabulary = reading.vocabulary(written);
        if reading.problems.is_empty() {
            return Ok(vocabulary);
        }
        reading.problems.sort();
        Err(reading.problems)
    }

    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    #[must_use]
    pub fn agency(&self, id: &AgencyId) -> Option<&Agency> {
        self.agencies.get(id)
    }

    pub fn roles(&self) -> impl Iterator<Item = (&RoleId, &Texts)> {
        self.roles.iter()
    }

    #[must_use]
    pub fn role(&self, id: &RoleId) -> Option<&Texts> {
        self.roles.get(id)
    }

    pub fn bases(&self) -> impl Iterator<Item = &LegalBasis> {
        self.bases.values()
    }

    #[must_use]
    pub fn basis(&self, id: &BasisId) -> Option<&LegalBasis> {
        self.bases.get(id)
    }

    pub fn purposes(&self) -> impl Iterator<Item = &Purpose> {
        self.purposes.values()
    }

    #[must_use]
    pub fn purpose(&self, id: &PurposeId) -> Option<&Purpose> {
        self.purposes.get(id)
    }

    pub fn classes(&self) -> impl Iterator<Item = &Class> {
        self.classes.values()
    }

    #[must_use]
    pub fn class(&self, id: &DataClass) -> Option<&Class> {
        self.classes.get(id)
    }

    pub fn documents(&self) -> impl Iterator<Item = &IssuedKind> {
        self.documents.values()
    }

    #[must_use]
    pub fn document(&self, id: &DocumentKind) -> Option<&IssuedKind> {
        self.documents.get(id)
    }

    /// Whether `class` is `ancestor` or lies below it.
    #[must_use]
    pub fn is_within(&self, class: &DataClass, ancestor: &str) -> bool {
        self.chain(class).any(|id| id.as_str() == ancestor)
    }

    /// The class and everything above it, nearest first.
    pub fn chain<'a>(&'a self, class: &'a DataClass) -> impl Iterator<Item = &'a DataClass> {
        let above = |id: &&'a DataClass| self.classes.get(*id).and_then(|c| c.parent.as_ref());
        std::iter::successors(Some(class), above)
    }
}

struct Reading<'a> {
    file: &'a Path,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn vocabulary(&mut self, written: Written) -> Vocabulary {
        let bases = self.bases(written.basis);
        Vocabulary {
            agencies: self.agencies(written.agency),
            roles: self.roles(written.role),
            purposes: self.purposes(written.purpose, &bases),
            classes: self.classes(written.class),
            documents: self.documents(written.document),
            bases,
        }
    }

    fn agencies(&mut self, written: Vec<Spanned<WrittenAgency>>) -> BTreeMap<AgencyId, Agency> {
        let mut read = BTreeMap::new();
        for (at, entry) in written.into_iter().map(at) {
            let WrittenAgency { id, sector, names } = entry;
            self.texts(at, &names);
            let agency = Agency {
                id: id.clone(),
                names,
                sector,
            };
            self.add(at, &mut read, id, agency);
        }
        read
    }

    fn roles(&mut self, written: Vec<Spanned<WrittenRole>>) -> BTreeMap<RoleId, Texts> {
        let mut read = BTreeMap::new();
        for (at, entry) in written.into_iter().map(at) {
            self.texts(at, &entry.titles);
            self.add(at, &mut read, entry.id, entry.titles);
        }
        read
    }

    fn bases(&mut self, written: Vec<Spanned<WrittenBasis>>) -> BTreeMap<BasisId, LegalBasis> {
        let mut read = BTreeMap::new();
        for (at, entry) in written.into_iter().map(at) {
            let WrittenBasis {
                id,
                act,
                article,
                titles,
            } = entry;
            self.texts(at, &titles);
            let basis = LegalBasis {
                id: id.clone(),
                act,
                article,
                titles,
                until: None,
            };
            self.add(at, &mut read, id, basis);
        }
        read
    }

    fn purposes(
        &mut self,
        written: Vec<Spanned<WrittenPurpose>>,
        bases: &BTreeMap<BasisId, LegalBasis>,
    ) -> BTreeMap<PurposeId, Purpose> {
        let (mut read, mut links) = (BTreeMap::new(), Vec::new());
        for (at, entry) in written.into_iter().map(at) {
            let WrittenPurpose {
                id,
                parent,
                basis,
                visibility,
                titles,
            } = entry;
            self.texts(at, &titles);
            if !bases.contains_key(&basis) {
                self.problem(
                    at,
                    format!("`{basis}` is no legal basis"),
                    "add it as a `[[basis]]`",
                );
            }
            links.push((at, id.to_string(), parent.as_ref().map(ToString::to_string)));
            let purpose = Purpose {
                id: id.clone(),
                parent,
                basis,
                titles,
                visibility,
            };
            self.add(at, &mut read, id, purpose);
        }
        self.tree(&links);
        read
    }

    fn classes(&mut self, written: Vec<Spanned<WrittenClass>>) -> BTreeMap<DataClass, Class> {
        let (mut read, mut links) = (BTreeMap::new(), Vec::new());
        for (at, entry) in written.into_iter().map(at) {
            let WrittenClass {
                id,
                parent,
                mask,
                titles,
            } = entry;
            self.texts(at, &titles);
            let default = match (mask.as_str(), Mask::from_name(&mask)) {
                ("none", _) => Form::Clear,
                ("absent", _) => Form::Absent,
                (_, Some(mask)) => Form::Masked(mask),
                (_, None) => {
                    let styles = Mask::ALL.map(Mask::as_str).join(", ");
                    let mend = format!("use none, absent, {styles}");
                    self.problem(at, format!("`{mask}` is no mask"), &mend);
                    Form::Absent
                }
            };
            links.push((at, id.to_string(), parent.as_ref().map(ToString::to_string)));
            let class = Class {
                id: id.clone(),
                parent,
                titles,
                default,
            };
            self.add(at, &mut read, id, class);
        }
        self.tree(&links);
        read
    }

    fn documents(
        &mut self,
        written: Vec<Spanned<WrittenDocument>>,
    ) -> BTreeMap<DocumentKind, IssuedKind> {
        let mut read = BTreeMap::new();
        for (at, entry) in written.into_iter().map(at) {
            let WrittenDocument { id, titles } = entry;
            self.texts(at, &titles);
            let kind = IssuedKind {
                id: id.clone(),
                titles,
            };
            self.add(at, &mut read, id, kind);
        }
        read
    }

    fn add<K: Ord + Display, V>(&mut self, at: usize, read: &mut BTreeMap<K, V>, id: K, value: V) {
        let what = format!("`{id}` is named twice");
        if read.insert(id, value).is_some() {
            self.problem(at, what, "keep one of the two");
        }
    }

    /// Each parent exists and no entry is above itself.
    fn tree(&mut self, links: &[(usize, String, Option<String>)]) {
        let parents: BTreeMap<&str, Option<&str>> = links
            .iter()
            .map(|(_, id, parent)| (id.as_str(), parent.as_deref()))
            .collect();
        for (at, id, parent) in links {
            if let Some(parent) = parent
                && !parents.contains_key(parent.as_str())
            {
                let what = format!("`{id}` stands below `{parent}`, which is not named");
                self.problem(*at, what, "name the parent or leave it out");
            }
            let above = |id: &&str| parents.get(id).copied().flatten();
            let depth = std::iter::successors(Some(id.as_str()), above);
            if depth.take(links.len() + 1).count() > links.len() {
                self.problem(*at, format!("`{id}` is above itself"), "break the circle");
            }
        }
    }

    fn texts(&mut self, at: usize, texts: &Texts) {
        for what in text_problems(texts) {
            self.problem(at, what, "write the text in all four languages");
        }
    }

    fn problem(&mut self, at: usize, what: String, mend: &str) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line: line_of(self.text, at),
            what,
            mend: mend.to_owned(),
        });
    }
}

fn at<T>(spanned: Spanned<T>) -> (usize, T) {
    (spanned.span().start, spanned.into_inner())
}
