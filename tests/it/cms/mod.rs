//! Signatures and time-stamps: ours before other people's programs, theirs before ours, and the
//! attacks of `cases/notary.md` by their names.

mod fuzz;
mod parts;
mod refused;
mod seal;
mod stamp;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use muhrdor::clock::{Clock, SystemClock};
use muhrdor::cms::{
    Certificate, Digest, DigestAlgorithm, Grant, Oid, SerialNumber, SignedAttributes, SignedData,
    TimeStampRequest, UnsignedToken,
};
use muhrdor::domain::time::Timestamp;
use muhrdor::keys::{Algorithm, Signer, SoftSigner};
use ring::rand::SystemRandom;

pub(crate) const CONTENT: &[u8] = b"%PDF-1.7 before the hole and after it";
pub(crate) const POLICY: &str = "2.999.3.1";
const PROOF: &str = "2.999.3.2";

/// A root, and what it certified: a seal key, a time-stamping key, and keys of other people.
pub(crate) struct Pki {
    folder: PathBuf,
    _kept: tempfile::TempDir,
}

pub(crate) fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(Pki::new)
}

impl Pki {
    fn new() -> Self {
        let kept = tempfile::tempdir().unwrap();
        let pki = Self {
            folder: kept.path().to_owned(),
            _kept: kept,
        };
        let root = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
                    -subj /CN=Root -keyout root.key -out root.crt";
        pki.ok(&format!("req {root}"));
        for (name, algorithm) in [
            ("seal", Algorithm::Es256),
            ("twin", Algorithm::Es256),
            ("edwards", Algorithm::Ed25519),
            ("stamp", Algorithm::Es256),
            ("lax", Algorithm::Es256),
            ("both", Algorithm::Es256),
        ] {
            let key = SoftSigner::generate(algorithm, &SystemRandom::new()).unwrap();
            fs::write(pki.path(&format!("{name}.p8")), &key).unwrap();
            if algorithm == Algorithm::Ed25519 {
                // OpenSSL reads version 1 documents only: without the public key at the end.
                let old = [&[0x30, 0x2e, 2, 1, 0][..], &key[5..48]].concat();
                fs::write(pki.path(&format!("{name}.p8")), old).unwrap();
            }
            pki.ok(&format!("pkey -inform DER -in {name}.p8 -out {name}.key"));
        }
        pki.ok("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa.key");
        pki.ok("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key");
        pki.ok("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out large.key");
        let signing = "keyUsage=critical,digitalSignature,nonRepudiation\n";
        let only = "extendedKeyUsage=critical,timeStamping\n";
        let lax = "extendedKeyUsage=timeStamping\n";
        let both = "extendedKeyUsage=critical,timeStamping,codeSigning\n";
        for (name, serial, extensions) in [
            ("seal", 7, signing.to_owned()),
            ("twin", 7, signing.to_owned()),
            ("edwards", 8, signing.to_owned()),
            ("rsa", 9, signing.to_owned()),
            ("weak", 10, signing.to_owned()),
            ("large", 11, signing.to_owned()),
            ("stamp", 12, format!("{signing}{only}")),
            ("lax", 13, format!("{signing}{lax}")),
            ("both", 14, format!("{signing}{both}")),
        ] {
            fs::write(pki.path("extensions"), extensions).unwrap();
            pki.ok(&format!(
                "req -new -key {name}.key -subj /CN={name} -out {name}.csr"
            ));
            pki.ok(&format!(
                "x509 -req -in {name}.csr -CA root.crt -CAkey root.key -set_serial {serial} \
                 -days 20 -extfile extensions -out {name}.crt"
            ));
            pki.ok(&format!("x509 -in {name}.crt -outform DER -out {name}.der"));
        }
        pki.ok("x509 -in root.crt -outform DER -out root.der");
        pki
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        Certificate::parse(&self.read(&format!("{name}.der"))).unwrap()
    }

    pub(crate) fn signer(&self, name: &str) -> SoftSigner {
        SoftSigner::from_pkcs8(&self.read(&format!("{name}.p8"))).unwrap()
    }

    fn ok(&self, line: &str) -> String {
        let output = openssl(&self.folder, line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {line}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned() + &said
    }

    /// Whether openssl likes it, with these files beside the certificates.
    pub(crate) fn likes(&self, files: &[(&str, &[u8])], line: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let line = line.replace('@', &format!("{}/", self.folder.display()));
        let output = openssl(folder.path(), &line);
        output.status.success()
    }

    /// What openssl makes of these files, in the file `out`.
    pub(crate) fn makes(&self, files: &[(&str, &[u8])], line: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let line = line.replace('@', &format!("{}/", self.folder.display()));
        let output = openssl(folder.path(), &line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {line}: {said}");
        fs::read(folder.path().join("out")).unwrap()
    }
}

fn openssl(folder: &Path, line: &str) -> Output {
    Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap()
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    DigestAlgorithm::Sha256.of(&[bytes])
}

/// A seal over [`CONTENT`] by this key.
fn sealed(name: &str) -> SignedData {
    let certificate = pki().certificate(name);
    let digest = certificate.digest_algorithm().unwrap().of(&[CONTENT]);
    let attributes = SignedAttributes::of_seal(&certificate, &digest).unwrap();
    let signature = pki().signer(name).sign(attributes.to_sign()).unwrap();
    attributes.complete(&[], &signature.to_cms())
}

/// A minute ahead: certificates made by another process are valid by then for certain.
pub(crate) fn now() -> Timestamp {
    SystemClock::new().now().plus_ms(60_000)
}

/// The token that our authority gives to this request, now.
fn token(request: &TimeStampRequest, serial: u8) -> Vec<u8> {
    let policy = Oid::parse(POLICY).unwrap();
    let grant = Grant {
        policy: request.policy(std::slice::from_ref(&policy)).unwrap(),
        serial: SerialNumber::from_random([serial; 19]).unwrap(),
        moment: now(),
        accuracy_seconds: 1,
    };
    let certificate = pki().certificate("stamp");
    let unsigned = UnsignedToken::new(request, &grant, &certificate).unwrap();
    let signature = pki().signer("stamp").sign(unsigned.to_sign()).unwrap();
    unsigned.complete(&signature.to_cms())
}
