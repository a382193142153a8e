//! Documents from the registry to whoever checks them, over the house's listeners.

mod check;
mod issue;
mod kill;
mod lives;
mod paper;
pub(crate) mod pdfs;
mod tampering;
mod whole;

use std::sync::LazyLock;
use std::{fs, thread};

use bytes::Bytes;
use http::Method;
use muhrdor::demo::{Reply, Visitor};
use muhrdor::domain::time::Timestamp;
use muhrdor::notary::verdict::{Examination, Finding, Trust, examine};

use crate::house::{AZIZA, House};

pub(crate) const BOTIR: &str = "30209820212045";

/// Sealed documents, and what is trusted: of one house for all tests that only look at files.
pub(crate) struct Sealed {
    pub(crate) aziza: Vec<u8>,
    pub(crate) botir: Vec<u8>,
    pub(crate) trust: Trust,
    pub(crate) now: Timestamp,
}

pub(crate) static SEALED: LazyLock<Sealed> = LazyLock::new(|| {
    // A runtime of its own: tests come from within others.
    let sealing = thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let house = House::open().await;
            let mut files = Vec::new();
            for (login, pinfl) in [("aziza", AZIZA), ("botir", BOTIR)] {
                let mut visitor = house.grounds.signed_in("applicants", login).await;
                let reply = ask_for_certificate(&mut visitor, pinfl).await;
                assert_eq!(reply.status, 200, "{}", reply.received());
                files.push(reply.body.to_vec());
            }
            let trust = fs::read(&house.grounds.grounds.places.trust).unwrap();
            house.close().await;
            let [aziza, botir] = files.try_into().unwrap();
            Sealed {
                aziza,
                botir,
                trust: Trust::parse(&trust).unwrap(),
                now: NOW,
            }
        })
    });
    sealing.join().unwrap()
});

impl Sealed {
    pub(crate) fn examine(&self, file: &[u8]) -> Examination {
        examine(file, &self.trust, self.now)
    }

    /// What is wrong with a file that carries a seal of the house.
    #[track_caller]
    pub(crate) fn altered(&self, file: &[u8]) -> Finding {
        match self.examine(file) {
            Examination::Altered(finding) => finding,
            other => panic!("{other:?}"),
        }
    }

    /// Where the hole stands in Aziza's certificate, with its brackets.
    pub(crate) fn hole(&self) -> std::ops::Range<usize> {
        let begin = find(&self.aziza, b"/Contents <") + "/Contents ".len();
        let end = begin + self.aziza[begin..].iter().position(|b| *b == b'>').unwrap();
        begin..end + 1
    }

    /// The same file with another signature in its hole.
    pub(crate) fn with_signature(&self, der: &[u8]) -> Vec<u8> {
        let hole = self.hole();
        let mut file = self.aziza.clone();
        let digits = &mut file[hole.start + 1..hole.end - 1];
        digits.fill(b'0');
        for (pair, byte) in digits.chunks_mut(2).zip(der) {
            pair.copy_from_slice(format!("{byte:02x}").as_bytes());
        }
        file
    }

    /// The signature in the hole, without what is behind it.
    pub(crate) fn signature(&self) -> Vec<u8> {
        let hole = self.hole();
        let digits = &self.aziza[hole.start + 1..hole.end - 1];
        let text = std::str::from_utf8(digits).unwrap();
        let mut bytes: Vec<u8> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect();
        let length = 4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        bytes.truncate(length);
        bytes
    }
}

pub(crate) async fn ask_for_certificate(visitor: &mut Visitor, pinfl: &str) -> Reply {
    asked_for_certificate(visitor, pinfl).await.unwrap()
}

/// `None` when nobody answers.
pub(crate) async fn asked_for_certificate(visitor: &mut Visitor, pinfl: &str) -> Option<Reply> {
    let headers = [
        ("accept", "application/pdf"),
        ("content-type", "application/json"),
        ("sec-fetch-site", "same-origin"),
    ];
    let path = format!("/civil/records/{pinfl}/birth-certificate");
    let body = Bytes::from_static(b"{}");
    visitor.ask(Method::POST, &path, &headers, body).await.ok()
}

pub(crate) async fn upload(visitor: &mut Visitor, file: &[u8]) -> Reply {
    let headers = [("content-type", "application/pdf")];
    let body = Bytes::copy_from_slice(file);
    let asked = visitor.ask(Method::POST, "/verify", &headers, body);
    asked.await.unwrap()
}

pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    let found = bytes.windows(wanted.len()).position(|at| at == wanted);
    found.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(wanted)))
}

/// The first place replaced; both are as long as each other.
pub(crate) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = find(bytes, from);
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// Long after every seal of a test.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(4_000_000_000);
