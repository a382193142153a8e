//! What is written for ever: entries of the documents' log, and what the disk takes for itself.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use muhrdor::clock::SystemClock;
use muhrdor::domain::name::AgencyId;
use muhrdor::domain::time::Timestamp;
use muhrdor::keys::{Algorithm, SoftSigner};
use muhrdor::notary::leaf::{Commitment, DocumentLeaf, IssueLeaf, Sha256};
use muhrdor::tlog::Leaf;
use ring::rand::SystemRandom;
use tokio::runtime::Runtime;

use crate::house::{ISSUER, create_log, note_signer, open_log};
use crate::measure::{Table, together};

const ALONE: u32 = 200;
const TOGETHER: u32 = 20_000;
const WRITERS: u32 = 256;

pub(crate) fn measure(table: &mut Table, runtime: &Runtime) {
    let rows = [("one writer", 1, ALONE), ("256 writers", WRITERS, TOGETHER)];
    for (who, writers, count) in rows {
        let name = format!("log: durable appends, {who}");
        if !table.wants(&name) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut before = 0;
        table.crowd(&name, |clock| {
            before = bytes_written();
            runtime.block_on(append(folder.path(), writers, count, *clock))
        });
        let each = (bytes_written() - before) / u64::from(count);
        bare(table, folder.path(), who, usize::try_from(each).unwrap());
    }
}

async fn append(folder: &Path, writers: u32, count: u32, clock: SystemClock) -> Vec<Duration> {
    let key = SoftSigner::generate(Algorithm::Ed25519, &SystemRandom::new()).unwrap();
    let signer = note_signer(Arc::new(SoftSigner::from_pkcs8(&key).unwrap()));
    create_log(folder, &signer);
    let log = Arc::new(open_log(folder, signer));
    together(writers, count, clock, move |n| {
        let log = Arc::clone(&log);
        async move {
            log.append(leaf(n)).await.unwrap();
        }
    })
    .await
}

/// As many bytes as an append wrote, in one new file beside the log: written, through fsync.
fn bare(table: &mut Table, folder: &Path, who: &str, bytes: usize) {
    let content = vec![7; bytes];
    let name = format!("disk: {bytes} bytes, written and fsynced ({who})");
    let path = folder.join("bare");
    table.row(&name, || {
        let mut file = File::create(&path).unwrap();
        file.write_all(&content).unwrap();
        file.sync_all().unwrap();
    });
}

/// The entry of one seal.
fn leaf(n: u32) -> Leaf {
    let digest = |what: &str| Sha256::of(&[what.as_bytes(), &n.to_be_bytes()]);
    let leaf = DocumentLeaf::Issue(IssueLeaf {
        commitment: Commitment::of(b"signature", &digest("content")),
        signature: digest("signature"),
        certificate: digest("certificate"),
        token: digest("token"),
        at: Timestamp::from_unix_seconds(i64::from(n)),
        issuer: AgencyId::parse(ISSUER).unwrap(),
    });
    Leaf::of(leaf.to_bytes()).unwrap()
}

/// What this process gave to `write` so far (proc(5), `wchar` of `io`).
fn bytes_written() -> u64 {
    let io = fs::read_to_string("/proc/self/io").unwrap();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.unwrap().parse().unwrap()
}
