//! The key folder: one file a key, readable by its owner only.
//!
//! `NAME.SECONDS.pem`, where the number is the Unix time from which the key is used: a PKCS#8
//! `PRIVATE KEY` (RFC 5958, RFC 7468 §10) for signing, a `MUHRDOR SECRET` of 32 bytes for the rest.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use crate::domain::time::Timestamp;
use crate::keys::signer::{Algorithm, Signer, SoftSigner};
use crate::keys::{KeyError, pem};

/// What a key is for, `assertion`, `tlog`, `vault`: the first part of its file's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// # Errors
    /// [`KeyError::Name`] unless it is 1 to 32 of `a-z 0-9 -`.
    pub fn parse(given: &str) -> Result<Self, KeyError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if given.is_empty() || given.len() > NAME_BYTES_MAX || !given.bytes().all(allowed) {
            return Err(KeyError::Name(given.chars().take(NAME_BYTES_MAX).collect()));
        }
        Ok(Self(given.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key and when it begins to be used.
#[derive(Debug, Clone)]
pub struct Dated<K> {
    pub from: Timestamp,
    pub key: K,
}

/// 32 random bytes that only this house knows.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; SECRET_BYTES]>);

impl Secret {
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        random
            .fill(bytes.as_mut_slice())
            .map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(bytes))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(withheld)")
    }
}

/// The folder of the house's keys.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    folder: PathBuf,
}

impl KeyFolder {
    /// Makes the folder, or takes an existing one: `keys init` and the demo only.
    ///
    /// # Errors
    /// [`KeyError::Io`], [`KeyError::Exposed`].
    pub fn create(folder: &Path) -> Result<Self, KeyError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|e| failed("create", folder, e))?;
        Self::open(folder)
    }

    /// Takes an existing folder that others cannot look into.
    ///
    /// # Errors
    /// [`KeyError::NoFolder`], [`KeyError::Exposed`].
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => refuse_exposed(folder, &metadata)?,
            Ok(_) => return Err(KeyError::NoFolder(folder.to_owned())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(KeyError::NoFolder(folder.to_owned()));
            }
            Err(e) => return Err(failed("look at", folder, e)),
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The signing keys of one name, the earliest first; at least one.
    ///
    /// # Errors
    /// [`KeyError::NoKey`], [`KeyError::Exposed`], [`KeyError::Malformed`], [`KeyError::Io`].
    pub fn signing(&self, name: &KeyName) -> Result<Vec<Dated<Arc<dyn Signer>>>, KeyError> {
        self.read_all(name, SIGNING_LABEL, |path, der| {
            SoftSigner::from_pkcs8(der)
                .map(|signer| Arc::new(signer) as Arc<dyn Signer>)
                .map_err(|_| malformed(path, "neither a P-256 nor an Ed25519 key"))
        })
    }

    /// The secrets of one name, the earliest first; at least one.
    ///
    /// # Errors
    /// As [`KeyFolder::signing`].
    pub fn secrets(&self, name: &KeyName) -> Result<Vec<Dated<Secret>>, KeyError> {
        self.read_all(name, SECRET_LABEL, |path, bytes| {
            let secret = bytes.try_into().map(|b| Secret(Zeroizing::new(b)));
            secret.map_err(|_| malformed(path, "a secret has 32 bytes"))
        })
    }

    /// Makes a signing key that signs from `from`; durable when it returns.
    ///
    /// # Errors
    /// [`KeyError::Exists`], [`KeyError::NoRandomness`], [`KeyError::Io`].
    pub fn create_signing(
        &self,
        name: &KeyName,
        algorithm: Algorithm,
        from: Timestamp,
        random: &dyn SecureRandom,
    ) -> Result<Arc<dyn Signer>, KeyError> {
        let pkcs8 = SoftSigner::generate(algorithm, random)?;
        self.write(name, from, SIGNING_LABEL, &pkcs8)?;
        Ok(Arc::new(SoftSigner::from_pkcs8(&pkcs8)?))
    }

    /// Makes a secret that is used from `from`; durable when it returns.
    ///
    /// # Errors
    /// As [`KeyFolder::create_signing`].
    pub fn create_secret(
        &self,
        name: &KeyName,
        from: Timestamp,
        random: &dyn SecureRandom,
    ) -> Result<Secret, KeyError> {
        let secret = Secret::generate(random)?;
        self.write(name, from, SECRET_LABEL, secret.expose())?;
        Ok(secret)
    }

    /// The names and beginnings of all keys in the folder, in order.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn list(&self) -> Result<Vec<(KeyName, Timestamp)>, KeyError> {
        let failed = |e| failed("list", &self.folder, e);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let file_name = entry.map_err(failed)?.file_name();
            found.extend(file_name.to_str().and_then(parse_file_name));
        }
        found.sort();
        Ok(found)
    }

    fn read_all<K>(
        &self,
        name: &KeyName,
        label: &str,
        parse: impl Fn(&Path, &[u8]) -> Result<K, KeyError>,
    ) -> Result<Vec<Dated<K>>, KeyError> {
        let mut keys = Vec::new();
        for (_, from) in self.list()?.into_iter().filter(|(n, _)| n == name) {
            let path = self.path(name, from);
            let metadata = fs::metadata(&path).map_err(|e| failed("look at", &path, e))?;
            refuse_exposed(&path, &metadata)?;
            let text = fs::read_to_string(&path).map_err(|e| failed("read", &path, e))?;
            let text = Zeroizing::new(text);
            let bytes = pem::decode(label, &text)
                .ok_or_else(|| malformed(&path, "not one PEM block of the expected label"))?;
            keys.push(Dated {
                from,
                key: parse(&path, &bytes)?,
            });
        }
        if keys.is_empty() {
            return Err(KeyError::NoKey {
                folder: self.folder.clone(),
                name: name.0.clone(),
            });
        }
        Ok(keys)
    }

    fn write(
        &self,
        name: &KeyName,
        from: Timestamp,
        label: &str,
        bytes: &[u8],
    ) -> Result<(), KeyError> {
        let path = self.path(name, from);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => KeyError::Exists(path.clone()),
                _ => failed("create", &path, e),
            })?;
        file.write_all(pem::encode(label, bytes).as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(&self.folder)?.sync_all())
            .map_err(|e| failed("write", &path, e))
    }

    fn path(&self, name: &KeyName, from: Timestamp) -> PathBuf {
        let file = format!("{}.{}.pem", name.0, from.unix_seconds());
        self.folder.join(file)
    }
}

fn parse_file_name(file: &str) -> Option<(KeyName, Timestamp)> {
    let (name, seconds) = file.strip_suffix(".pem")?.split_once('.')?;
    let from = Timestamp::from_unix_seconds(seconds.parse().ok()?);
    Some((KeyName::parse(name).ok()?, from))
}

fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> KeyError {
    KeyError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

fn malformed(path: &Path, what: &'static str) -> KeyError {
    KeyError::Malformed {
        path: path.to_owned(),
        what,
    }
}

const NAME_BYTES_MAX: usize = 32;
const SECRET_BYTES: usize = 32;
const SIGNING_LABEL: &str = "PRIVATE KEY";
const SECRET_LABEL: &str = "MUHRDOR SECRET";
