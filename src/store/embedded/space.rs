//! How much room is left on the disk.

use std::io;
use std::path::{Path, PathBuf};

/// The room on the disk that holds a folder, and how much of it stays reserved.
#[derive(Debug, Clone)]
pub struct Space {
    folder: PathBuf,
    free_bytes_min: u64,
}

impl Space {
    /// The space of `folder`'s disk, of which `free_bytes_min` are never written to.
    #[must_use]
    pub fn new(folder: &Path, free_bytes_min: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            free_bytes_min,
        }
    }

    /// Whether `bytes` more can be written and the reserve is still there.
    pub fn has(&self, bytes: u64) -> io::Result<bool> {
        Ok(self.free()? >= self.free_bytes_min.saturating_add(bytes))
    }

    /// How many bytes may still be written above the reserve.
    pub fn left(&self) -> io::Result<u64> {
        Ok(self.free()?.saturating_sub(self.free_bytes_min))
    }

    fn free(&self) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(&self.folder)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}
