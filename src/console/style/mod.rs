//! The files that pages refer to. A path holds the digest of its bytes: a browser fetches it once.

use ring::digest;

use crate::wire::pages::Asset;

/// Where assets stand: no e-service may.
const PREFIX: &str = "/assets/";

/// Digits of the digest in a path: 64 bits, enough to tell two versions apart.
const DIGEST_DIGITS: usize = 16;

const STYLE: Asset = Asset {
    content_type: "text/css; charset=utf-8",
    bytes: include_bytes!("portal.css"),
};

const SEAL: Asset = Asset {
    content_type: "image/svg+xml",
    bytes: include_bytes!("seal.svg"),
};

/// The assets' paths.
#[derive(Debug)]
pub(super) struct Assets {
    /// The style sheet.
    pub(super) style: String,
    /// The seal, the portal's mark.
    pub(super) seal: String,
}

impl Assets {
    pub(super) fn new() -> Self {
        Self {
            style: path(&STYLE, "css"),
            seal: path(&SEAL, "svg"),
        }
    }

    /// The asset at exactly this path.
    pub(super) fn find(&self, path: &str) -> Option<Asset> {
        [(&self.style, STYLE), (&self.seal, SEAL)]
            .into_iter()
            .find(|(of, _)| *of == path)
            .map(|(_, asset)| asset)
    }
}

fn path(asset: &Asset, extension: &str) -> String {
    let digest = digest::digest(&digest::SHA256, asset.bytes);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let short: String = hex.chars().take(DIGEST_DIGITS).collect();
    format!("{PREFIX}{short}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_under_its_digest_and_nowhere_else() {
        let assets = Assets::new();
        assert_eq!(assets.find(&assets.style).unwrap(), STYLE);
        assert_eq!(assets.find(&assets.seal).unwrap(), SEAL);
        assert!(assets.find("/assets/portal.css").is_none());
    }
}
