//! A document, checked without any network.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::{Answer, CliError, Terminal, clock};
use crate::notary::verdict::{
    Conclusion, Integrity, Receipt, StatusKnown, StatusList, Trust, Verdict, examine,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The document, a PDF
    file: PathBuf,
    /// What is trusted: authorities, keys of logs and verdicts
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// A receipt of the document, from `/verify/CODE/receipt`
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// A list of revoked documents, from `/verify/status`
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    /// Say it as JSON
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn verify(
    options: &Options,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, CliError> {
    let now = clock().now();
    let trust = Trust::parse(&read(&options.trust)?);
    let trust = trust.map_err(|cause| unusable(&options.trust, &cause))?;
    let receipt = options.receipt.as_ref().map(|path| {
        let receipt = Receipt::parse(&read(path)?).and_then(|receipt| receipt.check(&trust));
        receipt.map_err(|cause| unusable(path, &cause))
    });
    let receipt = receipt.transpose()?;
    let list = options.status.as_ref().map(|path| {
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        StatusList::open(&text, &trust, now).map_err(|cause| unusable(path, &cause))
    });
    let list = list.transpose()?;
    let examination = examine(&read(&options.file)?, &trust, now);
    let verdict = Verdict::offline(&examination, receipt.as_ref(), list.as_ref());
    if options.json {
        terminal.print_json(&verdict.to_json())?;
    } else {
        tell(&verdict, terminal)?;
    }
    Ok(match verdict.conclusion {
        Conclusion::Genuine => Answer::Yes,
        Conclusion::Revoked
        | Conclusion::Altered
        | Conclusion::NotOurs
        | Conclusion::Registered => Answer::No,
    })
}

fn tell(verdict: &Verdict, terminal: &mut Terminal<'_>) -> Result<(), CliError> {
    let output = &mut *terminal.output;
    let conclusion = match verdict.conclusion {
        Conclusion::Genuine => "genuine",
        Conclusion::Revoked => "revoked by its issuer",
        Conclusion::Altered => "altered",
        Conclusion::NotOurs => "not sealed by this portal",
        Conclusion::Registered => "registered",
    };
    writeln!(output, "{conclusion}")?;
    let integrity = match verdict.integrity {
        Integrity::Intact => "as it was sealed, to the last byte",
        Integrity::Altered => "not as it was sealed",
        Integrity::Unchecked => "not known",
    };
    writeln!(output, "content: {integrity}")?;
    match verdict.status {
        StatusKnown::Valid { as_of } => writeln!(output, "status: not revoked as of {as_of}")?,
        StatusKnown::Revoked { at } => writeln!(output, "status: revoked on {at}")?,
        StatusKnown::Unknown { after: Some(after) } => {
            writeln!(
                output,
                "status: unknown after {after}; give a list with --status"
            )?;
        }
        StatusKnown::Unknown { after: None } => writeln!(output, "status: unknown")?,
    }
    if let Some(issuer) = &verdict.issuer {
        writeln!(output, "issuer: {issuer}")?;
    }
    if let Some(certificate) = &verdict.certificate {
        writeln!(output, "certificate: {certificate}")?;
    }
    if let Some(found) = &verdict.registered {
        writeln!(output, "registered: {}, entry {}", found.at, found.index)?;
    }
    if let Some(foreign) = &verdict.foreign {
        let intact = if foreign.intact {
            "holds"
        } else {
            "does not hold"
        };
        let trusted = if foreign.trusted {
            "trusted"
        } else {
            "not trusted"
        };
        let signer = foreign.signer.as_deref().unwrap_or("someone");
        writeln!(
            output,
            "signed by {signer}: the signature {intact}, the signer is {trusted}"
        )?;
    }
    if let Some(finding) = &verdict.finding {
        writeln!(output, "found: {finding}")?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|source| CliError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn unusable(path: &Path, cause: &impl std::fmt::Display) -> CliError {
    CliError::Unusable {
        path: path.to_owned(),
        cause: cause.to_string(),
    }
}
