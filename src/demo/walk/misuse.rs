//! Steps 6 and 7: what must be refused, and what must wait.

use std::time::Duration;

use ring::rand::SystemRandom;
use serde_json::json;

use crate::demo::error::DemoError;
use crate::demo::http::{Ask, Client, Reply};
use crate::demo::jws::SigningKey;
use crate::demo::people::{AZIZA, FARRUKH};
use crate::demo::walk::Scene;
use crate::demo::walk::tape::{Outcome, Tape};
use crate::demo::walk::visitor::{Visitor, parsed};

/// 6. Made-up assertions, forged purposes, and an upstream that answers about another person.
pub(super) async fn forgeries_are_refused(
    scene: &Scene,
    tape: &mut Tape<'_>,
    gulnora: &mut Visitor,
    aziza: &mut Visitor,
) -> Result<(), DemoError> {
    tape.step(6, "What is made up is refused", &[])?;
    made_up_assertion(scene, tape).await?;

    let path = format!("/pension/records/{AZIZA}");
    let case = ("muhrdor-case", "\"PF-2026-000117\"");
    let forged = gulnora
        .get(&path, &[("muhrdor-purpose", "benefit.assess"), case])
        .await?;
    tape.keep("forged-purpose", &forged)?;
    tape.check(
        "a purpose that is not the official's is refused: purpose_not_bound",
        Outcome::answered(&forged, 403, Some("purpose_not_bound")),
    )?;
    let claims = [("muhrdor-purpose", "pension.assess"), case];
    let posing = aziza
        .get("/pension/records/30209820212045", &claims)
        .await?;
    tape.keep("posing", &posing)?;
    tape.check(
        "an applicant who claims an official's purpose is refused",
        Outcome::answered(&posing, 403, Some("purpose_not_bound")),
    )?;

    let before = alarms(scene).await?;
    let claims = [
        ("muhrdor-purpose", "pension.assess"),
        ("muhrdor-case", "\"PF-2026-000122\""),
    ];
    let wrong = gulnora
        .get(&format!("/pension/records/{FARRUKH}"), &claims)
        .await?;
    tape.keep("wrong-person", &wrong)?;
    tape.check(
        "an upstream that answers about another person is not delivered: subject_mismatch",
        Outcome::answered(&wrong, 502, Some("subject_mismatch")),
    )?;
    let after = alarms(scene).await?;
    tape.check(
        "and the alarm is counted",
        Outcome::of(after > before, || format!("{before} before, {after} after")),
    )
}

/// A client signs an assertion with its own key: to the gateway it is nothing, to the e-service it
/// is a forgery.
async fn made_up_assertion(scene: &Scene, tape: &mut Tape<'_>) -> Result<(), DemoError> {
    let random = SystemRandom::new();
    let claims = json!({
        "iss": scene.places.portal, "aud": "pension-fund", "sub": "me", "acr": 3,
        "iat": 0, "exp": 4_102_444_800_i64,
    });
    let forged = SigningKey::generate(&random)?.sign("muhrdor-assertion+jwt", &claims, &random)?;
    let header = [("muhrdor-assertion", forged.as_str())];
    let path = format!("/pension/records/{AZIZA}");
    let through = scene.visitor()?.get(&path, &header).await?;
    tape.keep("made-up-assertion", &through)?;
    tape.check(
        "an assertion made up by a client gets through no door",
        Outcome::answered(&through, 401, Some("sign_in_needed")),
    )?;
    let beside = parsed(&format!("{}{path}", scene.places.pension_fund).replace("/pension/", "/"))?;
    let ask = Ask::get(beside).with("muhrdor-assertion", &forged);
    let beside = Client::plain().send(&ask).await?;
    tape.keep("past-the-gateway", &beside)?;
    tape.check(
        "and the e-service itself does not believe it",
        Outcome::answered(&beside, 401, None),
    )
}

/// How many alarms about subjects the metrics tell of.
pub(super) async fn alarms(scene: &Scene) -> Result<f64, DemoError> {
    let ask = Ask::get(parsed(&format!("{}/metrics", scene.places.admin))?);
    let reply = Client::plain().send(&ask).await?;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let counted = text
        .lines()
        .filter(|line| line.contains("alarm") && line.contains("subject_mismatch"))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
    Ok(counted.sum())
}

/// 7. Too many requests.
pub(super) async fn too_many_are_told_to_wait(
    scene: &Scene,
    tape: &mut Tape<'_>,
) -> Result<(), DemoError> {
    tape.step(7, "Too many requests", &[])?;
    let mut anyone = scene.visitor()?;
    let mut reply = anyone.get(LIGHT, &[]).await?;
    let mut sent = 1;
    while reply.status == 200 && sent < REQUESTS_MAX {
        reply = anyone.get(LIGHT, &[]).await?;
        sent += 1;
    }
    tape.keep("too-many", &reply)?;
    tape.check(
        "the one too many is told so: too_many_requests",
        Outcome::answered(&reply, 429, Some("too_many_requests")),
    )?;
    let wait = retry_after(&reply);
    tape.check(
        "and when to come again, in Retry-After",
        Outcome::of(wait.is_some(), || {
            format!("{:?}", reply.header("retry-after"))
        }),
    )?;
    let Some(seconds) = wait.filter(|seconds| *seconds <= WAIT_SECONDS_MAX) else {
        return Ok(());
    };
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let again = anyone.get(LIGHT, &[]).await?;
    tape.keep("again", &again)?;
    tape.check(
        "who waits so long is answered",
        Outcome::answered(&again, 200, None),
    )
}

fn retry_after(reply: &Reply) -> Option<u64> {
    reply.header("retry-after")?.parse().ok()
}

const LIGHT: &str = "/civil/info/services";
const REQUESTS_MAX: usize = 20_000;
const WAIT_SECONDS_MAX: u64 = 60;
