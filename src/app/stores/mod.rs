//! Backends, chosen by config; made by `init`, opened by `serve`.

mod documents;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::rand::SystemRandom;
use serde_json::Value;

use crate::app::error::AppError;
use crate::config::{Config, Store};
use crate::domain::time::Timestamp;
use crate::journal::{self, Journal, Ledger, Reader, Verified};
use crate::keys::{KeyFolder, KeyName, Pseudonym, Rotation, Signer, Vault};
use crate::store::embedded::{FileTiles, Space, SqliteLedger, SqliteLock};
use crate::store::memory::{MemoryLedger, MemoryLock, MemoryTiles};
use crate::tlog::{self, Fatal, NoteName, NoteSigner, Tlog};

pub(super) use documents::{NOTARY_KEYS, notary, seal_key, verdict_key};
pub use documents::{audit_documents, trust};

/// Key names of the key folder: each key has one use.
pub(super) const ASSERTION_KEY: &str = "assertion";
pub(super) const JOURNAL_KEY: &str = "journal";
pub(super) const PSEUDONYM_KEY: &str = "pseudonym";
pub(super) const VAULT_KEY: &str = "vault";

/// How long a key's signatures stay good after its successor began, in milliseconds.
const ASSERTION_OVERLAP_MS: u32 = 24 * 60 * 60 * 1000;
/// Entries of the journal that may wait.
const QUEUE_ENTRIES_MAX: usize = 10_000;
/// Entries that one commit takes.
const BATCH_ENTRIES_MAX: usize = 1_000;

/// The keys of the folder, by use.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) assertion: Rotation,
    pub(super) journal: Arc<dyn Signer>,
    pub(super) pseudonym: Arc<Pseudonym>,
    pub(super) vault: Arc<Vault>,
}

impl Keys {
    pub(super) fn open(config: &Config) -> Result<Self, AppError> {
        let folder = KeyFolder::open(&config.keys_dir)?;
        let assertion = folder.signing(&name(ASSERTION_KEY)?)?;
        let journal = folder.signing(&name(JOURNAL_KEY)?)?;
        let pseudonym = folder.secrets(&name(PSEUDONYM_KEY)?)?;
        let mut vault: Vec<_> = folder.secrets(&name(VAULT_KEY)?)?;
        let current = vault.pop().ok_or(AppError::NoKey(VAULT_KEY))?;
        let previous: Vec<_> = vault.into_iter().map(|dated| dated.key).collect();
        let journal = journal.first().ok_or(AppError::NoKey(JOURNAL_KEY))?;
        let pseudonym = pseudonym.first().ok_or(AppError::NoKey(PSEUDONYM_KEY))?;
        Ok(Self {
            assertion: Rotation::new(assertion, ASSERTION_OVERLAP_MS),
            journal: Arc::clone(&journal.key),
            pseudonym: Arc::new(Pseudonym::new(&pseudonym.key)),
            vault: Arc::new(Vault::new(&current.key, &previous)),
        })
    }
}

pub(super) fn name(key: &'static str) -> Result<KeyName, AppError> {
    Ok(KeyName::parse(key)?)
}

/// Where the embedded store keeps each thing.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) ledger: PathBuf,
    pub(super) tiles: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) sessions: PathBuf,
    documents: documents::Places,
    pub(super) free_bytes_min: u64,
}

impl Places {
    pub(super) fn of(store: &Store) -> Option<Self> {
        match store {
            Store::Memory => None,
            Store::Embedded {
                data_dir,
                lock_dir,
                free_bytes_min,
            } => Some(Self {
                ledger: data_dir.join("journal.sqlite"),
                tiles: data_dir.join("journal-log"),
                lock: lock_dir.join("journal-log.sqlite"),
                sessions: data_dir.join("sessions.sqlite"),
                documents: documents::Places::of(data_dir, lock_dir),
                free_bytes_min: *free_bytes_min,
            }),
        }
    }

    fn ledger(&self) -> Result<SqliteLedger, AppError> {
        let opened = SqliteLedger::open(&self.ledger, self.free_bytes_min);
        opened.map_err(|cause| unusable(&self.ledger, cause))
    }

    fn log(&self) -> Result<tlog::Stores, AppError> {
        log(&self.tiles, &self.lock, self.free_bytes_min)
    }
}

/// The disk that what must last is kept on.
pub(super) fn space(config: &Config) -> Option<Space> {
    match &config.store {
        Store::Memory => None,
        Store::Embedded {
            data_dir,
            free_bytes_min,
            ..
        } => Some(Space::new(data_dir, *free_bytes_min)),
    }
}

/// The stores of a log that is there.
fn log(tiles: &Path, lock: &Path, free_bytes_min: u64) -> Result<tlog::Stores, AppError> {
    let opened = FileTiles::open(tiles, free_bytes_min).map_err(|cause| unusable(tiles, cause))?;
    let locked = SqliteLock::open(lock).map_err(|cause| unusable(lock, cause))?;
    Ok(tlog::Stores {
        tiles: Arc::new(opened),
        lock: Arc::new(locked),
    })
}

/// Makes an empty log, unless there is one; half of one is for the opening to refuse.
fn create_log(
    tiles: &Path,
    lock: &Path,
    free_bytes_min: u64,
    signer: &NoteSigner,
) -> Result<Vec<PathBuf>, AppError> {
    if tiles.exists() || lock.exists() {
        return Ok(Vec::new());
    }
    let made = FileTiles::create(tiles, free_bytes_min).map_err(|cause| unusable(tiles, cause))?;
    let locked = SqliteLock::create(lock).map_err(|cause| unusable(lock, cause))?;
    let stores = tlog::Stores {
        tiles: Arc::new(made),
        lock: Arc::new(locked),
    };
    Tlog::create(&stores, signer)?;
    Ok(vec![tiles.to_owned(), lock.to_owned()])
}

/// The stores of the journal, opened; in memory they are made on the spot.
pub(super) fn journal(
    config: &Config,
    keys: &Keys,
    random: &Arc<SystemRandom>,
    fatal: &Fatal,
) -> Result<Journal, AppError> {
    let signer = note_signer(config, keys)?;
    let (ledger, stores): (Arc<dyn Ledger>, tlog::Stores) = match Places::of(&config.store) {
        Some(places) => (Arc::new(places.ledger()?), places.log()?),
        None => {
            let stores = tlog::Stores {
                tiles: Arc::new(MemoryTiles::default()),
                lock: Arc::new(MemoryLock::default()),
            };
            Tlog::create(&stores, &signer)?;
            (Arc::new(MemoryLedger::default()), stores)
        }
    };
    let options = tlog::Options {
        entries: tlog::EntryBundles::Withheld,
        queue_entries_max: QUEUE_ENTRIES_MAX,
        batch_entries_max: BATCH_ENTRIES_MAX,
        first_positions: None,
    };
    let log = Arc::new(Tlog::open(stores, signer, options, fatal.clone())?);
    let options = journal::Options {
        queue_entries_max: QUEUE_ENTRIES_MAX,
        batch_entries_max: BATCH_ENTRIES_MAX,
    };
    let random: Arc<dyn ring::rand::SecureRandom + Send + Sync> =
        Arc::<SystemRandom>::clone(random);
    let vault = Arc::clone(&keys.vault);
    Ok(Journal::start(
        ledger,
        log,
        vault,
        random,
        options,
        fatal.clone(),
    )?)
}

/// Makes the stores that are not there yet; says which it made.
pub(super) fn create(config: &Config, keys: &Keys) -> Result<Vec<PathBuf>, AppError> {
    let Some(places) = Places::of(&config.store) else {
        return Ok(Vec::new());
    };
    let mut made = Vec::new();
    if !places.ledger.exists() {
        SqliteLedger::create(&places.ledger, places.free_bytes_min)
            .map_err(|cause| unusable(&places.ledger, cause))?;
        made.push(places.ledger.clone());
    }
    let signer = note_signer(config, keys)?;
    made.extend(create_log(
        &places.tiles,
        &places.lock,
        places.free_bytes_min,
        &signer,
    )?);
    if config.notary.is_some() {
        made.extend(documents::create(config, &places)?);
    }
    Ok(made)
}

/// The keys that the gateway's assertions are checked with, as a JWK set (RFC 7517 §5).
///
/// # Errors
/// When the keys cannot be read.
pub fn key_set(config: &Config, now: Timestamp) -> Result<Value, AppError> {
    Ok(Keys::open(config)?.assertion.jwks(now))
}

/// Reads the journal beside a process that writes it.
///
/// # Errors
/// [`AppError::NothingKept`] for a store in memory; what the store says.
pub fn journal_reader(config: &Config) -> Result<Reader, AppError> {
    let places = Places::of(&config.store).ok_or(AppError::NothingKept)?;
    let keys = Keys::open(config)?;
    let ledger = SqliteLedger::open_read_only(&places.ledger)
        .map_err(|cause| unusable(&places.ledger, cause))?;
    Ok(Reader::new(Arc::new(ledger), keys.vault))
}

/// Reads the whole journal and its log, and says whether all is as it was written. `progress` is
/// told how many entries were read.
///
/// # Errors
/// When something cannot be read; what is wrong is a finding.
pub fn verify_journal(
    config: &Config,
    progress: &mut dyn FnMut(u64),
) -> Result<Verified, AppError> {
    let places = Places::of(&config.store).ok_or(AppError::NothingKept)?;
    let keys = Keys::open(config)?;
    let ledger = SqliteLedger::open_read_only(&places.ledger)
        .map_err(|cause| unusable(&places.ledger, cause))?;
    let tiles =
        FileTiles::open(&places.tiles, 0).map_err(|cause| unusable(&places.tiles, cause))?;
    let signer = note_signer(config, &keys)?;
    Ok(journal::verify(
        &ledger,
        &tiles,
        signer.verifier(),
        &keys.vault,
        progress,
    )?)
}

/// The log's key, named as the log: the portal's host and what the log is of.
fn note_signer(config: &Config, keys: &Keys) -> Result<NoteSigner, AppError> {
    signer_of(config, "journal", Arc::clone(&keys.journal))
}

fn signer_of(config: &Config, of: &str, key: Arc<dyn Signer>) -> Result<NoteSigner, AppError> {
    let setting = |cause: String| AppError::Setting {
        what: "portal.url".to_owned(),
        cause,
    };
    let name = NoteName::parse(&format!("{}/{of}", config.portal.host))
        .map_err(|cause| setting(cause.to_string()))?;
    NoteSigner::new(name, key).map_err(|cause| setting(cause.to_string()))
}

pub(super) fn unusable<E>(path: &Path, cause: E) -> AppError
where
    E: std::error::Error + Send + Sync + 'static,
{
    AppError::Store {
        path: path.to_owned(),
        source: Box::new(cause),
    }
}
