//! A document made provable: signature, time-stamp, log, proof; and the bare cryptography of it.

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use muhrdor::clock::SystemClock;
use muhrdor::cms::{DigestAlgorithm, TimeStampReply, TimeStampRequest};
use muhrdor::domain::document::Issuance;
use muhrdor::domain::entry::VisitId;
use muhrdor::domain::fact::Facts;
use muhrdor::domain::name::{AgencyId, DocumentKind, DocumentNumber, OperationId, PurposeId};
use muhrdor::domain::operation::{Effect, Operation, PurposeBinding, UpstreamTarget};
use muhrdor::domain::peer::Channel;
use muhrdor::domain::principal::PrincipalKind;
use muhrdor::domain::purpose::Claim;
use muhrdor::domain::service::Service;
use muhrdor::domain::text::Language;
use muhrdor::notary::{DocumentNames, Names, Notary};
use muhrdor::policy::{Ask, IssuePermit, Permit};
use muhrdor::public::timestamp;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use tokio::runtime::Runtime;

use crate::checks::arrival;
use crate::house::{House, ISSUER, addresses, close, texts};
use crate::measure::{Table, together};
use crate::world;

const ALONE: u32 = 200;
const TOGETHER: u32 = 2_000;
/// As many as wait at once; each seals its next when its last is out.
const SEALERS: u32 = 64;

const KIND: &str = "birth-certificate";

/// Processor time of one seal, by how many are made at once.
pub(crate) struct Sealed {
    pub(crate) alone: Option<Duration>,
    pub(crate) together: Option<Duration>,
}

/// The least that a seal with a time-stamp is: the bytes hashed, and two signatures.
pub(crate) fn floor(table: &mut Table, house: &House) -> Option<Duration> {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap();
    table.row("ring: SHA-256 of 100 KiB, two P-256 signatures", || {
        let content = digest(&SHA256, &house.file);
        let signature = key.sign(&random, content.as_ref()).unwrap();
        key.sign(&random, signature.as_ref()).unwrap()
    })
}

pub(crate) fn measure(table: &mut Table, house: &House, runtime: &Runtime) -> Sealed {
    let mut row = |name: &str, sealers, count, series| {
        if !table.wants(name) {
            return None;
        }
        let permits = permits(count, series);
        let notary = house.notary();
        let file = Bytes::copy_from_slice(&house.file);
        let cpu = table.crowd(name, |clock| {
            runtime.block_on(seal_all(&notary, &file, permits, sealers, *clock))
        });
        runtime.block_on(close(notary));
        cpu
    };
    Sealed {
        alone: row("seal: 100 KiB, level B-T, one at a time", 1, ALONE, "A"),
        together: row(
            "seal: 100 KiB, level B-T, 64 at once",
            SEALERS,
            TOGETHER,
            "B",
        ),
    }
}

/// Tokens of RFC 3161: of the authority, and through its door.
pub(crate) fn stamps(table: &mut Table, house: &House, runtime: &Runtime) {
    let authority = house.authority();
    let imprint = DigestAlgorithm::Sha256.of(&[&house.file]);
    let request = Bytes::from(TimeStampRequest::new(imprint, [7; 16]).to_der());
    let reply = authority.reply(&request);
    assert!(TimeStampReply::parse(reply.der()).is_ok(), "it is granted");
    table.row("tsa: one token, the authority alone", || {
        authority.reply(&request)
    });
    let addresses = addresses();
    table.row("tsa: one token, through /tsa", || {
        let body = Some(("application/timestamp-query", request.clone()));
        let answer = timestamp::answer(&authority, &addresses, arrival("/tsa", body));
        assert_eq!(runtime.block_on(answer).status(), 200);
    });
}

/// So many sealed documents, made at once and given as they were handed out.
pub(crate) async fn some(notary: &Arc<Notary>, file: &[u8], count: u32) -> Vec<Bytes> {
    let file = Bytes::copy_from_slice(file);
    let mut sealed = Vec::new();
    for permit in permits(count, "C") {
        let one = notary.seal(permit, names(), file.clone()).await.unwrap();
        sealed.push(one.file);
    }
    sealed
}

async fn seal_all(
    notary: &Arc<Notary>,
    file: &Bytes,
    permits: Vec<IssuePermit>,
    sealers: u32,
    clock: SystemClock,
) -> Vec<Duration> {
    let count = u32::try_from(permits.len()).unwrap();
    let permits = Arc::new(Mutex::new(permits));
    let (notary, file) = (Arc::clone(notary), file.clone());
    together(sealers, count, clock, move |_| {
        let (notary, file) = (Arc::clone(&notary), file.clone());
        let permit = permits.lock().unwrap().pop().unwrap();
        async move {
            let sealed = notary.seal(permit, names(), file).await.unwrap();
            black_box(sealed.file);
        }
    })
    .await
}

/// Yeses to issue so many documents, each under a number of its own.
fn permits(count: u32, series: &str) -> Vec<IssuePermit> {
    let permit = permit();
    let issuance = |n: u32| Issuance {
        issuer: AgencyId::parse(ISSUER).unwrap(),
        kind: DocumentKind::parse(KIND).unwrap(),
        number: DocumentNumber::parse(&format!("{series}-{n:06}")).unwrap(),
        holder: world::person(1),
        details: Vec::new(),
    };
    let issued = (0..count).map(|n| permit.issuing(issuance(n)));
    issued.map(Result::unwrap).collect()
}

/// Person 1 asks for their own certificate.
fn permit() -> Permit {
    let facts = Facts {
        case: None,
        staff: None,
        ..world::facts()
    };
    let ask = Ask {
        visit: VisitId::from_bytes([7; 16]),
        operation: Arc::new(operation()),
        target: UpstreamTarget::new("/records/withheld".to_owned()),
        principal: world::applicant(1, 1),
        subject: Some(world::person(1)),
        claim: Claim {
            purpose: Some(PurposeId::parse("own.apply").unwrap()),
            case: None,
        },
        facts: &facts,
        channel: Channel::Portal,
        now: world::NOW,
    };
    world::policy().decide(ask).unwrap()
}

fn operation() -> Operation {
    let record = world::record();
    let service = Service {
        agency: AgencyId::parse(ISSUER).unwrap(),
        ..(*record.service).clone()
    };
    Operation {
        id: OperationId::parse("civil-registry.certificate.issue").unwrap(),
        service: Arc::new(service),
        effect: Effect::Write,
        purposes: vec![PurposeBinding {
            purpose: PurposeId::parse("own.apply").unwrap(),
            who: PrincipalKind::Person,
            roles: Vec::new(),
        }],
        issues: vec![DocumentKind::parse(KIND).unwrap()],
        ..record
    }
}

fn names() -> DocumentNames {
    DocumentNames {
        names: Names {
            issuer: texts("Civil registry"),
            kind: texts("Birth certificate"),
        },
        language: Language::UzLatn,
    }
}
