//! Everything around the gateway: its folder, its config, the bodies' programs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ring::rand::SystemRandom;

use crate::app::{self, AppError};
use crate::clock::Clock;
use crate::config::{Config, Overrides};
use crate::demo::children::{Children, Surroundings};
use crate::demo::error::DemoError;
use crate::demo::folder::{Folder, client_secret, write_private};
use crate::demo::http::{Ask, Client, Vacant};
use crate::demo::report::Places;
use crate::demo::settings::{Run, write_config};
use crate::demo::walk::{Visitor, parsed};

/// A folder that a gateway can be served from, with the parts of the demo running beside it.
#[derive(Debug)]
pub struct Grounds {
    pub folder: Folder,
    pub places: Places,
    children: Children,
    /// What was chosen for the gateway stays its own also while it does not run.
    _kept: Vec<Vacant>,
}

impl Grounds {
    /// Makes what is not there yet in `data_dir`: secrets, certificate, config, keys, stores; and
    /// starts the parts by `program`. The config's text may be changed before it is read.
    ///
    /// # Errors
    /// What cannot be made or started.
    pub async fn prepare(
        program: PathBuf,
        data_dir: PathBuf,
        listen: SocketAddr,
        clock: &dyn Clock,
        change: impl FnOnce(String) -> String,
    ) -> Result<Self, DemoError> {
        let usual = listen.port() == PORTAL_PORT;
        let folder = Folder::new(data_dir);
        folder.make()?;
        folder.make_secrets(&SystemRandom::new())?;
        folder.make_certificate(clock.now())?;
        let mut kept = Vec::new();
        let portal = chosen(listen, &mut kept)?;
        let admin = if usual {
            ADMIN_ADDRESS
        } else {
            SocketAddr::new(LOOPBACK, 0)
        };
        let admin = chosen(admin, &mut kept)?;
        let around = Surroundings {
            program,
            portal: format!("https://localhost:{}", portal.port()),
            data_dir: folder.root().to_owned(),
        };
        let children = Children::start(&around).await?;
        let run = Run {
            portal,
            admin,
            parts: children.addresses().collect(),
        };
        let config = write_config(&folder, &run, change)?;
        let places = Places::new(&run, around.portal, config);
        let grounds = Self {
            folder,
            places,
            children,
            _kept: kept,
        };
        grounds.init(clock)?;
        Ok(grounds)
    }

    /// Makes what `serve` would not make.
    fn init(&self, clock: &dyn Clock) -> Result<(), DemoError> {
        let path = &self.places.config;
        let bytes = std::fs::read(path).map_err(|source| DemoError::Read {
            path: path.clone(),
            source,
        })?;
        let described = Config::read(path, &bytes, &Overrides::default()).map_err(problems)?;
        app::init(&described, clock.now()).map_err(|cause| told(&cause))?;
        self.folder.make_document_certificates(clock.now())?;
        let trust = app::trust(&described).map_err(|cause| told(&cause))?;
        write_private(&self.places.trust, trust.to_string().as_bytes())
    }

    /// The config, as `serve` reads it.
    ///
    /// # Errors
    /// Every problem of it.
    pub fn config(&self) -> Result<Config, DemoError> {
        Config::load(&self.places.config, &Overrides::default()).map_err(problems)
    }

    /// Someone who has been nowhere yet.
    ///
    /// # Errors
    /// When the folder's authority cannot be read.
    pub fn visitor(&self) -> Result<Visitor, DemoError> {
        Visitor::new(&self.folder.authority(), &self.places.portal)
    }

    /// A bearer token, got with the system's own credentials.
    ///
    /// # Errors
    /// When the sign-in server does not answer.
    pub async fn token(&self, client: &str) -> Result<String, DemoError> {
        token(&self.folder, &self.places, client).await
    }

    /// Ends the parts.
    pub async fn close(self) {
        self.children.stop().await;
    }
}

pub(super) async fn token(
    folder: &Folder,
    places: &Places,
    client: &str,
) -> Result<String, DemoError> {
    let secret = folder.secret(&client_secret(client))?;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret.as_str()),
    ];
    let ask = Ask::form(parsed(&places.token_endpoint())?, &fields);
    let reply = Client::plain().send(&ask).await?;
    Ok(reply
        .at("/access_token")
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

pub(super) fn told(cause: &AppError) -> DemoError {
    DemoError::Gateway(cause.told())
}

fn problems(found: Vec<crate::domain::problem::Problem>) -> DemoError {
    told(&AppError::Problems(found))
}

/// A port of the wanted one's address that is free, and kept, where none is wanted or the admin's usual
/// one is taken. A portal's port that someone asked for is taken as it is: the gateway says so when
/// it is in use.
fn chosen(wanted: SocketAddr, kept: &mut Vec<Vacant>) -> Result<SocketAddr, DemoError> {
    if wanted.port() != 0 && wanted != ADMIN_ADDRESS {
        return Ok(wanted);
    }
    let any = SocketAddr::new(wanted.ip(), 0);
    let vacant = Vacant::take(wanted).or_else(|_| Vacant::take(any));
    let vacant = vacant.map_err(|source| DemoError::Listen {
        address: wanted,
        source,
    })?;
    let address = vacant.address();
    kept.push(vacant);
    Ok(address)
}

/// Where the admin listener is when nothing else is there, as in the demo's config.
const ADMIN_ADDRESS: SocketAddr = SocketAddr::new(LOOPBACK, 8444);
const PORTAL_PORT: u16 = 8443;
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
