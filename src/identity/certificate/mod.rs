//! Client certificates: whose is it, and does it still count?
//!
//! In: a certificate whose key was proven in the handshake, and what was shown beside it. Out: a
//! principal, as the realm of its authority says. Invariants: a certificate is under one realm or
//! under none; its form is read strictly and its way to an authority is judged by the library of
//! the handshake, with lists of revoked certificates and the responder of OCSP as the realm
//! demands; what was found is used again only until a list changes or the first thing it rests on
//! ends, so each request asks whether that is so; nothing of a certificate stands in an error or in
//! `Debug`. Deliberately absent: whether the operation takes certificates, and fetching from
//! addresses that stand in a certificate.

mod error;
mod list;
mod lists;
mod ocsp;
mod path;
mod reading;
mod settings;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::{self, JoinSet};

use crate::clock::Clock;
use crate::domain::name::OfficialId;
use crate::domain::person::{Person, Pinfl};
use crate::domain::principal::{
    Assurance, DisplayName, OfficialPrincipal, PersonPrincipal, Principal, SystemPrincipal,
};
use crate::domain::remembered::Remembered;
use crate::domain::time::Timestamp;
use crate::egress::Egress;
use crate::keys::Pseudonym;
use crate::wire::arrival::{CertificateDigest, ClientCertificate};

use lists::Lists;
use ocsp::Ocsp;
use path::{Trust, Way};
use reading::Leaf;

pub use error::{CertificateError, Misfit};
pub use list::{List, ListError};
pub use lists::ListState;
pub use ocsp::{OcspError, Question, Said, judge};
pub use path::TrustError;
pub use reading::{CERTIFICATE_BYTES_MAX, CertificateKey, key, value};
pub use settings::{
    CertificateRealm, Demand, Holder, ListSettings, ObjectId, OcspSettings, Place, PlaceError,
    Source,
};

/// Why the realms cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error("`certificates.{0}`: {1}")]
    Trust(String, #[source] TrustError),
    #[error("`certificates.{0}`: a list of revoked certificates: {1}")]
    List(String, #[source] ListError),
}

/// All realms, and what was found of certificates.
pub struct Certificates {
    judges: Arc<Vec<Judge>>,
    found: Remembered<CertificateDigest, Found>,
    /// Grows with each list that is taken.
    generation: Arc<AtomicU64>,
    turns: Semaphore,
    clock: Arc<dyn Clock>,
    pseudonym: Arc<Pseudonym>,
    following: Mutex<JoinSet<()>>,
}

/// One realm, and by what it judges.
struct Judge {
    realm: CertificateRealm,
    trust: Arc<Trust>,
    lists: Arc<Lists>,
    ocsp: Ocsp,
}

/// What was found, and for how long that is used.
#[derive(Clone)]
struct Found {
    generation: u64,
    until: Timestamp,
    outcome: Result<Arc<Standing>, CertificateError>,
}

/// A certificate that counts, but for what the responder of OCSP says.
struct Standing {
    /// Which of the realms.
    judge: usize,
    who: Who,
    question: Question,
}

/// Whom it names.
enum Who {
    Person(PersonPrincipal),
    Official(OfficialPrincipal),
    System(SystemPrincipal),
}

impl Certificates {
    /// Reads the files of all lists.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn open(
        realms: Vec<CertificateRealm>,
        egress: &Arc<Egress>,
        pseudonym: Arc<Pseudonym>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, SetUpError> {
        let generation = Arc::new(AtomicU64::new(0));
        let mut judges = Vec::new();
        for realm in realms {
            let (name, rooms) = (realm.name.clone(), (Arc::clone(egress), Arc::clone(clock)));
            let trust = Trust::new(realm.authorities.clone(), realm.between.clone());
            let trust = Arc::new(trust.map_err(|cause| SetUpError::Trust(name.clone(), cause))?);
            let of_realm = (name.clone(), realm.lists.clone());
            let counted = Arc::clone(&generation);
            let lists = Lists::open(of_realm, Arc::clone(&trust), rooms, counted)
                .map_err(|cause| SetUpError::List(name.clone(), cause))?;
            let of_realm = (name, realm.ocsp.clone());
            judges.push(Judge {
                realm,
                trust,
                lists: Arc::new(lists),
                ocsp: Ocsp::new(of_realm, Arc::clone(egress), Arc::clone(clock)),
            });
        }
        Ok(Self {
            judges: Arc::new(judges),
            found: Remembered::new(CERTIFICATES_MAX),
            generation,
            turns: Semaphore::new(JUDGED_AT_ONCE_MAX),
            clock: Arc::clone(clock),
            pseudonym,
            following: Mutex::default(),
        })
    }

    /// Follows the sources of lists, until [`Certificates::close`]. Must be called where tasks can
    /// be spawned.
    pub fn follow(&self) {
        let mut following = self
            .following
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for judge in self.judges.iter() {
            if judge.realm.lists.demand != Demand::Off {
                following.spawn(Arc::clone(&judge.lists).follow());
            }
        }
    }

    /// Ends the tasks that follow lists.
    pub async fn close(&self) {
        let mut following = {
            let mut held = self
                .following
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *held)
        };
        following.shutdown().await;
    }

    /// How old the lists are.
    #[must_use]
    pub fn lists(&self) -> Vec<ListState> {
        let states = self.judges.iter().map(|judge| judge.lists.states());
        states.flatten().collect()
    }

    /// Whose certificate this is, as of now.
    ///
    /// # Errors
    /// [`CertificateError`]; `Untrusted` where no realm has anything to say about it.
    pub async fn admit(&self, shown: &ClientCertificate) -> Result<Principal, CertificateError> {
        let digest = shown.digest();
        let is_good = |found: &Found| {
            let generation = self.generation.load(Ordering::Acquire);
            found.generation == generation && self.clock.now() < found.until
        };
        let found = match self.found.find(&digest).filter(is_good) {
            Some(found) => found,
            None => {
                let found = self.judge(shown).await?;
                self.found.keep(digest, found.clone());
                found
            }
        };
        let standing = found.outcome?;
        if let Some(judge) = self.judges.get(standing.judge) {
            judge.ocsp.check(&standing.question).await?;
        }
        Ok(standing.who.principal(shown.at()))
    }

    /// The same; `None` where no realm has anything to say about it.
    ///
    /// # Errors
    /// As [`Certificates::admit`], but `Untrusted`.
    pub async fn stands(
        &self,
        shown: &ClientCertificate,
    ) -> Result<Option<Principal>, CertificateError> {
        match self.admit(shown).await {
            Ok(principal) => Ok(Some(principal)),
            Err(CertificateError::Untrusted) => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    /// On a thread that may be busy for a while: a list has to be digested each time.
    async fn judge(&self, shown: &ClientCertificate) -> Result<Found, CertificateError> {
        // Never closed, so this is always a turn; without one, judging once more is harmless.
        let _turn = self.turns.acquire().await.ok();
        let generation = self.generation.load(Ordering::Acquire);
        let (now, judges) = (self.clock.now(), Arc::clone(&self.judges));
        let (shown, pseudonym) = (shown.clone(), Arc::clone(&self.pseudonym));
        let judging = task::spawn_blocking(move || {
            let mut until = now.plus_ms(FOUND_MS_MAX);
            let outcome = find(&judges, &shown, &pseudonym, now, &mut until);
            (outcome.map(Arc::new), until)
        });
        let (outcome, until) = judging.await.map_err(|_| CertificateError::CutOff)?;
        // A no is not found out anew for each request; nor is it kept for long: the next time more
        // may be shown beside the certificate.
        let until = match &outcome {
            Ok(_) => until,
            Err(_) => now.plus_ms(REFUSED_MS_MAX),
        };
        Ok(Found {
            generation,
            until,
            outcome,
        })
    }
}

/// Finds the realm that the certificate is under, and what it says there.
fn find(
    judges: &[Judge],
    shown: &ClientCertificate,
    pseudonym: &Pseudonym,
    now: Timestamp,
    until: &mut Timestamp,
) -> Result<Standing, CertificateError> {
    let ways = judges.iter().enumerate().filter_map(|(at, judge)| {
        let way = judge.trust.way(shown.der(), shown.between(), now)?;
        Some((at, judge, way))
    });
    let mut ways = ways;
    let (at, judge, way) = ways.next().ok_or(CertificateError::Untrusted)?;
    if ways.next().is_some() {
        return Err(CertificateError::Ambiguous);
    }
    let Way {
        issuer,
        until: ends,
    } = way;
    *until = (*until).min(ends);
    let leaf = Leaf::read(shown.der())?;
    let demand = judge.realm.lists.demand;
    let lists = judge.lists.all();
    if demand == Demand::Hard {
        // A list that has ended already is judged anew each time.
        *until = (*until).min(judge.lists.until().unwrap_or(now));
    }
    judge
        .trust
        .check(shown.der(), shown.between(), (&lists, demand), now)?;
    Ok(Standing {
        judge: at,
        who: Who::of(&leaf, &judge.realm, pseudonym)?,
        question: Question {
            key: leaf.key(),
            serial: leaf.serial().to_vec(),
            issuer,
        },
    })
}

impl Who {
    fn of(
        leaf: &Leaf<'_>,
        realm: &CertificateRealm,
        pseudonym: &Pseudonym,
    ) -> Result<Self, CertificateError> {
        let unknown = CertificateError::UnknownHolder;
        let person = |place| {
            let pinfl = Pinfl::parse(&leaf.value(place)?).map_err(|_| Misfit::Form)?;
            let id = pseudonym.person(&pinfl);
            Ok::<_, CertificateError>(Person { id, pinfl })
        };
        let assurance = Assurance {
            rank: realm.assurance,
            authenticated_at: Timestamp::from_unix_ms(0),
        };
        Ok(match &realm.holder {
            Holder::Person { realm, pinfl, name } => Self::Person(PersonPrincipal {
                person: person(pinfl)?,
                realm: realm.clone(),
                name: DisplayName(leaf.value(name)?),
                assurance,
            }),
            Holder::Official {
                realm,
                official,
                agency,
                agencies,
                name,
                position,
                pinfl,
            } => Self::Official(OfficialPrincipal {
                official: OfficialId::parse(&leaf.value(official)?).map_err(|_| Misfit::Form)?,
                agency: agencies.get(&leaf.value(agency)?).ok_or(unknown)?.clone(),
                realm: realm.clone(),
                name: DisplayName(leaf.value(name)?),
                person: Some(person(pinfl)?),
                position: leaf.value(position)?,
                assurance,
            }),
            Holder::System { number, systems } => {
                let system = systems.get(&leaf.value(number)?).ok_or(unknown)?;
                Self::System(SystemPrincipal {
                    system: system.id.clone(),
                    agency: system.agency.clone(),
                    roles: system.roles.clone(),
                    scopes: system.scopes.clone(),
                    assurance,
                })
            }
        })
    }

    /// The principal, who proved the key at that moment.
    fn principal(&self, at: Timestamp) -> Principal {
        let since = |assurance: Assurance| Assurance {
            authenticated_at: at,
            ..assurance
        };
        match self {
            Self::Person(person) => Principal::Person(Arc::new(PersonPrincipal {
                assurance: since(person.assurance),
                ..person.clone()
            })),
            Self::Official(official) => Principal::Official(Arc::new(OfficialPrincipal {
                assurance: since(official.assurance),
                ..official.clone()
            })),
            Self::System(system) => Principal::System(Arc::new(SystemPrincipal {
                assurance: since(system.assurance),
                ..system.clone()
            })),
        }
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates")
            .field("realms", &self.judges.len())
            .finish_non_exhaustive()
    }
}

/// Certificates of which it is remembered what was found.
const CERTIFICATES_MAX: usize = 10_000;
/// Certificates that are judged at once.
const JUDGED_AT_ONCE_MAX: usize = 2;
/// How long a refusal is used, in milliseconds.
const REFUSED_MS_MAX: i64 = 1_000;
/// How long what was found is used, in milliseconds, where nothing ends it sooner.
const FOUND_MS_MAX: i64 = 300_000;
