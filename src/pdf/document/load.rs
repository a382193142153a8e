//! Reads every object of every revision, and sees that each byte of the file belongs to something.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::pdf::PdfError;
use crate::pdf::filter::decode;
use crate::pdf::indirect::{Indirect, Lengths, indirect};
use crate::pdf::syntax::{Budget, Lexer, Object, Parser, Reference};
use crate::pdf::xref::{Entry, Layer, Section};

/// An object, and where it stands if it stands by itself.
#[derive(Debug)]
pub(in crate::pdf) struct Located {
    pub(in crate::pdf) object: Object,
    pub(in crate::pdf) generation: u16,
    pub(in crate::pdf) span: Option<Range<usize>>,
}

/// The newest state of every object of all layers.
#[derive(Debug)]
pub(super) struct Loader<'a, 'g> {
    bytes: &'a [u8],
    budget: &'g mut Budget,
    lengths: Lengths,
    objects: BTreeMap<u32, Located>,
}

impl<'a, 'g> Loader<'a, 'g> {
    pub(super) fn new(bytes: &'a [u8], budget: &'g mut Budget) -> Self {
        Self {
            bytes,
            budget,
            lengths: Lengths::default(),
            objects: BTreeMap::new(),
        }
    }

    pub(super) fn done(self) -> BTreeMap<u32, Located> {
        self.objects
    }

    /// Reads the objects of the next revision. `header_end` is where the first one may begin.
    pub(super) fn layer(&mut self, layer: &Layer, header_end: usize) -> Result<(), PdfError> {
        let places = places(layer)?;
        self.learn_lengths(&places)?;
        let mut packed: BTreeMap<u32, BTreeMap<usize, u32>> = BTreeMap::new();
        for (number, entry) in &layer.entries {
            match entry {
                Entry::Free => {
                    self.objects.remove(number);
                }
                Entry::At { .. } => {}
                Entry::Packed { stream, index } => {
                    if packed
                        .entry(*stream)
                        .or_default()
                        .insert(*index, *number)
                        .is_some()
                    {
                        return Err(PdfError::object(*number, "two objects at one place"));
                    }
                }
            }
        }
        for section in &layer.sections {
            self.section(section, layer)?;
        }
        // What object streams hold may be the length of another stream: they come first.
        let is_container = |place: &&Place| place.number.is_some_and(|n| packed.contains_key(&n));
        let containers = places.iter().filter(is_container);
        let containers: BTreeMap<_, _> = containers.map(|place| (place.number, place)).collect();
        for (container, numbers) in &packed {
            let Some(place) = containers.get(&Some(*container)) else {
                return Err(PdfError::object(
                    *container,
                    "not an object stream of this revision",
                ));
            };
            self.unpack(place, numbers)?;
        }
        self.walk(&places, layer, header_end)
    }

    /// A section that is an object is none that anything may refer to, and has no other entry.
    fn section(&mut self, section: &Section, layer: &Layer) -> Result<(), PdfError> {
        let Some(own) = section.own else {
            return Ok(());
        };
        self.objects.remove(&own.number);
        let here = Entry::At {
            offset: section.span.start,
            generation: own.generation,
        };
        match layer.entries.get(&own.number) {
            None | Some(Entry::Free) => Ok(()),
            Some(entry) if *entry == here => Ok(()),
            Some(_) => Err(PdfError::damaged(
                section.span.start,
                "another object than the entry names",
            )),
        }
    }

    /// Object by object through the bytes of the revision, without a gap.
    fn walk(&mut self, places: &[Place], layer: &Layer, header_end: usize) -> Result<(), PdfError> {
        let mut end = layer.range.start.max(header_end);
        for place in places {
            self.only_space(end, place.begin)?;
            end = match place.number {
                None => place.limit,
                Some(number) => {
                    let (found, span) = self.read(place)?;
                    let end = span.end;
                    if packed_kind(&found.object) && found.reference.generation != 0 {
                        return Err(PdfError::object(number, "a wrong generation"));
                    }
                    let located = Located {
                        object: found.object,
                        generation: found.reference.generation,
                        span: Some(span),
                    };
                    self.keep(number, located)?;
                    end
                }
            };
        }
        self.only_space(end, layer.range.end)
    }

    /// Numbers that stand by themselves, which streams may name as their length. Looked at before
    /// anything else, so that no stream has to be read to read another.
    fn learn_lengths(&mut self, places: &[Place]) -> Result<(), PdfError> {
        for place in places {
            let Some(number) = place.number else {
                continue;
            };
            let limit = place
                .limit
                .min(place.begin.saturating_add(LENGTH_OBJECT_BYTES_MAX));
            let readable = self.bytes.get(..limit).unwrap_or_default();
            let mut lexer = Lexer::new(readable, 0, place.begin);
            let found = indirect(&mut lexer, &mut Budget::new(), &mut Lengths::default());
            let object = found.map_or(Object::Null, |found| found.object);
            self.lengths.learn(number, &object)?;
        }
        Ok(())
    }

    fn read(&mut self, place: &Place) -> Result<(Indirect, Range<usize>), PdfError> {
        let readable = self.bytes.get(..place.limit).unwrap_or_default();
        let mut lexer = Lexer::new(readable, 0, place.begin);
        let found = indirect(&mut lexer, self.budget, &mut self.lengths)?;
        let named = Some(found.reference.number) == place.number;
        if !named || found.reference.generation != place.generation {
            return Err(PdfError::damaged(
                place.begin,
                "another object than the entry names",
            ));
        }
        Ok((found, place.begin..lexer.at()))
    }

    /// Reads an object stream (ISO 32000-2 §7.5.7). Every object in it has its entry.
    fn unpack(&mut self, place: &Place, numbers: &BTreeMap<usize, u32>) -> Result<(), PdfError> {
        let at = place.begin;
        let bad = |why| PdfError::damaged(at, why);
        let (found, _) = self.read(place)?;
        let stream = found.object.as_stream();
        let stream = stream.filter(|stream| stream.dictionary.has("Type", "ObjStm"));
        let stream = stream.ok_or(bad("not an object stream"))?;
        let number = |key| {
            let number = stream.dictionary.get(key).and_then(Object::as_integer);
            number.and_then(|number| usize::try_from(number).ok())
        };
        let (Some(count), Some(first)) = (number("N"), number("First")) else {
            return Err(bad("an object stream without its head"));
        };
        if count != numbers.len() || !numbers.keys().copied().eq(0..count) {
            return Err(bad("objects in an object stream that have no entry"));
        }
        let data = self.bytes.get(stream.data.clone()).unwrap_or_default();
        let data = decode(&stream.dictionary, data, at, self.budget)?;
        let head = data
            .get(..first)
            .ok_or(bad("an object stream without its head"))?;
        let mut offsets = Vec::with_capacity(count);
        let mut lexer = Lexer::new(head, at, 0);
        for number in numbers.values() {
            lexer.skip_space();
            let stated = lexer.digits(10);
            lexer.skip_space();
            let offset = lexer
                .digits(10)
                .and_then(|offset| usize::try_from(offset).ok());
            let (Some(stated), Some(offset)) = (stated, offset) else {
                return Err(bad("an object stream without its head"));
            };
            if stated != u64::from(*number) {
                return Err(bad("another object than the entry names"));
            }
            offsets.push(first.saturating_add(offset));
        }
        lexer.skip_space();
        let whole_head = lexer.at() == head.len() && offsets.first().is_none_or(|at| *at == first);
        if !whole_head {
            return Err(bad("an object stream with more than its objects"));
        }
        let ends = offsets.iter().skip(1).copied().chain([data.len()]);
        for ((number, begin), end) in numbers.values().zip(&offsets).zip(ends) {
            let readable = data.get(..end).filter(|_| *begin < end);
            let readable = readable.ok_or(bad("objects overlap in an object stream"))?;
            let mut parser = Parser::new(Lexer::new(readable, at, *begin), self.budget);
            let object = parser.object()?;
            let mut lexer = parser.lexer;
            lexer.skip_space();
            if lexer.at() != end {
                return Err(bad("an object stream with more than its objects"));
            }
            self.lengths.learn(*number, &object)?;
            let located = Located {
                object,
                generation: 0,
                span: None,
            };
            self.keep(*number, located)?;
        }
        Ok(())
    }

    fn keep(&mut self, number: u32, located: Located) -> Result<(), PdfError> {
        self.budget.object()?;
        self.objects.insert(number, located);
        Ok(())
    }

    fn only_space(&self, begin: usize, end: usize) -> Result<(), PdfError> {
        let readable = self.bytes.get(..end).unwrap_or_default();
        let mut lexer = Lexer::new(readable, 0, begin);
        lexer.skip_space();
        if begin > end || lexer.at() != end {
            return Err(lexer.damaged("bytes that belong to no object"));
        }
        Ok(())
    }
}

/// Something that stands by itself: an object, or a whole section.
#[derive(Debug)]
struct Place {
    begin: usize,
    /// Where the next one begins; a section's end.
    limit: usize,
    number: Option<u32>,
    generation: u16,
}

/// What stands in the revision, in the order of its bytes.
fn places(layer: &Layer) -> Result<Vec<Place>, PdfError> {
    let section = |span: &Range<usize>| Place {
        begin: span.start,
        limit: span.end,
        number: None,
        generation: 0,
    };
    let mut places = Vec::with_capacity(layer.sections.len() + layer.entries.len());
    places.extend(layer.sections.iter().map(|s| section(&s.span)));
    for (number, entry) in &layer.entries {
        let Entry::At { offset, generation } = *entry else {
            continue;
        };
        let number = *number;
        let reference = Reference { number, generation };
        let is_here = |s: &Section| s.span.start == offset && s.own == Some(reference);
        if layer.sections.iter().any(is_here) {
            continue;
        }
        if !layer.range.contains(&offset) {
            return Err(PdfError::object(
                number,
                "its entry points out of its revision",
            ));
        }
        places.push(Place {
            begin: offset,
            limit: layer.range.end,
            number: Some(number),
            generation,
        });
    }
    places.sort_unstable_by_key(|place| place.begin);
    let begins: Vec<_> = places.iter().map(|place| place.begin).collect();
    for (place, next) in places.iter_mut().zip(begins.iter().skip(1)) {
        if place.begin == *next || (place.number.is_none() && place.limit > *next) {
            return Err(PdfError::damaged(*next, "two objects at one place"));
        }
        if place.number.is_some() {
            place.limit = *next;
        }
    }
    Ok(places)
}

/// Object streams and cross-reference streams have generation 0 (ISO 32000-2 §7.5.7, §7.5.8).
fn packed_kind(object: &Object) -> bool {
    let dictionary = object.as_stream().map(|stream| &stream.dictionary);
    dictionary.is_some_and(|d| d.has("Type", "ObjStm") || d.has("Type", "XRef"))
}

/// `1234567890 00000 obj`, a number, `endobj` and the spaces between.
const LENGTH_OBJECT_BYTES_MAX: usize = 64;
