//! A proof is made in one file, cannot be copied, and must be used.

use super::{Source, none, sources};

/// Each proof type, and the one file that makes it.
const PROOFS: &[(&str, &str)] = &[
    ("Route", "src/register/index.rs"),
    ("Identified", "src/identity/identified.rs"),
    ("Permit", "src/policy/permit/mod.rs"),
    ("IssuePermit", "src/policy/permit/documents.rs"),
    ("RevokePermit", "src/policy/permit/documents.rs"),
    ("Opened", "src/journal/recorded.rs"),
    ("Inspected", "src/redaction/inspect.rs"),
    ("Disclosure", "src/redaction/disclosure.rs"),
    ("Recorded", "src/journal/recorded.rs"),
    ("Reply", "src/gateway/reply.rs"),
];

/// Calls that open a proof or do without one, and the files that may.
const RESERVED: &[(&str, &[&str])] = &[
    ("disclosure.into_parts(", &["src/gateway/reply.rs"]),
    (
        "Recorded::exempt(",
        &["src/gateway/lifecycle.rs", "src/gateway/sign_in.rs"],
    ),
    ("Recorded::durable(", &["src/journal/mod.rs"]),
    ("Opened::durable(", &["src/journal/mod.rs"]),
    ("Opened::not_needed(", &["src/journal/mod.rs"]),
    (
        "Reply::unavailable(",
        &["src/gateway/lifecycle.rs", "src/gateway/sign_in.rs"],
    ),
];

#[test]
fn each_proof_is_made_in_its_file_only() {
    let mut findings = Vec::new();
    for source in sources(&["src"]) {
        // The demo stands outside the walls and has words of its own.
        if source.room() == "demo" {
            continue;
        }
        for (name, home) in PROOFS {
            for (offset, what) in mentions(&source, name) {
                let line = source.line_of(offset);
                let elsewhere = source.path != *home;
                match what {
                    Mention::Literal if elsewhere => {
                        findings.push(format!("{}:{line}: makes `{name}`", source.path));
                    }
                    Mention::Declaration if elsewhere => {
                        findings.push(format!("{}:{line}: another `{name}`", source.path));
                    }
                    Mention::Literal | Mention::Declaration | Mention::Other => {}
                }
            }
        }
        for (call, places) in RESERVED {
            if source.code.contains(call) && !places.contains(&source.path.as_str()) {
                findings.push(format!("{}: calls `{call}…)`", source.path));
            }
        }
    }
    none("proofs outside their files", &findings);
}

#[test]
fn each_proof_has_private_fields_must_be_used_and_cannot_be_copied() {
    let sources = sources(&["src"]);
    let mut findings = Vec::new();
    for (name, home) in PROOFS {
        let Some(source) = sources.iter().find(|source| source.path == *home) else {
            findings.push(format!("{home}: not there, so nothing makes `{name}`"));
            continue;
        };
        let declared = format!("pub struct {name} {{");
        let Some(at) = source.code.find(&declared) else {
            findings.push(format!("{home}: no `{declared}`"));
            continue;
        };
        let head = source.code[..at]
            .rsplit(['}', ';'])
            .next()
            .unwrap_or_default();
        if !head.contains("#[must_use") {
            findings.push(format!("{home}: `{name}` may be dropped: no `#[must_use]`"));
        }
        for derived in ["Clone", "Copy", "Default", "Deserialize"] {
            let written = format!("{derived} for {name}");
            let copies =
                head.contains(derived) || sources.iter().any(|s| s.code.contains(&written));
            if copies {
                findings.push(format!("{home}: `{name}` is `{derived}`"));
            }
        }
        let body = source.code[at..].split('}').next().unwrap_or_default();
        if body
            .lines()
            .skip(1)
            .any(|line| line.trim_start().starts_with("pub "))
        {
            findings.push(format!("{home}: `{name}` has a public field"));
        }
    }
    none("proofs that prove nothing", &findings);
}

enum Mention {
    Literal,
    Declaration,
    Other,
}

/// `Name {` wherever it stands.
fn mentions(source: &Source, name: &str) -> Vec<(usize, Mention)> {
    let code = &source.code;
    let of = |offset: usize| {
        let before = &code[..offset];
        let after = code[offset + name.len()..].trim_start();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        if before.ends_with(is_part) || !after.starts_with('{') {
            return Mention::Other;
        }
        let line = before
            .rsplit(['\n', ';', '{', '}'])
            .next()
            .unwrap_or_default()
            .trim();
        if line.ends_with("struct") || line.ends_with("enum") {
            return Mention::Declaration;
        }
        // A variant of an enum, or a pattern that takes the proof apart where it may.
        let owner = before
            .strip_suffix("::")
            .map(|path| path.rsplit(|c| !is_part(c)).next());
        let is_variant = owner
            .flatten()
            .is_some_and(|o| o.starts_with(char::is_uppercase));
        if is_variant || line.starts_with("let") {
            return Mention::Other;
        }
        let is_type = ["->", "impl", "for", "where", "dyn", "match", "&"];
        if is_type.iter().any(|word| line.ends_with(word)) || line.starts_with("impl") {
            Mention::Other
        } else {
            Mention::Literal
        }
    };
    code.match_indices(name)
        .map(|(offset, _)| (offset, of(offset)))
        .collect()
}
