//! The two proofs of the journal: an intent is durable, an outcome is durable.
//!
//! Both are made here and nowhere else, and belong to one visit.

use crate::domain::entry::VisitId;
use crate::domain::operation::Effect;

/// Where an entry stands in this node's ledger; the first is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerPosition(pub u64);

/// Proof that the visit may be forwarded: for a write, its intent is durable; a read needs none.
#[derive(Debug)]
#[must_use]
pub struct Opened {
    visit: VisitId,
    intent: Option<LedgerPosition>,
}

impl Opened {
    /// After the durable append of the intent.
    pub(super) const fn durable(visit: VisitId, position: LedgerPosition) -> Self {
        Self {
            visit,
            intent: Some(position),
        }
    }

    /// For an effect that writes nothing; `None` for one that does.
    pub(super) const fn not_needed(visit: VisitId, effect: &Effect) -> Option<Self> {
        if effect.writes() {
            None
        } else {
            Some(Self {
                visit,
                intent: None,
            })
        }
    }

    /// Whether this proof lets `visit` be forwarded to an operation with this effect.
    #[must_use]
    pub fn covers(&self, visit: VisitId, effect: &Effect) -> bool {
        self.visit == visit && (self.intent.is_some() || !effect.writes())
    }

    /// Where the intent stands, where there is one.
    #[must_use]
    pub const fn intent(&self) -> Option<LedgerPosition> {
        self.intent
    }
}

/// Proof that the visit's outcome is durable, or visibly needs no entry.
#[derive(Debug)]
#[must_use]
pub struct Recorded {
    visit: VisitId,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Durable {
        position: LedgerPosition,
        digest: Option<String>,
    },
    Exempt,
}

impl Recorded {
    /// After the durable append of the outcome; `digest` is that of the entry.
    pub(super) const fn durable(
        visit: VisitId,
        position: LedgerPosition,
        digest: Option<String>,
    ) -> Self {
        Self {
            visit,
            outcome: Outcome::Durable { position, digest },
        }
    }

    /// For what is about nobody: an answer of mode `public`, or a refusal of someone who was not
    /// identified. `Reply` accepts it for nothing else.
    pub const fn exempt(visit: VisitId) -> Self {
        Self {
            visit,
            outcome: Outcome::Exempt,
        }
    }

    #[must_use]
    pub const fn visit(&self) -> VisitId {
        self.visit
    }

    /// Whether it stands in the ledger.
    #[must_use]
    pub const fn is_durable(&self) -> bool {
        matches!(self.outcome, Outcome::Durable { .. })
    }

    /// Where it stands in the ledger.
    #[must_use]
    pub const fn position(&self) -> Option<LedgerPosition> {
        match &self.outcome {
            Outcome::Durable { position, .. } => Some(*position),
            Outcome::Exempt => None,
        }
    }

    /// The digest of the delivered bytes that the entry holds.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Durable { digest, .. } => digest.as_deref(),
            Outcome::Exempt => None,
        }
    }
}
