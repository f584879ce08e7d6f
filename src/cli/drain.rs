//! `sluicegate drain`: tells a running gate that it is about to go, and waits until clients have noticed.
//!
//! It is made for the `preStop` hook of a container, in an image that has no shell and no `sleep`.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use clap::Args;

use super::{Exit, time};
use crate::bounds::{DRAIN_ASK_MAX, DRAIN_QUIET};

/// Options of `drain`.
#[derive(Debug, Args)]
pub struct Options {
    /// Where the gate's operators connect; it must be this machine or pod
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:15820")]
    admin: SocketAddr,
    /// How long after the first time that the gate was told so to return; by default once clients are sent elsewhere
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    wait: Option<Duration>,
}

/// Tells the gate, and waits.
pub fn drain(options: &Options) -> Exit {
    let admin = options.admin;
    match ask(admin) {
        Ok(Answer { status: 200, text }) => {
            anstream::print!("{text}");
            let since = since(&text).unwrap_or_default();
            std::thread::sleep(options.wait.unwrap_or(DRAIN_QUIET).saturating_sub(since));
            Exit::Fine
        }
        Ok(Answer { status, text }) => {
            anstream::eprintln!("sluicegate: the gate at {admin} answers {status}: {}", text.trim_end());
            Exit::Unable
        }
        Err(fault) => {
            anstream::eprintln!(
                "sluicegate: no gate can be asked at {admin}: {fault}; name the address of its --admin"
            );
            Exit::Unable
        }
    }
}

struct Answer {
    status: u16,
    text: String,
}

fn ask(admin: SocketAddr) -> io::Result<Answer> {
    let deadline = Instant::now() + DRAIN_ASK_MAX;
    let mut stream = TcpStream::connect_timeout(&admin, DRAIN_ASK_MAX)?;
    stream.set_write_timeout(Some(DRAIN_ASK_MAX))?;
    let asked =
        format!("POST /drain HTTP/1.1\r\nHost: {admin}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(asked.as_bytes())?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || bytes.len() > ANSWER_BYTES_MAX {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk)? {
            0 => break,
            length => bytes.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        }
    }
    read(&String::from_utf8_lossy(&bytes)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// More than the gate says at `/drain`.
const ANSWER_BYTES_MAX: usize = 16 << 10;

fn read(answer: &str) -> Option<Answer> {
    let (head, text) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()?;
    Some(Answer { status, text: text.to_owned() })
}

/// How long ago the drain began, as the gate says it.
fn since(text: &str) -> Option<Duration> {
    let (_, rest) = text.split_once("since_ms=")?;
    rest.split_whitespace().next()?.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_gate_says() {
        let answer =
            read("HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\ndraining since_ms=1204\n").map(|answer| {
                let since = since(&answer.text);
                (answer.status, since)
            });
        assert_eq!(answer, Some((200, Some(Duration::from_millis(1204)))));
        for text in ["", "HTTP/1.1 200 OK", "SSH-2.0\r\n\r\n", "HTTP/1.1 x\r\n\r\n"] {
            assert!(read(text).is_none(), "{text}");
        }
        assert_eq!(since("draining"), None);
    }
}
