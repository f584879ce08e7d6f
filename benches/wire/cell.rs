//! What is measured: the shape of the answer and the shape of the load, in one word such as `small-32`.

use std::fmt;
use std::str::FromStr;

use crate::bodies::Shape;

/// The most connections of one cell: each needs a file descriptor here, at the proxy and at the origin.
const CONNECTIONS_MAX: usize = 400;

/// One column of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What the origin answers.
    pub shape: Shape,
    /// How it is asked.
    pub load: Load,
}

/// How calls are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Not at all: so many connections, one call on each, then silence. For memory.
    Idle(usize),
    /// At a fixed rate: this percentage of what the target itself can do.
    Own(u32),
    /// At a fixed rate, the same for all targets: this percentage of what the slowest proxy can do.
    Same(u32),
    /// As fast as so many connections can.
    Saturate(usize),
}

impl Load {
    /// Whether calls have a time at which they are due.
    pub fn is_paced(self) -> bool {
        match self {
            Self::Own(_) | Self::Same(_) => true,
            Self::Idle(_) | Self::Saturate(_) => false,
        }
    }
}

/// What runs if nothing else is asked for.
pub const USUAL: [&str; 10] = [
    // First, while no proxy has grown under load.
    "small-idle400",
    "small-1",
    "small-32",
    "small-256",
    "prose-32",
    "records-32",
    "stream-32",
    "small-own30",
    "small-own70",
    "small-same50",
];
/// What runs with `--quick`.
pub const QUICK: [&str; 7] =
    ["small-idle400", "small-1", "small-32", "small-256", "prose-32", "records-32", "small-own70"];

impl fmt::Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-", self.shape.as_str())?;
        match self.load {
            Load::Idle(connections) => write!(out, "idle{connections}"),
            Load::Own(percent) => write!(out, "own{percent}"),
            Load::Same(percent) => write!(out, "same{percent}"),
            Load::Saturate(connections) => write!(out, "{connections}"),
        }
    }
}

impl FromStr for Cell {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let refused = || {
            format!(
                "`{word}` is no cell: write SHAPE- and CONNECTIONS, idleCONNECTIONS, ownPERCENT or samePERCENT"
            )
        };
        let (shape, load) = word.split_once('-').ok_or_else(refused)?;
        let shape = Shape::ALL.into_iter().find(|known| known.as_str() == shape).ok_or_else(refused)?;
        let number = |digits: &str, max: usize| {
            digits.parse::<usize>().ok().filter(|number| (1..=max).contains(number)).ok_or_else(refused)
        };
        let load = if let Some(percent) = load.strip_prefix("own") {
            Load::Own(number(percent, 100)? as u32)
        } else if let Some(percent) = load.strip_prefix("same") {
            Load::Same(number(percent, 100)? as u32)
        } else if let Some(connections) = load.strip_prefix("idle") {
            Load::Idle(number(connections, CONNECTIONS_MAX)?)
        } else {
            Load::Saturate(number(load, CONNECTIONS_MAX)?)
        };
        Ok(Self { shape, load })
    }
}

#[cfg(test)]
#[allow(dead_code, unused_imports, reason = "run by checks.rs")]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        for word in USUAL.into_iter().chain(QUICK).chain(["stream-1", "records-same5"]) {
            assert_eq!(word.parse::<Cell>().map(|cell| cell.to_string()), Ok(word.to_owned()));
        }
    }

    #[test]
    fn refuses_what_cannot_be_run() {
        for word in [
            "small",
            "small-0",
            "small-401",
            "small-own0",
            "small-idle401",
            "small-own101",
            "big-32",
            "small-",
            "-1",
        ] {
            assert!(word.parse::<Cell>().is_err(), "{word}");
        }
    }
}
