//! A third party who has a file and the trust file, and no portal.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::process::Command;

use crate::demo::error::DemoError;
use crate::demo::folder::write_private;
use crate::demo::walk::Scene;

/// A folder with nothing in it but the trust file.
#[derive(Debug)]
pub(super) struct Alone(PathBuf);

impl Alone {
    /// Makes the folder anew.
    pub(super) fn new(scene: &Scene) -> Result<Self, DemoError> {
        let folder = scene.folder.walk().join("alone");
        let failed = |source| DemoError::Write {
            path: folder.clone(),
            source,
        };
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        std::fs::copy(&scene.places.trust, folder.join(TRUST)).map_err(failed)?;
        Ok(Self(folder))
    }

    /// Runs `muhrdor verify` there, as a process of its own: its exit code, and what it said.
    pub(super) async fn verify(
        &self,
        scene: &Scene,
        file: &Bytes,
        status: Option<&Bytes>,
    ) -> Result<(Option<i32>, String), DemoError> {
        write_private(&self.0.join(DOCUMENT), file)?;
        let mut words = vec!["verify", DOCUMENT, "--trust", TRUST];
        if let Some(list) = status {
            write_private(&self.0.join(STATUS), list)?;
            words.extend(["--status", STATUS]);
        }
        let program = std::path::absolute(&scene.program);
        let program = program.unwrap_or_else(|_| scene.program.clone());
        run(&program, &self.0, &words).await
    }
}

async fn run(
    program: &Path,
    folder: &Path,
    words: &[&str],
) -> Result<(Option<i32>, String), DemoError> {
    let output = Command::new(program)
        .args(words)
        .current_dir(folder)
        .env_clear()
        .output()
        .await
        .map_err(|source| DemoError::Start {
            part: "verify",
            source,
        })?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.code(), text))
}

const TRUST: &str = "trust.json";
const DOCUMENT: &str = "document.pdf";
const STATUS: &str = "status.jwt";
