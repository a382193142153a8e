//! The document that is sealed: one page of text with a picture, 100 KiB, the same to the byte each
//! time.

use std::fmt::Write;

/// How long the file is.
pub(crate) const BYTES: usize = 100 * 1024;

/// Width and height of the picture, in grey pixels of one byte.
const SIDE: usize = 310;
const LINES: usize = 40;

/// The file. Nothing in it is compressed, so that its length is what is read and hashed.
pub(crate) fn page() -> Vec<u8> {
    let blanks = BYTES - file("").len();
    // Numbers in the file have grown with it.
    let over = file(&" ".repeat(blanks)).len() - BYTES;
    let file = file(&" ".repeat(blanks - over));
    assert_eq!(file.len(), BYTES, "the padding fills the file up");
    file
}

fn file(padding: &str) -> Vec<u8> {
    let mut text = String::from("q 200 0 0 200 60 40 cm /P Do Q\n");
    for line in 0..LINES {
        let y = 790 - 13 * line;
        let words = "Muhr qoʻyilgan hujjatning qatori".replace('ʻ', "'");
        writeln!(text, "BT /F 10 Tf 60 {y} Td ({words} {line:02}) Tj ET").unwrap();
    }
    text.push_str(padding);
    let picture: Vec<u8> = (0..SIDE * SIDE)
        .map(|at| u8::try_from((at / SIDE * at % SIDE) % 251).unwrap())
        .collect();
    let image = format!(
        "<< /Type /XObject /Subtype /Image /Width {SIDE} /Height {SIDE} /ColorSpace /DeviceGray \
         /BitsPerComponent 8"
    );
    written(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
          /Resources << /Font << /F 5 0 R >> /XObject << /P 6 0 R >> >> >>"
            .to_vec(),
        stream("<<", text.as_bytes()),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        stream(&image, &picture),
    ])
}

fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("{dictionary} /Length {} >>\nstream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

/// Objects 1 and up, a table and a trailer; the first object is the catalog.
fn written(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let size = objects.len() + 1;
    let mut table = format!("xref\n0 {size}\n0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        out.extend(format!("{} 0 obj\n", index + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let at = out.len();
    let end = format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n");
    [out, table.into_bytes(), end.into_bytes()].concat()
}
