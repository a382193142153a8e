//! What may come back: response contracts with one mode each, and class maps.

use std::sync::Arc;

use crate::domain::data::Mask;
use crate::domain::name::DataClass;
use crate::domain::operation::{ClassEntry, ClassMap, Contract, Mode, SubjectBinding, Withhold};
use crate::domain::sheet::{At, Table, WordOrTable};
use crate::register::KnownNames;
use crate::register::description::selector::Selector;
use crate::register::description::{NAME_MEND, unknown_word, word};

/// The answers of one operation; that there is one at all is checked here.
pub(super) fn read_all(table: &mut Table<'_>, known: &KnownNames) -> Vec<Contract> {
    if table.is_empty("answer") {
        let what = "the operation has no response contract";
        table.note(
            table.line(),
            what,
            "write an `[[operation.answer]]` with its mode",
        );
    }
    let mut contracts: Vec<Contract> = Vec::new();
    let described = table.tables("answer", |answer| {
        let line = answer.line();
        read(answer, known).map(|value| At { value, line })
    });
    for At { value, line } in described {
        if contracts
            .iter()
            .any(|c| c.status == value.status && c.media == value.media)
        {
            let what = format!(
                "the answer {} `{}` has two contracts",
                value.status, value.media
            );
            table.note(line, what, "keep one, with one mode");
        }
        contracts.push(value);
    }
    contracts
}

fn read(table: &mut Table<'_>, known: &KnownNames) -> Option<Contract> {
    let status = status(table);
    let media = table.parsed_or("media", JSON.to_owned(), MEDIA_MEND, media);
    let mode = mode(table, media.as_deref(), known);
    Some(Contract {
        status: status?,
        media: media?,
        mode: mode?,
    })
}

fn status(table: &mut Table<'_>) -> Option<u16> {
    let At { value, line } = table.need::<u64>("status")?;
    match u16::try_from(value) {
        Ok(status @ 200..=599) if !UNUSABLE_STATUS.contains(&status) => Some(status),
        _ => {
            let mend =
                "write 200 to 599, but not 204, 205, 206 or 304: an answer has a body, whole";
            table.note(line, format!("`status` is {value}"), mend);
            None
        }
    }
}

fn media(given: &str) -> Result<String, String> {
    let token = |part: &str| {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&^_.+-".contains(&b);
        !part.is_empty() && part.bytes().all(allowed)
    };
    match given.split_once('/') {
        Some((kind, name)) if token(kind) && token(name) => Ok(given.to_owned()),
        _ => Err(format!(
            "`{given}` is not `type/subtype` in lower case without parameters"
        )),
    }
}

fn mode(table: &mut Table<'_>, media: Option<&str>, known: &KnownNames) -> Option<Mode> {
    let At { value, line } = table.need::<String>("mode")?;
    match value.as_str() {
        "public" => Some(Mode::Public),
        "whole" => whole(table, known),
        "fields" => {
            if let Some(media) = media.filter(|media| !is_json(media)) {
                let what = format!("`{media}` has no fields");
                table.note(line, what, "use mode `whole` or `public`, or answer JSON");
            }
            fields(table, known)
        }
        _ => {
            let what = format!("`{value}` is no mode");
            table.note(line, what, "write `public`, `whole` or `fields`");
            None
        }
    }
}

fn whole(table: &mut Table<'_>, known: &KnownNames) -> Option<Mode> {
    let classes = table.list_parsed("classes", NAME_MEND, DataClass::parse);
    if classes.is_empty() {
        let what = "mode `whole` names no data class";
        table.note(
            table.line(),
            what,
            "write `classes`, all kinds of data that the bytes may hold",
        );
        return None;
    }
    for class in &classes {
        check_class(table, class, known);
    }
    Some(Mode::Whole {
        classes: classes.into_iter().map(|class| class.value).collect(),
    })
}

fn fields(table: &mut Table<'_>, known: &KnownNames) -> Option<Mode> {
    let mend = "write `remove` or `null`";
    let withhold = table.parsed_or("withhold", Withhold::default(), mend, word::<Withhold>);
    let bytes_max = table.bounded("bytes_max", BYTES_DEFAULT, (1, BYTES_BOUND));
    let subjects = table
        .section("subjects", |inner| Some(subjects(inner)))
        .unwrap_or_default();
    let entries = table.need_section("fields", |inner| Some(entries(inner, known)));
    let (entries, withhold, bytes_max) = (entries?, withhold?, bytes_max?);
    let map = ClassMap {
        entries,
        subjects,
        withhold,
        bytes_max,
    };
    Some(Mode::Fields(Arc::new(map)))
}

/// The class map itself. A place has one class: two selectors that meet are refused, since which
/// of them wins would be known only to who wrote the code.
fn entries(table: &mut Table<'_>, known: &KnownNames) -> Vec<ClassEntry> {
    let mut notes = Vec::new();
    let mut seen: Vec<(String, Selector)> = Vec::new();
    let entries = table.words_or_tables(|At { value: place, line }, value| {
        match Selector::parse(place) {
            Err(what) => notes.push((line, what, SELECTOR_MEND.to_owned())),
            Ok(selector) if selector.is_root() => {
                let what = "an empty selector is the whole answer".to_owned();
                notes.push((line, what, "name each field".to_owned()));
            }
            Ok(selector) => {
                if let Some((other, _)) = seen.iter().find(|(_, s)| s.covers(&selector)) {
                    let what = format!("`{place}` and `{other}` meet, and a place has one class");
                    notes.push((line, what, "narrow one of them".to_owned()));
                }
                seen.push((place.to_owned(), selector));
            }
        }
        entry(place, line, value, known, &mut notes)
    });
    if entries.is_empty() && notes.is_empty() {
        let what = "the class map is empty, so nothing would be answered".to_owned();
        notes.push((
            table.line(),
            what,
            "name each field and its class".to_owned(),
        ));
    }
    for (line, what, mend) in notes {
        table.note(line, what, mend);
    }
    entries
}

fn entry(
    place: &str,
    line: u32,
    value: WordOrTable<'_, '_>,
    known: &KnownNames,
    notes: &mut Vec<(u32, String, String)>,
) -> Option<ClassEntry> {
    let selector = place.to_owned();
    match value {
        WordOrTable::Word(class) => {
            let class = match DataClass::parse(class) {
                Ok(class) => class,
                Err(error) => {
                    notes.push((line, error.to_string(), NAME_MEND.to_owned()));
                    return None;
                }
            };
            if !known.classes.contains(&class) {
                let what = format!("`{class}` is no data class of the vocabulary");
                let mend = "correct it, or add the data class to `vocabulary.toml`".to_owned();
                notes.push((line, what, mend));
            }
            Some(ClassEntry {
                selector,
                class,
                mask: None,
                key_class: None,
                freetext: false,
            })
        }
        WordOrTable::Table(inner) => {
            let class = inner.need_parsed("class", NAME_MEND, DataClass::parse);
            let key_class = inner.want_parsed("key_class", NAME_MEND, DataClass::parse);
            for class in class.iter().chain(&key_class) {
                check_class(inner, class, known);
            }
            let mask = inner.want_parsed("mask", MASK_MEND, |given| {
                Mask::from_name(given).ok_or_else(|| format!("`{given}` is no mask"))
            });
            let freetext = inner
                .want::<bool>("freetext")
                .is_some_and(|freetext| freetext.value);
            let (mask, key_class) = (mask.map(|m| m.value), key_class.map(|c| c.value));
            Some(ClassEntry {
                selector,
                class: class?.value,
                mask,
                key_class,
                freetext,
            })
        }
    }
}

fn subjects(table: &mut Table<'_>) -> Vec<SubjectBinding> {
    let mut notes = Vec::new();
    let bindings = table.words_or_tables(|At { value: at, line }, value| {
        let WordOrTable::Word(identifier) = value else {
            let what = format!("`{at}` is bound to a table");
            notes.push((line, what, "write the pointer to a PINFL, such as `/pinfl`"));
            return None;
        };
        if let Err(what) = Selector::parse(at) {
            notes.push((line, what, SELECTOR_MEND));
        }
        if let Err(what) = Selector::parse_pointer(identifier) {
            notes.push((line, what, "write the pointer to a PINFL, such as `/pinfl`"));
        }
        Some(SubjectBinding {
            at: at.to_owned(),
            identifier: identifier.to_owned(),
        })
    });
    for (line, what, mend) in notes {
        table.note(line, what, mend);
    }
    bindings
}

/// Selectors of personal data that no binding of the map gives to a person.
pub(super) fn ownerless(map: &ClassMap) -> impl Iterator<Item = &str> {
    let bindings = map
        .subjects
        .iter()
        .filter_map(|binding| Selector::parse(&binding.at).ok());
    let bindings: Vec<_> = bindings.collect();
    let personal = map
        .entries
        .iter()
        .filter(|entry| entry.class.as_str() != PUBLIC_CLASS);
    let unowned = personal.filter(move |entry| {
        let place = Selector::parse(&entry.selector);
        place.is_ok_and(|place| !bindings.iter().any(|binding| binding.contains(&place)))
    });
    unowned.map(|entry| entry.selector.as_str())
}

fn check_class(table: &Table<'_>, class: &At<DataClass>, known: &KnownNames) {
    if !known.classes.contains(&class.value) {
        unknown_word(table, class.line, "data class", class.value.as_str());
    }
}

fn is_json(media: &str) -> bool {
    media == JSON || media.ends_with("+json")
}

/// The one class that is about nobody.
const PUBLIC_CLASS: &str = "public";

const JSON: &str = "application/json";

/// Statuses whose answers have no body, or only a part of one.
const UNUSABLE_STATUS: &[u16] = &[204, 205, 206, 304];

/// A `fields` answer is held in memory while it is decided about.
const BYTES_DEFAULT: u64 = 1 << 20;
const BYTES_BOUND: u64 = 16 << 20;

const SELECTOR_MEND: &str = "write a selector such as `/relatives/*/name`";
const MEDIA_MEND: &str = "write a media type such as `application/json`";
const MASK_MEND: &str = "write `redacted`, `band`, `pseudonym`, `partial` or `last4`";
