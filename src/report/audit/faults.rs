//! What can be wrong with a trail, and what to do then.

use std::io;

/// Where a chain does not hold.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct BrokenChain {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: ChainFault,
}

/// What is wrong with a line of a chain.
#[derive(Debug, thiserror::Error)]
pub enum ChainFault {
    /// The line is not what was written.
    #[error("the hash is not that of the line")]
    Changed,
    /// A checkpoint does not say what stands before it.
    #[error("the checkpoint {0}")]
    Checkpoint(&'static str),
    /// What stands at the end of a file is no record, and no run says so.
    #[error("not an audit record but what a crash cuts off, and no run has followed that says so")]
    CutOff,
    /// Lines of one run are missing, or were brought in.
    #[error("seq {found} follows {expected_after}")]
    Gap {
        /// The number of the line before.
        expected_after: u64,
        /// The number of this line.
        found: u64,
    },
    /// The system says no.
    #[error("{0}")]
    Io(io::Error),
    /// No audit line at all.
    #[error("not an audit record")]
    NotARecord,
    /// More records than fit between two checkpoints.
    #[error("{0} records before it have no checkpoint")]
    Uncovered(usize),
    /// The line does not go on from the one before.
    #[error("prev is not the hash of the line before")]
    Unlinked,
}

impl ChainFault {
    /// What whoever reads of it does next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Changed => {
                "it was edited after it was written: compare it with a copy that was shipped elsewhere"
            }
            Self::Checkpoint(_) => {
                "verify with the public half of the key that this run had (--key); if it is, the records were changed"
            }
            Self::CutOff => {
                "if the gate is running it may be writing that line: verify again; else start the gate once with this \
                 file, which marks the cut and goes on behind it"
            }
            Self::Gap { .. } | Self::Unlinked => {
                "lines or files between them were removed, added or put in another order: name all files, oldest first, \
                 or look for those that are missing where files are shipped to"
            }
            Self::Io(_) => "look at the disk and at the rights of the file",
            Self::NotARecord => {
                "something else than the gate wrote it: take the file as it was shipped elsewhere"
            }
            Self::Uncovered(_) => {
                "the run had no --audit-sign-key, or its checkpoints were removed: without --key the chain alone is verified"
            }
        }
    }
}

/// Copies of checkpoints that do not stand in the trail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the checkpoint of run {boot} over records {from} to {to} is missing: records were removed or changed"
)]
pub struct MissingCheckpoint {
    /// Which run.
    pub boot: Box<str>,
    /// The first record that it covers.
    pub from: u64,
    /// The last.
    pub to: u64,
}
