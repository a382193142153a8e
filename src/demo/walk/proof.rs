//! Steps 8 and 9: why it was so, and that nobody changed what is written about it.

use tokio::process::Command;

use crate::demo::error::DemoError;
use crate::demo::walk::Scene;
use crate::demo::walk::official::Seen;
use crate::demo::walk::tape::{Outcome, Tape};

/// 8. `explain` tells why step 3 was allowed, and why the rest was not.
pub(super) async fn each_decision_is_explained(
    scene: &Scene,
    tape: &mut Tape<'_>,
    seen: &Seen,
) -> Result<(), DemoError> {
    tape.step(8, "Every decision can be explained", &[])?;
    let (code, text) = verb(scene, &["explain"], Some(&seen.allowed)).await?;
    tape.keep_text("explain-allowed", &text)?;
    let says = code == Some(0) && text.contains("case-officer-income");
    tape.check(
        "why the record came: the rule case-officer-income",
        Outcome::of(says, || first_line(code, &text)),
    )?;
    for (request, reason) in &seen.refused {
        let (code, text) = verb(scene, &["explain"], Some(request)).await?;
        tape.keep_text("explain-refused", &text)?;
        let says = code == Some(0) && text.contains(reason.as_str());
        tape.check(
            &format!("why another did not: {reason}"),
            Outcome::of(says, || first_line(code, &text)),
        )?;
    }
    Ok(())
}

/// 9. `journal verify`.
pub(super) async fn the_journal_holds(scene: &Scene, tape: &mut Tape<'_>) -> Result<(), DemoError> {
    tape.step(9, "The journal holds", &[])?;
    let (code, text) = verb(scene, &["journal", "verify"], None).await?;
    tape.keep_text("journal-verify", &text)?;
    tape.check(
        "journal verify finds every entry in its chain and tree",
        Outcome::of(code == Some(0), || first_line(code, &text)),
    )
}

/// Runs a verb of the program on this run's config: exit code, and what it said.
pub(super) async fn verb(
    scene: &Scene,
    words: &[&str],
    argument: Option<&str>,
) -> Result<(Option<i32>, String), DemoError> {
    let output = Command::new(&scene.program)
        .args(words)
        .arg("--config")
        .arg(&scene.places.config)
        .args(argument)
        .output()
        .await
        .map_err(|source| DemoError::Start {
            part: "explain and journal",
            source,
        })?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.code(), text))
}

fn first_line(code: Option<i32>, text: &str) -> String {
    format!("exit {code:?}, {}", text.lines().next().unwrap_or_default())
}
