//! The state machine: bytes in, the same bytes out, or a violation. No IO, no clock.

use super::chunk::{ChunkReader, Step};
use super::head::{Conclusion, Follow, Framing, HeadReader, Sender};
use super::{Limits, Violation};

/// Judges the requests of one connection, one after the other.
#[derive(Debug)]
pub struct Guard {
    limits: Limits,
    phase: Phase,
    held: Vec<u8>,
    /// Whether a whole head is still among what is held.
    head_held: bool,
    follow: Follow,
    requests_begun: u64,
}

/// How far a piece of input was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fed {
    /// How many bytes of the input were taken.
    pub consumed: usize,
    pub verdict: Verdict,
}

/// What the input came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of it was taken and the request goes on.
    More,
    /// A request ended where `consumed` says; what follows is not judged before [`Guard::proceed`].
    RequestEnd,
    /// The request is turned away; nothing is taken any more.
    Refuse(Violation),
}

/// Where in a request the guard stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// No byte of a request was seen yet.
    Before,
    Head,
    Body,
    /// The request is whole; another may follow.
    After,
    /// The request is whole, and it is the last of its connection.
    End,
    Refused(Violation),
}

#[derive(Debug)]
enum Phase {
    Head(HeadReader),
    Length { bytes_left: u64 },
    Chunked(ChunkReader),
    Whole,
    Refused(Violation),
}

impl Guard {
    /// A guard at the start of a connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            phase: Phase::Head(HeadReader::default()),
            held: Vec::new(),
            head_held: false,
            follow: Follow::Another,
            requests_begun: 0,
        }
    }

    /// Judges more bytes; appends to `released` what may pass. The sum of all verdicts and released
    /// bytes is the same however the input was cut.
    pub fn feed(&mut self, input: &[u8], released: &mut Vec<u8>) -> Fed {
        let mut rest = input;
        let verdict = loop {
            match self.advance(&mut rest, released) {
                Ok(Verdict::More) if !rest.is_empty() => {}
                Ok(verdict) => break verdict,
                Err(violation) => {
                    self.refuse(violation);
                    break Verdict::Refuse(violation);
                }
            }
        };
        Fed {
            consumed: input.len() - rest.len(),
            verdict,
        }
    }

    /// Goes on to the next request after a whole one, unless that was the last.
    pub fn proceed(&mut self) {
        if self.place() == Place::After {
            self.phase = Phase::Head(HeadReader::default());
        }
    }

    /// Turns the request at hand away for what the bytes do not show: time.
    pub fn refuse(&mut self, violation: Violation) {
        self.held = Vec::new();
        self.phase = Phase::Refused(violation);
    }

    /// Where in a request the guard stands.
    #[must_use]
    pub fn place(&self) -> Place {
        match (&self.phase, self.follow) {
            (Phase::Head(_), _) if self.held.is_empty() => Place::Before,
            (Phase::Head(_), _) => Place::Head,
            (Phase::Chunked(_), _) if self.head_held => Place::Head,
            (Phase::Length { .. } | Phase::Chunked(_), _) => Place::Body,
            (Phase::Whole, Follow::Another) => Place::After,
            (Phase::Whole, Follow::Nothing) => Place::End,
            (Phase::Refused(violation), _) => Place::Refused(*violation),
        }
    }

    /// How many requests' heads have passed.
    #[must_use]
    pub const fn requests_begun(&self) -> u64 {
        self.requests_begun
    }

    fn advance(&mut self, rest: &mut &[u8], released: &mut Vec<u8>) -> Result<Verdict, Violation> {
        match &mut self.phase {
            Phase::Refused(violation) => Err(*violation),
            Phase::Whole => Ok(Verdict::RequestEnd),
            Phase::Length { bytes_left } => {
                *bytes_left -= pass(rest, *bytes_left, released);
                if *bytes_left > 0 {
                    return Ok(Verdict::More);
                }
                self.phase = Phase::Whole;
                Ok(Verdict::RequestEnd)
            }
            Phase::Chunked(_) => self.advance_chunked(rest, released),
            Phase::Head(_) => self.advance_head(rest, released),
        }
    }

    fn advance_head(
        &mut self,
        rest: &mut &[u8],
        released: &mut Vec<u8>,
    ) -> Result<Verdict, Violation> {
        let Phase::Head(head) = &mut self.phase else {
            return Ok(Verdict::More);
        };
        while !rest.is_empty() {
            let run = head.push_run(rest, &mut self.held, &self.limits);
            let Some((byte, after)) = rest.get(run..).and_then(<[u8]>::split_first) else {
                *rest = &[];
                break;
            };
            *rest = after;
            if let Some(conclusion) = head.push(*byte, &mut self.held, &self.limits)? {
                return Ok(self.conclude_head(conclusion, released));
            }
        }
        Ok(Verdict::More)
    }

    /// Passes a whole head on. One with a chunked body waits for the first size line, so that a
    /// body that is wrong from its start costs no one behind the guard a request; unless the client
    /// itself waits.
    fn conclude_head(&mut self, conclusion: Conclusion, released: &mut Vec<u8>) -> Verdict {
        self.follow = conclusion.follow;
        self.phase = match conclusion.framing {
            Framing::None => Phase::Whole,
            Framing::Length(bytes_left) => Phase::Length { bytes_left },
            Framing::Chunked if conclusion.sender == Sender::Sends => {
                self.phase = Phase::Chunked(ChunkReader::after(self.held.len()));
                self.head_held = true;
                return Verdict::More;
            }
            Framing::Chunked => Phase::Chunked(ChunkReader::after(0)),
        };
        released.append(&mut self.held);
        self.held.shrink_to(HELD_BYTES_KEPT);
        self.requests_begun += 1;
        match self.phase {
            Phase::Whole => Verdict::RequestEnd,
            Phase::Head(_) | Phase::Length { .. } | Phase::Chunked(_) | Phase::Refused(_) => {
                Verdict::More
            }
        }
    }

    fn advance_chunked(
        &mut self,
        rest: &mut &[u8],
        released: &mut Vec<u8>,
    ) -> Result<Verdict, Violation> {
        let Phase::Chunked(chunks) = &mut self.phase else {
            return Ok(Verdict::More);
        };
        while !rest.is_empty() {
            let passed = pass(rest, chunks.data_bytes_left(), released);
            chunks.skip_data(passed);
            let Some((byte, after)) = rest.split_first().filter(|_| passed == 0) else {
                continue;
            };
            *rest = after;
            match chunks.push(*byte, &mut self.held, &self.limits)? {
                Step::Hold => {}
                Step::Release => {
                    released.append(&mut self.held);
                    self.held.shrink_to(HELD_BYTES_KEPT);
                    self.requests_begun += u64::from(std::mem::take(&mut self.head_held));
                }
                Step::End => {
                    released.append(&mut self.held);
                    self.phase = Phase::Whole;
                    return Ok(Verdict::RequestEnd);
                }
            }
        }
        Ok(Verdict::More)
    }
}

/// What a waiting guard keeps of its buffer.
const HELD_BYTES_KEPT: usize = 1024;

/// Passes up to `bytes_max` of the rest; says how many.
fn pass(rest: &mut &[u8], bytes_max: u64, released: &mut Vec<u8>) -> u64 {
    let count = usize::try_from(bytes_max)
        .unwrap_or(usize::MAX)
        .min(rest.len());
    let (now, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
    released.extend_from_slice(now);
    *rest = later;
    now.len() as u64
}
