//! Rows that were read lately: so many, and none that a write has overtaken.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::notary::index::{CodeKey, SealRow};

/// Two halves: when the young one is full the old one is given up and the young one grows old. A
/// row in use is young again, so those that nobody asks for go first, and nothing is ever searched.
pub(super) struct Known {
    half_rows_max: usize,
    halves: Mutex<Halves>,
}

#[derive(Default)]
struct Halves {
    young: HashMap<CodeKey, SealRow>,
    old: HashMap<CodeKey, SealRow>,
    moment: Moment,
}

/// How many batches had been written when a read began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Moment(u64);

impl Known {
    pub(super) fn new(rows_max: usize) -> Self {
        Self {
            half_rows_max: rows_max / 2,
            halves: Mutex::default(),
        }
    }

    /// The row as it was written last; without one, the moment for [`Known::keep`].
    pub(super) fn find(&self, code: &CodeKey) -> Result<SealRow, Moment> {
        let mut halves = self.halves();
        if let Some(row) = halves.young.get(code) {
            return Ok(row.clone());
        }
        let Some(row) = halves.old.remove(code) else {
            return Err(halves.moment);
        };
        halves.put(row.clone(), self.half_rows_max);
        Ok(row)
    }

    /// Keeps a row whose reading began at this moment. Where a batch was written since, the row may
    /// be older than it, and is not kept.
    pub(super) fn keep(&self, row: SealRow, begun: Moment) {
        let mut halves = self.halves();
        if halves.moment == begun {
            halves.put(row, self.half_rows_max);
        }
    }

    /// A batch of writes of these rows can be read from now on.
    pub(super) fn written(&self, codes: &[CodeKey]) {
        let mut halves = self.halves();
        halves.moment.0 += 1;
        for code in codes {
            halves.young.remove(code);
            halves.old.remove(code);
        }
    }

    fn halves(&self) -> MutexGuard<'_, Halves> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn put(&mut self, row: SealRow, rows_max: usize) {
        if rows_max == 0 {
            return;
        }
        if self.young.len() >= rows_max && !self.young.contains_key(&row.code) {
            self.old = mem::take(&mut self.young);
        }
        self.old.remove(&row.code);
        self.young.insert(row.code, row);
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let halves = self.halves();
        f.debug_struct("Known")
            .field("rows", &(halves.young.len() + halves.old.len()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Known;
    use crate::notary::index::{CodeKey, SealRow, SealStage};
    use crate::notary::leaf::Sha256;

    fn row(n: u8) -> SealRow {
        SealRow {
            code: CodeKey(Sha256([n; 32])),
            stage: SealStage::Released,
            record: vec![n],
        }
    }

    fn ask(known: &Known, n: u8) {
        if let Err(begun) = known.find(&row(n).code) {
            known.keep(row(n), begun);
        }
    }

    #[test]
    fn so_many_rows_are_known_and_those_in_use_stay() {
        let known = Known::new(8);
        for n in 0..100 {
            ask(&known, n);
            ask(&known, 0);
            let halves = known.halves();
            assert!(halves.young.len() + halves.old.len() <= 8);
        }
        assert_eq!(known.find(&row(0).code), Ok(row(0)));
        assert!(known.find(&row(50).code).is_err());
    }

    #[test]
    fn what_was_written_is_read_again_and_a_read_that_was_overtaken_is_not_kept() {
        let known = Known::new(8);
        ask(&known, 1);
        ask(&known, 2);
        known.written(&[row(1).code]);
        assert_eq!(known.find(&row(2).code), Ok(row(2)));
        let begun = known.find(&row(1).code).unwrap_err();
        known.written(&[row(1).code]);
        known.keep(row(1), begun);
        assert!(known.find(&row(1).code).is_err());
    }
}
