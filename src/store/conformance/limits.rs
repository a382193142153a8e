//! What a count must keep that several processes share.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::keys::Pseudonym;
use crate::limits::{CounterKey, Rate, SharedCounter, Take, Taken};
use crate::store::conformance::{Breach, done, hold_to};

/// Holds a count to its promises. `advance` lets milliseconds pass on its clock; nothing else may
/// use it meanwhile.
///
/// # Errors
/// The first promise that it does not keep.
pub async fn shared_counter(
    counter: &dyn SharedCounter,
    pseudonym: &Pseudonym,
    advance: &(dyn Fn(u32) + Sync),
) -> Result<(), Breach> {
    let counted = Counted {
        counter,
        pseudonym,
        advance,
    };
    hold_to(counter.is_reachable(), "it is reachable when it is used")?;
    counted.grants_what_singles_would_get().await?;
    counted.takes_back_what_was_not_spent().await?;
    counted.gives_nothing_twice().await
}

struct Counted<'a> {
    counter: &'a dyn SharedCounter,
    pseudonym: &'a Pseudonym,
    advance: &'a (dyn Fn(u32) + Sync),
}

impl Counted<'_> {
    async fn take(&self, name: &str, wanted: u32, back: (u32, u64)) -> Result<Taken, Breach> {
        let take = Take {
            key: CounterKey::named(self.pseudonym, "conformance", &[name.as_bytes()]),
            rate: RATE,
            wanted: NonZeroU32::new(wanted).unwrap_or(NonZeroU32::MIN),
            unspent: back.0,
            unspent_age: Duration::from_millis(back.1),
        };
        done(self.counter.take(take).await)
    }

    async fn grants_what_singles_would_get(&self) -> Result<(), Breach> {
        let mut singles = 0;
        for _ in 0..7 {
            singles += self.take("singles", 1, (0, 0)).await?.granted;
        }
        let batch = self.take("batch", 7, (0, 0)).await?;
        let granted = batch.granted == 7 && singles == 7 && batch.remaining == 3;
        hold_to(granted, "a batch gets what as many singles get")?;
        let rest = self.take("batch", 7, (0, 0)).await?;
        let cut = rest.granted == 3 && rest.remaining == 0 && rest.wait.is_zero();
        hold_to(cut, "a batch is cut to what there is")?;
        let none = self.take("batch", 7, (0, 0)).await?;
        let said = none.granted == 0 && none.wait == Duration::from_secs(1);
        hold_to(said, "the one too many is told how long to wait")?;
        (self.advance)(2_500);
        let two = self.take("batch", 7, (0, 0)).await?;
        hold_to(two.granted == 2, "what has come back is granted")?;
        let none = self.take("batch", 1, (0, 0)).await?;
        let half = none.wait == Duration::from_millis(500);
        hold_to(half, "no part of a period is lost")
    }

    async fn takes_back_what_was_not_spent(&self) -> Result<(), Breach> {
        self.take("back", 10, (0, 0)).await?;
        (self.advance)(1_000);
        // Six not spent, of which one has come back by itself since.
        let taken = self.take("back", 10, (6, 1_000)).await?;
        hold_to(taken.granted == 6, "what was not spent is given back")
    }

    async fn gives_nothing_twice(&self) -> Result<(), Breach> {
        self.take("twice", 10, (0, 0)).await?;
        (self.advance)(20_000);
        self.take("twice", 10, (0, 0)).await?;
        let taken = self.take("twice", 1, (10, 20_000)).await?;
        hold_to(
            taken.granted == 0,
            "what came back by itself is not given back",
        )
    }
}

/// Ten at once, one more each second.
const RATE: Rate = Rate {
    requests_max: NonZeroU32::new(10).unwrap(),
    window_seconds: NonZeroU32::new(10).unwrap(),
};
