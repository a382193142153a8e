//! What a request under way takes of memory, beside its bytes.

use std::future::Future;
use std::sync::Arc;

use muhrdor::gateway::Gateway;
use muhrdor::wire::arrival::Arrival;

/// The corridor's state for one request, in bytes: ten thousand at once are 160 MiB.
const FUTURE_BYTES_MAX: usize = 16 * 1024;

fn bytes_of<F: Future>(_: impl FnOnce(Arc<Gateway>, Arrival) -> F) -> usize {
    size_of::<F>()
}

#[test]
fn a_request_under_way_takes_little_memory() {
    let walk = bytes_of(Gateway::serve);
    let sign_in = bytes_of(Gateway::sign_in);
    assert!(walk <= FUTURE_BYTES_MAX, "a walk takes {walk} bytes");
    assert!(
        sign_in <= FUTURE_BYTES_MAX,
        "a sign-in takes {sign_in} bytes"
    );
}
