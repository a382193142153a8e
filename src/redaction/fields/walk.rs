//! The one walk over a document that says what each place is, and whose.

use std::collections::BTreeMap;

use crate::domain::name::DataClass;
use crate::domain::person::{Person, PersonId};
use crate::redaction::error::{Breach, RedactionError};
use crate::redaction::fields::classmap::{Claim, Position, Tree, segments};
use crate::redaction::fields::reading::{
    Found, Identify, Place, Reading, SUBJECTS_MAX, Subject, What,
};
use crate::redaction::json::{Document, Kind, NodeId};

/// The walk, and the reading it makes.
pub(super) struct Walk<'a> {
    reading: Reading,
    tree: &'a Tree,
    request: Option<Person>,
    identify: Identify<'a>,
    known: BTreeMap<PersonId, Subject>,
}

/// Whose the fields of a place are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Person(Subject),
    Nobody,
}

/// A container that the walk is in.
struct Level {
    /// The first value after it.
    end: NodeId,
    inside: Inside,
    /// How many of its children were met.
    met: usize,
}

/// How the children of a container are read.
#[derive(Clone)]
struct Inside {
    by: By,
    owner: Owner,
}

#[derive(Clone)]
enum By {
    /// By the map.
    Map(Position),
    /// As members whose names are personal, under this entry of the map.
    Keys { entry: usize },
}

/// What a place is, and how to go on within it.
type Step = (Place, Option<Inside>);

impl<'a> Walk<'a> {
    pub(super) fn new(
        reading: Reading,
        tree: &'a Tree,
        request: Option<Person>,
        identify: Identify<'a>,
    ) -> Self {
        Self { reading, tree, request, identify, known: BTreeMap::new() }
    }

    pub(super) fn run(mut self) -> Result<Reading, RedactionError> {
        let mut open: Vec<Level> = Vec::new();
        let mut id = NodeId::ROOT;
        while id.index() < self.reading.document.len() {
            while open.last().is_some_and(|level| level.end <= id) {
                open.pop();
            }
            let (place, inside) = match open.last_mut() {
                None => self.root()?,
                Some(level) => {
                    level.met += 1;
                    self.child(id, &level.inside, level.met - 1)?
                }
            };
            if let Some(slot) = self.reading.places.get_mut(id.index()) {
                *slot = place;
            }
            let end = self.reading.document.after(id);
            id = match inside {
                Some(inside) => {
                    open.push(Level { end, inside, met: 0 });
                    Document::first_within(id)
                }
                None => end,
            };
        }
        Ok(self.reading)
    }

    fn root(&mut self) -> Result<Step, RedactionError> {
        let position = Tree::root();
        let owner = match self.request {
            Some(person) if !self.tree.expected(None).is_empty() => {
                let subject = self.subject(person)?;
                self.expect(subject, None);
                Owner::Person(subject)
            }
            Some(_) | None => Owner::Nobody,
        };
        self.arrive(NodeId::ROOT, position, owner)
    }

    fn child(&mut self, id: NodeId, inside: &Inside, met: usize) -> Result<Step, RedactionError> {
        let name = self.reading.document.name(id);
        match &inside.by {
            By::Map(position) => {
                let next = match name {
                    Some(name) => self.tree.step(position, name),
                    None => self.tree.step(position, &met.to_string()),
                };
                self.arrive(id, next, inside.owner)
            }
            By::Keys { entry } => {
                let person = name.and_then(self.identify);
                self.keyed(*entry, person, inside.owner)
            }
        }
    }

    /// What a place is by the map.
    fn arrive(
        &mut self,
        id: NodeId,
        position: Position,
        owner: Owner,
    ) -> Result<Step, RedactionError> {
        let (first, second) = {
            let mut bindings = self.tree.bindings(&position);
            (bindings.next(), bindings.next())
        };
        let (owner, bound) = match (first, second) {
            (None, _) => (owner, false),
            (Some(binding), None) => (self.bind(id, binding)?, true),
            // Two bindings at one place: whose it is would be a matter of order.
            (Some(_), Some(_)) => (Owner::Nobody, true),
        };
        let named = position.named;
        let place = |what| Place { what, named, bound };
        if bound && owner == Owner::Nobody {
            return Ok((place(What::Unlisted), None));
        }
        let kind = self.reading.document.node(id).map_or(Kind::Null, |node| node.kind);
        match (self.tree.claim(&position), owner) {
            (Claim::Entry(entry), Owner::Person(subject)) => {
                let (what, inside) = self.entry(entry, subject, kind);
                Ok((place(what), inside))
            }
            (Claim::Inner, _) if kind.is_container() => {
                let rows = kind == Kind::Array && self.tree.is_row_list(&position);
                let inside = Inside { by: By::Map(position), owner };
                Ok((place(What::Frame { rows }), Some(inside)))
            }
            (Claim::Entry(_) | Claim::Inner | Claim::Nothing, _) => {
                Ok((place(What::Unlisted), None))
            }
        }
    }

    fn entry(&mut self, entry: usize, subject: Subject, kind: Kind) -> (What, Option<Inside>) {
        let Some(described) = self.reading.entry(entry) else {
            return (What::Unlisted, None);
        };
        match (&described.key_class, kind) {
            (None, _) => {
                let class = described.class.clone();
                self.found(subject, class);
                (What::Field { entry, subject }, None)
            }
            (Some(_), Kind::Object) => {
                let inside = Inside { by: By::Keys { entry }, owner: Owner::Person(subject) };
                (What::Frame { rows: false }, Some(inside))
            }
            (Some(_), _) => (What::Unlisted, None),
        }
    }

    /// A member whose name is personal. A name that is a PINFL says whose the member is.
    fn keyed(
        &mut self,
        entry: usize,
        person: Option<Person>,
        owner: Owner,
    ) -> Result<Step, RedactionError> {
        let place = |what| Place { what, named: false, bound: person.is_some() };
        let subject = match (person, owner) {
            (Some(person), _) => self.subject(person)?,
            (None, Owner::Person(subject)) => subject,
            (None, Owner::Nobody) => return Ok((place(What::Unlisted), None)),
        };
        let Some(described) = self.reading.entry(entry) else {
            return Ok((place(What::Unlisted), None));
        };
        let classes = [Some(described.class.clone()), described.key_class.clone()];
        for class in classes.into_iter().flatten() {
            self.found(subject, class);
        }
        Ok((place(What::Keyed { entry, subject }), None))
    }

    /// Whose a bound place is: the identifier stands within it.
    fn bind(&mut self, id: NodeId, binding: usize) -> Result<Owner, RedactionError> {
        let document = &self.reading.document;
        let pointer = self.reading.map.subjects.get(binding).map(|b| b.identifier.as_str());
        let path = segments(pointer.unwrap_or_default()).ok_or(Breach::Selector)?;
        let person = document.find(id, &path).and_then(|at| match document.number(at) {
            Some(number) => (self.identify)(number),
            None => document.string(at).and_then(|text| (self.identify)(&text)),
        });
        let is_root = id == NodeId::ROOT;
        let Some(person) = person else {
            return match is_root {
                true => Err(Breach::NoSubject.into()),
                false => Ok(Owner::Nobody),
            };
        };
        if is_root && self.request.is_some_and(|request| request.id != person.id) {
            return Err(RedactionError::SubjectMismatch);
        }
        let subject = self.subject(person)?;
        self.expect(subject, Some(binding));
        Ok(Owner::Person(subject))
    }

    fn subject(&mut self, person: Person) -> Result<Subject, Breach> {
        if let Some(subject) = self.known.get(&person.id) {
            return Ok(*subject);
        }
        let subjects = &mut self.reading.subjects;
        if subjects.len() >= SUBJECTS_MAX {
            return Err(Breach::TooManySubjects { subjects_max: SUBJECTS_MAX });
        }
        let subject = Subject(subjects.len());
        subjects.push(person);
        self.known.insert(person.id, subject);
        Ok(subject)
    }

    fn expect(&mut self, subject: Subject, binding: Option<usize>) {
        for class in self.tree.expected(binding) {
            self.reading.asked.entry((subject, class.clone())).or_insert(Found::No);
        }
    }

    fn found(&mut self, subject: Subject, class: DataClass) {
        self.reading.asked.insert((subject, class), Found::Yes);
    }
}
