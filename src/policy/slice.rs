//! Of all rules those that can apply, found once for each kind of question.
//!
//! A rule is left out only where its scope (the words before `when`) cannot hold, so a slice gives
//! the answer of the whole set: the same verdict, the same rules, the same errors.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use cedar_policy::{
    ActionConstraint, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicySet,
    PrincipalConstraint, ResourceConstraint,
};

use crate::domain::name::{DataClass, OperationId, RoleId, ServiceId};
use crate::domain::principal::PrincipalKind;

/// How many slices are kept. Scopes are made of the names of the register, the vocabulary and the
/// staff registers, never of what a caller writes; above this a slice is made each time.
pub(in crate::policy) const SLICES_MAX: usize = 16_384;

/// What a principal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::policy) enum Action {
    Invoke,
    Submit,
    View,
    ViewMasked,
    Verify,
    ReadJournal,
    IssueDocument,
    RevokeDocument,
}

impl Action {
    pub(in crate::policy) const fn as_str(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Submit => "submit",
            Self::View => "view",
            Self::ViewMasked => "viewMasked",
            Self::Verify => "verify",
            Self::ReadJournal => "readJournal",
            Self::IssueDocument => "issueDocument",
            Self::RevokeDocument => "revokeDocument",
        }
    }
}

/// A kind of question: everything that the scope of a rule can be held against. Slices live in the
/// policy of one bundle, so the bundle is part of the key too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::policy) struct Scope {
    pub(in crate::policy) action: Action,
    pub(in crate::policy) kind: PrincipalKind,
    /// What the principal is at its body, sorted.
    pub(in crate::policy) roles: Vec<RoleId>,
    pub(in crate::policy) service: ServiceId,
    pub(in crate::policy) target: Target,
}

/// What is acted on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::policy) enum Target {
    Operation(OperationId),
    Facet(DataClass),
    Document,
}

/// The rules that can apply, also by their index in the bundle.
#[derive(Debug)]
pub(in crate::policy) struct Slice {
    pub(in crate::policy) set: PolicySet,
    pub(in crate::policy) reached: Vec<usize>,
}

/// The slices made so far.
#[derive(Debug, Default)]
pub(in crate::policy) struct Slices {
    made: RwLock<HashMap<Scope, Arc<Slice>>>,
}

impl Slices {
    /// The slice for a scope, made by `make` where it is not kept yet.
    pub(in crate::policy) fn get<E>(
        &self,
        scope: &Scope,
        make: impl FnOnce() -> Result<Slice, E>,
    ) -> Result<Arc<Slice>, E> {
        // A slice is inserted whole or not at all, so a poisoned lock guards a sound map.
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(slice) = made.get(scope) {
            return Ok(Arc::clone(slice));
        }
        drop(made);
        let slice = Arc::new(make()?);
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        if made.len() < SLICES_MAX {
            made.insert(scope.clone(), Arc::clone(&slice));
        }
        Ok(slice)
    }
}

impl Scope {
    /// Whether the rule's scope can hold here. `base` knows the trees.
    pub(in crate::policy) fn is_reached_by(&self, policy: &Policy, base: &Entities) -> bool {
        self.by_action(policy, base) && self.by_principal(policy) && self.by_resource(policy, base)
    }

    fn by_action(&self, policy: &Policy, base: &Entities) -> bool {
        let covers = |action: &EntityUid| {
            let own = EntityUid::from_type_name_and_id(
                action.type_name().clone(),
                EntityId::new(self.action.as_str()),
            );
            own == *action || base.is_ancestor_of(action, &own)
        };
        match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(action) => covers(&action),
            ActionConstraint::In(actions) => actions.iter().any(covers),
        }
    }

    fn by_principal(&self, policy: &Policy) -> bool {
        let kind = match self.kind {
            PrincipalKind::Anonymous => "Anonymous",
            PrincipalKind::Person => "Citizen",
            PrincipalKind::Official => "Official",
            PrincipalKind::System => "System",
        };
        let is = |name: &EntityTypeName| name.basename() == kind;
        // Only these two have parents in the schema.
        let belongs = match self.kind {
            PrincipalKind::Official | PrincipalKind::System => true,
            PrincipalKind::Anonymous | PrincipalKind::Person => false,
        };
        match policy.principal_constraint() {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Eq(uid) => is(uid.type_name()),
            PrincipalConstraint::In(uid) => {
                (belongs && self.may_be_in(&uid)) || is(uid.type_name())
            }
            PrincipalConstraint::Is(name) => is(&name),
            PrincipalConstraint::IsIn(name, uid) => {
                is(&name) && ((belongs && self.may_be_in(&uid)) || is(uid.type_name()))
            }
        }
    }

    /// Roles have nothing below them but those who hold them; of bodies and units it is not known
    /// here who belongs to them.
    fn may_be_in(&self, above: &EntityUid) -> bool {
        let role = above.id().unescaped();
        above.type_name().basename() != "Role" || self.roles.iter().any(|r| r.as_str() == role)
    }

    fn by_resource(&self, policy: &Policy, base: &Entities) -> bool {
        match policy.resource_constraint() {
            ResourceConstraint::Any => true,
            ResourceConstraint::Eq(uid) => self.is_resource(uid.type_name()),
            ResourceConstraint::Is(name) => self.is_resource(&name),
            ResourceConstraint::In(uid) => self.within(&uid, base),
            ResourceConstraint::IsIn(name, uid) => {
                self.is_resource(&name) && self.within(&uid, base)
            }
        }
    }

    fn is_resource(&self, name: &EntityTypeName) -> bool {
        match self.target {
            Target::Operation(_) => name.basename() == "Operation",
            Target::Facet(_) => name.basename() == "Facet",
            Target::Document => name.basename() == "Document",
        }
    }

    /// Whether the resource may lie within `above`; where that is not known here, it may.
    fn within(&self, above: &EntityUid, base: &Entities) -> bool {
        match above.type_name().basename() {
            "DataClass" => match &self.target {
                Target::Operation(_) | Target::Document => false,
                Target::Facet(class) => {
                    let own = EntityUid::from_type_name_and_id(
                        above.type_name().clone(),
                        EntityId::new(class.as_str()),
                    );
                    own == *above || base.is_ancestor_of(above, &own)
                }
            },
            "Service" => above.id().unescaped() == self.service.as_str(),
            _ => true,
        }
    }
}
