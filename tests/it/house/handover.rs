//! From one process to the next, with the real program: nobody who asks stays without an answer.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bytes::Bytes;
use muhrdor::demo::Visitor;
use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::reload::tell;
use super::{AZIZA, TestGrounds, unhurried};

use crate::house::trusting::trusting;

/// How often the program is handed over under load.
const HANDOVERS: usize = 5;

/// A running program and whoever takes over from it: they write to one log.
struct Line {
    child: Child,
    log: UnboundedReceiver<String>,
}

/// Ends whoever serves when a test fails before it has.
struct Ends(Option<Pid>);

impl Drop for Ends {
    fn drop(&mut self) {
        if let Some(process) = self.0 {
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

impl Line {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (said, log) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                // Where nobody listens any more, a full pipe must not stop the gateway.
                let _ = said.send(line);
            }
        });
        Self { child, log }
    }

    /// Waits for a message that has this in it.
    async fn says(&mut self, part: &str) -> String {
        let mut before = String::new();
        loop {
            let Some(line) = self.log.recv().await else {
                panic!("ended without `{part}`: {before}");
            };
            if line.contains(part) {
                return line;
            }
            before.push_str(&line);
            before.push('\n');
        }
    }

    /// Waits until a process is ready, and says which.
    async fn ready(&mut self) -> Pid {
        let line = self.says("muhrdor::serve: ready").await;
        let (_, number) = line.split_once("process=").unwrap();
        let number = number.split_whitespace().next().unwrap();
        Pid::from_raw(number.parse().unwrap()).unwrap()
    }

    /// Ends whoever serves now, and waits until it says so.
    async fn end(mut self, process: Pid) {
        kill_process(process, Signal::TERM).unwrap();
        let number = process.as_raw_nonzero();
        self.says(&format!("muhrdor::serve: ended process={number}"))
            .await;
        self.child.wait().await.unwrap();
    }
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_muhrdor"))
}

fn serve(program: &Path, grounds: &TestGrounds) -> Command {
    let mut command = Command::new(program);
    command.args(["serve", "--config"]);
    command.arg(&grounds.grounds.places.config);
    command.stdin(Stdio::null());
    command
}

/// Asks again and again; a kept connection that was closed before a byte of an answer came is
/// asked once more on a new one (RFC 9110 §9.2.2), and counted.
async fn ask_on(
    mut visitor: Visitor,
    path: String,
    over: Arc<AtomicBool>,
    again: Arc<AtomicU32>,
) -> u32 {
    let mut answered = 0;
    while !over.load(Ordering::SeqCst) {
        let reply = match visitor.get(&path, &[]).await {
            Ok(reply) => reply,
            Err(_) => {
                again.fetch_add(1, Ordering::SeqCst);
                visitor.get(&path, &[]).await.unwrap()
            }
        };
        assert_eq!(reply.status, 200, "{}", reply.received());
        answered += 1;
    }
    answered
}

/// A connection for each request: not one of them may go unanswered.
async fn ask_anew(grounds: Arc<TestGrounds>, over: Arc<AtomicBool>) -> u32 {
    let mut answered = 0;
    while !over.load(Ordering::SeqCst) {
        let reply = grounds.visitor().get("/pension/info", &[]).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.received());
        answered += 1;
    }
    answered
}

/// A new HTTP/2 connection.
async fn open_http2(grounds: &TestGrounds) -> h2::client::SendRequest<Bytes> {
    let mut config = trusting(grounds.grounds.folder.authority()).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let address = grounds.grounds.config().unwrap().listen.public;
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Asks over HTTP/2 until the connection says that it goes, then over a new one. The first request
/// of a connection may not go unanswered; how many others were asked again is counted.
async fn ask_http2(grounds: Arc<TestGrounds>, over: Arc<AtomicBool>, again: Arc<AtomicU32>) -> u32 {
    let mut answered = 0;
    while !over.load(Ordering::SeqCst) {
        let mut sender = open_http2(&grounds).await;
        for turn in 0.. {
            if over.load(Ordering::SeqCst) {
                break;
            }
            let request = http::Request::get("https://localhost/pension/info");
            let request = request.body(()).unwrap();
            let Ok(mut ready) = sender.clone().ready().await else {
                assert!(turn > 0);
                break;
            };
            let sent = ready.send_request(request, true);
            let answer = match sent {
                Ok((response, _)) => response.await,
                Err(cause) => Err(cause),
            };
            let Ok(answer) = answer else {
                assert!(turn > 0, "{answer:?}");
                again.fetch_add(1, Ordering::SeqCst);
                break;
            };
            assert_eq!(answer.status(), 200);
            sender = ready;
            answered += 1;
        }
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn hand_overs_under_load_lose_no_request() {
    let grounds = Arc::new(TestGrounds::prepare(|config| unhurried(&config)).await);
    let socket = grounds.grounds.config().unwrap().listen.control;
    let mut line = Line::start(serve(program(), &grounds));
    let mut serving = line.ready().await;
    let mut ends = Ends(Some(serving));
    let (over, again) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let mut asking = JoinSet::new();
    for _ in 0..2 {
        let visitor = grounds.signed_in("applicants", "aziza").await;
        let record = format!("/civil/records/{AZIZA}");
        asking.spawn(ask_on(
            visitor,
            record,
            Arc::clone(&over),
            Arc::clone(&again),
        ));
        asking.spawn(ask_anew(Arc::clone(&grounds), Arc::clone(&over)));
    }
    asking.spawn(ask_http2(
        Arc::clone(&grounds),
        Arc::clone(&over),
        Arc::clone(&again),
    ));
    for _ in 0..HANDOVERS {
        let before = serving;
        kill_process(before, Signal::USR2).unwrap();
        serving = line.ready().await;
        ends.0 = Some(serving);
        assert_ne!(before, serving);
        let status = tell(&socket, "status").await;
        assert_eq!(
            status["process"],
            serving.as_raw_nonzero().get(),
            "{status}"
        );
    }
    over.store(true, Ordering::SeqCst);
    let answered = asking.join_all().await;
    assert!(answered.iter().all(|count| *count > 0), "{answered:?}");
    println!("answered {answered:?}, asked again {again:?}");
    line.end(serving).await;
    ends.0 = None;
    let config = grounds.grounds.config().unwrap();
    let verified = muhrdor::app::verify_journal(&config, &mut |_| {}).unwrap();
    assert_eq!(
        verified.finding, None,
        "each process went on where the one before ended"
    );
    Arc::into_inner(grounds).unwrap().close().await;
}

/// The program under a path of its own, where another can be put in its place.
fn installed(grounds: &TestGrounds) -> PathBuf {
    let path = grounds.grounds.folder.root().join("muhrdor");
    if fs::hard_link(program(), &path).is_err() {
        fs::copy(program(), &path).unwrap();
    }
    path
}

fn replace(path: &Path, script: &str) {
    let new = path.with_extension("new");
    fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_take_over_leaves_the_old_process_serving() {
    let grounds = TestGrounds::prepare(|config| unhurried(&config)).await;
    let path = installed(&grounds);
    let mut line = Line::start(serve(&path, &grounds));
    let serving = line.ready().await;
    let mut ends = Ends(Some(serving));
    let mut visitor = grounds.visitor();
    for (script, told, anew) in [
        // It does not start, says something else, or ends while the old one drains.
        ("exit 1", "not handed over; serving on", false),
        (
            "printf X >&0; head -c 1 >/dev/null",
            "not handed over; serving on",
            false,
        ),
        (
            "printf P >&0; head -c 2 >/dev/null; exit 1",
            "not handed over; beginning anew",
            true,
        ),
    ] {
        replace(&path, script);
        kill_process(serving, Signal::USR2).unwrap();
        line.says(told).await;
        if anew {
            assert_eq!(line.ready().await, serving);
        }
        let reply = visitor.get("/pension/info", &[]).await.unwrap();
        assert_eq!(reply.status, 200, "{script}");
    }
    // The program itself, before a config that it cannot read.
    let config = &grounds.grounds.places.config;
    let whole = fs::read_to_string(config).unwrap();
    fs::remove_file(&path).unwrap();
    installed(&grounds);
    fs::write(config, whole.replace("[listen]", "[listne]")).unwrap();
    kill_process(serving, Signal::USR2).unwrap();
    line.says("not handed over; serving on").await;
    assert_eq!(visitor.get("/pension/info", &[]).await.unwrap().status, 200);
    fs::write(config, whole).unwrap();
    kill_process(serving, Signal::USR2).unwrap();
    let next = line.ready().await;
    ends.0 = Some(next);
    assert_eq!(visitor.get("/pension/info", &[]).await.unwrap().status, 200);
    line.end(next).await;
    ends.0 = None;
    grounds.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_passes_a_socket_and_is_told_how_the_process_is() {
    // The socket listens before the program runs: who connects now waits.
    let grounds = TestGrounds::prepare(|config| unhurried(&config)).await;
    let listening = TcpListener::bind(grounds.grounds.config().unwrap().listen.public).unwrap();
    let told = grounds.grounds.folder.root().join("notify");
    let manager = UnixDatagram::bind(&told).unwrap();
    let hears = || {
        let mut bytes = [0; 256];
        let count = manager.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    };
    let mut early = grounds.visitor();
    let early = tokio::spawn(async move { early.get("/pension/info", &[]).await });
    let mut command = Command::new("sh");
    let script = "exec 3<&0; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"";
    command.args([OsStr::new("-c"), OsStr::new(script), OsStr::new("sh")]);
    command.args([
        program().as_os_str(),
        OsStr::new("serve"),
        OsStr::new("--config"),
    ]);
    command.arg(&grounds.grounds.places.config);
    command.env("NOTIFY_SOCKET", &told);
    command.stdin(Stdio::from(OwnedFd::from(listening)));
    let mut line = Line::start(command);
    let serving = line.ready().await;
    let mut ends = Ends(Some(serving));
    assert_eq!(hears(), "READY=1");
    assert_eq!(early.await.unwrap().unwrap().status, 200);
    kill_process(serving, Signal::HUP).unwrap();
    assert_eq!([hears(), hears()], ["RELOADING=1", "READY=1"]);
    kill_process(serving, Signal::USR2).unwrap();
    let next = line.ready().await;
    ends.0 = Some(next);
    let expected = format!("MAINPID={}", next.as_raw_nonzero());
    assert_eq!([hears(), hears()], [expected.as_str(), "READY=1"]);
    assert_eq!(
        grounds
            .visitor()
            .get("/pension/info", &[])
            .await
            .unwrap()
            .status,
        200
    );
    line.end(next).await;
    ends.0 = None;
    assert_eq!(hears(), "STOPPING=1");
    grounds.close().await;
}
