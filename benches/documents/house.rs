//! A notary on files in a folder of its own, with the demo's certificates and rules.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muhrdor::clock::{Clock, SystemClock};
use muhrdor::cms::{Certificate, CertificateSet, Oid};
use muhrdor::console::{Console, PortalSettings};
use muhrdor::demo::Folder;
use muhrdor::domain::name::AgencyId;
use muhrdor::domain::text::Texts;
use muhrdor::keys::{
    Algorithm, KeyFolder, KeyName, Pseudonym, Secret, Signer, Vault, certificate_of_pem,
};
use muhrdor::limits::{self, AddressLimit, GuessLimit, Rate};
use muhrdor::notary::verdict::Trust;
use muhrdor::notary::{
    Notary, Registrar, RegistrarOptions, SealKey, Settings, StampSettings, Tools, Tsa,
};
use muhrdor::public::check::{self, Check};
use muhrdor::store::embedded::{
    FileTiles, SqliteArchive, SqliteLeafIndex, SqliteLock, SqliteSealIndex,
};
use muhrdor::tlog::{self, EntryBundles, Fatal, NoteName, NoteSigner, Tlog};
use ring::rand::SystemRandom;
use serde_json::json;
use tempfile::TempDir;

use crate::page::page;

pub(crate) const ISSUER: &str = "civil-registry";
const PORTAL: &str = "https://portal.example";
const LOG: &str = "portal.example/documents";
const PROOF: &str = "2.999.26.1";
const POLICY: &str = "2.999.26.2";

/// Keys, certificates and stores, and the file that is sealed.
pub(crate) struct House {
    pub(crate) trust: Trust,
    pub(crate) file: Vec<u8>,
    root: TempDir,
    seal: Arc<dyn Signer>,
    stamp: Arc<dyn Signer>,
    verdict: Arc<dyn Signer>,
    log: NoteSigner,
    vault: Arc<Vault>,
    pseudonym: Arc<Pseudonym>,
}

impl House {
    /// Makes keys, certificates and empty stores.
    pub(crate) fn build() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (now, random) = (SystemClock::new().now(), SystemRandom::new());
        let folder = Folder::new(root.path().to_owned());
        folder.make().unwrap();
        let keys = KeyFolder::create(&root.path().join("keys")).unwrap();
        let key = |name: &str, algorithm| {
            let name = KeyName::parse(name).unwrap();
            keys.create_signing(&name, algorithm, now, &random).unwrap()
        };
        let seal = key(&format!("seal-{ISSUER}"), Algorithm::Es256);
        // The demo certifies this body too.
        key("seal-pension-fund", Algorithm::Es256);
        let stamp = key("tsa", Algorithm::Es256);
        let verdict = key("verdict", Algorithm::Es256);
        let log = note_signer(key("documents", Algorithm::Ed25519));
        folder.make_document_certificates(now).unwrap();
        let stores = root.path().join("store");
        SqliteSealIndex::create(&stores.join("documents.sqlite"), 0).unwrap();
        SqliteArchive::create(&stores.join("archive.sqlite"), 0).unwrap();
        create_log(&stores, &log);
        let secret = || Secret::generate(&random).unwrap();
        Self {
            trust: trust(&folder, &log, verdict.as_ref()),
            file: page(),
            seal,
            stamp,
            verdict,
            log,
            vault: Arc::new(Vault::new(&secret(), &[])),
            pseudonym: Arc::new(Pseudonym::new(&secret())),
            root,
        }
    }

    /// A notary that knows nothing yet but what is on the disk; one at a time.
    pub(crate) fn notary(&self) -> Arc<Notary> {
        let stores = self.root.path().join("store");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let options = RegistrarOptions {
            queue_writes_max: 2_000,
            batch_writes_max: 200,
        };
        let index = SqliteSealIndex::open(&stores.join("documents.sqlite"), 0).unwrap();
        let archive = SqliteArchive::open(&stores.join("archive.sqlite"), 0).unwrap();
        let key = SealKey {
            signer: Arc::clone(&self.seal),
            certificates: CertificateSet {
                signer: self.certificate(&format!("seal-{ISSUER}")),
                path: Vec::new(),
            },
        };
        let tools = Tools {
            seals: BTreeMap::from([(AgencyId::parse(ISSUER).unwrap(), key)]),
            tsa: Arc::new(self.authority()),
            log: Arc::new(open_log(&stores, self.log.clone())),
            registrar: Registrar::start(Arc::new(index), Arc::new(archive), options).unwrap(),
            vault: Arc::clone(&self.vault),
            pseudonym: Arc::clone(&self.pseudonym),
            random: Arc::new(SystemRandom::new()),
            clock,
        };
        let settings = Settings {
            portal: PORTAL.to_owned(),
            proof_name: Oid::parse(PROOF).unwrap(),
            access_ms_max: 60_000,
        };
        Arc::new(Notary::new(settings, tools).unwrap())
    }

    /// The authority that stamps the time.
    pub(crate) fn authority(&self) -> Tsa {
        let (clock, random) = (SystemClock::new(), SystemRandom::new());
        let settings = StampSettings {
            policy: Oid::parse(POLICY).unwrap(),
            accuracy_seconds: 1,
            not_before: clock.now(),
        };
        let certificate = self.certificate("tsa");
        let signer = Arc::clone(&self.stamp);
        Tsa::new(
            settings,
            signer,
            certificate,
            Arc::new(clock),
            Arc::new(random),
        )
        .unwrap()
    }

    /// The public check, with limits that nobody meets.
    pub(crate) fn check(&self, notary: &Arc<Notary>) -> Check {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let portal = PortalSettings {
            names: texts("Portal"),
            operator: texts("Operator"),
            help: texts("Help"),
            host: PORTAL.trim_start_matches("https://").to_owned(),
        };
        Check::new(check::Tools {
            notary: Arc::clone(notary),
            host: portal.host.clone(),
            pages: Arc::new(Console::new(portal).unwrap()),
            trust: self.trust.clone(),
            signer: Arc::clone(&self.verdict),
            addresses: Arc::new(addresses()),
            guesses: Arc::new(GuessLimit::new(&often(), &clock, None)),
            clock,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.root.path()
    }

    /// The file of the one key of this name.
    pub(crate) fn key_file(&self, name: &str) -> PathBuf {
        let keys = fs::read_dir(self.root.path().join("keys")).unwrap();
        let mut paths = keys.map(|entry| entry.unwrap().path());
        let begins = format!("{name}.");
        paths
            .find(|path| {
                path.file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with(&begins)
            })
            .unwrap()
    }

    pub(crate) fn certificate_file(&self, name: &str) -> PathBuf {
        self.root.path().join(format!("documents/{name}.pem"))
    }

    fn certificate(&self, name: &str) -> Certificate {
        let pem = fs::read_to_string(self.certificate_file(name)).unwrap();
        Certificate::parse(&certificate_of_pem(&pem).unwrap()).unwrap()
    }
}

/// Ends a notary that nobody else holds any more.
pub(crate) async fn close(notary: Arc<Notary>) {
    Arc::into_inner(notary).unwrap().close().await;
}

pub(crate) fn texts(word: &str) -> Texts {
    Texts {
        uz: word.to_owned(),
        uzc: word.to_owned(),
        ru: word.to_owned(),
        en: word.to_owned(),
    }
}

pub(crate) fn note_signer(key: Arc<dyn Signer>) -> NoteSigner {
    NoteSigner::new(NoteName::parse(LOG).unwrap(), key).unwrap()
}

pub(crate) fn create_log(folder: &Path, signer: &NoteSigner) {
    FileTiles::create(&folder.join("log"), 0).unwrap();
    SqliteLock::create(&folder.join("lock.sqlite")).unwrap();
    Tlog::create(&log_stores(folder), signer).unwrap();
}

/// The documents' log as `serve` opens it: published entries, no leaf twice.
pub(crate) fn open_log(folder: &Path, signer: NoteSigner) -> Tlog {
    let leaves = SqliteLeafIndex::open_or_rebuild(&folder.join("leaves.sqlite")).unwrap();
    let options = tlog::Options {
        entries: EntryBundles::Published,
        queue_entries_max: 10_000,
        batch_entries_max: 1_000,
        first_positions: Some(Arc::new(leaves)),
    };
    let fatal = Fatal::new(|what| panic!("stopped: {what}"));
    Tlog::open(log_stores(folder), signer, options, fatal).unwrap()
}

fn log_stores(folder: &Path) -> tlog::Stores {
    tlog::Stores {
        tiles: Arc::new(FileTiles::open(&folder.join("log"), 0).unwrap()),
        lock: Arc::new(SqliteLock::open(&folder.join("lock.sqlite")).unwrap()),
    }
}

fn trust(folder: &Folder, log: &NoteSigner, verdict: &dyn Signer) -> Trust {
    let authority = fs::read_to_string(folder.documents().join("ca.pem")).unwrap();
    let written = json!({
        "version": 1,
        "portal": PORTAL,
        "logs": [log.verifier().to_string()],
        "anchors": [authority],
        "proof_oid": PROOF,
        "keys": { "keys": [verdict.public_key().jwk()] },
    });
    Trust::parse(written.to_string().as_bytes()).unwrap()
}

/// A count of addresses that nobody meets.
pub(crate) fn addresses() -> AddressLimit {
    AddressLimit::new(&often(), Arc::new(SystemClock::new()), None)
}

/// Limits that nobody meets.
fn often() -> limits::Settings {
    limits::Settings {
        address: OFTEN,
        principal: OFTEN,
        operations: BTreeMap::new(),
        guess: OFTEN,
        keys_max: 1000,
    }
}

const OFTEN: Rate = Rate {
    requests_max: NonZeroU32::new(1_000_000_000).unwrap(),
    window_seconds: NonZeroU32::new(1).unwrap(),
};
