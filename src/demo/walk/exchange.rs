//! Step 4: another body's system asks a question.

use crate::demo::error::DemoError;
use crate::demo::folder::SystemCertificate;
use crate::demo::grounds;
use crate::demo::people::AZIZA;
use crate::demo::walk::Scene;
use crate::demo::walk::Visitor;
use crate::demo::walk::tape::{Outcome, Tape};

/// 4. Yes or no, and not the amount.
pub(super) async fn a_system_gets_yes_or_no(
    scene: &Scene,
    tape: &mut Tape<'_>,
) -> Result<(), DemoError> {
    tape.step(4, "Another body's system gets a yes or a no", &[])?;
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    let token = grounds::token(&scene.folder, &scene.places, "social-agency-system").await?;
    let mut system = scene.visitor()?.with_bearer(&token);
    for (threshold, wanted) in [(10_000_000, true), (5_000_000, false)] {
        let reply = system.get(&question(threshold), &purpose).await?;
        tape.keep("answer", &reply)?;
        tape.check(
            &format!("is the income below {threshold}? is answered"),
            Outcome::answered(&reply, 200, None),
        )?;
        tape.check(
            &format!("with {}", if wanted { "yes" } else { "no" }),
            Outcome::equal(&reply.at("/answer"), &wanted.into()),
        )?;
    }
    let probing = system.get(&question(7_341_908), &purpose).await?;
    tape.keep("probing", &probing)?;
    tape.check(
        "a threshold of its own choice is refused: question_not_allowed",
        Outcome::answered(&probing, 400, Some("question_not_allowed")),
    )?;
    let whole = system
        .get(&format!("/pension/records/{AZIZA}"), &purpose)
        .await?;
    tape.keep("whole-record", &whole)?;
    tape.check(
        "the record itself is refused",
        Outcome::of(whole.status.is_client_error(), || whole.status.to_string()),
    )?;
    let bank = grounds::token(&scene.folder, &scene.places, "demo-bank-system").await?;
    let mut bank = scene.visitor()?.with_bearer(&bank);
    let credit = [("muhrdor-purpose", "credit.assess")];
    let without = bank.get(&question(10_000_000), &credit).await?;
    tape.keep("without-consent", &without)?;
    tape.check(
        "a bank without the person's consent is refused: consent_needed",
        Outcome::answered(&without, 403, Some("consent_needed")),
    )?;
    by_certificate(scene, tape, &token).await
}

/// The same system by its certificate instead of a token, at the host for systems.
async fn by_certificate(scene: &Scene, tape: &mut Tape<'_>, token: &str) -> Result<(), DemoError> {
    let certified = |which| Visitor::certified(&scene.folder, &scene.places.systems, which);
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    let mut system = certified(SystemCertificate::SocialAgency)?;
    let reply = system.get(&question(10_000_000), &purpose).await?;
    tape.keep("by-certificate", &reply)?;
    tape.check(
        "by its certificate the system is answered without a token",
        Outcome::answered(&reply, 200, None),
    )?;
    let mut both = certified(SystemCertificate::SocialAgency)?.with_bearer(token);
    let reply = both.get(&question(10_000_000), &purpose).await?;
    tape.keep("two-credentials", &reply)?;
    tape.check(
        "a certificate and a token that knows nothing of it are refused: bad_request",
        Outcome::answered(&reply, 400, Some("bad_request")),
    )?;
    let mut former = certified(SystemCertificate::Former)?;
    let reply = former.get(&question(10_000_000), &purpose).await?;
    tape.keep("revoked-certificate", &reply)?;
    tape.check(
        "a certificate that was revoked is refused: certificate_refused",
        Outcome::answered(&reply, 403, Some("certificate_refused")),
    )
}

fn question(threshold: u64) -> String {
    format!("/pension/records/{AZIZA}/income?below={threshold}")
}
