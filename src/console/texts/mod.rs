//! Every word a person reads, in the portal's four languages: one Fluent file a language.
//!
//! A key that a language lacks is never filled from another: `tests/it/pages.rs` holds that every
//! key exists in all four, and that what code and templates ask for is there.

use std::borrow::Cow;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::text::Language;

/// Why the texts cannot be read; found by tests before anyone starts the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextsError {
    #[error("the texts in `{language}` do not parse: {cause}")]
    Form { language: Language, cause: String },
    #[error("`{language}` is no language tag: {cause}")]
    Tag { language: Language, cause: String },
}

/// The phrases of all languages.
pub(super) struct Phrases {
    uz_latn: FluentBundle<FluentResource>,
    uz_cyrl: FluentBundle<FluentResource>,
    ru: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Phrases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Phrases(uz-Latn, uz-Cyrl, ru, en)")
    }
}

impl Phrases {
    /// Parses the four files built into the program.
    pub(super) fn load() -> Result<Self, TextsError> {
        Ok(Self {
            uz_latn: bundle(Language::UzLatn)?,
            uz_cyrl: bundle(Language::UzCyrl)?,
            ru: bundle(Language::Ru)?,
            en: bundle(Language::En)?,
        })
    }

    /// The phrases of one language.
    pub(super) const fn in_language(&self, language: Language) -> Speech<'_> {
        let bundle = match language {
            Language::UzLatn => &self.uz_latn,
            Language::UzCyrl => &self.uz_cyrl,
            Language::Ru => &self.ru,
            Language::En => &self.en,
        };
        Speech { bundle }
    }
}

/// The phrases of one language.
#[derive(Clone, Copy)]
pub(super) struct Speech<'a> {
    bundle: &'a FluentBundle<FluentResource>,
}

impl<'a> Speech<'a> {
    /// The phrase of this key.
    pub(super) fn say(&self, key: &str) -> Cow<'a, str> {
        self.format(key, None)
    }

    /// The phrase of this key with a number in it, `{ $n }`.
    pub(super) fn count(&self, key: &str, n: u64) -> Cow<'a, str> {
        let mut args = FluentArgs::new();
        args.set("n", FluentValue::from(n));
        self.format(key, Some(&args))
    }

    /// The phrase of this key with texts in it, by name.
    pub(super) fn fill(&self, key: &str, values: &[(&str, &str)]) -> Cow<'a, str> {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(*name, FluentValue::from(*value));
        }
        self.format(key, Some(&args))
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Cow<'a, str> {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return Cow::Owned(format!("[{key}]"));
        };
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, args, &mut errors);
        Cow::Owned(text.into_owned())
    }
}

/// The file of a language, as it is built in.
const fn source(language: Language) -> &'static str {
    match language {
        Language::UzLatn => include_str!("uz-Latn.ftl"),
        Language::UzCyrl => include_str!("uz-Cyrl.ftl"),
        Language::Ru => include_str!("ru.ftl"),
        Language::En => include_str!("en.ftl"),
    }
}

fn bundle(language: Language) -> Result<FluentBundle<FluentResource>, TextsError> {
    let form = |cause: String| TextsError::Form { language, cause };
    let tag: LanguageIdentifier = language
        .tag()
        .parse()
        .map_err(|cause| TextsError::Tag { language, cause: format!("{cause}") })?;
    let resource = FluentResource::try_new(source(language).to_owned())
        .map_err(|(_, errors)| form(format!("{errors:?}")))?;
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks would stand inside words that are copied and compared.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).map_err(|errors| form(format!("{errors:?}")))?;
    Ok(bundle)
}
