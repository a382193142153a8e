//! Yes or no about one number: the number itself does not leave.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bytes::Bytes;

use crate::domain::data::{Facet, Form};
use crate::domain::decision::FacetDecision;
use crate::domain::entry::Disclosed;
use crate::domain::operation::{Comparison, Question, UpstreamTarget};
use crate::redaction::error::{Breach, RedactionError};
use crate::redaction::fields::classmap::segments;
use crate::redaction::fields::reading::{Reading, What};
use crate::redaction::fields::{Redacted, form_of, nothing};
use crate::redaction::json::{Decimal, NodeId};

/// The threshold that a request asks with: its parameter once, a decimal integer as the register
/// writes it, and one of those that may be asked for.
///
/// # Errors
/// [`RedactionError::QuestionNotAllowed`] for anything else.
pub fn threshold(question: &Question, target: &UpstreamTarget) -> Result<i64, RedactionError> {
    let (_, query) = target.as_str().split_once('?').unwrap_or_default();
    let mut given = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| *name == *question.parameter)
        .map(|(_, value)| value);
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(RedactionError::QuestionNotAllowed);
    };
    let allowed = |threshold: &&i64| threshold.to_string() == *value;
    question.thresholds.iter().find(allowed).copied().ok_or(RedactionError::QuestionNotAllowed)
}

impl Reading {
    /// Whose value, of which class, the question is about.
    ///
    /// # Errors
    /// [`Breach::NoNumber`] if there is no number of the question's class at its pointer.
    pub fn questioned(&self, question: &Question) -> Result<Facet, Breach> {
        self.number(question).map(|(facet, _)| facet)
    }

    /// The answer as JSON: the question's name, the threshold, true or false.
    ///
    /// # Errors
    /// As [`Reading::questioned`]; [`RedactionError::NothingToDisclose`] if the decision on the
    /// value is anything but `Verified`.
    pub fn verify(
        &self,
        question: &Question,
        threshold: i64,
        decisions: &[FacetDecision],
    ) -> Result<Redacted, RedactionError> {
        let (facet, number) = self.number(question)?;
        let degraded = decisions.iter().any(|decision| decision.degraded);
        if form_of(&facet, decisions) != Form::Verified {
            return Err(nothing(degraded));
        }
        let order = number.cmp_integer(i128::from(threshold));
        let answer = match question.comparison {
            Comparison::Below => order == Ordering::Less,
            Comparison::AtLeast => order != Ordering::Less,
        };
        let name = serde_json::Value::from(question.name.as_str());
        let text = format!(r#"{{"question":{name},"threshold":{threshold},"answer":{answer}}}"#);
        let (subject, class) = (facet.subject.id, facet.class.clone());
        Ok(Redacted {
            bytes: Bytes::from(text),
            disclosed: vec![Disclosed { subject, class, form: Form::Verified }],
            decisions: decisions.iter().filter(|d| d.facet == facet).cloned().collect(),
            withheld: BTreeMap::new(),
            degraded,
        })
    }

    fn number(&self, question: &Question) -> Result<(Facet, Decimal), Breach> {
        let path = segments(&question.pointer).ok_or(Breach::Selector)?;
        let at = self.document.find(NodeId::ROOT, &path).ok_or(Breach::NoNumber)?;
        let Some(What::Field { entry, subject }) = self.place(at).map(|place| place.what) else {
            return Err(Breach::NoNumber);
        };
        let class = self.entry(entry).map(|described| &described.class);
        let subject = self.subjects.get(subject.0).copied();
        let number = self.document.number(at).and_then(Decimal::parse);
        match (class, subject, number) {
            (Some(class), Some(subject), Some(number)) if *class == question.class => {
                Ok((Facet { subject, class: class.clone() }, number))
            }
            _ => Err(Breach::NoNumber),
        }
    }
}
