//! The way from the threads that serve to the one that writes: bounded in bytes, woken rarely.
//!
//! The writer **rests** one tick between two batches while records come, and **parks** when a tick brought
//! none; only the first record after that wakes it. It is also woken when the queue is half full, and by
//! a flush or a stop. The **bound** counts what waits here and what the writer holds but has not written.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::bounds::{AUDIT_QUEUE_BYTES_MAX, AUDIT_TICK};
use crate::report::metrics::AuditMeters;

/// The audit queue has no room for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit queue is full")]
pub struct Full;

/// Records that were not written in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{records} audit records are not written")]
pub struct Unflushed {
    /// How many.
    pub records: u64,
}

/// A line on its way: its body, and what the writer makes the rest from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub unix_ms: u64,
    pub id: u128,
    pub body: &'a [u8],
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// The writer waits here.
    work: Condvar,
    /// Whoever flushes waits here.
    done: Condvar,
    pub(super) meters: AuditMeters,
}

#[derive(Debug)]
struct State {
    waiting: Vec<u8>,
    /// Bytes that the writer has taken and not yet written.
    taken_bytes: usize,
    offered: u64,
    /// Records that the sink has taken.
    written: u64,
    /// Records that the sink has made durable.
    durable: u64,
    /// The highest count of offered records that somebody waits for.
    flush_to: u64,
    is_parked: bool,
    is_full: bool,
    is_failing: bool,
    stop: Option<Instant>,
    is_over: bool,
}

/// What the writer is to do next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// Somebody waits for what is written to be durable.
    pub flush: Flush,
    /// The audit ends, at the latest at this time.
    pub stop: Option<Instant>,
}

/// Whether a batch is to be made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flush {
    Asked,
    Later,
}

const HEAD_BYTES: usize = 4 + 8 + 16;

impl Queue {
    pub(super) fn new(meters: AuditMeters) -> Self {
        let state = State {
            waiting: Vec::new(),
            taken_bytes: 0,
            offered: 0,
            written: 0,
            durable: 0,
            flush_to: 0,
            is_parked: false,
            is_full: false,
            is_failing: false,
            stop: None,
            is_over: false,
        };
        Self { state: Mutex::new(state), work: Condvar::new(), done: Condvar::new(), meters }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a record if there is room.
    pub(super) fn push(&self, frame: &Frame<'_>) -> Result<(), Full> {
        let mut state = self.lock();
        let bytes = state.waiting.len() + state.taken_bytes + HEAD_BYTES + frame.body.len();
        if bytes > AUDIT_QUEUE_BYTES_MAX || state.stop.is_some() || state.is_over {
            let is_news = !std::mem::replace(&mut state.is_full, true);
            drop(state);
            self.meters.dropped.inc();
            if is_news {
                tracing::error!("the audit queue is full, messages are refused until it drains");
            }
            return Err(Full);
        }
        self.append(state, frame);
        Ok(())
    }

    /// Takes one of the few records that this room makes itself, full or not.
    pub(super) fn push_always(&self, frame: &Frame<'_>) {
        self.append(self.lock(), frame);
    }

    fn append(&self, mut state: MutexGuard<'_, State>, frame: &Frame<'_>) {
        let half = AUDIT_QUEUE_BYTES_MAX / 2;
        let was_below_half = state.waiting.len() < half;
        frame.append_to(&mut state.waiting);
        state.offered += 1;
        self.note(&state);
        let is_half_full = was_below_half && state.waiting.len() >= half;
        let is_wanted = std::mem::take(&mut state.is_parked) || is_half_full;
        drop(state);
        if is_wanted {
            self.work.notify_one();
        }
    }

    /// Waits until there is something to do, and swaps what waits for the empty `batch`.
    pub(super) fn take(&self, batch: &mut Vec<u8>) -> Turn {
        let mut state = self.lock();
        while !state.is_urgent() {
            state = self.rest_in(state, AUDIT_TICK);
            if !state.waiting.is_empty() {
                break;
            }
            state.is_parked = !state.is_urgent();
            while state.is_parked && !state.is_urgent() {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.is_parked = false;
        }
        std::mem::swap(&mut state.waiting, batch);
        state.taken_bytes = batch.len();
        state.turn()
    }

    /// Lets `pause` pass, less when the audit stops.
    pub(super) fn rest(&self, pause: Duration) -> Turn {
        let until = Instant::now() + pause;
        let mut state = self.lock();
        while state.stop.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.wait(state, left);
        }
        state.turn()
    }

    fn rest_in<'a>(&self, mut state: MutexGuard<'a, State>, pause: Duration) -> MutexGuard<'a, State> {
        let until = Instant::now() + pause;
        while !state.is_urgent() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.wait(state, left);
        }
        state
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, pause: Duration) -> MutexGuard<'a, State> {
        self.work.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Notes that the records taken last are written, and all durable if that was asked for.
    pub(super) fn written(&self, records: u64, flush: Flush) {
        let mut state = self.lock();
        state.taken_bytes = 0;
        state.written += records;
        if flush == Flush::Asked {
            state.durable = state.written;
        }
        state.is_full = false;
        state.is_failing = false;
        self.note(&state);
        drop(state);
        self.done.notify_all();
    }

    /// Notes that the sink did not take them; says whether that is news.
    pub(super) fn failed(&self) -> Option<Failing> {
        let is_news = !std::mem::replace(&mut self.lock().is_failing, true);
        is_news.then_some(Failing)
    }

    /// Notes that the writer has ended; what it has not written is lost.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_over = true;
        self.meters.dropped.inc_by(state.unwritten());
        drop(state);
        self.done.notify_all();
    }

    fn note(&self, state: &State) {
        self.meters.waits(state.unwritten(), state.waiting.len() + state.taken_bytes);
    }

    pub(super) fn is_healthy(&self) -> bool {
        let state = self.lock();
        !(state.is_full || state.is_failing || state.is_over || state.stop.is_some())
    }

    pub(super) fn flush(&self, deadline: Instant) -> Result<(), Unflushed> {
        let state = self.lock();
        let target = state.offered;
        self.await_written(state, target, deadline)
    }

    pub(super) fn stop(&self, deadline: Instant) -> Result<(), Unflushed> {
        let mut state = self.lock();
        state.stop = Some(deadline);
        let target = state.offered;
        self.await_written(state, target, deadline)
    }

    fn await_written(
        &self,
        mut state: MutexGuard<'_, State>,
        target: u64,
        deadline: Instant,
    ) -> Result<(), Unflushed> {
        state.flush_to = state.flush_to.max(target);
        self.work.notify_one();
        while state.durable < target {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.is_over {
                return Err(Unflushed { records: target.saturating_sub(state.written) });
            }
            state = self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

/// A sink has begun to fail.
#[derive(Debug)]
pub(super) struct Failing;

impl State {
    fn unwritten(&self) -> u64 {
        self.offered.saturating_sub(self.written)
    }

    fn is_urgent(&self) -> bool {
        self.stop.is_some() || self.flush_to > self.durable || self.waiting.len() >= AUDIT_QUEUE_BYTES_MAX / 2
    }

    fn turn(&self) -> Turn {
        let flush = if self.flush_to > self.durable { Flush::Asked } else { Flush::Later };
        Turn { flush, stop: self.stop }
    }
}

impl<'a> Frame<'a> {
    fn append_to(&self, bytes: &mut Vec<u8>) {
        // A body has less than 16 KiB; a longer one would lose its end here, and its frame nothing.
        let len = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&self.unix_ms.to_le_bytes());
        bytes.extend_from_slice(&self.id.to_le_bytes());
        bytes.extend_from_slice(self.body);
    }

    /// Cuts the first frame from a batch; `None` at its end.
    pub(super) fn cut(batch: &mut &'a [u8]) -> Option<Self> {
        let (len, rest) = batch.split_first_chunk::<4>()?;
        let (unix_ms, rest) = rest.split_first_chunk::<8>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        *batch = rest;
        Some(Self { unix_ms: u64::from_le_bytes(*unix_ms), id: u128::from_le_bytes(*id), body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{AuditSink, Metrics};

    fn queue() -> Queue {
        Queue::new(Metrics::new().audit_meters(&AuditSink::Stdout))
    }

    fn frame(body: &[u8]) -> Frame<'_> {
        Frame { unix_ms: 7, id: 9, body }
    }

    #[test]
    fn hands_over_what_was_pushed_in_order() {
        let queue = queue();
        let mut batch = Vec::new();
        for body in [&b"one"[..], b"", b"three"] {
            queue.push(&frame(body)).unwrap();
        }
        queue.take(&mut batch);
        let mut rest = batch.as_slice();
        let bodies: Vec<_> = std::iter::from_fn(|| Frame::cut(&mut rest)).map(|frame| frame.body).collect();
        assert_eq!(bodies, [&b"one"[..], b"", b"three"]);
        assert!(rest.is_empty());
    }

    #[test]
    fn counts_what_waits_and_what_is_being_written_against_the_bound() {
        let queue = queue();
        let body = vec![b'x'; AUDIT_QUEUE_BYTES_MAX / 2 - HEAD_BYTES];
        let mut batch = Vec::new();
        queue.push(&frame(&body)).unwrap();
        queue.take(&mut batch);
        assert!(queue.is_healthy());
        assert_eq!(queue.push(&frame(&[&body[..], b"x"].concat())), Err(Full), "one more");
        assert!(!queue.is_healthy());
        assert_eq!(queue.push(&frame(&body)), Ok(()), "exactly");
        assert_eq!(queue.push(&frame(b"")), Err(Full));
        assert_eq!(queue.meters.dropped.get(), 2);
        queue.written(1, Flush::Later);
        assert!(queue.is_healthy());
        assert_eq!(queue.push(&frame(b"")), Ok(()));
    }

    #[test]
    fn a_flush_ends_with_its_patience() {
        let queue = queue();
        assert_eq!(queue.flush(Instant::now()), Ok(()), "nothing to wait for");
        queue.push(&frame(b"x")).unwrap();
        assert_eq!(queue.flush(Instant::now() + AUDIT_TICK), Err(Unflushed { records: 1 }));
    }
}
