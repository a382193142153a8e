//! Tiles as files, under the names by which they are served (C2SP `tlog-tiles`).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::embedded::{Space, durable};
use crate::tlog::TreeHead;
use crate::tlog::storage::{StorageError, TileStorage};
use crate::tlog::tile::TilePath;

/// [`TileStorage`] in one folder: `checkpoint`, `tile/…`, `staged/…`.
#[derive(Debug)]
pub struct FileTiles {
    folder: PathBuf,
    space: Space,
}

impl FileTiles {
    /// Makes the folder of a new log.
    pub fn create(folder: &Path, free_bytes_min: u64) -> Result<Self, StorageError> {
        fs::create_dir_all(folder.join(STAGED))
            .and_then(|()| fs::create_dir_all(folder.join("tile")))
            .and_then(|()| durable::sync_folder(folder))
            .map_err(failed("create the folder of tiles", folder))?;
        Self::open(folder, free_bytes_min)
    }

    /// Takes the folder of an existing log; `free_bytes_min` of its disk stay free.
    pub fn open(folder: &Path, free_bytes_min: u64) -> Result<Self, StorageError> {
        let staged = folder.join(STAGED);
        if !staged.is_dir() {
            let missing = io::Error::from(io::ErrorKind::NotFound);
            return Err(failed("open the folder of tiles", folder)(missing));
        }
        Ok(Self {
            folder: folder.to_owned(),
            space: Space::new(folder, free_bytes_min),
        })
    }

    fn staged_path(&self, head: &TreeHead) -> PathBuf {
        let name = format!("{}-{}", head.size, head.root);
        self.folder.join(STAGED).join(name)
    }

    fn write_tile(&self, path: &TilePath, bytes: &[u8]) -> Result<Option<PathBuf>, StorageError> {
        let file = self.folder.join(path.to_string());
        let failed = failed("write tile", &file);
        if let Some(before) = durable::read(&file).map_err(&failed)? {
            if before != bytes {
                return Err(StorageError::Changed(*path));
            }
            return Ok(file.parent().map(Path::to_owned));
        }
        let parent = file.parent().unwrap_or(&self.folder);
        durable::create_folders(&self.folder, parent).map_err(&failed)?;
        durable::write(&file, bytes).map_err(&failed)?;
        Ok(Some(parent.to_owned()))
    }

    /// Removes the partial versions of a tile that is full. One that stays behind only takes room.
    fn remove_partials(&self, path: &TilePath) {
        let mut folder = self.folder.join(path.to_string()).into_os_string();
        folder.push(".p");
        let _ = fs::remove_dir_all(folder);
    }
}

impl TileStorage for FileTiles {
    fn stage(&self, head: &TreeHead, bundle: &[u8]) -> Result<(), StorageError> {
        let path = self.staged_path(head);
        let failed = failed("stage", &path);
        // The bundle itself, then its tiles, then what file systems add to them.
        let bytes = (bundle.len() as u64).saturating_mul(3);
        if !self.space.has(bytes).map_err(&failed)? {
            return Err(StorageError::NoSpace);
        }
        durable::write(&path, bundle)
            .and_then(|()| durable::sync_folder(&self.folder.join(STAGED)))
            .map_err(failed)
    }

    fn staged(&self, head: &TreeHead) -> Result<Option<Vec<u8>>, StorageError> {
        let path = self.staged_path(head);
        durable::read(&path).map_err(failed("read", &path))
    }

    fn discard_staged(&self, size: u64) -> Result<(), StorageError> {
        let folder = self.folder.join(STAGED);
        let failed = failed("tidy", &folder);
        for entry in fs::read_dir(&folder).map_err(&failed)? {
            let entry = entry.map_err(&failed)?;
            let name = entry.file_name();
            let of = name.to_str().and_then(|name| name.split_once('-'));
            let of: Option<u64> = of.and_then(|(of, _)| of.parse().ok());
            if of.is_some_and(|of| of <= size) {
                fs::remove_file(entry.path()).map_err(&failed)?;
            }
        }
        Ok(())
    }

    fn write_tiles(&self, tiles: &[(TilePath, Vec<u8>)]) -> Result<(), StorageError> {
        let mut folders = BTreeSet::new();
        for (path, bytes) in tiles {
            folders.extend(self.write_tile(path, bytes)?);
        }
        for folder in &folders {
            durable::sync_folder(folder).map_err(failed("write tiles", folder))?;
        }
        for (path, _) in tiles.iter().filter(|(path, _)| path.is_full()) {
            self.remove_partials(path);
        }
        Ok(())
    }

    fn read_tile(&self, path: &TilePath) -> Result<Option<Vec<u8>>, StorageError> {
        let file = self.folder.join(path.to_string());
        durable::read(&file).map_err(failed("read tile", &file))
    }

    fn publish(&self, note: &str) -> Result<(), StorageError> {
        let path = self.folder.join(CHECKPOINT);
        durable::write(&path, note.as_bytes())
            .and_then(|()| durable::sync_folder(&self.folder))
            .map_err(failed("publish", &path))
    }

    fn published(&self) -> Result<Option<String>, StorageError> {
        let path = self.folder.join(CHECKPOINT);
        let failed = failed("read", &path);
        let bytes = durable::read(&path).map_err(&failed)?;
        let text = bytes.map(String::from_utf8).transpose();
        text.map_err(|e| failed(io::Error::new(io::ErrorKind::InvalidData, e)))
    }
}

fn failed(action: &str, path: &Path) -> impl Fn(io::Error) -> StorageError {
    let action = format!("{action} `{}`", path.display());
    move |source| StorageError::broken(action.clone(), source)
}

const CHECKPOINT: &str = "checkpoint";
const STAGED: &str = "staged";
