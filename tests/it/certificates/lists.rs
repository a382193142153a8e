//! Lists of revoked certificates: which counts, until when, and what comes in its place.

use std::path::PathBuf;
use std::time::Duration;

use muhrdor::identity::certificate::{CertificateError, Demand, List, ListError, Source};
use rcgen::{CrlDistributionPoint, CrlIssuingDistributionPoint, KeyUsagePurpose};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::authority::{Authority, at_day, serial};
use super::{AT, Rig, realm, with_lists};

const MAX: usize = 64 * 1024;

/// Longer than the house takes to see a new list.
const SOON: Duration = Duration::from_secs(10);

/// In which the house looks at files two times.
const LOOKS: Duration = Duration::from_millis(2_200);

/// Files of lists.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        // As whoever fetches lists does it: never half a file.
        let new = self.0.path().join("new");
        std::fs::write(&new, bytes).unwrap();
        std::fs::rename(new, &path).unwrap();
        path
    }
}

fn hard(authority: &Authority, lists: &[PathBuf]) -> Rig {
    demanding(Demand::Hard, authority, lists)
}

fn demanding(demand: Demand, authority: &Authority, lists: &[PathBuf]) -> Rig {
    let sources = lists.iter().cloned().map(Source::File).collect();
    let realm = realm("systems", authority, "17", "registry");
    Rig::of(vec![with_lists(realm, demand, sources)])
}

#[tokio::test]
async fn a_certificate_that_stands_in_its_authoritys_list_is_refused() {
    let (authority, files) = (Authority::new("one"), Files::new());
    let list = files.put("list", &authority.list(0, &[5]));
    for demand in [Demand::Soft, Demand::Hard] {
        let rig = demanding(demand, &authority, std::slice::from_ref(&list));
        let (good, bad) = (
            authority.issue("17", serial(4)),
            authority.issue("17", serial(5)),
        );
        assert!(rig.admit(&good.certificate).await.is_ok(), "{demand:?}");
        let refused = rig.admit(&bad.certificate).await;
        assert_eq!(refused, Err(CertificateError::Revoked), "{demand:?}");
    }
}

#[tokio::test]
async fn mt_09_a_list_that_has_ended_says_nothing_any_more() {
    let (authority, files) = (Authority::new("one"), Files::new());
    let list = [files.put("list", &authority.list(0, &[5]))];
    let client = authority.issue("17", serial(4));
    let revoked = authority.issue("17", serial(5));
    let (hard, soft) = (
        hard(&authority, &list),
        demanding(Demand::Soft, &authority, &list),
    );
    assert!(hard.admit(&client.certificate).await.is_ok());
    for rig in [&hard, &soft] {
        rig.clock.set(at_day(1));
    }
    let refused = hard.admit(&client.certificate).await;
    assert_eq!(refused, Err(CertificateError::StatusUnknown));
    assert!(soft.admit(&client.certificate).await.is_ok());
    // What was known to be revoked stays so.
    let refused = soft.admit(&revoked.certificate).await;
    assert_eq!(refused, Err(CertificateError::Revoked));
}

#[tokio::test]
async fn mt_09_each_certificate_of_the_way_needs_a_list_of_its_issuer() {
    let (root, files) = (Authority::new("root"), Files::new());
    let middle = root.below("middle", serial(77));
    let client = middle.issue("17", serial(4));
    let of_root = files.put("root", &root.list(0, &[]));
    let of_middle = files.put("middle", &middle.list(0, &[]));
    let revoking = files.put("revoking", &root.list(0, &[77]));
    for (lists, wanted) in [
        (vec![&of_root, &of_middle], Ok("registry".to_owned())),
        (vec![&of_middle, &of_root], Ok("registry".to_owned())),
        (vec![&of_root], Err(CertificateError::StatusUnknown)),
        (vec![&of_middle], Err(CertificateError::StatusUnknown)),
        (vec![&revoking, &of_middle], Err(CertificateError::Revoked)),
    ] {
        let sources = lists
            .iter()
            .map(|path| Source::File((*path).clone()))
            .collect();
        let mut realm = realm("systems", &root, "17", "registry");
        realm.between = vec![middle.certificate.clone()];
        let rig = Rig::of(vec![with_lists(realm, Demand::Hard, sources)]);
        assert_eq!(rig.admit(&client.certificate).await, wanted, "{lists:?}");
    }
}

#[tokio::test]
async fn mt_09_a_list_for_another_distribution_point_is_not_asked() {
    let (authority, files) = (Authority::new("one"), Files::new());
    let point = |name: &str| CrlDistributionPoint {
        uris: vec![format!("http://lists.example/{name}")],
    };
    let list_for = |name: &str, serials: &[u64]| {
        let issuing = CrlIssuingDistributionPoint {
            distribution_point: point(name),
            scope: None,
        };
        files.put(name, &authority.list_for(0, serials, Some(issuing)))
    };
    // The certificate names two places, and stands in the list of the second.
    let client = |number: u64| {
        authority.issue("17", |params| {
            serial(number)(params);
            params.crl_distribution_points = vec![point("first"), point("second")];
        })
    };
    let (other, second) = (list_for("other", &[4]), list_for("second", &[5]));
    let rig = hard(&authority, &[other.clone(), second]);
    assert!(rig.admit(&client(4).certificate).await.is_ok());
    let refused = rig.admit(&client(5).certificate).await;
    assert_eq!(refused, Err(CertificateError::Revoked));
    // With the list of another place only, nothing is known.
    let rig = hard(&authority, &[other]);
    let refused = rig.admit(&client(5).certificate).await;
    assert_eq!(refused, Err(CertificateError::StatusUnknown));
}

#[tokio::test]
async fn mt_09_lists_count_only_with_the_signature_of_an_authority_that_may_sign_them() {
    let (authority, twin) = (Authority::new("one"), Authority::new("one"));
    let issuers = || [authority.certificate.clone()];
    let read = |bytes: &[u8]| List::read(bytes, issuers().iter(), (MAX, AT)).map(|_| ());
    let good = authority.list(0, &[5]);
    assert!(read(&good).is_ok());
    assert!(matches!(
        read(&twin.list(0, &[5])),
        Err(ListError::Unsigned)
    ));
    for at in [good.len() - 1, good.len() / 2] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert!(read(&changed).is_err(), "byte {at}");
    }
    assert!(matches!(
        read(&authority.list(2, &[])),
        Err(ListError::NotYet)
    ));
    let short = List::read(&good, issuers().iter(), (good.len() - 1, AT));
    assert!(matches!(short, Err(ListError::TooLong { .. })));
    // Its key may certify, and not sign lists.
    let root = Authority::new("root");
    let silent = root.below("silent", |p| {
        p.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let files = Files::new();
    let lists = [root.list(0, &[]), silent_list(&silent)];
    let names = ["root", "silent"];
    let sources = names
        .iter()
        .zip(&lists)
        .map(|(name, list)| Source::File(files.put(name, list)));
    let mut realm = realm("systems", &root, "17", "registry");
    realm.between = vec![silent.certificate.clone()];
    let rig = Rig::of(vec![with_lists(realm, Demand::Hard, sources.collect())]);
    let refused = rig.admit(&silent.client("17").certificate).await;
    assert_eq!(refused, Err(CertificateError::StatusUnknown));
}

/// A list by who may not sign any: the library of the tests would refuse to, so it is made by
/// another that has its name and key.
fn silent_list(silent: &Authority) -> Vec<u8> {
    silent.as_signer("silent").list(0, &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn mt_12_a_newer_list_counts_for_what_was_found_before_and_an_older_one_never() {
    let (authority, files) = (Authority::new("one"), Files::new());
    let list = files.put("list", &authority.list(-1, &[]));
    let rig = hard(&authority, std::slice::from_ref(&list));
    rig.certificates.follow();
    rig.clock.set(at_day(-1));
    let client = authority.issue("17", |params| {
        serial(5)(params);
        params.not_before = super::authority::day(-9);
    });
    assert!(rig.admit(&client.certificate).await.is_ok());
    files.put("list", &authority.list(0, &[5]));
    rig.clock.set(AT);
    let became = |wanted: Result<String, CertificateError>| {
        let (rig, leaf) = (&rig, &client.certificate);
        async move {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            while rig.admit(leaf).await != wanted {
                // What was refused is asked about anew, once the house's second has passed.
                rig.clock.advance_ms(1);
                tick.tick().await;
            }
        }
    };
    let revoked = Err(CertificateError::Revoked);
    timeout(SOON, became(revoked.clone())).await.unwrap();
    // The old one and one that nobody signed change nothing.
    for worse in [authority.list(-1, &[]), b"no list".to_vec()] {
        files.put("list", &worse);
        let became = timeout(LOOKS, became(Ok("registry".to_owned()))).await;
        assert!(became.is_err(), "it counts again");
        let held = rig.certificates.lists();
        assert_eq!(held[0].times.unwrap().0, at_day(0));
    }
    assert_eq!(rig.admit(&client.certificate).await, revoked);
    rig.certificates.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_fetched_from_an_address_and_kept_while_that_is_silent() {
    let authority = Authority::new("one");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let list = authority.list(0, &[5]);
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 1024];
        let length = stream.read(&mut asked).await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", list.len());
        stream
            .write_all(&[head.as_bytes(), &list].concat())
            .await
            .unwrap();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    });
    let sources = vec![Source::Address(format!("http://{address}/one.crl"))];
    let realm = realm("systems", &authority, "17", "registry");
    let rig = Rig::asking(vec![with_lists(realm, Demand::Hard, sources)], &[&address]);
    let client = authority.issue("17", serial(4));
    let before = rig.admit(&client.certificate).await;
    assert_eq!(before, Err(CertificateError::StatusUnknown));
    rig.certificates.follow();
    let there = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while rig.admit(&client.certificate).await.is_err() {
            tick.tick().await;
        }
    };
    timeout(SOON, there).await.unwrap();
    assert!(
        serving
            .await
            .unwrap()
            .starts_with("GET /one.crl HTTP/1.1\r\n")
    );
    let revoked = authority.issue("17", serial(5));
    assert_eq!(
        rig.admit(&revoked.certificate).await,
        Err(CertificateError::Revoked)
    );
    rig.certificates.close().await;
}

#[test]
fn mt_10_what_is_no_list_is_refused_before_anything_is_made_of_it() {
    let authority = Authority::new("one");
    let issuers = [authority.certificate.clone()];
    let good = authority.list(0, &[5, 6, 7]);
    for length in 0..good.len() {
        let cut = List::read(&good[..length], issuers.iter(), (MAX, AT));
        assert!(cut.is_err(), "{length} bytes");
    }
    let trailing = [good.as_slice(), &[0]].concat();
    let read = List::read(&trailing, issuers.iter(), (MAX, AT));
    assert!(matches!(read, Err(ListError::Malformed)));
}
