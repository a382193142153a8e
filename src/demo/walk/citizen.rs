//! Steps 1, 2 and 5: what anyone reads, and what an applicant sees of themself.

use std::time::Duration;

use serde_json::Value;

use crate::demo::error::DemoError;
use crate::demo::people::{AZIZA, KAMOLA, person};
use crate::demo::walk::Scene;
use crate::demo::walk::tape::{Outcome, Tape};
use crate::demo::walk::visitor::Visitor;

/// 1. An information service, signed in as nobody.
pub(super) async fn anyone_reads_information(
    scene: &Scene,
    tape: &mut Tape<'_>,
) -> Result<(), DemoError> {
    tape.step(1, "Anyone reads an information service", &[])?;
    let mut anyone = scene.visitor()?;
    let page = anyone
        .get("/civil/info", &[("accept", "text/html")])
        .await?;
    tape.keep("information", &page)?;
    tape.check(
        "the page comes without signing in",
        Outcome::answered(&page, 200, None),
    )?;
    let long = page.body.len() > LONG_BYTES && page.body.ends_with(b"</html>\n");
    tape.check(
        "it is long and whole",
        Outcome::of(long, || format!("{} bytes", page.body.len())),
    )?;
    let streamed = page.header("content-length").is_none() && page.pieces > 1;
    tape.check(
        "it is streamed, its length unknown when it began",
        Outcome::of(streamed, || format!("{:?}", page.header("content-length"))),
    )?;
    let closed = anyone.get(&format!("/civil/records/{AZIZA}"), &[]).await?;
    tape.keep("record-of-nobody", &closed)?;
    tape.check(
        "a record does not come without signing in",
        Outcome::answered(&closed, 401, Some("sign_in_needed")),
    )
}

/// 2. Signed in, one's own record. Gives the visitor, still signed in.
pub(super) async fn an_applicant_sees_their_record(
    scene: &Scene,
    tape: &mut Tape<'_>,
) -> Result<Visitor, DemoError> {
    let income = person(AZIZA)
        .map_or(0, |aziza| aziza.monthly_income)
        .to_string();
    let diagnosis = person(AZIZA).map_or("", |aziza| aziza.diagnosis);
    let own = [AZIZA, KAMOLA, income.as_str(), diagnosis];
    tape.step(2, "An applicant signs in and sees their own record", &own)?;
    let mut aziza = scene.visitor()?;
    let signed_in = aziza.sign_in("applicants", "aziza", "aziza-demo").await?;
    for reply in &signed_in.replies {
        tape.keep("sign-in", reply)?;
    }
    tape.check(
        "Aziza signs in through the applicants' realm",
        Outcome::answered(&signed_in.last, 200, None),
    )?;
    let civil = aziza.get(&format!("/civil/records/{AZIZA}"), &[]).await?;
    tape.keep("civil-record", &civil)?;
    tape.check(
        "her civil record comes",
        Outcome::answered(&civil, 200, None),
    )?;
    tape.check(
        "her name is in it",
        Outcome::equal(&civil.at("/name"), &"Aziza Karimova".into()),
    )?;
    tape.check(
        "her husband's telephone is not",
        Outcome::equal(&civil.at("/relatives/0/phone"), &Value::Null),
    )?;
    tape.check(
        "nor is what the registry notes for itself",
        Outcome::equal(&civil.at("/registry_note"), &Value::Null),
    )?;
    let pension = aziza.get(&format!("/pension/records/{AZIZA}"), &[]).await?;
    tape.keep("pension-record", &pension)?;
    tape.check(
        "her pension record comes",
        Outcome::answered(&pension, 200, None),
    )?;
    tape.check(
        "her income is in it",
        Outcome::equal(&pension.at("/monthly_income").to_string(), &income),
    )?;
    let other = aziza.get("/civil/records/30209820212045", &[]).await?;
    tape.keep("record-of-another", &other)?;
    tape.check(
        "another person's record does not come",
        Outcome::of(other.status.is_client_error(), || other.status.to_string()),
    )?;
    Ok(aziza)
}

/// 5. Who saw my data. What was seen a moment ago stands there within seconds.
pub(super) async fn the_applicant_finds_who_saw(
    aziza: &mut Visitor,
    tape: &mut Tape<'_>,
) -> Result<(), DemoError> {
    tape.step(5, "The applicant opens \"who saw my data\"", &[])?;
    let mut journal = aziza.get("/my/journal", &[]).await?;
    for _ in 0..TRIES_MAX {
        if entry(&journal.json(), "social-agency", "benefit.assess").is_some() {
            break;
        }
        tokio::time::sleep(TRY_PAUSE).await;
        journal = aziza.get("/my/journal", &[]).await?;
    }
    tape.keep("journal", &journal)?;
    tape.check("the journal comes", Outcome::answered(&journal, 200, None))?;
    let told = journal.json();
    for (body, purpose, form) in [
        ("pension-fund", "pension.assess", "clear"),
        ("social-agency", "benefit.assess", "verified"),
    ] {
        let Some(entry) = entry(&told, body, purpose) else {
            let found = Outcome::Wrong("no such entry".to_owned());
            tape.check(&format!("{body} is in it with purpose {purpose}"), found)?;
            continue;
        };
        tape.check(
            &format!("{body} is in it with purpose {purpose}"),
            Outcome::Right,
        )?;
        let based = list(entry, "bases").next().is_some();
        tape.check(
            &format!("with the legal basis of {body}"),
            Outcome::of(based, || entry.to_string()),
        )?;
        let income = list(entry, "classes")
            .any(|class| is(class, "/code", "income") && is(class, "/form", form));
        tape.check(
            &format!("and income as `{form}`, without its value"),
            Outcome::of(income, || entry.to_string()),
        )?;
    }
    Ok(())
}

/// The newest entry of a body for a purpose that showed anything.
fn entry<'a>(journal: &'a Value, body: &str, purpose: &str) -> Option<&'a Value> {
    list(journal, "entries").find(|entry| {
        is(entry, "/body/code", body)
            && is(entry, "/purpose/code", purpose)
            && list(entry, "classes").next().is_some()
    })
}

fn is(value: &Value, pointer: &str, wanted: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_str) == Some(wanted)
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

const LONG_BYTES: usize = 300 * 1024;
const TRIES_MAX: usize = 25;
const TRY_PAUSE: Duration = Duration::from_millis(200);
