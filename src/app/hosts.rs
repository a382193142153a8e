//! The hosts that are answered, and what is shown at them.

use std::sync::Arc;

use crate::app::error::AppError;
use crate::config::{self, Config};
use crate::domain::operation::Operation;
use crate::domain::principal::CredentialKind;
use crate::domain::problem::Problem;
use crate::domain::time::Timestamp;
use crate::register::Register;
use crate::server::tls::{self, ClientCertificates, HostFiles};
use crate::wire::host::{Host, HostPattern};

/// What TLS is told.
///
/// # Errors
/// When the portal's own host is none that TLS can name.
pub(super) fn tls_settings(config: &Config) -> Result<tls::Settings, AppError> {
    let first = Host::parse(&config.portal.host).map_err(|cause| AppError::Setting {
        what: "portal.url".to_owned(),
        cause: cause.to_string(),
    })?;
    let others = config.hosts.iter();
    Ok(tls::Settings {
        first,
        first_files: files(&config.tls),
        others: others
            .map(|further| (further.host.clone(), files(&further.tls)))
            .collect(),
    })
}

fn files(tls: &config::Tls) -> HostFiles {
    HostFiles {
        certificate: tls.certificate.clone(),
        key: tls.key.path().to_owned(),
        staple: tls.staple.clone(),
        clients: tls
            .clients
            .clone()
            .map(|(authorities, demand)| ClientCertificates {
                authorities,
                demand,
            }),
    }
}

/// Certificates that clients would not take for their host, and files that TLS cannot use.
pub(super) fn weak(config: &Config, now: Timestamp) -> Vec<Problem> {
    let own = HostPattern::parse(&config.portal.host).ok();
    let own = own.map(|host| (host, &config.tls));
    let further = config.hosts.iter();
    let further = further.map(|further| (further.host.clone(), &further.tls));
    let mut problems = Vec::new();
    for (host, tls) in own.into_iter().chain(further) {
        // A file that does not read is told by what loads it.
        let found = tls::weaknesses(&tls.certificate, &host, now).unwrap_or_default();
        let mend = "put a certificate there that is valid now and has the host among its names";
        problems.extend(
            found
                .into_iter()
                .map(|what| config.problem_of_host(&host, what, mend)),
        );
    }
    problems
}

/// Operations that need or take a client certificate, at hosts where no client is asked for one.
pub(super) fn unasked(config: &Config, register: &Register) -> Vec<Problem> {
    let asks = |host: &Host| {
        if config.portal.host == host.as_str() {
            return config.tls.clients.is_some();
        }
        let further = config.hosts.iter().find(|f| f.host.matches(host));
        further.is_none_or(|further| further.tls.clients.is_some())
    };
    let mut problems = Vec::new();
    let takes = |o: &&Arc<Operation>| o.takes(CredentialKind::Certificate);
    let concerned = register.operations();
    for operation in concerned.filter(|o| o.certificate_needed || takes(o)) {
        let hosts = operation.service.hosts.iter().map(|name| Host::parse(name));
        if !operation.certificate_needed && hosts.flatten().any(|host| asks(&host)) {
            continue;
        }
        for name in &operation.service.hosts {
            let Ok(host) = Host::parse(name) else {
                continue;
            };
            if !asks(&host) {
                let needs = if operation.certificate_needed {
                    "needs"
                } else {
                    "takes"
                };
                let what = format!(
                    "`{}` {needs} a client certificate, and `{name}` asks for none",
                    operation.id
                );
                let mend = "name `client_authorities` for the host, or take `certificate` out";
                problems.push(config.problem_of_host(&HostPattern::Exact(host), what, mend));
            }
        }
    }
    problems
}

/// Hosts of the register for which no request can arrive.
pub(super) fn unanswered(config: &Config, register: &Register) -> Vec<Problem> {
    let is_answered = |name: &str| {
        let Ok(host) = Host::parse(name) else {
            return false;
        };
        let further = config.hosts.iter();
        config.portal.host == host.as_str() || further.into_iter().any(|f| f.host.matches(&host))
    };
    let mut problems = Vec::new();
    for service in register.services() {
        for name in service.hosts.iter().filter(|name| !is_answered(name)) {
            let Ok(host) = HostPattern::parse(name) else {
                continue;
            };
            let what = format!("`{}` is at `{name}`, which is not answered", service.id);
            let mend = "write `[hosts.\"NAME\"]` with its certificate, or take the host out";
            problems.push(config.problem_of_host(&host, what, mend));
        }
    }
    problems
}
