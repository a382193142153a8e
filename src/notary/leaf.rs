//! What the log says of a document: nothing that could be guessed, everything a verifier needs to
//! know that this very seal was entered.

use crate::cms::{Digest, DigestAlgorithm};
use crate::domain::name::AgencyId;
use crate::domain::time::Timestamp;

/// A SHA-256 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        for part in parts {
            context.update(part);
        }
        let mut bytes = [0; 32];
        for (byte, found) in bytes.iter_mut().zip(context.finish().as_ref()) {
            *byte = *found;
        }
        Self(bytes)
    }

    /// The same of parts whose `digest` is there for a signature: nothing is hashed again that was
    /// hashed by SHA-256.
    #[must_use]
    pub fn beside(digest: &Digest, parts: &[&[u8]]) -> Self {
        match (digest.algorithm(), <[u8; 32]>::try_from(digest.value())) {
            (DigestAlgorithm::Sha256, Ok(bytes)) => Self(bytes),
            (DigestAlgorithm::Sha256 | DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512, _) => {
                Self::of(parts)
            }
        }
    }
}

/// What stands for a document in the log and in status lists: SHA-256 over the signature value and
/// the digest of what it covers. The signature value is the salt: whoever has not seen the
/// document cannot know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Commitment(pub Sha256);

impl Commitment {
    #[must_use]
    pub fn of(signature: &[u8], content: &Sha256) -> Self {
        Self(Sha256::of(&[LABEL, signature, &content.0]))
    }
}

/// An entry of the documents' log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentLeaf {
    Issue(IssueLeaf),
    Revoke(RevokeLeaf),
}

/// A document was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueLeaf {
    pub commitment: Commitment,
    /// Of the signature value.
    pub signature: Sha256,
    /// Of the seal's certificate, DER.
    pub certificate: Sha256,
    /// Of the time-stamp token, DER.
    pub token: Sha256,
    /// What the token says.
    pub at: Timestamp,
    pub issuer: AgencyId,
}

/// A document was revoked by its issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeLeaf {
    pub commitment: Commitment,
    pub at: Timestamp,
    pub issuer: AgencyId,
}

impl DocumentLeaf {
    /// Version, kind, digests in the order of the fields, milliseconds since 1970 in eight bytes,
    /// the issuer's name to the end.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let (at, issuer) = match self {
            Self::Issue(leaf) => {
                bytes.push(ISSUE);
                let digests = [
                    leaf.commitment.0,
                    leaf.signature,
                    leaf.certificate,
                    leaf.token,
                ];
                bytes.extend(digests.iter().flat_map(|digest| digest.0));
                (leaf.at, &leaf.issuer)
            }
            Self::Revoke(leaf) => {
                bytes.push(REVOKE);
                bytes.extend(leaf.commitment.0.0);
                (leaf.at, &leaf.issuer)
            }
        };
        bytes.extend(at.unix_ms().to_be_bytes());
        bytes.extend(issuer.as_str().bytes());
        bytes
    }

    /// Reads what [`DocumentLeaf::to_bytes`] writes; nothing for anything else.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[version, kind], rest) = bytes.split_first_chunk()?;
        if version != VERSION {
            return None;
        }
        let (first, rest) = rest.split_first_chunk()?;
        let commitment = Commitment(Sha256(*first));
        match kind {
            ISSUE => {
                let (signature, rest) = rest.split_first_chunk()?;
                let (certificate, rest) = rest.split_first_chunk()?;
                let (token, rest) = rest.split_first_chunk()?;
                let (at, issuer) = end(rest)?;
                Some(Self::Issue(IssueLeaf {
                    commitment,
                    signature: Sha256(*signature),
                    certificate: Sha256(*certificate),
                    token: Sha256(*token),
                    at,
                    issuer,
                }))
            }
            REVOKE => {
                let (at, issuer) = end(rest)?;
                Some(Self::Revoke(RevokeLeaf {
                    commitment,
                    at,
                    issuer,
                }))
            }
            _ => None,
        }
    }
}

fn end(rest: &[u8]) -> Option<(Timestamp, AgencyId)> {
    let (ms, issuer) = rest.split_first_chunk()?;
    let at = Timestamp::from_unix_ms(i64::from_be_bytes(*ms));
    let issuer = AgencyId::parse(std::str::from_utf8(issuer).ok()?).ok()?;
    Some((at, issuer))
}

const LABEL: &[u8] = b"muhrdor document 1\0";
const VERSION: u8 = 1;
const ISSUE: u8 = 1;
const REVOKE: u8 = 3;

#[cfg(test)]
mod tests {
    use super::{Commitment, DocumentLeaf, IssueLeaf, RevokeLeaf, Sha256};
    use crate::cms::DigestAlgorithm;
    use crate::domain::name::AgencyId;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_leaf_reads_as_it_was_written_and_nothing_shorter_does() {
        let issuer = AgencyId::parse("civil-registry").unwrap();
        let at = Timestamp::from_unix_seconds(1_790_000_000);
        let digest = |n| Sha256([n; 32]);
        let commitment = Commitment::of(b"signature", &digest(1));
        let issue = DocumentLeaf::Issue(IssueLeaf {
            commitment,
            signature: digest(2),
            certificate: digest(3),
            token: digest(4),
            at,
            issuer: issuer.clone(),
        });
        let revoke = DocumentLeaf::Revoke(RevokeLeaf {
            commitment,
            at,
            issuer,
        });
        for leaf in [issue, revoke] {
            let bytes = leaf.to_bytes();
            assert_eq!(DocumentLeaf::parse(&bytes), Some(leaf));
            assert_eq!(DocumentLeaf::parse(&bytes[..40]), None);
            assert_eq!(DocumentLeaf::parse(&[&[2], &bytes[1..]].concat()), None);
        }
    }

    #[test]
    fn a_digest_at_hand_is_taken_if_it_is_by_the_same_algorithm() {
        let parts: [&[u8]; 2] = [b"before the hole", b"after it"];
        let at_hand = |algorithm: DigestAlgorithm| algorithm.of(&parts);
        for algorithm in [DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
            assert_eq!(
                Sha256::beside(&at_hand(algorithm), &parts),
                Sha256::of(&parts)
            );
        }
        let same = at_hand(DigestAlgorithm::Sha256);
        assert_eq!(Sha256::beside(&same, &[]), Sha256::of(&parts));
    }
}
