//! A body read with its class map: what each place is, and whose.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::domain::data::Facet;
use crate::domain::name::DataClass;
use crate::domain::operation::{ClassEntry, ClassMap};
use crate::domain::person::Person;
use crate::redaction::error::RedactionError;
use crate::redaction::fields::classmap::Tree;
use crate::redaction::fields::walk::Walk;
use crate::redaction::json::{Document, NodeId};

/// Persons in one answer.
pub const SUBJECTS_MAX: usize = 1_000;

/// A body read with its class map. Nothing is decided yet.
pub struct Reading {
    pub(super) document: Document,
    pub(super) map: Arc<ClassMap>,
    /// One for each value of the document.
    pub(super) places: Vec<Place>,
    pub(super) subjects: Vec<Person>,
    /// What is to be decided; whether a value of it was found.
    pub(super) asked: BTreeMap<(Subject, DataClass), Found>,
}

/// A person of an answer, by order of appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Subject(pub(super) usize);

/// Whether the document has a value of a class that its map expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Yes,
    No,
}

/// What one place is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) what: What,
    /// It stands under a name that the map gives, so the name itself says nothing.
    pub(super) named: bool,
    /// A person of its own is bound here.
    pub(super) bound: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Not in the map, or within what is decided as one.
    Unlisted,
    /// A container with fields further down; `rows` if its elements are about persons each.
    Frame { rows: bool },
    /// A value, whole, of the class of this entry of the map.
    Field { entry: usize, subject: Subject },
    /// The same, and its name is personal as well.
    Keyed { entry: usize, subject: Subject },
}

/// Who stands behind a PINFL as it is written in an answer; `None` if it is none.
pub type Identify<'a> = &'a dyn Fn(&str) -> Option<Person>;

impl Reading {
    /// Reads a document. `request` is the person the request is about.
    ///
    /// # Errors
    /// [`RedactionError::SubjectMismatch`] if the root is about somebody else;
    /// [`RedactionError::ContractBroken`] if the root does not say whose it is though the map
    /// binds it, if there are more than [`SUBJECTS_MAX`] persons, or for an unreadable map.
    pub fn of(
        document: Document,
        map: Arc<ClassMap>,
        request: Option<Person>,
        identify: Identify<'_>,
    ) -> Result<Self, RedactionError> {
        let tree = Tree::of(&map)?;
        let blank = Place { what: What::Unlisted, named: false, bound: false };
        let places = vec![blank; document.len()];
        let reading =
            Self { document, map, places, subjects: Vec::new(), asked: BTreeMap::new() };
        Walk::new(reading, &tree, request, identify).run()
    }

    /// The persons whose data the answer has.
    #[must_use]
    pub fn subjects(&self) -> &[Person] {
        &self.subjects
    }

    /// What is to be decided, in a fixed order. All classes that the map expects of a person are
    /// asked for, found or not: what the reader is told must not depend on what is withheld.
    #[must_use]
    pub fn facets(&self) -> Vec<Facet> {
        let facet = |(subject, class): &(Subject, DataClass)| {
            let subject = *self.subjects.get(subject.0)?;
            Some(Facet { subject, class: class.clone() })
        };
        self.asked.keys().filter_map(facet).collect()
    }

    pub(super) fn entry(&self, entry: usize) -> Option<&ClassEntry> {
        self.map.entries.get(entry)
    }

    pub(super) fn place(&self, id: NodeId) -> Option<&Place> {
        self.places.get(id.index())
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reading({} persons, {:?})", self.subjects.len(), self.document)
    }
}
