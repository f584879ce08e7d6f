//! The way from the threads that serve to the one that writes: bounded in bytes, woken rarely.
//!
//! The writer **rests** one tick between two batches while records come, and **parks** when a tick brought
//! none; only the first record after that wakes it. It is also woken when the queue is half full, by a record
//! that somebody waits for, by a flush or a stop, and when its own **nap** is over. The **bound** counts what
//! waits here and what the writer holds but has not written.
//!
//! Whoever waits for a record to be durable waits for a **place** in the order of all records: threads at a
//! condition variable, tasks at a [`watch`] that the writer moves on after each sync. One sync serves all.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::frame::{Frame, HEAD_BYTES};
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

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// The writer waits here.
    work: Condvar,
    /// Threads that flush wait here.
    done: Condvar,
    /// Tasks that wait for a record do so here.
    progress: watch::Sender<Progress>,
    pub(super) meters: AuditMeters,
}

/// How far the writer is, for tasks that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Progress {
    /// Records that the sink has made durable.
    durable: u64,
    /// It cannot go on now, or ever.
    is_stuck: bool,
}

/// The number of a record in the order of all that were offered, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position(u64);

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
    /// Every record is waited for.
    is_hurried: bool,
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
            is_hurried: false,
            stop: None,
            is_over: false,
        };
        let progress = watch::Sender::new(Progress::default());
        Self { state: Mutex::new(state), work: Condvar::new(), done: Condvar::new(), progress, meters }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a record if there is room.
    pub(super) fn push(&self, frame: &Frame<'_>) -> Result<(), Full> {
        let state = self.with_room(frame)?;
        self.append(state, frame, Flush::Later);
        Ok(())
    }

    /// Takes a record that somebody will wait for, if there is room; the writer begins at once.
    pub(super) fn push_awaited(&self, frame: &Frame<'_>) -> Result<Position, Full> {
        let mut state = self.with_room(frame)?;
        let position = state.offered + 1;
        state.flush_to = position;
        self.append(state, frame, Flush::Asked);
        Ok(Position(position))
    }

    fn with_room(&self, frame: &Frame<'_>) -> Result<MutexGuard<'_, State>, Full> {
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
        Ok(state)
    }

    /// Takes one of the few records that this room makes itself, full or not.
    pub(super) fn push_always(&self, frame: &Frame<'_>) {
        self.append(self.lock(), frame, Flush::Later);
    }

    fn append(&self, mut state: MutexGuard<'_, State>, frame: &Frame<'_>, flush: Flush) {
        let half = AUDIT_QUEUE_BYTES_MAX / 2;
        let was_below_half = state.waiting.len() < half;
        frame.append_to(&mut state.waiting);
        state.offered += 1;
        if state.is_hurried {
            state.flush_to = state.offered;
        }
        self.note(&state);
        let is_half_full = was_below_half && state.waiting.len() >= half;
        let is_wanted =
            std::mem::take(&mut state.is_parked) || is_half_full || state.is_hurried || flush == Flush::Asked;
        drop(state);
        if is_wanted {
            self.work.notify_one();
        }
    }

    /// Waits until there is something to do, `nap` at most, and swaps what waits for the empty `batch`.
    pub(super) fn take(&self, batch: &mut Vec<u8>, nap: Option<Duration>) -> Turn {
        let mut state = self.lock();
        while !state.is_urgent() {
            state = self.rest_in(state, AUDIT_TICK);
            if !state.waiting.is_empty() {
                break;
            }
            state.is_parked = !state.is_urgent();
            let until = nap.map(|nap| Instant::now() + nap);
            let mut is_rested = false;
            while state.is_parked && !state.is_urgent() && !is_rested {
                state = match until {
                    None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                    Some(until) => self.wait(state, until.saturating_duration_since(Instant::now())),
                };
                is_rested = until.is_some_and(|until| Instant::now() >= until);
            }
            state.is_parked = false;
            if is_rested {
                break;
            }
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
        self.tell(&state);
        drop(state);
        self.done.notify_all();
    }

    /// Tells tasks how far the writer is, where that is news.
    fn tell(&self, state: &State) {
        let now = Progress { durable: state.durable, is_stuck: state.is_failing || state.is_over };
        self.progress.send_if_modified(|last| std::mem::replace(last, now) != now);
    }

    /// Notes that the sink did not take them; says whether that is news.
    pub(super) fn failed(&self) -> Option<Failing> {
        let mut state = self.lock();
        let is_news = !std::mem::replace(&mut state.is_failing, true);
        self.tell(&state);
        is_news.then_some(Failing)
    }

    /// Notes that the writer has ended; what it has not written is lost.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_over = true;
        self.meters.dropped.inc_by(state.unwritten());
        self.tell(&state);
        drop(state);
        self.done.notify_all();
    }

    fn note(&self, state: &State) {
        self.meters.waits(state.unwritten(), state.waiting.len() + state.taken_bytes);
    }

    /// Makes durable what was offered, and from now on everything as soon as it is offered.
    pub(super) fn hurry(&self) {
        let mut state = self.lock();
        state.is_hurried = true;
        state.flush_to = state.offered;
        drop(state);
        self.work.notify_one();
    }

    pub(super) fn has_written(&self) -> bool {
        self.lock().written > 0
    }

    /// Records and bytes that wait to be written.
    pub(super) fn waiting(&self) -> (u64, usize) {
        let state = self.lock();
        (state.unwritten(), state.waiting.len() + state.taken_bytes)
    }

    pub(super) fn is_healthy(&self) -> bool {
        let state = self.lock();
        !(state.is_full || state.is_failing || state.is_over || state.stop.is_some())
    }

    /// Waits without a thread until the record at `position` is durable; at once `false` where the sink fails.
    pub(super) async fn is_durable(&self, Position(position): Position) -> bool {
        let mut progress = self.progress.subscribe();
        let came = progress.wait_for(|now| now.durable >= position || now.is_stuck).await;
        came.is_ok_and(|now| now.durable >= position)
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

#[cfg(test)]
mod tests;
