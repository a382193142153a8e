//! "Who saw my data": newest first, a section a day, own looks folded.

use askama::Template;

use super::{Fact, Shell, finish};
use crate::console::moment;
use crate::console::shape::{Basis, Certainty, Entry, Journal, Mark, Role, Shown};
use crate::domain::time::Timestamp;
use crate::wire::pages::Page;

#[derive(Template)]
#[template(path = "journal.html")]
struct JournalPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    /// Said instead of a list: it is empty, or withheld.
    notice: Option<String>,
    days: Vec<Day>,
    newest: Option<String>,
    older: Option<String>,
}

struct Day {
    anchor: String,
    date: String,
    lines: Vec<Line>,
}

enum Line {
    Own(Own),
    Other(Other),
}

/// The person's own looks that stand next to each other.
struct Own {
    summary: String,
    looks: Vec<Look>,
}

struct Look {
    clock: String,
    service: String,
    classes: String,
}

/// A look by somebody else.
struct Other {
    clock: String,
    body: String,
    marks: Vec<String>,
    facts: Vec<Fact>,
    details: Vec<Fact>,
}

pub(super) fn page(shell: &Shell<'_>, journal: &Journal) -> Page {
    let entries = journal.entries.as_ref().map(|entries| entries.0.as_slice());
    let notice = notice(shell, entries, journal);
    let page = JournalPage {
        shell,
        title: shell.say("journal-title").into_owned(),
        notice,
        days: days(shell, entries.unwrap_or_default()),
        newest: journal.before.map(|_| shell.at_start()),
        older: journal.next.map(|next| shell.at("before", next)),
    };
    finish(shell, &page)
}

fn notice(shell: &Shell<'_>, entries: Option<&[Entry]>, journal: &Journal) -> Option<String> {
    let since = journal.since.as_deref().and_then(Timestamp::parse);
    let said = match (entries, since) {
        (None, _) => shell.say("journal-withheld"),
        (Some([_, ..]), _) => return None,
        (Some([]), _) if journal.before.is_some() => shell.say("journal-empty-page"),
        (Some([]), Some(since)) => shell.fill("journal-empty", &[("what", &moment::date(since))]),
        (Some([]), None) => shell.say("journal-empty-ever"),
    };
    Some(said.into_owned())
}

/// Entries come newest first and stay so; neighbours of one day share a section, neighbours of
/// the person's own share a line.
fn days(shell: &Shell<'_>, entries: &[Entry]) -> Vec<Day> {
    let dated: Vec<_> = entries
        .iter()
        .map(|entry| (entry.at.as_deref().and_then(Timestamp::parse), entry))
        .collect();
    let date = |at: Option<Timestamp>| at.map(moment::date).unwrap_or_default();
    dated
        .chunk_by(|(one, _), (next, _)| date(*one) == date(*next))
        .enumerate()
        .map(|(index, of_day)| Day {
            anchor: format!("day-{index}"),
            date: of_day.first().map(|(at, _)| date(*at)).unwrap_or_default(),
            lines: lines(shell, of_day),
        })
        .collect()
}

fn lines(shell: &Shell<'_>, entries: &[(Option<Timestamp>, &Entry)]) -> Vec<Line> {
    let is_own = |entry: &Entry| entry.mark == Some(Mark::Own);
    let mut lines = Vec::new();
    for group in entries.chunk_by(|(_, one), (_, next)| is_own(one) && is_own(next)) {
        match group {
            [(at, entry)] if !is_own(entry) => lines.push(Line::Other(other(shell, *at, entry))),
            _ => lines.push(Line::Own(own(shell, group))),
        }
    }
    lines
}

fn own(shell: &Shell<'_>, entries: &[(Option<Timestamp>, &Entry)]) -> Own {
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    let look = |(at, entry): &(Option<Timestamp>, &Entry)| Look {
        clock: at.map(moment::clock).unwrap_or_default(),
        service: entry
            .service
            .as_ref()
            .map(|s| shell.of(&s.names).to_owned())
            .unwrap_or_default(),
        classes: classes(shell, entry, Shown::Clear).unwrap_or_default(),
    };
    Own {
        summary: shell.count("journal-own", count).into_owned(),
        looks: entries.iter().map(look).collect(),
    }
}

fn other(shell: &Shell<'_>, at: Option<Timestamp>, entry: &Entry) -> Other {
    let representative = entry.mark == Some(Mark::Representative);
    let body = match &entry.body {
        Some(body) => shell.of(&body.names).to_owned(),
        None if representative => shell.say("entry-representative").into_owned(),
        None => shell.say("entry-unknown-body").into_owned(),
    };
    let possible = entry.certainty == Some(Certainty::Possible);
    let relative = entry.role == Some(Role::Relative);
    let marks = [(possible, "entry-possible"), (relative, "entry-relative")];
    let marks = marks
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, key)| shell.say(key).into_owned());
    Other {
        clock: at.map(moment::clock).unwrap_or_default(),
        body,
        marks: marks.collect(),
        facts: facts(shell, entry),
        details: details(shell, entry),
    }
}

/// What stands in the open: which kinds of data, what for, under which law.
fn facts(shell: &Shell<'_>, entry: &Entry) -> Vec<Fact> {
    let shown = [
        (Shown::Clear, "entry-clear"),
        (Shown::Masked, "entry-masked"),
        (Shown::Verified, "entry-verified"),
    ];
    let mut facts: Vec<_> = shown
        .into_iter()
        .filter_map(|(form, key)| Some(Fact::new(shell.say(key), classes(shell, entry, form)?)))
        .collect();
    if facts.is_empty() {
        facts.push(Fact::new(shell.say("entry-clear"), shell.say("entry-none")));
    }
    if let Some(purpose) = &entry.purpose {
        facts.push(Fact::new(
            shell.say("entry-purpose"),
            shell.of(&purpose.titles),
        ));
    }
    if !entry.bases.is_empty() {
        let laws: Vec<_> = entry.bases.iter().map(|basis| law(shell, basis)).collect();
        facts.push(Fact::new(shell.say("entry-law"), laws.join("; ")));
    }
    facts
}

/// What stands behind "Why?".
fn details(shell: &Shell<'_>, entry: &Entry) -> Vec<Fact> {
    let rules: Vec<_> = entry
        .rules
        .iter()
        .map(|rule| shell.of(&rule.titles))
        .collect();
    let rules = (!rules.is_empty()).then(|| rules.join("\n"));
    let place = entry.proof.as_ref().map(|proof| proof.position.to_string());
    let service = entry
        .service
        .as_ref()
        .map(|s| shell.of(&s.names).to_owned());
    let said = [
        ("entry-rules", rules),
        ("entry-absent", classes(shell, entry, Shown::Absent)),
        ("entry-service", service),
        ("entry-official", official(shell, entry)),
        ("entry-system", entry.system.clone()),
        ("entry-case", entry.case.clone()),
        ("entry-place", place),
        ("entry-number", entry.id.clone()),
    ];
    said.into_iter()
        .filter_map(|(key, text)| Some(Fact::new(shell.say(key), text?)))
        .collect()
}

fn official(shell: &Shell<'_>, entry: &Entry) -> Option<String> {
    let official = entry.official.as_ref()?;
    let number = shell.fill("entry-official-number", &[("what", &official.number)]);
    Some(match official.position.as_deref() {
        Some(position) if !position.is_empty() => format!("{position}, {number}"),
        Some(_) | None => number.into_owned(),
    })
}

/// The kinds of data that left in this form, in words.
fn classes(shell: &Shell<'_>, entry: &Entry, form: Shown) -> Option<String> {
    let of_form = entry.classes.iter().filter(|class| class.form == form);
    let titles: Vec<_> = of_form.map(|class| shell.of(&class.titles)).collect();
    (!titles.is_empty()).then(|| titles.join(", "))
}

pub(super) fn law(shell: &Shell<'_>, basis: &Basis) -> String {
    let values = [
        ("act", basis.act.as_str()),
        ("article", basis.article.as_str()),
    ];
    format!(
        "{} ({})",
        shell.of(&basis.titles),
        shell.fill("entry-article", &values)
    )
}
