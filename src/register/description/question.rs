//! A yes-or-no question about one number that itself does not leave.

use crate::domain::name::DataClass;
use crate::domain::operation::{Comparison, Contract, Mode, Question};
use crate::domain::sheet::Table;
use crate::register::KnownNames;
use crate::register::description::selector::Selector;
use crate::register::description::{NAME_MEND, unknown_word, word};

/// Reads `[operation.verify]`.
pub(super) fn read(table: &mut Table<'_>, known: &KnownNames) -> Option<Question> {
    let name = table.need_parsed("name", "write a name such as `income-below`", query_name);
    let pointer = table.need::<String>("pointer");
    if let Some(pointer) = &pointer
        && let Err(what) = Selector::parse_pointer(&pointer.value)
    {
        table.note(
            pointer.line,
            what,
            "write the pointer to a number, such as `/income`",
        );
    }
    let class = table.need_parsed("class", NAME_MEND, DataClass::parse);
    if let Some(class) = class
        .as_ref()
        .filter(|class| !known.classes.contains(&class.value))
    {
        unknown_word(table, class.line, "data class", class.value.as_str());
    }
    let comparison = table.need_parsed("is", "write `below` or `at-least`", word::<Comparison>);
    let parameter = table.need_parsed("parameter", "write a name such as `below`", query_name);
    let thresholds = table.list::<i64>("thresholds");
    if thresholds.is_empty() {
        let what = "the question allows no threshold";
        table.note(
            table.line(),
            what,
            "write `thresholds`, the few numbers that may be asked for",
        );
    }
    if thresholds.len() > THRESHOLDS_MAX {
        let what = format!(
            "{} thresholds let the value be searched for",
            thresholds.len()
        );
        table.note(
            table.line(),
            what,
            format!("write {THRESHOLDS_MAX} at most"),
        );
    }
    Some(Question {
        name: name?.value,
        pointer: pointer?.value,
        class: class?.value,
        comparison: comparison?.value,
        parameter: parameter?.value,
        thresholds: thresholds
            .into_iter()
            .map(|threshold| threshold.value)
            .collect(),
    })
}

/// Whether each good answer classifies the number as the question does.
pub(super) fn is_classified(question: &Question, contracts: &[Contract]) -> bool {
    let Ok(pointer) = Selector::parse_pointer(&question.pointer) else {
        return true;
    };
    let good: Vec<_> = contracts
        .iter()
        .filter(|contract| contract.status < 300)
        .collect();
    let classified = |contract: &&Contract| match &contract.mode {
        Mode::Public | Mode::Whole { .. } => false,
        Mode::Fields(map) => map.entries.iter().any(|entry| {
            let selector = Selector::parse(&entry.selector);
            entry.class == question.class && selector.is_ok_and(|s| s.contains(&pointer))
        }),
    };
    !good.is_empty() && good.iter().all(classified)
}

/// A name that stands in a query without escapes.
pub(super) fn query_name(given: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if given.is_empty() || !given.bytes().all(plain) {
        return Err(format!("`{given}` is not a name of a-z, 0-9, `_` and `-`"));
    }
    Ok(given.to_owned())
}

/// More steps than this and the answers add up to the value.
const THRESHOLDS_MAX: usize = 16;
