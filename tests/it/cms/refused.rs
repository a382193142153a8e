//! The C rows of the attack cases: what a signature must never be to be one.

use muhrdor::cms::{
    Certificate, CmsError, Oid, ParsedSignature, Profile, SignedAttributes, TimeStampRequest,
    TimeStampToken,
};
use muhrdor::keys::Signer;

use super::parts::Node;
use super::seal::foreign;
use super::{CONTENT, pki, sealed, sha256, token};

/// Content-type, message-digest and signing-certificate-v2 stand in this order in a seal of ours.
const SIGNED_DATA: &[usize] = &[1, 0];
const DIGESTS: &[usize] = &[1, 0, 1];
const CONTENT_INFO: &[usize] = &[1, 0, 2];
const SIGNERS: &[usize] = &[1, 0, 4];
const SIGNER: &[usize] = &[1, 0, 4, 0];
const ATTRIBUTES: &[usize] = &[1, 0, 4, 0, 3];

/// A seal changed and, if what is changed is signed, signed anew by the same key.
fn changed(change: impl Fn(&mut Node)) -> Vec<u8> {
    let mut tree = Node::read(&sealed("seal").to_der());
    change(&mut tree);
    let signer = tree.at(SIGNER).children();
    if signer.len() == 6 {
        let attributes = signer[3].clone().children().clone();
        let signed = Node::of(0x31, attributes).write();
        let signature = pki().signer("seal").sign(&signed).unwrap();
        *signer[5].bytes() = signature.to_cms();
    }
    tree.write()
}

fn parse(der: &[u8]) -> Result<ParsedSignature, CmsError> {
    ParsedSignature::parse(der, Profile::Foreign)
}

fn refused(change: impl Fn(&mut Node)) {
    let der = changed(change);
    let error = parse(&der).unwrap_err();
    assert!(matches!(error, CmsError::Profile(_)), "{error}");
}

#[test]
fn a_seal_that_was_taken_apart_and_put_together_unchanged_verifies() {
    let read = parse(&changed(|_| ())).unwrap();
    let verdict = read.verify(&pki().certificate("seal"), &sha256(CONTENT));
    assert_eq!(verdict, Ok(()));
}

#[test]
fn c1_no_signer_and_two_signers_are_refused() {
    let mut none = Node::read(&sealed("seal").to_der());
    none.at(SIGNERS).children().clear();
    let expected = CmsError::Profile("there is not exactly one signer");
    assert_eq!(parse(&none.write()).unwrap_err(), expected);

    let mut two = Node::read(&sealed("seal").to_der());
    let second = Node::read(&sealed("seal").to_der()).at(SIGNER).clone();
    two.at(SIGNERS).children().push(second);
    two.at(SIGNERS).children().sort_by_key(Node::write);
    assert_eq!(parse(&two.write()).unwrap_err(), expected);
}

#[test]
fn c2_without_signed_attributes_nothing_is_signed() {
    let mut tree = Node::read(&sealed("seal").to_der());
    tree.at(SIGNER).children().remove(3);
    let expected = CmsError::Profile("there are no signed attributes");
    assert_eq!(parse(&tree.write()).unwrap_err(), expected);
    let made = foreign("seal", "-noattr -md sha256");
    assert_eq!(parse(&made).unwrap_err(), expected);
}

#[test]
fn c3_content_type_and_message_digest_stand_once_with_one_value() {
    for which in 0..3 {
        refused(|tree| {
            tree.at(ATTRIBUTES).children().remove(which);
        });
        refused(|tree| {
            let values = tree.at(ATTRIBUTES).at(&[which, 1]).children();
            let mut second = values[0].clone();
            second.bytes().push(1);
            second.children().push(Node::leaf(2, &[1]));
            values.push(second);
            // A longer attribute may have another place in the set.
            tree.at(ATTRIBUTES).children().sort_by_key(Node::write);
        });
        refused(|tree| {
            let attributes = tree.at(ATTRIBUTES).children();
            let mut twice = attributes[which].clone();
            twice.at(&[1]).children().clear();
            attributes.push(twice);
            attributes.sort_by_key(Node::write);
        });
    }
}

#[test]
fn c4_a_content_type_that_is_not_the_contents_is_refused() {
    let time_stamp = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
    refused(|tree| *tree.at(ATTRIBUTES).at(&[0, 1, 0]).bytes() = time_stamp.to_vec());
    refused(|tree| *tree.at(CONTENT_INFO).at(&[0]).bytes() = time_stamp.to_vec());
}

#[test]
fn c5_the_certificate_is_bound_by_its_own_strong_hash() {
    // The attribute is there with the hash of another certificate.
    let other = sha256(pki().certificate("twin").der()).value().to_vec();
    let der = changed(|tree| {
        let attributes = tree.at(ATTRIBUTES).children();
        let bound = attributes.iter_mut().find(|found| found.write().len() > 50);
        *bound.unwrap().at(&[1, 0, 0, 0, 0]).bytes() = other.clone();
    });
    let read = parse(&der).unwrap();
    let verdict = read.verify(&pki().certificate("seal"), &sha256(CONTENT));
    assert_eq!(verdict, Err(CmsError::OtherCertificate));
    assert_eq!(read.signer(), None);
    // OpenSSL without `-cades` writes none.
    let made = foreign("seal", "-md sha256");
    let expected = CmsError::Profile("a required signed attribute is missing");
    assert_eq!(parse(&made).unwrap_err(), expected);
}

#[test]
fn c6_content_inside_is_refused() {
    let made = foreign("seal", "-cades -nodetach -md sha256");
    let expected = CmsError::Profile("the content stands inside");
    assert_eq!(parse(&made).unwrap_err(), expected);
}

#[test]
fn c7_a_signing_time_is_tolerated_from_others_and_refused_in_a_seal() {
    let made = foreign("seal", "-cades -md sha256");
    assert!(parse(&made).unwrap().claims_time());
    let expected = CmsError::Profile("a signed attribute is not allowed");
    let refused = ParsedSignature::parse(&made, Profile::Seal);
    assert_eq!(refused.unwrap_err(), expected);
}

#[test]
fn c8_weak_and_mixed_algorithms_do_not_verify() {
    let made = foreign("rsa", "-cades -md sha1");
    assert_eq!(parse(&made).unwrap_err(), CmsError::Algorithm);
    let made = foreign("weak", "-cades -md sha256");
    let verdict = parse(&made)
        .unwrap()
        .verify(&pki().certificate("weak"), &sha256(CONTENT));
    assert_eq!(verdict, Err(CmsError::Algorithm));
    let weak = SignedAttributes::of_seal(&pki().certificate("weak"), &sha256(CONTENT));
    assert_eq!(weak.unwrap_err(), CmsError::Algorithm);
    // ecdsa-with-SHA384 beside SHA-256.
    let mut mixed = Node::read(&sealed("seal").to_der());
    mixed.at(SIGNER).at(&[4, 0]).bytes()[7] = 3;
    assert_eq!(parse(&mixed.write()).unwrap_err(), CmsError::Algorithm);
    // Another digest algorithm in the list than the signer's.
    let mut mixed = Node::read(&sealed("seal").to_der());
    mixed.at(DIGESTS).at(&[0, 0]).bytes()[8] = 2;
    assert_eq!(parse(&mixed.write()).unwrap_err(), CmsError::Algorithm);
}

#[test]
fn c9_what_is_not_distinguished_encoding_is_refused() {
    let der = sealed("seal").to_der();
    let malformed = |bytes: &[u8]| {
        let error = parse(bytes).unwrap_err();
        assert!(matches!(error, CmsError::Malformed(_)), "{error}");
    };
    malformed(&[&der[..], &[0]].concat());
    malformed(&der[..der.len() - 1]);
    // Indefinite length around it all, and a length in one octet too many.
    malformed(&[&[0x30, 0x80], &der[4..], &[0, 0]].concat());
    malformed(&[&[0x30, 0x83, 0], &der[2..]].concat());
    malformed(&changed(|tree| tree.at(ATTRIBUTES).children().swap(0, 1)));
    malformed(&changed(|tree| {
        *tree.at(SIGNED_DATA).at(&[0]).bytes() = vec![0, 1];
    }));
    let deep = (0..100).fold(Node::leaf(5, &[]), |node, _| Node::of(0x30, vec![node]));
    malformed(&deep.write());
    let large = parse(&vec![0x30; 1_000_000]).unwrap_err();
    assert!(matches!(large, CmsError::TooLarge { .. }));
}

#[test]
fn c10_the_twin_of_an_ecdsa_signature_is_not_what_was_time_stamped() {
    let mut seal = sealed("seal");
    let request = TimeStampRequest::new(sha256(seal.signature()), [5; 16]);
    seal.attach_token(&token(&request, 9));
    let mut tree = Node::read(&seal.to_der());
    let value = tree.at(SIGNER).at(&[5]).bytes();
    let mut pair = Node::read(value);
    let s = pair.at(&[1]).bytes();
    *s = negative(s);
    *value = pair.write();
    let read = parse(&tree.write()).unwrap();
    assert_eq!(
        read.verify(&pki().certificate("seal"), &sha256(CONTENT)),
        Ok(())
    );
    let stamp = TimeStampToken::parse(read.tokens().next().unwrap()).unwrap();
    let verdict = stamp.verify(&pki().certificate("stamp"), &sha256(read.signature()));
    assert_eq!(
        verdict,
        Err(CmsError::OtherRequest("it is over other data"))
    );
}

#[test]
fn c11_a_certificate_of_the_same_name_and_number_with_another_key_is_another() {
    let read = parse(&sealed("seal").to_der()).unwrap();
    for name in ["twin", "rsa", "root"] {
        let verdict = read.verify(&pki().certificate(name), &sha256(CONTENT));
        assert_eq!(verdict, Err(CmsError::OtherCertificate), "{name}");
    }
}

#[test]
fn c12_an_authority_seals_nothing_and_dates_are_kept() {
    let root = pki().certificate("root");
    let refused = SignedAttributes::of_seal(&root, &sha256(CONTENT)).unwrap_err();
    assert!(matches!(refused, CmsError::Certificate(_)));
    let certificate = pki().certificate("seal");
    assert!(certificate.is_current_at(super::now()));
    let days = 24 * 3600 * 1000;
    assert!(!certificate.is_current_at(super::now().plus_ms(21 * days)));
    assert!(!certificate.is_current_at(super::now().plus_ms(-days)));
}

#[test]
fn certificates_and_names_read_strictly() {
    let der = pki().certificate("seal").der().to_vec();
    assert!(Certificate::parse(&[&der[..], &[0]].concat()).is_err());
    for name in ["2.999.1", "1.2.840.113549.1.9.16.2.47", "0.0", "2.5.29.15"] {
        assert_eq!(Oid::parse(name).unwrap().to_string(), name);
    }
    for name in [
        "",
        "1",
        "3.1",
        "1.40",
        "1..2",
        "1.02",
        "1.2.",
        "1.-2",
        "1.2.99999999999999999999",
    ] {
        assert!(Oid::parse(name).is_err(), "{name}");
    }
}

/// n − s, for the order n of P-256.
fn negative(s: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut difference = vec![0; 33];
    let mut borrow = 0;
    for at in 0..32 {
        let less = s
            .len()
            .checked_sub(at + 1)
            .map_or(0, |index| i16::from(s[index]));
        let digit = i16::from(ORDER[31 - at]) - less - borrow;
        borrow = i16::from(digit < 0);
        difference[32 - at] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    let zeros = difference.iter().take_while(|byte| **byte == 0).count();
    let digits = difference.split_off(zeros);
    match digits[0] & 0x80 {
        0 => digits,
        _ => [vec![0], digits].concat(),
    }
}
