//! Who may ask this provider for tokens.

use std::fmt;
use std::fs;
use std::path::Path;

use ring::digest::{SHA256, digest};

use crate::demo::error::DemoError;
use crate::demo::people::{SYSTEMS, System};

/// The portal's client id, in both realms.
pub const PORTAL_CLIENT: &str = "muhrdor-portal";

/// What a client may do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    /// Signs people in by the code flow.
    Portal,
    /// Gets access tokens for itself.
    System(&'static System),
}

/// The registered clients.
#[derive(Debug)]
pub(super) struct Clients {
    known: Vec<Client>,
    callback: String,
    signed_out: String,
}

struct Client {
    id: &'static str,
    secret: String,
    may: Use,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.id).finish()
    }
}

impl Clients {
    /// The portal and the systems, each with the secret in `<secrets>/<client id>.client`.
    pub(super) fn read(secrets: &Path, portal: &str) -> Result<Self, DemoError> {
        let systems = SYSTEMS
            .iter()
            .map(|system| (system.client_id, Use::System(system)));
        let mut known = Vec::new();
        for (id, may) in [(PORTAL_CLIENT, Use::Portal)].into_iter().chain(systems) {
            let path = secrets.join(format!("{id}.client"));
            let secret = fs::read_to_string(&path)
                .map_err(|source| DemoError::Read { path, source })?
                .trim()
                .to_owned();
            known.push(Client { id, secret, may });
        }
        Ok(Self {
            known,
            callback: format!("{portal}/oauth2/callback"),
            signed_out: format!("{portal}/"),
        })
    }

    /// What the client with this id and secret may do.
    pub(super) fn authenticate(&self, id: &str, secret: &str) -> Option<Use> {
        let client = self.known.iter().find(|client| client.id == id)?;
        // Digests are compared, so that time tells nothing of the secret.
        let same = digest(&SHA256, client.secret.as_bytes()).as_ref()
            == digest(&SHA256, secret.as_bytes()).as_ref();
        same.then_some(client.may)
    }

    /// Whether people may be sent back to this address, compared byte for byte (RFC 9700 §4.1.3).
    pub(super) fn knows_callback(&self, client: &str, address: &str) -> bool {
        client == PORTAL_CLIENT && address == self.callback
    }

    pub(super) fn knows_sign_out_address(&self, address: &str) -> bool {
        address == self.signed_out
    }
}
