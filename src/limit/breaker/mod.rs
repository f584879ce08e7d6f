//! Breakers: what fails is left alone for a while, so that a sick server is not hammered and a model does not spin.
//!
//! ```text
//!             trips                      rest is over, somebody may try
//!  closed -------------------> open ------------------------------------> half open
//!    ^                          ^   a try fails: rest twice as long          |
//!    |                          +-------------------------------------------+
//!    +-----------------------------------------------------------------------+
//!                       as many tries as wanted went well
//! ```
//!
//! **Trips** when of at least 20 calls in ten seconds half failed or four fifths were slow, or when the gate had no
//! answer five times in a row (no connection, or no answer in time); each number is the policy's. **At first start**
//! and after a rest: closed, with an empty window. **Rests** for 5 s, doubled each time up to 5 min, give or take a
//! fifth; one real call that goes well after it has closed begins again at 5 s. **Recovers** by at most three calls
//! at once that must all go well. Only calls of tools that are approved as reading or idempotent may try; for others
//! the gate asks a question of its own, `server/discover` or `ping`. **Does not count**: what the table in
//! [`OutcomeClass::effect`] calls neutral, above all `isError`, for that is how servers say that arguments are wrong;
//! calls that the client took back; answers to what was sent before the state changed.
//!
//! One breaker for each tool, one for the server. A tool that hangs opens its own. The server's opens when requests
//! other than calls fail, when nothing connects, or when three fifths of the tools that are used rest, and
//! at least `BREAKER_TOOLS_OPEN_MIN`. [`Endpoints`] does the same for the addresses of one server.
//!
//! **What it is not.** No clock, no timer, no task: time comes with each question, and whoever asks the gate's own
//! questions does so by the leave that [`Board::probe`] gives. Nothing is shared between processes.
//!
//! `failsafe`, `tower-resilience` and their like know neither outcomes of MCP nor maps of breakers.

mod board;
mod endpoints;
mod outcome;
mod plan;
mod state;
mod window;

pub use board::{Applicant, Board, BreakerStanding, Course, Notice, Permit, Plans, Shut};
pub use endpoints::Endpoints;
pub use outcome::{Again, Effect, OutcomeClass, Pressure, Toll};
pub use plan::{BreakerPlan, Drive, ToolErrors};
pub use state::{BreakerState, Cause, Change, Probe};

#[cfg(test)]
mod tests;
