//! A birth certificate as a plain PDF: what any program of a body may produce, not yet sealed.

use std::fmt::Write;

use crate::demo::people::Person;

/// The certificate's number at the registry.
pub(super) fn number(of: &Person) -> String {
    let digits = of.pinfl.get(7..13).unwrap_or_default();
    format!("TG-{}-{digits}", of.born.get(..4).unwrap_or_default())
}

/// The certificate, the same to the byte each time. `note` stands at its foot.
pub(super) fn certificate(of: &Person, note: &str) -> Vec<u8> {
    let content = content(of, note);
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (uz) >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /R 5 0 R /B 6 0 R >> >> >>"
            .to_owned(),
        format!(
            "<< /Length {} >>\nstream\n{content}\nendstream",
            content.chars().count()
        ),
        font("Times-Roman"),
        font("Times-Bold"),
        "<< /Title (Birth certificate) /Producer (Civil registry, demo) >>".to_owned(),
    ];
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n", index + 1).bytes());
        // One byte a character: WinAnsi.
        file.extend(object.chars().map(win_ansi));
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    let mut end = format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1);
    for offset in &offsets {
        let _ = writeln!(end, "{offset:010} 00000 n ");
    }
    let _ = write!(
        end,
        "trailer\n<< /Size {} /Root 1 0 R /Info 7 0 R >>\nstartxref\n{start}\n%%EOF\n",
        offsets.len() + 1
    );
    file.extend(end.bytes());
    file
}

fn font(name: &str) -> String {
    format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")
}

fn content(of: &Person, note: &str) -> String {
    let mut page = String::from(
        "0.12 0.35 0.45 RG 2 w 36 128 523 678 re S 0.75 w 42 134 511 666 re S\n\
         0.12 0.35 0.45 rg\n",
    );
    centred(&mut page, "B", 16.0, 740.0, "O‘ZBEKISTON RESPUBLIKASI");
    centred(&mut page, "R", 12.0, 720.0, "Republic of Uzbekistan");
    centred(&mut page, "B", 24.0, 660.0, "TUG‘ILGANLIK HAQIDA GUVOHNOMA");
    centred(&mut page, "R", 13.0, 638.0, "Birth certificate");
    page.push_str("0 g\n");
    let rows = [
        ("Guvohnoma raqami / Number", number(of)),
        ("Ism, familiya / Name", of.name.to_owned()),
        ("Tug‘ilgan sana / Date of birth", of.born.to_owned()),
        ("JShShIR / Personal number", of.pinfl.to_owned()),
        (
            "Tug‘ilgan joyi / Place of birth",
            format!("Toshkent, {}", of.district),
        ),
    ];
    let mut y = 560.0;
    for (label, value) in rows {
        text(&mut page, "R", 11.0, (80.0, y), label);
        text(&mut page, "B", 14.0, (290.0, y), &value);
        let _ = writeln!(page, "0.8 G 0.5 w 80 {} m 515 {} l S", y - 10.0, y - 10.0);
        y -= 42.0;
    }
    text(
        &mut page,
        "R",
        11.0,
        (80.0, 250.0),
        "Fuqarolik holati dalolatnomalarini yozish organi",
    );
    text(&mut page, "R", 9.0, (80.0, 234.0), note);
    page.trim_end().to_owned()
}

/// Roughly in the middle: half of an em is what these letters take on average.
fn centred(page: &mut String, font: &str, size: f64, y: f64, words: &str) {
    let letters = u32::try_from(words.chars().count()).unwrap_or(0);
    let per_letter = if font == "B" { 0.68 } else { 0.46 };
    let width = f64::from(letters) * size * per_letter;
    text(page, font, size, ((595.0 - width) / 2.0, y), words);
}

fn text(page: &mut String, font: &str, size: f64, (x, y): (f64, f64), words: &str) {
    let words = words
        .replace('\\', "\\\\")
        .replace('(', "\\(")
        .replace(')', "\\)");
    let _ = writeln!(
        page,
        "BT /{font} {size} Tf {x:.1} {y:.1} Td ({words}) Tj ET"
    );
}

/// Windows code page 1252, as far as the certificate's words need it.
fn win_ansi(character: char) -> u8 {
    match character {
        '‘' => 0x91,
        '’' => 0x92,
        other => u8::try_from(u32::from(other)).unwrap_or(b'?'),
    }
}
