//~ step rooms.notary.revoke
//~ E0061 argument #1 of type `RevokePermit` is missing
//! No permit, no revocation.

use muhrdor::notary::{Named, Notary, NotaryError, Shown};

pub async fn revoke(notary: &Notary, named: Named) -> Result<Shown, NotaryError> {
    notary.revoke(named).await
}
