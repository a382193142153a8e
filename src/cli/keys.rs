//! The keys of a gateway: made, listed, published.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Value, json};

use crate::app;
use crate::cli::{Answer, CliError, ConfigFile, EXIT_CODES, Terminal, clock};
use crate::domain::time::Timestamp;
use crate::keys::{KeyError, KeyFolder, KeyName};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Make the keys and the empty stores that are not there yet
    ///
    /// What is there stays as it is.
    #[command(after_help = EXIT_CODES)]
    Init(Options),
    /// List the keys: what each is for, its kind, and from when it is used
    #[command(after_help = EXIT_CODES)]
    List(Options),
    /// Print the public keys that check the gateway's assertions, as a JWK set (RFC 7517)
    #[command(after_help = EXIT_CODES)]
    Jwks(PublicOptions),
    /// Print the trust file: what third parties check documents and logs of this portal with
    ///
    /// Authorities, public keys of the logs and of verdicts, the policy on witnesses. Give it away
    /// by a way that people trust: whoever can exchange it can exchange what they believe.
    #[command(after_help = EXIT_CODES)]
    Trust(PublicOptions),
}

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigFile,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct PublicOptions {
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn keys(verb: &Verb, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    match verb {
        Verb::Init(options) => init(options, terminal),
        Verb::List(options) => list(options, terminal),
        Verb::Jwks(options) => {
            let set = app::key_set(&options.config.described()?, clock().now())?;
            terminal.print_json(&set)?;
            Ok(Answer::Yes)
        }
        Verb::Trust(options) => {
            let trust = app::trust(&options.config.described()?)?;
            terminal.print_json(&trust)?;
            Ok(Answer::Yes)
        }
    }
}

fn init(options: &Options, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let made = app::init(&options.config.described()?, clock().now())?;
    if options.json {
        let made: Vec<_> = made.iter().map(|path| path.display().to_string()).collect();
        terminal.print_json(&json!({ "made": made }))?;
        return Ok(Answer::Yes);
    }
    for path in &made {
        writeln!(terminal.output, "made {}", path.display())?;
    }
    if made.is_empty() {
        writeln!(
            terminal.output,
            "everything is there already; nothing was made"
        )?;
    }
    Ok(Answer::Yes)
}

fn list(options: &Options, terminal: &mut Terminal<'_>) -> Result<Answer, CliError> {
    let folder = KeyFolder::open(&options.config.described()?.keys_dir)?;
    let names: BTreeSet<KeyName> = folder.list()?.into_iter().map(|(name, _)| name).collect();
    let mut listed = Vec::new();
    for name in &names {
        listed.extend(of_name(&folder, name)?);
    }
    if options.json {
        terminal.print_json(&listed.iter().map(Listed::in_json).collect())?;
    } else {
        print(&listed, terminal)?;
    }
    Ok(Answer::Yes)
}

/// A key, without what it signs or encrypts with.
struct Listed {
    name: String,
    kind: &'static str,
    from: Timestamp,
    /// The thumbprint of a signing key's public half.
    id: Option<String>,
}

/// The keys of one name. Each is read, so that one that is broken or open to others is told here.
fn of_name(folder: &KeyFolder, name: &KeyName) -> Result<Vec<Listed>, KeyError> {
    let signing = match folder.signing(name) {
        Ok(signing) => signing,
        Err(KeyError::Malformed { .. }) => {
            let secrets = folder.secrets(name)?.into_iter().map(|dated| Listed {
                name: name.as_str().to_owned(),
                kind: "secret",
                from: dated.from,
                id: None,
            });
            return Ok(secrets.collect());
        }
        Err(cause) => return Err(cause),
    };
    let signing = signing.into_iter().map(|dated| Listed {
        name: name.as_str().to_owned(),
        kind: dated.key.algorithm().jose(),
        from: dated.from,
        id: Some(dated.key.key_id().to_string()),
    });
    Ok(signing.collect())
}

impl Listed {
    fn in_json(&self) -> Value {
        json!({
            "name": self.name,
            "kind": self.kind,
            "from": self.from.to_string(),
            "id": self.id,
        })
    }
}

fn print(listed: &[Listed], terminal: &mut Terminal<'_>) -> io::Result<()> {
    for key in listed {
        let id = key.id.as_deref().unwrap_or("-");
        writeln!(
            terminal.output,
            "{:<12} {:<8} from {}  {id}",
            key.name, key.kind, key.from
        )?;
    }
    if listed.is_empty() {
        writeln!(
            terminal.output,
            "no keys; make them with `muhrdor keys init`"
        )?;
    }
    Ok(())
}
