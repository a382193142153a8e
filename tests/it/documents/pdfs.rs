//! Small PDFs made by hand.

use std::fmt::Write;

/// One page that shows a word.
pub(crate) fn page(word: &str) -> Vec<u8> {
    file(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F 5 0 R >> >> >>"
            .to_owned(),
        stream(&format!("BT /F 12 Tf 72 720 Td ({word}) Tj ET")),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ])
}

/// A page whose file says its own title.
pub(super) fn titled(title: &str) -> Vec<u8> {
    let mut file = page(title);
    let info = format!("trailer\n<< /Info << /Title ({title}) >> ");
    let at = file
        .windows(11)
        .position(|at| at == b"trailer\n<< ")
        .unwrap();
    file.splice(at..at + 11, info.into_bytes());
    file
}

/// The same with a script that runs when it is opened.
pub(super) fn scripted() -> Vec<u8> {
    file(&[
        "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"
            .to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
    ])
}

/// So many pages.
pub(super) fn pages(count: usize) -> Vec<u8> {
    let kids: Vec<String> = (0..count).map(|n| format!("{} 0 R", 4 + 2 * n)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!(
            "<< /Type /Pages /Kids [{}] /Count {count} >>",
            kids.join(" ")
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    for n in 0..count {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R \
             /Resources << /Font << /F 3 0 R >> >> >>",
            5 + 2 * n
        ));
        let lines: String = (0..40).fold(String::new(), |mut text, line| {
            let y = 780 - 18 * line;
            let _ = writeln!(text, "BT /F 11 Tf 60 {y} Td (page {n}, line {line}) Tj ET");
            text
        });
        objects.push(stream(&lines));
    }
    file(&objects)
}

fn stream(content: &str) -> String {
    format!(
        "<< /Length {} >>\nstream\n{content}\nendstream",
        content.len()
    )
}

/// Objects 1 and up, a table and a trailer; the first object is the catalog.
fn file(objects: &[String]) -> Vec<u8> {
    let mut out = String::from("%PDF-1.7\n");
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        write!(out, "{} 0 obj\n{object}\nendobj\n", index + 1).unwrap();
    }
    let at = out.len();
    let size = objects.len() + 1;
    write!(
        out,
        "{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n"
    )
    .unwrap();
    out.into_bytes()
}
