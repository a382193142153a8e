//! Where a person goes after signing in: back to where they were, and never out of the house.

use std::fmt;

use crate::identity::providers::RealmKind;
use crate::wire::path::Target;

/// The longest way back that is kept, in bytes: up to eight of them share one cookie.
pub const WAY_BACK_BYTES_MAX: usize = 1024;

/// A path of this host, with its query; safe as a `Location`.
#[derive(Clone, PartialEq, Eq)]
pub struct WayBack(String);

impl WayBack {
    /// The way asked for when it is one, else the realm's first page. A way is an origin-form
    /// target that `wire` reads in its one canonical form, so no browser can read a host out of it:
    /// no `//`, no backslash, no control character, escaped or not. It is not too long and does not
    /// lead into sign-in itself.
    #[must_use]
    pub fn choose(asked: Option<&str>, kind: RealmKind) -> Self {
        asked
            .and_then(Self::read)
            .unwrap_or_else(|| Self::first_page(kind))
    }

    fn read(asked: &str) -> Option<Self> {
        if asked.len() > WAY_BACK_BYTES_MAX {
            return None;
        }
        let target = Target::parse(asked.as_bytes()).ok()?;
        let into_sign_in = target.segments().next() == Some("oauth2");
        let way = target.origin_form();
        let plain = way.starts_with('/') && !way.starts_with("//");
        (plain && !into_sign_in && way.len() <= WAY_BACK_BYTES_MAX).then_some(Self(way))
    }

    fn first_page(kind: RealmKind) -> Self {
        Self(match kind {
            RealmKind::Person => "/my".to_owned(),
            RealmKind::Official => "/services".to_owned(),
        })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Prints nothing of it: paths and queries carry personal data.
impl fmt::Debug for WayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WayBack(withheld)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(asked: &str) -> String {
        let way = WayBack::choose(Some(asked), RealmKind::Person);
        way.as_str().to_owned()
    }

    #[test]
    fn a_path_of_this_host_is_a_way_back() {
        for asked in ["/", "/my", "/pension/record?year=2024", "/a/%D1%84", "/my/"] {
            assert_eq!(way(asked), asked);
        }
        assert_eq!(
            WayBack::choose(None, RealmKind::Official).as_str(),
            "/services"
        );
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_way_back() {
        let long = format!("/{}", "a".repeat(10_000));
        for asked in [
            "",
            "//evil",
            "///evil",
            "/\\evil",
            "\\\\evil",
            "/%5cevil",
            "/%2fevil",
            "/./\\evil",
            "/.//evil",
            "/./../../\\evil",
            "/%09/evil",
            "/\t/evil",
            "/\u{b}/evil",
            "/ /evil",
            "/%0d%0aSet-Cookie:x=1",
            "/\r\nSet-Cookie: x=1",
            "https://portal.example.evil.tld/",
            "https://portal.example@evil.tld/",
            "https://evil.tld\\portal.example",
            "https://evil.tld#portal.example",
            "https://evilgov.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "HTTPS:evil.tld",
            "https:/evil.tld",
            "http:evil",
            "〵evil.tld",
            "/〵evil.tld",
            "https://ｅvil.tld",
            "http://00330.00072.0000326.00000316",
            "https://[::ffff:216.58.214.206]",
            "https://user:pass@portal.example/",
            "evil.tld",
            "/oauth2/sign_out?rd=//evil",
            "/oauth2",
            "/%6fauth2/start",
            &long,
        ] {
            assert_eq!(way(asked), "/my", "{asked:?}");
        }
    }
}
