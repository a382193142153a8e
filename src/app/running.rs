//! A gateway that runs: its listeners, its drain, its end.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::app::bundle::load_house;
use crate::app::doors::{
    Assets, Corridor, Desk, Gate, KeySet, Meter, Ready, Reload, SignInDoor, public_doors,
};
use crate::app::error::AppError;
use crate::app::hosts::tls_settings;
use crate::app::rooms::{self, Wired};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::entry::VisitId;
use crate::domain::peer::Channel;
use crate::gateway::Gateway;
use crate::journal::Journal;
use crate::limits::AddressLimit;
use crate::server::ServerError;
use crate::server::client::Proxies;
use crate::server::connection::{self, Connections};
use crate::server::control::{self, ControlSocket};
use crate::server::dispatch::{Dispatch, Reserved, Wiring};
use crate::server::drain::{Drain, Drained, Stage};
use crate::server::health::{self, Admin, Health};
use crate::server::listener::{self, Listener};
use crate::server::tls::Tls;
use crate::upstream::Pools;
use crate::wire::pages::Pages;

/// A gateway whose listeners are bound. Dropping it cuts everything off.
pub struct Running {
    portal: SocketAddr,
    admin: SocketAddr,
    drain: Arc<Drain>,
    gateway: Arc<Gateway>,
    reload: Arc<Reload>,
    kept: crate::app::identity::Kept,
    /// Public listeners: drained first.
    public: JoinSet<()>,
    /// Admin listener and control socket: answer to the last.
    inner: JoinSet<()>,
}

pub(super) async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Running, AppError> {
    let config = Arc::new(config);
    let house = load_house(&config.bundle_dir).map_err(AppError::Problems)?;
    let decides = house.into_snapshot(&config, &Pools::default(), &clock)?;
    let snapshot = Arc::new(ArcSwap::from_pointee(decides));
    // One count for whatever an address asks for.
    let addresses = Arc::new(AddressLimit::new(&config.limits, Arc::clone(&clock)));
    let Wired {
        gateway,
        console,
        in_house,
        counts,
        keys,
        identity,
        journal,
        notary,
    } = rooms::wire(&config, Arc::clone(&snapshot), &addresses, &clock).await?;
    let drain = Arc::new(Drain::default());

    let (ready, health) = looked_after(journal, &identity).await;
    let address = config.listen.admin;
    let admin = Admin::bind(&health::Settings { address }).await?;
    let tls = Arc::new(Tls::load(&tls_settings(&config)?, Arc::clone(&clock))?);
    let reload = Arc::new(Reload {
        config: Arc::clone(&config),
        clock: Arc::clone(&clock),
        snapshot,
        gateway: Arc::clone(&gateway),
        addresses: Arc::clone(&addresses),
        in_house,
        tls: Arc::clone(&tls),
        turn: Mutex::default(),
    });
    let desk = Arc::new(Desk {
        gateway: Arc::clone(&gateway),
        counts,
        reload: Arc::clone(&reload),
    });
    let control = ControlSocket::bind(control::Settings::at(&config.listen.control)).await?;
    let key_set = KeySet {
        keys: keys.assertion,
        clock: Arc::clone(&clock),
    };
    let public_doors = public_doors(&config, notary.as_ref(), &console, &addresses, &clock)?;
    let dispatch = dispatch(&config, &gateway, console, key_set, public_doors, &clock)?;
    let gate = Arc::new(Gate);
    let connections = Arc::new(Connections::new(
        connection_settings(&config),
        dispatch,
        Arc::<Gate>::clone(&gate),
    ));
    let listener = Listener::bind(&listener_settings(&config)).await?;

    let (portal, admin_at) = (listener.address()?, admin.address()?);
    let (mut public, mut inner) = (JoinSet::new(), JoinSet::new());
    inner.spawn(admin.run(Arc::clone(&health), drain.listen()));
    inner.spawn(control.run(desk, drain.listen()));
    inner.spawn(ready.watch(drain.listen()));
    public.spawn(listener.run(tls, connections, gate, drain.listen()));
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
    })
}

/// What probes and operators are told.
async fn looked_after(
    journal: Arc<Journal>,
    identity: &crate::app::identity::Kept,
) -> (Arc<Ready>, Arc<Health>) {
    let ready = Arc::new(Ready::new(journal, identity.sessions()));
    ready.look().await;
    let meter = Arc::new(Meter(recorder()));
    let health = Health::new(Arc::<Ready>::clone(&ready), meter);
    (ready, Arc::new(health))
}

impl Running {
    /// Where the portal listens.
    #[must_use]
    pub const fn portal(&self) -> SocketAddr {
        self.portal
    }

    /// Where health and metrics are.
    #[must_use]
    pub const fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Runs until the first SIGTERM or SIGINT, drains for at most `bound`, and ends. SIGHUP reloads.
    ///
    /// # Errors
    /// When signals cannot be received.
    pub async fn until_signalled(mut self, bound: Duration) -> Result<(), AppError> {
        let drain = Arc::clone(&self.drain);
        let hangups = signal(SignalKind::hangup()).map_err(ServerError::Signals)?;
        let reloading = reload_at(hangups, Arc::clone(&self.reload), drain.listen());
        self.inner.spawn(reloading);
        tokio::select! {
            told = drain.on_signals(bound) => told?,
            () = joined(&mut self.public) => {}
        }
        self.end().await;
        Ok(())
    }

    /// Ends in good order: what is under way is finished, for at most `bound`.
    pub async fn stop(mut self, bound: Duration) {
        self.drain.begin();
        tokio::select! {
            () = joined(&mut self.public) => {}
            () = tokio::time::sleep(bound) => {}
        }
        self.end().await;
    }

    async fn end(mut self) {
        self.drain.now();
        joined(&mut self.public).await;
        self.gateway.drain().await;
        joined(&mut self.inner).await;
        self.kept.close().await;
        drop(self.reload);
        // The listeners' tasks held it, and have ended.
        match Arc::into_inner(self.gateway) {
            Some(gateway) => gateway.close().await,
            None => tracing::warn!(target: "muhrdor::serve", "a request was cut off at the end"),
        }
    }
}

/// Takes what the files say now, each time it is told to; one that fails is told of, and nothing
/// changes.
async fn reload_at(mut hangups: Signal, reload: Arc<Reload>, mut drained: Drained) {
    loop {
        tokio::select! {
            biased;
            () = drained.reached(Stage::Now) => return,
            Some(()) = hangups.recv() => {}
        }
        let reload = Arc::clone(&reload);
        // It reads files, and says itself what it took.
        match tokio::task::spawn_blocking(move || reload.run()).await {
            Ok(Ok(_)) => {}
            Ok(Err(cause)) => {
                tracing::error!(target: "muhrdor::control", cause = %cause.told(), "not reloaded");
            }
            Err(_) => tracing::error!(target: "muhrdor::control", "the reload broke off"),
        }
    }
}

async fn joined(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// The process's one recorder of metrics; a second gateway in the process shares it.
fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    let made = RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // Someone else's recorder keeps its place; ours then renders nothing.
        let _taken = metrics::set_global_recorder(recorder);
        handle
    });
    made.clone()
}

fn dispatch(
    config: &Config,
    gateway: &Arc<Gateway>,
    pages: Arc<dyn Pages>,
    key_set: KeySet,
    more: Vec<Reserved>,
    clock: &Arc<dyn Clock>,
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
        reserved,
        gateway: Arc::new(Corridor(Arc::clone(gateway))),
        turnstile: Arc::new(Gate),
        clock: Arc::clone(clock),
        visits: Arc::new(move || {
            let mut bytes = [0; 16];
            // A machine without randomness has stopped at start, where keys are opened.
            let _drawn = random.fill(&mut bytes);
            VisitId::from_bytes(bytes)
        }),
    })?)
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

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("portal", &self.portal)
            .field("admin", &self.admin)
            .finish_non_exhaustive()
    }
}
