//! Does a deployment stand up to the attacks that can be tried from outside?

pub mod corpus;
pub mod frames;
mod handshakes;
mod hello;
mod probe;
mod strangers;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use url::Url;

use crate::cli::{Answer, CliError, Terminal, clock};
use crate::clock::Stopwatch;
use crate::egress::Roots;

use corpus::{Case, Expects, Sends, corpus};
use probe::{Came, Probe, is_right};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The deployment, `https://host[:port]`
    url: Url,
    /// Authorities (PEM) that its certificate must be of, instead of this machine's
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/ssl/certs/ca-certificates.crt"
    )]
    authority: PathBuf,
    /// Longest wait for what comes of one attack, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 3_000)]
    case_ms_max: u32,
    /// Longest wait for the end of handshakes that stall, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 15_000)]
    stall_ms_max: u32,
    /// Say it as a JSON array of {case, sent, expected, came, passed}
    #[arg(long)]
    json: bool,
}

/// How one attack ended.
#[derive(Debug)]
struct Verdict {
    id: &'static str,
    what: &'static str,
    expected: String,
    came: String,
    passed: bool,
}

/// Tries every attack of the corpus, one after the other.
pub(super) fn selftest(options: &Options, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let probe = probe(options)?;
    let stall_max = Duration::from_millis(u64::from(options.stall_ms_max));
    let runtime = Builder::new_current_thread().enable_all().build();
    let tried = runtime
        .map_err(CliError::Threads)?
        .block_on(try_all(&probe, stall_max));
    let verdicts = tried.map_err(|cause| CliError::Unreachable {
        url: options.url.to_string(),
        cause,
    })?;
    let failed = verdicts.iter().filter(|verdict| !verdict.passed).count();
    if options.json {
        let told: Value = verdicts.iter().map(in_json).collect();
        terminal.print_json(&told)?;
    } else {
        print(&verdicts, terminal)?;
    }
    Ok(if failed == 0 { Answer::Yes } else { Answer::No })
}

fn probe(options: &Options) -> Result<Probe, CliError> {
    let unusable = |cause: &str| CliError::Unreachable {
        url: options.url.to_string(),
        cause: cause.to_owned(),
    };
    let host = options.url.host_str().unwrap_or_default();
    if options.url.scheme() != "https" || host.is_empty() {
        return Err(unusable("write `https://host` or `https://host:port`"));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned());
    let name = name.map_err(|_| unusable("its host is no name of a server"))?;
    let roots = Roots::load(&options.authority).map_err(|cause| unusable(&cause.to_string()))?;
    let port = options.url.port();
    let named = port.map_or(host.to_owned(), |port| format!("{host}:{port}"));
    Ok(Probe {
        address: format!("{host}:{}", port.unwrap_or(443)),
        name,
        host: named,
        roots,
        clock: clock(),
        case_max: Duration::from_millis(u64::from(options.case_ms_max)),
    })
}

/// What each attack came to. An attack that cannot be tried, or not in the time for all, has failed.
async fn try_all(probe: &Probe, stall_max: Duration) -> Result<Vec<Verdict>, String> {
    let stopwatch = Stopwatch::start();
    let mut plain = HashMap::new();
    // Before anything else: whether it is there at all.
    plain.insert("/", probe.status("/").await?);
    let mut verdicts = Vec::new();
    for case in corpus(&probe.host) {
        if let Expects::As(path) = case.expects
            && !plain.contains_key(path)
        {
            plain.insert(path, probe.status(path).await?);
        }
        let expected = match case.expects {
            Expects::As(path) => plain.get(path).copied(),
            _ => None,
        };
        let tried = match stopwatch.read() < ALL_MAX {
            true => probe.send(&case.sends).await,
            false => Err("there was no time left".to_owned()),
        };
        verdicts.push(judge(&case, expected, tried));
    }
    verdicts.extend(handshakes::try_all(probe, stall_max).await);
    Ok(verdicts)
}

fn judge(case: &Case, plain: Option<u16>, tried: Result<Came, String>) -> Verdict {
    let (came, passed) = match tried {
        Ok(came) => (
            told(&case.sends, &came),
            is_right(case.expects, &came, plain),
        ),
        Err(cause) => (cause, false),
    };
    Verdict {
        id: case.id,
        what: case.what,
        expected: wanted(case.expects, plain),
        came,
        passed,
    }
}

fn wanted(expects: Expects, plain: Option<u16>) -> String {
    match expects {
        Expects::Refused => "a refusal, and the end".to_owned(),
        Expects::Status(statuses) => {
            let listed: Vec<String> = statuses.iter().map(u16::to_string).collect();
            listed.join(" or ")
        }
        Expects::As(path) => format!("{} as for {path}", plain.unwrap_or_default()),
        Expects::Hidden(text) => format!("a refusal without `{text}`"),
        Expects::StreamRefused => "a refusal".to_owned(),
        Expects::ConnectionEnded => "the end".to_owned(),
        Expects::NoHandshake => "no handshake".to_owned(),
    }
}

fn told(sends: &Sends, came: &Came) -> String {
    if let Sends::Hello(_) = sends {
        let told = if came.shook_hands {
            "a handshake"
        } else {
            "no handshake"
        };
        return told.to_owned();
    }
    let mut parts: Vec<String> = came.statuses.iter().map(u16::to_string).collect();
    match (came.hung_up, came.ended) {
        (true, _) => parts.push("the end".to_owned()),
        (false, true) => parts.push("a stream error".to_owned()),
        (false, false) if parts.is_empty() => parts.push("nothing".to_owned()),
        (false, false) => {}
    }
    parts.join(", ")
}

fn print(verdicts: &[Verdict], terminal: &mut Terminal<'_>) -> Result<(), CliError> {
    let output = &mut terminal.output;
    for verdict in verdicts {
        let word = if verdict.passed { "pass" } else { "FAIL" };
        writeln!(
            output,
            "{word}  {:<6} {:<52} {:<30} {}",
            verdict.id, verdict.what, verdict.expected, verdict.came
        )?;
    }
    let passed = verdicts.iter().filter(|verdict| verdict.passed).count();
    writeln!(output, "{passed} of {} passed", verdicts.len())?;
    Ok(())
}

fn in_json(verdict: &Verdict) -> Value {
    json!({
        "case": verdict.id,
        "sent": verdict.what,
        "expected": verdict.expected,
        "came": verdict.came,
        "passed": verdict.passed,
    })
}

/// Longest time for all of it.
const ALL_MAX: Duration = Duration::from_mins(5);
