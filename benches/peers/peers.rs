//! The programs that are measured, each on one core, before the same upstream.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use muhrdor::demo::Grounds;

/// The core of what is measured.
const MEASURED_CORE: &str = "0";
/// The core of client, upstream and everything else.
const OTHER_CORE: &str = "1";

/// What all peers are given.
pub(crate) struct Ground<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) upstream: SocketAddr,
    pub(crate) grounds: &'a Grounds,
}

/// One running program.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Peer {
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// Moves this process, and all that it starts from here on, to the other core.
pub(crate) fn make_room() {
    let me = std::process::id().to_string();
    let moved = Command::new("taskset")
        .args(["-cp", OTHER_CORE, &me])
        .stdout(Stdio::null())
        .status();
    assert!(
        moved.is_ok_and(|status| status.success()),
        "taskset (package util-linux) and two cores are needed"
    );
}

/// Says what to install where a peer is missing.
pub(crate) fn look_for_peers() {
    for program in ["nginx", "haproxy"] {
        let found = Command::new(program).arg("-v").output();
        assert!(
            found.is_ok(),
            "`{program}` is missing: apt-get install {program}"
        );
    }
}

pub(crate) fn nginx(ground: &Ground<'_>) -> Peer {
    let address = free();
    let config = ground.folder.join("nginx.conf");
    let folder = &ground.grounds.folder;
    let text = include_str!("nginx.conf")
        .replace("@FOLDER@", &text(ground.folder))
        .replace("@UPSTREAM@", &ground.upstream.to_string())
        .replace("@LISTEN@", &address.to_string())
        .replace("@CERTIFICATE@", &text(&folder.certificate()))
        .replace("@KEY@", &text(&folder.certificate_key()));
    fs::write(&config, text).unwrap();
    let mut command = pinned("nginx");
    command.arg("-p").arg(ground.folder).arg("-c").arg(config);
    started("nginx", address, &mut command)
}

pub(crate) fn haproxy(ground: &Ground<'_>) -> Peer {
    let address = free();
    let folder = &ground.grounds.folder;
    let mut pem = fs::read(folder.certificate()).unwrap();
    pem.extend(fs::read(folder.certificate_key()).unwrap());
    let bundle = ground.folder.join("haproxy.pem");
    fs::write(&bundle, pem).unwrap();
    let config = ground.folder.join("haproxy.cfg");
    let text = include_str!("haproxy.cfg")
        .replace("@UPSTREAM@", &ground.upstream.to_string())
        .replace("@LISTEN@", &address.to_string())
        .replace("@PEM@", &text(&bundle));
    fs::write(&config, text).unwrap();
    let mut command = pinned("haproxy");
    command.arg("-f").arg(config);
    started("HAProxy", address, &mut command)
}

pub(crate) fn gateway(ground: &Ground<'_>, program: &Path) -> Peer {
    let portal = &ground.grounds.places.portal;
    let port = portal.rsplit(':').next().unwrap().parse().unwrap();
    let mut command = pinned(program);
    command
        .args(["serve", "--config"])
        .arg(&ground.grounds.places.config);
    started(
        "muhrdor",
        SocketAddr::from(([127, 0, 0, 1], port)),
        &mut command,
    )
}

/// The demo's config with our upstream in it, limits that one client does not meet, and no access
/// lines: the peers write none either.
pub(crate) fn config(text: &str, upstream: SocketAddr) -> String {
    const SECTION: &str = "[upstreams.civil-registry]\naddress = \"";
    let (before, rest) = text.split_once(SECTION).unwrap();
    let (_, after) = rest.split_once('"').unwrap();
    let text = format!("{before}{SECTION}{upstream}\"{after}\n[telemetry]\nfilter = \"warn\"\n");
    text.replace("requests_max = 60,", "requests_max = 10000000,")
        .replace("requests_max = 1200,", "requests_max = 10000000,")
}

fn pinned(program: impl Into<PathBuf>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", MEASURED_CORE]).arg(program.into());
    command
}

/// `taskset` becomes the program: the process keeps its number.
fn started(name: &'static str, address: SocketAddr, command: &mut Command) -> Peer {
    let process = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let peer = Peer {
        name,
        address,
        process,
    };
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < START_MAX, "{name} does not listen");
        thread::sleep(Duration::from_millis(2));
    }
    peer
}

/// Resident memory of a process, in bytes (proc(5), `VmRSS`).
pub(crate) fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() * 1024
}

fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

const START_MAX: Duration = Duration::from_secs(20);
