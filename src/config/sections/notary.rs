//! Sealing: by whose certificates, stamped by which authority, provable under which name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cms::Oid;
use crate::config::place::Place;
use crate::config::sections::upstream::named;
use crate::domain::name::AgencyId;
use crate::domain::sheet::Table;

/// The notary's section. Keys stand in the key folder: `seal-AGENCY` for each body, `tsa`,
/// `documents`, `verdict`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notary {
    /// The name of the attribute that carries the log's proof: an arc of the deployment's own.
    pub proof_oid: Oid,
    /// The same, as it is written.
    pub proof_oid_text: String,
    /// How long a shown access code opens a document.
    pub access_seconds_max: u32,
    /// PEM: the authorities that seals and time-stamps are trusted through.
    pub anchors: PathBuf,
    pub tsa: Tsa,
    /// The certificates of each issuing body, PEM, the signer's first.
    pub seals: BTreeMap<AgencyId, PathBuf>,
}

/// The time-stamping authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tsa {
    /// PEM.
    pub certificate: PathBuf,
    pub policy_oid: Oid,
    pub accuracy_seconds: u32,
}

impl Notary {
    pub(in crate::config) fn read(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let proof = table.need_parsed("proof_oid", OID_MEND, oid);
        let access = table.bounded("access_seconds_max", 600, (10, 86_400));
        let anchors = place.file(table, "anchors");
        let tsa = table.need_section("tsa", |t| Tsa::read(t, place));
        let line = table.line();
        let seals = table.named("seals", |name, t| {
            let agency = named(name, t, AgencyId::parse);
            let certificate = place.file(t, "certificate");
            Some((agency?, certificate?))
        });
        if seals.is_empty() {
            let mend = "write `[notary.seals.AGENCY]` with its `certificate`";
            table.note(line, "nobody has a seal", mend);
        }
        let (proof_oid_text, proof_oid) = proof?.value;
        Some(Self {
            proof_oid,
            proof_oid_text,
            access_seconds_max: u32::try_from(access?).ok()?,
            anchors: anchors?,
            tsa: tsa?,
            seals: seals.into_iter().collect(),
        })
    }
}

impl Tsa {
    fn read(table: &mut Table<'_>, place: &Place) -> Option<Self> {
        let certificate = place.file(table, "certificate");
        let policy = table.need_parsed("policy_oid", OID_MEND, oid);
        let accuracy = table.bounded("accuracy_seconds", 1, (1, 60));
        let (_, policy_oid) = policy?.value;
        Some(Self {
            certificate: certificate?,
            policy_oid,
            accuracy_seconds: u32::try_from(accuracy?).ok()?,
        })
    }
}

fn oid(given: &str) -> Result<(String, Oid), String> {
    let parsed = Oid::parse(given).map_err(|cause| cause.to_string())?;
    Ok((given.to_owned(), parsed))
}

const OID_MEND: &str = "write an object identifier of your own arc, such as `1.3.6.1.4.1.N.1`";
