//! Client certificates: whose they are, by whom they count, and until when.

mod answers;
pub(crate) mod authority;
mod fuzzed;
mod judging;
mod lists;
mod names;
mod paths;
mod responder;

use std::collections::BTreeMap;
use std::sync::Arc;

use muhrdor::clock::{Clock, HandClock};
use muhrdor::domain::name::{AgencyId, SystemId};
use muhrdor::domain::principal::{AcrRank, Principal};
use muhrdor::domain::time::Timestamp;
use muhrdor::egress::{Allowed, Egress, EgressSettings, Roots};
use muhrdor::identity::bearer::SystemSettings;
use muhrdor::identity::certificate::{
    CertificateError, CertificateRealm, Certificates, Demand, Holder, ListSettings, OcspSettings,
    Place, Source,
};
use muhrdor::keys::{Pseudonym, Secret};
use muhrdor::wire::arrival::ClientCertificate;
use ring::rand::SystemRandom;
use rustls::pki_types::CertificateDer;

use authority::Authority;

/// 2027-01-15, in seconds.
const NOW: i64 = 1_800_000_000;
const AT: Timestamp = Timestamp::from_unix_seconds(NOW);

fn place(written: &str) -> Place {
    Place::parse(written).unwrap()
}

/// A realm of one authority, in which `number` is `system`.
fn realm(name: &str, authority: &Authority, number: &str, system: &str) -> CertificateRealm {
    let settings = SystemSettings {
        id: SystemId::parse(system).unwrap(),
        agency: AgencyId::parse("body").unwrap(),
        roles: Vec::new(),
        scopes: Vec::new(),
        assurance: AcrRank::new(3).unwrap(),
    };
    CertificateRealm {
        name: name.to_owned(),
        authorities: vec![authority.certificate.clone()],
        between: Vec::new(),
        holder: Holder::System {
            number: place("subject:2.5.4.5"),
            systems: BTreeMap::from([(number.to_owned(), settings)]),
        },
        assurance: AcrRank::new(3).unwrap(),
        lists: ListSettings {
            demand: Demand::Off,
            sources: Vec::new(),
            refresh_ms: 300_000,
            bytes_max: 64 * 1024,
        },
        ocsp: OcspSettings {
            demand: Demand::Off,
            responder: None,
            ms_max: 2_000,
            age_ms_max: 60_000,
        },
    }
}

fn with_lists(
    mut realm: CertificateRealm,
    demand: Demand,
    sources: Vec<Source>,
) -> CertificateRealm {
    realm.lists.demand = demand;
    realm.lists.sources = sources;
    realm
}

struct Rig {
    clock: HandClock,
    certificates: Certificates,
}

impl Rig {
    fn of(realms: Vec<CertificateRealm>) -> Self {
        Self::asking(realms, &[])
    }

    /// Outbound requests go to these authorities.
    fn asking(realms: Vec<CertificateRealm>, allow: &[&str]) -> Self {
        let clock = HandClock::at(AT);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let settings = EgressSettings {
            allow: allow
                .iter()
                .map(|one| Allowed::parse(one).unwrap())
                .collect(),
            ms_max: 2_000,
            bytes_max: 64 * 1024,
            roots: Roots::none(),
        };
        let egress = Arc::new(Egress::new(settings, Arc::clone(&shared)).unwrap());
        let secret = Secret::generate(&SystemRandom::new()).unwrap();
        let pseudonym = Arc::new(Pseudonym::new(&secret));
        Self {
            clock,
            certificates: Certificates::open(realms, &egress, pseudonym, &shared).unwrap(),
        }
    }

    async fn admit(&self, leaf: &CertificateDer<'_>) -> Result<String, CertificateError> {
        self.admit_with(leaf, &[]).await
    }

    /// The system that a certificate signs in, shown with these.
    async fn admit_with(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'static>],
    ) -> Result<String, CertificateError> {
        let shown = ClientCertificate::shown(leaf, between.iter().map(AsRef::as_ref), AT);
        match self.certificates.admit(&shown).await? {
            Principal::System(system) => Ok(system.system.to_string()),
            other => panic!("{other:?}"),
        }
    }
}
