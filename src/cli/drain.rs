//! `sluicegate drain`: tells a running gate that it is about to go, and waits until clients have noticed.
//!
//! It is made for the `preStop` hook of a container, in an image that has no shell and no `sleep`.

use std::time::Duration;

use clap::Args;
use tokio::time::timeout;

use super::desk::{DeskOptions, Reply, block_on};
use super::{Exit, time};
use crate::bounds::{DRAIN_ASK_MAX, DRAIN_QUIET};

/// Options of `drain`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    desk: DeskOptions,
    /// How long after the first time that the gate was told so to return; by default once clients are sent elsewhere
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    wait: Option<Duration>,
}

/// Tells the gate, which must be on this machine or in this pod, and waits.
pub fn drain(options: &Options) -> Exit {
    let admin = &options.desk.admin;
    let asked = block_on(async { timeout(DRAIN_ASK_MAX, options.desk.post("/drain")).await });
    let trouble = match asked {
        Ok(Ok(Ok(Reply { status: 200, body }))) => {
            anstream::print!("{body}");
            let since = since(&body).unwrap_or_default();
            std::thread::sleep(options.wait.unwrap_or(DRAIN_QUIET).saturating_sub(since));
            return Exit::Fine;
        }
        Ok(Ok(Ok(Reply { status, body }))) => {
            format!("the gate at {admin} answers {status}: {}", body.trim_end())
        }
        Ok(Ok(Err(fault))) => fault.to_string(),
        Ok(Err(_)) => format!("the gate at {admin} does not answer; name the address of its --admin"),
        Err(fault) => fault.to_string(),
    };
    anstream::eprintln!("sluicegate: {trouble}");
    Exit::Unable
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
    fn reads_how_long_the_gate_drains() {
        assert_eq!(since("draining since_ms=1204\n"), Some(Duration::from_millis(1204)));
        assert_eq!(since("draining"), None);
    }
}
