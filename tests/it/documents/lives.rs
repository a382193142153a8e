//! A civil registry that issues another document each time it is asked; and what becomes of a house
//! whose files are older than its lock.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use muhrdor::app;
use muhrdor::clock::SystemClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::ask_for_certificate;
use super::pdfs::page;
use crate::house::{AZIZA, House, TestGrounds, unhurried};

/// Gone with this value.
pub(super) struct Registry {
    pub(super) address: SocketAddr,
    stage: JoinSet<()>,
}

impl Registry {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut stage = JoinSet::new();
        let numbers = Arc::new(AtomicU64::new(0));
        stage.spawn(async move {
            let mut serving = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serving.spawn(answer(stream, Arc::clone(&numbers)));
            }
        });
        Self { address, stage }
    }

    pub(super) async fn close(mut self) {
        self.stage.shutdown().await;
    }
}

async fn answer(mut stream: TcpStream, numbers: Arc<AtomicU64>) {
    let mut read = vec![0; 16 * 1024];
    let mut got = 0;
    while !read[..got].ends_with(b"{}") {
        match stream.read(&mut read[got..]).await {
            Ok(more @ 1..) => got += more,
            Ok(_) | Err(_) => return,
        }
    }
    let number = numbers.fetch_add(1, Ordering::SeqCst);
    let pdf = page(&format!("document {number}"));
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\nconnection: close\r\n\
         muhrdor-document: number=\"N-{number}\", kind=birth-certificate, subject=\"{AZIZA}\"\r\n\
         content-length: {}\r\n\r\n",
        pdf.len()
    );
    let answer = [head.into_bytes(), pdf].concat();
    let _gone = stream.write_all(&answer).await;
    let _gone = stream.shutdown().await;
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_house_with_files_from_a_backup_and_a_newer_lock_does_not_seal() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    assert_eq!(ask_for_certificate(&mut aziza, AZIZA).await.status, 200);
    let root = house.grounds.grounds.folder.root().to_owned();
    let log = root.join("store/documents-log");
    let backup = root.join("backup");
    copy(&log, &backup);
    let mut botir = house.grounds.signed_in("applicants", "botir").await;
    assert_eq!(
        ask_for_certificate(&mut botir, super::BOTIR).await.status,
        200
    );
    let grounds = house.stop().await;
    fs::remove_dir_all(&log).unwrap();
    copy(&backup, &log);
    let config = grounds.grounds.config().unwrap();
    let refused = app::start(config, Arc::new(SystemClock::new())).await;
    let told = refused.unwrap_err().told();
    assert!(told.contains("older copy"), "{told}");
    grounds.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_a_bit_that_flipped_in_a_kept_entry_is_found_before_anything_is_sealed() {
    let house = House::open().await;
    let mut aziza = house.grounds.signed_in("applicants", "aziza").await;
    assert_eq!(ask_for_certificate(&mut aziza, AZIZA).await.status, 200);
    let grounds = house.stop().await;
    let root = grounds.grounds.folder.root();
    let bundle = root.join("store/documents-log/tile/entries/000.p/1");
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[40] ^= 1;
    fs::remove_file(&bundle).unwrap();
    fs::write(&bundle, bytes).unwrap();
    let config = grounds.grounds.config().unwrap();
    let refused = app::start(config, Arc::new(SystemClock::new())).await;
    let told = refused.unwrap_err().told();
    assert!(told.contains("tile/entries/000.p/1"), "{told}");
    grounds.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_key_of_the_notary_is_named_with_what_makes_it() {
    for key in ["tsa", "seal-civil-registry", "documents", "verdict"] {
        let grounds = TestGrounds::prepare(|config| unhurried(&config)).await;
        let keys = grounds.grounds.folder.root().join("keys");
        for entry in fs::read_dir(&keys).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with(&format!("{key}.")) {
                fs::remove_file(path).unwrap();
            }
        }
        let config = grounds.grounds.config().unwrap();
        let refused = app::start(config, Arc::new(SystemClock::new())).await;
        let told = refused.unwrap_err().told();
        assert!(told.contains(key) && told.contains("keys init"), "{told}");
        grounds.close().await;
    }
}
