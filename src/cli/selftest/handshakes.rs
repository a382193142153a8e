//! Attacks in the handshake: a hello in pieces, handshakes that never end, client certificates that do
//! not hold. Each has a few connections of its own, no more than a browser with some tabs.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::cli::selftest::Verdict;
use crate::cli::selftest::hello::Pieces;
use crate::cli::selftest::probe::{Came, Met, Probe, Shake};
use crate::cli::selftest::strangers::{Shown, Stranger};

/// Tries them all; those that wait for long at the same time.
pub(super) async fn try_all(probe: &Probe, stall_max: Duration) -> Vec<Verdict> {
    let mut verdicts = in_pieces(probe).await;
    verdicts.extend(strangers(probe).await);
    let (still, slow) = tokio::join!(
        stalled(probe, Stall::Still, stall_max),
        stalled(probe, Stall::Slow, stall_max)
    );
    verdicts.extend([still, slow]);
    verdicts
}

/// The same hello whole and in pieces meets the same host, the same demand and the same answer.
async fn in_pieces(probe: &Probe) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (named, rows) in [(true, &NAMED), (false, &NAMELESS)] {
        let shake = |pieces| Shake {
            pieces,
            named,
            shows: None,
        };
        let whole = probe.shaken(shake(Pieces::Whole)).await;
        for (pieces, what) in rows {
            let tried = probe.shaken(shake(*pieces)).await;
            let (came, passed) = match (&whole, &tried) {
                (Ok(whole), Ok(tried)) => (told(tried), outcome(whole) == outcome(tried)),
                (_, Err(cause)) | (Err(cause), _) => (cause.clone(), false),
            };
            let expected = match &whole {
                Ok(whole) => format!("{} as whole", told(whole)),
                Err(_) => "as whole".to_owned(),
            };
            verdicts.push(Verdict {
                id: "MT-01",
                what,
                expected,
                came,
                passed,
            });
        }
    }
    verdicts
}

/// What a hello met: host, demand, answers.
fn outcome(came: &Came) -> (Option<&Met>, &[u16]) {
    (came.met.as_ref(), &came.statuses)
}

fn told(came: &Came) -> String {
    let mut told = match (&came.met, came.statuses.first()) {
        (None, _) => "no handshake".to_owned(),
        (Some(_), Some(status)) => status.to_string(),
        (Some(_), None) => "no answer".to_owned(),
    };
    if came.met.as_ref().is_some_and(|met| met.asks) {
        // Writing to a string cannot fail.
        let _ = write!(told, ", asked for a certificate");
    }
    told
}

/// Where a client certificate is asked for, none of these is one.
async fn strangers(probe: &Probe) -> Vec<Verdict> {
    let plain = Shake {
        pieces: Pieces::Whole,
        named: true,
        shows: None,
    };
    let verdict = |what, came: String, passed| Verdict {
        id: "MT-14",
        what,
        expected: "no answer where one is asked for".to_owned(),
        came,
        passed,
    };
    let met = match probe.shaken(plain.clone()).await {
        Ok(Came { met: Some(met), .. }) => met,
        Ok(_) => return vec![verdict(NO_STRANGER, "no handshake".to_owned(), false)],
        Err(cause) => return vec![verdict(NO_STRANGER, cause, false)],
    };
    if !met.asks {
        return vec![verdict(NO_STRANGER, "none is asked for".to_owned(), true)];
    }
    let mut verdicts = Vec::new();
    for (shown, what) in STRANGERS {
        let stranger = Stranger::new(shown, &met.chain);
        let tried = match stranger {
            Ok(stranger) => {
                let shows = Some(Arc::new(stranger));
                let plain = plain.clone();
                probe.shaken(Shake { shows, ..plain }).await
            }
            Err(cause) => Err(cause),
        };
        verdicts.push(match tried {
            Ok(came) => {
                let passed = came.statuses.is_empty() && came.hung_up;
                verdict(what, told(&came), passed)
            }
            Err(cause) => verdict(what, cause, false),
        });
    }
    verdicts
}

/// How a handshake does not come to its end.
#[derive(Debug, Clone, Copy)]
enum Stall {
    /// It begins and says no more.
    Still,
    /// It goes on byte by byte.
    Slow,
}

/// A few handshakes that stall: each must be given up in time, and others answered meanwhile.
async fn stalled(probe: &Probe, stall: Stall, stall_max: Duration) -> Verdict {
    let what = match stall {
        Stall::Still => "8 handshakes that begin and stop",
        Stall::Slow => "8 handshakes that come byte by byte",
    };
    let (mut ended, mut unopened) = (0, None);
    let mut waiting = JoinSet::new();
    for _ in 0..STALLED {
        match probe.tcp().await {
            Ok(stream) => {
                waiting.spawn(timeout(stall_max, given_up(stream, stall)));
            }
            Err(cause) => unopened = Some(cause),
        }
    }
    let meanwhile = probe.status("/").await;
    while let Some(one) = waiting.join_next().await {
        ended += usize::from(matches!(one, Ok(Ok(()))));
    }
    let others = match (&meanwhile, &unopened) {
        (Ok(_), None) => "others answered".to_owned(),
        (Err(cause), _) | (_, Some(cause)) => cause.clone(),
    };
    Verdict {
        id: "MT-15",
        what,
        expected: format!("all end in {} ms", stall_max.as_millis()),
        came: format!("{ended} ended, {others}"),
        passed: ended == STALLED && meanwhile.is_ok() && unopened.is_none(),
    }
}

/// Waits until the other side ends the connection.
async fn given_up(stream: TcpStream, stall: Stall) {
    let (mut reading, mut writing) = stream.into_split();
    // An error is the other side's going, which is what is waited for.
    let _begun = writing.write_all(BEGUN).await;
    let stalling = async {
        loop {
            sleep(BYTE_PAUSE).await;
            let more = match stall {
                Stall::Still => Ok(()),
                Stall::Slow => writing.write_all(b"m").await,
            };
            if more.is_err() {
                return;
            }
        }
    };
    let hearing = async {
        let mut heard = [0; 256];
        while matches!(reading.read(&mut heard).await, Ok(1..)) {}
    };
    tokio::select! {
        () = hearing => {}
        () = stalling => {}
    }
}

const NAMED: [(Pieces, &str); 2] = [
    (Pieces::Records, "a hello in records of one byte"),
    (Pieces::Segments, "a hello in segments of one byte"),
];
const NAMELESS: [(Pieces, &str); 2] = [
    (Pieces::Records, "the same records, without a server name"),
    (Pieces::Segments, "the same segments, without a server name"),
];
const STRANGERS: [(Shown, &str); 4] = [
    (Shown::Unknown, "a client certificate of nobody's authority"),
    (
        Shown::Namesake,
        "one whose issuer has but an authority's name",
    ),
    (Shown::Expired, "one that has expired"),
    (
        Shown::Servers,
        "the server's own certificate, without its key",
    ),
];
const NO_STRANGER: &str = "client certificates that do not hold";

/// Connections with a handshake that stalls.
const STALLED: usize = 8;
/// Between two bytes of a slow one.
const BYTE_PAUSE: Duration = Duration::from_millis(200);
/// The head of a record of 512 bytes, and of the hello in it (RFC 8446 §5.1, §4).
const BEGUN: &[u8] = &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3];
