//! What the demo says about itself: to a person, or to a script.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::demo::error::DemoError;
use crate::demo::folder::{Folder, SystemCertificate, client_secret};
use crate::demo::part::Part;
use crate::demo::people::{ACCOUNTS, AZIZA, SYSTEMS, person};
use crate::demo::settings::Run;

/// Where everything is, once it runs.
#[derive(Debug, Clone)]
pub struct Places {
    /// The portal's origin, `https://localhost:8443`.
    pub portal: String,
    /// The origin for systems with a certificate, `https://m2m.localhost:8443`.
    pub systems: String,
    /// The admin listener's origin.
    pub admin: String,
    /// The sign-in server's origin.
    pub sign_in: String,
    pub civil_registry: String,
    pub pension_fund: String,
    pub body_system: String,
    /// What `verify --trust` takes.
    pub trust: PathBuf,
    /// The config that this run serves.
    pub config: PathBuf,
}

impl Places {
    /// The places of a run whose config stands at `config`.
    #[must_use]
    pub fn new(run: &Run, portal: String, config: PathBuf) -> Self {
        let at = |part: Part| {
            let found = run.parts.iter().find(|(known, _)| *known == part);
            found.map_or_else(String::new, |(_, address)| format!("http://{address}"))
        };
        Self {
            systems: portal.replace("://", "://m2m."),
            portal,
            admin: format!("http://{}", run.admin),
            sign_in: at(Part::SignIn),
            civil_registry: at(Part::CivilRegistry),
            pension_fund: at(Part::PensionFund),
            body_system: at(Part::BodySystem),
            trust: config.with_file_name("trust.json"),
            config,
        }
    }

    /// Where systems get their tokens.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}/officials/token", self.sign_in)
    }
}

/// One JSON object on one line.
///
/// # Errors
/// When a secret cannot be read or the output is closed.
pub fn print_json(
    places: &Places,
    folder: &Folder,
    output: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let people: Vec<Value> = ACCOUNTS
        .iter()
        .map(|account| {
            json!({
                "realm": account.realm.as_str(),
                "login": account.login,
                "password": account.password,
                "name": person(account.pinfl).map(|person| person.name),
                "can": account.can,
            })
        })
        .collect();
    let mut systems = Vec::new();
    for system in SYSTEMS {
        systems.push(json!({
            "client_id": system.client_id,
            "client_secret": folder.secret(&client_secret(system.client_id))?,
            "token_endpoint": places.token_endpoint(),
            "can": system.can,
        }));
    }
    let all = json!({
        "portal": places.portal,
        "portal_for_systems": places.systems,
        "admin": places.admin,
        "ca": absolute(&folder.authority()),
        "trust": absolute(&places.trust),
        "config": absolute(&places.config),
        "data_dir": absolute(folder.root()),
        "people": people,
        "systems": systems,
        "services": {
            "sign-in": places.sign_in,
            "civil-registry": places.civil_registry,
            "pension-fund": places.pension_fund,
            "body-system": places.body_system,
        },
    });
    writeln!(output, "{all}")
        .and_then(|()| output.flush())
        .map_err(DemoError::Output)
}

/// A few lines that a person can follow.
///
/// # Errors
/// When the output is closed.
pub fn print_lines(
    places: &Places,
    folder: &Folder,
    output: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let authority = absolute(&folder.authority());
    let (certificate, key) = folder.system(SystemCertificate::SocialAgency);
    let people = ACCOUNTS.iter().map(|account| {
        format!(
            "  {:<10} {:<8} password {:<13} {}\n",
            account.realm.as_str(),
            account.login,
            account.password,
            person(account.pinfl).map_or("", |person| person.name),
        )
    });
    write!(
        output,
        "Muhrdor's demo portal runs at {portal}\n\
         Trust its certificate: {authority}\n\
         \x20 in a browser, import it as an authority (it can vouch for localhost only); or\n\
         \x20 curl --cacert {authority} {portal}/civil/info\n\
         Sign in at {portal}/oauth2/start?realm=applicants (or realm=officials) as:\n\
         {people}\
         To try:\n\
         \x20 {portal}/civil/info                       what anyone may read\n\
         \x20 {portal}/civil/records/{AZIZA}     as aziza: her own record\n\
         \x20 {portal}/pension/records/{AZIZA}   as gulnora, with the headers\n\
         \x20     Muhrdor-Purpose: pension.assess and Muhrdor-Case: \"PF-2026-000117\"\n\
         \x20 {portal}/my/journal                       as aziza: who saw my data\n\
         \x20 curl --cacert {authority} --cert {certificate} --key {key} \
         -H 'Muhrdor-Purpose: benefit.assess' \
         '{systems}/pension/records/{AZIZA}/income?below=10000000'\n\
         \x20     as the social agency's system, by its certificate\n\
         Health and metrics: {admin}/healthz, {admin}/metrics\n\
         Data lies in {data}; this run's config is {config}\n\
         The machine's clock is believed as it stands (clock.trust = \"operator\"). \
         Ctrl-C ends it all.\n",
        portal = places.portal,
        authority = authority.display(),
        systems = places.systems,
        certificate = absolute(&certificate).display(),
        key = absolute(&key).display(),
        people = people.collect::<Vec<_>>().concat(),
        admin = places.admin,
        data = absolute(folder.root()).display(),
        config = absolute(&places.config).display(),
    )
    .and_then(|()| output.flush())
    .map_err(DemoError::Output)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
