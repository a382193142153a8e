//! What may leave: the rows of `cases/personal-data.md` that the room can meet alone, by number.

mod cases;
mod fuzz;
mod heads;
pub(crate) mod house;
mod identifiers;
mod masks;
mod questions;
mod records;
mod shipped;
mod walk;

use std::sync::Arc;

use bytes::Bytes;

use muhrdor::domain::data::{Form, Mask};
use muhrdor::domain::decision::FacetDecision;
use muhrdor::domain::name::DataClass;
use muhrdor::domain::operation::{ClassEntry, ClassMap, SubjectBinding, Withhold};
use muhrdor::domain::person::{Person, PersonId, Pinfl};
use muhrdor::redaction::RedactionError;
use muhrdor::redaction::fields::{BHM_SOUM, Masks, Reading, Redacted};
use muhrdor::redaction::json::{self, Limits};

pub(crate) const AZIZA: &str = "41507850211172";
pub(crate) const BOTIR: &str = "30209820212045";
pub(crate) const KAMOLA: &str = "61103150210334";

/// The person with a PINFL; a stand-in for the keyed pseudonym.
pub(crate) fn identify(text: &str) -> Option<Person> {
    let pinfl = Pinfl::parse(text).ok()?;
    let mut id = [0; 32];
    id[..14].copy_from_slice(text.as_bytes());
    Some(Person {
        id: PersonId::from_bytes(id),
        pinfl,
    })
}

pub(crate) fn class(name: &str) -> DataClass {
    DataClass::parse(name).unwrap()
}

pub(crate) fn entry(selector: &str, name: &str) -> ClassEntry {
    ClassEntry {
        selector: selector.to_owned(),
        class: class(name),
        mask: None,
        key_class: None,
        freetext: false,
    }
}

pub(crate) fn map(entries: &[(&str, &str)], subjects: &[(&str, &str)]) -> ClassMap {
    let binding = |(at, identifier): &(&str, &str)| SubjectBinding {
        at: (*at).to_owned(),
        identifier: (*identifier).to_owned(),
    };
    ClassMap {
        entries: entries
            .iter()
            .map(|(selector, class)| entry(selector, class))
            .collect(),
        subjects: subjects.iter().map(binding).collect(),
        withhold: Withhold::Remove,
        bytes_max: 1 << 20,
    }
}

/// The walk of one body through the room, with `form` as the rules: PINFL and class decide.
pub(crate) fn redact(
    map: &ClassMap,
    request: Option<&str>,
    body: impl AsRef<[u8]>,
    form: impl Fn(&str, &str) -> Form,
) -> Result<Redacted, RedactionError> {
    let bytes = Bytes::copy_from_slice(body.as_ref());
    let document = json::parse(bytes, &Limits::default())
        .map_err(|error| RedactionError::ContractBroken(error.into()))?;
    let request = request.and_then(identify);
    let reading = Reading::of(document, Arc::new(map.clone()), request, &identify)?;
    let decisions: Vec<_> = reading
        .facets()
        .into_iter()
        .map(|facet| FacetDecision {
            form: form(facet.subject.pinfl.expose(), facet.class.as_str()),
            facet,
            rules: Vec::new(),
            hint: None,
            degraded: false,
        })
        .collect();
    let pseudonym = |class: &DataClass, value: &str| Some(pseudonym(class.as_str(), value));
    reading.redact(
        &decisions,
        &Masks {
            pseudonym: &pseudonym,
            bhm_soum: BHM_SOUM,
        },
    )
}

/// A stand-in for the keyed pseudonym of a value.
pub(crate) fn pseudonym(class: &str, value: &str) -> String {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = class
        .bytes()
        .chain(value.bytes())
        .fold(0xcbf2_9ce4_8422_2325, mix);
    format!("p{hash:015x}")
}

pub(crate) fn text(redacted: &Redacted) -> &str {
    std::str::from_utf8(&redacted.bytes).unwrap()
}

pub(crate) fn clear(_: &str, _: &str) -> Form {
    Form::Clear
}

/// All clear but one class.
pub(crate) fn without(withheld: &'static str) -> impl Fn(&str, &str) -> Form {
    move |_, class| {
        if class == withheld {
            Form::Absent
        } else {
            Form::Clear
        }
    }
}

pub(crate) fn masked(class: &'static str, mask: Mask) -> impl Fn(&str, &str) -> Form {
    move |_, found| {
        if found == class {
            Form::Masked(mask)
        } else {
            Form::Clear
        }
    }
}

/// A body about Aziza with one public member, and what of it leaves if all is clear.
pub(crate) fn delivered(map: &ClassMap, body: &str) -> String {
    text(&redact(map, Some(AZIZA), body, clear).unwrap()).to_owned()
}
