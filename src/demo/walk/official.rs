//! Step 3: an official, a purpose, a case.

use serde_json::Value;

use crate::demo::error::DemoError;
use crate::demo::folder::CLERK_SECRET;
use crate::demo::http::{Ask, Client, Reply};
use crate::demo::people::{AZIZA, person};
use crate::demo::walk::Scene;
use crate::demo::walk::tape::{Outcome, Tape};
use crate::demo::walk::visitor::{Visitor, parsed, request_id};

/// What step 3 asked, for step 8 to have explained.
#[derive(Debug)]
pub(super) struct Seen {
    /// Number of the request that was allowed.
    pub(super) allowed: String,
    /// Numbers of those that were refused, with the reason each was told.
    pub(super) refused: Vec<(String, String)>,
}

/// 3. Gulnora of the pension fund works on Aziza's case, and on cases she must not work on.
pub(super) async fn an_official_works_on_a_case(
    scene: &Scene,
    tape: &mut Tape<'_>,
) -> Result<(Visitor, Seen), DemoError> {
    let income = person(AZIZA)
        .map_or(0, |aziza| aziza.monthly_income)
        .to_string();
    tape.step(
        3,
        "An official reads a record for a purpose and a case",
        &[&income],
    )?;
    let mut gulnora = scene.visitor()?;
    let signed_in = gulnora
        .sign_in("officials", "gulnora", "gulnora-demo")
        .await?;
    for reply in &signed_in.replies {
        tape.keep("sign-in", reply)?;
    }
    tape.check(
        "Gulnora signs in through the officials' realm",
        Outcome::answered(&signed_in.last, 200, None),
    )?;
    let allowed = ask(&mut gulnora, Some("PF-2026-000117")).await?;
    tape.keep("record", &allowed)?;
    judge_record(tape, &allowed, &income)?;

    let mut refused = refusals(tape, &mut gulnora).await?;
    let before = ask(&mut gulnora, Some("PF-2026-000121")).await?;
    tape.keep("before-closing", &before)?;
    tape.check(
        "with another open case it comes",
        Outcome::answered(&before, 200, None),
    )?;
    close(scene, "PF-2026-000121").await?;
    let after = ask(&mut gulnora, Some("PF-2026-000121")).await?;
    tape.keep("after-closing", &after)?;
    tape.check(
        "a moment after that case was closed it is refused: case_closed",
        Outcome::answered(&after, 403, Some("case_closed")),
    )?;
    refused.push((request_id(&after), "case_closed".to_owned()));
    Ok((
        gulnora,
        Seen {
            allowed: request_id(&allowed),
            refused,
        },
    ))
}

/// The same question with the wrong case, or none.
async fn refusals(
    tape: &mut Tape<'_>,
    gulnora: &mut Visitor,
) -> Result<Vec<(String, String)>, DemoError> {
    let mut refused = Vec::new();
    for (what, case, code) in [
        ("without a case", None, "case_needed"),
        (
            "with a case about someone else",
            Some("PF-2026-000118"),
            "case_of_another",
        ),
        (
            "with a colleague's case",
            Some("PF-2026-000119"),
            "case_not_assigned",
        ),
        (
            "with a case nobody knows",
            Some("PF-2026-999999"),
            "case_unknown",
        ),
    ] {
        let reply = ask(gulnora, case).await?;
        tape.keep("refused", &reply)?;
        tape.check(
            &format!("{what} it is refused: {code}"),
            Outcome::answered(&reply, 403, Some(code)),
        )?;
        refused.push((request_id(&reply), code.to_owned()));
    }
    Ok(refused)
}

async fn ask(official: &mut Visitor, case: Option<&str>) -> Result<Reply, DemoError> {
    let path = format!("/pension/records/{AZIZA}");
    let quoted = case.map(|number| format!("\"{number}\""));
    let mut headers = vec![("muhrdor-purpose", "pension.assess")];
    headers.extend(quoted.as_deref().map(|number| ("muhrdor-case", number)));
    official.get(&path, &headers).await
}

fn judge_record(tape: &mut Tape<'_>, reply: &Reply, income: &str) -> Result<(), DemoError> {
    tape.check(
        "with purpose and case it comes",
        Outcome::answered(reply, 200, None),
    )?;
    let record = reply.json();
    tape.check(
        "with the income in clear",
        Outcome::equal(&reply.at("/monthly_income").to_string().as_str(), &income),
    )?;
    let number = reply.at("/pinfl").as_str().unwrap_or_default().to_owned();
    let last4 = AZIZA.get(10..).unwrap_or_default();
    let first7 = AZIZA.get(..7).unwrap_or_default();
    tape.check(
        "the number masked but for its last four digits",
        Outcome::of(number.ends_with(last4) && !number.contains(first7), || {
            number.clone()
        }),
    )?;
    tape.check(
        "health, telephone and the clerk's note absent",
        Outcome::of(
            ["health", "phone", "clerk_note"]
                .iter()
                .all(|name| record.get(name).is_none()),
            || {
                record
                    .as_object()
                    .map(|o| format!("{:?}", o.keys()))
                    .unwrap_or_default()
            },
        ),
    )?;
    let stored = reply
        .header("cache-control")
        .is_none_or(|value| !value.contains("no-store"));
    tape.check(
        "and no cache may keep it",
        Outcome::of(!stored, || format!("{:?}", reply.header("cache-control"))),
    )
}

/// The clerk closes the case in the body's own system: not through the gateway.
async fn close(scene: &Scene, number: &str) -> Result<Value, DemoError> {
    let url = parsed(&format!(
        "{}/cases/{number}/close",
        scene.places.body_system
    ))?;
    let bearer = format!("Bearer {}", scene.folder.secret(CLERK_SECRET)?);
    let ask = Ask::form(url, &[]).with("authorization", &bearer);
    Ok(Client::plain().send(&ask).await?.json())
}
