//! The admin listener and the control socket.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use muhrdor::server::ServerError;
use muhrdor::server::control::{self, Control, ControlSocket, Operator, Telling};
use muhrdor::server::drain::Drain;
use muhrdor::server::health::{self, Admin, Health, Metrics, Readiness};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};

use super::rig::read_all;

#[derive(Default)]
struct Keys(AtomicBool);

impl Readiness for Keys {
    fn obstacles(&self) -> Vec<String> {
        if self.0.load(Ordering::Relaxed) {
            return Vec::new();
        }
        vec!["the signing key is not available".to_owned()]
    }
}

impl Metrics for Keys {
    fn render(&self) -> String {
        "requests_total 7\n".to_owned()
    }
}

async fn probe(address: SocketAddr, line: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

#[tokio::test]
async fn a_process_is_ready_when_it_has_started_and_nothing_stands_in_its_way() {
    let settings = health::Settings {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let admin = Admin::bind(&settings).await.unwrap();
    let address = admin.address().unwrap();
    let keys = Arc::new(Keys::default());
    let health = Arc::new(Health::new(keys.clone(), keys.clone()));
    let drain = Drain::default();
    let running = tokio::spawn(admin.run(health.clone(), drain.listen()));
    let check = async |line: &str, status: u16, text: &str| {
        let answer = probe(address, line).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{line}: {answer}"
        );
        assert!(answer.ends_with(text), "{line}: {answer}");
    };
    check("GET /livez", 200, "alive\n").await;
    check("GET /startupz", 503, "starting\n").await;
    health.mark_started();
    check("GET /startupz", 200, "ok\n").await;
    // AD-07
    check("GET /readyz", 503, "the signing key is not available\n").await;
    keys.0.store(true, Ordering::Relaxed);
    check("GET /readyz", 200, "ok\n").await;
    check("GET /healthz", 200, "ok\n").await;
    check("GET /metrics", 200, "requests_total 7\n").await;
    // AD-02
    check("GET http://evil/livez", 404, "").await;
    check("POST /livez", 405, "").await;
    check("GET /admin", 404, "").await;
    drain.begin();
    check("GET /readyz", 503, "draining\n").await;
    check("GET /livez", 200, "alive\n").await;
    drain.now();
    running.await.unwrap();
}

struct Mirror;

impl Control for Mirror {
    fn tell(&self, operator: Operator, request: Value) -> Telling<'_> {
        Telling(Box::pin(async move {
            json!({"user": operator.user, "asked": request})
        }))
    }
}

#[tokio::test]
async fn the_control_socket_answers_its_owner_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let settings = control::Settings {
        path: path.clone(),
        line_bytes_max: 64,
        request_ms_max: 10_000,
    };
    // What a killed process leaves behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let socket = ControlSocket::bind(settings.clone()).await.unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let again = ControlSocket::bind(settings.clone()).await;
    assert!(matches!(again, Err(ServerError::ControlSocketInUse { .. })));
    let drain = Drain::default();
    let running = tokio::spawn(socket.run(Arc::new(Mirror), drain.listen()));

    let stream = UnixStream::connect(&path).await.unwrap();
    let user = stream.peer_cred().unwrap().uid();
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    for verb in ["reload", "sessions"] {
        writer
            .write_all(format!("{{\"verb\":\"{verb}\"}}\n").as_bytes())
            .await
            .unwrap();
        let answer: Value =
            serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer, json!({"user": user, "asked": {"verb": verb}}));
    }
    writer.write_all(&[b'x'; 65]).await.unwrap();
    assert_eq!(
        lines.next_line().await.unwrap().unwrap(),
        r#"{"error":"line_too_long"}"#
    );
    assert!(lines.next_line().await.map_or(true, |line| line.is_none()));

    drain.now();
    running.await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    std::fs::write(&path, "precious").unwrap();
    let settings = control::Settings {
        path: path.clone(),
        line_bytes_max: 64,
        request_ms_max: 1,
    };
    assert!(ControlSocket::bind(settings).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}
