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
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use ring::rand::SystemRandom;

use crate::clock::Clock;

pub use children::{Children, Surroundings};
pub use error::DemoError;
pub use folder::Folder;
pub use http::{Ask, Asked, Client, HttpError, Reply, Site, bind, serve};
pub use jws::{PublicKey, SigningKey, TokenError, verify};
pub use part::{Part, PartOptions, Ready, run_part};
pub use report::{Places, print_json, print_lines};
pub use services::{Assertions, BodySystem, CivilRegistry, PensionFund, Unvouched};
pub use settings::{DATA_DIR, Run, write_config};
pub use sign_in::Provider;
pub use walk::{Scene, walk};

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

/// Runs the demo until `stop` is ready, or walks it and ends.
///
/// # Errors
/// See [`DemoError`]; a walk with a wrong outcome is one.
pub async fn run(
    options: Options,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
    output: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let folder = Folder::new(options.data_dir);
    folder.make()?;
    folder.make_secrets(&SystemRandom::new())?;
    folder.make_certificate(clock.now())?;
    let portal = chosen(options.listen)?;
    let usual = options.listen.port() == PORTAL_PORT;
    let admin = chosen(if usual {
        ADMIN_ADDRESS
    } else {
        SocketAddr::new(LOOPBACK, 0)
    })?;
    let program = std::env::current_exe().map_err(|source| DemoError::Start {
        part: "demo",
        source,
    })?;
    let around = Surroundings {
        program: program.clone(),
        portal: format!("https://localhost:{}", portal.port()),
        data_dir: folder.root().to_owned(),
    };
    let children = Children::start(&around).await?;
    let run = Run {
        portal,
        admin,
        parts: children.addresses().collect(),
    };
    let config = write_config(&folder, &run)?;
    let places = Places::new(&run, around.portal, config);
    if options.json {
        print_json(&places, &folder, output)?;
    }
    let outcome = if options.walk {
        walk(
            &Scene {
                places,
                folder,
                program,
            },
            output,
        )
        .await
    } else {
        if !options.json {
            print_lines(&places, &folder, output)?;
        }
        stop.await;
        Ok(())
    };
    children.stop().await;
    outcome
}

/// A port of the wanted one's address that is free now, where none is wanted or the admin's usual
/// one is taken. A portal's port that someone asked for is taken as it is: the gateway says so when
/// it is in use.
fn chosen(wanted: SocketAddr) -> Result<SocketAddr, DemoError> {
    if wanted.port() != 0 && wanted != ADMIN_ADDRESS {
        return Ok(wanted);
    }
    let any = SocketAddr::new(wanted.ip(), 0);
    TcpListener::bind(wanted)
        .or_else(|_| TcpListener::bind(any))
        .and_then(|listener| listener.local_addr())
        .map_err(|source| DemoError::Listen {
            address: wanted,
            source,
        })
}

/// Where the admin listener is when nothing else is there, as in the demo's config.
const ADMIN_ADDRESS: SocketAddr = SocketAddr::new(LOOPBACK, 8444);
const PORTAL_PORT: u16 = 8443;
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
