//! What serving never does: making keys and empty stores.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use ring::rand::SystemRandom;

use crate::app::error::AppError;
use crate::app::identity;
use crate::app::stores::{
    self, ASSERTION_KEY, JOURNAL_KEY, Keys, NOTARY_KEYS, PSEUDONYM_KEY, VAULT_KEY, name,
};
use crate::config::{Config, Store};
use crate::domain::time::Timestamp;
use crate::keys::{Algorithm, KeyFolder, KeyName};

/// Makes the keys and stores of a config that are not there yet; what is there stays as it is.
/// Says what it made.
///
/// # Errors
/// When a file cannot be written, or half of a store is there and half is not.
pub fn init(config: &Config, now: Timestamp) -> Result<Vec<PathBuf>, AppError> {
    let random = SystemRandom::new();
    let folder = if config.keys_dir.exists() {
        KeyFolder::open(&config.keys_dir)?
    } else {
        KeyFolder::create(&config.keys_dir)?
    };
    let present: Vec<String> = folder
        .list()?
        .into_iter()
        .map(|(name, _)| name.as_str().to_owned())
        .collect();
    let missing = |key: &str| !present.iter().any(|name| name == key);
    let mut made = store_folders(config)?;
    for (key, algorithm) in signing_keys(config) {
        if missing(&key) {
            folder.create_signing(&KeyName::parse(&key)?, algorithm, now, &random)?;
            made.push(config.keys_dir.join(key));
        }
    }
    for key in [PSEUDONYM_KEY, VAULT_KEY] {
        if missing(key) {
            folder.create_secret(&name(key)?, now, &random)?;
            made.push(config.keys_dir.join(key));
        }
    }
    made.extend(stores::create(config, &Keys::open(config)?)?);
    made.extend(identity::create(config)?);
    Ok(made)
}

/// Every signing key that the config needs.
fn signing_keys(config: &Config) -> Vec<(String, Algorithm)> {
    let mut keys = vec![
        (ASSERTION_KEY.to_owned(), Algorithm::Es256),
        (JOURNAL_KEY.to_owned(), Algorithm::Ed25519),
    ];
    if let Some(notary) = &config.notary {
        keys.extend(NOTARY_KEYS.map(|(key, algorithm)| (key.to_owned(), algorithm)));
        let bodies = notary.seals.keys().map(stores::seal_key);
        keys.extend(bodies.map(|key| (key, Algorithm::Es256)));
    }
    keys
}

/// Makes the folders that the stores lie in, open to their owner only.
fn store_folders(config: &Config) -> Result<Vec<PathBuf>, AppError> {
    let Store::Embedded {
        data_dir, lock_dir, ..
    } = &config.store
    else {
        return Ok(Vec::new());
    };
    let mut made = Vec::new();
    for folder in [data_dir, lock_dir] {
        if !folder.exists() {
            let mut builder = DirBuilder::new();
            let created = builder.recursive(true).mode(0o700).create(folder);
            created.map_err(|cause| stores::unusable(folder, cause))?;
            made.push(folder.clone());
        }
    }
    Ok(made)
}
