//! What documents are sealed with and kept in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::app::error::AppError;
use crate::app::stores::{Keys, create_log, log, note_signer, signer_of, unusable};
use crate::clock::Clock;
use crate::cms::{Certificate, CertificateSet};
use crate::config::{self, ClockTrust, Config};
use crate::domain::name::AgencyId;
use crate::domain::time::Timestamp;
use crate::keys::{Algorithm, KeyFolder, KeyName, Signer};
use crate::notary::index::{DocumentArchive, SealIndex};
use crate::notary::leaf::DocumentLeaf;
use crate::notary::{
    Notary, Registrar, RegistrarOptions, SealKey, Settings, StampSettings, Tools, Tsa,
};
use crate::store::embedded::{FileTiles, SqliteArchive, SqliteLeafIndex, SqliteSealIndex};
use crate::store::memory::{
    MemoryArchive, MemoryLeafIndex, MemoryLock, MemorySealIndex, MemoryTiles,
};
use crate::tlog::storage::LeafIndex;
use crate::tlog::{self, Fatal, NoteSigner, Position, Tlog, TlogError, TreeHead};

/// The keys of the notary besides those of the issuing bodies.
pub(in crate::app) const NOTARY_KEYS: [(&str, Algorithm); 3] = [
    (TSA_KEY, Algorithm::Es256),
    (LOG_KEY, Algorithm::Ed25519),
    (VERDICT_KEY, Algorithm::Es256),
];

const TSA_KEY: &str = "tsa";
const LOG_KEY: &str = "documents";
const VERDICT_KEY: &str = "verdict";

/// Writes to the index that may wait, and that one commit takes.
const QUEUE_WRITES_MAX: usize = 2_000;
const BATCH_WRITES_MAX: usize = 200;
/// Entries, from the last, in which a start looks for the last stamp.
const LOOKED_BACK_ENTRIES_MAX: u64 = 1_000;
/// Entries of the log that may wait, and that one commit takes.
const QUEUE_ENTRIES_MAX: usize = 10_000;
const BATCH_ENTRIES_MAX: usize = 1_000;

/// The name of a body's seal key.
pub(in crate::app) fn seal_key(agency: &AgencyId) -> String {
    format!("seal-{agency}")
}

/// Where the embedded store keeps documents.
#[derive(Debug)]
pub(super) struct Places {
    index: PathBuf,
    archive: PathBuf,
    tiles: PathBuf,
    /// First positions of leaves; rebuilt when it is gone.
    leaves: PathBuf,
    lock: PathBuf,
}

impl Places {
    pub(super) fn of(data_dir: &Path, lock_dir: &Path) -> Self {
        Self {
            index: data_dir.join("documents.sqlite"),
            archive: data_dir.join("archive.sqlite"),
            tiles: data_dir.join("documents-log"),
            leaves: data_dir.join("documents-leaves.sqlite"),
            lock: lock_dir.join("documents-log.sqlite"),
        }
    }
}

/// What the notary keeps things in.
struct Stores {
    index: Arc<dyn SealIndex>,
    archive: Arc<dyn DocumentArchive>,
    log: tlog::Stores,
    leaves: Arc<dyn LeafIndex>,
}

/// Makes the stores that are not there yet; says which it made.
pub(super) fn create(config: &Config, all: &super::Places) -> Result<Vec<PathBuf>, AppError> {
    let places = &all.documents;
    let mut made = Vec::new();
    if !places.index.exists() {
        SqliteSealIndex::create(&places.index, all.free_bytes_min)
            .map_err(|cause| unusable(&places.index, cause))?;
        made.push(places.index.clone());
    }
    if !places.archive.exists() {
        SqliteArchive::create(&places.archive, all.free_bytes_min)
            .map_err(|cause| unusable(&places.archive, cause))?;
        made.push(places.archive.clone());
    }
    let signer = log_signer(config)?;
    made.extend(create_log(
        &places.tiles,
        &places.lock,
        all.free_bytes_min,
        &signer,
    )?);
    Ok(made)
}

/// The notary of a config, where it has one; in memory its stores are made on the spot.
///
/// # Errors
/// A key or certificate that is missing or does not fit; what the stores say.
pub(in crate::app) fn notary(
    config: &Config,
    keys: &Keys,
    clock: &Arc<dyn Clock>,
    fatal: &Fatal,
) -> Result<Option<Arc<Notary>>, AppError> {
    let Some(settings) = &config.notary else {
        return Ok(None);
    };
    let signer = log_signer(config)?;
    let stores = stores(config, &signer)?;
    let options = tlog::Options {
        entries: tlog::EntryBundles::Published,
        queue_entries_max: QUEUE_ENTRIES_MAX,
        batch_entries_max: BATCH_ENTRIES_MAX,
        first_positions: Some(stores.leaves),
    };
    let log = Tlog::open(stores.log, signer, options, fatal.clone())?;
    let options = RegistrarOptions {
        queue_writes_max: QUEUE_WRITES_MAX,
        batch_writes_max: BATCH_WRITES_MAX,
    };
    let registrar = Registrar::start(stores.index, stores.archive, options)
        .map_err(|cause| AppError::Notary(cause.into()))?;
    let random: Arc<dyn SecureRandom + Send + Sync> = Arc::new(SystemRandom::new());
    let tools = Tools {
        seals: seals(config, settings)?,
        tsa: Arc::new(tsa(config, settings, last_stamp(&log)?, clock, &random)?),
        log: Arc::new(log),
        registrar,
        vault: Arc::clone(&keys.vault),
        pseudonym: Arc::clone(&keys.pseudonym),
        random,
        clock: Arc::clone(clock),
    };
    let settings = Settings {
        portal: config.portal.origin.clone(),
        proof_name: settings.proof_oid.clone(),
        access_ms_max: settings.access_seconds_max.saturating_mul(1000),
    };
    Ok(Some(Arc::new(Notary::new(settings, tools)?)))
}

/// What a stranger needs to believe documents and logs of this gateway: the logs' keys as C2SP
/// `signed-note` writes them, the authorities of seals and time-stamps, the keys of verdicts.
///
/// # Errors
/// When keys or certificates cannot be read.
pub fn trust(config: &Config) -> Result<Value, AppError> {
    let mut logs = vec![
        note_signer(config, &Keys::open(config)?)?
            .verifier()
            .to_string(),
    ];
    let Some(notary) = &config.notary else {
        return Ok(json!({ "version": 1, "portal": config.portal.origin, "logs": logs }));
    };
    logs.push(log_signer(config)?.verifier().to_string());
    let anchors = read(&notary.anchors)?;
    Ok(json!({
        "version": 1,
        "portal": config.portal.origin,
        "logs": logs,
        "anchors": anchors.iter().map(pem_of).collect::<Vec<_>>(),
        "proof_oid": notary.proof_oid_text,
        "witnesses": { "quorum": 0, "keys": [] },
        "keys": { "keys": [verdict_key(config)?.public_key().jwk()] },
    }))
}

/// Reads the whole documents' log again. What is wrong with it is a finding.
///
/// # Errors
/// When it cannot be read at all.
pub fn audit_documents(
    config: &Config,
    progress: &mut dyn FnMut(u64),
) -> Result<Result<TreeHead, TlogError>, AppError> {
    let places = super::Places::of(&config.store).ok_or(AppError::NothingKept)?;
    let path = &places.documents.tiles;
    let tiles = FileTiles::open(path, 0).map_err(|cause| unusable(path, cause))?;
    let signer = log_signer(config)?;
    let entries = tlog::EntryBundles::Published;
    Ok(tlog::audit(&tiles, signer.verifier(), entries, progress))
}

/// The key that signs verdicts and status lists.
///
/// # Errors
/// When it cannot be read.
pub(in crate::app) fn verdict_key(config: &Config) -> Result<Arc<dyn Signer>, AppError> {
    key(config, VERDICT_KEY)
}

fn stores(config: &Config, signer: &NoteSigner) -> Result<Stores, AppError> {
    let Some(all) = super::Places::of(&config.store) else {
        let log = tlog::Stores {
            tiles: Arc::new(MemoryTiles::default()),
            lock: Arc::new(MemoryLock::default()),
        };
        Tlog::create(&log, signer)?;
        return Ok(Stores {
            index: Arc::new(MemorySealIndex::default()),
            archive: Arc::new(MemoryArchive::default()),
            log,
            leaves: Arc::new(MemoryLeafIndex::default()),
        });
    };
    let (places, free) = (&all.documents, all.free_bytes_min);
    let index = SqliteSealIndex::open(&places.index, free);
    let archive = SqliteArchive::open(&places.archive, free);
    let leaves = SqliteLeafIndex::open_or_rebuild(&places.leaves);
    Ok(Stores {
        index: Arc::new(index.map_err(|cause| unusable(&places.index, cause))?),
        archive: Arc::new(archive.map_err(|cause| unusable(&places.archive, cause))?),
        log: log(&places.tiles, &places.lock, free)?,
        leaves: Arc::new(leaves.map_err(|cause| unusable(&places.leaves, cause))?),
    })
}

fn seals(
    config: &Config,
    settings: &config::Notary,
) -> Result<BTreeMap<AgencyId, SealKey>, AppError> {
    let mut seals = BTreeMap::new();
    for (agency, path) in &settings.seals {
        let mut certificates = read(path)?.into_iter();
        let signer = certificates
            .next()
            .ok_or_else(|| setting(path, "it is empty"))?;
        let key = SealKey {
            signer: key(config, &seal_key(agency))?,
            certificates: CertificateSet {
                signer,
                path: certificates.collect(),
            },
        };
        seals.insert(agency.clone(), key);
    }
    Ok(seals)
}

fn tsa(
    config: &Config,
    settings: &config::Notary,
    not_before: Timestamp,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn SecureRandom + Send + Sync>,
) -> Result<Tsa, AppError> {
    let path = &settings.tsa.certificate;
    let certificate = read(path)?.into_iter().next();
    let stamping = StampSettings {
        policy: settings.tsa.policy_oid.clone(),
        accuracy_seconds: settings.tsa.accuracy_seconds,
        not_before,
    };
    if config.clock.trust != ClockTrust::Operator {
        let what = "clock.trust".to_owned();
        let cause = "only `operator` can answer for the time of documents here".to_owned();
        return Err(AppError::Setting { what, cause });
    }
    let certificate = certificate.ok_or_else(|| setting(path, "it is empty"))?;
    let signer = key(config, TSA_KEY)?;
    Tsa::new(
        stamping,
        signer,
        certificate,
        Arc::clone(clock),
        Arc::clone(random),
    )
    .map_err(|cause| setting(path, &cause.to_string()))
}

/// What the last stamp in the log says of the time: the clock is wrong if it says less. Moments of
/// revocations are no stamps: the clock may have been in doubt, and a document is revoked all the
/// same.
fn last_stamp(log: &Tlog) -> Result<Timestamp, AppError> {
    let size = log.published().head.size;
    for back in 1..=size.min(LOOKED_BACK_ENTRIES_MAX) {
        let index = size.saturating_sub(back);
        let entry = log.entry(Position { index })?;
        match entry.and_then(|entry| DocumentLeaf::parse(&entry)) {
            Some(DocumentLeaf::Issue(leaf)) => return Ok(leaf.at),
            Some(DocumentLeaf::Revoke(_)) | None => {}
        }
    }
    Ok(Timestamp::default())
}

fn log_signer(config: &Config) -> Result<NoteSigner, AppError> {
    signer_of(config, "documents", key(config, LOG_KEY)?)
}

/// The newest key of this name.
fn key(config: &Config, name: &str) -> Result<Arc<dyn Signer>, AppError> {
    let folder = KeyFolder::open(&config.keys_dir)?;
    let keys = folder.signing(&KeyName::parse(name)?)?;
    let newest = keys.into_iter().next_back();
    newest
        .map(|dated| dated.key)
        .ok_or(AppError::NoKey("a key of the notary"))
}

/// The certificates of a PEM file, in its order.
fn read(path: &Path) -> Result<Vec<Certificate>, AppError> {
    let found =
        CertificateDer::pem_file_iter(path).map_err(|cause| setting(path, &cause.to_string()))?;
    found
        .map(|der| {
            let der = der.map_err(|cause| setting(path, &cause.to_string()))?;
            Certificate::parse(&der).map_err(|cause| setting(path, &cause.to_string()))
        })
        .collect()
}

fn pem_of(certificate: &Certificate) -> String {
    crate::keys::certificate_pem(certificate.der())
}

fn setting(path: &Path, cause: &str) -> AppError {
    AppError::Setting {
        what: path.display().to_string(),
        cause: cause.to_owned(),
    }
}
