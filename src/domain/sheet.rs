//! A TOML file as a person wrote it, read key by key so that every problem is found at once.
//!
//! A reader asks a [`Table`] for the keys it knows. A missing key, a wrong type, a value that does
//! not parse and a key that nobody asked for each become a [`Problem`] with its line; reading goes
//! on. A value that could not be read is `None`, and whoever builds from it returns `None` as well.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::domain::problem::Problem;

/// A value and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct At<T> {
    pub value: T,
    /// Counted from 1.
    pub line: u32,
}

impl<T> At<T> {
    /// The same place, another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> At<U> {
        At { value: change(self.value), line: self.line }
    }
}

/// One table of the file.
pub struct Table<'t> {
    page: &'t Page<'t>,
    keys: Vec<Key<'t>>,
    asked: BTreeSet<&'static str>,
    line: u32,
}

struct Key<'t> {
    name: &'t str,
    line: u32,
    value: &'t DeValue<'t>,
    value_line: u32,
    asked: bool,
}

/// The file while it is being read.
struct Page<'t> {
    file: &'t Path,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
}

/// What a TOML value can be read as.
pub trait Written: Sized {
    /// What to write, `a string`.
    const KIND: &'static str;

    /// The value, or `None` where it is of another kind.
    fn read(value: &DeValue<'_>) -> Option<Self>;
}

impl Written for String {
    const KIND: &'static str = "a string";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Written for bool {
    const KIND: &'static str = "`true` or `false`";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }
}

impl Written for i64 {
    const KIND: &'static str = "a whole number";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let integer = value.as_integer()?;
        Self::from_str_radix(integer.as_str(), integer.radix()).ok()
    }
}

impl Written for u64 {
    const KIND: &'static str = "a whole number from 0 up";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        i64::read(value).and_then(|number| Self::try_from(number).ok())
    }
}

/// Reads `bytes` as TOML and hands its root to `build`. Gives what `build` made and all problems
/// found; a file that is not TOML gives only the places where it is not.
pub fn read<T>(
    file: &Path,
    bytes: &[u8],
    build: impl FnOnce(&mut Table<'_>) -> Option<T>,
) -> (Option<T>, Vec<Problem>) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let what = "the file is not UTF-8".to_owned();
        let mend = "save it as UTF-8".to_owned();
        return (None, vec![Problem { file: file.to_owned(), line: 0, what, mend }]);
    };
    let page = Page { file, text, problems: RefCell::new(Vec::new()) };
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map_or(0, |span| page.line(span.start));
        let what = format!("not TOML: {}", error.message().replace('\n', " "));
        page.note(line, what, "correct the line");
    }
    if !errors.is_empty() {
        return (None, page.problems.into_inner());
    }
    let mut table = Table::open(&page, root.get_ref(), 0);
    let built = build(&mut table);
    table.close();
    (built, page.problems.into_inner())
}

impl<'t> Table<'t> {
    /// Line of the table's head; 0 is the file as a whole.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// Notes a problem.
    pub fn note(&self, line: u32, what: impl Into<String>, mend: impl Into<String>) {
        self.page.note(line, what, mend);
    }

    /// Whether the key is written, whatever its value.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|k| k.name == key)
    }

    /// Whether nothing is written under the key: it is left out, or an empty list.
    #[must_use]
    pub fn is_empty(&self, key: &str) -> bool {
        let found = self.keys.iter().find(|k| k.name == key);
        found.is_none_or(|k| k.value.as_array().is_some_and(|array| array.is_empty()))
    }

    /// The value of a key that may be left out.
    pub fn want<T: Written>(&mut self, key: &'static str) -> Option<At<T>> {
        let (value, line) = self.ask(key)?;
        self.page.value(key, value, line)
    }

    /// The value of a key that must be there.
    pub fn need<T: Written>(&mut self, key: &'static str) -> Option<At<T>> {
        if !self.has(key) {
            self.missing(key, T::KIND);
        }
        self.want(key)
    }

    /// A string that may be left out, read by `parse`; its error is told with `mend`.
    pub fn want_parsed<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        mend: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<At<T>> {
        let written: At<String> = self.want(key)?;
        self.page.parsed(key, &written, mend, parse)
    }

    /// A string that must be there, read by `parse`; its error is told with `mend`.
    pub fn need_parsed<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        mend: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<At<T>> {
        let written: At<String> = self.need(key)?;
        self.page.parsed(key, &written, mend, parse)
    }

    /// A string read by `parse`, or `default` where it is left out.
    pub fn parsed_or<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        default: T,
        mend: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.asked.insert(key);
        if !self.has(key) {
            return Some(default);
        }
        self.want_parsed(key, mend, parse).map(|at| at.value)
    }

    /// A number within bounds that must be there.
    pub fn need_bounded(&mut self, key: &'static str, bounds: (u64, u64)) -> Option<u64> {
        if !self.has(key) {
            self.missing(key, u64::KIND);
            return None;
        }
        self.bounded(key, 0, bounds)
    }

    /// A number within bounds, or `default` where it is left out.
    pub fn bounded(&mut self, key: &'static str, default: u64, bounds: (u64, u64)) -> Option<u64> {
        self.asked.insert(key);
        if !self.has(key) {
            return Some(default);
        }
        let At { value, line } = self.want::<u64>(key)?;
        let (min, max) = bounds;
        if (min..=max).contains(&value) {
            return Some(value);
        }
        self.note(line, format!("`{key}` is {value}"), format!("write a number from {min} to {max}"));
        None
    }

    /// The elements of a list; a list left out is empty, a wrong element is left out.
    pub fn list<T: Written>(&mut self, key: &'static str) -> Vec<At<T>> {
        let elements = self.elements(key);
        let read = |(value, line)| self.page.value::<T>(key, value, line);
        elements.into_iter().filter_map(read).collect()
    }

    /// The strings of a list, each read by `parse`.
    pub fn list_parsed<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        mend: &str,
        mut parse: impl FnMut(&str) -> Result<T, E>,
    ) -> Vec<At<T>> {
        let written = self.list::<String>(key);
        let read = |text: &At<String>| self.page.parsed(key, text, mend, &mut parse);
        written.iter().filter_map(read).collect()
    }

    /// A table within this one that may be left out.
    pub fn section<T>(
        &mut self,
        key: &'static str,
        build: impl FnOnce(&mut Table<'_>) -> Option<T>,
    ) -> Option<T> {
        let (value, line) = self.ask(key)?;
        self.page.table(key, value, line, build)
    }

    /// A table within this one, or `default` where it is left out.
    pub fn section_or<T>(
        &mut self,
        key: &'static str,
        default: T,
        build: impl FnOnce(&mut Table<'_>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(key) {
            self.asked.insert(key);
            return Some(default);
        }
        self.section(key, build)
    }

    /// A table within this one that must be there.
    pub fn need_section<T>(
        &mut self,
        key: &'static str,
        build: impl FnOnce(&mut Table<'_>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(key) {
            self.missing(key, "a table");
        }
        self.section(key, build)
    }

    /// The tables of a list, `[[key]]`; one that could not be built is left out.
    pub fn tables<T>(
        &mut self,
        key: &'static str,
        mut build: impl FnMut(&mut Table<'_>) -> Option<T>,
    ) -> Vec<T> {
        let elements = self.elements(key);
        let read = |(value, line)| self.page.table(key, value, line, &mut build);
        elements.into_iter().filter_map(read).collect()
    }

    /// The tables under freely chosen names, `[key.NAME]`, in the order they are written.
    pub fn named<T>(
        &mut self,
        key: &'static str,
        mut build: impl FnMut(At<&str>, &mut Table<'_>) -> Option<T>,
    ) -> Vec<T> {
        let all = self.section(key, |table| {
            let names = table.take_all();
            let read = |(name, value, line): (At<&str>, &DeValue<'_>, u32)| {
                let value_name = name.value;
                table.page.table(value_name, value, line, |inner| build(name, inner))
            };
            Some(names.into_iter().filter_map(read).collect())
        });
        all.unwrap_or_default()
    }

    /// All keys of this table with a string or a table for each, in the order they are written:
    /// for maps whose short form is one word.
    pub fn words_or_tables<T>(
        &mut self,
        mut build: impl FnMut(At<&str>, WordOrTable<'_, '_>) -> Option<T>,
    ) -> Vec<T> {
        let names = self.take_all();
        let read = |(name, value, line): (At<&str>, &DeValue<'_>, u32)| match value.as_str() {
            Some(word) => build(name, WordOrTable::Word(word)),
            None => {
                let value_name = name.value;
                self.page.table(value_name, value, line, |inner| {
                    build(name, WordOrTable::Table(inner))
                })
            }
        };
        names.into_iter().filter_map(read).collect()
    }

    /// All keys of this table with a number for each, read by `parse`.
    pub fn numbers<T>(
        &mut self,
        mend: &str,
        mut parse: impl FnMut(&str, u64) -> Result<T, String>,
    ) -> Vec<T> {
        let names = self.take_all();
        let read = |(name, value, line): (At<&str>, &DeValue<'_>, u32)| {
            let At { value: number, line } = self.page.value::<u64>(name.value, value, line)?;
            parse(name.value, number).map_err(|what| self.note(line, what, mend)).ok()
        };
        names.into_iter().filter_map(read).collect()
    }

    fn open(page: &'t Page<'t>, table: &'t DeTable<'t>, line: u32) -> Self {
        let key = |(name, value): (&'t toml::Spanned<_>, &'t toml::Spanned<DeValue<'t>>)| {
            let name: &toml::Spanned<std::borrow::Cow<'t, str>> = name;
            Key {
                name: name.get_ref(),
                line: page.line(name.span().start),
                value: value.get_ref(),
                value_line: page.line(value.span().start),
                asked: false,
            }
        };
        let mut keys: Vec<_> = table.iter().map(key).collect();
        keys.sort_by_key(|key| key.line);
        Self { page, keys, asked: BTreeSet::new(), line }
    }

    /// Tells of every key that nobody asked for.
    fn close(self) {
        let known: Vec<_> = self.asked.iter().map(|key| format!("`{key}`")).collect();
        for key in self.keys.iter().filter(|key| !key.asked) {
            let mend = format!("remove it, or write one of {}", known.join(", "));
            self.page.note(key.line, format!("unknown key `{}`", key.name), mend);
        }
    }

    fn ask(&mut self, key: &'static str) -> Option<(&'t DeValue<'t>, u32)> {
        self.asked.insert(key);
        let found = self.keys.iter_mut().find(|k| k.name == key)?;
        found.asked = true;
        Some((found.value, found.value_line))
    }

    fn take_all(&mut self) -> Vec<(At<&'t str>, &'t DeValue<'t>, u32)> {
        let take = |key: &mut Key<'t>| {
            key.asked = true;
            (At { value: key.name, line: key.line }, key.value, key.value_line)
        };
        self.keys.iter_mut().map(take).collect()
    }

    fn missing(&mut self, key: &'static str, kind: &str) {
        self.asked.insert(key);
        self.note(self.line, format!("`{key}` is missing"), format!("write `{key}`, {kind}"));
    }

    fn elements(&mut self, key: &'static str) -> Vec<(&'t DeValue<'t>, u32)> {
        let Some((value, line)) = self.ask(key) else {
            return Vec::new();
        };
        let Some(array) = value.as_array() else {
            self.page.wrong_kind(key, value, line, "a list");
            return Vec::new();
        };
        array.iter().map(|e| (e.get_ref(), self.page.line(e.span().start))).collect()
    }
}

/// The value of a map whose short form is one word.
#[derive(Debug)]
pub enum WordOrTable<'w, 't> {
    Word(&'w str),
    Table(&'w mut Table<'t>),
}

impl Page<'_> {
    fn note(&self, line: u32, what: impl Into<String>, mend: impl Into<String>) {
        let (what, mend) = (what.into(), mend.into());
        let problem = Problem { file: self.file.to_owned(), line, what, mend };
        self.problems.borrow_mut().push(problem);
    }

    fn value<T: Written>(&self, key: &str, value: &DeValue<'_>, line: u32) -> Option<At<T>> {
        let read = T::read(value);
        if read.is_none() {
            self.wrong_kind(key, value, line, T::KIND);
        }
        read.map(|value| At { value, line })
    }

    fn parsed<T, E: fmt::Display>(
        &self,
        key: &str,
        written: &At<String>,
        mend: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<At<T>> {
        match parse(&written.value) {
            Ok(value) => Some(At { value, line: written.line }),
            Err(error) => {
                self.note(written.line, format!("`{key}`: {error}"), mend);
                None
            }
        }
    }

    fn table<T>(
        &self,
        key: &str,
        value: &DeValue<'_>,
        line: u32,
        build: impl FnOnce(&mut Table<'_>) -> Option<T>,
    ) -> Option<T> {
        let Some(inner) = value.as_table() else {
            self.wrong_kind(key, value, line, "a table");
            return None;
        };
        let mut table = Table::open(self, inner, line);
        let built = build(&mut table);
        table.close();
        built
    }

    fn wrong_kind(&self, key: &str, value: &DeValue<'_>, line: u32, kind: &str) {
        let what = format!("`{key}` is of type {}", value.type_str());
        self.note(line, what, format!("write {kind}"));
    }

    /// The line of a byte offset, counted from 1.
    fn line(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        let breaks = before.iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
    }
}

impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({}:{})", self.page.file.display(), self.line)
    }
}
