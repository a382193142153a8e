//! Keys: files, signatures, encryption at rest, pseudonyms, rotation.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use muhrdor::domain::name::{AgencyId, OfficialId, ServiceId};
use muhrdor::domain::person::Pinfl;
use muhrdor::domain::time::Timestamp;
use muhrdor::keys::{
    Algorithm, Bound, Dated, KeyError, KeyFolder, KeyName, Pseudonym, PublicKey, Rotation, Secret,
    Signature, Signer, SoftSigner, Vault,
};
use ring::rand::SystemRandom;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn name(text: &str) -> KeyName {
    KeyName::parse(text).unwrap()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn signer(algorithm: Algorithm) -> Arc<dyn Signer> {
    let pkcs8 = SoftSigner::generate(algorithm, &SystemRandom::new()).unwrap();
    Arc::new(SoftSigner::from_pkcs8(&pkcs8).unwrap())
}

#[test]
fn a_key_that_was_created_is_read_back_and_signs() {
    let base = tempfile::tempdir().unwrap();
    let folder = KeyFolder::create(&base.path().join("keys")).unwrap();
    for (key, algorithm) in [
        ("assertion", Algorithm::Es256),
        ("tlog", Algorithm::Ed25519),
    ] {
        let random = SystemRandom::new();
        let made = folder
            .create_signing(&name(key), algorithm, at(7), &random)
            .unwrap();
        let read = folder.signing(&name(key)).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].from, at(7));
        assert_eq!(read[0].key.public_key(), made.public_key());
        let signature = read[0].key.sign(b"message").unwrap();
        made.public_key()
            .verify(b"message", signature.as_bytes())
            .unwrap();
        assert!(
            made.public_key()
                .verify(b"massage", signature.as_bytes())
                .is_err()
        );
        let file = base.path().join(format!("keys/{key}.7.pem"));
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    }
    assert_eq!(folder.list().unwrap().len(), 2);
}

#[test]
fn keys_that_others_may_read_are_refused() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("keys");
    let folder = KeyFolder::create(&path).unwrap();
    let random = SystemRandom::new();
    folder
        .create_secret(&name("vault"), at(1), &random)
        .unwrap();
    let file = path.join("vault.1.pem");
    for mode in [0o640, 0o604, 0o620] {
        chmod(&file, mode);
        let refused = folder.secrets(&name("vault")).unwrap_err();
        assert!(matches!(refused, KeyError::Exposed { mode: found, .. } if found == mode));
    }
    chmod(&file, 0o600);
    assert_eq!(folder.secrets(&name("vault")).unwrap().len(), 1);
    chmod(&path, 0o750);
    assert!(matches!(
        KeyFolder::open(&path),
        Err(KeyError::Exposed { .. })
    ));
}

#[test]
fn opening_creates_no_folder_and_no_key_and_creating_replaces_none() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("keys");
    let missing = KeyFolder::open(&path).unwrap_err();
    assert!(
        missing.to_string().contains("muhrdor keys init"),
        "{missing}"
    );
    assert!(!path.exists());
    let folder = KeyFolder::create(&path).unwrap();
    assert!(matches!(
        folder.signing(&name("seal")),
        Err(KeyError::NoKey { .. })
    ));
    let random = SystemRandom::new();
    folder
        .create_secret(&name("vault"), at(1), &random)
        .unwrap();
    let again = folder.create_secret(&name("vault"), at(1), &random);
    assert!(matches!(again, Err(KeyError::Exists(_))));
}

#[test]
fn a_file_that_is_no_key_is_named_in_the_error() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("keys");
    let folder = KeyFolder::create(&path).unwrap();
    for text in [
        "",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        let file = path.join("seal.3.pem");
        fs::write(&file, text).unwrap();
        chmod(&file, 0o600);
        let refused = folder.signing(&name("seal")).unwrap_err();
        assert!(refused.to_string().contains("seal.3.pem"), "{refused}");
    }
}

#[test]
fn names_of_keys_cannot_leave_the_folder() {
    for bad in ["", "../a", "a/b", "A", "a.b", &"a".repeat(33)] {
        assert!(
            matches!(KeyName::parse(bad), Err(KeyError::Name(_))),
            "{bad}"
        );
    }
}

#[test]
fn a_key_made_by_openssl_reads() {
    // `openssl genpkey`: version 1 documents without a public key for Ed25519.
    for (algorithm, options) in [
        (Algorithm::Ed25519, &["-algorithm", "ED25519"][..]),
        (
            Algorithm::Es256,
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        ),
    ] {
        let base = tempfile::tempdir().unwrap();
        let folder = KeyFolder::create(&base.path().join("keys")).unwrap();
        let file = base.path().join("keys/seal.0.pem");
        let made = std::process::Command::new("openssl")
            .arg("genpkey")
            .args(options)
            .arg("-out")
            .arg(&file)
            .output()
            .unwrap();
        assert!(made.status.success());
        chmod(&file, 0o600);
        let keys = folder.signing(&name("seal")).unwrap();
        assert_eq!(keys[0].key.algorithm(), algorithm);
    }
}

#[test]
fn thumbprints_are_those_of_the_standard() {
    // RFC 8037 appendix A.2 and A.3.
    let x = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
        0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07,
        0x51, 0x1a,
    ];
    let key = PublicKey::from_bytes(Algorithm::Ed25519, &x).unwrap();
    assert_eq!(
        key.id().as_str(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    assert_eq!(
        key.jwk()["x"],
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    );
}

#[test]
fn a_jwk_of_es256_has_the_point_and_no_private_part() {
    let key = signer(Algorithm::Es256);
    let jwk = key.public_key().jwk();
    let members: Vec<&str> = jwk
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut sorted = members.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(jwk["alg"], "ES256");
    assert_eq!(jwk["kid"], key.key_id().as_str());
}

#[test]
fn signatures_for_cms_are_plain_der() {
    let mut bytes = [0_u8; 64];
    bytes[31] = 0x7f;
    bytes[32] = 0x80;
    let der = Signature::from_bytes(Algorithm::Es256, bytes).to_cms();
    assert_eq!(der[..7], [0x30, 3 + 2 + 33, 0x02, 1, 0x7f, 0x02, 33]);
    assert_eq!(der[7..9], [0, 0x80]);
    let raw = Signature::from_bytes(Algorithm::Ed25519, bytes).to_cms();
    assert_eq!(raw, bytes);
}

#[test]
fn what_is_encrypted_opens_only_in_its_place_with_its_key() {
    let random = SystemRandom::new();
    let (old, new) = (
        Secret::generate(&random).unwrap(),
        Secret::generate(&random).unwrap(),
    );
    let place = Bound {
        purpose: "journal-entry",
        place: b"7",
    };
    let before = Vault::new(&old, &[]);
    let sealed = before.seal(place, b"who saw whose data", &random).unwrap();
    assert!(!sealed.windows(4).any(|w| w == b"whos" || w == b"data"));
    assert_ne!(
        sealed,
        before.seal(place, b"who saw whose data", &random).unwrap()
    );
    assert_eq!(before.open(place, &sealed).unwrap(), b"who saw whose data");
    let rotated = Vault::new(&new, std::slice::from_ref(&old));
    assert_eq!(rotated.open(place, &sealed).unwrap(), b"who saw whose data");
    let sealed_new = rotated.seal(place, b"x", &random).unwrap();
    assert!(matches!(
        before.open(place, &sealed_new),
        Err(KeyError::UnknownVaultKey)
    ));
    for elsewhere in [
        Bound {
            purpose: "journal-entry",
            place: b"8",
        },
        Bound {
            purpose: "session",
            place: b"7",
        },
    ] {
        assert!(matches!(
            before.open(elsewhere, &sealed),
            Err(KeyError::NotAuthentic)
        ));
    }
}

#[test]
fn the_last_key_that_has_begun_encrypts_and_all_open() {
    let random = SystemRandom::new();
    let secrets: Vec<Secret> = (0..3).map(|_| Secret::generate(&random).unwrap()).collect();
    let dated = |n: usize, from| Dated {
        from: at(from),
        key: secrets[n].clone(),
    };
    let keys = [dated(1, 200), dated(0, 100), dated(2, 300)];
    assert!(Vault::of(&keys, at(99)).is_err());
    let place = Bound {
        purpose: "session",
        place: b"1",
    };
    for (now, n) in [(100, 0), (250, 1), (300, 2)] {
        let sealed = Vault::of(&keys, at(now))
            .unwrap()
            .seal(place, b"x", &random)
            .unwrap();
        assert_eq!(
            Vault::new(&secrets[n], &[]).open(place, &sealed).unwrap(),
            b"x"
        );
        assert_eq!(
            Vault::of(&keys, at(100))
                .unwrap()
                .open(place, &sealed)
                .unwrap(),
            b"x"
        );
    }
}

#[test]
fn no_bit_of_what_is_encrypted_can_change() {
    let random = SystemRandom::new();
    let vault = Vault::new(&Secret::generate(&random).unwrap(), &[]);
    let place = Bound {
        purpose: "session",
        place: b"",
    };
    let sealed = vault.seal(place, b"value", &random).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(vault.open(place, &altered).is_err(), "bit {bit}");
    }
    for end in 0..sealed.len() {
        assert!(vault.open(place, &sealed[..end]).is_err(), "length {end}");
    }
}

#[test]
fn pseudonyms_differ_by_person_service_official_and_key() {
    let random = SystemRandom::new();
    let secret = Secret::generate(&random).unwrap();
    let pseudonym = Pseudonym::new(&secret);
    let pinfl = Pinfl::parse("31210932040247").unwrap();
    let person = pseudonym.person(&pinfl);
    assert_eq!(person, Pseudonym::new(&secret).person(&pinfl));
    let stranger = Pseudonym::new(&Secret::generate(&random).unwrap());
    assert_ne!(person, stranger.person(&pinfl));
    let service = |id| ServiceId::parse(id).unwrap();
    let (pension, tax) = (service("pension"), service("tax"));
    let subject = pseudonym.pairwise(person, &pension);
    assert_eq!(subject, pseudonym.pairwise(person, &pension));
    assert_ne!(subject, pseudonym.pairwise(person, &tax));
    assert_eq!(subject.len(), 43);
    let official = |agency: &str, number: &str| {
        let (agency, number) = (AgencyId::parse(agency), OfficialId::parse(number));
        pseudonym.official(&agency.unwrap(), &number.unwrap())
    };
    assert_eq!(official("a", "O-1").len(), 16);
    // Where one part ends and the next begins counts.
    assert_ne!(official("ab", "c"), official("a", "bc"));
    assert_ne!(pseudonym.delivered(b"x"), pseudonym.delivered(b"y"));
}

#[test]
fn keys_are_published_before_they_sign_and_after_they_signed() {
    let keys: Vec<Arc<dyn Signer>> = (0..3).map(|_| signer(Algorithm::Es256)).collect();
    let dated = |n: usize, from| Dated {
        from: at(from),
        key: Arc::clone(&keys[n]),
    };
    let rotation = Rotation::new(vec![dated(1, 200), dated(0, 100), dated(2, 300)], 50_000);
    let current = |now| rotation.current(at(now)).map(|key| key.key_id().clone());
    let published = |now| {
        let ids = rotation.published(at(now)).map(|k| k.key_id().clone());
        ids.collect::<Vec<_>>()
    };
    let id = |n: usize| keys[n].key_id().clone();
    assert!(current(99).is_err());
    assert_eq!(current(100), Ok(id(0)));
    assert_eq!(current(199), Ok(id(0)));
    assert_eq!(current(200), Ok(id(1)));
    assert_eq!(current(9_999), Ok(id(2)));
    assert_eq!(published(100), [id(0), id(1), id(2)]);
    assert_eq!(published(249), [id(0), id(1), id(2)]);
    assert_eq!(published(250), [id(1), id(2)]);
    assert_eq!(published(350), [id(2)]);
    assert!(rotation.find(&id(0), at(250)).is_none());
    assert_eq!(rotation.jwks(at(350))["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn nothing_secret_shows_in_debug() {
    let base = tempfile::tempdir().unwrap();
    let folder = KeyFolder::create(&base.path().join("keys")).unwrap();
    let random = SystemRandom::new();
    let secret = folder
        .create_secret(&name("vault"), at(1), &random)
        .unwrap();
    assert_eq!(format!("{secret:?}"), "Secret(withheld)");
    assert_eq!(
        format!("{:?}", Pseudonym::new(&secret)),
        "Pseudonym(withheld)"
    );
}
