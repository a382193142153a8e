//! What reading the largest files costs, in memory and in time: P11 of `cases/notary.md`.

#![expect(
    clippy::disallowed_methods,
    reason = "asks how long reading took, and whether it runs by itself"
)]

use std::ffi::OsStr;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use miniz_oxide::deflate::compress_to_vec_zlib;
use muhrdor::pdf::{Document, PdfError};

use super::paper::{Packed, Paper, joined, startxref};
use super::streams::stream_section;

const MI: usize = 1024 * 1024;
/// What the largest file fills, beside what stands around its largest object.
const FULL: usize = 20 * MI - 4096;

/// What a file may take beside itself.
const MEMORY_BYTES_MAX: u64 = 64 * MI as u64;
/// A second once it is optimized; tests are not, and share the machine.
const TIME_MAX: Duration = Duration::from_secs(20);

/// Names the file for a process in which nothing else runs.
const ALONE: &str = "MUHRDOR_TEST_PDF";

#[test]
fn p11_reading_the_largest_files_takes_bounded_memory_and_time() {
    if let Some(path) = env::var_os(ALONE) {
        return read_alone(&path);
    }
    let test = thread::current().name().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    for Largest { name, make } in LARGEST {
        let path = folder.path().join("file.pdf");
        fs::write(&path, make()).unwrap();
        let alone = Command::new(env::current_exe().unwrap())
            .args([&test, "--exact", "--nocapture"])
            .env(ALONE, &path)
            .output()
            .unwrap();
        let said = [alone.stdout, alone.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(alone.status.success(), "{name}: {said}");
        assert!(said.contains("1 passed"), "{name}: {said}");
    }
}

fn read_alone(path: &OsStr) {
    let bytes = fs::read(path).unwrap();
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = kept_bytes("VmRSS:");
    let begun = Instant::now();
    let document = Document::read(&bytes).unwrap();
    let signatures = document.signatures().map(|_| ());
    let (time, memory) = (begun.elapsed(), kept_bytes("VmHWM:") - before);
    assert!(matches!(signatures, Ok(()) | Err(PdfError::Exceeds { .. })));
    assert!(memory < MEMORY_BYTES_MAX, "{memory} bytes");
    assert!(time < TIME_MAX, "{time:?}");
}

/// What the kernel counts of this process.
fn kept_bytes(what: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse::<u64>().unwrap() * 1024
}

/// A file that holds the most of something that is read.
struct Largest {
    name: &'static str,
    make: fn() -> Vec<u8>,
}

const fn largest(name: &'static str, make: fn() -> Vec<u8>) -> Largest {
    Largest { name, make }
}

const LARGEST: &[Largest] = &[
    largest("numbers", || of_one(&"0 ".repeat(990_000))),
    largest("arrays", || of_one(&"[0]".repeat(245_000))),
    largest("dictionaries", || of_one(&"<</A 0>>".repeat(330_000))),
    largest("keys", || {
        let keys = joined((0..4096).map(|n| format!("/{n:x} 0")));
        of_one(&format!("<<{keys}>>").repeat(240))
    }),
    largest("names", || {
        of_one(&joined((0..38_000).map(|n| format!("/{n:0>500}"))))
    }),
    largest("reals", || {
        of_one(&"0.12345678901234567890123456789012345678 ".repeat(480_000))
    }),
    largest("one string", || of_one(&format!("({})", "a".repeat(FULL)))),
    largest("a string in the trailer", || {
        let string = format!("/A ({})", "a".repeat(FULL));
        Paper::new().trailer(&string).bytes()
    }),
    largest("comments", || of_one(&"%\n".repeat(FULL / 2))),
    largest("objects", || {
        let objects = (5..99_999).fold(Paper::new(), |paper, n| paper.object(n, "[0 0]"));
        objects.bytes()
    }),
    largest("streams and numbers", || {
        let streams = (5..80_000).fold(Paper::new(), |paper, n| paper.stream(n, "/A [0]", b"data"));
        let numbers = format!("[{}]", "0 ".repeat(180_000));
        streams.object(80_000, numbers).bytes()
    }),
    largest("packed numbers", || {
        packed(&format!("[{}]", "0 ".repeat(900_000)))
    }),
    largest("a packed string", || {
        packed(&format!("({})", "a".repeat(15 * MI)))
    }),
    largest("packed objects", || {
        let objects: Vec<_> = (7..60_000).map(|n| (n, "[0]")).collect();
        Paper::new().packed(&Packed::of(&objects))
    }),
    largest("entries", entries_of_many_revisions),
    largest("form fields", || {
        let fields = "/AcroForm << /Fields [5 0 R] >>";
        let kids = "6 0 R ".repeat(900_000);
        let field = Paper::new().also(Paper::CATALOG, fields);
        let field = field.object(5, format!("<< /T (a) /FT /Sig /Kids [{kids}] >>"));
        field.object(6, "<< /T (b) >>").bytes()
    }),
];

/// A file with an object that is an array of this.
fn of_one(values: &str) -> Vec<u8> {
    Paper::new().object(5, format!("[{values}]")).bytes()
}

fn packed(value: &str) -> Vec<u8> {
    let mut packed = Packed::of(&[(7, value)]);
    packed.data = compress_to_vec_zlib(&packed.data, 1);
    packed.entries.push_str("/Filter /FlateDecode");
    Paper::new().packed(&packed)
}

/// As many revisions as there may be, with as many entries.
fn entries_of_many_revisions() -> Vec<u8> {
    let lines = compress_to_vec_zlib(&vec![0; 5 * 30_000], 6);
    let mut bytes = Paper::new().packed(&Packed::of(&[(7, "null")]));
    for _ in 1..32 {
        let (begin, previous) = (bytes.len(), startxref(&bytes));
        let entries = format!(
            "/W [1 2 2] /Index [10 30000] /Size 30010 /Prev {previous} /Filter /FlateDecode"
        );
        bytes.extend(stream_section(&entries, &lines));
        bytes.extend(format!("startxref\n{begin}\n%%EOF\n").bytes());
    }
    bytes
}
