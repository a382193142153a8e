//! The whole main job, with the program as a person starts it.

use std::path::Path;
use std::process::{Command, Output};

fn demo(data_dir: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_muhrdor"))
        .args(["demo", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .args(options)
        .output()
        .unwrap()
}

#[test]
fn the_walk_ends_well_and_keeps_what_it_received() {
    let home = tempfile::tempdir().unwrap();
    let walked = demo(home.path(), &["--walk"]);
    let told = String::from_utf8_lossy(&walked.stdout);
    let cause = String::from_utf8_lossy(&walked.stderr);
    assert!(walked.status.success(), "{told}\n{cause}");
    assert!(!told.contains("WRONG"), "{told}");
    for step in 1..=9 {
        assert!(
            told.contains(&format!("\n{step}. ")) || told.starts_with("1. "),
            "{told}"
        );
    }
    let record = std::fs::read_dir(home.path().join("walk"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.starts_with("3-") && name.ends_with("-record.txt"))
        .unwrap();
    let record = std::fs::read_to_string(home.path().join("walk").join(record)).unwrap();
    assert!(record.contains("7341907"), "{record}");
}
