//! What the program is built of, as cargo tells it.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::none;

const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Crates in the program and its build, this one included.
const CRATES_MAX: usize = 354;

/// A licence is good when each part that binds is one of these.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// One TLS library and one outbound client are enough; `deny.toml` says the same.
const BANNED: &[&str] = &["openssl", "openssl-sys", "native-tls", "reqwest"];

#[test]
fn the_program_is_built_of_few_crates_and_of_none_that_is_banned() {
    let tree = cargo(&[
        "tree",
        "--edges=normal,build",
        "--target",
        PLATFORM,
        "--prefix=none",
        "--format={p}",
    ]);
    let crates: BTreeSet<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|l| !l.is_empty())
        .collect();
    println!("{} crates", crates.len());
    assert!(crates.len() <= CRATES_MAX, "{} crates", crates.len());
    let name = |line: &&str| line.split(' ').next().unwrap_or_default().to_owned();
    let banned: Vec<_> = crates
        .iter()
        .map(name)
        .filter(|name| BANNED.contains(&name.as_str()))
        .collect();
    none("banned crates", &banned);
}

#[test]
fn every_crate_has_a_licence_that_binds_us_to_nothing() {
    let metadata = cargo(&[
        "metadata",
        "--format-version=1",
        "--filter-platform",
        PLATFORM,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default();
        if !is_good(licence) {
            findings.push(format!(
                "{} {}: `{licence}`",
                package["name"], package["version"]
            ));
        }
    }
    none("licences", &findings);
}

/// Reads an SPDX expression: every part joined by AND, any part joined by OR; `/` is an old OR.
fn is_good(licence: &str) -> bool {
    let spaced = licence
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let good = any(&mut rest);
    good && rest.is_empty()
}

fn any(words: &mut &[&str]) -> bool {
    let mut good = all(words);
    while let Some(rest) = words.strip_prefix(&["OR"]) {
        *words = rest;
        good |= all(words);
    }
    good
}

fn all(words: &mut &[&str]) -> bool {
    let mut good = one(words);
    while let Some(rest) = words.strip_prefix(&["AND"]) {
        *words = rest;
        good &= one(words);
    }
    good
}

fn one(words: &mut &[&str]) -> bool {
    let Some((first, rest)) = words.split_first() else {
        return false;
    };
    *words = rest;
    if *first == "(" {
        let good = any(words);
        let closed = words.strip_prefix(&[")"]);
        *words = closed.unwrap_or(words);
        return good && closed.is_some();
    }
    match words.split_first_chunk() {
        Some((["WITH", exception], rest)) => {
            *words = rest;
            LICENCES.contains(&format!("{first} WITH {exception}").as_str())
        }
        Some(_) | None => LICENCES.contains(first),
    }
}

#[test]
fn a_licence_is_read_as_it_is_meant() {
    let good = [
        "MIT OR Apache-2.0",
        "MIT/Apache-2.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 OR GPL-2.0-only",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
    ];
    let bad = [
        "",
        "GPL-3.0",
        "MIT AND GPL-2.0-only",
        "(MIT",
        "MIT WITH Something",
        "MIT MIT",
    ];
    assert!(good.into_iter().all(is_good));
    assert!(!bad.into_iter().any(is_good));
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--locked")
        .current_dir(super::top())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
