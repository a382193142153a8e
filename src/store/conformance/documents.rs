//! What a document index and an archive must keep.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::notary::index::{
    ArchivedDocument, CodeKey, DocumentArchive, NumberKey, ReleasedSeal, RevokedSeal, SealIndex,
    SealKey, SealRow, SealStage, SealWrite, StagedSeal, Written,
};
use crate::notary::leaf::Sha256;
use crate::store::conformance::{Breach, done, hold_to};

/// Holds an empty [`SealIndex`] to its promises.
pub fn seal_index(reopen: &dyn Fn() -> Arc<dyn SealIndex>) -> Result<(), Breach> {
    empty(reopen().as_ref())?;
    staged(reopen)?;
    released(reopen)?;
    revoked(reopen)?;
    one_batch(reopen)?;
    atomic(reopen().as_ref())
}

/// Holds an empty [`DocumentArchive`] to its promises.
pub fn document_archive(reopen: &dyn Fn() -> Arc<dyn DocumentArchive>) -> Result<(), Breach> {
    let document = |n, bytes: &[u8]| ArchivedDocument {
        code: code(n),
        encrypted: bytes.to_vec(),
    };
    let holds = |n, bytes: &[u8], promise: &str| {
        let found = done(reopen().fetch(&code(n)))?;
        hold_to(found.as_deref() == Some(bytes), promise)
    };
    let store = reopen();
    hold_to(
        done(store.fetch(&code(1)))?.is_none(),
        "a new archive is empty",
    )?;
    done(store.keep(&[]))?;
    let large = vec![7; LARGE_BYTES];
    done(store.keep(&[document(1, b"one"), document(2, &large), document(3, b"")]))?;
    holds(1, b"one", "what was kept is there")?;
    holds(2, &large, "a large document is kept whole")?;
    holds(3, b"", "an empty document is a document")?;
    done(store.keep(&[document(1, b"another"), document(4, b"four")]))?;
    holds(1, b"another", "keeping again under one code replaces")?;
    holds(2, &large, "keeping one document leaves the others alone")?;
    holds(4, b"four", "what is kept beside a replacement is there")?;
    done(store.keep(&[document(5, b"first"), document(5, b"last")]))?;
    holds(5, b"last", "of two under one code the last is kept")?;
    hold_to(
        done(store.fetch(&code(9)))?.is_none(),
        "a stranger has no document",
    )
}

fn empty(store: &dyn SealIndex) -> Result<(), Breach> {
    hold_to(
        done(store.write(&[]))?.is_empty(),
        "nothing to write has no outcome",
    )?;
    for key in keys(1) {
        hold_to(done(store.find(&key))?.is_none(), "a new index is empty")?;
    }
    hold_to(
        done(store.staged(9))?.is_empty() && done(store.revoked(0, 9))?.is_empty(),
        "a new index lists nothing",
    )
}

/// Leaves seals 5, 1, 3, 2, 4 staged in this order.
fn staged(reopen: &dyn Fn() -> Arc<dyn SealIndex>) -> Result<(), Breach> {
    let order = [5, 1, 3, 2, 4];
    let outcomes = done(reopen().write(&order.map(stage)))?;
    hold_to(
        outcomes == [Written::Done; 5],
        "seals of their own are staged",
    )?;
    let store = reopen();
    is_staged(store.as_ref(), 1)?;
    let taken = [
        with_keys(1, 61, 62),
        with_keys(60, 1, 62),
        with_keys(60, 61, 1),
    ];
    let outcomes = done(store.write(&taken))?;
    hold_to(
        outcomes == [Written::Conflict; 3],
        "code, number and content are each unique",
    )?;
    is_staged(store.as_ref(), 1)?;
    for key in [
        SealKey::Code(code(60)),
        SealKey::Number(NumberKey(digest(NUMBER, 61))),
        SealKey::Content(digest(CONTENT, 62)),
    ] {
        hold_to(
            done(store.find(&key))?.is_none(),
            "a seal that was not staged is not found",
        )?;
    }
    let all = codes(&done(store.staged(9))?);
    hold_to(
        all == order.map(code),
        "staged seals are told in the order of staging",
    )?;
    let some = codes(&done(store.staged(2))?);
    hold_to(some == [code(5), code(1)], "a list has a limit")
}

fn is_staged(store: &dyn SealIndex, n: u8) -> Result<(), Breach> {
    let row = row(n, SealStage::Staged, b"staged");
    let [by_code, by_number, by_content, by_file] = keys(n);
    for key in [by_code, by_number, by_content] {
        hold_to(
            done(store.find(&key))?.as_ref() == Some(&row),
            "a staged seal is found, as it was staged",
        )?;
    }
    hold_to(
        done(store.find(&by_file))?.is_none(),
        "a file is not found before its release",
    )
}

/// Releases 1, 2 and 3; 5 and 4 stay staged.
fn released(reopen: &dyn Fn() -> Arc<dyn SealIndex>) -> Result<(), Breach> {
    let outcomes = done(reopen().write(&[release(2, 2), release(3, 3), release(1, 1)]))?;
    hold_to(
        outcomes == [Written::Done; 3],
        "staged seals can be released",
    )?;
    let store = reopen();
    found_by_all(store.as_ref(), &row(1, SealStage::Released, b"released"), 1)?;
    let outcomes = done(store.write(&[release(1, 50), release(9, 51), release(4, 2)]))?;
    hold_to(
        outcomes == [Written::Conflict; 3],
        "what is released, unknown, or the file of another is not released",
    )?;
    found_by_all(store.as_ref(), &row(1, SealStage::Released, b"released"), 1)?;
    found_by_all(store.as_ref(), &row(2, SealStage::Released, b"released"), 2)?;
    is_staged(store.as_ref(), 4)?;
    for file in [50, 51] {
        hold_to(
            done(store.find(&SealKey::File(digest(FILE, file))))?.is_none(),
            "a file that was not released is not found",
        )?;
    }
    let left = codes(&done(store.staged(9))?);
    hold_to(
        left == [code(5), code(4)],
        "what is released is no longer staged",
    )
}

/// Revokes 3, 1, 2 in this order.
fn revoked(reopen: &dyn Fn() -> Arc<dyn SealIndex>) -> Result<(), Breach> {
    let store = reopen();
    let outcomes = done(store.write(&[revoke(3), revoke(5), revoke(9), revoke(3), revoke(1)]))?;
    let expected = [
        Written::Done,
        Written::Conflict,
        Written::Conflict,
        Written::Conflict,
        Written::Done,
    ];
    hold_to(
        outcomes == expected,
        "what is released is revoked, once, and nothing else",
    )?;
    done(store.write(&[revoke(2)]))?;
    let store = reopen();
    found_by_all(store.as_ref(), &row(3, SealStage::Revoked, b"revoked"), 3)?;
    is_staged(store.as_ref(), 5)?;
    let page = |after, rows_max| Ok(codes(&done(store.revoked(after, rows_max))?));
    hold_to(
        page(0, 9)? == [code(3), code(1), code(2)],
        "revoked seals are told in the order of revocation",
    )?;
    hold_to(page(1, 1)? == [code(1)], "revoked seals are paged")?;
    hold_to(
        page(2, 9)? == [code(2)] && page(3, 9)?.is_empty() && page(u64::MAX, 9)?.is_empty(),
        "after the last revoked seal there is none",
    )?;
    let outcomes = done(store.write(&[release(3, 52), with_keys(63, 3, 64)]))?;
    hold_to(
        outcomes == [Written::Conflict; 2],
        "a revoked seal is not released again, and its number stays taken",
    )
}

/// Seal 10 goes all its way in one batch, with conflicts in between.
fn one_batch(reopen: &dyn Fn() -> Arc<dyn SealIndex>) -> Result<(), Breach> {
    let outcomes = done(reopen().write(&[
        release(10, 10),
        stage(10),
        with_keys(65, 10, 66),
        revoke(10),
        release(10, 10),
        stage(10),
        stage(11),
        release(11, 10),
        revoke(10),
    ]))?;
    let (done_, conflict) = (Written::Done, Written::Conflict);
    let expected = [
        conflict, done_, conflict, conflict, done_, conflict, done_, conflict, done_,
    ];
    hold_to(
        outcomes == expected,
        "each write of a batch sees those before it, and a conflict stops no other",
    )?;
    let store = reopen();
    found_by_all(store.as_ref(), &row(10, SealStage::Revoked, b"revoked"), 10)?;
    is_staged(store.as_ref(), 11)
}

/// Batches of ten while another looks. Before them 5, 4 and 11 are staged.
fn atomic(store: &dyn SealIndex) -> Result<(), Breach> {
    let ended = AtomicBool::new(false);
    let whole = || -> Result<bool, Breach> {
        let mut whole = true;
        while !ended.load(Ordering::Acquire) {
            whole &= done(store.staged(1_000))?.len() % 10 == 3;
        }
        Ok(whole)
    };
    let seen = thread::scope(|scope| {
        let watcher = scope.spawn(whole);
        let written: Result<(), Breach> = (10..20).try_for_each(|batch: u8| {
            let writes: Vec<_> = (0..10).map(|n| stage(batch * 10 + n)).collect();
            done(store.write(&writes)).map(drop)
        });
        ended.store(true, Ordering::Release);
        written.and(watcher.join().map_err(|_| Breach("no panic".to_owned()))?)
    })?;
    hold_to(seen, "a reader sees all of a batch or none")?;
    hold_to(
        done(store.staged(1_000))?.len() == 103,
        "batches are written while another reads",
    )
}

fn found_by_all(store: &dyn SealIndex, row: &SealRow, n: u8) -> Result<(), Breach> {
    for key in keys(n) {
        hold_to(
            done(store.find(&key))?.as_ref() == Some(row),
            "a seal is found by code, number, content and file, as it was written last",
        )?;
    }
    Ok(())
}

fn codes(rows: &[SealRow]) -> Vec<CodeKey> {
    rows.iter().map(|row| row.code).collect()
}

fn row(n: u8, stage: SealStage, record: &[u8]) -> SealRow {
    SealRow {
        code: code(n),
        stage,
        record: [record, &[n]].concat(),
    }
}

fn stage(n: u8) -> SealWrite {
    with_keys(n, n, n)
}

fn with_keys(n: u8, number: u8, content: u8) -> SealWrite {
    SealWrite::Stage(StagedSeal {
        code: code(n),
        number: NumberKey(digest(NUMBER, number)),
        content: digest(CONTENT, content),
        record: row(n, SealStage::Staged, b"staged").record,
    })
}

fn release(n: u8, file: u8) -> SealWrite {
    SealWrite::Release(ReleasedSeal {
        code: code(n),
        file: digest(FILE, file),
        record: row(n, SealStage::Released, b"released").record,
    })
}

fn revoke(n: u8) -> SealWrite {
    SealWrite::Revoke(RevokedSeal {
        code: code(n),
        record: row(n, SealStage::Revoked, b"revoked").record,
    })
}

/// By code, number, content and file.
fn keys(n: u8) -> [SealKey; 4] {
    [
        SealKey::Code(code(n)),
        SealKey::Number(NumberKey(digest(NUMBER, n))),
        SealKey::Content(digest(CONTENT, n)),
        SealKey::File(digest(FILE, n)),
    ]
}

fn code(n: u8) -> CodeKey {
    CodeKey(digest(CODE, n))
}

/// Different for each kind of key, so that a backend that mixes two up is noticed.
fn digest(kind: u8, n: u8) -> Sha256 {
    let mut bytes = [n; 32];
    if let Some(first) = bytes.first_mut() {
        *first = kind;
    }
    Sha256(bytes)
}

const CODE: u8 = 1;
const NUMBER: u8 = 2;
const CONTENT: u8 = 3;
const FILE: u8 = 4;
const LARGE_BYTES: usize = 3 * 1024 * 1024;
