//! Loading the table of nftables that brings a pod's connections to the gate, without the `nft` program: an image with
//! one static binary has none.
//!
//! ```text
//!   Table (what is wanted) ─┬─ Display: nft's own language, to be read or reviewed
//!                           └─ message: netlink ─► socket: one transaction, acknowledged by the kernel
//! ```
//!
//! The transaction removes the table of an earlier run, if there is one, and makes it anew: it can be repeated, and at
//! no moment is there half a table. Other tables are not looked at.
//!
//! What it does not cover: processes of the gate's own user, and of who may become it (root with `SETUID`), and anything
//! but TCP. Whoever has `NET_ADMIN` in the pod can take it away.

mod message;
mod socket;
mod table;

pub use self::socket::LoadFault;
pub use self::table::{Table, TableFault};

/// Puts `table` in force in the network namespace of this process, in place of an earlier one.
///
/// # Errors
/// [`LoadFault`] says what is missing: the operator's or the node's. Nothing has changed then.
pub fn load(table: &Table) -> Result<(), LoadFault> {
    socket::send(&message::transaction(table))
}
