//! From nothing to ready, with many operations and many rules.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use muhrdor::demo::Grounds;

use crate::peers::{Ground, gateway};

const OPERATIONS: usize = 1_000;
const RULES: usize = 1_000;
/// Starts that are timed; the median counts.
const STARTS: usize = 5;
const READY_MAX: Duration = Duration::from_secs(20);

/// Times from the start of the process to the first "ready".
pub(crate) fn times(ground: &Ground<'_>, program: &Path) -> Vec<Duration> {
    let bundle = bundle(ground.folder);
    let config = &ground.grounds.places.config;
    let kept = fs::read_to_string(config).unwrap();
    let shipped = kept.lines().find(|line| line.starts_with("dir = "));
    let ours = format!("dir = \"{}\"", bundle.display());
    fs::write(config, kept.replace(shipped.unwrap(), &ours)).unwrap();
    let mut check = Command::new(program);
    let check = check.args(["check", "--config"]).arg(config).output();
    let check = check.unwrap();
    assert!(check.status.success(), "{check:?}");
    let mut times: Vec<_> = (0..STARTS)
        .map(|_| {
            let began = Instant::now();
            let peer = gateway(ground, program);
            while !is_ready(ground.grounds) {
                assert!(began.elapsed() < READY_MAX, "never ready");
                std::thread::sleep(Duration::from_millis(1));
            }
            let took = began.elapsed();
            drop(peer);
            took
        })
        .collect();
    fs::write(config, kept).unwrap();
    times.sort_unstable();
    times
}

fn is_ready(grounds: &Grounds) -> bool {
    let admin = grounds.places.admin.trim_start_matches("http://");
    let Ok(mut stream) = TcpStream::connect(admin) else {
        return false;
    };
    let asked = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    let told = stream
        .write_all(asked)
        .and_then(|()| stream.read_to_string(&mut answer));
    told.is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// The shipped bundle with an e-service of many operations, and many rules.
fn bundle(folder: &Path) -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let bundle = folder.join("policies");
    copy(&shipped, &bundle);
    fs::write(bundle.join("services/many.toml"), operations()).unwrap();
    fs::write(bundle.join("many.cedar"), rules()).unwrap();
    bundle
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).unwrap();
        }
    }
}

fn operations() -> String {
    let mut text = String::from(
        r#"id = "many"
kind = "interactive"
agency = "civil-registry"
regulation = { number = "CM-550", term_days = 3 }
hosts = ["localhost"]
prefix = "/many"
upstream = "civil-registry"

[names]
uz = "a"
uzc = "а"
ru = "а"
en = "a"
"#,
    );
    for n in 0..OPERATIONS {
        write!(
            text,
            r#"
[[operation]]
id = "many.operation-{n}.read"
call = "GET /records-{n}/{{pinfl}}"
who = ["person"]
assurance = 1
subject = "path:pinfl"
purposes = [{{ who = "person", purpose = "own.view" }}]

[[operation.answer]]
status = 200
mode = "fields"

[operation.answer.fields]
"/name" = "name"
"/phones" = "contact"
"/income" = "income"
"#
        )
        .unwrap();
    }
    text
}

fn rules() -> String {
    let mut text = String::new();
    for n in 0..RULES {
        write!(
            text,
            r#"@id("many-{n}") @title_uz("a") @title_uzc("а") @title_ru("а") @title_en("a")
@basis("zru-547-duties") @owner("portal") @journal("full")
permit (principal is Gov::Official, action == Gov::Action::"view",
  resource is Gov::Facet in Gov::DataClass::"income")
when {{ context has purpose && context.purpose == Gov::Purpose::"pension.review" &&
  context has caseRef && context.caseRef.subject == resource.subject &&
  context.caseRef.open && context.bulk <= {n} && context.acr >= 2 }};
"#
        )
        .unwrap();
    }
    text
}
