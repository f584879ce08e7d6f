//! How many requests may be with the server at once: so that one tool, or one conversation, does not take it all.
//!
//! A [`Place`] is held for as long as a request is with the server, and free again when it is dropped, however
//! that came about. What finds no place is refused at once: nothing waits here. Lists and their like find none when
//! an eighth of the server's places is left, so that under load calls go on; streams that only listen have places
//! of their own, since they stay.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::bounds::BREAKER_TOOLS_MAX;

/// The places of one server.
#[derive(Debug, Default)]
pub struct Bulkhead {
    server: Arc<AtomicU32>,
    listens: Arc<AtomicU32>,
    tools: RwLock<HashMap<Box<str>, Arc<AtomicU32>>>,
    conversations: Arc<Conversations>,
}

/// How many requests of each conversation are with the server.
#[derive(Debug, Default)]
struct Conversations(Mutex<HashMap<u64, u32>>);

/// How many places there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// For requests.
    pub server: u32,
    /// For calls of the tool.
    pub tool: u32,
    /// For requests of the conversation.
    pub conversation: u32,
    /// For streams that only listen.
    pub listens: u32,
}

/// Who wants a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest<'a> {
    /// A call, of a tool that the policy knows, in a conversation by its hash.
    Call {
        /// The tool.
        tool: Option<&'a str>,
        /// The conversation.
        conversation: Option<u64>,
    },
    /// A stream that only listens.
    Listen,
    /// Any other request.
    Other,
}

/// What is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The room for bytes of bodies in this process.
    Bytes,
    /// The places of the conversation.
    Conversation,
    /// Those of streams that only listen.
    Listens,
    /// Those of the server.
    Server,
    /// Those of the tool.
    Tool,
}

/// A place at the server; dropping it leaves it.
#[derive(Debug, Default)]
pub struct Place {
    counts: [Option<Arc<AtomicU32>>; 2],
    conversation: Option<(Arc<Conversations>, u64)>,
}

impl Bulkhead {
    /// Takes a place.
    ///
    /// # Errors
    /// What is [`Full`].
    pub fn enter(&self, room: Room, guest: Guest<'_>) -> Result<Place, Full> {
        let mut place = Place::default();
        match guest {
            Guest::Listen => place.take(0, &self.listens, room.listens, Full::Listens)?,
            Guest::Other => {
                let least = room.server - room.server / 8;
                place.take(0, &self.server, least, Full::Server)?;
            }
            Guest::Call { tool, conversation } => {
                place.take(0, &self.server, room.server, Full::Server)?;
                if let Some(tool) = tool {
                    place.take(1, &self.tool(tool), room.tool, Full::Tool)?;
                }
                if let Some(key) = conversation {
                    let mut open = self.conversations.0.lock().unwrap_or_else(PoisonError::into_inner);
                    let count = open.entry(key).or_default();
                    if *count >= room.conversation {
                        return Err(Full::Conversation);
                    }
                    *count += 1;
                    drop(open);
                    place.conversation = Some((Arc::clone(&self.conversations), key));
                }
            }
        }
        Ok(place)
    }

    /// Requests that are with the server now.
    pub fn taken(&self) -> u32 {
        self.server.load(Ordering::Relaxed)
    }

    fn tool(&self, tool: &str) -> Arc<AtomicU32> {
        if let Some(count) = self.tools.read().unwrap_or_else(PoisonError::into_inner).get(tool) {
            return Arc::clone(count);
        }
        let mut tools = self.tools.write().unwrap_or_else(PoisonError::into_inner);
        if tools.len() >= BREAKER_TOOLS_MAX {
            tools.retain(|_, count| count.load(Ordering::Relaxed) > 0);
        }
        Arc::clone(tools.entry(tool.into()).or_default())
    }
}

impl Place {
    fn take(&mut self, index: usize, count: &Arc<AtomicU32>, max: u32, full: Full) -> Result<(), Full> {
        let more = |taken: u32| (taken < max).then(|| taken + 1);
        count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map_err(|_| full)?;
        if let Some(slot) = self.counts.get_mut(index) {
            *slot = Some(Arc::clone(count));
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for count in self.counts.iter_mut().filter_map(Option::take) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some((open, key)) = self.conversation.take() {
            let mut open = open.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = open.get_mut(&key) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    open.remove(&key);
                }
            }
        }
    }
}

impl Full {
    /// The word for it in records and refusals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Conversation => "conversation",
            Self::Listens => "listens",
            Self::Server => "server",
            Self::Tool => "tool",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const ROOM: Room = Room { server: 8, tool: 3, conversation: 2, listens: 1 };

    const TOOLS: [&str; 5] = ["b", "c", "d", "e", "f"];

    fn call(tool: &str, conversation: u64) -> Guest<'_> {
        Guest::Call { tool: Some(tool), conversation: Some(conversation) }
    }

    #[test]
    fn has_as_many_places_as_it_should_at_each_level() {
        let house = Bulkhead::default();
        let enter = |guest| house.enter(ROOM, guest);
        let first = [enter(call("a", 1)), enter(call("a", 1))];
        assert_eq!(enter(call("b", 1)).err(), Some(Full::Conversation));
        let third = enter(call("a", 2));
        assert_eq!(enter(call("a", 3)).err(), Some(Full::Tool));
        assert_eq!(house.taken(), 3, "who was refused has left no trace");
        let rest: Vec<_> = TOOLS.iter().zip(10..).map(|(tool, key)| enter(call(tool, key))).collect();
        assert!(first.iter().chain([&third]).chain(&rest).all(Result::is_ok));
        assert_eq!(enter(call("z", 99)).err(), Some(Full::Server));
        drop(first);
        assert!(enter(call("a", 1)).is_ok());
        drop((third, rest));
        assert_eq!((house.taken(), house.conversations.0.lock().unwrap().len()), (0, 0));
    }

    #[test]
    fn sheds_lists_before_calls_and_counts_listeners_apart() {
        let house = Bulkhead::default();
        let calls: Vec<_> = TOOLS
            .iter()
            .chain(&["x", "y"])
            .zip(0..)
            .map(|(tool, key)| house.enter(ROOM, call(tool, key)))
            .collect();
        assert_eq!(house.enter(ROOM, Guest::Other).err(), Some(Full::Server));
        let last = house.enter(ROOM, call("z", 9));
        assert!(calls.iter().chain([&last]).all(Result::is_ok));
        let listener = house.enter(ROOM, Guest::Listen);
        assert!(listener.is_ok());
        assert_eq!(house.enter(ROOM, Guest::Listen).err(), Some(Full::Listens));
        drop(calls);
        assert!(house.enter(ROOM, Guest::Other).is_ok());
    }

    #[test]
    fn never_lets_one_more_in_over_threads() {
        let house = Bulkhead::default();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for turn in 0..2_000 {
                        let place = house.enter(ROOM, call("a", turn % 3));
                        assert!(house.taken() <= ROOM.server);
                        drop(place);
                    }
                });
            }
        });
        assert_eq!(house.taken(), 0);
    }
}
