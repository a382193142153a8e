//! Which operation is this: what a register refuses to be, and how it routes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use muhrdor::domain::name::{AgencyId, DataClass, DocumentKind, NameError, PurposeId, RoleId};
use muhrdor::domain::text::Texts;
use muhrdor::register::{Files, KnownNames, Register};

mod description;
mod routing;

fn words<T: Ord>(names: &str, parse: fn(&str) -> Result<T, NameError>) -> BTreeSet<T> {
    names
        .split_whitespace()
        .map(|name| parse(name).unwrap())
        .collect()
}

/// Names of a vocabulary, as far as the demo's e-services use them.
fn known() -> KnownNames {
    let texts = || Texts {
        uz: "a".into(),
        uzc: "a".into(),
        ru: "a".into(),
        en: "a".into(),
    };
    KnownNames {
        documents: words("birth-certificate", DocumentKind::parse),
        purposes: words(
            "own.view own.apply own.journal pension.assess benefit.assess credit.assess \
             oversight.policies document.check document.revoke",
            PurposeId::parse,
        ),
        classes: words(
            "public personal identifier name civil-status address contact income employment \
             health journal document education",
            DataClass::parse,
        ),
        roles: words(
            "pension-inspector income-checker security-officer",
            RoleId::parse,
        ),
        agencies: ["pension-fund", "civil-registry", "portal"]
            .map(|agency| (AgencyId::parse(agency).unwrap(), texts()))
            .into(),
    }
}

fn read(files: &[(&str, &str)]) -> Result<Register, Vec<String>> {
    let files = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec()));
    Register::read(&Files::in_memory(Path::new("services"), files), &known())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn problems(text: &str) -> Vec<String> {
    read(&[("a.toml", text)]).unwrap_err()
}

const HEAD: &str = r#"id = "files"
kind = "interactive"
agency = "portal"
regulation = { number = "1", term_days = 0 }
hosts = ["portal.example"]
prefix = "/files"
upstream = "files"
upstream_prefix = "/v1/files"
cors_origins = ["https://app.example"]
names = { uz = "f", uzc = "f", ru = "f", en = "f" }
"#;

fn open(id: &str, call: &str) -> String {
    format!(
        "[[operation]]\nid = \"{id}\"\ncall = \"{call}\"\nwho = [\"anonymous\"]\nsubject = \"nobody\"\n\
         [[operation.answer]]\nstatus = 200\nmode = \"public\"\n"
    )
}
