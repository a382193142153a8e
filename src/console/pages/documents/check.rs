//! Where the check of a document begins.

use askama::Template;

use crate::console::moment;
use crate::console::pages::{Shell, finish};
use crate::wire::pages::Page;
use crate::wire::pages::check::{CheckTrouble, CheckView};

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    trouble: Option<String>,
    host: String,
}

/// The page on which a check begins.
pub(in crate::console) fn check(shell: &Shell<'_>, view: &CheckView) -> Page {
    let page = CheckPage {
        shell,
        title: shell.say("check-title").into_owned(),
        trouble: view.trouble.map(|trouble| words(shell, trouble)),
        host: shell
            .fill("check-host", &[("what", &view.host)])
            .into_owned(),
    };
    finish(shell, &page)
}

fn words(shell: &Shell<'_>, trouble: CheckTrouble) -> String {
    match trouble {
        CheckTrouble::NoFile => shell.say("check-no-file").into_owned(),
        CheckTrouble::FileTooLarge => shell.say("check-too-large").into_owned(),
        // A clock time stays right on a page that nobody reloads.
        CheckTrouble::TooManyRequests {
            retry_after_seconds,
        } => {
            let until = shell
                .moment()
                .plus_ms(i64::from(retry_after_seconds) * 1000);
            let until = moment::clock_exact(until);
            let many = shell.say("check-too-many");
            format!(
                "{many} {}",
                shell.fill("refusal-until", &[("what", &until)])
            )
        }
    }
}
