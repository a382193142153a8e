//! The signed list of revoked documents: made again when it is old, the same for everyone.

use tokio::sync::Mutex;

use crate::domain::time::Timestamp;
use crate::keys::Signer;
use crate::notary::leaf::Commitment;
use crate::notary::verdict::StatusList;
use crate::notary::{Notary, NotaryError};

/// The list as it was signed last, and what it was made of.
#[derive(Debug, Default)]
pub(super) struct StatusLists {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    revoked: Vec<(Commitment, Timestamp)>,
    signed: Option<(Timestamp, String)>,
}

impl StatusLists {
    /// The list of now: what was revoked is in it a second later.
    ///
    /// # Errors
    /// When the index cannot be read or the key does not sign.
    pub(super) async fn current(
        &self,
        notary: &Notary,
        signer: &dyn Signer,
        portal: &str,
        now: Timestamp,
    ) -> Result<String, NotaryError> {
        let mut kept = self.kept.lock().await;
        if let Some((at, list)) = &kept.signed
            && (0..FRESH_MS).contains(&now.ms_since(*at))
        {
            return Ok(list.clone());
        }
        // Before the index is read: what is in the log by now, and revoked, is in it.
        let size = notary.log().published().head.size;
        loop {
            let after = u64::try_from(kept.revoked.len()).unwrap_or(u64::MAX);
            let more = notary.revoked(after, ROWS_MAX).await?;
            if more.is_empty() {
                break;
            }
            kept.revoked.extend(more);
        }
        let list = StatusList {
            portal: portal.to_owned(),
            issued_at: now,
            expires_at: now.plus_ms(GOOD_MS),
            size,
            revoked: kept.revoked.clone(),
        };
        let signed = list.sign(signer)?;
        kept.signed = Some((now, signed.clone()));
        Ok(signed)
    }
}

/// How long one signed list is handed out.
const FRESH_MS: i64 = 1_000;
/// How long whoever keeps a list may take it for the present state.
const GOOD_MS: i64 = 24 * 60 * 60 * 1000;
/// Rows read at once.
const ROWS_MAX: u32 = 1_000;
