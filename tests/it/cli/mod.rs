//! What an operator types, with the program as it is built: what it says, and its exit code.

mod files;
mod history;
mod hosts;
mod live;
mod redis;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use muhrdor::clock::{Clock, SystemClock};
use muhrdor::demo::Folder;
use ring::rand::SystemRandom;
use serde_json::Value;
use tempfile::TempDir;

/// A gateway's files in a folder of their own, with the demo's config and a copy of its policies.
struct Site {
    folder: TempDir,
    config: PathBuf,
}

impl Site {
    /// Everything but what `keys init` makes.
    fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Folder::new(folder.path().to_owned());
        files.make().unwrap();
        files.make_secrets(&SystemRandom::new()).unwrap();
        files.make_certificate(SystemClock::new().now()).unwrap();
        // Paths are relative to the file they stand in.
        let text = fs::read_to_string(top().join("deploy/demo/gateway.toml")).unwrap();
        let text = text
            .replace("../../muhrdor-demo/", "")
            .replace("../../policies", "policies");
        let config = folder.path().join("gateway.toml");
        fs::write(&config, text).unwrap();
        let site = Self { folder, config };
        copy(&top().join("policies"), &site.path("policies"));
        site
    }

    /// Ready to serve.
    fn made() -> Self {
        let site = Self::bare();
        site.run(&["keys", "init"]).exits(0);
        let files = Folder::new(site.folder.path().to_owned());
        let now = SystemClock::new().now();
        files.make_document_certificates(now).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces what stands once in a file; the number of the line it stood in.
    fn change(&self, name: &str, from: &str, to: &str) -> usize {
        let text = self.text(name);
        let (before, after) = text.split_once(from).unwrap();
        assert!(!after.contains(from), "`{from}` stands twice");
        fs::write(self.path(name), format!("{before}{to}{after}")).unwrap();
        before.matches('\n').count() + 1
    }

    /// The program with these words and this site's config.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = program(words);
        command.arg("--config").arg(&self.config);
        command
    }

    fn run(&self, words: &[&str]) -> Said {
        Said::of(&self.command(words).output().unwrap())
    }
}

/// What the program said and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    output: String,
    errors: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code(),
            output: text(&output.stdout),
            errors: text(&output.stderr),
        }
    }

    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.output, self.errors);
        assert!(!self.errors.contains("panicked"), "{}", self.errors);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap()
    }

    /// Both streams hold each of these, wherever it stands.
    fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            let said = self.output.contains(part) || self.errors.contains(part);
            assert!(
                said,
                "`{part}` is not in:\n{}\n{}",
                self.output, self.errors
            );
        }
        self
    }
}

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muhrdor"));
    command.args(words).stdin(Stdio::null());
    command
}

fn run(words: &[&str]) -> Said {
    Said::of(&program(words).output().unwrap())
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
