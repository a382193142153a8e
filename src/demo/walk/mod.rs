//! The walk: the whole main job, as clients would do it.
//!
//! Answers: does the demo do what it promises? In: addresses, and the files that any client would
//! have (the certificate to trust, client secrets). Out: a line for each outcome, everything that
//! was received, and whether all of it was right. Invariants: it speaks only to listeners and runs
//! only the program's own verbs; every byte that the gateway sends is searched for what must not be
//! in it. Deliberately absent: any look inside the gateway.

mod citizen;
mod documents;
mod exchange;
mod form;
mod misuse;
mod official;
mod proof;
mod tape;
mod visitor;

use std::io::Write;
use std::path::PathBuf;

use crate::demo::error::DemoError;
use crate::demo::folder::Folder;
use crate::demo::report::Places;
use crate::demo::walk::tape::Tape;

pub use documents::Paper;
pub(super) use visitor::parsed;
pub use visitor::{SignedIn, Visitor};

/// What the walk needs to know.
#[derive(Debug)]
pub struct Scene {
    pub places: Places,
    pub folder: Folder,
    /// The program whose verbs `explain` and `journal verify` are run.
    pub program: PathBuf,
}

impl Scene {
    fn visitor(&self) -> Result<Visitor, DemoError> {
        Visitor::new(&self.folder.authority(), &self.places.portal)
    }
}

/// Does all steps; prints each outcome.
///
/// # Errors
/// [`DemoError::Walk`] when an outcome was wrong; others when a step could not be done at all.
pub async fn walk(scene: &Scene, output: &mut (dyn Write + Send)) -> Result<(), DemoError> {
    let mut tape = Tape::new(scene.folder.walk(), output)?;
    citizen::anyone_reads_information(scene, &mut tape).await?;
    let mut aziza = citizen::an_applicant_sees_their_record(scene, &mut tape).await?;
    let (mut gulnora, seen) = official::an_official_works_on_a_case(scene, &mut tape).await?;
    exchange::a_system_gets_yes_or_no(scene, &mut tape).await?;
    citizen::the_applicant_finds_who_saw(&mut aziza, &mut tape).await?;
    misuse::forgeries_are_refused(scene, &mut tape, &mut gulnora, &mut aziza).await?;
    misuse::too_many_are_told_to_wait(scene, &mut tape).await?;
    proof::each_decision_is_explained(scene, &mut tape, &seen).await?;
    proof::the_journal_holds(scene, &mut tape).await?;
    if let Some(held) = documents::a_certificate_is_issued(scene, &mut tape, &mut aziza).await? {
        documents::a_stranger_checks_it(scene, &mut tape, &held).await?;
        documents::the_paper_opens_it(scene, &mut tape, &held, &mut aziza).await?;
        documents::tampering_is_found_out(scene, &mut tape, &held).await?;
        documents::the_issuer_revokes_it(scene, &mut tape, &held).await?;
    }
    documents::a_number_is_given_once(scene, &mut tape, &mut aziza).await?;
    documents::the_log_holds(scene, &mut tape).await?;
    tape.finish()
}
