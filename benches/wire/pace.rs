//! Load at a fixed rate, open loop: calls leave when they are due, whether or not others are still out.
//!
//! A latency counts from when its call was *due*. A proxy that stalls delays the calls behind it, and each of
//! them says so; measured from when a call could at last be sent, most of that wait would be lost.
//!
//! ```text
//!   pacer thread: sleep to the microsecond -> take a free line -> write     (runtime timers have a grain of 1 ms)
//!   runtime:      read, check, record       -> take the oldest waiting call, or put the line back
//! ```
//!
//! Both sides meet in [`Desk`] behind a lock that is held for one write. How late the pacer itself was is
//! recorded too: a latency below that means nothing.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::net;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::call::Call;
use crate::histogram::Histogram;
use crate::load::{Line, PATIENCE, Tally, next_id};
use crate::reply::{self, Replies, fault};

/// The sending half of a line, and the call that is out on it.
struct Sender {
    stream: net::TcpStream,
    call: Call,
    id: u64,
    due: Instant,
}

/// Where calls that are due meet lines that are free.
struct Desk {
    senders: Vec<Sender>,
    free: Vec<usize>,
    waiting: VecDeque<Instant>,
    latency: Histogram,
    lateness: Histogram,
    fault: Option<io::Error>,
}

struct Room {
    desk: Mutex<Desk>,
    count: u64,
    answered_all: Notify,
    closed: AtomicBool,
}

/// Ends the pacer when the window ends, however it ends.
struct Closing(Arc<Room>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Relaxed);
    }
}

/// Sends `rate` calls a second over these lines for so long, and waits until the last one is answered.
///
/// # Errors
/// A line breaks, an answer is wrong, or answers are missing when [`PATIENCE`] is over: the proxy cannot keep
/// this rate.
pub async fn pace(lines: Vec<Line>, rate: f64, window: Duration) -> io::Result<Tally> {
    let count = ((rate * window.as_secs_f64()) as u64).max(1);
    let (mut senders, mut receivers) = (Vec::new(), Vec::new());
    for line in lines {
        let (receiver, sender) = split(line)?;
        receivers.push(receiver);
        senders.push(sender);
    }
    let free = (0..senders.len()).collect();
    let (latency, lateness) = (Histogram::new(), Histogram::new());
    let desk = Desk { senders, free, waiting: VecDeque::new(), latency, lateness, fault: None };
    let room = Arc::new(Room {
        desk: Mutex::new(desk),
        count,
        answered_all: Notify::new(),
        closed: AtomicBool::new(false),
    });
    let _closing = Closing(Arc::clone(&room));
    let mut readers = JoinSet::new();
    for (line, receiver) in receivers.into_iter().enumerate() {
        readers.spawn(receive(Arc::clone(&room), line, receiver));
    }
    let start = Instant::now();
    let pacer = {
        let room = Arc::clone(&room);
        thread::spawn(move || send_all(&room, start, 1.0 / rate))
    };
    let ended = timeout(window + PATIENCE, room.answered_all.notified()).await;
    let elapsed = start.elapsed();
    room.closed.store(true, Ordering::Relaxed);
    pacer.join().map_err(|_| fault("the pacer ended early"))?;
    let mut desk = room.lock();
    if let Some(fault) = desk.fault.take() {
        return Err(fault);
    }
    if ended.is_err() {
        return Err(fault(&format!("only {} of {count} calls were answered", desk.latency.total())));
    }
    Ok(Tally { elapsed, latency: desk.latency.clone(), lateness: desk.lateness.clone() })
}

fn split(line: Line) -> io::Result<((TcpStream, Replies), Sender)> {
    let stream = line.stream.into_std()?;
    let copy = stream.try_clone()?;
    let sender = Sender { stream: copy, call: line.call, id: 0, due: Instant::now() };
    Ok(((TcpStream::from_std(stream)?, line.replies), sender))
}

fn send_all(room: &Room, start: Instant, interval: f64) {
    // Without this the kernel may add 50 µs to each sleep. Where it cannot be set, the lateness shows it.
    if let Ok(thread) = std::fs::read_link("/proc/thread-self") {
        let id = thread.file_name().unwrap_or_default().to_os_string();
        let _ = std::fs::write(std::path::Path::new("/proc").join(id).join("timerslack_ns"), "1000");
    }
    for index in 0..room.count {
        let due = start + Duration::from_secs_f64(interval * index as f64);
        let wait = due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            thread::sleep(wait);
        }
        if room.closed.load(Ordering::Relaxed) {
            return;
        }
        room.lock().admit(due);
    }
}

async fn receive(room: Arc<Room>, line: usize, (mut stream, mut replies): (TcpStream, Replies)) {
    loop {
        let arrived = replies.next(&mut stream).await;
        let now = Instant::now();
        let mut desk = room.lock();
        let checked =
            arrived.and_then(|reply| reply::check(&reply, replies.body(&reply), desk.senders[line].id));
        if let Err(fault) = checked {
            desk.fault.get_or_insert(fault);
            return room.answered_all.notify_one();
        }
        let took = now - desk.senders[line].due;
        desk.latency.record(took);
        desk.release(line);
        if desk.fault.is_some() || desk.latency.total() == room.count {
            return room.answered_all.notify_one();
        }
    }
}

impl Room {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn admit(&mut self, due: Instant) {
        self.lateness.record(due.elapsed());
        match self.free.pop() {
            Some(line) => self.send(line, due),
            None => self.waiting.push_back(due),
        }
    }

    fn release(&mut self, line: usize) {
        match self.waiting.pop_front() {
            Some(due) => self.send(line, due),
            None => self.free.push(line),
        }
    }

    /// One write: a socket with nothing out on it has room for one call.
    fn send(&mut self, line: usize, due: Instant) {
        let sender = &mut self.senders[line];
        (sender.id, sender.due) = (next_id(), due);
        let wire = sender.call.numbered(sender.id);
        match sender.stream.write(wire) {
            Ok(written) if written == wire.len() => {}
            Ok(_) => drop(self.fault.get_or_insert(fault("a call did not fit into its socket"))),
            Err(broken) => drop(self.fault.get_or_insert(broken)),
        }
    }
}
