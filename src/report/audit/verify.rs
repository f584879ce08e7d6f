//! Verification: every line of a trail, over all its files, by its hash, its link, its number and its checkpoint.
//!
//! A trail may begin anywhere, since old files are removed. It may say some lines twice: where a sync failed, or a
//! file was removed, the next file begins again after the last line that was known to be durable. Such lines have
//! to be the same to the last byte; they are counted and otherwise passed over.
//!
//! With the key of its checkpoints more is asked: that each is signed, and that no run leaves more records
//! uncovered than fit between two. That the end of a trail is missing shows only beside copies of its checkpoints
//! that were kept elsewhere: [`Verifier::compare`].

use std::collections::{HashSet, VecDeque};
use std::io::{BufRead, Read};

use super::chain::{TAIL_BYTES, hash, hash_of, unhex};
use super::checkpoint::{Checkpoint, CheckpointKey, root};
use super::faults::{BrokenChain, ChainFault, MissingCheckpoint};
use crate::bounds::{AUDIT_CHECKPOINT_RECORDS, AUDIT_LINE_BYTES_MAX, AUDIT_REPEATED_MAX};
use crate::json::{Document, Value};

/// What a sound trail says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Lines that belong to the chain.
    pub records: u64,
    /// Runs of the program that began in it.
    pub starts: u64,
    /// Ends that crashes cut off, as the runs after them say, or the next file does.
    pub torn: u64,
    /// Lines that stand twice, since it was not known whether they were durable.
    pub repeated: u64,
    /// Checkpoints, each over the records that it says.
    pub checkpoints: u64,
    /// Records that no checkpoint covers: the last of each run that ended in a crash.
    pub uncovered: u64,
    /// The hash that the first line goes on from: the last of the file before, or zeros.
    pub first_prev: [u8; 32],
    /// The hash of the last line: what the next file goes on from.
    pub last_hash: [u8; 32],
}

/// Verifies a trail, file by file. Holds one line at a time, and the hashes of the last ones.
#[derive(Debug, Default)]
pub struct Verifier {
    key: Option<CheckpointKey>,
    sound: Verified,
    seq: Option<u64>,
    run: Run,
    /// A line that is no record, and waits for a run that says so.
    torn: Option<Torn>,
    /// Hashes of the last lines, the first of them that which they go on from.
    recent: VecDeque<[u8; 32]>,
    /// Which of the recent hashes the next line repeats.
    repeating: Option<usize>,
    heads: HashSet<[u8; 32]>,
}

/// One run of the program, as far as checkpoints are about it.
#[derive(Debug, Default)]
struct Run {
    /// `None` where the trail begins in its midst.
    boot: Option<Box<str>>,
    /// Numbers and hashes since its last checkpoint.
    first: Option<u64>,
    leaves: Vec<[u8; 32]>,
    /// Whether those are all.
    is_whole: bool,
}

/// What crashes cut off, at the end of a file or before a run that says how much it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Torn {
    /// The first line of it.
    line: u64,
    /// Without the line feed that the run after it wrote.
    bytes: u64,
    /// Such a line feed is there.
    is_ended: bool,
}

impl Verifier {
    /// Asks for signatures of `key`, where there is one.
    pub fn new(key: Option<CheckpointKey>) -> Self {
        Self { key, ..Self::default() }
    }

    /// Verifies the next file of the trail. The first may go on from any hash and begin with any number.
    ///
    /// # Errors
    /// [`BrokenChain`] at the first line that does not hold; the lines before it do.
    pub fn file(&mut self, mut reader: impl BufRead) -> Result<(), BrokenChain> {
        // What was cut off at the end of the file before is behind us: this one goes on from the last whole line.
        self.sound.torn += u64::from(self.torn.take().is_some());
        let mut number = 0;
        let mut line = Vec::new();
        let mut is_first = true;
        loop {
            number += 1;
            let at = |fault| BrokenChain { line: number, fault };
            line.clear();
            let read = reader.by_ref().take(AUDIT_LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
            if read.map_err(|error| at(ChainFault::Io(error)))? == 0 {
                break;
            }
            let Some(found) = Line::read(&line) else {
                self.tear(number, &line);
                continue;
            };
            if let Some(torn) = self.torn.take() {
                if !found.explains(torn) {
                    return Err(BrokenChain { line: torn.line, fault: ChainFault::NotARecord });
                }
                self.sound.torn += 1;
            }
            if is_first {
                self.begin_again(&found);
            }
            is_first = false;
            self.take(&found).map_err(at)?;
        }
        match self.torn {
            // Without a line feed the next file may tell, or nobody: see `finish`.
            Some(Torn { line, is_ended: true, .. }) => Err(BrokenChain { line, fault: ChainFault::CutOff }),
            Some(_) | None => Ok(()),
        }
    }

    /// Notes a line, or a piece of a long one, that is no record.
    fn tear(&mut self, number: u64, line: &[u8]) {
        let is_ended = line.last() == Some(&b'\n');
        let bytes = line.len() as u64 - u64::from(is_ended);
        self.torn = Some(match self.torn {
            Some(torn) => Torn { bytes: torn.bytes + u64::from(torn.is_ended) + bytes, is_ended, ..torn },
            None => Torn { line: number, bytes, is_ended },
        });
    }

    /// Notes whether the first line of a file repeats one of the file before, from where on lines are the same.
    fn begin_again(&mut self, line: &Line) {
        self.repeating = None;
        if self.sound.records > 0 && line.prev != self.sound.last_hash {
            self.repeating = self.recent.iter().position(|hash| *hash == line.prev).map(|at| at + 1);
        }
    }

    fn take(&mut self, line: &Line) -> Result<(), ChainFault> {
        if !line.is_unchanged {
            return Err(ChainFault::Changed);
        }
        if let Some(at) = self.repeating {
            if let Some(known) = self.recent.get(at) {
                let is_same = *known == line.hash;
                (self.sound.repeated, self.repeating) = (self.sound.repeated + 1, Some(at + 1));
                return if is_same { Ok(()) } else { Err(ChainFault::Unlinked) };
            }
            self.repeating = None;
        }
        self.link(line)?;
        match &line.stage {
            Stage::Checkpoint(word) => self.checkpoint(word)?,
            Stage::Start(boot) => {
                self.sound.starts += 1;
                self.sound.uncovered += self.run.leaves.len() as u64;
                self.run = Run { boot: Some(boot.clone()), is_whole: true, ..Run::default() };
                self.cover(line)?;
            }
            Stage::Other => self.cover(line)?,
        }
        self.sound.records += 1;
        self.sound.last_hash = line.hash;
        self.recent.push_back(line.hash);
        if self.recent.len() > AUDIT_REPEATED_MAX {
            self.recent.pop_front();
        }
        Ok(())
    }

    fn link(&mut self, line: &Line) -> Result<(), ChainFault> {
        if self.sound.records == 0 {
            self.sound.first_prev = line.prev;
            self.recent.push_back(line.prev);
        } else if line.prev != self.sound.last_hash {
            return Err(ChainFault::Unlinked);
        }
        let is_start = matches!(line.stage, Stage::Start(_));
        let expected_after = if is_start { 0 } else { self.seq.unwrap_or(line.seq.wrapping_sub(1)) };
        if line.seq != expected_after.wrapping_add(1) {
            return Err(ChainFault::Gap { expected_after, found: line.seq });
        }
        self.seq = Some(line.seq);
        Ok(())
    }

    /// Notes that the next checkpoint has to cover this line.
    fn cover(&mut self, line: &Line) -> Result<(), ChainFault> {
        self.run.first = self.run.first.or(Some(line.seq));
        self.run.leaves.push(line.hash);
        // A trail that begins in the midst of a run begins in the midst of what a checkpoint covers.
        let is_too_many = self.run.leaves.len() > AUDIT_CHECKPOINT_RECORDS;
        if self.key.is_some() && is_too_many {
            return Err(ChainFault::Uncovered(self.run.leaves.len() - 1));
        }
        Ok(())
    }

    fn checkpoint(&mut self, word: &str) -> Result<(), ChainFault> {
        let fault = |words| Err(ChainFault::Checkpoint(words));
        let Some(point) = Checkpoint::parse(word) else { return fault("cannot be read") };
        if self.key.as_ref().is_some_and(|key| !point.is_signed_by(key)) {
            return fault("is not signed by this key");
        }
        let run = std::mem::take(&mut self.run);
        if run.boot.as_ref().is_some_and(|boot| *boot != point.boot) {
            return fault("is of another run");
        }
        if run.leaves.last().is_some_and(|last| *last != point.head) {
            return fault("has another hash than the record before it");
        }
        if run.is_whole && (run.first != Some(point.from) || root(&run.leaves) != point.root) {
            return fault("covers other records than those before it");
        }
        self.heads.insert(point.head);
        self.sound.checkpoints += 1;
        self.run = Run { boot: Some(point.boot), is_whole: true, ..Run::default() };
        Ok(())
    }

    /// Looks for copies of checkpoints, in the order in which they were kept. Copies before the first that stands
    /// in the trail are of files that have been removed; from then on none may be missing. Where there is a key,
    /// copies that it did not sign count for nothing.
    ///
    /// # Errors
    /// The first that is missing.
    pub fn compare(&self, copies: impl Iterator<Item = Checkpoint>) -> Result<u64, MissingCheckpoint> {
        let is_signed = |copy: &Checkpoint| self.key.as_ref().is_none_or(|key| copy.is_signed_by(key));
        let (mut found, mut first_missing) = (0, None);
        for Checkpoint { boot, from, to, head, .. } in copies.filter(is_signed) {
            if self.heads.contains(&head) {
                found += 1;
                first_missing = None;
            } else {
                let missing = MissingCheckpoint { boot, from, to };
                if found > 0 {
                    return Err(missing);
                }
                first_missing = first_missing.or(Some(missing));
            }
        }
        first_missing.map_or(Ok(found), Err)
    }

    /// Ends the trail.
    ///
    /// # Errors
    /// [`ChainFault::CutOff`] where its last line has no end.
    pub fn finish(&self) -> Result<Verified, BrokenChain> {
        match self.torn {
            Some(Torn { line, .. }) => Err(BrokenChain { line, fault: ChainFault::CutOff }),
            None => {
                Ok(Verified { uncovered: self.sound.uncovered + self.run.leaves.len() as u64, ..self.sound })
            }
        }
    }
}

/// Verifies a trail of one file.
///
/// # Errors
/// [`BrokenChain`] at the first line that does not hold; the lines before it do.
pub fn verify_chain(reader: impl BufRead) -> Result<Verified, BrokenChain> {
    let mut verifier = Verifier::default();
    verifier.file(reader)?;
    verifier.finish()
}

/// What the chain needs to know of one line.
struct Line {
    seq: u64,
    stage: Stage,
    torn_bytes: u64,
    prev: [u8; 32],
    hash: [u8; 32],
    is_unchanged: bool,
}

enum Stage {
    Checkpoint(Box<str>),
    Start(Box<str>),
    Other,
}

impl Line {
    /// Reads a whole line; `None` when it is no audit record.
    fn read(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n")?;
        let document = Document::parse(line).ok()?;
        let root = document.root();
        let number = |name| root.get(name).and_then(|value: Value<'_>| value.integer());
        let word = |name| root.get(name).and_then(|value| value.content()).unwrap_or_default().into();
        let prev = unhex(root.get("prev")?.content()?.as_bytes())?;
        let stated = hash_of(line)?;
        let open_line = line.get(..line.len() - TAIL_BYTES)?;
        let stage = match root.get("stage")?.content()? {
            "audit.checkpoint" => Stage::Checkpoint(word("checkpoint")),
            "audit.start" => Stage::Start(word("boot")),
            _ => Stage::Other,
        };
        Some(Self {
            seq: u64::try_from(number("seq")?).ok()?,
            stage,
            torn_bytes: number("torn_bytes").and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
            prev,
            hash: stated,
            is_unchanged: hash(&prev, open_line) == stated,
        })
    }

    /// Whether this line may follow what is no record: a run says at its start how much it found.
    fn explains(&self, torn: Torn) -> bool {
        matches!(self.stage, Stage::Start(_)) && self.torn_bytes == torn.bytes
    }
}
