//! Kinds of TOML values, and how a person is told to write them.

use toml::de::DeValue;

/// What a TOML value can be read as.
pub trait Written: Sized {
    /// What to write, `a string`.
    const KIND: &'static str;

    /// The value, or `None` where it is of another kind.
    fn read(value: &DeValue<'_>) -> Option<Self>;
}

impl Written for String {
    const KIND: &'static str = "a string";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Written for bool {
    const KIND: &'static str = "`true` or `false`";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }
}

impl Written for i64 {
    const KIND: &'static str = "a whole number";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let integer = value.as_integer()?;
        Self::from_str_radix(integer.as_str(), integer.radix()).ok()
    }
}

impl Written for u64 {
    const KIND: &'static str = "a whole number from 0 up";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        i64::read(value).and_then(|number| Self::try_from(number).ok())
    }
}
