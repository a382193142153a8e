//! The document with what may not leave cut out of it: what stays is copied byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::domain::data::{Form, Mask};
use crate::domain::name::DataClass;
use crate::domain::operation::Withhold;
use crate::redaction::detector;
use crate::redaction::fields::mask::Masks;
use crate::redaction::fields::reading::{Place, Reading, Subject, What};
use crate::redaction::json::{Document, Kind, Node, NodeId};

/// The form decided for each person and class.
pub(super) type Forms<'a> = BTreeMap<(Subject, &'a DataClass), Form>;

/// What left.
#[derive(Debug, Default)]
pub(super) struct Spliced {
    pub(super) bytes: Vec<u8>,
    /// Spans of the new text that may look like identifiers: those of such classes that are clear,
    /// and what masks made.
    pub(super) excused: Vec<Range<usize>>,
    pub(super) left: BTreeSet<(Subject, DataClass, Form)>,
}

/// What becomes of one value.
#[derive(Debug, Clone, Default)]
enum Fate {
    #[default]
    Gone,
    Copied,
    Replaced(String),
    /// A container of which something stays.
    Opened,
}

/// Cuts; `None` if nothing stays.
pub(super) fn splice(reading: &Reading, forms: &Forms<'_>, masks: &Masks<'_>) -> Option<Spliced> {
    let mut knife = Knife {
        reading,
        document: &reading.document,
        forms,
        masks,
        fates: vec![Fate::default(); reading.document.len()],
        names: BTreeMap::new(),
        out: Spliced::default(),
    };
    knife.judge();
    if !knife.stays(NodeId::ROOT) {
        return None;
    }
    knife.write(NodeId::ROOT);
    Some(knife.out)
}

struct Knife<'a> {
    reading: &'a Reading,
    document: &'a Document,
    forms: &'a Forms<'a>,
    masks: &'a Masks<'a>,
    fates: Vec<Fate>,
    /// Names that a pseudonym stands for.
    names: BTreeMap<NodeId, String>,
    out: Spliced,
}

impl Knife<'_> {
    /// Gives each value its fate, children before their parents. A container of which nothing
    /// stays goes itself, and so does all that is around a person of whom nothing stays: that there
    /// is a record of them would say something.
    fn judge(&mut self) {
        let mut own = vec![false; self.document.len()];
        let ids: Vec<_> = self.document.nodes().map(|(id, _)| id).collect();
        for id in ids.into_iter().rev() {
            let Some(place) = self.reading.place(id).copied() else { continue };
            let fate = match place.what {
                What::Unlisted => continue,
                What::Field { entry, subject } => self.field(id, entry, subject),
                What::Keyed { entry, subject } => self.keyed(id, entry, subject),
                What::Frame { .. } => Fate::Opened,
            };
            let (stays, of_owner) = match fate {
                Fate::Gone => (false, false),
                Fate::Copied | Fate::Replaced(_) => (true, true),
                Fate::Opened => self.opened(id, &own),
            };
            if let Some(slot) = own.get_mut(id.index()) {
                *slot = of_owner;
            }
            if stays && (of_owner || !place.bound) && let Some(slot) = self.fates.get_mut(id.index())
            {
                *slot = fate;
            }
        }
    }

    /// Whether something within a container stays, and whether something of its own person does.
    fn opened(&self, id: NodeId, own: &[bool]) -> (bool, bool) {
        let mut stays = false;
        let mut of_owner = false;
        for child in self.document.children(id) {
            stays |= self.stays(child);
            let apart = self.reading.place(child).is_some_and(|place| place.bound);
            of_owner |= !apart && own.get(child.index()).copied().unwrap_or_default();
        }
        (stays, of_owner)
    }

    fn field(&self, id: NodeId, entry: usize, subject: Subject) -> Fate {
        let Some(described) = self.reading.entry(entry) else {
            return Fate::Gone;
        };
        match self.form(subject, &described.class) {
            Form::Clear => Fate::Copied,
            Form::Masked(mask) => {
                let mask = described.mask.map_or(mask, |own| own.min(mask));
                let masked = self.masks.apply(mask, &described.class, self.document, id);
                masked.map_or(Fate::Gone, Fate::Replaced)
            }
            Form::Absent | Form::Verified => Fate::Gone,
        }
    }

    fn keyed(&mut self, id: NodeId, entry: usize, subject: Subject) -> Fate {
        let class = self.reading.entry(entry).and_then(|described| described.key_class.as_ref());
        let (Some(class), Some(name)) = (class, self.document.name(id)) else {
            return Fate::Gone;
        };
        match self.form(subject, class) {
            Form::Clear => self.field(id, entry, subject),
            // Two masked names could be the same; pseudonyms are not, and show less.
            Form::Masked(Mask::Pseudonym | Mask::Partial | Mask::Last4) => {
                let Some(pseudonym) = (self.masks.pseudonym)(class, name) else {
                    return Fate::Gone;
                };
                self.names.insert(id, pseudonym);
                self.field(id, entry, subject)
            }
            Form::Masked(Mask::Redacted | Mask::Band) | Form::Absent | Form::Verified => Fate::Gone,
        }
    }

    fn form(&self, subject: Subject, class: &DataClass) -> Form {
        self.forms.get(&(subject, class)).copied().unwrap_or(Form::Absent)
    }

    fn stays(&self, id: NodeId) -> bool {
        !matches!(self.fates.get(id.index()), None | Some(Fate::Gone))
    }

    /// Writes a value that stays. Recursion is bounded by the depth that was read.
    fn write(&mut self, id: NodeId) {
        let document = self.document;
        let Some(node) = document.node(id) else { return };
        let from = self.out.bytes.len();
        match self.fates.get(id.index()).cloned().unwrap_or_default() {
            Fate::Gone => self.copy("null"),
            Fate::Opened => return self.write_container(id, node),
            Fate::Copied => self.copy(document.text(node.span())),
            Fate::Replaced(text) => {
                self.copy(&text);
                self.excuse(from);
            }
        }
        self.note(id, from);
    }

    /// Writes what stays of a container: each child with the white space around it, between the
    /// container's own brackets.
    fn write_container(&mut self, id: NodeId, node: &Node) {
        let document = self.document;
        let span = node.span();
        self.copy(document.text(span.start..span.start + 1));
        let children: Vec<_> = document.children(id).collect();
        let mut at = span.start + 1;
        let mut separator = "";
        for (index, child) in children.iter().enumerate() {
            let Some(value) = document.node(*child) else { continue };
            let head = beginning(value);
            let next = children.get(index + 1).and_then(|next| document.node(*next));
            let until = next.map_or(span.end - 1, beginning);
            let gap = document.text(value.span().end..until);
            let trail = gap.split(',').next().unwrap_or_default();
            let lead = document.text(at..head);
            at = value.span().end + trail.len() + 1;
            if !self.stays(*child) && !self.leaves_null(id, node.kind, *child) {
                continue;
            }
            self.copy(separator);
            self.copy(lead);
            self.write_name(*child, value);
            self.write(*child);
            self.copy(trail);
            separator = ",";
        }
        self.copy(document.text(span.end - 1..span.end));
    }

    /// The name of a member, the colon and the white space between.
    fn write_name(&mut self, id: NodeId, node: &Node) {
        let Some(name) = node.name_span() else { return };
        let document = self.document;
        let from = self.out.bytes.len();
        match self.names.get(&id).cloned() {
            Some(pseudonym) => {
                self.copy(&format!("\"{pseudonym}\""));
                self.excuse(from);
            }
            None => self.copy(document.text(name.clone())),
        }
        self.note_name(id, from);
        self.copy(document.text(name.end..node.span().start));
    }

    /// Whether `null` marks the place of what is withheld: in arrays, where positions count, unless
    /// its elements are about persons; in objects where the map says so and names the member.
    fn leaves_null(&self, container: NodeId, kind: Kind, child: NodeId) -> bool {
        let place = |id| self.reading.place(id);
        let rows = place(container).is_some_and(|p| p.what == What::Frame { rows: true });
        let named = place(child).is_some_and(|p| p.named);
        match kind {
            Kind::Array => !rows,
            Kind::Object => named && self.reading.map.withhold == Withhold::Null,
            Kind::String | Kind::Number | Kind::True | Kind::False | Kind::Null => false,
        }
    }

    /// Remembers that a value left, and excuses it where it may be an identifier.
    fn note(&mut self, id: NodeId, from: usize) {
        let Some(Place { what, .. }) = self.reading.place(id) else { return };
        let (What::Field { entry, subject } | What::Keyed { entry, subject }) = *what else {
            return;
        };
        let Some(described) = self.reading.entry(entry) else { return };
        if self.stays(id) {
            self.leave(subject, &described.class, from);
        }
    }

    fn note_name(&mut self, id: NodeId, from: usize) {
        let Some(Place { what: What::Keyed { entry, subject }, .. }) = self.reading.place(id) else {
            return;
        };
        let described = self.reading.entry(*entry);
        if let Some(class) = described.and_then(|described| described.key_class.as_ref()) {
            self.leave(*subject, class, from);
        }
    }

    fn leave(&mut self, subject: Subject, class: &DataClass, from: usize) {
        let form = self.form(subject, class);
        if form == Form::Clear && detector::is_excused(class) {
            self.excuse(from);
        }
        self.out.left.insert((subject, class.clone(), form));
    }

    fn excuse(&mut self, from: usize) {
        self.out.excused.push(from..self.out.bytes.len());
    }

    fn copy(&mut self, text: &str) {
        self.out.bytes.extend_from_slice(text.as_bytes());
    }
}

/// Where a value begins with its name, if it has one.
fn beginning(node: &Node) -> usize {
    node.name_span().map_or(node.span().start, |name| name.start)
}
