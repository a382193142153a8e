//~ step rooms.notary.seal
//~ E0382 use of moved value: `permit`
//! One permit, one document.

use std::sync::Arc;

use muhrdor::notary::{DocumentNames, Notary, NotaryError, Sealed};
use muhrdor::policy::IssuePermit;

pub async fn two(
    notary: &Arc<Notary>,
    permit: IssuePermit,
    names: DocumentNames,
) -> Result<(Sealed, Sealed), NotaryError> {
    let first = notary
        .seal(permit, names.clone(), Default::default())
        .await?;
    let second = notary.seal(permit, names, Default::default()).await?;
    Ok((first, second))
}
