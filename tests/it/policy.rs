//! The room `policy` at its boundary: the shipped bundle, what a bundle may not be, and decisions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muhrdor::domain::name::{OperationId, ServiceId};
use muhrdor::policy::{Known, Policy, Source, report, run};

fn shipped() -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    Source::read_folder(&folder).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn load(source: &Source) -> Result<Arc<Policy>, Vec<String>> {
    Policy::load(source, &Known::default())
        .map(Arc::new)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn policy() -> Arc<Policy> {
    load(&shipped()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn the_shipped_bundle_loads_and_its_own_tests_hold() {
    let suites = run(&policy(), &shipped()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let (text, json) = report(&suites);
    assert_eq!(json["failed"], 0, "\n{text}");
    assert!(json["total"].as_u64() > Some(40), "\n{text}");
}
