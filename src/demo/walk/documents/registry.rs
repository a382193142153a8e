//! Steps 14 to 16: a document is revoked, a number is given once, the log holds.

use bytes::Bytes;
use http::Method;

use crate::demo::error::DemoError;
use crate::demo::grounds;
use crate::demo::http::Reply;
use crate::demo::people::{AZIZA, BOTIR};
use crate::demo::walk::Scene;
use crate::demo::walk::documents::alone::Alone;
use crate::demo::walk::documents::{Held, ask_for_certificate, check_of, upload};
use crate::demo::walk::misuse::alarms;
use crate::demo::walk::proof::verb;
use crate::demo::walk::tape::{Outcome, Tape};
use crate::demo::walk::visitor::{Visitor, request_id};

/// 14. Only the body that issued it revokes it; then every check says so.
pub(in crate::demo::walk) async fn the_issuer_revokes_it(
    scene: &Scene,
    tape: &mut Tape<'_>,
    held: &Held,
) -> Result<(), DemoError> {
    tape.step(14, "The civil registry revokes it", &[])?;
    let other = revoke(scene, "pension-fund-system").await?;
    tape.keep("by-another", &other)?;
    tape.check(
        "another body's system is refused: not_permitted",
        Outcome::answered(&other, 403, Some("not_permitted")),
    )?;
    let own = revoke(scene, "civil-registry-system").await?;
    tape.keep("by-its-own", &own)?;
    tape.check(
        "the registry's own system revokes it",
        Outcome::equal(&own.at("/status"), &"revoked".into()),
    )?;
    for (reply, outcome) in [(&other, "not_permitted"), (&own, "notary.document.revoke")] {
        let (code, text) = verb(scene, &["explain"], Some(&request_id(reply))).await?;
        let says = code == Some(0) && text.contains(outcome);
        tape.check(
            &format!("the journal has it: {outcome}"),
            Outcome::of(says, || format!("exit {code:?}, {text}")),
        )?;
    }
    let mut stranger = scene.visitor()?;
    let by_code = stranger.get(&check_of(held), &[]).await?;
    tape.keep("by-code", &by_code)?;
    let by_file = upload(&mut stranger, &held.file).await?;
    tape.keep("by-file", &by_file)?;
    for (way, reply) in [("by code", &by_code), ("by file", &by_file)] {
        tape.check(
            &format!("every check says so, {way}: revoked"),
            Outcome::equal(&reply.at("/result"), &"revoked".into()),
        )?;
    }
    let status = newest_list(&mut stranger).await?;
    tape.keep("status-list", &status)?;
    let alone = Alone::new(scene)?;
    let (code, text) = alone.verify(scene, &held.file, Some(&status.body)).await?;
    tape.keep_text("verify", &text)?;
    let says = code == Some(1) && text.starts_with("revoked");
    tape.check(
        "and alone with the new list: revoked",
        Outcome::of(says, || format!("exit {code:?}, {text}")),
    )
}

/// 15. One number, one seal.
pub(in crate::demo::walk) async fn a_number_is_given_once(
    scene: &Scene,
    tape: &mut Tape<'_>,
    aziza: &mut Visitor,
) -> Result<(), DemoError> {
    tape.step(15, "A number is given once", &[BOTIR])?;
    let portal = &scene.places.portal;
    let mut botir = scene.visitor()?;
    let signed_in = botir.sign_in("applicants", "botir", "botir-demo").await?;
    tape.check(
        "Botir signs in",
        Outcome::answered(&signed_in.last, 200, None),
    )?;
    let first = ask_for_certificate(&mut botir, portal, BOTIR, None).await?;
    tape.keep("first", &first)?;
    let again = ask_for_certificate(&mut botir, portal, BOTIR, None).await?;
    let same = first.status == 200 && first.body == again.body;
    tape.check(
        "the same number with the same bytes has the same seal",
        Outcome::of(same, || format!("{} and {}", first.status, again.status)),
    )?;
    let other = ask_for_certificate(&mut botir, portal, BOTIR, Some("other-bytes")).await?;
    tape.keep("other-bytes", &other)?;
    tape.check(
        "with other bytes it is refused: document_number_taken",
        Outcome::answered(&other, 409, Some("document_number_taken")),
    )?;
    let before = alarms(scene).await?;
    let wrong = ask_for_certificate(aziza, portal, AZIZA, Some("other-person")).await?;
    tape.keep("other-person", &wrong)?;
    tape.check(
        "a certificate about another person is not delivered: subject_mismatch",
        Outcome::answered(&wrong, 502, Some("subject_mismatch")),
    )?;
    let after = alarms(scene).await?;
    tape.check(
        "and the alarm is counted",
        Outcome::of(after > before, || format!("{before} before, {after} after")),
    )
}

/// 16. The documents' log.
pub(in crate::demo::walk) async fn the_log_holds(
    scene: &Scene,
    tape: &mut Tape<'_>,
) -> Result<(), DemoError> {
    tape.step(16, "The documents' log holds", &[])?;
    let (code, text) = verb(scene, &["tlog", "verify"], None).await?;
    tape.keep_text("tlog-verify", &text)?;
    tape.check(
        "tlog verify finds every entry in its tree",
        Outcome::of(code == Some(0), || text.clone()),
    )?;
    let mut stranger = scene.visitor()?;
    let checkpoint = stranger.get("/tlog/checkpoint", &[]).await?;
    tape.keep("checkpoint", &checkpoint)?;
    let note = String::from_utf8_lossy(&checkpoint.body).into_owned();
    let root = note.lines().nth(2).unwrap_or("none");
    tape.check(
        "and its root is the one that everyone is shown",
        Outcome::of(text.contains(root), || format!("{root} is not in {text}")),
    )?;
    let size = note.lines().nth(1).unwrap_or("0");
    let tile = stranger
        .get(&format!("/tlog/tile/entries/000.p/{size}"), &[])
        .await?;
    tape.keep("entries", &tile)?;
    tape.check(
        "whose entries anyone may read",
        Outcome::answered(&tile, 200, None),
    )
}

async fn revoke(scene: &Scene, client: &str) -> Result<Reply, DemoError> {
    let token = grounds::token(&scene.folder, &scene.places, client).await?;
    let mut system = scene.visitor()?.with_bearer(&token);
    let path = format!("/notary/v1/documents/{CERTIFICATE}/revocation");
    let purpose = [("muhrdor-purpose", "document.revoke")];
    system
        .ask(Method::POST, &path, &purpose, Bytes::new())
        .await
}

/// A list is signed anew each second.
async fn newest_list(stranger: &mut Visitor) -> Result<Reply, DemoError> {
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    stranger.get("/verify/status", &[]).await
}

/// The number of Aziza's birth certificate.
const CERTIFICATE: &str = "TG-1985-021117";
