//! Threads that read, and the queue before them.
//!
//! A message that finds `PROSE_QUEUED_MAX` others waiting is turned away at once, and one that has waited too long
//! gives up; a thread that comes upon it then passes it by, or leaves it at the next batch. A reading that panics
//! fails for its message alone.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::bounds::PROSE_QUEUED_MAX;
use crate::scan::Guess;

/// What was seen in each of some texts.
type Guesses = Vec<Vec<Guess>>;

/// What was read, and what was seen in each of it.
type Seen = (Vec<Box<str>>, Guesses);

/// Why something was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Failed,
    Full,
    Late,
}

/// The threads, for as long as it lives.
pub(super) struct Pool(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    is_over: bool,
}

struct Job {
    texts: Vec<Box<str>>,
    threshold: f32,
    until: Instant,
    answer: oneshot::Sender<Option<Seen>>,
}

impl Job {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed() && Instant::now() < self.until
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job that is wanted; `None` when the pool is gone.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.is_over {
                return None;
            }
            match state.jobs.pop_front() {
                Some(job) if job.is_wanted() => return Some(job),
                Some(_) => {}
                None => state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn work(&self, read: &impl Fn(&[Box<str>], f32, &dyn Fn() -> bool) -> Option<Guesses>) {
        while let Some(job) = self.next() {
            let reading = AssertUnwindSafe(|| read(&job.texts, job.threshold, &|| job.is_wanted()));
            let seen = catch_unwind(reading).unwrap_or_else(|_| {
                tracing::error!("reading prose panicked; the message is not read");
                None
            });
            let Job { texts, answer, .. } = job;
            // Whoever asked may have gone.
            let _ = answer.send(seen.map(|seen| (texts, seen)));
        }
    }
}

impl Pool {
    /// Starts threads that read with `read`: it takes texts and how sure it must be, asks whether it may go on, and
    /// gives nothing where it may not, or cannot.
    ///
    /// # Errors
    /// The system's, where it has no thread to give.
    pub(super) fn start(
        threads: NonZeroUsize,
        read: impl Fn(&[Box<str>], f32, &dyn Fn() -> bool) -> Option<Guesses> + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let read = Arc::new(read);
        let queue = Arc::new(Queue { state: Mutex::default(), wake: Condvar::new() });
        let pool = Self(Arc::clone(&queue));
        for number in 0..threads.get() {
            let (queue, read) = (Arc::clone(&queue), Arc::clone(&read));
            std::thread::Builder::new().name(format!("reader-{number}")).spawn(move || queue.work(&*read))?;
        }
        Ok(pool)
    }

    /// Has texts read until a time.
    pub(super) async fn read(
        &self,
        texts: Vec<Box<str>>,
        threshold: f32,
        until: Instant,
    ) -> Result<Seen, Refusal> {
        let (answer, asked) = oneshot::channel();
        {
            let mut state = self.0.state();
            if state.jobs.len() >= PROSE_QUEUED_MAX {
                state.jobs.retain(Job::is_wanted);
            }
            if state.jobs.len() >= PROSE_QUEUED_MAX {
                return Err(Refusal::Full);
            }
            state.jobs.push_back(Job { texts, threshold, until, answer });
        }
        self.0.wake.notify_one();
        match tokio::time::timeout_at(until.into(), asked).await {
            Ok(Ok(Some(seen))) => Ok(seen),
            // A thread gives a job up at its deadline too, and may be the first to look at the clock.
            Ok(Ok(None) | Err(_)) if Instant::now() < until => Err(Refusal::Failed),
            Ok(Ok(None) | Err(_)) | Err(_) => Err(Refusal::Late),
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_over = true;
        state.jobs.clear();
        drop(state);
        self.0.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::scan::Detector;

    const LONG: Duration = Duration::from_secs(60);
    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    fn texts(text: &str) -> Vec<Box<str>> {
        vec![text.into()]
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[test]
    fn reads_and_fails_for_one_message_alone() {
        let read = |texts: &[Box<str>], _: f32, _: &dyn Fn() -> bool| {
            assert!(&*texts[0] != "panic", "as asked");
            let guess = Guess { span: 0..texts[0].len(), detector: Detector::PERSON };
            (&*texts[0] != "none").then(|| vec![vec![guess]])
        };
        let pool = Pool::start(ONE, read).unwrap();
        runtime().block_on(async {
            for _ in 0..2 {
                let until = Instant::now() + LONG;
                assert_eq!(pool.read(texts("panic"), 0.5, until).await.unwrap_err(), Refusal::Failed);
                assert_eq!(pool.read(texts("none"), 0.5, until).await.unwrap_err(), Refusal::Failed);
                let (read, seen) = pool.read(texts("Ann"), 0.5, until).await.unwrap();
                assert_eq!((read, seen[0][0].span.clone()), (texts("Ann"), 0..3));
            }
        });
    }

    #[test]
    fn turns_away_what_finds_the_queue_full_and_gives_up_in_time() {
        let (hold, held) = mpsc::channel::<()>();
        let (began, begin) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        let read = move |texts: &[Box<str>], _: f32, may_go_on: &dyn Fn() -> bool| {
            began.send(()).unwrap();
            held.lock().unwrap().recv().unwrap();
            may_go_on().then(|| texts.iter().map(|_| Vec::new()).collect())
        };
        let pool = Arc::new(Pool::start(ONE, read).unwrap());
        runtime().block_on(tokio::task::LocalSet::new().run_until(async {
            let ask = |until| {
                let pool = Arc::clone(&pool);
                tokio::task::spawn_local(async move { pool.read(texts("x"), 0.5, until).await })
            };
            let first = ask(Instant::now() + LONG);
            tokio::task::yield_now().await;
            begin.recv().unwrap();
            let waiting: Vec<_> = (0..PROSE_QUEUED_MAX).map(|_| ask(Instant::now() + LONG)).collect();
            tokio::task::yield_now().await;
            assert_eq!(ask(Instant::now() + LONG).await.unwrap().unwrap_err(), Refusal::Full);
            // What nobody waits for any more makes room.
            waiting[0].abort();
            tokio::task::yield_now().await;
            let late = ask(Instant::now() + Duration::from_millis(20));
            assert_eq!(late.await.unwrap().unwrap_err(), Refusal::Late);
            (0..PROSE_QUEUED_MAX).for_each(|_| hold.send(()).unwrap());
            assert!(first.await.unwrap().is_ok());
            for task in waiting.into_iter().skip(1) {
                assert!(task.await.unwrap().is_ok());
            }
        }));
        assert_eq!(begin.try_iter().count(), PROSE_QUEUED_MAX - 1, "what nobody wants is passed by");
    }
}
