//! The whole house over its listeners: what clients get, whoever they are.

mod admin;
pub(crate) mod apart;
mod certificates;
mod certified;
mod forwarding;
mod handover;
mod kill;
mod lines;
mod raw;
mod readiness;
mod refusals;
pub(crate) mod reload;
mod sameness;
mod seen;
mod selftest;
mod sign_in;
mod size;
mod streams;
#[cfg(feature = "otlp")]
mod traces;
pub(crate) mod trouble;
pub(crate) mod trusting;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use muhrdor::app::{self, Running};
use muhrdor::clock::SystemClock;
use muhrdor::demo::{Grounds, Reply, Visitor};
use tempfile::TempDir;

/// Longer than something may go on once its credential has ended, and than the tests take.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) const AZIZA: &str = "41507850211172";

/// The grounds of a test, gone with it.
pub(crate) struct TestGrounds {
    pub(crate) grounds: Grounds,
    _home: Home,
}

/// Its folder stays when a test has failed: to be looked into, and because a gateway under which
/// its store disappears ends the whole process.
struct Home(Option<TempDir>);

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(home) = self.0.take()
        {
            let _told = writeln!(
                std::io::stderr(),
                "what the failed test left is in {}",
                home.keep().display()
            );
        }
    }
}

impl TestGrounds {
    /// `change` may edit the config before anything reads it.
    pub(crate) async fn prepare(change: impl FnOnce(String) -> String) -> Self {
        let home = tempfile::tempdir().unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_muhrdor")).to_owned();
        let data_dir = home.path().to_owned();
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let clock = SystemClock::new();
        let grounds = Grounds::prepare(program, data_dir, anywhere, &clock, change).await;
        Self {
            grounds: grounds.unwrap(),
            _home: Home(Some(home)),
        }
    }

    pub(crate) fn visitor(&self) -> Visitor {
        self.grounds.visitor().unwrap()
    }

    /// Someone who signed in as people do.
    pub(crate) async fn signed_in(&self, realm: &str, login: &str) -> Visitor {
        let mut visitor = self.visitor();
        let signed = visitor
            .sign_in(realm, login, &format!("{login}-demo"))
            .await
            .unwrap();
        let who = visitor.get("/oauth2/userinfo", &[]).await.unwrap();
        assert_eq!(who.status, 200, "{}", signed.last.received());
        visitor
    }

    /// A body's system with its token.
    pub(crate) async fn system(&self, client: &str) -> Visitor {
        self.visitor()
            .with_bearer(&self.grounds.token(client).await.unwrap())
    }

    pub(crate) async fn close(self) {
        self.grounds.close().await;
    }
}

/// Lifts the limits that no test of something else should meet.
pub(crate) fn unhurried(config: &str) -> String {
    config
        .replace("requests_max = 60,", "requests_max = 1000000,")
        .replace("requests_max = 1200,", "requests_max = 1000000,")
}

/// The config with another address for an upstream.
pub(crate) fn with_upstream(config: &str, name: &str, address: &str) -> String {
    let section = format!("[upstreams.{name}]");
    let (before, after) = config.split_once(&section).unwrap();
    let (_, rest) = after.trim_start().split_once('\n').unwrap();
    format!("{before}{section}\naddress = \"{address}\"\n{rest}")
}

/// A gateway that runs in this process.
pub(crate) struct House {
    pub(crate) grounds: TestGrounds,
    gateway: Running,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(|config| unhurried(&config)).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(String) -> String) -> Self {
        Self::open_on(TestGrounds::prepare(change).await).await
    }

    /// On grounds that may have been changed since they were prepared.
    pub(crate) async fn open_on(grounds: TestGrounds) -> Self {
        let config = grounds.grounds.config().unwrap();
        let gateway = app::start(config, Arc::new(SystemClock::new()))
            .await
            .unwrap();
        Self { grounds, gateway }
    }

    pub(crate) async fn close(self) {
        self.stop().await.close().await;
    }

    /// Ends the gateway; its folder and the parts around it stay.
    pub(crate) async fn stop(self) -> TestGrounds {
        self.gateway.stop(Duration::from_secs(5)).await;
        self.grounds
    }
}

/// What a client got: status, reason code where one was told, and everything as text.
pub(crate) fn told(reply: &Reply) -> (u16, String) {
    let code = reply.at("/code").as_str().unwrap_or_default().to_owned();
    (reply.status.as_u16(), code)
}

/// A request with a small JSON body where the method has one; `None` when nobody answers.
pub(crate) async fn call(
    visitor: &mut Visitor,
    method: &Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Option<Reply> {
    let mut headers = headers.to_vec();
    let mut body = Bytes::new();
    if *method == Method::POST {
        headers.push(("content-type", "application/json"));
        headers.push(("sec-fetch-site", "same-origin"));
        body = Bytes::from_static(br#"{"kind":"birth-certificate"}"#);
    }
    visitor.ask(method.clone(), path, &headers, body).await.ok()
}
