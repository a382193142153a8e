//! Under which realm a certificate is, and what that makes of it.

use muhrdor::identity::certificate::{CertificateError, Demand, Misfit, Source};

use super::authority::{Authority, day, serial};
use super::{Rig, realm, with_lists};

#[tokio::test]
async fn a_certificate_is_whom_its_realm_says() {
    let authority = Authority::new("one");
    let rig = Rig::of(vec![realm("systems", &authority, "17", "registry")]);
    let known = authority.client("17");
    assert_eq!(
        rig.admit(&known.certificate).await,
        Ok("registry".to_owned())
    );
    assert_eq!(
        rig.admit(&known.certificate).await,
        Ok("registry".to_owned()),
        "again"
    );
    let unknown = authority.client("18");
    let refused = rig.admit(&unknown.certificate).await;
    assert_eq!(refused, Err(CertificateError::UnknownHolder));
    let nameless = authority.issue("17", |params| {
        params.distinguished_name = rcgen::DistinguishedName::new();
    });
    let refused = rig.admit(&nameless.certificate).await;
    assert_eq!(refused, Err(CertificateError::Misfit(Misfit::Missing)));
}

#[tokio::test]
async fn mt_20_the_same_names_of_another_authority_are_somebody_else_or_nobody() {
    let (one, other) = (Authority::new("state"), Authority::new("state"));
    let rig = Rig::of(vec![realm("one", &one, "17", "registry")]);
    let twin = other.issue("17", serial(5));
    assert_eq!(
        rig.admit(&twin.certificate).await,
        Err(CertificateError::Untrusted)
    );
    let realms = vec![
        realm("one", &one, "17", "registry"),
        realm("other", &other, "17", "bank"),
    ];
    let rig = Rig::of(realms);
    let own = one.issue("17", serial(5));
    assert_eq!(rig.admit(&own.certificate).await, Ok("registry".to_owned()));
    assert_eq!(rig.admit(&twin.certificate).await, Ok("bank".to_owned()));
}

#[tokio::test]
async fn mt_20_a_number_that_another_authority_revoked_is_not_revoked() {
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let home = tempfile::tempdir().unwrap();
    let list = |name: &str, authority: &Authority, serials: &[u64]| {
        let path = home.path().join(name);
        std::fs::write(&path, authority.list(0, serials)).unwrap();
        vec![Source::File(path)]
    };
    let rig = Rig::of(vec![
        with_lists(
            realm("one", &one, "17", "registry"),
            Demand::Hard,
            list("1", &one, &[]),
        ),
        with_lists(
            realm("other", &other, "17", "bank"),
            Demand::Hard,
            list("2", &other, &[5]),
        ),
    ]);
    let (own, twin) = (one.issue("17", serial(5)), other.issue("17", serial(5)));
    assert_eq!(rig.admit(&own.certificate).await, Ok("registry".to_owned()));
    assert_eq!(
        rig.admit(&twin.certificate).await,
        Err(CertificateError::Revoked)
    );
}

#[tokio::test]
async fn a_certificate_under_two_realms_signs_nobody_in() {
    let authority = Authority::new("one");
    let rig = Rig::of(vec![
        realm("systems", &authority, "17", "registry"),
        realm("banks", &authority, "17", "bank"),
    ]);
    let known = authority.client("17");
    assert_eq!(
        rig.admit(&known.certificate).await,
        Err(CertificateError::Ambiguous)
    );
}

#[tokio::test]
async fn mt_14_a_certificate_counts_between_its_days_only() {
    let authority = Authority::new("one");
    let rig = Rig::of(vec![realm("systems", &authority, "17", "registry")]);
    for (what, from, until) in [("expired", -3, -1), ("not yet valid", 1, 3)] {
        let issued = authority.issue("17", |params| {
            (params.not_before, params.not_after) = (day(from), day(until));
        });
        let refused = rig.admit(&issued.certificate).await;
        assert_eq!(refused, Err(CertificateError::Untrusted), "{what}");
    }
    // What was found is not used longer than the certificate is good.
    let short = authority.issue("17", |params| {
        params.not_after = day(0) + time::Duration::seconds(60);
    });
    assert!(rig.admit(&short.certificate).await.is_ok());
    rig.clock.advance_ms(61_000);
    assert_eq!(
        rig.admit(&short.certificate).await,
        Err(CertificateError::Untrusted)
    );
}
