//! A place for a wrapped server in which it can harm nothing but itself, and one for the gate.
//!
//! ```text
//!   gate --> launcher: new namespaces --> init (process 1 in there): files, calls, rights --> server
//!                      |                  |                                                    |
//!                      dies with the gate dies with the launcher            dies with init, and all it started
//! ```
//!
//! The gate starts itself again as a launcher ([`outer`]), because what is given up is given up by one
//! thread, for it and what it starts. The launcher enters namespaces of its own: users, processes, mounts,
//! network, messages, host name. What it starts in there ([`inner`]) mounts a folder in memory to write to,
//! limits itself, gives up every right (`files` by Landlock, `calls` by seccomp), and starts the server. What all
//! of it may use together is held by a control group (`group`), if that was asked for.
//! Where the server may reach some hosts, it does so through the gate ([`egress`]).
//!
//! **What a server still can do:** read `/usr` and what was allowed, start programs that stand there, and
//! use the processor, as far as no limit was set. **When a part is missing,** because the kernel is old or a container forbids it, nothing
//! is started, unless the operator has said [`Missing::Allow`]; then the log, the metrics and `/status` tell.
//!
//! **What it is not.** No virtual machine: a fault of the kernel is out of reach.
//!
//! Sources: landlock(7), seccomp(2), user_namespaces(7), pid_namespaces(7), cgroups(7).

mod calls;
pub mod egress;
pub mod fault;
mod files;
mod group;
mod hierarchy;
pub mod inner;
pub mod outer;
pub mod own;
mod paths;
mod profile;
mod standing;
mod supervision;

pub use egress::{Door, Witness};
pub use fault::Fault;
pub use profile::{Enclosure, Missing, Network, Profile};
pub use standing::{Held, Standing};
