//! What the fuzzer starts from, and a short walk from there: every seed of every target, and texts made
//! of them by a mutator that always makes the same ones.
//!
//! The fuzzer itself takes minutes to build and hours to find something: `fuzz/run.sh`.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use targets::{TARGETS, Target};

/// Texts made for each target. Counted and not timed, so that a slow machine tests as much.
const MUTANTS: usize = 1_000;
/// A seed grows no longer than this.
const MUTANT_BYTES_MAX: usize = 4_096;

/// What parsers care about, put in at any place.
const WORDS: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\u0000",
    b"\\ud800",
    b"\r",
    b"\n",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xE2\x80\xA8",
    b"\xC2\x85",
    b"\xFF",
    b"1e400",
    b"-0",
    b"null",
    b"\"name\":",
    b"\"NAME\":",
    b"data: ",
    b"id: ",
    b"=?base64?",
    b"?=",
    b"- ",
    b": ",
    b"  ",
    b"#",
    b"&a",
    b"*a",
    b"e\xCC\x81",
];

/// Numbers that look random and are the same in each run. Source: Marsaglia, "Xorshift RNGs".
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits fit") % bound.max(1)
    }

    /// Changes `text` in one place.
    fn mutate(&mut self, text: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(text.len() + 1);
        let end = (at + 1 + self.below(8)).min(text.len());
        match self.below(6) {
            0 if at < text.len() => text[at] ^= 1 << self.below(8),
            1 => drop(text.drain(at..end.max(at))),
            2 => drop(text.splice(at..at, WORDS[self.below(WORDS.len())].iter().copied())),
            3 => text.truncate(at),
            4 => {
                let copy = text[at..end.max(at)].to_vec();
                drop(text.splice(at..at, copy));
            }
            _ => {
                let from = self.below(other.len() + 1);
                text.truncate(at);
                text.extend_from_slice(&other[from..]);
            }
        }
        text.truncate(MUTANT_BYTES_MAX);
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("readable")).collect()
}

/// Every text that breaks `target`, in a spelling that can be pasted.
fn broken(target: fn(&[u8]), texts: impl Iterator<Item = Vec<u8>>) -> Vec<String> {
    let breaks = |text: &Vec<u8>| catch_unwind(AssertUnwindSafe(|| target(text))).is_err();
    texts.filter(breaks).map(|text| text.escape_ascii().to_string()).collect()
}

#[test]
fn every_seed_and_what_is_made_of_it_keeps_the_invariants() {
    sluicegate::identity::install_crypto();
    let mut faults = Vec::new();
    for Target(name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "`{name}` has no seed in fuzz/corpus");
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        let mutants = (0..MUTANTS).map(|_| {
            let mut text = seeds[dice.below(seeds.len())].clone();
            for _ in 0..=dice.below(4) {
                let other = dice.below(seeds.len());
                dice.mutate(&mut text, &seeds[other]);
            }
            text
        });
        let texts = seeds.iter().cloned().chain(mutants);
        faults.extend(broken(*target, texts).into_iter().map(|text| format!("{name}: b\"{text}\"")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_broken_invariant_is_told_with_its_text() {
    let texts = [b"good".to_vec(), b"bad\n\xFF".to_vec()];
    let target: fn(&[u8]) = |text| assert!(text.is_ascii());
    assert_eq!(broken(target, texts.into_iter()), ["bad\\n\\xff"]);
}
