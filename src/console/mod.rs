//! In-house e-services, and what people see.
//!
//! In: a permit and the rooms' own answers; for pages, what left redaction, or a refusal's reason.
//! Out: JSON as any upstream's, and pages in four languages. Invariants: JSON shows no more than
//! the rooms gave; a page is made only from what may be shown, its markup stands in templates, its
//! words in `texts/`; no script, no inline style, nothing from another host. Deliberately absent:
//! decisions about who may see what (the corridor makes them before a page exists).

use crate::domain::name::OperationId;
use crate::domain::text::Texts;
use crate::wire::pages::check::{CheckView, VerdictView};
use crate::wire::pages::{Asset, Frame, Page, Pages, RealmChoice, RefusalView};

mod answers;
mod documents;
mod in_house;
mod moment;
mod pages;
mod shape;
mod style;
mod texts;

pub use in_house::InHouseServices;
pub use texts::TextsError;

use style::Assets;
use texts::Phrases;

/// How the portal presents itself; from the deployment's config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalSettings {
    /// The portal's name.
    pub names: Texts,
    /// The body that runs it.
    pub operator: Texts,
    /// How to reach a human: a sentence with a telephone number or an address.
    pub help: Texts,
    /// The host people should see in their browser's address line.
    pub host: String,
}

/// The maker of pages.
#[derive(Debug)]
pub struct Console {
    phrases: Phrases,
    assets: Assets,
    portal: PortalSettings,
}

impl Console {
    /// Reads the texts of all four languages.
    pub fn new(portal: PortalSettings) -> Result<Self, TextsError> {
        Ok(Self {
            phrases: Phrases::load()?,
            assets: Assets::new(),
            portal,
        })
    }
}

impl Pages for Console {
    fn refusal(&self, view: &RefusalView, frame: &Frame) -> Page {
        pages::refusal(&self.shell(frame), view)
    }

    fn chooser(&self, realms: &[RealmChoice], return_to: &str, frame: &Frame) -> Page {
        pages::chooser(&self.shell(frame), realms, return_to)
    }

    fn signed_out(&self, at_provider: Option<&str>, frame: &Frame) -> Page {
        pages::signed_out(&self.shell(frame), at_provider)
    }

    fn check(&self, view: &CheckView, frame: &Frame) -> Page {
        pages::check(&self.shell(frame), view)
    }

    fn verdict(&self, view: &VerdictView, frame: &Frame) -> Page {
        pages::verdict(&self.shell(frame), view)
    }

    fn operation(&self, operation: &OperationId, json: &[u8], frame: &Frame) -> Option<Page> {
        pages::operation(&self.shell(frame), operation, json)
    }

    fn asset(&self, path: &str) -> Option<Asset> {
        self.assets.find(path)
    }
}

impl Console {
    fn shell<'a>(&'a self, frame: &'a Frame) -> pages::Shell<'a> {
        pages::Shell::new(&self.phrases, &self.assets, &self.portal, frame)
    }
}
