//! One table: keys are asked for by name, and what nobody asked for is told of.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::sheet::written::Written;
use crate::domain::sheet::{At, Page};

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

/// The value of a map whose short form is one word.
#[derive(Debug)]
pub enum WordOrTable<'w, 't> {
    Word(&'w str),
    Table(&'w mut Table<'t>),
}

impl<'t> Table<'t> {
    /// Line of the table's head; 0 is the file as a whole.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The line a key is written in; the table's own where it is left out.
    #[must_use]
    pub fn line_of(&self, key: &str) -> u32 {
        let found = self.keys.iter().find(|k| k.name == key);
        found.map_or(self.line, |k| k.line)
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
        self.note(
            line,
            format!("`{key}` is {value}"),
            format!("write a number from {min} to {max}"),
        );
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
                let read = |inner: &mut Table<'_>| build(name, inner);
                table.page.table(name.value, value, line, read)
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
        let read = |(name, value, line): (At<&str>, &DeValue<'_>, u32)| {
            if let Some(word) = value.as_str() {
                return build(name, WordOrTable::Word(word));
            }
            let read = |inner: &mut Table<'_>| build(name, WordOrTable::Table(inner));
            self.page.table(name.value, value, line, read)
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
            let At {
                value: number,
                line,
            } = self.page.value::<u64>(name.value, value, line)?;
            parse(name.value, number)
                .map_err(|what| self.note(line, what, mend))
                .ok()
        };
        names.into_iter().filter_map(read).collect()
    }

    pub(super) fn open(page: &'t Page<'t>, table: &'t DeTable<'t>, line: u32) -> Self {
        let key = |(name, value): (&'t Spanned<_>, &'t Spanned<DeValue<'t>>)| {
            let name: &Spanned<Cow<'t, str>> = name;
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
        Self {
            page,
            keys,
            asked: BTreeSet::new(),
            line,
        }
    }

    /// Tells of every key that nobody asked for.
    pub(super) fn close(self) {
        let known: Vec<_> = self.asked.iter().map(|key| format!("`{key}`")).collect();
        for key in self.keys.iter().filter(|key| !key.asked) {
            let mend = format!("remove it, or write one of {}", known.join(", "));
            self.page
                .note(key.line, format!("unknown key `{}`", key.name), mend);
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
            (
                At {
                    value: key.name,
                    line: key.line,
                },
                key.value,
                key.value_line,
            )
        };
        self.keys.iter_mut().map(take).collect()
    }

    fn missing(&mut self, key: &'static str, kind: &str) {
        self.asked.insert(key);
        self.note(
            self.line,
            format!("`{key}` is missing"),
            format!("write `{key}`, {kind}"),
        );
    }

    fn elements(&mut self, key: &'static str) -> Vec<(&'t DeValue<'t>, u32)> {
        let Some((value, line)) = self.ask(key) else {
            return Vec::new();
        };
        let Some(array) = value.as_array() else {
            self.page.wrong_kind(key, value, line, "a list");
            return Vec::new();
        };
        array
            .iter()
            .map(|e| (e.get_ref(), self.page.line(e.span().start)))
            .collect()
    }
}

impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({}:{})", self.page.file.display(), self.line)
    }
}
