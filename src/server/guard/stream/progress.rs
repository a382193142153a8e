//! How far the answering side of a connection is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use crate::server::guard::Violation;

/// How far the answering side is: shared by the stream and the service on top of it.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) answered: AtomicU64,
    reader: Mutex<Option<Waker>>,
    refused_in_body: Mutex<Option<Violation>>,
}

/// A request that still has no complete answer; dropped when its answer's body has ended.
#[derive(Debug)]
pub struct Unanswered(Arc<Progress>);

impl Progress {
    /// Notes that a request has reached the service.
    #[must_use]
    pub fn begin(self: &Arc<Self>) -> Unanswered {
        Unanswered(Arc::clone(self))
    }

    /// What the body of the request at hand was turned away for, if it was.
    #[must_use]
    pub fn refused_in_body(&self) -> Option<Violation> {
        *self
            .refused_in_body
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn refuse_in_body(&self, violation: Violation) {
        *self
            .refused_in_body
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(violation);
    }

    pub(super) fn wake_reader(&self) {
        let waker = self
            .reader
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn wait_as_reader(&self, cx: &Context<'_>) {
        let waker = Some(cx.waker().clone());
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = waker;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.answered.fetch_add(1, Ordering::AcqRel);
        self.0.wake_reader();
    }
}
