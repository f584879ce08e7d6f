//! The kernel's ear for tables, and what it answers.

use std::io::{self, ErrorKind, Read as _, Write as _};

use socket2::{Domain, Protocol, Socket, Type};

use super::message::Batch;
use crate::bounds::REDIRECT_ANSWER_MAX;

/// Why a table is not in force, with what to do about it. What was before still is.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// The kernel knows nftables, and not all that the table needs.
    #[error(
        "this kernel does not take the {subject}: {cause}; redirect needs Linux 5.2 or later with nft_nat, nft_redir and \
         nf_tables for `inet`, or take the mode `named-port` or `loopback`"
    )]
    Lacking {
        /// What it does not take.
        subject: String,
        /// What it says.
        cause: io::Error,
    },
    /// There are no tables.
    #[error(
        "this kernel has no nf_tables here: {0}; load the module nf_tables on the node, or take the mode `named-port` or \
         `loopback`"
    )]
    NoTables(io::Error),
    /// This process may not.
    #[error(
        "not permitted to change the network of this pod: run as user 0 with the capability NET_ADMIN \
         (securityContext: {{runAsUser: 0, capabilities: {{add: [NET_ADMIN]}}}})"
    )]
    NotPermitted,
    /// The kernel did not answer.
    #[error("the kernel does not say what came of the table: {0}; try again")]
    Silent(io::Error),
}

const AF_NETLINK: i32 = 16;
const NETLINK_NETFILTER: i32 = 12;

/// Sends a batch and waits until every message of it is acknowledged.
pub(super) fn send(batch: &Batch) -> Result<(), LoadFault> {
    let mut socket =
        Socket::new(Domain::from(AF_NETLINK), Type::RAW, Some(Protocol::from(NETLINK_NETFILTER)))
            .map_err(LoadFault::NoTables)?;
    socket.set_read_timeout(Some(REDIRECT_ANSWER_MAX)).map_err(LoadFault::Silent)?;
    socket.write_all(&batch.bytes).map_err(LoadFault::Silent)?;
    let mut open = batch.subjects.len();
    let mut room = vec![0; ROOM_BYTES];
    while open > 0 {
        let length = socket.read(&mut room).map_err(LoadFault::Silent)?;
        let mut rest = room.get(..length).unwrap_or_default();
        while let Some(word) = Word::cut(&mut rest) {
            match word.error {
                0 => open = open.saturating_sub(1),
                error => return Err(fault(batch, &word, io::Error::from_raw_os_error(error))),
            }
        }
    }
    Ok(())
}

/// Each answer repeats what it answers, so that a rule's has some 400 bytes.
const ROOM_BYTES: usize = 64 << 10;

fn fault(batch: &Batch, word: &Word, cause: io::Error) -> LoadFault {
    if cause.kind() == ErrorKind::PermissionDenied {
        return LoadFault::NotPermitted;
    }
    // The begin of the batch has the number 0, and so has what the kernel says before it has looked at the rest.
    let subject = (word.number as usize).checked_sub(1).and_then(|index| batch.subjects.get(index));
    match subject {
        Some(subject) => LoadFault::Lacking { subject: subject.clone(), cause },
        None => LoadFault::NoTables(cause),
    }
}

/// What the kernel says about one message.
#[derive(Debug, PartialEq, Eq)]
struct Word {
    number: u32,
    /// An error number; 0 is an acknowledgement.
    error: i32,
}

/// A message that tells what came of another. Source: `NLMSG_ERROR`.
const KIND_ERROR: u16 = 2;

impl Word {
    /// Cuts the next word from what was read; whatever else the kernel says is passed over.
    fn cut(rest: &mut &[u8]) -> Option<Self> {
        loop {
            let (head, body) = rest.split_first_chunk::<16>()?;
            let length = u32::from_ne_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let kind = u16::from_ne_bytes([head[4], head[5]]);
            let number = u32::from_ne_bytes([head[8], head[9], head[10], head[11]]);
            let error = body.first_chunk::<4>().map(|bytes| i32::from_ne_bytes(*bytes));
            *rest = rest.get(length.max(16).next_multiple_of(4)..).unwrap_or_default();
            if let Some(error) = error.filter(|_| kind == KIND_ERROR) {
                return Some(Self { number, error: error.saturating_neg() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: u16, number: u32, error: i32) -> Vec<u8> {
        let mut bytes = 36_u32.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 2]);
        bytes.extend(number.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(error.to_ne_bytes());
        bytes.extend([0; 16]);
        bytes
    }

    #[test]
    fn reads_what_the_kernel_says() {
        let bytes = [said(2, 1, 0), said(9, 5, -7), said(2, 3, -1)].concat();
        let mut rest = bytes.as_slice();
        assert_eq!(Word::cut(&mut rest), Some(Word { number: 1, error: 0 }));
        assert_eq!(Word::cut(&mut rest), Some(Word { number: 3, error: 1 }));
        assert_eq!(Word::cut(&mut rest), None);
        for cut in 0..bytes.len() {
            let mut rest = &bytes[..cut];
            while Word::cut(&mut rest).is_some() {}
        }
    }

    #[test]
    fn names_what_is_missing() {
        let batch = Batch { bytes: Vec::new(), subjects: vec!["table".into(), "chain output".into()] };
        let told = |number, errno| {
            fault(&batch, &Word { number, error: errno }, io::Error::from_raw_os_error(errno)).to_string()
        };
        for (number, errno, wanted) in [
            (0, 1, "NET_ADMIN"),
            (2, 1, "NET_ADMIN"),
            (0, 95, "no nf_tables"),
            (2, 2, "chain output: No such"),
        ] {
            assert!(told(number, errno).contains(wanted), "{}", told(number, errno));
        }
    }
}
