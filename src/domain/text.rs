//! Words in the portal's four languages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language of the portal, as a BCP 47 tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub enum Language {
    #[default]
    #[serde(rename = "uz-Latn")]
    UzLatn,
    #[serde(rename = "uz-Cyrl")]
    UzCyrl,
    #[serde(rename = "ru")]
    Ru,
    #[serde(rename = "en")]
    En,
}

impl Language {
    pub const ALL: [Self; 4] = [Self::UzLatn, Self::UzCyrl, Self::Ru, Self::En];

    /// The BCP 47 tag: what `lang`, `Content-Language` and file names say.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::UzLatn => "uz-Latn",
            Self::UzCyrl => "uz-Cyrl",
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// The language with exactly this tag, letter case aside.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(tag))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// One text in all four languages; none may be empty or missing (checked where it is read).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    pub uz: String,
    pub uzc: String,
    pub ru: String,
    pub en: String,
}

impl Texts {
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::UzLatn => &self.uz,
            Language::UzCyrl => &self.uzc,
            Language::Ru => &self.ru,
            Language::En => &self.en,
        }
    }
}
