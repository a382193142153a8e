//! A rule's Cedar text read back as: who, may do what, to which data, when.
//!
//! Only what has a name is named. A condition this module does not know becomes "further
//! conditions in the exact text"; it is never left out silently, and the exact text stands beside.

use cedar_policy::Policy;
use serde_json::Value;

use crate::console::shape::{Condition, Data, Who};
use crate::domain::name::{DataClass, PurposeId, RoleId};

use super::Lexicon;

/// What a rule's scope and conditions say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) who: Who,
    pub(super) actions: Vec<String>,
    pub(super) data: Data,
    pub(super) when: Vec<Condition>,
}

/// Reads one rule; `None` where its text is no Cedar policy, which a loaded bundle has none of.
pub(super) fn read(text: &str, lexicon: &Lexicon) -> Option<Reading> {
    let tree = Policy::parse(None, text).ok()?.to_json().ok()?;
    let conditions: Vec<_> = clauses(&tree, "when").flat_map(conjuncts).collect();
    let permits = tree.get("effect").and_then(Value::as_str) == Some("permit");
    let mut when = Vec::new();
    for found in conditions.iter().filter_map(|part| condition(part, permits, lexicon)) {
        if !when.contains(&found) {
            when.push(found);
        }
    }
    if clauses(&tree, "unless").next().is_some() {
        when.push(Condition::Except);
    }
    Some(Reading {
        who: who(tree.get("principal")?, &conditions, lexicon),
        actions: actions(tree.get("action")?),
        data: data(tree.get("resource")?, lexicon),
        when,
    })
}

/// The text from `permit` or `forbid` on: what its annotations say is told in other words.
pub(super) fn without_annotations(text: &str) -> &str {
    let starts = |line: &str| {
        let line = line.trim_start();
        line.starts_with("permit") || line.starts_with("forbid")
    };
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if starts(line) {
            return text.get(offset..).unwrap_or(text);
        }
        offset += line.len();
    }
    text
}

fn clauses<'a>(tree: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a Value> {
    let all = tree.get("conditions").and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .filter(move |clause| clause.get("kind").and_then(Value::as_str) == Some(kind))
        .filter_map(|clause| clause.get("body"))
}

/// The parts that must all hold.
fn conjuncts(body: &Value) -> Vec<&Value> {
    match operands(body, "&&") {
        Some((left, right)) => [conjuncts(left), conjuncts(right)].concat(),
        None => vec![body],
    }
}

fn operands<'a>(expression: &'a Value, operator: &str) -> Option<(&'a Value, &'a Value)> {
    let both = expression.get(operator)?;
    Some((both.get("left")?, both.get("right")?))
}

fn who(scope: &Value, conditions: &[&Value], lexicon: &Lexicon) -> Who {
    let in_scope = scope.get("entity_type").and_then(Value::as_str);
    let in_conditions = || {
        conditions.iter().find_map(|part| part.get("is")?.get("entity_type")?.as_str())
    };
    let kind = match in_scope.or_else(in_conditions).map(basename) {
        Some("Citizen") => "person",
        Some("Official") => "official",
        Some("System") => "system",
        Some(_) | None => "anyone",
    };
    let entity = scope.get("in").unwrap_or(scope).get("entity");
    let role = entity.filter(|entity| type_of(entity) == Some("Role")).and_then(id_of);
    Who {
        kind: kind.to_owned(),
        role: role.and_then(|id| RoleId::parse(id).ok()).map(|id| lexicon.role(&id)),
    }
}

fn actions(scope: &Value) -> Vec<String> {
    let one = scope.get("entity").into_iter();
    let many = scope.get("entities").and_then(Value::as_array).into_iter().flatten();
    let named: Vec<_> = one.chain(many).filter_map(id_of).map(str::to_owned).collect();
    if named.is_empty() { vec!["any".to_owned()] } else { named }
}

fn data(scope: &Value, lexicon: &Lexicon) -> Data {
    let kind = match scope.get("entity_type").and_then(Value::as_str).map(basename) {
        Some("Facet") => "facet",
        Some("Operation") => "operation",
        Some("Document") => "document",
        Some(_) | None => "any",
    };
    let entity = scope.get("in").unwrap_or(scope).get("entity");
    let class = entity.filter(|entity| type_of(entity) == Some("DataClass")).and_then(id_of);
    Data {
        kind: kind.to_owned(),
        class: class.and_then(|id| DataClass::parse(id).ok()).map(|id| lexicon.class(&id)),
    }
}

/// What one part of a `when` says; `None` for what only prepares another part (`has`), and for
/// what `who` says already.
fn condition(part: &Value, permits: bool, lexicon: &Lexicon) -> Option<Condition> {
    if part.get("has").is_some() || part.get("is").is_some() {
        return None;
    }
    let mut names = Vec::new();
    attributes(part, &mut names);
    let about = |name: &str| names.contains(&name);
    if let Some(purpose) = purpose(part) {
        return Some(Condition::Purpose { purpose: lexicon.purpose(&purpose) });
    }
    if is_own(part) {
        return Some(Condition::Own);
    }
    if part.get(".").is_some() && about("minor") {
        return Some(Condition::Minor);
    }
    // In a forbid the same words may mean their opposite: only the exact text is right.
    if !permits {
        return Some(Condition::Other);
    }
    if let Some(rank) = assurance(part) {
        return Some(Condition::Assurance { rank });
    }
    let known = [
        ("caseRef", Condition::Case),
        ("consent", Condition::Consent),
        ("mandate", Condition::Mandate),
        ("trained", Condition::Training),
        ("active", Condition::Training),
        ("public", Condition::Public),
    ];
    let found = known.into_iter().find(|(name, _)| about(name));
    Some(found.map_or(Condition::Other, |(_, condition)| condition))
}

/// `context.purpose == P` or `context.purpose in P`.
fn purpose(part: &Value) -> Option<PurposeId> {
    let (left, right) = operands(part, "==").or_else(|| operands(part, "in"))?;
    if path(left)? != "context.purpose" {
        return None;
    }
    let entity = right.get("Value")?.get("__entity")?;
    PurposeId::parse(id_of(entity)?).ok()
}

fn is_own(part: &Value) -> bool {
    operands(part, "==").is_some_and(|(left, right)| {
        let both = (path(left), path(right));
        both == (Some("resource.subject".to_owned()), Some("principal".to_owned()))
            || both == (Some("principal".to_owned()), Some("resource.subject".to_owned()))
    })
}

fn assurance(part: &Value) -> Option<u8> {
    let (left, right) = operands(part, ">=")?;
    if path(left)? != "context.acr" {
        return None;
    }
    u8::try_from(right.get("Value")?.as_u64()?).ok()
}

/// `context.acr` of the tree that says so.
fn path(expression: &Value) -> Option<String> {
    if let Some(variable) = expression.get("Var") {
        return variable.as_str().map(str::to_owned);
    }
    let access = expression.get(".")?;
    let attribute = access.get("attr")?.as_str()?;
    Some(format!("{}.{attribute}", path(access.get("left")?)?))
}

fn attributes<'a>(expression: &'a Value, names: &mut Vec<&'a str>) {
    match expression {
        Value::Object(members) => {
            names.extend(members.get("attr").and_then(Value::as_str));
            members.values().for_each(|member| attributes(member, names));
        }
        Value::Array(elements) => elements.iter().for_each(|one| attributes(one, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn type_of(entity: &Value) -> Option<&str> {
    entity.get("type")?.as_str().map(basename)
}

fn id_of(entity: &Value) -> Option<&str> {
    entity.get("id")?.as_str()
}

fn basename(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}
