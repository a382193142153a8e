//! The gateway as a process of its own, and all that it writes.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::TestGrounds;

/// A process that serves; killed when the test ends without ending it.
pub(crate) struct Apart {
    child: Child,
    /// Reads on to the end: a full pipe must not stop the gateway.
    reading: JoinHandle<String>,
}

impl Apart {
    /// Starts `serve` on these grounds, and waits until it takes requests.
    pub(crate) async fn serve(grounds: &TestGrounds) -> Self {
        let mut child = Command::new(Path::new(env!("CARGO_BIN_EXE_muhrdor")))
            .args(["serve", "--config"])
            .arg(&grounds.grounds.places.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut line) = (String::new(), String::new());
        while !is_ready(&line) {
            line.clear();
            let read = log.read_line(&mut line).await.unwrap();
            said.push_str(&line);
            assert!(read > 0, "serve ended: {said}");
        }
        let reading = tokio::spawn(async move {
            log.read_to_string(&mut said).await.unwrap();
            said
        });
        Self { child, reading }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Kills it (`kill -9`); everything it wrote.
    pub(crate) async fn kill(mut self) -> String {
        self.child.kill().await.unwrap();
        self.reading.await.unwrap()
    }
}

/// In either format of lines.
fn is_ready(line: &str) -> bool {
    let is_serve = line.contains("muhrdor::serve");
    is_serve && (line.contains("serve: ready") || line.contains("\"ready\""))
}
