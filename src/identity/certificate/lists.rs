//! The lists of one realm's authorities: kept, renewed beside the requests, and never given up for
//! one that is worse.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::task;

use crate::clock::{Clock, Monotonic};
use crate::domain::time::Timestamp;
use crate::egress::{Egress, EgressError};
use crate::identity::certificate::list::{List, ListError};
use crate::identity::certificate::path::Trust;
use crate::identity::certificate::settings::{ListSettings, Source};
use crate::telemetry::meters;

/// The lists, and where they come from.
#[derive(Debug)]
pub(super) struct Lists {
    realm: String,
    settings: ListSettings,
    trust: Arc<Trust>,
    clock: Arc<dyn Clock>,
    egress: Arc<Egress>,
    /// Grows with each list that is taken, of all realms.
    generation: Arc<AtomicU64>,
    places: Mutex<Vec<Place>>,
    /// As paths are checked by them, the newest first.
    newest_first: ArcSwap<Vec<Arc<List>>>,
}

/// What is known of one source.
#[derive(Debug, Default)]
struct Place {
    list: Option<Arc<List>>,
    /// Of a file, when it was last read: its length and when it was written.
    written: Option<(u64, SystemTime)>,
    /// Of an address, when it is asked again.
    due: Option<Monotonic>,
    /// What was last told of it.
    told: Option<String>,
}

/// How old a list is, for the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListState {
    pub realm: String,
    /// Which of the realm's lists, from 1.
    pub number: usize,
    /// When it was made and until when it holds; `None` before there is one.
    pub times: Option<(Timestamp, Timestamp)>,
}

#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("the address of the list is none that can be asked")]
    Address,
    #[error("it was answered with status {0}")]
    Status(StatusCode),
    #[error("reading broke off")]
    CutOff,
}

impl Lists {
    /// Reads all files once; addresses are asked when they are followed.
    ///
    /// # Errors
    /// A file that is no list of these authorities.
    pub(super) fn open(
        (realm, settings): (String, ListSettings),
        trust: Arc<Trust>,
        (egress, clock): (Arc<Egress>, Arc<dyn Clock>),
        generation: Arc<AtomicU64>,
    ) -> Result<Self, ListError> {
        let places = settings.sources.iter().map(|_| Place::default()).collect();
        let lists = Self {
            realm,
            settings,
            trust,
            clock,
            egress,
            generation,
            places: Mutex::new(places),
            newest_first: ArcSwap::default(),
        };
        for (number, source) in lists.settings.sources.iter().enumerate() {
            if let Source::File(path) = source {
                lists.places(|places| {
                    if let Some(place) = places.get_mut(number) {
                        place.written = written(path);
                    }
                });
                let bounds = (lists.settings.bytes_max, lists.clock.now());
                lists.take(number, List::load(path, lists.trust.issuers(), bounds)?)?;
            }
        }
        Ok(lists)
    }

    /// The lists as they are now, the newest first.
    pub(super) fn all(&self) -> Arc<Vec<Arc<List>>> {
        self.newest_first.load_full()
    }

    /// Until when all of them hold; `None` without any.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.newest_first.load().iter().map(|l| l.until()).min()
    }

    pub(super) fn states(&self) -> Vec<ListState> {
        self.places(|places| {
            let state = |(at, place): (usize, &mut Place)| ListState {
                realm: self.realm.clone(),
                number: at + 1,
                times: place.list.as_ref().map(|l| (l.from(), l.until())),
            };
            places.iter_mut().enumerate().map(state).collect()
        })
    }

    /// Looks at files each second and asks addresses when they are due, for ever.
    pub(super) async fn follow(self: Arc<Self>) {
        loop {
            for number in 0..self.settings.sources.len() {
                self.look(number).await;
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }

    async fn look(self: &Arc<Self>, number: usize) {
        let outcome = match self.settings.sources.get(number) {
            None => return,
            Some(Source::File(_)) => {
                let this = Arc::clone(self);
                let looked = task::spawn_blocking(move || this.look_at_file(number)).await;
                looked.unwrap_or(Err(LookError::CutOff))
            }
            Some(Source::Address(address)) => {
                let now = self.clock.monotonic();
                if self.is_ahead(number, now) {
                    return;
                }
                let outcome = self.ask(number, address).await;
                self.plan(number, now, outcome.is_ok());
                outcome
            }
        };
        self.tell(number, outcome.err());
    }

    /// Reads a file that was written since it was last read.
    fn look_at_file(&self, number: usize) -> Result<(), LookError> {
        let Some(Source::File(path)) = self.settings.sources.get(number) else {
            return Ok(());
        };
        let written = written(path);
        let is_known = self.places(|places| {
            let place = places.get_mut(number)?;
            let is_known = place.written.is_some() && place.written == written;
            place.written = written;
            Some(is_known)
        });
        if is_known == Some(true) {
            return Ok(());
        }
        let bounds = (self.settings.bytes_max, self.clock.now());
        let read = List::load(path, self.trust.issuers(), bounds)?;
        Ok(self.take(number, read)?)
    }

    async fn ask(self: &Arc<Self>, number: usize, address: &str) -> Result<(), LookError> {
        let request = Request::get(address).body(Bytes::new());
        let request = request.map_err(|_| LookError::Address)?;
        let answer = self.egress.send(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(LookError::Status(answer.status()));
        }
        let this = Arc::clone(self);
        let reading = task::spawn_blocking(move || {
            let bounds = (this.settings.bytes_max, this.clock.now());
            let read = List::read(answer.body(), this.trust.issuers(), bounds)?;
            this.take(number, read)
        });
        Ok(reading.await.map_err(|_| LookError::CutOff)??)
    }

    fn is_ahead(&self, number: usize, now: Monotonic) -> bool {
        self.places(|places| {
            let due = places.get(number).and_then(|place| place.due);
            due.is_some_and(|due| now < due)
        })
    }

    /// When an address is asked again: sooner where it did not answer, or its list ends before.
    fn plan(&self, number: usize, now: Monotonic, is_good: bool) {
        let wall = self.clock.now();
        self.places(|places| {
            let Some(place) = places.get_mut(number) else {
                return;
            };
            let ends = place.list.as_ref().map(|list| list.until().ms_since(wall));
            let ends = ends.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0);
            let usual = u64::from(self.settings.refresh_ms);
            let pause = if is_good { usual.min(ends) } else { 0 };
            place.due = Some(now.plus_ms(pause.max(RETRY_MS.min(usual))));
        });
    }

    /// Takes a list, unless it is the one that is there or older than that one.
    fn take(&self, number: usize, list: List) -> Result<(), ListError> {
        self.places(|places| {
            let Some(place) = places.get_mut(number) else {
                return Ok(());
            };
            if let Some(held) = &place.list {
                if held.is_same(&list) {
                    return Ok(());
                }
                if list.from() < held.from() {
                    return Err(ListError::Older { since: held.from() });
                }
            }
            place.list = Some(Arc::new(list));
            let mut all: Vec<_> = places.iter().filter_map(|p| p.list.clone()).collect();
            all.sort_by_key(|list| std::cmp::Reverse(list.from()));
            self.newest_first.store(Arc::new(all));
            self.generation.fetch_add(1, Ordering::Release);
            Ok(())
        })
    }

    /// Tells of a failure once, and again when it is another.
    fn tell(&self, number: usize, failure: Option<LookError>) {
        let failure = failure.map(|failure| failure.to_string());
        if failure.is_some() {
            meters::list_failed(&self.realm);
        }
        let told = self.places(|places| {
            let place = places.get_mut(number)?;
            let told = place.told != failure;
            place.told.clone_from(&failure);
            told.then_some(())
        });
        let (realm, number) = (self.realm.as_str(), number + 1);
        match (told, failure) {
            (Some(()), Some(cause)) => tracing::error!(
                target: "muhrdor::certificates", realm, number, cause,
                "a list of revoked certificates was not taken"
            ),
            (Some(()), None) => tracing::info!(
                target: "muhrdor::certificates", realm, number,
                "a list of revoked certificates is there again"
            ),
            (None, _) => {}
        }
    }

    fn places<T>(&self, with: impl FnOnce(&mut Vec<Place>) -> T) -> T {
        with(&mut self.places.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn written(path: &std::path::Path) -> Option<(u64, SystemTime)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// How often files are looked at.
const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// How soon an address is asked again that gave no list, in milliseconds.
const RETRY_MS: u64 = 10_000;
