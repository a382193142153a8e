//! Keyed pseudonyms: names that only the holder of the key can make from a number.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::domain::hex::digits;
use crate::domain::name::{AgencyId, DataClass, DocumentNumber, OfficialId, ServiceId};
use crate::domain::person::{PersonId, Pinfl};
use crate::domain::principal::Principal;
use crate::keys::Secret;

/// Makes pseudonyms under one key of the deployment, each kind under its own label.
///
/// The key is never rotated: a person's journal is found by the pseudonym it makes.
#[derive(Clone)]
pub struct Pseudonym {
    key: hmac::Key,
}

impl Pseudonym {
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.expose()),
        }
    }

    /// The name by which all rooms and stores know the person with this number.
    #[must_use]
    pub fn person(&self, pinfl: &Pinfl) -> PersonId {
        PersonId::from_bytes(self.of("person", &[pinfl.expose().as_bytes()]))
    }

    /// The name by which one service knows a person: two services cannot join what they know
    /// (OpenID Connect Core §8.1). 43 characters of base64url.
    #[must_use]
    pub fn pairwise(&self, person: PersonId, service: &ServiceId) -> String {
        let parts = [&person.as_bytes()[..], service.as_str().as_bytes()];
        URL_SAFE_NO_PAD.encode(self.of("pairwise", &parts))
    }

    /// The number by which a citizen's journal knows an official: 16 hexadecimal digits.
    #[must_use]
    pub fn official(&self, agency: &AgencyId, official: &OfficialId) -> String {
        let parts = [agency.as_str().as_bytes(), official.as_str().as_bytes()];
        digits(self.of("official", &parts).get(..8).unwrap_or_default())
    }

    /// The name by which telemetry knows whoever asked: nothing else in the house has it, so that
    /// who reads the one cannot look up the other. `None` for nobody.
    #[must_use]
    pub fn seen(&self, principal: &Principal) -> Option<[u8; 8]> {
        let digest = match principal {
            Principal::Anonymous => return None,
            Principal::Person(person) => self.of("seen person", &[person.person.id.as_bytes()]),
            Principal::Official(official) => {
                let parts = [
                    official.agency.as_str().as_bytes(),
                    official.official.as_str().as_bytes(),
                ];
                self.of("seen official", &parts)
            }
            Principal::System(system) => {
                self.of("seen system", &[system.system.as_str().as_bytes()])
            }
        };
        digest.first_chunk().copied()
    }

    /// What stands in place of a masked value: the same for the same recipient, class and value,
    /// another for another recipient. 16 hexadecimal digits.
    #[must_use]
    pub fn masked(&self, recipient: &AgencyId, class: &DataClass, value: &str) -> String {
        let parts = [
            recipient.as_str().as_bytes(),
            class.as_str().as_bytes(),
            value.as_bytes(),
        ];
        digits(self.of("masked", &parts).get(..8).unwrap_or_default())
    }

    /// The name by which the document index knows a body's number.
    #[must_use]
    pub fn document(&self, issuer: &AgencyId, number: &DocumentNumber) -> [u8; 32] {
        let parts = [issuer.as_str().as_bytes(), number.as_str().as_bytes()];
        self.of("document", &parts)
    }

    /// The name by which a count outside the process knows what is counted: an address, a principal.
    #[must_use]
    pub fn counter(&self, limit: &str, parts: &[&[u8]]) -> [u8; 32] {
        let named: Vec<&[u8]> = std::iter::once(limit.as_bytes())
            .chain(parts.iter().copied())
            .collect();
        self.of("counter", &named)
    }

    /// The keyed digest of bytes that leave, to be compared when the bytes are shown again.
    #[must_use]
    pub fn delivered(&self, bytes: &[u8]) -> DeliveredDigest {
        DeliveredDigest(self.of("delivered", &[bytes]))
    }

    /// HMAC-SHA-256 over the label and the parts, each preceded by its length, so that no two
    /// lists of parts give the same bytes.
    fn of(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"muhrdor pseudonym\0");
        for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        out
    }
}

/// The keyed digest of what was delivered; shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveredDigest([u8; 32]);

impl fmt::Display for DeliveredDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(&self.0))
    }
}

impl fmt::Debug for DeliveredDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeliveredDigest({self})")
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym(withheld)")
    }
}
