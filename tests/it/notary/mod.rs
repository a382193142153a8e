//! The notary at its boundary: the attacks of `cases/notary.md` by their names.

mod certificates;
mod clock;
mod disk;
mod timestamp;

use std::sync::Arc;

use muhrdor::clock::{Clock, HandClock};
use muhrdor::cms::{Certificate, CmsError, Failure, Oid, TimeStampReply};
use muhrdor::domain::time::Timestamp;
use muhrdor::notary::{StampSettings, Tsa, TsaError};
use ring::rand::SystemRandom;

use crate::cms::{POLICY, now, pki};

pub(crate) const ACCURACY_SECONDS: u32 = 1;

/// An authority by this clock and the key and certificate of these names.
pub(crate) fn authority_of(
    clock: &HandClock,
    not_before: Timestamp,
    key: &str,
    certificate: Certificate,
) -> Result<Tsa, TsaError> {
    let settings = StampSettings {
        policy: Oid::parse(POLICY).unwrap(),
        accuracy_seconds: ACCURACY_SECONDS,
        not_before,
    };
    Tsa::new(
        settings,
        Arc::new(pki().signer(key)),
        certificate,
        Arc::new(clock.clone()),
        Arc::new(SystemRandom::new()),
    )
}

/// A good authority, and the clock it goes by.
pub(crate) fn authority() -> (Tsa, HandClock) {
    let clock = HandClock::at(now());
    let known = clock.now();
    let certificate = pki().certificate("stamp");
    (
        authority_of(&clock, known, "stamp", certificate).unwrap(),
        clock,
    )
}

/// Why a request was refused; nothing if it was granted.
pub(crate) fn refused(reply: &[u8]) -> Option<Failure> {
    match TimeStampReply::parse(reply) {
        Ok(_) => None,
        Err(CmsError::Refused(Some(failure))) => Some(failure),
        Err(other) => panic!("no answer: {other}"),
    }
}
