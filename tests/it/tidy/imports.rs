//! Who may import whom: only downwards, sideways only what the table says.

use super::{Source, none, sources};

/// A row for each module of `src`, in reading order: what it may import. `room::Name` is that one
/// name; everyone may import `telemetry`.
const TABLE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("telemetry", &["domain", "clock"]),
    ("wire", &["domain"]),
    ("cms", &["domain"]),
    ("egress", &["domain", "wire", "clock"]),
    ("keys", &["domain", "wire", "clock"]),
    ("tlog", &["domain", "clock", "keys", "egress"]),
    ("pdf", &["domain"]),
    ("register", &["domain", "wire"]),
    (
        "identity",
        &[
            "domain",
            "wire",
            "clock",
            "keys",
            "egress",
            "limits",
            "cms::element",
        ],
    ),
    // What is counted outside the process is named there by a pseudonym.
    ("limits", &["domain", "clock", "keys::Pseudonym"]),
    ("facts", &["domain", "wire", "clock", "keys", "egress"]),
    ("policy", &["domain", "keys"]),
    // A write is not forwarded without its durable intent.
    (
        "upstream",
        &[
            "domain",
            "wire",
            "keys",
            "clock",
            "egress::Roots",
            "egress::RootsError",
            "policy::Permit",
            "journal::Opened",
        ],
    ),
    (
        "redaction",
        &["domain", "wire", "keys::Pseudonym", "policy::Permit"],
    ),
    (
        "notary",
        &[
            "domain",
            "wire",
            "clock",
            "keys",
            "egress",
            "pdf",
            "cms",
            "tlog",
            "policy::IssuePermit",
            "policy::RevokePermit",
        ],
    ),
    ("journal", &["domain", "clock", "keys", "tlog"]),
    ("counts", &["domain", "clock", "keys"]),
    ("gateway", &[CELLAR, ROOMS]),
    ("public", &[CELLAR, "notary", "limits", "counts"]),
    ("console", &[CELLAR, ROOMS]),
    (
        "server",
        &["domain", "wire", "clock", "limits", "gateway", "policy"],
    ),
    (
        "store",
        &[
            "domain",
            "clock",
            "keys::Pseudonym",
            "tlog",
            "notary",
            "journal",
            "identity",
            "facts",
            "policy",
            "limits",
        ],
    ),
    // Settings types, which stand in the rooms they are for.
    (
        "config",
        &["domain", "wire", "cms", ROOMS, "server", "store"],
    ),
    (
        "app",
        &[
            CELLAR, ROOMS, "gateway", "public", "console", "server", "store", "config",
        ],
    ),
    (
        "cli",
        &[
            CELLAR, ROOMS, "gateway", "public", "console", "server", "config", "app", "demo",
        ],
    ),
    (
        "demo",
        &[
            CELLAR, ROOMS, "gateway", "public", "console", "server", "config", "app",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

const CELLAR: &str = "the cellar";
const ROOMS: &str = "the rooms";

const CELLAR_MODULES: &[&str] = &[
    "domain", "clock", "wire", "egress", "keys", "pdf", "cms", "tlog",
];
const ROOM_MODULES: &[&str] = &[
    "register",
    "identity",
    "limits",
    "facts",
    "policy",
    "upstream",
    "notary",
    "redaction",
    "journal",
    "counts",
];

#[test]
fn every_module_imports_only_what_the_table_says() {
    let mut findings = Vec::new();
    for source in sources(&["src"]) {
        let room = source.room();
        let Some((_, allowed)) = TABLE.iter().find(|(module, _)| *module == room) else {
            findings.push(format!("{}: `{room}` has no row in the table", source.path));
            continue;
        };
        for (offset, path) in imports(&source) {
            if !is_allowed(room, allowed, &path) {
                let line = source.line_of(offset);
                findings.push(format!("{}:{line}: `{}`", source.path, path.join("::")));
            }
        }
    }
    none("imported against the table", &findings);
}

#[test]
fn imports_are_named_one_by_one() {
    let mut findings = Vec::new();
    for source in sources(&["src"]) {
        for (number, line) in source.code.lines().enumerate() {
            // A room's own tests see all of the file they stand in.
            let tests = line.trim() == "use super::*;";
            if line.contains("::*") && !tests {
                findings.push(format!("{}:{}: a glob", source.path, number + 1));
            }
            let exported = line.trim_start().starts_with("pub") && line.contains(" use ");
            if exported && !source.path.ends_with("/mod.rs") {
                findings.push(format!("{}:{}: a re-export", source.path, number + 1));
            }
        }
    }
    none("globs, and re-exports outside `mod.rs`", &findings);
}

fn is_allowed(room: &str, allowed: &[&str], path: &[String]) -> bool {
    let Some(module) = path.first() else {
        return true;
    };
    if module == room || module == "telemetry" {
        return true;
    }
    allowed.iter().any(|entry| match *entry {
        CELLAR => CELLAR_MODULES.contains(&module.as_str()),
        ROOMS => ROOM_MODULES.contains(&module.as_str()),
        entry => match entry.split_once("::") {
            Some((of, name)) => of == module && path.get(1).is_some_and(|second| second == name),
            None => entry == module,
        },
    })
}

/// Every path into the crate that the code has, and where it begins.
fn imports(source: &Source) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let roots = if source.path == "src/main.rs" {
        &["muhrdor::"][..]
    } else {
        &["crate::"]
    };
    for root in roots {
        for (offset, _) in source.code.match_indices(root) {
            let before = source.code[..offset].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let mut paths = Vec::new();
            tree(&source.code[offset + root.len()..], &[], &mut paths);
            found.extend(paths.into_iter().map(|path| (offset, path)));
        }
    }
    found.extend(climbed(source));
    found
}

/// `super::super::…` beyond the room's own door.
fn climbed(source: &Source) -> Vec<(usize, Vec<String>)> {
    let inside = source.path.strip_prefix("src/").unwrap_or(&source.path);
    let names = inside
        .trim_end_matches(".rs")
        .split('/')
        .filter(|name| *name != "mod");
    let depth = names.count();
    let mut found = Vec::new();
    for (offset, _) in source.code.match_indices("super::") {
        let before = &source.code[..offset];
        let chain = source.code[offset..]
            .split("super::")
            .take_while(|part| part.is_empty());
        let up = chain
            .count()
            .saturating_sub(usize::from(before.ends_with("super::")));
        if before.ends_with("super::") || up < depth {
            continue;
        }
        // In a module inside the file one step only leads to the file itself.
        let nested = before
            .lines()
            .next_back()
            .is_some_and(|line| line.starts_with(' '));
        if !nested || up > depth {
            let mut paths = Vec::new();
            tree(
                source.code[offset..].trim_start_matches("super::"),
                &[],
                &mut paths,
            );
            found.extend(paths.into_iter().map(|path| (offset, path)));
        }
    }
    found
}

/// Reads a path or a tree of paths, each to its second name; gives what follows it.
fn tree<'t>(text: &'t str, prefix: &[String], paths: &mut Vec<Vec<String>>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            if rest.is_empty() {
                return rest;
            }
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let after = tree(rest, prefix, paths);
            rest = next_item(after);
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut path = prefix.to_vec();
    path.push(name.to_owned());
    match rest.strip_prefix("::") {
        Some(rest) if path.len() < 2 => tree(rest, &path, paths),
        Some(_) | None => {
            paths.push(path);
            rest
        }
    }
}

/// Past `as Name` and whatever else belongs to the item, to the comma or brace that ends it.
fn next_item(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            ',' | '}' if depth == 0 => return &text[at..],
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    ""
}

#[test]
fn the_table_lets_through_what_it_says_and_nothing_beside() {
    let check = |room: &str, path: &str| {
        let (_, allowed) = TABLE.iter().find(|(module, _)| *module == room).unwrap();
        let path: Vec<_> = path.split("::").map(str::to_owned).collect();
        is_allowed(room, allowed, &path)
    };
    for (room, path) in [
        ("policy", "policy::gate"),
        ("policy", "telemetry"),
        ("upstream", "policy::Permit"),
        ("gateway", "redaction::Disclosure"),
        ("app", "store::memory"),
    ] {
        assert!(check(room, path), "{room} may import {path}");
    }
    for (room, path) in [
        ("domain", "clock"),
        ("upstream", "policy::Policy"),
        ("upstream", "policy"),
        ("register", "store::memory"),
        ("gateway", "server::Limits"),
        ("cli", "store::embedded"),
    ] {
        assert!(!check(room, path), "{room} may not import {path}");
    }
}

#[test]
fn the_table_sees_every_form_of_an_import() {
    let check = |path: &str, code: &str, expected: &[&str]| {
        let source = Source {
            path: path.to_owned(),
            text: String::new(),
            code: code.to_owned(),
        };
        let found: Vec<_> = imports(&source)
            .into_iter()
            .map(|(_, path)| path.join("::"))
            .collect();
        assert_eq!(found, expected, "{code}");
    };
    let file = "src/policy/permit.rs";
    check(file, "use crate::domain::name::X;", &["domain::name"]);
    check(
        file,
        "use crate::{clock, keys::{A, B as C}, wire::path::{D}};",
        &["clock", "keys::A", "keys::B", "wire::path"],
    );
    check(
        file,
        "let x = crate::store::memory::new::<T>();",
        &["store::memory"],
    );
    check(file, "use super::gate;", &[]);
    check(file, "use super::super::store::X;", &["store::X"]);
    check("src/policy/mod.rs", "use super::store::X;", &["store::X"]);
    check(
        "src/policy/mod.rs",
        "mod tests {\n    use super::store::X;",
        &[],
    );
}
