//~ step self.record
//~ lint unused `Recorded` that must be used
//! Whoever records an outcome answers with it.

use muhrdor::journal::Recorded;

pub fn recorded_in_vain(record: impl FnOnce() -> Recorded) {
    record();
}
