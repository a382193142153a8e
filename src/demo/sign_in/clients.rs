//! Who may ask this provider for tokens.

use std::fmt;

use ring::digest::{SHA256, digest};

use crate::demo::error::DemoError;
use crate::demo::folder::{Folder, PORTAL_SECRET, client_secret};
use crate::demo::people::{SYSTEMS, System};

/// The portal's client id, in both realms.
pub(super) const PORTAL_CLIENT: &str = "muhrdor-portal";

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
    /// The portal and the systems, with the secrets of the data folder.
    pub(super) fn read(folder: &Folder, portal: &str) -> Result<Self, DemoError> {
        let secret = folder.secret(PORTAL_SECRET)?;
        let mut known = vec![Client {
            id: PORTAL_CLIENT,
            secret,
            may: Use::Portal,
        }];
        for system in SYSTEMS {
            let secret = folder.secret(&client_secret(system.client_id))?;
            known.push(Client {
                id: system.client_id,
                secret,
                may: Use::System(system),
            });
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
