//! What a reader of this repository may rely on, held by a test: who imports whom, how large a file
//! and a folder grow, where proofs are made, what the program is built of.

mod crates;
mod imports;
mod proofs;
mod shape;
mod text;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file: its path from the top of the repository, and its text.
struct Source {
    path: String,
    text: String,
    /// The text without comments and without what stands in quotes, line by line as before.
    code: String,
}

impl Source {
    /// The room of a file in `src`: `src/policy/permit.rs` and `src/clock.rs` are of `policy` and
    /// `clock`.
    fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split(['/', '.']).next().unwrap_or_default()
    }

    fn line_of(&self, offset: usize) -> usize {
        self.code[..offset].matches('\n').count() + 1
    }
}

/// All Rust files under these folders.
fn sources(folders: &[&str]) -> Vec<Source> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(top().join(&path)).unwrap();
        let code = text::code(&text);
        Source {
            path: path.to_str().unwrap().to_owned(),
            text,
            code,
        }
    };
    let rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    folders
        .iter()
        .flat_map(|folder| files(Path::new(folder)))
        .filter(rust)
        .map(read)
        .collect()
}

/// All files under a folder, from the top of the repository; what is built or left there by a run
/// is none of them.
fn files(folder: &Path) -> Vec<PathBuf> {
    const NOT_OURS: [&str; 4] = [".git", "target", "node_modules", "muhrdor-demo"];
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(top().join(folder)) else {
        return found;
    };
    for entry in entries.map(Result::unwrap) {
        let path = folder.join(entry.file_name());
        if NOT_OURS.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Fails with all findings at once.
fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
