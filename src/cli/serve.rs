//! What runs: the gateway, and the demo around it.

use std::ffi::OsString;
use std::net::SocketAddr;

use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use crate::app::{self, AppError};
use crate::cli::{Answer, CliError, ConfigFile, clock};
use crate::config::{Config, Environment, Overrides, Telemetry, TelemetryFormat};
use crate::server::life::handover::{Predecessor, Program};
use crate::server::life::notify::Notifier;
use crate::telemetry::plain::Plain;

#[cfg(feature = "demo")]
use crate::{
    cli::Terminal,
    demo::{self, DemoError},
};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigFile,
    /// Where the portal listens, instead of `listen.public`
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where health and metrics are, instead of `listen.admin`
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin: Option<SocketAddr>,
    /// Said by a running gateway to the program it hands over to
    #[arg(long, hide = true)]
    take_over: bool,
}

/// Runs until a signal ends it, or the next process has taken over.
pub(super) fn serve(options: &Options) -> Result<Answer, CliError> {
    let overrides = Overrides {
        listen_public: options.listen,
        listen_admin: options.admin,
    };
    let config = Config::load(&options.config.path, &overrides).map_err(CliError::Problems)?;
    write_messages(&config.telemetry)?;
    runtime()?.block_on(async {
        let life = life(options)?;
        app::live(config, clock(), life).await?;
        Ok(Answer::Yes)
    })
}

/// What this process was given to begin with.
fn life(options: &Options) -> Result<app::Life, CliError> {
    let environment = Environment::read().map_err(CliError::Environment)?;
    let notifier = match &environment.notify_socket {
        Some(socket) => Notifier::at(socket).map_err(CliError::Environment)?,
        None => Notifier::default(),
    };
    let (predecessor, sockets) = if options.take_over {
        let (predecessor, sockets) = Predecessor::of_standard_input().map_err(AppError::from)?;
        (Some(predecessor), sockets)
    } else {
        (None, environment.sockets)
    };
    Ok(app::Life {
        program: program(options)?,
        sockets,
        predecessor,
        notifier,
    })
}

/// This program once more, wherever a new one is put in its place.
fn program(options: &Options) -> Result<Program, CliError> {
    let path = std::env::current_exe().map_err(CliError::Environment)?;
    let config: OsString = options.config.path.clone().into();
    let mut arguments = vec!["serve".into(), "--config".into(), config];
    let mut say = |word: &str, address: Option<SocketAddr>| {
        if let Some(address) = address {
            arguments.extend([word.into(), address.to_string().into()]);
        }
    };
    say("--listen", options.listen);
    say("--admin", options.admin);
    arguments.push("--take-over".into());
    Ok(Program { path, arguments })
}

/// Runs the demo until a signal ends it; a walk with a wrong outcome is a no.
#[cfg(feature = "demo")]
pub(super) fn demo(
    options: &demo::Options,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, CliError> {
    let filter = DEMO_FILTER.to_owned();
    write_messages(&Telemetry {
        format: TelemetryFormat::Text,
        filter,
        trace_sources: Vec::new(),
        otlp: None,
    })?;
    let ended = runtime()?.block_on(demo::run(options.clone(), clock(), terminal.output));
    match ended {
        Err(DemoError::Walk { failed, all }) => {
            writeln!(
                terminal.errors,
                "muhrdor: {failed} of {all} outcomes were wrong"
            )?;
            Ok(Answer::No)
        }
        ended => Ok(ended.map(|()| Answer::Yes)?),
    }
}

/// Runs one part of the demo until its input is closed.
#[cfg(feature = "demo")]
pub(super) fn demo_part(
    options: &demo::PartOptions,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, CliError> {
    runtime()?.block_on(demo::run_part(options.clone(), clock(), terminal.output))?;
    Ok(Answer::Yes)
}

fn runtime() -> Result<Runtime, CliError> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CliError::Threads)
}

/// Sends the program's messages to its standard error.
fn write_messages(telemetry: &Telemetry) -> Result<(), CliError> {
    let filter: Targets = telemetry
        .filter
        .parse()
        .map_err(|source| CliError::Filter {
            filter: telemetry.filter.clone(),
            source,
        })?;
    let filtered = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(|| Plain(std::io::stderr()));
    // Taken already only where this process was set up before: then that stays.
    let _ = match telemetry.format {
        TelemetryFormat::Text => tracing::subscriber::set_global_default(filtered.with(lines)),
        TelemetryFormat::Json => {
            tracing::subscriber::set_global_default(filtered.with(lines.json()))
        }
    };
    Ok(())
}

/// The walk provokes refusals and says itself what came of them.
#[cfg(feature = "demo")]
const DEMO_FILTER: &str = "warn,muhrdor::refusal=error";
