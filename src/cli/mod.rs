//! What the operator types.
//!
//! In: the arguments, and where to write. Out: what was asked for, and an exit code: 0 done, 1 the
//! answer is no, 2 the arguments are wrong, 3 it could not be done. Invariants: what was asked for
//! goes to the output and nothing else does; a refusal to work says what, where and what to do; a
//! reader of the journal takes no lock and shows no value. Deliberately absent: anything that a room
//! or `app` could do itself.

mod check;
mod control;
mod documents;
mod error;
mod explain;
mod journal;
mod keys;
mod policy;
pub mod selftest;
mod serve;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::Value;

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Overrides};
#[cfg(feature = "demo")]
use crate::demo;

pub use error::CliError;

use control::Wish;

/// Does what the arguments say, the first of which is the program's name.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    output: &mut (dyn Write + Send),
    errors: &mut (dyn Write + Send),
) -> ExitCode {
    let mut terminal = Terminal { output, errors };
    let verb = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments.verb,
        Err(told) => return advised(&told, &mut terminal),
    };
    let ended = carry_out(&verb, &mut terminal).and_then(|answer| {
        terminal
            .output
            .flush()
            .map(|()| answer)
            .map_err(CliError::Output)
    });
    match ended {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(EXIT_NO),
        Err(cause) => {
            cause.tell(terminal.errors);
            ExitCode::from(EXIT_FAILED)
        }
    }
}

/// Help and version were asked for, or the arguments are wrong.
fn advised(told: &clap::Error, terminal: &mut Terminal<'_>) -> ExitCode {
    let stream = if told.use_stderr() {
        &mut terminal.errors
    } else {
        &mut terminal.output
    };
    // Whoever closed the stream does not want to know.
    let _ = write!(stream, "{}", told.render());
    if told.use_stderr() {
        ExitCode::from(EXIT_USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

fn carry_out(verb: &Verb, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    match verb {
        Verb::Serve(options) => serve::serve(options),
        Verb::Check(options) => check::check(options, terminal),
        Verb::Keys(verb) => keys::keys(verb, terminal),
        Verb::Policy(verb) => policy::policy(verb, terminal),
        Verb::Explain(options) => explain::explain(options, terminal),
        Verb::Journal(verb) => journal::journal(verb, terminal),
        Verb::Verify(options) => documents::verify(options, terminal),
        Verb::Tlog(verb) => documents::log(verb, terminal),
        Verb::Status(options) => control::tell(Wish::Status, options, terminal),
        Verb::Reload(options) => control::tell(Wish::Reload, options, terminal),
        Verb::Alarms(options) => control::tell(Wish::Alarms, options, terminal),
        Verb::Selftest(options) => selftest::selftest(options, terminal),
        #[cfg(feature = "demo")]
        Verb::Demo(options) => serve::demo(options, terminal),
        #[cfg(feature = "demo")]
        Verb::DemoPart(options) => serve::demo_part(options, terminal),
    }
}

/// The keeper of the seal: one door in front of a state's e-services
#[derive(Debug, Parser)]
#[command(name = "muhrdor", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Run the gateway
    ///
    /// Runs until SIGTERM or SIGINT; what is under way is finished first, a second signal cuts it
    /// off. Creates nothing: keys and stores are made by `keys init`.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Serve(serve::Options),
    /// Name every problem of the config and the bundle, with file and line
    ///
    /// Looks at the config, at what it names on this machine, and at the bundle: register, policies
    /// and their tests. Changes nothing.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Check(check::Options),
    /// Make and look at the keys of a gateway
    #[command(subcommand)]
    Keys(keys::Verb),
    /// Test the policies, or ask them a question
    #[command(subcommand)]
    Policy(policy::Verb),
    /// Say why a request was answered as it was
    ///
    /// Tells from the journal the steps that the request took, rules, purpose, legal basis and
    /// case, the reason of a refusal, and which kinds of data left in which form; never a value.
    /// Works beside a running gateway.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Explain(explain::Options),
    /// Prove or export what is written about who saw whose data
    #[command(subcommand)]
    Journal(journal::Verb),
    /// Check a document, without any network
    ///
    /// Needs the document and a trust file, and nothing of the portal. Says on four axes what was
    /// found: content, status, issuer, and where it is registered. Without a list of revoked
    /// documents or a receipt the status is unknown after the moment of sealing.
    ///
    /// Exit code 0: genuine and not known to be revoked. 1: altered, revoked, or not sealed by this
    /// portal. 3: a file cannot be read or is not what it should be.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Verify(documents::VerifyOptions),
    /// Look at the documents' log
    #[command(subcommand)]
    Tlog(documents::LogVerb),
    /// Ask the running gateway which bundle is in force
    #[command(after_help = EXIT_CODES)]
    Status(control::Options),
    /// Have the running gateway take the bundle that its folder holds now
    ///
    /// A bundle with problems changes nothing: its problems are told, and the answer is no.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Reload(control::Options),
    /// Ask the running gateway how often data was about to leave wrongly
    #[command(after_help = EXIT_CODES)]
    Alarms(control::Options),
    /// Try a deployment with attacks from outside
    ///
    /// Sends what has broken other gateways, each in a connection of its own: framing, paths, hosts,
    /// headers of identity, HTTP/2, TLS, handshakes that stall, client certificates that do not hold
    /// where one is asked for, and floods small enough to do no harm. Nothing is sent that a sound
    /// deployment would act on. Ask the operator of the deployment first.
    ///
    /// Exit code 0: every attack came to what it must. 1: some did not. 3: nobody answers there.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Selftest(selftest::Options),
    /// Try it all: a portal with a sign-in server and e-services of its own around it
    #[cfg(feature = "demo")]
    #[command(after_help = EXIT_CODES)]
    Demo(demo::Options),
    /// One part of the demo as a process of its own
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    DemoPart(demo::PartOptions),
}

/// How a verb ended that could be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    /// Problems were found, a proof does not hold, what was asked for is not there.
    No,
}

/// Where to write.
struct Terminal<'a> {
    /// What was asked for.
    output: &'a mut (dyn Write + Send),
    /// Everything else.
    errors: &'a mut (dyn Write + Send),
}

impl Terminal<'_> {
    fn print_json(&mut self, value: &Value) -> io::Result<()> {
        writeln!(self.output, "{value:#}")
    }
}

/// The config that a verb is about.
#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// The gateway's config
    #[arg(long = "config", value_name = "FILE")]
    path: PathBuf,
}

impl ConfigFile {
    fn bytes(&self) -> Result<Vec<u8>, CliError> {
        let path = self.path.clone();
        fs::read(&self.path).map_err(|source| CliError::ConfigUnreadable { path, source })
    }

    /// What it says; whether the files that it names are there is left to who needs them.
    fn described(&self) -> Result<Config, CliError> {
        Config::read(&self.path, &self.bytes()?, &Overrides::default()).map_err(CliError::Problems)
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

const EXIT_NO: u8 = 1;
const EXIT_USAGE: u8 = 2;
const EXIT_FAILED: u8 = 3;

const EXIT_CODES: &str = "\
Exit codes:
  0  done, and the answer is yes
  1  the answer is no: problems found, a check or proof does not hold, not there
  2  the arguments are wrong
  3  it could not be done: a file, a key, a port or the running gateway is missing";
