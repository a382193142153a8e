//! The parts of the demo as processes, started and stopped with it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::demo::error::DemoError;
use crate::demo::part::{Part, Ready};

/// Processes that end with this value: their input is closed, and they are killed if that does not
/// move them.
#[derive(Debug)]
pub(super) struct Children {
    running: Vec<(Part, Child)>,
    addresses: HashMap<Part, SocketAddr>,
}

/// What all parts are told.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// The program whose hidden verb runs a part.
    pub(super) program: PathBuf,
    pub(super) portal: String,
    pub(super) data_dir: PathBuf,
}

impl Children {
    /// Starts all parts and waits until each listens.
    ///
    /// # Errors
    /// When one cannot be started or ends before it listens; those that run are ended.
    pub(super) async fn start(around: &Surroundings) -> Result<Self, DemoError> {
        let mut children = Self {
            running: Vec::new(),
            addresses: HashMap::new(),
        };
        for part in Part::ALL {
            let child = spawn(part, around)?;
            children.running.push((part, child));
        }
        for (part, child) in &mut children.running {
            let address = ready(*part, child).await?;
            children.addresses.insert(*part, address);
        }
        Ok(children)
    }

    /// Where each part listens.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (Part, SocketAddr)> {
        self.addresses
            .iter()
            .map(|(part, address)| (*part, *address))
    }

    /// Closes their inputs and waits for them to end.
    pub(super) async fn stop(mut self) {
        for (_, child) in &mut self.running {
            drop(child.stdin.take());
        }
        for (_, child) in &mut self.running {
            // One that does not end in time is killed when it is dropped.
            drop(tokio::time::timeout(END_WAIT_MAX, child.wait()).await);
        }
    }
}

/// A process group of its own keeps an interrupt at the terminal from the parts: the gateway drains
/// first, then they end.
fn spawn(part: Part, around: &Surroundings) -> Result<Child, DemoError> {
    let mut command = Command::new(&around.program);
    command
        .arg("demo-part")
        .arg(part.as_str())
        .args(["--listen", part.usual_address()])
        .args(["--portal", &around.portal])
        .arg("--data-dir")
        .arg(absolute(&around.data_dir))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command.spawn().map_err(|source| DemoError::Start {
        part: part.as_str(),
        source,
    })
}

async fn ready(part: Part, child: &mut Child) -> Result<SocketAddr, DemoError> {
    let silent = DemoError::Silent {
        part: part.as_str(),
    };
    let Some(output) = child.stdout.take() else {
        return Err(silent);
    };
    let mut line = String::new();
    let mut lines = BufReader::new(output);
    let said = tokio::time::timeout(READY_WAIT_MAX, lines.read_line(&mut line)).await;
    match (said, serde_json::from_str::<Ready>(&line)) {
        (Ok(Ok(_)), Ok(ready)) if ready.part == part.as_str() => Ok(ready.address),
        _ => Err(silent),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

const READY_WAIT_MAX: Duration = Duration::from_secs(20);
const END_WAIT_MAX: Duration = Duration::from_secs(3);
