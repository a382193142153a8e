//! The demo: a portal to try, with a sign-in server and e-services of its own around it.
//!
//! Answers: what does all this do? In: where to listen, where to keep data. Out: a running gateway
//! with processes around it, and a few lines that say what to try; or the walk, which tries it all
//! as clients would. Invariants: the parts around the gateway are processes of their own and speak
//! to it only by HTTP; the walk speaks only to listeners. Deliberately absent: any answer of the
//! gateway's: the demo never reaches into it.

mod children;
mod error;
mod folder;
mod grounds;
mod http;
mod jws;
mod part;
mod people;
mod report;
mod services;
mod settings;
mod sign_in;
mod walk;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::app;
use crate::clock::Clock;

use grounds::told;

pub use error::DemoError;
pub use folder::{Folder, SystemCertificate};
pub use grounds::Grounds;
pub use http::{Ask, Asked, Client, HttpError, Reply, Site, Vacant, bind, serve};
pub use jws::{PublicKey, SigningKey, TokenError, verify};
pub use part::{Part, PartOptions, Ready, run_part};
pub use report::{Places, print_json, print_lines};
pub use services::{Assertions, BodySystem, CivilRegistry, PensionFund, Unvouched};
pub use settings::{DATA_DIR, Run, write_config};
pub use sign_in::Provider;
pub use walk::{Paper, Scene, SignedIn, Visitor, walk};

/// What the person who starts the demo may choose.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Where the portal listens
    #[arg(long, default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
    /// Where keys, secrets and the journal are kept
    #[arg(long, default_value = DATA_DIR)]
    pub data_dir: PathBuf,
    /// Do the whole main job as clients would, say how each step ended, and end
    #[arg(long)]
    pub walk: bool,
    /// Say what is where as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the demo until a signal ends it, or walks it and ends.
///
/// # Errors
/// See [`DemoError`]; a walk with a wrong outcome is one.
pub async fn run(
    options: Options,
    clock: Arc<dyn Clock>,
    output: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let program = std::env::current_exe().map_err(|source| DemoError::Start {
        part: "demo",
        source,
    })?;
    let (listen, data_dir) = (options.listen, options.data_dir);
    let same = |config| config;
    let grounds = Grounds::prepare(program.clone(), data_dir, listen, &*clock, same).await?;
    let gateway = app::start(grounds.config()?, clock)
        .await
        .map_err(|cause| told(&cause))?;
    let (places, folder) = (grounds.places.clone(), grounds.folder.clone());
    if options.json {
        print_json(&places, &folder, output)?;
    }
    let outcome = if options.walk {
        let scene = Scene {
            places,
            folder,
            program,
        };
        let outcome = walk(&scene, output).await;
        gateway.stop(DRAIN_MAX).await;
        outcome
    } else {
        if !options.json {
            print_lines(&places, &folder, output)?;
        }
        gateway
            .until_signalled(DRAIN_MAX)
            .await
            .map_err(|cause| told(&cause))
    };
    grounds.close().await;
    outcome
}

/// How long requests under way may take when the demo ends.
const DRAIN_MAX: Duration = Duration::from_secs(5);
