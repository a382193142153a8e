//! `deploy/compose.yaml` without containers: what it mounts is there, both gateways are sound on it,
//! and count together in the Redis of its config.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::house::trusting::trusting;
use crate::limits::redis::Redis;

#[tokio::test]
async fn what_compose_mounts_is_there_and_its_gateways_count_together() {
    let site = Site::prepared();
    let redis = site.redis();
    let first = site.config("gateway-1", &redis);
    run(Command::new(PROGRAM)
        .args(["keys", "init", "--config"])
        .arg(&first));
    // The second has its keys from the first, as its own script makes them.
    let second = site.config("init-2", &redis);
    let script = site.seen("init-2", &site.text("compose/init-2"));
    let script = script.replace("/usr/bin/muhrdor", PROGRAM);
    run(Command::new("sh").args(["-c", &script]));
    let mut gateways = Vec::new();
    for config in [first, second] {
        let checked = run(Command::new(PROGRAM)
            .args(["check", "--config"])
            .arg(&config));
        assert_eq!(checked, "no problem found\n");
        gateways.push(Gateway::sharing(&config));
    }
    for _ in 0..20 {
        site.asked(&gateways[0]).await;
    }
    let said = site.asked(&gateways[1]).await;
    let (_, left) = said.split_once("\"principal\";r=").expect(&said);
    let left: u32 = left.split(';').next().unwrap().parse().unwrap();
    // Each second one comes back; alone, it would be of 30.
    assert!(said.contains("\"principal\";q=60;w=60"), "{said}");
    assert!(left < 50, "{left} left: {said}");
}

/// A copy of `deploy`, prepared as its operator would.
struct Site(TempDir);

impl Site {
    fn prepared() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (top().join("deploy"), folder.path().join("compose"));
        fs::create_dir(&to).unwrap();
        fs::copy(
            from.join("compose.yaml"),
            folder.path().join("compose.yaml"),
        )
        .unwrap();
        for entry in fs::read_dir(from.join("compose")).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
        run(&mut Command::new(to.join("prepare")));
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// What a service mounts: here, and there. A volume is a folder of its name.
    fn mounts(&self, service: &str) -> Vec<(PathBuf, String)> {
        let compose = self.text("compose.yaml");
        let begins = format!("  {service}:");
        let lines = compose
            .lines()
            .skip_while(|line| !line.starts_with(&begins));
        let own = lines.skip(1).take_while(|line| line.starts_with("    "));
        let mut mounts: Vec<_> = own
            .filter_map(|line| line.trim().strip_prefix("- ")?.split_once(':'))
            .filter(|(_, there)| there.starts_with('/'))
            .map(|(here, there)| {
                let path = self.path(here.trim_start_matches("./"));
                if !here.starts_with("./") {
                    fs::create_dir_all(&path).unwrap();
                }
                assert!(path.exists(), "{service} mounts {here}, which is not there");
                (path, there.trim_end_matches(":ro").to_owned())
            })
            .collect();
        assert!(!mounts.is_empty(), "{service} mounts nothing");
        mounts.sort_by_key(|(_, there)| std::cmp::Reverse(there.len()));
        mounts
    }

    /// A text with a container's paths, as they are here.
    fn seen(&self, service: &str, text: &str) -> String {
        let mut text = text.replace("/usr/share/muhrdor/policies", &shipped("policies"));
        for (here, there) in self.mounts(service) {
            for end in ["/", "\"", "\n", " "] {
                let here = here.display();
                text = text.replace(&format!("{there}{end}"), &format!("{here}{end}"));
            }
        }
        for place in ["/etc/muhrdor", "/etc/redis/", "/var/lib/", " /one"] {
            assert!(!text.contains(place), "{service} mounts no {place}: {text}");
        }
        text
    }

    fn redis(&self) -> Redis {
        Redis::start_with(|address| {
            self.seen("redis", &self.text("compose/redis.conf"))
                .replace("tls-port 6379", &format!("tls-port {}", address.port()))
                .replace("bind * -::*", "bind 127.0.0.1")
        })
    }

    /// The config of a service's gateway, with the Redis that runs here.
    fn config(&self, service: &str, redis: &Redis) -> PathBuf {
        let config = self.path(&format!("{service}.toml"));
        let text = self.seen(service, &self.text("compose/gateway.toml"));
        let address = redis.address.to_string();
        let said = "\n[telemetry]\nformat = \"json\"\nfilter = \"muhrdor=info\"\n";
        let text = text.replace("redis:6379", &address) + said;
        // Time enough for a machine that is busy with other tests.
        let text = text.replace("nodes = 2", "nodes = 2\ntimeout_ms_max = 10000");
        fs::write(&config, text).unwrap();
        if service == "init-2" {
            // Its script has the config where its container has it.
            fs::copy(&config, self.path("compose/gateway.toml")).unwrap();
        }
        config
    }

    /// The head of an answer about nobody.
    async fn asked(&self, gateway: &Gateway) -> String {
        let config = trusting(self.path("compose/made/ca.pem")).with_no_client_auth();
        let stream = TcpStream::connect(&gateway.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(name, stream).await.unwrap();
        let question = b"GET /services HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(question).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let (head, _) = answer.split_once("\r\n\r\n").unwrap();
        head.to_owned()
    }
}

/// A gateway that serves; killed with this.
struct Gateway {
    child: Child,
    address: String,
}

impl Gateway {
    /// Ready, and connected to its Redis.
    fn sharing(config: &Path) -> Self {
        let mut serve = Command::new(PROGRAM);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        serve.arg("--config").arg(config).stderr(Stdio::piped());
        let mut child = serve.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut said, mut address, mut shares) = (String::new(), None, false);
        while address.is_none() || !shares {
            let Some(line) = lines.next().map(Result::unwrap) else {
                panic!("it ended before it was ready: {said}");
            };
            said.push_str(&line);
            let fields = serde_json::from_str::<Value>(&line).unwrap_or_default()["fields"].take();
            match fields["message"].as_str() {
                Some("ready") => address = fields["portal"].as_str().map(str::to_owned),
                Some("limits are shared") => shares = true,
                _ => {}
            }
        }
        // What else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.unwrap();
        Self { child, address }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// What a command that must succeed says.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {said}{errors}");
    said
}

/// Where what the image copies there stands here.
fn shipped(name: &str) -> String {
    let image = fs::read_to_string(top().join("deploy/Containerfile")).unwrap();
    let copied = format!("COPY {name} /usr/share/muhrdor/{name}\n");
    assert!(image.contains(&copied), "the image has no {name}");
    top().join(name).display().to_string()
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_muhrdor");
