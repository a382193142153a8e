//! What stands in a certificate, and what two readers would read differently.

use std::fs;
use std::process::Command;

use muhrdor::identity::certificate::{Misfit, Place, key, value};
use rcgen::string::{BmpString, Ia5String};
use rcgen::{
    CertificateParams, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::authority::{Authority, serial};
use super::place;

const NUMBER: &str = "subject:2.5.4.5";

fn ia5(text: &str) -> Ia5String {
    Ia5String::try_from(text).unwrap()
}

/// What is read at a place of a certificate that was changed.
fn read(at: &str, change: impl FnOnce(&mut CertificateParams)) -> Result<String, Misfit> {
    let issued = Authority::new("names").issue("17", change);
    value(&issued.certificate, &place(at))
}

#[test]
fn a_value_stands_where_the_operator_says() {
    let other = SanType::OtherName((vec![1, 2, 860, 3, 16, 1, 2], "41507850211172".into()));
    let uri = SanType::URI(ia5("urn:uz:body:17"));
    let names = vec![other, uri, SanType::DnsName(ia5("m2m.example"))];
    let with = |params: &mut CertificateParams| params.subject_alt_names.clone_from(&names);
    assert_eq!(read(NUMBER, with), Ok("17".to_owned()));
    let pinfl = read("other-name:1.2.860.3.16.1.2", with);
    assert_eq!(pinfl, Ok("41507850211172".to_owned()));
    assert_eq!(read("uri:urn:uz:body:", with), Ok("17".to_owned()));
    for absent in ["subject:2.5.4.97", "other-name:1.2.3", "uri:urn:uz:person:"] {
        assert_eq!(read(absent, with), Err(Misfit::Missing), "{absent}");
    }
}

#[test]
fn mt_07_a_name_with_a_control_character_is_refused_wherever_it_stands() {
    let names: [(&str, SanType); 4] = [
        ("dns", SanType::DnsName(ia5("m2m.gov\0.evil"))),
        ("uri", SanType::URI(ia5("urn:uz:body:17\0:18"))),
        ("email", SanType::Rfc822Name(ia5("a@gov\n.example"))),
        ("other", SanType::OtherName((vec![1, 2, 3], "17\0".into()))),
    ];
    for (what, name) in names {
        let read = read(NUMBER, |params| params.subject_alt_names = vec![name]);
        assert_eq!(read, Err(Misfit::Control), "{what}");
    }
    let subject = read(NUMBER, |params| {
        let evil = "m2m.gov\0.evil";
        params.distinguished_name.push(DnType::CommonName, evil);
    });
    assert_eq!(subject, Err(Misfit::Control));
}

#[test]
fn mt_07_a_value_of_another_form_is_refused() {
    let number = || DnType::CustomDnType(vec![2, 5, 4, 5]);
    let bmp = DnValue::BmpString(BmpString::try_from("\u{4e41}\u{4e42}").unwrap());
    let wrong: [(&str, DnValue); 4] = [
        ("empty", "".into()),
        ("spaces", " 17".into()),
        ("long", "1".repeat(129).into()),
        ("of two bytes a letter", bmp),
    ];
    for (what, written) in wrong {
        let read = read(NUMBER, |params| {
            params.distinguished_name.push(number(), written);
        });
        assert_eq!(read, Err(Misfit::Form), "{what}");
    }
}

#[test]
fn mt_07_two_values_are_none() {
    let uris = ["urn:uz:body:17", "urn:uz:body:18"];
    let two = |params: &mut CertificateParams| {
        params.subject_alt_names = uris.map(|uri| SanType::URI(ia5(uri))).to_vec();
    };
    assert_eq!(read("uri:urn:uz:body:", two), Err(Misfit::Twice));
    // The library of the tests has no words for these.
    for (subject, misfit) in [
        ("/serialNumber=17/serialNumber=18/CN=a", Misfit::Twice),
        ("/serialNumber=17/CN=a+CN=b", Misfit::SeveralValues),
        ("/CN=a/serialNumber=17+OU=b", Misfit::SeveralValues),
    ] {
        let written = openssl(subject);
        assert_eq!(value(&written, &place(NUMBER)), Err(misfit), "{subject}");
    }
    assert_eq!(
        value(&openssl("/serialNumber=17"), &place(NUMBER)),
        Ok("17".to_owned())
    );
}

/// A certificate of that subject, made for clients, by `openssl`.
fn openssl(subject: &str) -> CertificateDer<'static> {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    let config = "[req]\ndistinguished_name=d\n[d]\n[client]\nextendedKeyUsage=clientAuth\n\
                  basicConstraints=CA:FALSE\n";
    fs::write(at("config"), config).unwrap();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .args([
            "-nodes",
            "-days",
            "1",
            "-utf8",
            "-multivalue-rdn",
            "-extensions",
            "client",
        ])
        .args(["-config", &at("config"), "-subj", subject])
        .args(["-keyout", &at("key"), "-out", &at("pem")])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    CertificateDer::from_pem_file(at("pem")).unwrap()
}

#[test]
fn mt_14_what_is_not_made_for_clients_names_nobody() {
    type Made = fn(&mut CertificateParams);
    let cases: [(&str, Made, Misfit); 5] = [
        (
            "a server's",
            |p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
            Misfit::Usage,
        ),
        (
            "for anything",
            |p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any],
            Misfit::Usage,
        ),
        (
            "for nothing said",
            |p| p.extended_key_usages.clear(),
            Misfit::Usage,
        ),
        (
            "for agreement only",
            |p| p.key_usages = vec![KeyUsagePurpose::KeyAgreement],
            Misfit::Usage,
        ),
        (
            "an authority's",
            |p| p.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained),
            Misfit::Authority,
        ),
    ];
    for (what, change, misfit) in cases {
        assert_eq!(read(NUMBER, change), Err(misfit), "{what}");
    }
}

#[test]
fn mt_20_a_certificate_is_told_by_issuer_number_and_key_and_not_by_its_names() {
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let twins = [one.issue("17", serial(5)), one.issue("17", serial(5))];
    let keys = twins.map(|twin| key(&twin.certificate).unwrap());
    assert_ne!(keys[0], keys[1], "one issuer, one number, another key");
    let foreign = other.issue("17", serial(5));
    assert_ne!(
        keys[0],
        key(&foreign.certificate).unwrap(),
        "another issuer"
    );
    let later = one.issue("17", serial(6));
    assert_ne!(keys[0], key(&later.certificate).unwrap(), "another number");
}

#[test]
fn what_is_too_long_or_no_certificate_names_nobody() {
    let issued = Authority::new("names").client("17");
    let number = place(NUMBER);
    let mut longer = issued.certificate.to_vec();
    longer.push(0);
    assert_eq!(value(&longer, &number), Err(Misfit::Malformed));
    assert_eq!(value(&[0x30; 9000], &number), Err(Misfit::TooLong));
    assert_eq!(value(b"", &number), Err(Misfit::Malformed));
}

#[test]
fn places_are_written_in_three_ways_and_no_other() {
    for right in [
        "subject:2.999.3",
        "other-name:1.2.860.3.16.1.2",
        "uri:urn:x:",
    ] {
        assert!(Place::parse(right).is_ok(), "{right}");
    }
    for wrong in [
        "",
        "subject",
        "subject:",
        "subject:CN",
        "subject:1",
        "subject:3.1",
        "subject:1.40",
        "subject:1.02",
        "subject:1..2",
        "other-name:1.2.4294967296",
        "uri:",
        "uri:urn",
        "uri:a b:",
        "dns:2.5.4.3",
    ] {
        assert!(Place::parse(wrong).is_err(), "{wrong}");
    }
}
