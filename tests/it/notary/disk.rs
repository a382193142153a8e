//! A disk that is full, wherever a seal has come to: nothing half sealed, nothing lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use muhrdor::cms::{CertificateSet, Oid};
use muhrdor::domain::document::Issuance;
use muhrdor::domain::name::{AgencyId, DocumentKind, DocumentNumber};
use muhrdor::domain::person::{Person, Pinfl};
use muhrdor::domain::reason::Reason;
use muhrdor::domain::text::{Language, Texts};
use muhrdor::keys::{Secret, Vault};
use muhrdor::notary::leaf::Sha256;
use muhrdor::notary::{
    DocumentNames, Names, Notary, NotaryError, RegistrarOptions, SealKey, Sealed, Settings, Tools,
};
use muhrdor::store::memory::MemoryLeafIndex;
use muhrdor::tlog::{Options, Tlog};
use ring::rand::SystemRandom;

use super::authority;
use crate::cms::pki;
use crate::documents::pdfs;
use crate::house::AZIZA;
use crate::redaction::house::House;
use crate::registrar::start;
use crate::registrar::stores::{Kept, Plan};
use crate::tlog::{memory_stores, note_signer, options, unexpected};

/// A notary whose index and archive do as planned.
struct Bench {
    house: House,
    notary: Arc<Notary>,
    plan: Arc<Plan>,
}

impl Bench {
    fn new() -> Self {
        let (house, plan) = (House::new(), Arc::<Plan>::default());
        let (logs, signer) = (memory_stores(), note_signer("documents"));
        Tlog::create(&logs, &signer).unwrap();
        let options = Options {
            first_positions: Some(Arc::new(MemoryLeafIndex::default())),
            ..options()
        };
        let log = Tlog::open(logs, signer, options, unexpected()).unwrap();
        let options = RegistrarOptions {
            queue_writes_max: 100,
            batch_writes_max: 10,
        };
        let registrar = start(&Kept::default(), &plan, options);
        let (tsa, clock) = authority();
        let key = SealKey {
            signer: Arc::new(pki().signer("seal")),
            certificates: CertificateSet {
                signer: pki().certificate("seal"),
                path: Vec::new(),
            },
        };
        let settings = Settings {
            portal: "https://portal.example".to_owned(),
            proof_name: Oid::parse("2.999.3.2").unwrap(),
            access_ms_max: 600_000,
        };
        let tools = Tools {
            seals: BTreeMap::from([(issuer(), key)]),
            tsa: Arc::new(tsa),
            log: Arc::new(log),
            registrar: Arc::into_inner(registrar).unwrap(),
            vault: Arc::new(Vault::new(&secret(), &[])),
            pseudonym: Arc::clone(&house.pseudonym),
            random: Arc::new(SystemRandom::new()),
            clock: Arc::new(clock),
        };
        let notary = Arc::new(Notary::new(settings, tools).unwrap());
        Self {
            house,
            notary,
            plan,
        }
    }

    /// Asks for the same document again and again.
    async fn seal(&self) -> Result<Sealed, NotaryError> {
        let operation = self.house.shipped("civil-registry.certificate.issue");
        let permit = self.house.permit(operation, self.house.aziza(), "/");
        let pinfl = Pinfl::parse(AZIZA).unwrap();
        let issuance = Issuance {
            issuer: issuer(),
            kind: DocumentKind::parse("birth-certificate").unwrap(),
            number: DocumentNumber::parse("TG-1").unwrap(),
            holder: Person {
                id: self.house.pseudonym.person(&pinfl),
                pinfl,
            },
            details: Vec::new(),
        };
        let names = DocumentNames {
            names: Names {
                issuer: text("Registry"),
                kind: text("Certificate"),
            },
            language: Language::En,
        };
        let file = Bytes::from(pdfs::page("word"));
        let permit = permit.issuing(issuance).unwrap();
        self.notary.seal(permit, names, file).await
    }

    fn logged(&self) -> u64 {
        self.notary.log().published().head.size
    }
}

fn issuer() -> AgencyId {
    AgencyId::parse("civil-registry").unwrap()
}

fn secret() -> Secret {
    Secret::generate(&SystemRandom::new()).unwrap()
}

fn text(word: &str) -> Texts {
    let text = || word.to_owned();
    Texts {
        uz: text(),
        uzc: text(),
        ru: text(),
        en: text(),
    }
}

#[track_caller]
fn is_full(outcome: Result<Sealed, NotaryError>) {
    assert_eq!(outcome.unwrap_err().reason(), Reason::StoreFull);
}

#[tokio::test]
async fn before_the_log_nothing_is_begun_and_all_is_done_when_there_is_room() {
    let bench = Bench::new();
    for full in [&bench.plan.archive_full, &bench.plan.index_full] {
        full.store(true, Ordering::SeqCst);
        is_full(bench.seal().await);
        assert_eq!(bench.logged(), 0);
        full.store(false, Ordering::SeqCst);
    }
    let sealed = bench.seal().await.unwrap();
    assert_eq!((sealed.index, bench.logged()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn between_leaf_and_release_nothing_is_handed_out_and_nothing_is_lost() {
    let bench = Arc::new(Bench::new());
    let (staging, go_on) = bench.plan.before_write.shut();
    let sealing = Arc::clone(&bench);
    let sealing = tokio::spawn(async move { sealing.seal().await });
    let come = |coming: std::sync::mpsc::Receiver<()>| {
        tokio::task::spawn_blocking(move || coming.recv().unwrap())
    };
    come(staging).await.unwrap();
    let (releasing, go_out) = bench.plan.before_write.shut();
    go_on.send(()).unwrap();
    come(releasing).await.unwrap();
    assert_eq!(bench.logged(), 1, "the leaf is in the log");
    bench.plan.index_full.store(true, Ordering::SeqCst);
    go_out.send(()).unwrap();
    is_full(sealing.await.unwrap());
    is_full(bench.seal().await);
    bench.plan.index_full.store(false, Ordering::SeqCst);

    // Who asks again, and a start, find the same seal at the same place.
    assert_eq!(bench.notary.resume().await.unwrap(), 1);
    let sealed = bench.seal().await.unwrap();
    let again = bench.seal().await.unwrap();
    assert_eq!(sealed.file, again.file);
    assert_eq!((sealed.index, bench.logged()), (0, 1));
    let known = bench.notary.by_file(Sha256::of(&[&sealed.file])).await;
    assert_eq!(known.unwrap().unwrap().index, 0);
}
