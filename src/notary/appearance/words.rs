//! The words beside a seal, in the document's language.

use crate::domain::text::Language;

/// What stands before the date, the address and the access code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::notary) struct CaptionWords {
    pub(super) sealed: &'static str,
    pub(super) check_at: &'static str,
    pub(super) access: &'static str,
}

impl CaptionWords {
    pub(in crate::notary) const fn in_language(language: Language) -> &'static Self {
        match language {
            Language::UzLatn => &Self {
                sealed: "Elektron muhr bosilgan:",
                check_at: "Tekshirish:",
                access: "Kirish kodi:",
            },
            Language::UzCyrl => &Self {
                sealed: "Электрон муҳр босилган:",
                check_at: "Текшириш:",
                access: "Кириш коди:",
            },
            Language::Ru => &Self {
                sealed: "Электронная печать:",
                check_at: "Проверка:",
                access: "Код доступа:",
            },
            Language::En => &Self {
                sealed: "Electronic seal:",
                check_at: "Check at:",
                access: "Access code:",
            },
        }
    }
}
