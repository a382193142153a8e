//! Client certificates that sign in: whose, whom they name, and how revoked ones are known.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::place::Place as Folder;
use crate::config::sections::upstream::{URL_MEND, guarded_url, named};
use crate::domain::name::{AgencyId, RealmId, RoleId, Scope, SystemId};
use crate::domain::principal::AcrRank;
use crate::domain::sheet::{At, Table, WordOrTable};
use crate::identity::bearer::SystemSettings;
use crate::identity::certificate::{Demand, Holder, ListSettings, OcspSettings, Place, Source};

/// Authorities whose certificates sign in one kind of principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    pub name: String,
    /// PEM.
    pub authorities: PathBuf,
    /// Authorities below them, PEM.
    pub between: Option<PathBuf>,
    pub holder: Holder,
    pub assurance: AcrRank,
    pub lists: ListSettings,
    pub ocsp: OcspSettings,
}

impl Certificates {
    pub(in crate::config) fn read(
        name: &At<&str>,
        table: &mut Table<'_>,
        folder: &Folder,
    ) -> Option<At<Self>> {
        let authorities = folder.file(table, "authorities");
        let between = table.has("between").then(|| folder.file(table, "between"));
        let assurance = table.need_bounded("assurance", (1, u64::from(AcrRank::RANK_MAX)));
        let holder = holder(table, assurance.and_then(rank));
        let lists = lists(table, folder);
        let ocsp = ocsp(table);
        let certificates = Self {
            name: name.value.to_owned(),
            authorities: authorities?,
            between: match between {
                None => None,
                Some(between) => Some(between?),
            },
            holder: holder?,
            assurance: rank(assurance?)?,
            lists: lists?,
            ocsp: ocsp?,
        };
        Some(At {
            value: certificates,
            line: name.line,
        })
    }

    /// Where requests about them go.
    pub(in crate::config) fn addresses(&self) -> impl Iterator<Item = &str> {
        let lists = self.lists.sources.iter().filter_map(|source| match source {
            Source::Address(address) => Some(address.as_str()),
            Source::File(_) => None,
        });
        lists.chain(self.ocsp.responder.as_deref())
    }
}

fn rank(written: u64) -> Option<AcrRank> {
    AcrRank::new(u8::try_from(written).ok()?)
}

fn holder(table: &mut Table<'_>, assurance: Option<AcrRank>) -> Option<Holder> {
    let kind = table.need_parsed("kind", KIND_MEND, |given| match given {
        "person" | "official" | "system" => Ok(given.to_owned()),
        _ => Err(format!(
            "`{given}` is no kind of principal with certificates"
        )),
    });
    let kind = kind?.value;
    if kind == "system" {
        let number = table.need_parsed("number", PLACE_MEND, Place::parse);
        let systems = systems(table, assurance);
        return Some(Holder::System {
            number: number?.value,
            systems,
        });
    }
    let realm = table.need_parsed("realm", "name a realm", RealmId::parse);
    let is_official = kind == "official";
    let agencies = is_official.then(|| agencies(table));
    let names = table.need_section("names", |inner| {
        let mut place = |key| inner.need_parsed(key, PLACE_MEND, Place::parse);
        let (pinfl, name) = (place("pinfl"), place("name"));
        let more = is_official.then(|| (place("official"), place("agency"), place("position")));
        Some((pinfl?.value, name?.value, more))
    });
    let (realm, (pinfl, name, more)) = (realm?.value, names?);
    let Some((official, agency, position)) = more else {
        return Some(Holder::Person { realm, pinfl, name });
    };
    Some(Holder::Official {
        realm,
        official: official?.value,
        agency: agency?.value,
        agencies: agencies?,
        name,
        position: position?.value,
        pinfl,
    })
}

/// Numbers of bodies, and which they are.
fn agencies(table: &mut Table<'_>) -> BTreeMap<String, AgencyId> {
    let read = |inner: &mut Table<'_>| {
        let line = inner.line();
        let mut wrong = Vec::new();
        let agencies = inner.words_or_tables(|number, written| {
            let agency = match written {
                WordOrTable::Word(word) => AgencyId::parse(word).ok(),
                WordOrTable::Table(_) => None,
            };
            if agency.is_none() {
                wrong.push(number.line);
            }
            Some((number.value.to_owned(), agency?))
        });
        for line in wrong {
            inner.note(line, "it is no body", "write `\"NUMBER\" = \"body\"`");
        }
        if agencies.is_empty() {
            inner.note(
                line,
                "no body has a number",
                "write `\"NUMBER\" = \"body\"`",
            );
        }
        Some(agencies.into_iter().collect())
    };
    table.need_section("agencies", read).unwrap_or_default()
}

/// What the number in a system's certificate stands for.
fn systems(table: &mut Table<'_>, assurance: Option<AcrRank>) -> BTreeMap<String, SystemSettings> {
    let line = table.line();
    let read = table.named("systems", |name, inner| {
        let line = name.line;
        let id = named(name, inner, SystemId::parse);
        let number = inner.need::<String>("number");
        let agency = inner.need_parsed("agency", "name a body", AgencyId::parse);
        let roles = inner.list_parsed("roles", "name a role", RoleId::parse);
        let scopes = inner.list_parsed("scopes", "name a scope", Scope::parse);
        let system = SystemSettings {
            id: id?,
            agency: agency?.value,
            roles: roles.into_iter().map(|at| at.value).collect(),
            scopes: scopes.into_iter().map(|at| at.value).collect(),
            assurance: assurance?,
        };
        Some((line, number?.value, system))
    });
    if read.is_empty() && table.is_empty("systems") {
        let mend = "write `[certificates.NAME.systems.ID]` with its `number` and `agency`";
        table.note(line, "no system is known by a certificate", mend);
    }
    let mut systems = BTreeMap::new();
    for (line, number, system) in read {
        if systems.insert(number, system).is_some() {
            let mend = "a certificate tells one system: keep one of them";
            table.note(line, "two systems have one `number`", mend);
        }
    }
    systems
}

fn demand(table: &mut Table<'_>, key: &'static str) -> Option<At<Demand>> {
    table.need_parsed(key, "write `off`, `soft` or `hard`", |given| match given {
        "off" => Ok(Demand::Off),
        "soft" => Ok(Demand::Soft),
        "hard" => Ok(Demand::Hard),
        _ => Err(format!("`{given}` is no demand")),
    })
}

fn lists(table: &mut Table<'_>, folder: &Folder) -> Option<ListSettings> {
    let demand = demand(table, "crl");
    let mut sources = Vec::new();
    for at in table.list::<String>("crls") {
        if !at.value.contains("://") {
            sources.push(Source::File(folder.listed(&at)));
            continue;
        }
        match guarded_url(&at.value) {
            Ok(address) => sources.push(Source::Address(address)),
            Err(what) => table.note(at.line, format!("`crls`: {what}"), URL_MEND),
        }
    }
    if let Some(At { value, line }) = demand {
        match (value, table.is_empty("crls")) {
            (Demand::Off, false) => {
                table.note(line, "nobody reads `crls`", "write `soft` or `hard`");
            }
            (Demand::Soft | Demand::Hard, true) => {
                table.note(
                    line,
                    "there is no list in `crls`",
                    "name one, or write `off`",
                );
            }
            _ => {}
        }
    }
    let bytes_max = table.bounded("crl_bytes_max", 1 << 20, (1 << 10, 16 << 20));
    let refresh = table.bounded("crl_refresh_seconds", 300, (1, 86_400));
    Some(ListSettings {
        demand: demand?.value,
        sources,
        refresh_ms: u32::try_from(refresh? * 1000).ok()?,
        bytes_max: usize::try_from(bytes_max?).ok()?,
    })
}

fn ocsp(table: &mut Table<'_>) -> Option<OcspSettings> {
    let demand = demand(table, "ocsp");
    let responder = table.want_parsed("ocsp_responder", URL_MEND, guarded_url);
    if let Some(At { value, line }) = demand {
        match (value, table.has("ocsp_responder")) {
            (Demand::Off, true) => {
                table.note(
                    line,
                    "nobody asks `ocsp_responder`",
                    "write `soft` or `hard`",
                );
            }
            (Demand::Soft | Demand::Hard, false) => {
                let mend = "name it in `ocsp_responder`, or write `off`";
                table.note(line, "there is no responder to ask", mend);
            }
            _ => {}
        }
    }
    let ms_max = table.bounded("ocsp_ms_max", 1_000, (10, 30_000));
    let age = table.bounded("ocsp_age_seconds_max", 300, (1, 86_400));
    Some(OcspSettings {
        demand: demand?.value,
        responder: responder.map(|at| at.value),
        ms_max: u32::try_from(ms_max?).ok()?,
        age_ms_max: u32::try_from(age? * 1000).ok()?,
    })
}

const KIND_MEND: &str = "write `person`, `official` or `system`";
const PLACE_MEND: &str = "write `subject:OID`, `other-name:OID` or `uri:PREFIX`";
