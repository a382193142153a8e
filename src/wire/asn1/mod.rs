//! Values of DER, one after the other, where no library reads the whole.
//!
//! In: bytes of others. Out: what is asked for by its tag, or nothing. Invariants: nothing is read
//! past its end; a wrong tag takes nothing. Deliberately absent: writing, and what values mean.

pub mod ocsp;

use x509_parser::asn1_rs::{Any, Class, FromDer};
use x509_parser::time::ASN1Time;

use crate::domain::time::Timestamp;

/// What a value is, by class and number, and whether values are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(Class, u32, bool);

impl Kind {
    pub const BOOLEAN: Self = Self(Class::Universal, 1, false);
    pub const INTEGER: Self = Self(Class::Universal, 2, false);
    pub const BITS: Self = Self(Class::Universal, 3, false);
    pub const OCTETS: Self = Self(Class::Universal, 4, false);
    pub const OID: Self = Self(Class::Universal, 6, false);
    pub const ENUMERATED: Self = Self(Class::Universal, 10, false);
    pub const UTF8: Self = Self(Class::Universal, 12, false);
    pub const SEQUENCE: Self = Self(Class::Universal, 16, true);
    pub const GENERALIZED_TIME: Self = Self(Class::Universal, 24, false);

    /// `[number]` around values.
    #[must_use]
    pub const fn context(number: u32) -> Self {
        Self(Class::ContextSpecific, number, true)
    }

    /// `[number]` in the place of another tag, with no values in it.
    #[must_use]
    pub const fn implicit(number: u32) -> Self {
        Self(Class::ContextSpecific, number, false)
    }
}

/// DER values, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Values<'d>(&'d [u8]);

impl<'d> Values<'d> {
    #[must_use]
    pub const fn of(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next, whatever it is, and what is in it.
    pub fn any(&mut self) -> Option<(Kind, &'d [u8])> {
        let (rest, any) = Any::from_der(self.0).ok()?;
        self.0 = rest;
        let header = &any.header;
        let kind = Kind(header.class(), header.tag().0, header.is_constructed());
        Some((kind, any.data))
    }

    /// The next with its tag and length, as it was sent.
    pub fn whole(&mut self) -> Option<&'d [u8]> {
        let before = self.0;
        self.any()?;
        before.get(..before.len().checked_sub(self.0.len())?)
    }

    /// What is in the next, if it is this; else nothing is taken.
    pub fn next(&mut self, wanted: Kind) -> Option<&'d [u8]> {
        let before = self.0;
        match self.any() {
            Some((found, data)) if found == wanted => Some(data),
            _ => {
                self.0 = before;
                None
            }
        }
    }

    pub fn skip_if(&mut self, unwanted: Kind) {
        let _skipped = self.next(unwanted);
    }

    /// The values in the next.
    pub fn within(&mut self, wanted: Kind) -> Option<Self> {
        self.next(wanted).map(Self)
    }

    /// The values in the one value there is.
    #[must_use]
    pub fn only(mut self, wanted: Kind) -> Option<Self> {
        let inner = self.within(wanted)?;
        self.0.is_empty().then_some(inner)
    }

    /// A moment, of either kind (RFC 5280 §4.1.2.5).
    pub fn time(&mut self) -> Option<Timestamp> {
        let before = self.0;
        match ASN1Time::from_der(self.0) {
            Ok((rest, time)) => {
                self.0 = rest;
                Some(Timestamp::from_unix_seconds(time.timestamp()))
            }
            Err(_) => {
                self.0 = before;
                None
            }
        }
    }

    /// The bytes of a bit string without unused bits, as signatures are.
    pub fn bits(&mut self) -> Option<&'d [u8]> {
        match self.next(Kind::BITS)? {
            [0, bits @ ..] => Some(bits),
            _ => None,
        }
    }
}

/// Whether one of these extensions (RFC 5280 §4.2) must be understood by who reads it, and is not
/// among `known`, by content octets; `None` when they do not read.
#[must_use]
pub fn demands_more(mut extensions: Values<'_>, known: &[&[u8]]) -> Option<bool> {
    let mut list = extensions.within(Kind::SEQUENCE)?;
    while !list.is_empty() {
        let mut extension = list.within(Kind::SEQUENCE)?;
        let name = extension.next(Kind::OID)?;
        let critical = extension.next(Kind::BOOLEAN);
        extension.next(Kind::OCTETS)?;
        let is_critical = critical.is_some_and(|value| value != [0]);
        if is_critical && !known.contains(&name) {
            return Some(true);
        }
    }
    Some(false)
}
