//! The values of a text in the order in which they stand, each with its span.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;

/// A text and the places of its values. Values are numbered as they begin: a container comes right
/// before its first child.
pub struct Document {
    bytes: Bytes,
    nodes: Vec<Node>,
}

/// The number of a value; the root is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) usize);

impl NodeId {
    pub const ROOT: Self = Self(0);

    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// What kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

impl Kind {
    #[must_use]
    pub const fn is_container(self) -> bool {
        matches!(self, Self::Object | Self::Array)
    }
}

/// One value: its kind, its span, its name within an object, and where the next value after its
/// own subtree is.
#[derive(Debug, Clone)]
pub struct Node {
    pub kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) name: Option<Name>,
    pub(super) next: usize,
}

/// The name of a member: its span with the quotes, and the name itself where it is written with
/// escapes.
#[derive(Clone)]
pub(super) struct Name {
    pub(super) span: Range<usize>,
    pub(super) unescaped: Option<Box<str>>,
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({:?})", self.span)
    }
}

impl Node {
    /// The bytes of the value, without white space around it.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The bytes of the member's name with its quotes; `None` for an element or the root.
    #[must_use]
    pub fn name_span(&self) -> Option<Range<usize>> {
        self.name.as_ref().map(|name| name.span.clone())
    }
}

impl Document {
    pub(super) fn new(bytes: Bytes, nodes: Vec<Node>) -> Self {
        Self { bytes, nodes }
    }

    /// How many values there are; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0)
    }

    /// All values as they stand.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(i, node)| (NodeId(i), node))
    }

    /// The text of a span that lies on character boundaries, as all spans of values do; else
    /// nothing.
    #[must_use]
    pub fn text(&self, span: Range<usize>) -> &str {
        let bytes = self.bytes.get(span).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The value that follows `id` and all that is within it.
    #[must_use]
    pub fn after(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).map_or(self.nodes.len(), |node| node.next))
    }

    /// The first value within a container; what follows it where there is none.
    #[must_use]
    pub const fn first_within(id: NodeId) -> NodeId {
        NodeId(id.0 + 1)
    }

    /// The members or elements of a container, in order; nothing for a scalar.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let end = self.after(id).0;
        let first = Some(id.0 + 1).filter(|at| *at < end);
        std::iter::successors(first, move |at| {
            Some(self.after(NodeId(*at)).0).filter(|next| *next < end)
        })
        .map(NodeId)
    }

    /// The name of a member, unescaped; `None` for an element or the root.
    #[must_use]
    pub fn name(&self, id: NodeId) -> Option<&str> {
        let name = self.node(id)?.name.as_ref()?;
        Some(match &name.unescaped {
            Some(unescaped) => unescaped,
            None => unquoted(self.text(name.span.clone())),
        })
    }

    /// What a string says, unescaped; `None` for what is no string.
    #[must_use]
    pub fn string(&self, id: NodeId) -> Option<Cow<'_, str>> {
        let node = self.node(id)?;
        match node.kind {
            Kind::String => Some(unescape(unquoted(self.text(node.span())))),
            Kind::Object | Kind::Array | Kind::Number | Kind::True | Kind::False | Kind::Null => {
                None
            }
        }
    }

    /// A number as it is written; `None` for what is no number.
    #[must_use]
    pub fn number(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id)?;
        (node.kind == Kind::Number).then(|| self.text(node.span()))
    }

    /// The value under `id` that a pointer (RFC 6901 §4) leads to, already in segments.
    #[must_use]
    pub fn find(&self, id: NodeId, segments: &[impl AsRef<str>]) -> Option<NodeId> {
        segments.iter().try_fold(id, |at, segment| {
            let segment = segment.as_ref();
            match self.node(at)?.kind {
                Kind::Object => self.children(at).find(|child| self.name(*child) == Some(segment)),
                Kind::Array => self.children(at).nth(array_index(segment)?),
                Kind::String | Kind::Number | Kind::True | Kind::False | Kind::Null => None,
            }
        })
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} values, withheld)", self.nodes.len())
    }
}

/// An array index as RFC 6901 §4 writes it: no sign, no leading zero.
fn array_index(segment: &str) -> Option<usize> {
    let plain = segment == "0"
        || (!segment.starts_with('0') && segment.bytes().all(|b| b.is_ascii_digit()));
    segment.parse().ok().filter(|_| plain)
}

/// What stands between the quotes.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text)
}

/// Replaces the escapes of RFC 8259 §7 in a string that was scanned, hence has no others.
pub(super) fn unescape(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        let escape = if c == '\\' { rest.next() } else { None };
        if escape == Some('u') {
            let unit = rest.by_ref().take(4).fold(0_u32, |unit, digit| {
                (unit << 4) | digit.to_digit(16).unwrap_or_default()
            });
            units.push(u16::try_from(unit).unwrap_or(u16::MAX));
            continue;
        }
        flush(&mut units, &mut plain);
        plain.push(match escape {
            None => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
        });
    }
    flush(&mut units, &mut plain);
    Cow::Owned(plain)
}

/// Writes what a run of `\u` escapes says: pairs of surrogates are one character.
fn flush(units: &mut Vec<u16>, plain: &mut String) {
    plain.extend(
        char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)),
    );
}
