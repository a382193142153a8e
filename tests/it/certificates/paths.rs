//! Ways to an authority: constraints hold, and nobody can make the house search for long.

use std::time::Duration;

use muhrdor::clock::Stopwatch;
use muhrdor::identity::certificate::CertificateError;
use rcgen::{BasicConstraints, GeneralSubtree, IsCa, NameConstraints, SanType};
use rustls::pki_types::CertificateDer;

use super::authority::Authority;
use super::{Rig, realm};

#[tokio::test]
async fn a_way_leads_over_what_was_shown_or_is_kept() {
    let root = Authority::new("root");
    let middle = root.below("middle", |_| {});
    let client = middle.client("17");
    let rig = Rig::of(vec![realm("systems", &root, "17", "registry")]);
    let alone = rig.admit(&client.certificate).await;
    assert_eq!(alone, Err(CertificateError::Untrusted));
    // A no is not remembered for long, so that a client may show more the next time.
    rig.clock.advance_ms(1_001);
    let shown = [middle.certificate.clone()];
    let led = rig.admit_with(&client.certificate, &shown).await;
    assert_eq!(led, Ok("registry".to_owned()));
    let mut kept = realm("systems", &root, "17", "registry");
    kept.between = vec![middle.certificate.clone()];
    let rig = Rig::of(vec![kept]);
    assert_eq!(
        rig.admit(&client.certificate).await,
        Ok("registry".to_owned())
    );
}

#[tokio::test]
async fn mt_11_names_outside_an_authoritys_constraints_are_refused() {
    let root = Authority::new("root");
    let within = |permitted: &str, excluded: &str| NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(permitted.to_owned())],
        excluded_subtrees: vec![GeneralSubtree::DnsName(excluded.to_owned())],
    };
    let constrained = root.below("constrained", |params| {
        params.name_constraints = Some(within("gov.example", "bank.gov.example"));
    });
    let rig = Rig::of(vec![realm("systems", &root, "17", "registry")]);
    for (name, is_good) in [
        ("m2m.gov.example", true),
        ("gov.example.evil", false),
        ("evilgov.example", false),
        ("a.bank.gov.example", false),
        ("*.gov.example", false),
    ] {
        let issued = constrained.issue("17", |params| {
            params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        });
        let shown = [constrained.certificate.clone()];
        let led = rig.admit_with(&issued.certificate, &shown).await;
        assert_eq!(led.is_ok(), is_good, "{name}: {led:?}");
    }
}

#[tokio::test]
async fn mt_11_an_authority_certifies_no_more_authorities_than_it_may() {
    let root = Authority::new("root");
    let last = root.below("last", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let beyond = last.below("beyond", |_| {});
    let client = beyond.client("17");
    let rig = Rig::of(vec![realm("systems", &root, "17", "registry")]);
    let shown = [beyond.certificate.clone(), last.certificate.clone()];
    let led = rig.admit_with(&client.certificate, &shown).await;
    assert_eq!(led, Err(CertificateError::Untrusted));
    // And who is no authority certifies nobody.
    let nobody = root.below("nobody", |params| params.is_ca = IsCa::ExplicitNoCa);
    let client = nobody.client("17");
    let led = rig
        .admit_with(
            &client.certificate,
            std::slice::from_ref(&nobody.certificate),
        )
        .await;
    assert_eq!(led, Err(CertificateError::Untrusted));
}

#[tokio::test]
async fn mt_11_many_ways_that_lead_nowhere_end_soon() {
    // Authorities of one name that all certify each other: as many ways as orders of them.
    let root = Authority::new("root");
    let nowhere = Authority::new("knot");
    let mut shown: Vec<CertificateDer<'static>> = Vec::new();
    let mut last = nowhere;
    for _ in 0..40 {
        last = last.below("knot", |_| {});
        shown.push(last.certificate.clone());
    }
    let client = last.client("17");
    let rig = Rig::of(vec![realm("systems", &root, "17", "registry")]);
    let watch = Stopwatch::start();
    let led = rig.admit_with(&client.certificate, &shown).await;
    assert_eq!(led, Err(CertificateError::Untrusted));
    assert!(watch.read() < Duration::from_secs(5), "{:?}", watch.read());
}
