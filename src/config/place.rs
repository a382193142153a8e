//! Where the config stands, and the files it needs.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::config::secret::SecretFile;
use crate::domain::problem::Problem;
use crate::domain::sheet::{At, Table};

/// The folder that paths are relative to, and the paths read so far.
#[derive(Debug)]
pub(super) struct Place {
    dir: PathBuf,
    needed: RefCell<Vec<Needed>>,
}

/// A path that the config names, and what must be there when the gateway starts.
#[derive(Debug)]
pub(super) struct Needed {
    line: u32,
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Dir,
    /// Closed to group and others.
    SecretFile,
    SecretDir,
}

impl Place {
    /// The folder of the config file.
    pub(super) fn beside(file: &Path) -> Self {
        let dir = file.parent().unwrap_or_else(|| Path::new("")).to_owned();
        Self {
            dir,
            needed: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn into_needed(self) -> Vec<Needed> {
        self.needed.into_inner()
    }

    /// A path that need not be there yet.
    pub(super) fn path(&self, table: &mut Table<'_>, key: &'static str) -> Option<PathBuf> {
        self.written(table, key).map(|at| at.value)
    }

    pub(super) fn file(&self, table: &mut Table<'_>, key: &'static str) -> Option<PathBuf> {
        self.needed(table, key, Kind::File)
    }

    pub(super) fn dir(&self, table: &mut Table<'_>, key: &'static str) -> Option<PathBuf> {
        self.needed(table, key, Kind::Dir)
    }

    pub(super) fn secret_dir(&self, table: &mut Table<'_>, key: &'static str) -> Option<PathBuf> {
        self.needed(table, key, Kind::SecretDir)
    }

    pub(super) fn secret(&self, table: &mut Table<'_>, key: &'static str) -> Option<SecretFile> {
        self.needed(table, key, Kind::SecretFile)
            .map(SecretFile::new)
    }

    /// A file that stands in a list.
    pub(super) fn listed(&self, written: &At<String>) -> PathBuf {
        let path = self.dir.join(&written.value);
        self.needed.borrow_mut().push(Needed {
            line: written.line,
            path: path.clone(),
            kind: Kind::File,
        });
        path
    }

    fn needed(&self, table: &mut Table<'_>, key: &'static str, kind: Kind) -> Option<PathBuf> {
        let At { value, line } = self.written(table, key)?;
        self.needed.borrow_mut().push(Needed {
            line,
            path: value.clone(),
            kind,
        });
        Some(value)
    }

    fn written(&self, table: &mut Table<'_>, key: &'static str) -> Option<At<PathBuf>> {
        table.need_parsed(
            key,
            "write a path, relative to this file",
            |given| match given {
                "" => Err("the path is empty"),
                _ => Ok(self.dir.join(given)),
            },
        )
    }
}

impl Needed {
    /// What is wrong with it on this machine, if anything.
    pub(super) fn problem(&self, file: &Path) -> Option<Problem> {
        let (what, mend) = self.wrong()?;
        Some(Problem {
            file: file.to_owned(),
            line: self.line,
            what,
            mend,
        })
    }

    fn wrong(&self) -> Option<(String, String)> {
        let shown = self.path.display();
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) => {
                let what = format!("`{shown}` cannot be reached: {error}");
                let mend = match self.kind {
                    Kind::SecretDir => "make it with `muhrdor keys init`; `serve` creates nothing",
                    Kind::File | Kind::Dir | Kind::SecretFile => {
                        "put it there; `serve` creates nothing"
                    }
                };
                return Some((what, mend.to_owned()));
            }
        };
        let (is_kind, word) = match self.kind {
            Kind::File | Kind::SecretFile => (metadata.is_file(), "file"),
            Kind::Dir | Kind::SecretDir => (metadata.is_dir(), "folder"),
        };
        if !is_kind {
            return Some((
                format!("`{shown}` is not a {word}"),
                format!("name a {word}"),
            ));
        }
        let mode = metadata.permissions().mode() & 0o777;
        match self.kind {
            Kind::SecretFile | Kind::SecretDir if mode & 0o077 != 0 => {
                let what = format!("`{shown}` is open to others (mode {mode:03o})");
                Some((what, format!("close it: `chmod go= {shown}`")))
            }
            Kind::File | Kind::Dir | Kind::SecretFile | Kind::SecretDir => None,
        }
    }
}
