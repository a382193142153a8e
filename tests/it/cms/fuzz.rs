//! Changed bytes: no reader panics, and nothing that is signed can change.

use muhrdor::cms::{
    Certificate, Oid, ParsedSignature, Profile, TimeStampReply, TimeStampRequest, TimeStampToken,
};

use super::{CONTENT, PROOF, pki, sealed, sha256, token};

/// xorshift64*: the same changes on every run.
struct Changes(u64);

impl Changes {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % bound
    }

    fn change(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(out.len().max(1));
            let byte = u8::try_from(self.below(256)).unwrap();
            match self.below(4) {
                0 if at < out.len() => drop(out.remove(at)),
                1 => out.insert(at, byte),
                2 => out.truncate(at.max(1)),
                _ if at < out.len() => out[at] = byte,
                _ => out.push(byte),
            }
        }
        out
    }
}

#[test]
fn every_bit_of_a_seal_with_token_and_proof_matters() {
    let mut seal = sealed("seal");
    let request = TimeStampRequest::new(sha256(seal.signature()), [5; 16]);
    seal.attach_token(&token(&request, 8));
    let name = Oid::parse(PROOF).unwrap();
    let proof: &[u8] = b"the proof";
    seal.attach_octets(&name, proof);
    let der = seal.to_der();
    let (seal_by, stamp_by) = (pki().certificate("seal"), pki().certificate("stamp"));
    let whole = |bytes: &[u8]| {
        let read = ParsedSignature::parse(bytes, Profile::Seal).ok()?;
        read.verify(&seal_by, &sha256(CONTENT)).ok()?;
        let stamp = TimeStampToken::parse(read.tokens().next()?).ok()?;
        stamp.verify(&stamp_by, &sha256(read.signature())).ok()?;
        let inside = read.signer() == Some(&seal_by) && stamp.signer() == Some(&stamp_by);
        (inside && read.octets(&name)? == proof).then_some(())
    };
    assert!(whole(&der).is_some());
    for at in 0..der.len() {
        for bit in 0..8 {
            let mut changed = der.clone();
            changed[at] ^= 1 << bit;
            assert!(whole(&changed).is_none(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn no_reader_panics_on_changed_bytes_and_no_changed_statement_verifies() {
    let request = TimeStampRequest::new(sha256(CONTENT), [5; 16]);
    let reply = TimeStampReply::granted(&token(&request, 8));
    let seal = sealed("seal").to_der();
    let certificate = pki().certificate("seal");
    let stamp_by = pki().certificate("stamp");
    let signed = ParsedSignature::parse(&seal, Profile::Seal).unwrap();
    let stamped = TimeStampReply::token(reply.der()).unwrap();
    let said = stamped.verify_answer(&stamp_by, &request).unwrap();
    let mut changes = Changes(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let bytes = changes.change(&seal);
        for profile in [Profile::Seal, Profile::Foreign, Profile::Token] {
            let Ok(read) = ParsedSignature::parse(&bytes, profile) else {
                continue;
            };
            if read.verify(&certificate, &sha256(CONTENT)).is_ok() {
                assert_eq!(read.message_digest(), signed.message_digest());
                assert_eq!(read.signature(), signed.signature());
            }
        }
        let bytes = changes.change(reply.der());
        if let Ok(read) = TimeStampReply::token(&bytes)
            && let Ok(info) = read.verify_answer(&stamp_by, &request)
        {
            assert_eq!(info, said);
        }
        let _ = TimeStampRequest::parse(&changes.change(&request.to_der()));
        let _ = Certificate::parse(&changes.change(certificate.der()));
    }
}
