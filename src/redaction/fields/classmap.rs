//! A class map as a tree of segments, walked along with the document.

use crate::domain::name::DataClass;
use crate::domain::operation::ClassMap;
use crate::redaction::error::Breach;

/// The selectors and bindings of a class map as one tree.
#[derive(Debug)]
pub(super) struct Tree {
    spots: Vec<Spot>,
    /// For each binding the classes that are expected right under it; the last is for fields that
    /// are under none.
    expected: Vec<Vec<DataClass>>,
}

/// A place in the tree.
#[derive(Debug, Default)]
struct Spot {
    named: Vec<(Box<str>, SpotId)>,
    any: Option<SpotId>,
    entries: Vec<usize>,
    bindings: Vec<usize>,
    /// A binding stands here or further down.
    leads_to_binding: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SpotId(usize);

/// Where the walk is: all spots that one place of the document is at.
#[derive(Debug, Clone, Default)]
pub(super) struct Position {
    spots: Vec<SpotId>,
    /// By a name of the map rather than by `*` alone.
    pub(super) named: bool,
}

/// What the map says of one place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing, or two things at once.
    Nothing,
    /// The place is a field, with all that is within it.
    Entry(usize),
    /// Fields are further down.
    Inner,
}

/// A selector or pointer in segments (RFC 6901 §4); `None` if it is neither empty nor begins
/// with `/`.
pub(super) fn segments(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let rest = pointer.strip_prefix('/')?;
    Some(rest.split('/').map(|s| s.replace("~1", "/").replace("~0", "~")).collect())
}

impl Tree {
    /// Refuses a selector that does not parse.
    pub(super) fn of(map: &ClassMap) -> Result<Self, Breach> {
        let read = |pointer: &str| segments(pointer).ok_or(Breach::Selector);
        let mut tree = Self {
            spots: vec![Spot::default()],
            expected: vec![Vec::new(); map.subjects.len() + 1],
        };
        let mut places = Vec::with_capacity(map.subjects.len());
        for (index, binding) in map.subjects.iter().enumerate() {
            let path = read(&binding.at)?;
            tree.grow(&path, true, |spot| spot.bindings.push(index));
            places.push(path);
        }
        for (index, entry) in map.entries.iter().enumerate() {
            let path = read(&entry.selector)?;
            tree.grow(&path, false, |spot| spot.entries.push(index));
            let under = places
                .iter()
                .enumerate()
                .filter(|(_, place)| leads(place, &path))
                .max_by_key(|(_, place)| place.len())
                .map_or(map.subjects.len(), |(binding, _)| binding);
            if let Some(classes) = tree.expected.get_mut(under) {
                classes.push(entry.class.clone());
                classes.extend(entry.key_class.clone());
                classes.sort_unstable();
                classes.dedup();
            }
        }
        Ok(tree)
    }

    /// Where a walk begins.
    pub(super) fn root() -> Position {
        Position { spots: vec![SpotId(0)], named: true }
    }

    /// The classes of the fields right under a binding; under none with `None`.
    pub(super) fn expected(&self, binding: Option<usize>) -> &[DataClass] {
        let index = binding.unwrap_or(self.expected.len().saturating_sub(1));
        self.expected.get(index).map_or(&[], Vec::as_slice)
    }

    /// The position of a member with this name, or of an element with this index written out.
    pub(super) fn step(&self, from: &Position, segment: &str) -> Position {
        let mut to = Position::default();
        for spot in self.at(from) {
            if let Some((_, next)) = spot.named.iter().find(|(name, _)| **name == *segment) {
                to.spots.push(*next);
                to.named = true;
            }
            to.spots.extend(spot.any);
        }
        to
    }

    /// What the map says of a position. A place that two selectors claim is claimed by none: which
    /// of them would count must not be a matter of order.
    pub(super) fn claim(&self, position: &Position) -> Claim {
        let mut entries = self.at(position).flat_map(|spot| &spot.entries);
        let deeper = self.at(position).any(|spot| spot.any.is_some() || !spot.named.is_empty());
        match (entries.next(), entries.next(), deeper) {
            (Some(entry), None, false) => Claim::Entry(*entry),
            (None, _, true) => Claim::Inner,
            (None, _, false) | (Some(_), Some(_), _) | (Some(_), None, true) => Claim::Nothing,
        }
    }

    /// The bindings that stand at a position.
    pub(super) fn bindings(&self, position: &Position) -> impl Iterator<Item = usize> {
        self.at(position).flat_map(|spot| spot.bindings.iter().copied())
    }

    /// Whether each element of an array at this position is, or holds, what is about a person of
    /// its own.
    pub(super) fn is_row_list(&self, position: &Position) -> bool {
        let mut elements = self.at(position).filter_map(|spot| spot.any);
        elements.any(|id| self.spots.get(id.0).is_some_and(|s| s.leads_to_binding))
    }

    fn at(&self, position: &Position) -> impl Iterator<Item = &Spot> {
        position.spots.iter().filter_map(|id| self.spots.get(id.0))
    }

    fn grow(&mut self, path: &[String], binds: bool, mark: impl FnOnce(&mut Spot)) {
        let mut at = 0;
        for segment in path {
            let new = SpotId(self.spots.len());
            let Some(spot) = self.spots.get_mut(at) else { return };
            spot.leads_to_binding |= binds;
            let next = match segment.as_str() {
                "*" => *spot.any.get_or_insert(new),
                name => match spot.named.iter().find(|(known, _)| **known == *name) {
                    Some((_, next)) => *next,
                    None => {
                        spot.named.push((Box::from(name), new));
                        new
                    }
                },
            };
            if next == new {
                self.spots.push(Spot::default());
            }
            at = next.0;
        }
        if let Some(spot) = self.spots.get_mut(at) {
            spot.leads_to_binding |= binds;
            mark(spot);
        }
    }
}

/// Whether a place with this path can stand around what a selector selects.
fn leads(place: &[String], selector: &[String]) -> bool {
    let meets = |(a, b): (&String, &String)| a == b || a == "*" || b == "*";
    place.len() <= selector.len() && place.iter().zip(selector).all(meets)
}
