//! Steps 10 to 13: a document is issued, checked by a stranger, opened by whoever holds the paper,
//! and tampered with.

mod alone;
mod paper;
mod registry;

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::demo::error::DemoError;
use crate::demo::http::Reply;
use crate::demo::people::{AZIZA, person};
use crate::demo::walk::Scene;
use crate::demo::walk::documents::alone::Alone;
use crate::demo::walk::tape::{Outcome, Tape};
use crate::demo::walk::visitor::Visitor;

pub use paper::Paper;
pub(super) use registry::{a_number_is_given_once, the_issuer_revokes_it, the_log_holds};

/// A document that the walk was given.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) file: Bytes,
    paper: Paper,
}

/// Asks for one's own birth certificate; the words of a mistake make the registry make it.
async fn ask_for_certificate(
    visitor: &mut Visitor,
    portal: &str,
    pinfl: &str,
    mistake: Option<&str>,
) -> Result<Reply, DemoError> {
    let body = match mistake {
        Some(mistake) => format!("{{\"mistake\":\"{mistake}\"}}"),
        None => "{}".to_owned(),
    };
    let headers = [
        ("accept", "application/pdf"),
        ("content-type", "application/json"),
        ("origin", portal),
    ];
    let path = format!("/civil/records/{pinfl}/birth-certificate");
    visitor
        .ask(Method::POST, &path, &headers, Bytes::from(body))
        .await
}

/// 10. The applicant asks for a birth certificate, and gets it sealed.
pub(super) async fn a_certificate_is_issued(
    scene: &Scene,
    tape: &mut Tape<'_>,
    aziza: &mut Visitor,
) -> Result<Option<Held>, DemoError> {
    tape.step(10, "The applicant asks for a birth certificate", &[AZIZA])?;
    let reply = ask_for_certificate(aziza, &scene.places.portal, AZIZA, None).await?;
    tape.keep("certificate", &reply)?;
    tape.check("it comes, a PDF", Outcome::answered(&reply, 200, None))?;
    let told = reply.header("muhrdor-document").is_none();
    tape.check(
        "what the registry said about it to the gateway does not",
        Outcome::of(told, || "the header came along".to_owned()),
    )?;
    let paper = Paper::read(&reply.body);
    tape.check(
        "its code and its access code are printed beside the seal",
        Outcome::of(paper.is_some(), || format!("{} bytes", reply.body.len())),
    )?;
    Ok(paper.map(|paper| Held {
        file: reply.body,
        paper,
    }))
}

/// 11. A third party checks it: by its code, by the file, and alone with the trust file.
pub(super) async fn a_stranger_checks_it(
    scene: &Scene,
    tape: &mut Tape<'_>,
    held: &Held,
) -> Result<(), DemoError> {
    tape.step(11, "A third party checks it", &[])?;
    let mut stranger = scene.visitor()?;
    let by_code = stranger.get(&check_of(held), &[]).await?;
    tape.keep("by-code", &by_code)?;
    tape.check(
        "by the code of its QR: there is such a document",
        Outcome::equal(&by_code.at("/result"), &"registered".into()),
    )?;
    let name = person(AZIZA).map_or("", |aziza| aziza.name);
    let silent = !by_code.received().contains(name);
    tape.check(
        "with nothing about a person in the answer",
        Outcome::of(silent, || by_code.received()),
    )?;
    let shouted = format!("/VERIFY/{}", held.paper.code);
    let shouted = stranger.get(&shouted, &[]).await?;
    tape.check(
        "also at the address as it is printed, in capitals",
        Outcome::equal(&shouted.at("/result"), &"registered".into()),
    )?;
    let by_file = upload(&mut stranger, &held.file).await?;
    tape.keep("by-file", &by_file)?;
    tape.check(
        "by the file: genuine",
        Outcome::equal(&by_file.at("/result"), &"genuine".into()),
    )?;
    let status = stranger.get("/verify/status", &[]).await?;
    tape.keep("status-list", &status)?;
    let alone = Alone::new(scene)?;
    let (code, text) = alone.verify(scene, &held.file, None).await?;
    tape.keep_text("verify", &text)?;
    let says = code == Some(0) && text.starts_with("genuine") && text.contains("unknown after");
    tape.check(
        "alone, in an empty folder with the trust file: genuine, status unknown after it was sealed",
        Outcome::of(says, || format!("exit {code:?}, {text}")),
    )?;
    let (code, text) = alone.verify(scene, &held.file, Some(&status.body)).await?;
    tape.keep_text("verify-status", &text)?;
    let says = code == Some(0) && text.contains("not revoked as of");
    tape.check(
        "and with a list of revoked documents: not revoked",
        Outcome::of(says, || format!("exit {code:?}, {text}")),
    )
}

/// 12. The access code opens it; guessing does not; the holder sees who looked.
pub(super) async fn the_paper_opens_it(
    scene: &Scene,
    tape: &mut Tape<'_>,
    held: &Held,
    aziza: &mut Visitor,
) -> Result<(), DemoError> {
    tape.step(12, "Whoever holds the paper opens it", &[AZIZA])?;
    let (view, original) = (
        format!("{}/view", check_of(held)),
        format!("{}/document", check_of(held)),
    );
    let mut holder = scene.visitor()?;
    for path in [&view, &original] {
        let closed = holder.get(path, &[]).await?;
        tape.keep("closed", &closed)?;
        tape.check(
            "without the access code it stays closed",
            Outcome::answered(&closed, 403, Some("document_not_presented")),
        )?;
    }
    let opened = try_access(&mut holder, held, &held.paper.access).await?;
    let token = opened.at("/access").as_str().unwrap_or_default().to_owned();
    tape.check("with it, it opens", Outcome::answered(&opened, 200, None))?;
    let shown = [("muhrdor-document-access", token.as_str())];
    let masked = holder.get(&view, &shown).await?;
    tape.keep("masked-view", &masked)?;
    tape.check(
        "the masked view comes",
        Outcome::answered(&masked, 200, None),
    )?;
    let name = masked.at("/details/name/0");
    let is_masked = name.as_str().is_some_and(|name| name != "Aziza Karimova");
    tape.check(
        "with the name shown in part",
        Outcome::of(is_masked, || name.to_string()),
    )?;
    let whole = holder.get(&original, &shown).await?;
    tape.check(
        "and the original, the same to the byte",
        Outcome::of(whole.body == held.file, || {
            format!("{} bytes", whole.body.len())
        }),
    )?;
    let mut last = opened;
    for _ in 0..GUESSES {
        last = try_access(&mut holder, held, "AAAA-AAAA").await?;
    }
    tape.keep("guessing", &last)?;
    tape.check(
        "who guesses has to wait after five tries: too_many_requests",
        Outcome::answered(&last, 429, Some("too_many_requests")),
    )?;
    let journal = aziza.get("/my/journal", &[]).await?;
    tape.keep("journal", &journal)?;
    let seen = entries(&journal).any(|entry| {
        entry.pointer("/purpose/code").and_then(Value::as_str) == Some("document.check")
    });
    tape.check(
        "the holder finds the look in \"who saw my data\"",
        Outcome::of(seen, || journal.json().to_string()),
    )
}

/// 13. What is not as it was sealed is found out.
pub(super) async fn tampering_is_found_out(
    scene: &Scene,
    tape: &mut Tape<'_>,
    held: &Held,
) -> Result<(), DemoError> {
    tape.step(13, "What was tampered with is found out", &[])?;
    let mut stranger = scene.visitor()?;
    let mut flipped = held.file.to_vec();
    let middle = flipped.len() / 4;
    if let Some(byte) = flipped.get_mut(middle) {
        *byte ^= 1;
    }
    let appended = [&held.file[..], b"1 0 obj\n<< >>\nendobj\n"].concat();
    for (what, file, wanted) in [
        ("one bit flipped", flipped, "altered"),
        ("something added behind it", appended, "altered"),
        ("another PDF", OTHER_PDF.to_vec(), "not-ours"),
    ] {
        let reply = upload(&mut stranger, &Bytes::from(file)).await?;
        tape.keep("tampered", &reply)?;
        tape.check(
            &format!("{what}: {wanted}"),
            Outcome::equal(&reply.at("/result"), &wanted.into()),
        )?;
    }
    Ok(())
}

fn check_of(held: &Held) -> String {
    format!("/verify/{}", held.paper.code)
}

async fn upload(visitor: &mut Visitor, file: &Bytes) -> Result<Reply, DemoError> {
    let headers = [("content-type", "application/pdf")];
    visitor
        .ask(Method::POST, "/verify", &headers, file.clone())
        .await
}

async fn try_access(visitor: &mut Visitor, held: &Held, access: &str) -> Result<Reply, DemoError> {
    let path = format!("{}/access", check_of(held));
    let body = format!("{{\"access\":\"{access}\"}}");
    let headers = [("content-type", "application/json")];
    visitor
        .ask(Method::POST, &path, &headers, Bytes::from(body))
        .await
}

fn entries(journal: &Reply) -> impl Iterator<Item = Value> {
    let told = journal.at("/entries");
    told.as_array().cloned().unwrap_or_default().into_iter()
}

const GUESSES: usize = 5;
/// The smallest file that is a PDF.
const OTHER_PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n\
xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000058 00000 n \n0000000115 00000 n \n\
trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n183\n%%EOF\n";
