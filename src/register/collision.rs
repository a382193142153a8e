//! What is right in each file and wrong in all of them together.

use std::collections::BTreeMap;

use crate::domain::problem::Problem;
use crate::register::description::{Described, DescribedOperation};
use crate::register::template::Overlap;

/// Names given twice, prefixes that cover each other, paths that two operations answer.
pub(super) fn find(described: &[Described]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut services = BTreeMap::new();
    let mut operations = BTreeMap::new();
    for (position, one) in described.iter().enumerate() {
        if let Some(first) = services.insert(&one.service.id, one) {
            let what = format!("the e-service `{}` is described twice", one.service.id);
            problems.push(one.problem(one.line, what, also_in(first, first.line)));
        }
        for operation in &one.operations {
            let id = &operation.operation.id;
            if let Some((other, line)) = operations.insert(id, (one, operation.line)) {
                let what = format!("the operation `{id}` is described twice");
                problems.push(one.problem(operation.line, what, also_in(other, line)));
            }
        }
        let earlier = described.iter().take(position);
        problems.extend(earlier.filter_map(|other| covering(other, one)));
        problems.extend(ambiguous(one));
    }
    problems
}

/// Two services on one host of which one lies under the other's prefix.
fn covering(earlier: &Described, later: &Described) -> Option<Problem> {
    let (one, two) = (&earlier.service, &later.service);
    let host = two.hosts.iter().find(|host| one.hosts.contains(host))?;
    if !is_under(&one.prefix, &two.prefix) && !is_under(&two.prefix, &one.prefix) {
        return None;
    }
    let what = format!(
        "the prefix `{}` and `{}` of `{}` cover each other on `{host}`",
        two.prefix, one.prefix, one.id
    );
    Some(later.problem(
        later.prefix_line,
        what,
        "choose a prefix of its own".to_owned(),
    ))
}

fn is_under(prefix: &str, other: &str) -> bool {
    other
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Operations of one service and method that answer the same path.
fn ambiguous(one: &Described) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (position, later) in one.operations.iter().enumerate() {
        for earlier in one.operations.iter().take(position) {
            if answers_same(earlier, later) {
                let (a, b) = (&later.operation, &earlier.operation);
                let method = a.method.as_str();
                let what = format!(
                    "`{method} {}` and `{method} {}` of `{}` match the same path",
                    a.template, b.template, b.id
                );
                let mend = "make one segment of them different".to_owned();
                problems.push(one.problem(later.call_line, what, mend));
            }
        }
    }
    problems
}

fn answers_same(one: &DescribedOperation, two: &DescribedOperation) -> bool {
    one.operation.method == two.operation.method
        && match one.template.overlap(&two.template) {
            Overlap::Ambiguous => true,
            Overlap::None | Overlap::Refines => false,
        }
}

fn also_in(other: &Described, line: u32) -> String {
    format!(
        "rename one; the other stands in {}:{line}",
        other.file.display()
    )
}
