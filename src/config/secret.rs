//! A secret in a file of its own.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The largest secret, in bytes.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// The path of a file that holds a secret. What it holds is read where it is needed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretFile(PathBuf);

/// Why a secret cannot be had. Shows the path, never the content.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the secret `{}` cannot be read: {cause}", path.display())]
    Read { path: PathBuf, cause: io::Error },
    #[error("the secret `{}` is open to others (mode {mode:03o})", path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("the secret `{}` is empty or larger than {SECRET_BYTES_MAX} bytes", path.display())]
    Size { path: PathBuf },
}

impl SecretFile {
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The secret without the line break it may end with. The file's mode is asked of the file
    /// that was opened, so that nobody can change places in between.
    ///
    /// # Errors
    /// [`SecretError`]; a file that group or others may use is not read.
    pub fn read(&self) -> Result<Zeroizing<String>, SecretError> {
        let path = || self.0.clone();
        let failed = |cause| SecretError::Read {
            path: path(),
            cause,
        };
        let file = File::open(&self.0).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretError::Open { path: path(), mode });
        }
        if metadata.len() > SECRET_BYTES_MAX {
            return Err(SecretError::Size { path: path() });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(SECRET_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(failed)?;
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        let secret = secret.strip_suffix('\r').unwrap_or(secret);
        if secret.is_empty() {
            return Err(SecretError::Size { path: path() });
        }
        Ok(Zeroizing::new(secret.to_owned()))
    }
}

impl fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretFile({})", self.0.display())
    }
}
