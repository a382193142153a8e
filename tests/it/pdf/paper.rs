//! PDF files written by hand: right by default, and wrong where a test says so.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Objects by number, and what stands around them. Without a change it is a right file of one page.
#[derive(Clone)]
pub(super) struct Paper {
    objects: BTreeMap<u32, Vec<u8>>,
    trailer: String,
    size: Option<u32>,
}

impl Paper {
    pub(super) const CATALOG: u32 = 1;
    pub(super) const PAGES: u32 = 2;
    pub(super) const PAGE: u32 = 3;
    pub(super) const CONTENT: u32 = 4;

    pub(super) fn new() -> Self {
        let paper = Self {
            objects: BTreeMap::new(),
            trailer: String::new(),
            size: None,
        };
        paper
            .object(Self::CATALOG, "<< /Type /Catalog /Pages 2 0 R >>")
            .object(Self::PAGES, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
            .object(
                Self::PAGE,
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            )
            .stream(Self::CONTENT, "", b"0 0 10 10 re f")
    }

    /// With this object, in place of one of this number if there is one.
    pub(super) fn object(mut self, number: u32, body: impl AsRef<[u8]>) -> Self {
        self.objects.insert(number, body.as_ref().to_vec());
        self
    }

    pub(super) fn stream(self, number: u32, entries: &str, data: &[u8]) -> Self {
        let mut body = format!("<< {entries} /Length {} >>\nstream\n", data.len()).into_bytes();
        body.extend(data);
        body.extend(b"\nendstream");
        self.object(number, body)
    }

    /// With more entries in a dictionary that is there.
    pub(super) fn also(mut self, number: u32, entries: &str) -> Self {
        let body = self.objects.get_mut(&number).unwrap();
        assert!(body.ends_with(b" >>"), "a dictionary");
        body.truncate(body.len() - 2);
        body.extend(entries.bytes());
        body.extend(b" >>");
        self
    }

    /// With more entries in the trailer.
    pub(super) fn trailer(mut self, entries: &str) -> Self {
        self.trailer.push_str(entries);
        self
    }

    /// With this `Size`, whatever there is.
    pub(super) fn size(mut self, size: u32) -> Self {
        self.size = Some(size);
        self
    }

    /// The file, with a cross-reference table.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = b"%PDF-1.7\n".to_vec();
        self.body(&mut out, None);
        out
    }

    /// A file with these objects behind it, as another revision of it.
    pub(super) fn after(&self, before: &[u8]) -> Vec<u8> {
        let mut out = before.to_vec();
        self.body(&mut out, Some(startxref(before)));
        out
    }

    /// Only what is added: for [`Paper::after`].
    pub(super) fn nothing() -> Self {
        Self {
            objects: BTreeMap::new(),
            trailer: String::new(),
            size: None,
        }
    }

    fn body(&self, out: &mut Vec<u8>, previous: Option<usize>) {
        let offsets = self.write_objects(out);
        let begin = out.len();
        out.extend(b"xref\n");
        if previous.is_none() {
            out.extend(b"0 1\n0000000000 65535 f \n");
        }
        for (number, offset) in &offsets {
            out.extend(format!("{number} 1\n{offset:010} 00000 n \n").bytes());
        }
        let previous = previous.map_or(String::new(), |at| format!("/Prev {at} "));
        let (size, more) = (self.size_stated(), &self.trailer);
        let trailer = format!("trailer\n<< /Size {size} /Root 1 0 R {previous}{more} >>\n");
        out.extend(trailer.bytes());
        out.extend(format!("startxref\n{begin}\n%%EOF\n").bytes());
    }

    fn size_stated(&self) -> u32 {
        let next = self.objects.keys().last().map_or(5, |last| last + 1);
        self.size.unwrap_or(next.max(5))
    }

    fn write_objects(&self, out: &mut Vec<u8>) -> BTreeMap<u32, usize> {
        let mut offsets = BTreeMap::new();
        for (number, body) in &self.objects {
            offsets.insert(*number, out.len());
            out.extend(format!("{number} 0 obj\n").bytes());
            out.extend(body);
            out.extend(b"\nendobj\n");
        }
        offsets
    }

    /// The file with a cross-reference stream and these objects in an object stream, whose head
    /// and data are as given.
    pub(super) fn packed(&self, packed: &Packed) -> Vec<u8> {
        let container = self.size_stated();
        let entries = format!(
            "/Type /ObjStm /N {} /First {} {}",
            packed.numbers.len(),
            packed.first,
            packed.entries
        );
        let paper = self.clone().stream(container, &entries, &packed.data);
        let mut out = b"%PDF-1.7\n".to_vec();
        let offsets = paper.write_objects(&mut out);
        let last = packed.numbers.iter().copied().fold(container, u32::max);
        let own = last + 1;
        let mut lines = BTreeMap::from([(0, [0, 0, 65_535]), (own, [1, out.len() as u64, 0])]);
        for (number, offset) in offsets {
            lines.insert(number, [1, offset as u64, 0]);
        }
        for (index, number) in packed.numbers.iter().enumerate() {
            lines.insert(*number, [2, u64::from(container), index as u64]);
        }
        write_stream(&mut out, own, &lines, &self.trailer);
        out
    }
}

/// An object stream.
pub(super) struct Packed {
    pub(super) numbers: Vec<u32>,
    pub(super) first: usize,
    pub(super) entries: String,
    pub(super) data: Vec<u8>,
}

impl Packed {
    pub(super) fn of(objects: &[(u32, &str)]) -> Self {
        let (mut head, mut body) = (String::new(), String::new());
        for (number, text) in objects {
            write!(head, "{number} {} ", body.len()).unwrap();
            body.push_str(text);
            body.push(' ');
        }
        Self {
            numbers: objects.iter().map(|(number, _)| *number).collect(),
            first: head.len(),
            entries: String::new(),
            data: (head + &body).into_bytes(),
        }
    }
}

/// A cross-reference stream of 8-byte offsets, and the end of the file.
pub(super) fn write_stream(
    out: &mut Vec<u8>,
    own: u32,
    lines: &BTreeMap<u32, [u64; 3]>,
    more: &str,
) {
    let begin = out.len();
    let (mut index, mut data) = (String::new(), Vec::new());
    for (number, [kind, second, third]) in lines {
        write!(index, "{number} 1 ").unwrap();
        data.push(u8::try_from(*kind).unwrap());
        data.extend(second.to_be_bytes());
        data.extend(u16::try_from(*third).unwrap().to_be_bytes());
    }
    let head = format!(
        "{own} 0 obj\n<< /Type /XRef /W [1 8 2] /Index [{index}] /Size {} /Root 1 0 R {more} \
         /Length {} >>\nstream\n",
        own + 1,
        data.len()
    );
    out.extend(head.bytes());
    out.extend(data);
    out.extend(b"\nendstream\nendobj\n");
    out.extend(format!("startxref\n{begin}\n%%EOF\n").bytes());
}

/// Where the newest section of a file is said to begin.
pub(super) fn startxref(bytes: &[u8]) -> usize {
    let end = String::from_utf8_lossy(&bytes[bytes.len() - 40..]).into_owned();
    let (_, end) = end.rsplit_once("startxref\n").unwrap();
    end.lines().next().unwrap().parse().unwrap()
}

/// The pieces, one behind the other.
pub(super) fn joined(pieces: impl Iterator<Item = String>) -> String {
    pieces.collect()
}

/// Pages with a table of ten rows each.
pub(super) fn tables(pages: u32) -> Vec<u8> {
    let numbers = (0..pages).map(|page| 10 + page * 2);
    let kids = joined(numbers.clone().map(|page| format!("{page} 0 R ")));
    let mut paper = Paper::new()
        .object(
            Paper::PAGES,
            format!("<< /Type /Pages /Kids [{kids}] /Count {pages} /MediaBox [0 0 595 842] >>"),
        )
        .object(
            Paper::PAGE,
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        );
    for page in numbers {
        let mut content = String::new();
        for row in 0..10 {
            let y = 760 - row * 24;
            writeln!(
                content,
                "40 {y} 500 24 re S BT /F 10 Tf 46 {} Td (page {page}, row {row}) Tj ET",
                y + 8
            )
            .unwrap();
        }
        let dictionary = format!(
            "<< /Type /Page /Parent 2 0 R /Contents {} 0 R \
             /Resources << /Font << /F 3 0 R >> >> >>",
            page + 1
        );
        paper = paper
            .object(page, dictionary)
            .stream(page + 1, "", content.as_bytes());
    }
    paper.bytes()
}
