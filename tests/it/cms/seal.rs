//! Seals: there and back, before openssl, and openssl's before us.

use muhrdor::cms::{
    CertificateSet, CmsError, Oid, ParsedSignature, Profile, SealSize, TimeStampRequest,
    TimeStampToken,
};

use super::{CONTENT, PROOF, pki, sealed, sha256, token};

const VERIFY: &str = "cms -verify -binary -inform DER -in seal -content content \
                      -CAfile @root.crt -purpose any -out out";

#[test]
fn a_seal_reads_back_and_verifies_with_its_certificate_over_its_content() {
    for name in ["seal", "edwards"] {
        let certificate = pki().certificate(name);
        let written = sealed(name);
        let read = ParsedSignature::parse(&written.to_der(), Profile::Seal).unwrap();
        let digest = certificate.digest_algorithm().unwrap().of(&[CONTENT]);
        assert_eq!(read.verify(&certificate, &digest), Ok(()));
        assert_eq!(read.signature(), written.signature());
        assert_eq!(read.signer(), Some(&certificate));
        assert_eq!(read.message_digest(), &digest);
        assert!(!read.claims_time());
        let other = certificate.digest_algorithm().unwrap().of(&[b"other"]);
        let verdict = read.verify(&certificate, &other);
        assert_eq!(verdict, Err(CmsError::OtherContent));
    }
}

#[test]
fn openssl_verifies_our_seal_as_cades_and_refuses_it_over_other_content() {
    let seal = sealed("seal").to_der();
    let line = format!("{VERIFY} -cades");
    let files = |content| [("seal", seal.as_slice()), ("content", content)];
    assert!(pki().likes(&files(CONTENT), &line));
    assert!(!pki().likes(&files(b"other"), &line));
    assert!(pki().likes(&[("seal", &seal)], "asn1parse -inform DER -in seal"));
}

#[test]
fn a_token_and_a_proof_stand_in_the_seal_and_openssl_still_verifies_it() {
    let mut seal = sealed("seal");
    let request = TimeStampRequest::new(sha256(seal.signature()), [5; 16]);
    seal.attach_token(&token(&request, 1));
    let name = Oid::parse(PROOF).unwrap();
    seal.attach_octets(&name, b"c2sp.org/tlog-proof@v1\n");
    let der = seal.to_der();
    let files = [("seal", der.as_slice()), ("content", CONTENT)];
    assert!(pki().likes(&files, &format!("{VERIFY} -cades")));

    let read = ParsedSignature::parse(&der, Profile::Seal).unwrap();
    let proof: &[u8] = b"c2sp.org/tlog-proof@v1\n";
    assert_eq!(read.octets(&name), Some(proof));
    let tokens: Vec<_> = read.tokens().collect();
    assert_eq!(tokens.len(), 1);
    let stamp = TimeStampToken::parse(tokens[0]).unwrap();
    let over = sha256(read.signature());
    stamp.verify(&pki().certificate("stamp"), &over).unwrap();
    let files = [("token", tokens[0]), ("signature", read.signature())];
    let line = "ts -verify -token_in -in token -data signature -CAfile @root.crt";
    assert!(pki().likes(&files, line));
}

#[test]
fn a_seal_is_never_longer_than_was_said_before_and_fits_its_hole() {
    let certificates = CertificateSet {
        signer: pki().certificate("seal"),
        path: vec![pki().certificate("root")],
    };
    let name = Oid::parse(PROOF).unwrap();
    let size = SealSize {
        token_bytes_max: 2048,
        proof_name: &name,
        proof_bytes_max: 2048,
    };
    let bytes_max = size.bytes_max(&certificates).unwrap();
    assert!(bytes_max <= 8192, "{bytes_max}");
    let mut seal = sealed("seal");
    seal.attach_token(&[0; 2048]);
    seal.attach_octets(&name, &[0; 2048]);
    assert!(seal.to_der().len() <= bytes_max);
}

#[test]
fn signatures_that_openssl_makes_verify_as_foreign_ones() {
    for (name, options) in [
        ("seal", "-md sha256"),
        ("large", "-md sha384"),
        ("rsa", "-md sha256"),
        ("rsa", "-md sha512"),
        (
            "rsa",
            "-md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:32",
        ),
    ] {
        let made = foreign(name, &format!("-cades {options}"));
        let read = ParsedSignature::parse(&made, Profile::Foreign).unwrap();
        let digest = read.digest_algorithm().of(&[CONTENT]);
        let verdict = read.verify(&pki().certificate(name), &digest);
        assert_eq!(verdict, Ok(()), "{name} {options}");
        assert!(read.claims_time());
    }
}

/// A detached signature by openssl over the content.
pub(super) fn foreign(name: &str, options: &str) -> Vec<u8> {
    let line = format!(
        "cms -sign -binary -in content -signer @{name}.crt -inkey @{name}.key {options} \
         -outform DER -out out"
    );
    pki().makes(&[("content", CONTENT)], &line)
}
