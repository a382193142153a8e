//! How large things grow, and what they are called.

use std::collections::BTreeMap;
use std::path::Path;

use super::{none, sources};

const LINES_MAX: usize = 400;

/// Files in a folder, beside its front door.
const FILES_MAX: usize = 8;

/// Files that may be longer, as they are tables of data. This list may only shrink.
const LONG: &[&str] = &[];

/// Folders that may hold more files: the vocabulary. This list may only shrink.
const WIDE: &[&str] = &["src/domain"];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "common", "core", "misc", "helper", "helpers", "stuff", "manager",
];

#[test]
fn no_file_outgrows_four_hundred_lines() {
    let mut findings = Vec::new();
    for source in sources(&["src", "tests", "benches", "fuzz"]) {
        let lines = source.text.lines().count();
        let listed = LONG.contains(&source.path.as_str());
        if lines > LINES_MAX && !listed {
            findings.push(format!("{}: {lines} lines", source.path));
        }
        if lines <= LINES_MAX && listed {
            findings.push(format!("{}: fits, take it off the list", source.path));
        }
    }
    none("longer than a file may be", &findings);
}

#[test]
fn no_folder_outgrows_eight_files() {
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for source in sources(&["src"]) {
        let folder = Path::new(&source.path)
            .parent()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if !source.path.ends_with("/mod.rs") {
            *folders.entry(folder).or_default() += 1;
        }
    }
    let mut findings = Vec::new();
    for (folder, count) in &folders {
        let listed = WIDE.contains(&folder.as_str());
        if *count > FILES_MAX && !listed {
            findings.push(format!("{folder}: {count} files beside `mod.rs`"));
        }
        if *count <= FILES_MAX && listed {
            findings.push(format!("{folder}: fits, take it off the list"));
        }
    }
    none("more files than a folder may hold", &findings);
}

#[test]
fn every_file_begins_with_what_it_is_about() {
    let silent = |source: &super::Source| !source.text.starts_with("//!");
    let findings: Vec<_> = sources(&["src", "tests/it", "benches"])
        .into_iter()
        // A room's own tests are about the room; the locks are snippets, not modules.
        .filter(|source| silent(source) && !source.path.ends_with("/tests.rs"))
        .map(|source| source.path)
        .collect();
    none("no `//!` at the top", &findings);
}

#[test]
fn no_name_says_nothing() {
    let mut findings = Vec::new();
    for source in sources(&["src", "tests", "benches", "fuzz"]) {
        for part in source.path.trim_end_matches(".rs").split('/') {
            if EMPTY_NAMES.contains(&part) {
                findings.push(source.path.clone());
            }
        }
        for (number, line) in source.code.lines().enumerate() {
            let module = line
                .trim_start()
                .trim_start_matches("pub ")
                .strip_prefix("mod ");
            let name = module.map(|rest| rest.trim_end_matches([';', '{', ' ']));
            if name.is_some_and(|name| EMPTY_NAMES.contains(&name)) {
                findings.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    none("a name that says nothing", &findings);
}

#[test]
fn no_test_is_switched_off_or_waits_for_time_to_pass() {
    let mut findings = Vec::new();
    for source in sources(&["src", "tests"]) {
        let is_test = source.path.starts_with("tests/");
        for (number, line) in source.code.lines().enumerate() {
            let off = line.contains("#[ignore") || line.contains("#[should_panic");
            if off || (is_test && line.contains("sleep(")) {
                findings.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    none("`ignore`, `should_panic` or a sleep", &findings);
}
