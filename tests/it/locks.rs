//! The locks of the walk: a forgotten step does not compile.
//!
//! Each file of `tests/locks` is a program that leaves a step out. Its first lines say which step
//! of `gateway/lifecycle.rs` it is about, and with which errors the compiler must refuse it:
//!
//! ```text
//! //~ step rooms.upstream.forward
//! //~ E0061 argument #1 of type `&Permit` is missing
//! ```
//!
//! The compiler must give exactly these error codes, and each text. A file without errors is the
//! control: it must compile, so that the others fail for what they say and not for how they are run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

struct Lock {
    name: String,
    path: PathBuf,
    /// Error code (`lint` where there is none) and a text of the message.
    errors: Vec<(String, String)>,
}

#[test]
fn a_program_that_leaves_out_a_step_does_not_compile() {
    let (library, locks) = (Library::find(), locks());
    let outcomes: Vec<Result<(), String>> = thread::scope(|scope| {
        let library = &library;
        let chunks: Vec<_> = locks.chunks(locks.len().div_ceil(4)).collect();
        let running: Vec<_> = chunks
            .into_iter()
            .map(|few| scope.spawn(|| few.iter().map(|lock| lock.check(library)).collect()))
            .collect();
        running
            .into_iter()
            .flat_map(|thread| -> Vec<_> { thread.join().unwrap() })
            .collect()
    });
    let failed: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

fn locks() -> Vec<Lock> {
    let mut locks = Vec::new();
    for entry in fs::read_dir(top().join("tests/locks")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut lock = Lock {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            path,
            errors: Vec::new(),
        };
        for line in text.lines().map_while(|line| line.strip_prefix("//~ ")) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            if word != "step" {
                lock.errors.push((word.to_owned(), rest.to_owned()));
            }
        }
        locks.push(lock);
    }
    locks.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(
        locks.iter().any(|lock| lock.errors.is_empty()),
        "there is no control"
    );
    locks
}

impl Lock {
    fn check(&self, library: &Library) -> Result<(), String> {
        let said = short(&library.compile(&self.path));
        let codes: BTreeSet<&str> = said.lines().filter_map(code).collect();
        let expected: BTreeSet<&str> = self.errors.iter().map(|(code, _)| code.as_str()).collect();
        if codes != expected {
            let name = &self.name;
            return Err(format!(
                "{name}: expected {expected:?}, got {codes:?}:\n{said}"
            ));
        }
        match self
            .errors
            .iter()
            .find(|(_, text)| !said.contains(text.as_str()))
        {
            Some((code, text)) => Err(format!("{}: no {code} `{text}`:\n{said}", self.name)),
            None => Ok(()),
        }
    }
}

/// What the compiler says, with every type named as where it is used: whether it adds the path
/// depends on what else has the name.
fn short(said: &str) -> String {
    let mut pieces = said.split("muhrdor::");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |mut short, piece| {
        let room = |c: char| c.is_lowercase() || matches!(c, '_' | ':');
        short.push_str(piece.trim_start_matches(room));
        short
    })
}

/// The code of an error line; `lint` where the compiler gives none.
fn code(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("error")?;
    if rest.starts_with(": aborting") {
        return None;
    }
    match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => rest.starts_with(": ").then_some("lint"),
    }
}

/// The library that this test was linked with, as a compiler finds it.
struct Library {
    folder: PathBuf,
    file: PathBuf,
    scratch: tempfile::TempDir,
}

impl Library {
    fn find() -> Self {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().unwrap().to_owned();
        let is_library = |path: &PathBuf| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            name.starts_with("libmuhrdor-") && path.extension() == Some("rlib".as_ref())
        };
        let libraries = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let newest = libraries
            .filter(is_library)
            .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        Self {
            folder,
            file: newest.unwrap(),
            scratch: tempfile::tempdir().unwrap(),
        }
    }

    /// What the compiler says to a program.
    fn compile(&self, program: &Path) -> String {
        let beside_cargo = Path::new(env!("CARGO")).with_file_name("rustc");
        let rustc = if beside_cargo.exists() {
            beside_cargo
        } else {
            PathBuf::from("rustc")
        };
        let output = Command::new(rustc)
            .args([
                "--edition=2024",
                "--crate-type=lib",
                "--emit=metadata",
                "--color=never",
            ])
            .args([
                "--crate-name=lock",
                "-Dunused_must_use",
                "-Aunused_variables",
                "-Adead_code",
            ])
            .arg("--extern")
            .arg(format!("muhrdor={}", self.file.display()))
            .arg("-L")
            .arg(format!("dependency={}", self.folder.display()))
            .arg("-o")
            .arg(self.scratch.path().join(program.file_stem().unwrap()))
            .arg(program)
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    }
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
