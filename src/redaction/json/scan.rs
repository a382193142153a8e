//! One pass over the bytes: the grammar of RFC 8259, with the names of open containers kept on a
//! stack.

use super::document::{Kind, Name, Node, unescape};
use super::{JsonError, Limits};

/// Reads one text. `at` is always on the next byte to read.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    nodes: Vec<Node>,
    /// Containers that are open, outermost first.
    open: Vec<usize>,
    limits: &'a Limits,
}

/// What follows a value that ended.
enum After {
    Value(Option<Name>),
    End,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self {
            text,
            at: 0,
            nodes: Vec::new(),
            open: Vec::new(),
            limits,
        }
    }

    pub(super) fn run(mut self) -> Result<Vec<Node>, JsonError> {
        let mut name = None;
        loop {
            self.space();
            if let Some(first) = self.value(name)? {
                name = first;
                continue;
            }
            match self.after()? {
                After::Value(next) => name = next,
                After::End => return Ok(self.nodes),
            }
        }
    }

    /// Reads a scalar, or the opening of a container. `Some` is the name of a first child to come
    /// (`Some(None)` for an element).
    fn value(&mut self, name: Option<Name>) -> Result<Option<Option<Name>>, JsonError> {
        if self.nodes.len() >= self.limits.nodes_max {
            let nodes_max = self.limits.nodes_max;
            return Err(JsonError::TooManyValues { nodes_max });
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => self.string().map(|()| Kind::String)?,
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number)?,
            Some(b't') => self.word("true").map(|()| Kind::True)?,
            Some(b'f') => self.word("false").map(|()| Kind::False)?,
            Some(b'n') => self.word("null").map(|()| Kind::Null)?,
            Some(_) | None => return Err(self.malformed("no value")),
        };
        let next = self.nodes.len() + 1;
        let end = self.at;
        self.nodes.push(Node { kind, start, end, name, next });
        if !kind.is_container() {
            return Ok(None);
        }
        if self.open.len() >= self.limits.depth_max {
            let depth_max = self.limits.depth_max;
            return Err(JsonError::TooDeep { depth_max });
        }
        self.open.push(next - 1);
        self.at += 1;
        self.space();
        match (kind, self.peek()) {
            (Kind::Object, Some(b'}')) | (Kind::Array, Some(b']')) => {
                self.close()?;
                Ok(None)
            }
            (Kind::Object, _) => self.name().map(|name| Some(Some(name))),
            (_, _) => Ok(Some(None)),
        }
    }

    /// Closes all containers that end here; then either another value is to come, or the text ends.
    fn after(&mut self) -> Result<After, JsonError> {
        loop {
            self.space();
            let kind = self.open.last().and_then(|id| self.nodes.get(*id)).map(|node| node.kind);
            match (kind, self.peek()) {
                (None, None) => return Ok(After::End),
                (None, Some(_)) => return Err(self.malformed("something after the value")),
                (Some(Kind::Object), Some(b'}')) | (Some(Kind::Array), Some(b']')) => {
                    self.close()?;
                }
                (Some(Kind::Object), Some(b',')) => {
                    self.at += 1;
                    self.space();
                    return Ok(After::Value(Some(self.name()?)));
                }
                (Some(_), Some(b',')) => {
                    self.at += 1;
                    return Ok(After::Value(None));
                }
                (Some(_), _) => return Err(self.malformed("no comma and no end of a container")),
            }
        }
    }

    fn close(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        let next = self.nodes.len();
        let Some(id) = self.open.pop() else {
            return Ok(());
        };
        if let Some(node) = self.nodes.get_mut(id) {
            node.end = self.at;
            node.next = next;
        }
        self.unique_names(id)
    }

    /// Refuses an object with two members of one name (RFC 8259 §4 leaves open which one counts).
    fn unique_names(&self, object: usize) -> Result<(), JsonError> {
        let mut names = Vec::new();
        let mut at = object + 1;
        while let Some(node) = self.nodes.get(at) {
            if let Some(name) = &node.name {
                names.push(self.plain(name));
            }
            at = node.next;
        }
        names.sort_unstable();
        match names.windows(2).any(|pair| pair.first() == pair.last()) {
            true => Err(JsonError::DuplicateName { at: self.at }),
            false => Ok(()),
        }
    }

    fn plain<'b>(&'b self, name: &'b Name) -> &'b str {
        let inner = name.span.start + 1..name.span.end.saturating_sub(1);
        match &name.unescaped {
            Some(unescaped) => unescaped,
            None => self.text.get(inner).unwrap_or_default(),
        }
    }

    /// A name and the colon after it.
    fn name(&mut self) -> Result<Name, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.malformed("no name of a member"));
        }
        let start = self.at;
        self.string()?;
        let span = start..self.at;
        let inner = self.text.get(start + 1..self.at - 1).unwrap_or_default();
        let unescaped = inner.contains('\\').then(|| Box::from(&*unescape(inner)));
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.malformed("no colon after a name"));
        }
        self.at += 1;
        Ok(Name { span, unescaped })
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                None | Some(0..0x20) => return Err(self.malformed("no end of a string")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => self.unit(),
            Some(_) | None => Err(self.malformed("no escape of JSON")),
        }
    }

    /// `\uXXXX`: a code unit of UTF-16; a surrogate only in a pair, and never NUL, at which a
    /// reader in C would stop.
    fn unit(&mut self) -> Result<(), JsonError> {
        match self.hex()? {
            0 => Err(self.malformed("an escaped NUL")),
            0xD800..=0xDBFF => {
                if !self.rest().starts_with(b"\\u") {
                    return Err(self.malformed("half a surrogate pair"));
                }
                self.at += 1;
                match self.hex()? {
                    0xDC00..=0xDFFF => Ok(()),
                    _ => Err(self.malformed("half a surrogate pair")),
                }
            }
            0xDC00..=0xDFFF => Err(self.malformed("half a surrogate pair")),
            _ => Ok(()),
        }
    }

    /// From the `u`, four hexadecimal digits.
    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at + 1..self.at + 5).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(self.malformed("no four hexadecimal digits"));
        }
        self.at += 5;
        u32::from_str_radix(digits, 16).map_err(|_| self.malformed("no hexadecimal digits"))
    }

    /// RFC 8259 §6.
    fn number(&mut self) -> Result<(), JsonError> {
        self.skip_if(|b| b == b'-');
        if self.skip_if(|b| b == b'0') == 0 && self.digits() == 0 {
            return Err(self.malformed("no digit"));
        }
        if self.skip_if(|b| b == b'.') > 0 && self.digits() == 0 {
            return Err(self.malformed("no digit after the point"));
        }
        if self.skip_if(|b| matches!(b, b'e' | b'E')) > 0 {
            self.skip_if(|b| matches!(b, b'+' | b'-'));
            if self.digits() == 0 {
                return Err(self.malformed("no digit in the exponent"));
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.skip_if(|b| b.is_ascii_digit()) > 0 {}
        self.at - start
    }

    /// How many bytes were skipped: one or none.
    fn skip_if(&mut self, wanted: impl Fn(u8) -> bool) -> usize {
        let skipped = usize::from(self.peek().is_some_and(wanted));
        self.at += skipped;
        skipped
    }

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.malformed("no value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn space(&mut self) {
        while self.skip_if(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) > 0 {}
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn malformed(&self, what: &'static str) -> JsonError {
        JsonError::Malformed { what, at: self.at }
    }
}
