//! Asking the server for its list when nobody else does: before a call, and by the gate itself.
//!
//! **Before a call** (`check`) the list is asked for in the caller's own session and with its credential, so that
//! a server which shows each caller something else is asked as that caller. One question at once for each caller: who
//! comes meanwhile waits for it. **By itself** (`watch`) the gate asks with its own credential, on a schedule and
//! whenever something gives cause, in a session of its own.
//!
//! What an answer means is the gate's to say; here is only how to get one.

mod check;
mod watch;

use std::hash::{BuildHasher, Hasher, RandomState};

use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{Mutex, MutexGuard};

pub use check::{Halt, Road, check};
pub use watch::{PinWatch, Told, look};

use crate::gate::PageFault;
use crate::names::hex;

/// Whose turn it is to ask.
#[derive(Debug)]
pub struct Turns {
    rooms: Box<[Mutex<()>]>,
    seed: RandomState,
}

/// Two callers that meet in one room wait for each other, and for nothing else.
const ROOMS: usize = 64;

impl Default for Turns {
    fn default() -> Self {
        Self { rooms: (0..ROOMS).map(|_| Mutex::default()).collect(), seed: RandomState::new() }
    }
}

impl Turns {
    /// Waits until nobody else asks for this caller.
    async fn turn(&self, caller: &str) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = self.seed.build_hasher();
        hasher.write(caller.as_bytes());
        let room = usize::try_from(hasher.finish() % ROOMS as u64).unwrap_or_default();
        Some(self.rooms.get(room)?.lock().await)
    }
}

/// The id of a question: nobody who shares the session can have chosen it.
pub fn question_id() -> String {
    let mut bits = [0; 8];
    // INVARIANT: the system's generator works; ring blocks at boot until it is seeded.
    SystemRandom::new().fill(&mut bits).expect("the system gives random bits");
    format!("sluicegate-{}", hex(&bits))
}

/// The words for a page that is none.
pub fn words(fault: PageFault) -> &'static str {
    match fault {
        PageFault::Foreign => "the server answered something else",
        PageFault::Unlisted => "the server has no list of tools",
        PageFault::Unreadable => "the server's list cannot be read",
    }
}
