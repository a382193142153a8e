//! P13: a sealed file in which any byte is another is no longer genuine.

use std::thread;

use muhrdor::notary::verdict::Examination;

use super::SEALED;

/// How many values each byte of the hole, and of the rest, is set to.
const VALUES_OF_HOLE: usize = 2;
const VALUES_OF_REST: usize = 1;

#[test]
fn p13_every_byte_of_a_sealed_page_counts() {
    let file = &SEALED.aziza;
    let hole = SEALED.hole();
    let parts = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for part in 0..parts {
            let hole = hole.clone();
            scope.spawn(move || {
                let mut changed = file.clone();
                for at in (part..file.len()).step_by(parts) {
                    let values = if hole.contains(&at) {
                        VALUES_OF_HOLE
                    } else {
                        VALUES_OF_REST
                    };
                    for other in others(file[at], at, values) {
                        changed[at] = other;
                        let found = SEALED.examine(&changed);
                        assert!(
                            !matches!(found, Examination::Sealed(_)),
                            "byte {at} may be {other:#04x}"
                        );
                    }
                    changed[at] = file[at];
                }
            });
        }
    });
}

/// Other values of a byte: those that look most like it first, the rest by the place.
fn others(byte: u8, at: usize, count: usize) -> impl Iterator<Item = u8> {
    let alike = [byte ^ 0x20, byte ^ 1, byte.wrapping_add(1), b'0', b'f'];
    let place = u8::try_from(at % 251).unwrap_or_default();
    let spread = (0..=255_u8).map(move |n| n.wrapping_mul(151).wrapping_add(place));
    let wanted = alike.into_iter().chain(spread);
    wanted.filter(move |other| *other != byte).take(count)
}
