//! One part of the demo as a process of its own.
//!
//! The protocol: the process says one line of JSON on its output when it listens, and ends when its
//! input is closed, so that none survives the process that started it.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::demo::error::DemoError;
use crate::demo::folder::{CLERK_SECRET, FACTS_SECRET, Folder};
use crate::demo::http::{bind, serve};
use crate::demo::services::{Assertions, BodySystem, CivilRegistry, PensionFund};
use crate::demo::sign_in::Provider;

/// The parts of the demo that are processes of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Part {
    SignIn,
    CivilRegistry,
    PensionFund,
    BodySystem,
}

impl Part {
    pub const ALL: [Self; 4] = [
        Self::SignIn,
        Self::CivilRegistry,
        Self::PensionFund,
        Self::BodySystem,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::CivilRegistry => "civil-registry",
            Self::PensionFund => "pension-fund",
            Self::BodySystem => "body-system",
        }
    }

    /// Where it listens when nobody else does, as in the demo's config.
    #[must_use]
    pub const fn usual_address(self) -> &'static str {
        match self {
            Self::SignIn => "127.0.0.1:8450",
            Self::CivilRegistry => "127.0.0.1:8451",
            Self::PensionFund => "127.0.0.1:8452",
            Self::BodySystem => "127.0.0.1:8453",
        }
    }
}

/// What the process of a part is told.
#[derive(Debug, Clone, clap::Args)]
pub struct PartOptions {
    /// Which part
    pub part: Part,
    /// Where to listen; any port of the same address is taken where this one is in use
    #[arg(long)]
    pub listen: SocketAddr,
    /// The portal's origin, `https://localhost:8443`
    #[arg(long)]
    pub portal: String,
    /// The demo's data folder
    #[arg(long)]
    pub data_dir: PathBuf,
}

/// The line that says a part listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    pub part: String,
    pub address: SocketAddr,
}

/// Runs a part until its input is closed.
///
/// # Errors
/// When it cannot listen, or a file of the data folder cannot be read.
pub async fn run_part(
    options: PartOptions,
    clock: Arc<dyn Clock>,
    output: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let (listener, address) = bind(options.listen).await?;
    let ready = Ready {
        part: options.part.as_str().to_owned(),
        address,
    };
    let stop = input_closed();
    let say = |output: &mut (dyn Write + Send)| {
        let line = serde_json::to_string(&ready).unwrap_or_default();
        writeln!(output, "{line}")
            .and_then(|()| output.flush())
            .map_err(DemoError::Output)
    };
    let folder = Folder::new(options.data_dir);
    let portal = options.portal;
    match options.part {
        Part::SignIn => {
            let origin = format!("http://{address}");
            let site = Provider::new(origin, &portal, &folder, clock)?;
            say(output)?;
            serve(listener, Arc::new(site), stop).await;
        }
        Part::CivilRegistry => {
            let site = CivilRegistry::new(assertions("civil-registry", portal, &folder, clock));
            say(output)?;
            serve(listener, Arc::new(site), stop).await;
        }
        Part::PensionFund => {
            let site = PensionFund::new(assertions("pension-fund", portal, &folder, clock));
            say(output)?;
            serve(listener, Arc::new(site), stop).await;
        }
        Part::BodySystem => {
            let facts = folder.secret(FACTS_SECRET)?;
            let site = BodySystem::new(facts, folder.secret(CLERK_SECRET)?);
            say(output)?;
            serve(listener, Arc::new(site), stop).await;
        }
    }
    Ok(())
}

fn assertions(
    service: &'static str,
    portal: String,
    folder: &Folder,
    clock: Arc<dyn Clock>,
) -> Assertions {
    Assertions::new(service, portal, folder.authority(), clock)
}

/// Ready when the input ends: whoever started this process is gone or wants it gone. The thread
/// that waits for it has nothing to give back; it ends with the process.
fn input_closed() -> oneshot::Receiver<()> {
    let (closed, wait) = oneshot::channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut ignored = [0_u8; 64];
        while input.read(&mut ignored).is_ok_and(|read| read > 0) {}
        // The server may have ended by itself.
        let _ = closed.send(());
    });
    wait
}
