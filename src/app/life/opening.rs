//! How the house opens: first all files are read, then stores, rooms and doors are opened.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::task::JoinSet;

use crate::app::bundle::load_house;
#[cfg(feature = "otlp")]
use crate::app::doors::Exporter;
use crate::app::doors::{
    Assets, Corridor, Desk, Gate, KeySet, Meter, Ready, Reload, SignInDoor, public_doors, recorder,
    upkeep,
};
use crate::app::error::AppError;
use crate::app::hosts::tls_settings;
use crate::app::life::running::Running;
use crate::app::rooms::{self, Wired};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::entry::VisitId;
use crate::domain::peer::Channel;
use crate::gateway::{Gateway, Snapshot};
use crate::journal::Journal;
use crate::limits::Load;
use crate::server::ServerError;
use crate::server::client::Proxies;
use crate::server::connection::{self, Connections};
use crate::server::control::{self, ControlSocket};
use crate::server::dispatch::{Dispatch, Reserved, Wiring};
use crate::server::drain::Drain;
use crate::server::health::{Admin, Health};
use crate::server::life::notify::Notifier;
use crate::server::life::sockets::Sockets;
use crate::server::listener::{self, Listener};
use crate::server::tls::Tls;
use crate::upstream::Pools;
use crate::wire::pages::Pages;

/// A gateway that has read its files and opened nothing yet.
pub(in crate::app) struct Prepared {
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    decides: Snapshot,
    tls: Tls,
    sockets: Sockets,
    notifier: Notifier,
}

/// Reads all files: what fails here fails before anything is opened. Must be called where tasks can
/// be spawned.
pub(in crate::app) async fn prepare(
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    sockets: Sockets,
    notifier: &Notifier,
) -> Result<Prepared, AppError> {
    let house = load_house(&config.bundle_dir).map_err(AppError::Problems)?;
    let mismatches = house.mismatches(&config);
    if !mismatches.is_empty() {
        return Err(AppError::Problems(mismatches));
    }
    let decides = house.into_snapshot(&config, &Pools::default(), &clock)?;
    let tls = Tls::load(&tls_settings(&config)?, Arc::clone(&clock))?;
    Ok(Prepared {
        config,
        clock,
        decides,
        tls,
        sockets,
        notifier: notifier.clone(),
    })
}

impl Prepared {
    /// Opens the stores, wires the rooms and takes requests.
    pub(in crate::app) async fn open(self) -> Result<Running, AppError> {
        let (config, clock) = (self.config, self.clock);
        let snapshot = Arc::new(ArcSwap::from_pointee(self.decides));
        let wired = rooms::wire(&config, Arc::clone(&snapshot), &clock).await?;
        let addresses = &wired.limits.addresses;
        let meter = Meter::new(recorder()?, &config, &snapshot, addresses, (&wired, &clock));
        let Wired {
            gateway,
            console,
            in_house,
            counts,
            keys,
            identity,
            journal,
            notary,
            limits,
        } = wired;
        let drain = Arc::new(Drain::default());

        let (ready, health) = looked_after(journal, &identity, meter).await;
        let tls = Arc::new(self.tls);
        let reload = Arc::new(Reload {
            config: Arc::clone(&config),
            clock: Arc::clone(&clock),
            snapshot,
            gateway: Arc::clone(&gateway),
            addresses: Arc::clone(&limits.addresses),
            guesses: Arc::clone(&limits.guesses),
            in_house,
            tls: Arc::clone(&tls),
            notifier: self.notifier.clone(),
            turn: Mutex::default(),
        });
        let desk = Arc::new(Desk {
            gateway: Arc::clone(&gateway),
            counts,
            reload: Arc::clone(&reload),
        });
        let control = ControlSocket::bind(control::Settings::at(&config.listen.control)).await?;
        let public_doors = public_doors(&config, notary.as_ref(), &console, &limits, &clock)?;
        let (key_set, led) = (KeySet::new(keys.assertion, &clock), (&limits.load, &clock));
        let dispatch = dispatch(&config, &gateway, console, key_set, public_doors, led)?;
        let (mut public, mut inner) = (JoinSet::new(), JoinSet::new());
        #[cfg(feature = "otlp")]
        let dispatch = exporting(dispatch, (&config, &clock), &mut inner, &drain)?;
        let connections = Connections::new(connection_settings(&config), dispatch, Arc::new(Gate));
        let held = self.sockets.again().map_err(ServerError::Sockets)?;
        let listening = self.sockets.listening().map_err(ServerError::Sockets)?;
        let listener = Listener::adopt(listening.0, &listener_settings(&config));
        let admin = Admin::adopt(listening.1);
        let (portal, admin_at) = (listener.address()?, admin.address()?);
        inner.spawn(admin.run(Arc::clone(&health), drain.listen()));
        inner.spawn(control.run(desk, drain.listen()));
        inner.spawn(ready.watch(drain.listen()));
        inner.spawn(upkeep(recorder()?, drain.listen()));
        limits.look_after(&mut inner, &clock, &drain.listen());
        public.spawn(listener.run(tls, Arc::new(connections), Arc::new(Gate), drain.listen()));
        health.mark_started();
        Ok(Running {
            portal,
            admin: admin_at,
            drain,
            gateway,
            reload,
            kept: identity,
            public,
            inner,
            held: Some(held),
            notifier: self.notifier,
        })
    }
}

/// What probes and operators are told.
async fn looked_after(
    journal: Arc<Journal>,
    identity: &crate::app::identity::Kept,
    meter: Meter,
) -> (Arc<Ready>, Arc<Health>) {
    let ready = Arc::new(Ready::new(journal, identity.sessions()));
    ready.look().await;
    let health = Health::new(Arc::<Ready>::clone(&ready), Arc::new(meter));
    (ready, Arc::new(health))
}

fn dispatch(
    config: &Config,
    gateway: &Arc<Gateway>,
    pages: Arc<dyn Pages>,
    key_set: KeySet,
    more: Vec<Reserved>,
    (load, clock): (&Arc<Load>, &Arc<dyn Clock>),
) -> Result<Dispatch, AppError> {
    let random = SystemRandom::new();
    let mut reserved = vec![
        Reserved {
            path: "/oauth2/{*rest}".to_owned(),
            door: Arc::new(SignInDoor(Arc::clone(gateway))),
        },
        Reserved {
            path: "/.well-known/jwks.json".to_owned(),
            door: Arc::new(key_set),
        },
        Reserved {
            path: "/assets/{*rest}".to_owned(),
            door: Arc::new(Assets(pages)),
        },
    ];
    reserved.extend(more);
    Ok(Dispatch::new(Wiring {
        proxies: proxies(config),
        trace_sources: config.telemetry.trace_sources.clone(),
        reserved,
        gateway: Arc::new(Corridor(Arc::clone(gateway))),
        turnstile: Arc::new(Gate),
        load: Arc::clone(load),
        clock: Arc::clone(clock),
        visits: Arc::new(move || {
            let mut bytes = [0; 16];
            // A machine without randomness has stopped at start, where keys are opened.
            let _drawn = random.fill(&mut bytes);
            VisitId::from_bytes(bytes)
        }),
    })?)
}

/// With the way of spans to their collector, where one is set.
#[cfg(feature = "otlp")]
fn exporting(
    dispatch: Dispatch,
    (config, clock): (&Config, &Arc<dyn Clock>),
    tasks: &mut JoinSet<()>,
    drain: &Drain,
) -> Result<Dispatch, AppError> {
    let Some(otlp) = &config.telemetry.otlp else {
        return Ok(dispatch);
    };
    let (spans, exporter) = Exporter::new(otlp, clock)?;
    tasks.spawn(exporter.run(drain.listen()));
    Ok(dispatch.telling(spans))
}

fn proxies(config: &Config) -> Arc<Proxies> {
    Arc::new(config.listen.proxies.clone())
}

fn connection_settings(config: &Config) -> connection::Settings {
    let ms = u64::from;
    connection::Settings {
        idle_ms_max: ms(config.timeouts.keep_alive_ms_max),
        head_ms_max: ms(config.timeouts.head_ms_max),
        body_ms_max: ms(config.timeouts.body_idle_ms_max),
        stream_drain_ms_max: ms(config.streams.drain_ms_max),
        http1: config.requests.http1,
        http2: config.requests.http2,
        ..connection::Settings::default()
    }
}

fn listener_settings(config: &Config) -> listener::Settings {
    listener::Settings {
        address: config.listen.public,
        channel: Channel::Portal,
        limits: listener::Limits {
            connections_max: config.listen.connections_max,
            connections_per_block_max: config.listen.connections_per_block_max,
            handshakes_max: config.listen.handshakes_max,
            handshakes_per_block_max: config.listen.handshakes_per_block_max,
            handshake_ms_max: u64::from(config.timeouts.handshake_ms_max),
        },
        proxies: proxies(config),
    }
}
