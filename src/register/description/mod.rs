//! One file of the register: an e-service as its developer describes it. Raw text ends here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};

use crate::domain::name::{AgencyId, ServiceId, UpstreamName};
use crate::domain::operation::Operation;
use crate::domain::problem::Problem;
use crate::domain::service::{Backend, Regulation, Service, ServiceKind};
use crate::domain::sheet::{self, At, Table};
use crate::domain::text::Texts;
use crate::register::KnownNames;
use crate::register::template::Template;

mod answer;
mod caller;
mod flow;
mod issue;
mod operation;
mod place;
mod question;
mod selector;

/// A service as described, with the lines that a problem between files is told at.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) file: PathBuf,
    pub(super) line: u32,
    pub(super) prefix_line: u32,
    pub(super) service: Arc<Service>,
    pub(super) operations: Vec<DescribedOperation>,
}

#[derive(Debug)]
pub(super) struct DescribedOperation {
    pub(super) line: u32,
    pub(super) call_line: u32,
    pub(super) template: Template,
    pub(super) operation: Arc<Operation>,
}

impl Described {
    pub(super) fn problem(&self, line: u32, what: String, mend: String) -> Problem {
        Problem {
            file: self.file.clone(),
            line,
            what,
            mend,
        }
    }
}

/// Reads one file. A service with a wrong operation is still given, so that what collides with it
/// is found in the same run; the problems keep the register from being built.
pub(super) fn read(
    file: &Path,
    bytes: &[u8],
    known: &KnownNames,
) -> (Option<Described>, Vec<Problem>) {
    sheet::read(file, bytes, |table| {
        let head = head(table, known);
        let operations = operation::read_all(table, head.as_ref().map(|h| &h.service), known);
        let head = head?;
        Some(Described {
            file: file.to_owned(),
            line: head.line,
            prefix_line: head.prefix_line,
            service: head.service,
            operations,
        })
    })
}

struct Head {
    line: u32,
    prefix_line: u32,
    service: Arc<Service>,
}

fn head(table: &mut Table<'_>, known: &KnownNames) -> Option<Head> {
    let id = table.need_parsed("id", NAME_MEND, ServiceId::parse);
    let names = table.need_section("names", texts);
    let agency = agency(table, known);
    let kind = table.need_parsed(
        "kind",
        "write `information` or `interactive`",
        word::<ServiceKind>,
    );
    let regulation = table.need_section("regulation", regulation);
    let hosts = table.list_parsed("hosts", place::HOST_MEND, place::host);
    if table.is_empty("hosts") {
        let mend = "write `hosts`, a list of whole host names";
        table.note(table.line(), "the e-service has no host", mend);
    }
    let backend = backend(table);
    let in_house = backend == Some(Backend::InHouse);
    let prefix = table.need_parsed("prefix", place::PREFIX_MEND, |given| {
        place::prefix(given, in_house)
    });
    let origins = table.list_parsed("cors_origins", place::ORIGIN_MEND, place::origin);
    let (id, prefix, names) = (id?, prefix?, names?);
    let (agency, agency_names) = agency?;
    let service = Service {
        id: id.value,
        names,
        agency,
        agency_names,
        kind: kind?.value,
        regulation: regulation?,
        hosts: hosts.into_iter().map(|host| host.value).collect(),
        prefix: prefix.value,
        backend: backend?,
        cors_origins: origins.into_iter().map(|origin| origin.value).collect(),
    };
    Some(Head {
        line: id.line,
        prefix_line: prefix.line,
        service: Arc::new(service),
    })
}

fn agency(table: &mut Table<'_>, known: &KnownNames) -> Option<(AgencyId, Texts)> {
    let At { value, line } = table.need_parsed("agency", NAME_MEND, AgencyId::parse)?;
    let names = known.agencies.get(&value).cloned();
    if names.is_none() {
        unknown_word(table, line, "agency", value.as_str());
    }
    Some((value, names?))
}

fn regulation(table: &mut Table<'_>) -> Option<Regulation> {
    let number = table.need::<String>("number");
    let term_days = table.bounded("term_days", 0, (0, 3650));
    let term_days = u16::try_from(term_days?).ok()?;
    Some(Regulation {
        number: number?.value,
        term_days,
    })
}

fn backend(table: &mut Table<'_>) -> Option<Backend> {
    let name = table.need_parsed("upstream", NAME_MEND, UpstreamName::parse);
    let prefix = table.want_parsed(
        "upstream_prefix",
        place::PREFIX_MEND,
        place::upstream_prefix,
    );
    let name = name?;
    if name.value.as_str() != IN_HOUSE {
        let prefix = prefix.map(|prefix| prefix.value).unwrap_or_default();
        return Some(Backend::Upstream {
            name: name.value,
            prefix,
        });
    }
    if let Some(prefix) = prefix {
        let what = "an e-service of the house has no `upstream_prefix`";
        table.note(prefix.line, what, "remove it");
    }
    Some(Backend::InHouse)
}

/// A text in all four languages, none of them empty.
fn texts(table: &mut Table<'_>) -> Option<Texts> {
    let mut text = |language: &'static str| {
        let written = table.need::<String>(language)?;
        if written.value.trim().is_empty() {
            table.note(
                written.line,
                format!("`{language}` is empty"),
                "write the text",
            );
        }
        Some(written.value)
    };
    let (uz, uzc, ru, en) = (text("uz"), text("uzc"), text("ru"), text("en"));
    Some(Texts {
        uz: uz?,
        uzc: uzc?,
        ru: ru?,
        en: en?,
    })
}

/// A word of one of our enums, as its `Deserialize` spells them.
fn word<T: for<'de> Deserialize<'de>>(given: &str) -> Result<T, String> {
    let words: StrDeserializer<'_, WordError> = given.into_deserializer();
    T::deserialize(words).map_err(|_| format!("`{given}` is not known"))
}

fn unknown_word(table: &Table<'_>, line: u32, kind: &str, name: &str) {
    let what = format!("`{name}` is no {kind} of the vocabulary");
    table.note(
        line,
        what,
        format!("correct it, or add the {kind} to `vocabulary.toml`"),
    );
}

/// The name that stands for this program in `upstream`.
const IN_HOUSE: &str = "in-house";

const NAME_MEND: &str = "write a name such as `pension-fund`";
