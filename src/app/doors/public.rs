//! What anyone may ask of the notary: the check of documents, time-stamps, the log.

use std::sync::Arc;

use crate::app::doors::{CheckDoor, Log, Stamps};
use crate::app::error::AppError;
use crate::app::limits::Limits;
use crate::app::stores;
use crate::clock::Clock;
use crate::config::Config;
use crate::console::Console;
use crate::notary::Notary;
use crate::notary::verdict::TrustError;
use crate::public::check::{self, Check};
use crate::server::dispatch::Reserved;
use crate::wire::pages::Pages;

/// The doors and their paths.
///
/// # Errors
/// When the trust file or the key of verdicts cannot be made.
pub(in crate::app) fn public_doors(
    config: &Config,
    notary: Option<&Arc<Notary>>,
    console: &Arc<Console>,
    limits: &Limits,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Reserved>, AppError> {
    let Some(notary) = notary else {
        return Ok(Vec::new());
    };
    let pages: Arc<dyn Pages> = Arc::<Console>::clone(console);
    let check = Arc::new(check(config, notary, pages, limits, clock)?);
    let mut doors: Vec<Reserved> = CHECK_PATHS
        .iter()
        .map(|path| Reserved {
            path: (*path).to_owned(),
            door: Arc::new(CheckDoor(Arc::clone(&check))),
        })
        .collect();
    doors.extend([
        Reserved {
            path: "/tsa".to_owned(),
            door: Arc::new(Stamps {
                tsa: Arc::clone(notary.tsa()),
                addresses: Arc::clone(&limits.addresses),
            }),
        },
        Reserved {
            path: "/tlog/{*rest}".to_owned(),
            door: Arc::new(Log {
                log: Arc::clone(notary.log()),
                addresses: Arc::clone(&limits.addresses),
            }),
        },
    ]);
    Ok(doors)
}

fn check(
    config: &Config,
    notary: &Arc<Notary>,
    pages: Arc<dyn Pages>,
    limits: &Limits,
    clock: &Arc<dyn Clock>,
) -> Result<Check, AppError> {
    let trust = stores::trust(config)?.to_string();
    let trust = trust
        .parse()
        .map_err(|cause: TrustError| AppError::Setting {
            what: "notary".to_owned(),
            cause: cause.to_string(),
        })?;
    let host = config.portal.origin.trim_start_matches("https://");
    Ok(Check::new(check::Tools {
        notary: Arc::clone(notary),
        pages,
        clock: Arc::clone(clock),
        trust,
        signer: stores::verdict_key(config)?,
        addresses: Arc::clone(&limits.addresses),
        guesses: Arc::clone(&limits.guesses),
        host: host.to_owned(),
    }))
}

/// Where the check answers; what else lies below `/verify` is an in-house e-service. Codes are
/// printed in upper case, and so is the address around them.
const CHECK_PATHS: [&str; 7] = [
    "/verify",
    "/VERIFY",
    "/verify/status",
    "/verify/{code}",
    "/VERIFY/{code}",
    "/verify/{code}/receipt",
    "/verify/{code}/access",
];
