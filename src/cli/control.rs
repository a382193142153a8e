//! Words to the running gateway, through its control socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::{Answer, CliError, ConfigFile, Terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigFile,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
}

/// What the running gateway is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Status,
    Reload,
    Alarms,
}

/// Says the wish and tells the answer.
pub(super) fn tell(
    wish: Wish,
    options: &Options,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, CliError> {
    let path = options.config.described()?.listen.control;
    let answer = ask(&path, wish.verb()).map_err(|source| CliError::NotRunning {
        path: path.clone(),
        source,
    })?;
    let done = answer.get("ok").and_then(Value::as_bool);
    let problem = answer.get("error").and_then(Value::as_str);
    let Some(done) = done else {
        return Err(CliError::NotDone(
            problem.unwrap_or("its answer does not read").to_owned(),
        ));
    };
    if options.json {
        terminal.print_json(&answer)?;
    } else if done {
        print(wish, &answer, terminal.output)?;
    } else {
        writeln!(terminal.output, "{}", problem.unwrap_or("not done"))?;
    }
    Ok(if done { Answer::Yes } else { Answer::No })
}

impl Wish {
    const fn verb(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Reload => "reload",
            Self::Alarms => "alarms",
        }
    }
}

/// One line of JSON there, one back. An answer that does not read is no answer.
fn ask(path: &Path, verb: &str) -> io::Result<Value> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_write_timeout(Some(ANSWER_WAIT_MAX))?;
    stream.set_read_timeout(Some(ANSWER_WAIT_MAX))?;
    writeln!(stream, "{}", json!({ "verb": verb }))?;
    let mut line = String::new();
    BufReader::new(stream.take(ANSWER_BYTES_MAX)).read_line(&mut line)?;
    serde_json::from_str(&line).map_err(io::Error::from)
}

fn print(wish: Wish, answer: &Value, output: &mut dyn Write) -> io::Result<()> {
    let bundle = answer
        .get("bundle")
        .and_then(Value::as_str)
        .unwrap_or("unknown");
    match wish {
        Wish::Status => writeln!(output, "running; bundle {bundle}"),
        Wish::Reload => writeln!(output, "reloaded; bundle {bundle}"),
        Wish::Alarms => print_alarms(answer, output),
    }
}

fn print_alarms(answer: &Value, output: &mut dyn Write) -> io::Result<()> {
    let alarms = answer.get("alarms").and_then(Value::as_array);
    let alarms = alarms.map(Vec::as_slice).unwrap_or_default();
    for alarm in alarms {
        let reason = alarm
            .get("reason")
            .and_then(Value::as_str)
            .unwrap_or("unknown");
        let count = alarm
            .get("count")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        writeln!(output, "{reason}: {count}")?;
    }
    if alarms.is_empty() {
        writeln!(output, "no alarm since it started")?;
    }
    Ok(())
}

/// Longer than the gateway takes at most, so that its own word on a timeout arrives.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(40);
const ANSWER_BYTES_MAX: u64 = 1 << 20;
