//! Tunnels: what went through, and why they go on no more.

use tracing::info;

use crate::domain::entry::VisitId;
use crate::domain::name::OperationId;

/// What went through a tunnel.
#[derive(Debug, Clone, Copy)]
pub struct Tunnel<'a> {
    pub visit: VisitId,
    pub operation: &'a OperationId,
    pub ended: &'static str,
    pub from_client_bytes: u64,
    pub from_service_bytes: u64,
}

/// A tunnel ended: one line more under the number of the request that opened it.
pub fn ended(tunnel: &Tunnel<'_>) {
    info!(
        target: "muhrdor::access",
        request_id = %tunnel.visit,
        operation = tunnel.operation.as_str(),
        ended = tunnel.ended,
        from_client_bytes = tunnel.from_client_bytes,
        from_service_bytes = tunnel.from_service_bytes,
    );
}
