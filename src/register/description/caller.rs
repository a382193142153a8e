//! Who may call an operation, and by what they may be known.

use std::collections::BTreeSet;

use crate::domain::principal::{CredentialKind, PrincipalKind};
use crate::domain::sheet::Table;
use crate::register::description::word;

/// Who the operation is open to. Saying nothing is no policy, and an operation without a policy is
/// not served.
pub(super) fn who(table: &mut Table<'_>) -> BTreeSet<PrincipalKind> {
    let mend = "write `anonymous`, `person`, `official` or `system`";
    let who = table.list_parsed("who", mend, word::<PrincipalKind>);
    if table.is_empty("who") {
        let what = "the operation does not say who it is open to";
        table.note(
            table.line(),
            what,
            "write `who`, a list of kinds of principal",
        );
    }
    who.into_iter().map(|kind| kind.value).collect()
}

/// By what callers may be known: by a session or a bearer token where nothing is said.
pub(super) fn credentials(table: &mut Table<'_>) -> BTreeSet<CredentialKind> {
    if !table.has("credentials") {
        return BTreeSet::from([CredentialKind::Session, CredentialKind::Bearer]);
    }
    let mend = "write `session`, `bearer` or `certificate`";
    let credentials = table.list_parsed("credentials", mend, word::<CredentialKind>);
    if table.is_empty("credentials") {
        let line = table.line_of("credentials");
        table.note(line, "the operation takes no credential", mend);
    }
    credentials.into_iter().map(|at| at.value).collect()
}
