//! What an e-service may say and how: one whole answer to one question, or it is no answer.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{Listening, path, record, told, whole};
use crate::house::{House, unhurried};

/// Stands in what is said and must not arrive at the client.
const CANARY: &str = "canary-5f1d";

/// A head and body that are put together as given.
pub(super) fn said(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}\r\n{body}")
        .into_bytes()
}

pub(super) fn chunked(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}

/// Answers that two readers could read in two ways, each by its row.
fn unclear() -> Vec<(&'static str, Vec<u8>)> {
    let body = record().replace("Aziza", CANARY);
    let length = body.len();
    let both = format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n");
    let twice = format!("Content-Length: {length}\r\n").repeat(2);
    let differing = format!("Content-Length: {length}\r\nContent-Length: 5\r\n");
    let once = format!("Content-Length: {length}\r\n");
    let switch = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    let early = format!("HTTP/1.1 103 Early Hints\r\nLink: <{CANARY}>\r\n\r\n");
    let long = format!("X-Long: {}\r\n{once}", "x".repeat(1 << 20));
    let many = format!("{}{once}", "X-Many: x\r\n".repeat(1000));
    vec![
        ("FR-20 both", said("200 OK", &both, &chunked(&body))),
        ("FR-20 two equal lengths", said("200 OK", &twice, &body)),
        ("FR-20 two lengths", said("200 OK", &differing, &body)),
        (
            "FR-20 list",
            said("200 OK", &once.replace("\r\n", ", 5\r\n"), &body),
        ),
        (
            "FR-20 signed",
            said("200 OK", &once.replace(": ", ": +"), &body),
        ),
        (
            "FR-20 xchunked",
            said("200 OK", "Transfer-Encoding: xchunked\r\n", &chunked(&body)),
        ),
        (
            "FR-20 chunk size",
            said(
                "200 OK",
                "Transfer-Encoding: chunked\r\n",
                "0x5\r\nhello\r\n0\r\n\r\n",
            ),
        ),
        ("FR-20 204", said("204 No Content", &once, &body)),
        ("FR-20 304", said("304 Not Modified", &once, &body)),
        (
            "FR-20 1xx",
            [early.repeat(10_000).into_bytes(), whole(&body)].concat(),
        ),
        ("FR-20 long", said("200 OK", &long, &body)),
        ("FR-20 many", said("200 OK", &many, &body)),
        (
            "FR-20 line feed",
            said(
                "200 OK",
                &format!("X: a\nSet-Cookie: {CANARY}\r\n{once}"),
                &body,
            ),
        ),
        (
            "FR-20 bare return",
            said(
                "200 OK",
                &format!("X: a\rSet-Cookie: {CANARY}\r\n{once}"),
                &body,
            ),
        ),
        (
            "FR-20 folded",
            said("200 OK", &format!("X: a\r\n {CANARY}\r\n{once}"), &body),
        ),
        (
            "FR-20 name",
            said("200 OK", &format!("Content-Length : 5\r\n{once}"), &body),
        ),
        ("FR-17 101", said("101 Switching Protocols", switch, &body)),
        ("FR-20 no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
        ("FR-20 no version", whole(&body)[8..].to_vec()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_17_fr_20_what_can_be_read_in_two_ways_is_no_answer_and_ends_the_connection() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let mut failed = Vec::new();
    for (id, bytes) in unclear() {
        raw.say(vec![bytes]);
        let reply = aziza
            .get(&path(), &[("upgrade", "websocket")])
            .await
            .unwrap();
        let bad = raw.heard();
        if reply.status != 502 || reply.received().contains(CANARY) {
            failed.push(format!("{id}: {}", reply.received()));
        }
        raw.say(vec![whole(&record())]);
        let after = aziza.get(&path(), &[]).await.unwrap();
        let good = raw.heard();
        if good.is_empty() || good[0].connection == bad[0].connection {
            failed.push(format!("{id}: the connection was used again"));
        }
        if after.status != 200 {
            failed.push(format!("{id}: next {}", after.received()));
        }
    }
    house.close().await;
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_17_an_answer_to_an_upgrade_is_an_answer_and_no_tunnel() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    let reply = aziza.get(&path(), &upgrade).await.unwrap();
    assert_eq!(reply.status, 200, "FR-17: {}", reply.received());
    let heard = raw.heard();
    assert!(!heard[0].names().contains(&"upgrade"), "FR-17");
    assert!(!heard[0].names().contains(&"connection"), "FR-17");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fr_19_fr_20_what_follows_an_answer_is_nobodys_answer() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let poison = whole(&record().replace("7341907", "1"));
    for (id, first) in [
        ("FR-19", whole(&record())),
        (
            "FR-19",
            said(
                "200 OK",
                "Transfer-Encoding: chunked\r\n",
                &chunked(&record()),
            ),
        ),
        ("FR-20", said("204 No Content", "", "")),
    ] {
        for pieces in [
            vec![[first.clone(), poison.clone()].concat()],
            vec![first.clone(), poison.clone()],
        ] {
            for _ in 0..50 {
                raw.say(pieces.clone());
                let _first = aziza.get(&path(), &[]).await.unwrap();
                let bad = raw.heard();
                raw.say(vec![whole(&record())]);
                let reply = aziza.get(&path(), &[]).await.unwrap();
                let received = reply.received();
                assert!(received.contains("7341907"), "{id}: {received}");
                let good = raw.heard();
                assert_ne!(good[0].connection, bad[0].connection, "{id}");
            }
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hs_20_t17_an_error_of_an_e_service_is_told_in_the_gateways_words_and_to_no_one_else() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let page = record().replace("Aziza", CANARY);
    let length = format!("Content-Length: {}\r\n", page.len());
    for status in [
        "400 Bad Request",
        "403 Forbidden",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ] {
        for accept in ["application/json", "text/html"] {
            raw.say(vec![said(status, &length, &page)]);
            let reply = aziza.get(&path(), &[("accept", accept)]).await.unwrap();
            assert_eq!(reply.status, 502, "T17: {}", reply.received());
            assert!(!reply.received().contains(CANARY), "T17: {status}");
            assert_eq!(raw.heard().len(), 1, "HS-20: {status}");
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_a_value_that_comes_in_pieces_is_withheld_as_one_that_comes_whole() {
    let Listening {
        house,
        raw,
        aziza: _,
        tasks: _tasks,
    } = Listening::open().await;
    let mut gulnora = house.grounds.signed_in("officials", "gulnora").await;
    let case = [
        ("muhrdor-purpose", "pension.assess"),
        ("muhrdor-case", "\"PF-2026-000117\""),
    ];
    let health = format!("\"health\":{{\"note\":\"{CANARY}\"}}}}");
    let body = record().replace('}', &format!(",{health}"));
    raw.say(vec![whole(&body)]);
    let at_once = gulnora.get(&path(), &case).await.unwrap();
    assert_eq!(at_once.status, 200, "T07: {}", at_once.received());
    assert!(!at_once.received().contains(CANARY), "T07");
    let head = said("200 OK", "Transfer-Encoding: chunked\r\n", "");
    for size in [1, 7, 64] {
        let chunks = body.as_bytes().chunks(size).map(|chunk| {
            let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
            framed
        });
        let pieces = std::iter::once(head.clone())
            .chain(chunks)
            .chain([b"0\r\n\r\n".to_vec()]);
        raw.say(pieces.collect());
        let in_pieces = gulnora.get(&path(), &case).await.unwrap();
        assert_eq!(in_pieces.body, at_once.body, "T07: pieces of {size}");
        assert_eq!(in_pieces.status, 200, "T07: pieces of {size}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_no_byte_of_an_answer_leaves_before_its_outcome_is_durable() {
    let Listening {
        house,
        raw,
        mut aziza,
        tasks: _tasks,
    } = Listening::open().await;
    let ledger = house
        .grounds
        .grounds
        .folder
        .root()
        .join("store/journal.sqlite");
    let held = rusqlite::Connection::open(&ledger).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (answered, mut answer) = oneshot::channel();
    let asking = tokio::spawn(async move {
        let reply = aziza.get(&path(), &[]).await.unwrap();
        answered.send(reply).unwrap();
    });
    let mut heard = raw.heard.subscribe();
    heard.wait_for(|heard| !heard.is_empty()).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(500), &mut answer).await;
    assert!(early.is_err(), "T07: {early:?}");
    held.execute_batch("ROLLBACK").unwrap();
    let reply = answer.await.unwrap();
    assert_eq!(told(&reply).0, 200, "T07: {}", reply.received());
    asking.await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_nothing_leaves_when_its_outcome_cannot_be_recorded() {
    let house = House::open_with(|config| {
        // More than any disk has: every entry is refused.
        let full = "lock_dir = \"";
        unhurried(&config).replace(full, &format!("free_bytes_min = {}\n{full}", 1_u64 << 50))
    })
    .await;
    let mut system = house.grounds.system("social-agency-system").await;
    let purpose = [("muhrdor-purpose", "benefit.assess")];
    let question = format!("{}/income?below=5000000", path());
    let reply = system.get(&question, &purpose).await.unwrap();
    let full = (503, "store_full".to_owned());
    assert_eq!(told(&reply), full, "T07: {}", reply.received());
    assert!(!reply.received().contains("answer"), "T07");
    let public = system.get("/civil/info/services", &[]).await.unwrap();
    assert_eq!(public.status, 200, "T07: what is about nobody goes on");
    house.close().await;
}
