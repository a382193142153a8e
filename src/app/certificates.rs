//! Whose client certificates sign in, from a config.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::app::error::AppError;
use crate::config::{self, Config};
use crate::domain::problem::Problem;
use crate::domain::time::Timestamp;
use crate::identity::certificate::{CertificateRealm, Demand, List, Source};

/// The realms.
///
/// # Errors
/// A file of authorities that holds none.
pub(super) fn realms(config: &Config) -> Result<Vec<CertificateRealm>, AppError> {
    let realms = config.certificates.iter().map(|written| {
        realm(written).map_err(|cause| AppError::Setting {
            what: format!("certificates.{}", written.name),
            cause,
        })
    });
    realms.collect()
}

fn realm(written: &config::Certificates) -> Result<CertificateRealm, String> {
    let read = |path: &std::path::PathBuf| {
        let failed = |cause: &dyn std::fmt::Display| format!("`{}`: {cause}", path.display());
        let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        let read: Vec<CertificateDer<'static>> = read.map_err(|cause| failed(&cause))?;
        if read.is_empty() {
            return Err(failed(&"it holds no certificate"));
        }
        Ok(read)
    };
    Ok(CertificateRealm {
        name: written.name.clone(),
        authorities: read(&written.authorities)?,
        between: match &written.between {
            None => Vec::new(),
            Some(path) => read(path)?,
        },
        holder: written.holder.clone(),
        assurance: written.assurance,
        lists: written.lists.clone(),
        ocsp: written.ocsp.clone(),
    })
}

/// Authorities that do not read or stand in two realms, and lists of revoked certificates that are
/// not their authorities' or say nothing any more.
pub(super) fn weak(config: &Config, now: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: Vec<CertificateDer<'static>> = Vec::new();
    for written in &config.certificates {
        let mut note = |what: String, mend| {
            problems.push(config.problem_of_certificates(&written.name, what, mend));
        };
        let realm = match realm(written) {
            Ok(realm) => realm,
            Err(what) => {
                note(what, "put the authorities there, PEM");
                continue;
            }
        };
        if realm.authorities.iter().any(|one| seen.contains(one)) {
            let what = "an authority stands in two sections".to_owned();
            note(what, "its certificates would sign in nobody: keep one");
        }
        seen.extend(realm.authorities.iter().cloned());
        if realm.lists.demand == Demand::Off {
            continue;
        }
        for source in &realm.lists.sources {
            let Source::File(path) = source else { continue };
            let issuers = realm.authorities.iter().chain(&realm.between);
            match List::load(path, issuers, (realm.lists.bytes_max, now)) {
                Ok(list) if list.until() <= now => {
                    let what = format!("`{}` ended at {}", path.display(), list.until());
                    note(what, "fetch the authority's newest list");
                }
                Ok(_) => {}
                Err(cause) => {
                    let what = format!("`{}`: {cause}", path.display());
                    note(what, "fetch the authority's newest list");
                }
            }
        }
    }
    problems
}
