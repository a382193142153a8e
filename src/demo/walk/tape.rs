//! What the walk saw: outcomes, received bytes, and what must not be among them.

use std::io::Write;
use std::path::PathBuf;

use crate::demo::error::DemoError;
use crate::demo::folder::write_private;
use crate::demo::http::Reply;
use crate::demo::people::PERSONS;

/// Records the walk and judges it.
pub(super) struct Tape<'a> {
    output: &'a mut (dyn Write + Send),
    folder: PathBuf,
    step: u8,
    /// Received in this step so far.
    kept: usize,
    /// What may be received in this step, of what is otherwise forbidden.
    allowed: Vec<String>,
    all: usize,
    failed: usize,
}

impl<'a> Tape<'a> {
    /// A tape that prints to `output` and keeps what was received in `folder`, emptied first.
    pub(super) fn new(
        folder: PathBuf,
        output: &'a mut (dyn Write + Send),
    ) -> Result<Self, DemoError> {
        let failed = |source| DemoError::Write {
            path: folder.clone(),
            source,
        };
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let allowed = Vec::new();
        Ok(Self {
            output,
            folder,
            step: 0,
            kept: 0,
            allowed,
            all: 0,
            failed: 0,
        })
    }

    /// Begins a step. `allowed` are the canaries that may be received in it.
    pub(super) fn step(
        &mut self,
        number: u8,
        title: &str,
        allowed: &[&str],
    ) -> Result<(), DemoError> {
        self.step = number;
        self.kept = 0;
        self.allowed = allowed.iter().map(|canary| (*canary).to_owned()).collect();
        writeln!(self.output, "{number}. {title}").map_err(DemoError::Output)
    }

    /// Judges one outcome: `found` says what was there when it is wrong.
    pub(super) fn check(&mut self, outcome: &str, found: Outcome) -> Result<(), DemoError> {
        self.all += 1;
        let line = match found {
            Outcome::Right => format!("   ok     {outcome}"),
            Outcome::Wrong(found) => {
                self.failed += 1;
                format!("   WRONG  {outcome}: {found}")
            }
        };
        writeln!(self.output, "{line}").map_err(DemoError::Output)
    }

    /// Keeps an answer of the gateway and searches all of it.
    pub(super) fn keep(&mut self, label: &str, reply: &Reply) -> Result<(), DemoError> {
        self.keep_text(label, &reply.received())
    }

    /// Keeps what was received otherwise and searches it.
    pub(super) fn keep_text(&mut self, label: &str, text: &str) -> Result<(), DemoError> {
        self.kept += 1;
        let name = format!("{}-{:02}-{label}.txt", self.step, self.kept);
        write_private(&self.folder.join(name), text.as_bytes())?;
        let leaked: Vec<String> = canaries()
            .into_iter()
            .filter(|canary| !self.allowed.contains(&canary.value))
            .filter(|canary| {
                canary
                    .spellings
                    .iter()
                    .any(|spelling| text.contains(spelling))
            })
            .map(|canary| canary.what)
            .collect();
        if leaked.is_empty() {
            return Ok(());
        }
        let found = Outcome::Wrong(leaked.join(", "));
        self.check(&format!("nothing is in `{label}` that must not be"), found)
    }

    /// The verdict.
    pub(super) fn finish(self) -> Result<(), DemoError> {
        let right = self.all - self.failed;
        writeln!(self.output, "{right} of {} outcomes were right.", self.all)
            .map_err(DemoError::Output)?;
        if self.failed > 0 {
            return Err(DemoError::Walk {
                failed: self.failed,
                all: self.all,
            });
        }
        Ok(())
    }
}

/// Whether an outcome was right, and what was found where it was not.
#[derive(Debug)]
pub(super) enum Outcome {
    Right,
    Wrong(String),
}

impl Outcome {
    /// Right when the two are equal.
    pub(super) fn equal<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T) -> Self {
        if found == wanted {
            Self::Right
        } else {
            Self::Wrong(format!("{found:?}"))
        }
    }

    /// Right when `holds`; `found` says what was there.
    pub(super) fn of(holds: bool, found: impl FnOnce() -> String) -> Self {
        if holds {
            Self::Right
        } else {
            Self::Wrong(found())
        }
    }

    /// Right when the answer has this status and, for a refusal, this code.
    pub(super) fn answered(reply: &Reply, status: u16, code: Option<&str>) -> Self {
        let told = reply
            .json()
            .get("code")
            .and_then(|c| c.as_str())
            .map(str::to_owned);
        let right = reply.status.as_u16() == status && (code.is_none() || told.as_deref() == code);
        Self::of(right, || {
            format!("{} {}", reply.status.as_u16(), told.unwrap_or_default())
        })
    }
}

/// Something that must be received only where it is due.
struct Canary {
    what: String,
    /// As it is written in `allowed`.
    value: String,
    spellings: Vec<String>,
}

/// Incomes, diagnoses and numbers of everyone on file.
fn canaries() -> Vec<Canary> {
    let mut all = Vec::new();
    for person in PERSONS {
        let income = person.monthly_income;
        let (millions, rest) = (income / 1_000_000, income % 1_000_000);
        let (thousands, ones) = (rest / 1000, rest % 1000);
        let grouped = |by: &str| format!("{millions}{by}{thousands:03}{by}{ones:03}");
        all.push(Canary {
            what: format!("the income of {}", person.name),
            value: income.to_string(),
            spellings: ["", " ", ",", "\u{a0}", "\u{202f}"]
                .into_iter()
                .map(grouped)
                .collect(),
        });
        for (what, value) in [("health", person.diagnosis), ("number", person.pinfl)] {
            all.push(Canary {
                what: format!("the {what} of {}", person.name),
                value: value.to_owned(),
                spellings: vec![value.to_owned()],
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a walk of one step ends with that received `text`.
    fn walked(allowed: &[&str], text: &str) -> Result<(), DemoError> {
        let home = tempfile::tempdir().unwrap();
        let mut printed = Vec::new();
        let mut tape = Tape::new(home.path().join("walk"), &mut printed)?;
        tape.step(1, "One step", allowed)?;
        tape.keep_text("answer", text)?;
        tape.finish()
    }

    #[test]
    fn a_canary_fails_the_walk_in_every_spelling_unless_it_is_due() {
        for text in [
            "{\"monthly_income\":7341907}",
            "<td>7 341 907</td>",
            "<td>7\u{a0}341\u{a0}907</td>",
            "sarcoidosis-D86-aziza",
            "x-subject: 41507850211172",
        ] {
            assert!(
                matches!(walked(&[], text), Err(DemoError::Walk { failed: 1, .. })),
                "{text}"
            );
        }
        assert!(walked(&["7341907"], "{\"monthly_income\":7341907}").is_ok());
        assert!(walked(&["7341907"], "{\"pinfl\":\"41507850211172\"}").is_err());
        assert!(walked(&[], "{\"pinfl\":\"••••••••••1172\"}").is_ok());
    }

    #[test]
    fn what_was_received_is_kept_under_its_step() {
        let home = tempfile::tempdir().unwrap();
        let mut printed = Vec::new();
        let mut tape = Tape::new(home.path().join("walk"), &mut printed).unwrap();
        tape.step(3, "One step", &[]).unwrap();
        tape.keep_text("record", "bytes").unwrap();
        tape.check("it came", Outcome::equal(&1, &2)).unwrap();
        assert!(matches!(
            tape.finish(),
            Err(DemoError::Walk { failed: 1, all: 1 })
        ));
        let kept = std::fs::read_to_string(home.path().join("walk/3-01-record.txt")).unwrap();
        assert_eq!(kept, "bytes");
        let printed = String::from_utf8(printed).unwrap();
        assert!(
            printed.contains("3. One step\n   WRONG  it came: 1\n"),
            "{printed}"
        );
    }
}
