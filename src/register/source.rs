//! The files of the register, as bytes: read once, so that what is judged is what is used.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::problem::Problem;

/// The largest file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

/// Files by path. What is not a plain file is refused rather than followed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files {
    dir: PathBuf,
    bytes: BTreeMap<PathBuf, Vec<u8>>,
}

impl Files {
    /// Files that someone else read, under the folder they came from.
    #[must_use]
    pub fn in_memory(dir: &Path, files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Self {
        Self {
            dir: dir.to_owned(),
            bytes: files.into_iter().collect(),
        }
    }

    /// Every `*.toml` directly in `dir`.
    ///
    /// # Errors
    /// A problem for each file that is none, is too large, or cannot be read.
    pub fn of_dir(dir: &Path) -> Result<Self, Vec<Problem>> {
        let unreadable = |error: &std::io::Error| {
            let what = format!("the folder cannot be read: {error}");
            vec![problem(
                dir,
                what,
                "name the folder that holds the register",
            )]
        };
        let mut files = Self {
            dir: dir.to_owned(),
            bytes: BTreeMap::new(),
        };
        let mut problems = Vec::new();
        for entry in fs::read_dir(dir).map_err(|error| unreadable(&error))? {
            let path = entry.map_err(|error| unreadable(&error))?.path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            match read_plain(&path) {
                Ok(bytes) => drop(files.bytes.insert(path, bytes)),
                Err(what) => problems.push(problem(&path, what, "put a readable file there")),
            }
        }
        if problems.is_empty() {
            Ok(files)
        } else {
            Err(problems)
        }
    }

    /// Paths and bytes, ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.bytes
            .iter()
            .map(|(path, bytes)| (path.as_path(), bytes.as_slice()))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn nothing_found(&self) -> Problem {
        let what = "the register describes no e-service".to_owned();
        problem(
            &self.dir,
            what,
            "write one file `*.toml` for each e-service",
        )
    }
}

fn read_plain(path: &Path) -> Result<Vec<u8>, String> {
    let said = |error: std::io::Error| format!("the file cannot be read: {error}");
    let metadata = fs::symlink_metadata(path).map_err(said)?;
    if !metadata.is_file() {
        return Err("not a plain file".to_owned());
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(format!("the file is larger than {FILE_BYTES_MAX} bytes"));
    }
    fs::read(path).map_err(said)
}

fn problem(file: &Path, what: String, mend: &str) -> Problem {
    Problem {
        file: file.to_owned(),
        line: 0,
        what,
        mend: mend.to_owned(),
    }
}
