//! A TOML file as a person wrote it, read key by key so that every problem is found at once.
//!
//! A reader asks a [`Table`] for the keys it knows. A missing key, a wrong type, a value that does
//! not parse and a key that nobody asked for each become a [`Problem`] with its line; reading goes
//! on. A value that could not be read is `None`, and whoever builds from it returns `None` as well.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::domain::problem::Problem;

mod table;
mod written;

pub use table::{Table, WordOrTable};
pub use written::Written;

/// A value and the line it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At<T> {
    pub value: T,
    /// Counted from 1.
    pub line: u32,
}

impl<T> At<T> {
    /// The same place, another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> At<U> {
        At {
            value: change(self.value),
            line: self.line,
        }
    }
}

/// The file while it is being read.
struct Page<'t> {
    file: &'t Path,
    /// Where its lines end, in ascending order.
    line_ends: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
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
        return (
            None,
            vec![Problem {
                file: file.to_owned(),
                line: 0,
                what,
                mend,
            }],
        );
    };
    let page = Page {
        file,
        line_ends: memchr::memchr_iter(b'\n', bytes).collect(),
        problems: RefCell::new(Vec::new()),
    };
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
    let value = build(&mut table);
    table.close();
    (value, page.problems.into_inner())
}

impl Page<'_> {
    fn note(&self, line: u32, what: impl Into<String>, mend: impl Into<String>) {
        let (what, mend) = (what.into(), mend.into());
        let problem = Problem {
            file: self.file.to_owned(),
            line,
            what,
            mend,
        };
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
            Ok(value) => Some(At {
                value,
                line: written.line,
            }),
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
        let value = build(&mut table);
        table.close();
        value
    }

    fn wrong_kind(&self, key: &str, value: &DeValue<'_>, line: u32, kind: &str) {
        let what = format!("`{key}` is of type {}", value.type_str());
        self.note(line, what, format!("write {kind}"));
    }

    /// The line of a byte offset, counted from 1.
    fn line(&self, offset: usize) -> u32 {
        let lines_before = self.line_ends.partition_point(|end| *end < offset);
        u32::try_from(lines_before + 1).unwrap_or(u32::MAX)
    }
}
