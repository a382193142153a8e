//! A gateway that serves, and the verbs that speak to it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Site;

/// Each takes as long as starting the program does.
const TRIES_MAX: usize = 2_000;

/// A process that serves; killed when the test ends without ending it.
struct Serving {
    child: Child,
    ready: Value,
}

impl Serving {
    /// Started and ready; its messages are JSON.
    fn start(site: &Site) -> Self {
        let messages = "\n[telemetry]\nformat = \"json\"\nfilter = \"muhrdor=info\"\n";
        let text = site.text("gateway.toml");
        fs::write(&site.config, text + messages).unwrap();
        let words = ["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        let mut child = site.command(&words).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let ready = loop {
            let Some(line) = lines.next().map(Result::unwrap) else {
                panic!("it ended before it was ready: {said}");
            };
            said.push_str(&line);
            match serde_json::from_str::<Value>(&line) {
                Ok(line) if line["fields"]["message"] == "ready" => break line,
                _ => {}
            }
        };
        // What else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, ready }
    }

    /// Its exit code after one SIGTERM.
    fn end(mut self) -> Option<i32> {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_running_gateway_is_asked_and_told_through_its_socket() {
    let site = Site::made();
    let serving = Serving::start(&site);
    assert!(
        serving.ready["fields"]["portal"]
            .as_str()
            .unwrap()
            .starts_with("127.0.0.1:")
    );
    let status = site.run(&["status", "--json"]).exits(0).json();
    let bundle = status["bundle"].as_str().unwrap().to_owned();
    site.run(&["status"])
        .exits(0)
        .says(&["running; bundle ", &bundle]);
    site.run(&["alarms"])
        .exits(0)
        .says(&["no alarm since it started\n"]);
    site.run(&["reload"])
        .exits(0)
        .says(&["reloaded; bundle ", &bundle]);

    let rules = site.text("policies/casework.cedar");
    fs::write(site.path("policies/casework.cedar"), "permit(").unwrap();
    site.run(&["reload"])
        .exits(1)
        .says(&["policies/casework.cedar:1: "]);
    assert_eq!(site.run(&["reload", "--json"]).exits(1).json()["ok"], false);
    site.run(&["status"]).exits(0).says(&[&bundle]);
    fs::write(site.path("policies/casework.cedar"), rules + "\n// more\n").unwrap();
    let reloaded = site.run(&["reload", "--json"]).exits(0).json();
    assert_ne!(reloaded["bundle"], bundle);

    let rules = site.text("policies/casework.cedar");
    fs::write(
        site.path("policies/casework.cedar"),
        rules + "// and more\n",
    )
    .unwrap();
    kill_process(Pid::from_child(&serving.child), Signal::HUP).unwrap();
    let taken = (0..TRIES_MAX).any(|_| {
        let status = site.run(&["status", "--json"]).exits(0).json();
        status["bundle"] != reloaded["bundle"]
    });
    assert!(taken, "SIGHUP reloads");

    // Readers of the journal need nothing that the writer holds.
    site.run(&["journal", "verify"])
        .exits(0)
        .says(&["the journal holds"]);
    site.run(&["explain", &"0".repeat(32)])
        .exits(1)
        .says(&["no entry of the request"]);

    let second = site.run(&["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    second.exits(3);
    assert_eq!(serving.end(), Some(0));
    site.run(&["status"])
        .exits(3)
        .says(&["control.sock", "is it running"]);
}

#[test]
fn nobody_answers_where_no_gateway_runs() {
    let site = Site::made();
    for verb in ["status", "reload", "alarms"] {
        site.run(&[verb])
            .exits(3)
            .says(&["control.sock", "is it running"]);
    }
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let site = Site::made();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for words in [
        ["serve", "--listen", &address, "--admin", "127.0.0.1:0"],
        ["serve", "--listen", "127.0.0.1:0", "--admin", &address],
    ] {
        let said = site.run(&words).exits(3);
        assert_eq!(said.output, "");
        said.says(&[
            &address,
            "in use",
            "choose another address with `--listen` or `--admin`",
        ]);
    }
}

#[test]
fn a_filter_of_messages_that_is_none_is_named() {
    let site = Site::made();
    let text = site.text("gateway.toml") + "\n[telemetry]\nfilter = \"muhrdor=lowd\"\n";
    fs::write(&site.config, text).unwrap();
    let said = site.run(&["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    said.exits(3).says(&["telemetry.filter", "muhrdor=lowd"]);
}
