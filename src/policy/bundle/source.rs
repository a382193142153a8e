//! The files of a bundle, as they stand: names and bytes, nothing understood yet.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ring::digest;

use crate::domain::decision::BundleId;
use crate::domain::problem::Problem;

/// The largest file a bundle may hold, in bytes.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// How many files a bundle may hold.
pub const FILES_MAX: usize = 10_000;

/// The files of a bundle by their path below its folder, written with `/`. Holds only paths that
/// a bundle may have: nothing outside the folder and nothing unexpected.
#[derive(Debug, Clone)]
pub struct Source {
    root: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
}

impl Source {
    /// Reads a folder. Refuses links, other unusual files, files that a bundle has no place for,
    /// and what is too large or too many; every problem at once.
    pub fn read_folder(root: &Path) -> Result<Self, Vec<Problem>> {
        let mut files = BTreeMap::new();
        let mut problems = Vec::new();
        read_into(root, "", &mut files, &mut problems);
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        Self::from_files(root.to_owned(), files)
    }

    /// Takes files that were read elsewhere. `root` is only for telling where a problem is.
    pub fn from_files(
        root: PathBuf,
        files: BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems: Vec<_> = files
            .keys()
            .filter(|path| !has_place(path))
            .map(|path| unexpected(root.join(path)))
            .collect();
        if files.len() > FILES_MAX {
            problems.push(Problem {
                file: root.clone(),
                line: 0,
                what: format!("the bundle has {} files", files.len()),
                mend: format!("keep it to {FILES_MAX}"),
            });
        }
        if problems.is_empty() {
            Ok(Self { root, files })
        } else {
            Err(problems)
        }
    }

    /// One line a file, sorted by path: its SHA-256 in hexadecimal, two spaces, its path. What
    /// `sha256sum` prints, so that it can be checked without this program.
    #[must_use]
    pub fn manifest(&self) -> Vec<u8> {
        let mut manifest = String::new();
        for (path, bytes) in &self.files {
            let digest = digest::digest(&digest::SHA256, bytes);
            let nibbles = digest
                .as_ref()
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15]);
            manifest.extend(nibbles.filter_map(|n| char::from_digit(u32::from(n), 16)));
            manifest.extend(["  ", path, "\n"]);
        }
        manifest.into_bytes()
    }

    /// SHA-256 of the manifest.
    #[must_use]
    pub fn id(&self) -> BundleId {
        let digest = digest::digest(&digest::SHA256, &self.manifest());
        let mut id = [0_u8; 32];
        for (to, from) in id.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        BundleId(id)
    }

    /// The bytes of one file.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// All files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The policy files, sorted by path.
    pub fn policies(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let is_policy = |path: &str| Path::new(path).extension().is_some_and(|e| e == "cedar");
        self.files().filter(move |(path, _)| is_policy(path))
    }

    /// Where a file stands, for telling a person.
    #[must_use]
    pub fn place(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

fn read_into(
    root: &Path,
    below: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
    problems: &mut Vec<Problem>,
) {
    let folder = root.join(below);
    let entries = match fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => return problems.push(unreadable(folder, &error)),
    };
    for entry in entries {
        let place = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            problems.push(unexpected(place));
            continue;
        };
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        // `file_type` of a directory entry does not follow links.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && below.is_empty() => {
                read_into(root, &path, files, problems);
            }
            Ok(kind) if kind.is_file() && has_place(&path) => match read_one(&place) {
                Ok(bytes) => drop(files.insert(path, bytes)),
                Err(problem) => problems.push(problem),
            },
            Ok(_) => problems.push(unexpected(place)),
            Err(error) => problems.push(unreadable(place, &error)),
        }
    }
}

fn read_one(place: &Path) -> Result<Vec<u8>, Problem> {
    let unreadable = |error| unreadable(place.to_owned(), &error);
    let bytes = fs::metadata(place).map_err(unreadable)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(Problem {
            file: place.to_owned(),
            line: 0,
            what: format!("the file has {bytes} bytes"),
            mend: format!("keep it to {FILE_BYTES_MAX}"),
        });
    }
    fs::read(place).map_err(unreadable)
}

/// Whether a bundle has a place for this path: the schema and the vocabulary, policies beside
/// them, services and tests in their folders. Everything else would be signed and not understood.
fn has_place(path: &str) -> bool {
    let named = |name: &str, ending: &str| {
        name.strip_suffix(ending).is_some_and(|stem| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
            !stem.is_empty() && stem.bytes().all(allowed)
        })
    };
    match path.split_once('/') {
        None => matches!(path, "schema.cedarschema" | "vocabulary.toml") || named(path, ".cedar"),
        Some(("services" | "tests", name)) => named(name, ".toml"),
        Some(_) => false,
    }
}

fn unexpected(file: PathBuf) -> Problem {
    Problem {
        file,
        line: 0,
        what: "a bundle has no place for this".to_owned(),
        mend: "keep to schema.cedarschema, vocabulary.toml, *.cedar, services/*.toml and \
               tests/*.toml, all plain files"
            .to_owned(),
    }
}

fn unreadable(file: PathBuf, error: &std::io::Error) -> Problem {
    Problem {
        file,
        line: 0,
        what: format!("cannot be read: {error}"),
        mend: "see that the file is there and may be read".to_owned(),
    }
}
