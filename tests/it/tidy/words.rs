//! What no committed file may name.

use std::fs;
use std::path::Path;

use super::{files, none, top};

/// In two halves each, so that this file does not name them either.
const HOSTS: &[(&str, &str)] = &[
    ("crates", ".io"),
    ("npmjs", ".org"),
    ("npmjs", ".com"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("proxy.golang", ".org"),
];

/// Folders of the machine something was written on.
const PLACES: &[(&str, &str)] = &[("/work", "/"), ("/root", "/"), ("/tmp", "/bash")];

/// Written by tools, with the addresses they fetched from.
const WRITTEN_BY_TOOLS: &[&str] = &["Cargo.lock", "fuzz/Cargo.lock"];

#[test]
fn no_file_names_a_registry_or_a_place_of_one_machine() {
    let words: Vec<String> = HOSTS
        .iter()
        .chain(PLACES)
        .map(|(one, two)| format!("{one}{two}"))
        .collect();
    let mut findings = Vec::new();
    for path in files(Path::new("")) {
        let name = path.to_str().unwrap();
        let Ok(text) = fs::read_to_string(top().join(&path)) else {
            continue;
        };
        if WRITTEN_BY_TOOLS.contains(&name) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| names(line, word)) {
                findings.push(format!("{name}:{}: `{word}`", number + 1));
            }
        }
    }
    none("a registry's host, or a path of one machine", &findings);
}

/// Whether the word stands there by itself: a container's `/app/work/` is no place of a machine.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-' || c == '}')
    })
}
