//! Attacks on a sealed file: none of them is genuine (cases P, C).

use muhrdor::notary::verdict::{Examination, Finding};

use super::{SEALED, find, replaced};

#[test]
fn a_sealed_file_is_genuine_and_says_who_and_when() {
    let Examination::Sealed(facts) = SEALED.examine(&SEALED.aziza) else {
        panic!("{:?}", SEALED.examine(&SEALED.aziza));
    };
    assert_eq!(facts.issuer.as_str(), "civil-registry");
    assert!(facts.certificate.contains("Civil registry (demo)"));
    assert!(facts.index < facts.log_size);
}

#[test]
fn p1_a_signature_that_is_none_is_never_valid() {
    let hole = SEALED.hole();
    let emptied = {
        let mut file = SEALED.aziza.clone();
        file[hole.start + 1..hole.end - 1].fill(b'0');
        file
    };
    let range = find(&SEALED.aziza, b"/ByteRange [");
    let with_range = |text: &str| {
        let mut file = SEALED.aziza.clone();
        let place = &mut file[range + "/ByteRange ".len()..][..36];
        place.copy_from_slice(format!("{text:36}").as_bytes());
        file
    };
    let length = SEALED.aziza.len();
    let files = [
        ("zeros", emptied),
        (
            "no contents",
            replaced(&SEALED.aziza, b"/Contents <", b"/Contentz <"),
        ),
        (
            "no range",
            replaced(&SEALED.aziza, b"/ByteRange [", b"/ByteRagne ["),
        ),
        ("range of zeros", with_range("[0 0 0 0]")),
        ("negative", with_range("[0 -1 10 10]")),
        (
            "overlapping",
            with_range(&format!("[0 {length} 0 {length}]")),
        ),
        ("beyond the end", with_range("[0 10 20 999999]")),
    ];
    for (what, file) in files {
        let found = SEALED.examine(&file);
        let none = matches!(found, Examination::Altered(_) | Examination::Unsigned(_));
        assert!(none, "{what}: {found:?}");
    }
}

#[test]
fn p2_whatever_is_appended_makes_it_altered() {
    let revision = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R /OpenAction 9 0 R >>\nendobj\n";
    let mut with_table = SEALED.aziza.clone();
    let at = with_table.len();
    with_table.extend(revision);
    let previous = {
        let text = String::from_utf8_lossy(&SEALED.aziza).into_owned();
        let (_, last) = text.rsplit_once("startxref\n").unwrap();
        last.lines().next().unwrap().to_owned()
    };
    let table = with_table.len();
    with_table.extend(
        format!(
            "xref\n1 1\n{at:010} 00000 n \ntrailer\n<< /Size 99 /Root 1 0 R /Prev {previous} >>\n\
             startxref\n{table}\n%%EOF\n"
        )
        .bytes(),
    );
    for (what, file) in [
        ("a revision", with_table),
        ("an object", [&SEALED.aziza[..], revision].concat()),
        ("a line end", [&SEALED.aziza[..], b"\n"].concat()),
        ("a byte", [&SEALED.aziza[..], b" "].concat()),
        ("another file", [&SEALED.aziza[..], &SEALED.botir].concat()),
    ] {
        assert!(
            matches!(SEALED.examine(&file), Examination::Altered(_)),
            "{what}: {:?}",
            SEALED.examine(&file)
        );
    }
}

#[test]
fn p3_bytes_beside_the_hole_are_covered_or_refused() {
    let hole = SEALED.hole();
    for at in [hole.start, hole.end] {
        let mut file = SEALED.aziza.clone();
        file.splice(at..at, b"  ".iter().copied());
        assert!(matches!(SEALED.examine(&file), Examination::Altered(_)));
    }
}

#[test]
fn p4_bytes_in_the_padding_of_the_hole_are_refused() {
    let hole = SEALED.hole();
    for back in [1, 2, 100, 4_000] {
        let mut file = SEALED.aziza.clone();
        file[hole.end - 1 - back] = b'1';
        assert_eq!(SEALED.altered(&file), Finding::NotCanonical);
    }
}

#[test]
fn p6_bytes_before_the_header_and_other_files_heads_are_refused() {
    for head in [&b"MZ"[..], b"PK\x03\x04", b"<html>", b"\n", b"%PDF-1.4\n"] {
        let file = [head, &SEALED.aziza].concat();
        assert!(
            matches!(SEALED.examine(&file), Examination::Altered(_)),
            "{}",
            String::from_utf8_lossy(head)
        );
    }
}

#[test]
fn p9_a_signature_of_another_document_does_not_fit() {
    let (mine, other) = (&SEALED.aziza, &SEALED.botir);
    let begin = find(other, b"/Contents <") + "/Contents <".len();
    let hole = SEALED.hole();
    let mut file = mine.clone();
    let digits = hole.end - hole.start - 2;
    file[hole.start + 1..hole.end - 1].copy_from_slice(&other[begin..begin + digits]);
    assert_eq!(SEALED.altered(&file), Finding::Content);
    // The pages of one under the seal of the other.
    let swapped = replaced(mine, b"Aziza Karimova", b"Botir Karimov ");
    assert_eq!(SEALED.altered(&swapped), Finding::Content);
}

#[test]
fn p10_the_state_before_the_seal_is_no_document_of_ours() {
    let end = find(&SEALED.aziza, b"%%EOF\n") + "%%EOF\n".len();
    assert_eq!(
        SEALED.examine(&SEALED.aziza[..end]),
        Examination::Unsigned(Finding::NotSigned)
    );
}

#[test]
fn p12_whose_seal_it_is_says_the_certificate_and_nothing_in_the_file() {
    let Examination::Sealed(facts) = SEALED.examine(&SEALED.aziza) else {
        panic!("it is sealed");
    };
    assert!(!String::from_utf8_lossy(&SEALED.aziza).contains("/Name "));
    assert!(facts.certificate.contains("OID(2.5.4.97)=civil-registry"));
}

#[test]
fn what_is_no_pdf_and_what_has_no_signature_is_not_ours() {
    for (file, finding) in [
        (&b""[..], Finding::NoPdf),
        (b"PK\x03\x04 a ZIP", Finding::NoPdf),
        (b"%PDF-1.7\nnothing", Finding::Damaged),
    ] {
        assert_eq!(SEALED.examine(file), Examination::Unsigned(finding));
    }
}

#[test]
fn c9_c10_every_other_encoding_of_the_signature_is_refused() {
    let der = SEALED.signature();
    assert!(matches!(
        SEALED.examine(&SEALED.with_signature(&der)),
        Examination::Sealed(_)
    ));
    // The ECDSA value with n − s verifies as well; time-stamp and leaf are over the other one.
    let twin = twin(&der);
    assert_ne!(twin, der);
    let finding = SEALED.altered(&SEALED.with_signature(&twin));
    assert!(
        matches!(finding, Finding::TimeStamp | Finding::Signature),
        "{finding:?}"
    );
    // One byte more in the outer length, as BER allows.
    let long = [&[0x30, 0x83, 0x00], &der[2..]].concat();
    SEALED.altered(&SEALED.with_signature(&long));
    // Indefinite length.
    let open = [&[0x30, 0x80], &der[4..], &[0, 0]].concat();
    SEALED.altered(&SEALED.with_signature(&open));
}

/// The same signature with s replaced by n − s (SEC 1 §4.1.3).
fn twin(der: &[u8]) -> Vec<u8> {
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    // ecdsa-with-SHA256, then an OCTET STRING with SEQUENCE { r, s }: the signer's comes last of
    // those outside the token.
    let algorithm = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x04";
    let at = find(der, algorithm) + algorithm.len();
    let value = &der[at + 1..at + 1 + usize::from(der[at])];
    let r_length = usize::from(value[3]);
    let s_at = 4 + r_length;
    let s = &value[s_at + 2..];
    let mut s_bytes = [0_u8; 32];
    let digits = if s[0] == 0 { &s[1..] } else { s };
    s_bytes[32 - digits.len()..].copy_from_slice(digits);
    let mut order = [0_u8; 32];
    for (byte, at) in order.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&ORDER[at..at + 2], 16).unwrap();
    }
    let mut other = [0_u8; 32];
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i16::from(order[at]) - i16::from(s_bytes[at]) - borrow;
        borrow = i16::from(difference < 0);
        other[at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let first = other.iter().position(|byte| *byte != 0).unwrap();
    let mut s = other[first..].to_vec();
    if s[0] & 0x80 != 0 {
        s.insert(0, 0);
    }
    let mut value = value[..s_at].to_vec();
    value.extend([2, u8::try_from(s.len()).unwrap()]);
    value.extend(&s);
    value[1] = u8::try_from(value.len() - 2).unwrap();
    let old = usize::from(der[at]);
    let mut twin = der[..at].to_vec();
    twin.push(u8::try_from(value.len()).unwrap());
    twin.extend(&value);
    twin.extend(&der[at + 1 + old..]);
    let grown = i32::try_from(value.len()).unwrap() - i32::try_from(old).unwrap();
    lengthen(&mut twin, grown);
    twin
}

/// Adds to the lengths of the structures around the signature value: `ContentInfo`, its content,
/// `SignedData`, the set of signers, the signer.
fn lengthen(der: &mut [u8], grown: i32) {
    if grown == 0 {
        return;
    }
    // Where each of these begins, from the outside.
    let data = 4 + 2 + usize::from(der[5]);
    let mut heads = vec![0, data, data + 4];
    let infos = {
        // Version, digests, content type, certificates stand before the signers.
        let mut at = data + 8;
        for _ in 0..4 {
            at += element(der, at);
        }
        at
    };
    heads.extend([infos, infos + 4]);
    for head in heads {
        let length = u16::from_be_bytes([der[head + 2], der[head + 3]]);
        let length = u16::try_from(i32::from(length) + grown).unwrap();
        der[head + 2..head + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// How long the element there is, with its head.
fn element(der: &[u8], at: usize) -> usize {
    match der[at + 1] {
        short @ 0..=0x7f => 2 + usize::from(short),
        0x81 => 3 + usize::from(der[at + 2]),
        _ => 4 + usize::from(u16::from_be_bytes([der[at + 2], der[at + 3]])),
    }
}
