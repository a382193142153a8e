//! The house itself: its name, its store.

use std::path::PathBuf;

use crate::config::place::Place;
use crate::config::sections::upstream::https_origin;
use crate::domain::sheet::{At, Table};
use crate::domain::text::Texts;

/// The portal as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// Its origin, `https://portal.example`: what redirects lead to and tokens are meant for.
    pub origin: String,
    /// The origin's host.
    pub host: String,
    pub names: Texts,
    /// The body that runs it.
    pub operator: Texts,
    /// How to reach a human: a sentence with a telephone number or an address.
    pub help: Texts,
}

/// Where what must last is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// Nowhere: for trying out.
    Memory,
    /// In files of this machine.
    Embedded {
        data_dir: PathBuf,
        /// Outside `data_dir` and its backups.
        lock_dir: PathBuf,
        /// With less space than this, recorded operations are refused.
        free_bytes_min: u64,
    },
}

impl Portal {
    pub(in crate::config) fn read(table: &mut Table<'_>) -> Option<Self> {
        let mend = "write an origin such as `https://portal.example`";
        let origin = table.need_parsed("url", mend, https_origin);
        let names = table.need_section("names", texts);
        let operator = table.need_section("operator", texts);
        let help = table.need_section("help", texts);
        let (origin, host) = origin?.value;
        Some(Self {
            origin,
            host,
            names: names?,
            operator: operator?,
            help: help?,
        })
    }
}

impl Store {
    pub(in crate::config) fn read(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let At { value: kind, line } = table.need::<String>("kind")?;
        match kind.as_str() {
            "memory" => Some(Self::Memory),
            "embedded" => Self::embedded(table, place),
            _ => {
                table.note(
                    line,
                    format!("`{kind}` is no store"),
                    "write `embedded` or `memory`",
                );
                None
            }
        }
    }

    fn embedded(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let data_dir = place.secret_dir(table, "data_dir");
        let lock_dir = place.secret_dir(table, "lock_dir");
        let free_bytes_min =
            table.bounded("free_bytes_min", FREE_BYTES_DEFAULT, (1 << 20, 1 << 50));
        let (data_dir, lock_dir) = (data_dir?, lock_dir?);
        if lock_dir.starts_with(&data_dir) {
            let mend = "put it beside: a restored backup must not bring an old lock back";
            table.note(table.line(), "`lock_dir` lies within `data_dir`", mend);
        }
        Some(Self::Embedded {
            data_dir,
            lock_dir,
            free_bytes_min: free_bytes_min?,
        })
    }
}

/// A text in all four languages.
pub(in crate::config) fn texts(table: &mut Table<'_>) -> Option<Texts> {
    let mut text = |language| table.need::<String>(language).map(|at| at.value);
    let (uz, uzc, ru, en) = (text("uz"), text("uzc"), text("ru"), text("en"));
    Some(Texts {
        uz: uz?,
        uzc: uzc?,
        ru: ru?,
        en: en?,
    })
}

const FREE_BYTES_DEFAULT: u64 = 256 << 20;
