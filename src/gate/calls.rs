//! What is in flight in the sessions of the legacy era, in both directions, and the tasks that run.
//!
//! An answer is worth something only to a question. Where a question and its answer travel on different
//! sockets (a server's request on a stream and the client's answer in a POST; a call whose stream broke
//! and the stream that resumes it) this table is what joins them: it outlives every stream of a session.
//! What it does not know is dropped, so whatever it forgets for want of room fails closed.
//!
//! Requests of the modern era need no table: each is answered on its own stream.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::seal::Bond;
use crate::bounds::{CALLS_PER_SESSION_MAX, ROUNDS_MAX, SESSIONS_MAX, TASKS_MAX};
use crate::identity::Caller;
use crate::limit::Places;
use crate::mcp::{Id, Method, Revision};
use crate::names::Now;

/// The sessions and tasks of all callers.
#[derive(Debug)]
pub(super) struct Calls {
    sessions: Cache<Key, Arc<Mutex<Conversation>>>,
    tasks: Cache<Key, Task>,
    /// Rounds that servers have asked for, and until when.
    rounds: Cache<Key, Duration>,
    hashers: [RandomState; 2],
}

/// One session or task of one caller: 128 bits, hashed under keys that nobody outside knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u64; 2]);

/// A task of the server.
#[derive(Debug, Clone)]
struct Task {
    /// The tool that it carries out.
    tool: Arc<str>,
    /// The version that was called where its result is to be translated, by its name on the wire.
    version: Option<Arc<str>>,
    /// When the server lets go of it, since the process started.
    until: Duration,
}

/// What is in flight in one session.
#[derive(Debug, Default)]
struct Conversation {
    revision: Option<Revision>,
    /// The client's requests that wait for an answer.
    asked: HashMap<Id, Asked>,
    /// Progress tokens of tasks: a task goes on reporting under the token of its request.
    lasting: Vec<Id>,
    /// The server's requests that wait for an answer.
    wanted: HashMap<Id, Method>,
    /// Counts up, so that the oldest can be found.
    turn: u64,
}

/// A client's request in flight.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// What it asked for.
    pub method: Method,
    /// Under what its progress is reported.
    pub progress: Option<Id>,
    /// What it holds of limits, to be free again when the client takes it back.
    places: Option<Arc<Places>>,
    is_cancelled: bool,
    /// Whether the server has not seen it yet.
    is_held: bool,
    turn: u64,
}

/// What a request was that the client takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenBack {
    /// One that the server has not seen.
    Held,
    /// One that waits for its answer.
    Sent,
    /// None that waits.
    Unknown,
}

/// What is known of the question that an answer claims to answer.
#[derive(Debug, Clone)]
pub(super) enum Question {
    /// The client took it back.
    Cancelled,
    /// Nobody asked it, or it was answered.
    Unknown,
    /// It waits.
    Waiting(Asked),
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            sessions: Cache::new(SESSIONS_MAX),
            tasks: Cache::new(TASKS_MAX),
            rounds: Cache::new(ROUNDS_MAX),
            hashers: [RandomState::new(), RandomState::new()],
        }
    }
}

impl Calls {
    /// The name of a session or task, as the server calls it, of one caller.
    pub fn key(&self, bond: &Bond<'_>, handle: &str) -> Key {
        let name = (bond.bytes(), handle);
        Key([self.hashers[0].hash_one(&name), self.hashers[1].hash_one(&name)])
    }

    /// Begins a session, or finds it.
    pub fn begin(&self, session: Key) {
        let fresh = || Ok::<_, std::convert::Infallible>(Arc::default());
        let _ = self.sessions.get_or_insert_with(&session, fresh);
    }

    /// Forgets a session that has ended.
    pub fn end(&self, session: Key) {
        self.sessions.remove(&session);
    }

    /// Notes what a session has agreed to speak.
    pub fn negotiated(&self, session: Key, revision: Revision) {
        self.with(session, |conversation| conversation.revision = Some(revision));
    }

    /// What a session has agreed to speak.
    pub fn revision(&self, session: Key) -> Option<Revision> {
        self.with(session, |conversation| conversation.revision).flatten()
    }

    /// Notes a request of the client.
    ///
    /// One with the id of an earlier one takes its place: clients that lost an answer ask again. In a
    /// session with `CALLS_PER_SESSION_MAX` requests in flight the oldest is forgotten.
    pub fn ask(
        &self,
        session: Key,
        (id, method): (&Id, Method),
        progress: Option<&Id>,
        places: Option<Arc<Places>>,
    ) {
        self.with(session, |conversation| {
            conversation.turn += 1;
            let turn = conversation.turn;
            if conversation.asked.len() >= CALLS_PER_SESSION_MAX && !conversation.asked.contains_key(id) {
                let oldest = conversation.asked.iter().min_by_key(|(_, asked)| asked.turn);
                if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                    conversation.asked.remove(&oldest);
                }
            }
            let progress = progress.cloned();
            let asked = Asked { method, progress, places, is_cancelled: false, is_held: false, turn };
            conversation.asked.insert(id.clone(), asked);
        });
    }

    /// What an answer to `id` would answer.
    pub fn question(&self, session: Key, id: &Id) -> Question {
        let asked = self.with(session, |conversation| conversation.asked.get(id).cloned()).flatten();
        match asked {
            None => Question::Unknown,
            Some(asked) if asked.is_cancelled => Question::Cancelled,
            Some(asked) => Question::Waiting(asked),
        }
    }

    /// Notes that a request of the client was answered, or went no further.
    pub fn answered(&self, session: Key, id: &Id) {
        self.with(session, |conversation| conversation.asked.remove(id));
    }

    /// Notes that a request of the client is not sent before something else is known.
    pub fn hold(&self, session: Key, id: &Id) {
        self.with(session, |conversation| {
            conversation.asked.get_mut(id).into_iter().for_each(|asked| asked.is_held = true);
        });
    }

    /// Notes that a request of the client is sent now, unless the client has taken it back: whether it may be.
    pub fn let_go(&self, session: Key, id: &Id) -> bool {
        let is_wanted = self.with(session, |conversation| {
            let asked = conversation.asked.get_mut(id)?;
            asked.is_held = false;
            let is_wanted = !asked.is_cancelled;
            if !is_wanted {
                conversation.asked.remove(id);
            }
            Some(is_wanted)
        });
        // What is not known, for want of room, was not taken back.
        is_wanted.flatten().unwrap_or(true)
    }

    /// Notes that the client has taken a request back, and frees its places.
    pub fn cancel(&self, session: Key, id: &Id) -> TakenBack {
        let cancelled = self.with(session, |conversation| {
            let asked = conversation.asked.get_mut(id)?;
            asked.is_cancelled = true;
            let was = if asked.is_held { TakenBack::Held } else { TakenBack::Sent };
            Some((was, asked.places.take()))
        });
        let Some((was, places)) = cancelled.flatten() else { return TakenBack::Unknown };
        places.iter().for_each(|places| places.free());
        was
    }

    /// Keeps a progress token beyond its request: the request became a task.
    pub fn keep_reporting(&self, session: Key, token: &Id) {
        self.with(session, |conversation| {
            if conversation.lasting.len() >= CALLS_PER_SESSION_MAX {
                conversation.lasting.remove(0);
            }
            conversation.lasting.push(token.clone());
        });
    }

    /// Whether some request or task of the session reports under `token`.
    pub fn reports(&self, session: Key, token: &Id) -> bool {
        self.with(session, |conversation| {
            conversation.asked.values().any(|asked| asked.progress.as_ref() == Some(token))
                || conversation.lasting.contains(token)
        })
        .unwrap_or_default()
    }

    /// Notes a request of the server; whether there was room for it.
    pub fn want(&self, session: Key, id: &Id, method: Method) -> bool {
        self.with(session, |conversation| {
            let has_room = conversation.wanted.len() < CALLS_PER_SESSION_MAX;
            if has_room {
                conversation.wanted.insert(id.clone(), method);
            }
            has_room
        })
        .unwrap_or_default()
    }

    /// Takes out the request of the server that the client answers, or that the server takes back.
    pub fn satisfy(&self, session: Key, id: &Id) -> Option<Method> {
        self.with(session, |conversation| conversation.wanted.remove(id)).flatten()
    }

    /// Remembers which tool a task carries out, for as long as the server keeps the task.
    pub fn task_began(&self, task: Key, (tool, version): (&str, Option<&str>), until: Duration) {
        self.tasks.insert(task, Task { tool: tool.into(), version: version.map(Into::into), until });
    }

    /// The version that a task was called by, where its result is to be translated.
    pub fn version_of(&self, task: Key, now: Now) -> Option<Arc<str>> {
        self.tasks.get(&task).filter(|task| now.steady < task.until)?.version
    }

    /// The tool that a task carries out.
    pub fn tool_of(&self, task: Key, now: Now) -> Option<Arc<str>> {
        self.tasks.get(&task).filter(|task| now.steady < task.until).map(|task| task.tool)
    }

    /// Remembers that a server has asked for another round of a call.
    pub fn round_asked(&self, round: Key, until: Duration) {
        self.rounds.insert(round, until);
    }

    /// Takes out a round that a server has asked for, and until when: it comes once. `None` where it has come, is too
    /// late, or was never asked for.
    pub fn take_round(&self, round: Key, now: Now) -> Option<Duration> {
        let (_, until) = self.rounds.remove(&round)?;
        (now.steady < until).then_some(until)
    }

    fn with<T>(&self, session: Key, act: impl FnOnce(&mut Conversation) -> T) -> Option<T> {
        let conversation = self.sessions.get(&session)?;
        let mut conversation: MutexGuard<'_, _> = conversation.lock().unwrap_or_else(PoisonError::into_inner);
        Some(act(&mut conversation))
    }
}

/// The bond of a session, whose key this table goes by.
pub(super) fn bond<'a>(handle: super::Handle, caller: &'a Caller, server: &'a str) -> Bond<'a> {
    Bond { handle, caller, server, scope: &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_comes_once_and_in_time() {
        let (calls, round) = (Calls::default(), Key([1, 2]));
        let at = |seconds| Now { steady: Duration::from_secs(seconds), unix_ms: 0 };
        assert_eq!(calls.take_round(round, at(0)), None, "nobody asked for it");
        calls.round_asked(round, Duration::from_secs(9));
        assert_eq!(calls.take_round(round, at(8)), Some(Duration::from_secs(9)));
        assert_eq!(calls.take_round(round, at(8)), None, "it has come");
        calls.round_asked(round, Duration::from_secs(9));
        assert_eq!(calls.take_round(round, at(9)), None, "too late");
    }

    #[test]
    fn of_several_that_bring_one_round_at_once_one_does() {
        let (calls, round) = (Calls::default(), Key([1, 2]));
        let now = Now { steady: Duration::ZERO, unix_ms: 0 };
        for _ in 0..200 {
            calls.round_asked(round, Duration::from_secs(9));
            let took = std::thread::scope(|scope| {
                let threads = [(); 4].map(|()| scope.spawn(|| calls.take_round(round, now).is_some()));
                threads
                    .map(|thread| thread.join().expect("it ends well"))
                    .iter()
                    .filter(|took| **took)
                    .count()
            });
            assert_eq!(took, 1);
        }
    }
}
