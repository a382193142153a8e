//! The same file sealed by pyHanko, at the same level and by the same key.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::house::{House, ISSUER};
use crate::measure::{Table, print};

/// Files of each run that is measured, and of the one before it.
const FILES: u32 = 200;
const WARM_UP: u32 = 20;

const SCRIPT: &str = "benches/documents/pyhanko_seal.py";

/// Processor time of one seal, without the interpreter's start.
pub(crate) fn measure(table: &Table, python: &Path, house: &House) -> Option<Duration> {
    let name = "pyHanko: 100 KiB, level B-T, one at a time";
    if !table.wants(name) {
        return None;
    }
    let file = house.folder().join("page.pdf");
    fs::write(&file, &house.file).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT);
    let seal = format!("seal-{ISSUER}");
    let output = Command::new(python)
        .arg(script)
        .arg(&file)
        .args([house.key_file(&seal), house.certificate_file(&seal)])
        .args([house.key_file("tsa"), house.certificate_file("tsa")])
        .arg(house.certificate_file("ca"))
        .args([WARM_UP, FILES].map(|count| count.to_string()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let seconds = |value: &Value| Duration::from_secs_f64(value.as_f64().unwrap());
    let each = told["seconds"].as_array().unwrap();
    let mut each: Vec<Duration> = each.iter().map(seconds).collect();
    each.sort_unstable();
    let took: Duration = each.iter().sum();
    let cpu = seconds(&told["cpu_seconds"]) / FILES;
    print(
        name,
        FILES,
        &each,
        f64::from(FILES) / took.as_secs_f64(),
        cpu,
    );
    Some(cpu)
}
