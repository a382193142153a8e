//~ step rooms.notary.seal
//~ E0061 this method takes 3 arguments but 2 arguments were supplied
//! No permit, no seal.

use std::sync::Arc;

use muhrdor::notary::{DocumentNames, Notary, NotaryError, Sealed};

pub async fn seal(
    notary: &Arc<Notary>,
    names: DocumentNames,
    once_more: Sealed,
) -> Result<Sealed, NotaryError> {
    notary.seal(names, once_more.file).await
}
