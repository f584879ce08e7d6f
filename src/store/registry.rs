//! How the registry stands, for people and probes: whether or not this build can read one.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// How the registry stands. Whoever reads the registry writes it; looking at it never waits.
#[derive(Debug)]
pub struct RegistryStanding {
    /// Where the database is, without user and password.
    pub place: Box<str>,
    state: ArcSwap<RegistryState>,
}

/// A look at the registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryState {
    /// Whether the database is reached now.
    pub is_connected: bool,
    /// The revision in force.
    pub revision: i64,
    /// When the database last agreed with what is in force, in milliseconds since 1970; 0 when it never did since
    /// the start.
    pub agreed_unix_ms: u64,
    /// How many tenants and tools have rows.
    pub extent: (usize, usize),
    /// Why the database is not read, or why what it says is not in force, possibly many lines.
    pub error: Option<Box<str>>,
}

/// What happened, for whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryNews {
    /// The database agrees with what is in force, at this revision.
    Agreed(i64),
    /// It cannot be reached any more, or not yet.
    Lost,
    /// Something new is in force.
    Published(i64),
    /// What it says cannot be in force.
    Refused,
}

impl RegistryStanding {
    /// A registry at `place`, which nobody has read yet.
    pub fn new(place: &str) -> Self {
        Self { place: place.into(), state: ArcSwap::default() }
    }

    /// How it stands.
    pub fn state(&self) -> Arc<RegistryState> {
        self.state.load_full()
    }

    /// Notes how it stands now.
    pub fn note(&self, change: impl Fn(&mut RegistryState)) {
        self.state.rcu(|state| {
            let mut state = RegistryState::clone(state);
            change(&mut state);
            state
        });
    }
}
