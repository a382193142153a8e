//! What is around every page: header, language switch, account, footer.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::console::PortalSettings;
use crate::console::moment;
use crate::console::style::Assets;
use crate::console::texts::{Phrases, Speech};
use crate::domain::decision::Hint;
use crate::domain::name::RealmId;
use crate::domain::principal::PrincipalKind;
use crate::domain::purpose::Claim;
use crate::domain::text::{Language, Texts};
use crate::domain::time::Timestamp;
use crate::wire::pages::Frame;

/// Where signing in begins: always by a link, never by a form.
const SIGN_IN: &str = "/oauth2/start";

/// Below it stands what is about signing in and out.
const SIGNING: &str = "/oauth2/";

/// Where an applicant comes to who was nowhere before.
const HOME: &str = "/my";

/// The surroundings of one page.
pub(in crate::console) struct Shell<'a> {
    phrases: &'a Phrases,
    speech: Speech<'a>,
    assets: &'a Assets,
    portal: &'a PortalSettings,
    frame: &'a Frame,
    /// Whether the address names the language: then the links on the page do too.
    is_language_named: bool,
}

/// The way to the reader's own page.
pub(super) struct AccountLink<'a> {
    pub(super) name: &'a str,
    pub(super) href: String,
}

/// One language of the switch.
pub(super) struct LanguageChoice {
    pub(super) tag: &'static str,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) current: bool,
}

impl<'a> Shell<'a> {
    pub(in crate::console) fn new(
        phrases: &'a Phrases,
        assets: &'a Assets,
        portal: &'a PortalSettings,
        frame: &'a Frame,
    ) -> Self {
        Self {
            phrases,
            speech: phrases.in_language(frame.language),
            assets,
            portal,
            frame,
            is_language_named: parameters(&frame.path_and_query).any(is_language),
        }
    }

    pub(super) const fn language(&self) -> Language {
        self.frame.language
    }

    pub(super) const fn tag(&self) -> &'static str {
        self.frame.language.tag()
    }

    pub(super) fn say(&self, key: &str) -> Cow<'a, str> {
        self.speech.say(key)
    }

    pub(super) fn count(&self, key: &str, n: u64) -> Cow<'a, str> {
        self.speech.count(key, n)
    }

    pub(super) fn fill(&self, key: &str, values: &[(&str, &str)]) -> Cow<'a, str> {
        self.speech.fill(key, values)
    }

    /// A text of the vocabulary or the register in the page's language.
    pub(super) fn of<'t>(&self, texts: &'t Texts) -> &'t str {
        texts.get(self.frame.language)
    }

    pub(super) fn portal_name(&self) -> &str {
        self.of(&self.portal.names)
    }

    pub(super) fn operator(&self) -> Cow<'a, str> {
        self.fill("footer-run-by", &[("what", self.of(&self.portal.operator))])
    }

    pub(super) fn host(&self) -> Cow<'a, str> {
        self.fill("footer-host", &[("what", &self.portal.host)])
    }

    pub(super) fn help(&self) -> &str {
        self.of(&self.portal.help)
    }

    pub(super) fn style(&self) -> &str {
        &self.assets.style
    }

    pub(super) fn seal(&self) -> &str {
        &self.assets.seal
    }

    pub(super) fn account(&self) -> Option<AccountLink<'_>> {
        let account = self.frame.account.as_ref()?;
        // Only an applicant has a page of their own so far.
        let target = match account.kind {
            PrincipalKind::Person => HOME,
            PrincipalKind::Anonymous | PrincipalKind::Official | PrincipalKind::System => {
                "/services"
            }
        };
        Some(AccountLink {
            name: &account.name.0,
            href: self.link(target),
        })
    }

    /// What the reader works on, where they are an official.
    pub(super) fn desk(&self) -> Option<&Claim> {
        let account = self.frame.account.as_ref()?;
        match account.kind {
            PrincipalKind::Official => Some(&account.working),
            PrincipalKind::Anonymous | PrincipalKind::Person | PrincipalKind::System => None,
        }
    }

    pub(super) fn visit(&self) -> String {
        self.frame.visit.to_string()
    }

    pub(super) fn now(&self) -> String {
        moment::date_and_clock(self.frame.now)
    }

    pub(super) const fn moment(&self) -> Timestamp {
        self.frame.now
    }

    /// The language, where the address names it: a form that is sent by `GET` has to name it too.
    pub(super) fn named_language(&self) -> Option<&'static str> {
        self.is_language_named.then(|| self.tag())
    }

    /// A link within the portal that keeps the language the address names.
    pub(super) fn link(&self, target: &str) -> String {
        if self.is_language_named {
            with_language(target, self.language())
        } else {
            target.to_owned()
        }
    }

    /// This page, at the beginning of its list.
    pub(super) fn at_start(&self) -> String {
        self.link(self.frame.path_and_query.split('?').next().unwrap_or("/"))
    }

    /// This page, at another place of its list.
    pub(super) fn at(&self, parameter: &str, place: u64) -> String {
        let path = self.frame.path_and_query.split('?').next().unwrap_or("/");
        self.link(&format!("{path}?{parameter}={place}"))
    }

    /// The way to sign in and come back to this page; the pages of signing in and out are no
    /// place to come back to.
    pub(super) fn sign_in(&self) -> String {
        let here = self.frame.path_and_query.as_str();
        self.sign_in_to(if here.starts_with(SIGNING) {
            HOME
        } else {
            here
        })
    }

    /// The way to sign in and come to `return_to`.
    pub(super) fn sign_in_to(&self, return_to: &str) -> String {
        self.link(&format!("{SIGN_IN}?rd={}", encoded(return_to)))
    }

    /// The way to sign in at one realm and come to `return_to`.
    pub(super) fn sign_in_at(&self, realm: &RealmId, return_to: &str) -> String {
        let realm = encoded(realm.as_str());
        self.link(&format!(
            "{SIGN_IN}?realm={realm}&rd={}",
            encoded(return_to)
        ))
    }

    /// The way to sign in more strongly, as a hint asks.
    pub(super) fn step_up(&self, hint: Option<&Hint>, return_to: &str) -> String {
        let rank = match hint {
            Some(Hint::StepUp(rank)) => *rank,
            Some(Hint::Justify | Hint::Case | Hint::Approve | Hint::Consent) | None => 2,
        };
        self.link(&format!("{SIGN_IN}?acr={rank}&rd={}", encoded(return_to)))
    }

    /// The page's own address, to try again.
    pub(super) fn again(&self) -> &str {
        &self.frame.path_and_query
    }

    /// The four languages, each leading to this same page.
    pub(super) fn languages(&self) -> Vec<LanguageChoice> {
        Language::ALL
            .into_iter()
            .map(|language| LanguageChoice {
                tag: language.tag(),
                name: self
                    .phrases
                    .in_language(language)
                    .say("language-name")
                    .into_owned(),
                href: with_language(&self.frame.path_and_query, language),
                current: language == self.language(),
            })
            .collect()
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The target with this language and no other named in its query.
fn with_language(target: &str, language: Language) -> String {
    let path = target.split('?').next().unwrap_or("/");
    let others = parameters(target).filter(|parameter| !is_language(parameter));
    let mut query: Vec<_> = others.map(str::to_owned).collect();
    query.push(format!("lang={}", language.tag()));
    format!("{path}?{}", query.join("&"))
}

fn parameters(target: &str) -> impl Iterator<Item = &str> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter(|parameter| !parameter.is_empty())
}

fn is_language(parameter: &str) -> bool {
    parameter.split('=').next() == Some("lang")
}
