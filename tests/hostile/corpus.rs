//! All cases that go to a server over HTTP, and what holds of them as a whole.

use std::collections::HashSet;

use crate::case::Case;
use crate::tokens::Pen;
use crate::{http, json, names, tokens};

/// The keys with which the stage's issuer signs.
pub struct Pens {
    /// Signs the tokens of the cases.
    pub own: Pen,
    /// Another key of the set, of an older kind.
    pub rsa: Pen,
    /// And one more.
    pub ec: Pen,
}

impl Pens {
    /// New ones.
    pub fn new() -> Self {
        Self { own: Pen::ed25519(), rsa: Pen::rsa(), ec: Pen::p256() }
    }

    /// All of them, for the key set.
    pub fn all(&self) -> [&Pen; 3] {
        [&self.own, &self.rsa, &self.ec]
    }
}

/// Every case of the classes H, JSON, N and A.
pub fn all(pens: &Pens) -> Vec<Case> {
    [http::cases(), json::cases(), names::cases(), tokens::cases(&pens.own, &pens.rsa)].concat()
}

/// How many cases a class has at least, by the first word of its ids.
const LEAST: &[(&str, usize)] = &[("http", 250), ("json", 250), ("name", 40), ("token", 40)];

#[test]
fn is_large_and_says_nothing_twice() {
    let cases = all(&Pens::new());
    for (class, least) in LEAST {
        let count = cases.iter().filter(|case| case.id.starts_with(&format!("{class}/"))).count();
        assert!(count >= *least, "{class}: {count} cases");
    }
    let (mut ids, mut bytes) = (HashSet::new(), HashSet::new());
    let mut twins = Vec::new();
    for case in &cases {
        assert!(ids.insert(&case.id), "two cases are called `{}`", case.id);
        if case.sends.iter().filter(|send| bytes.insert(*send)).count() == 0 {
            twins.push(&case.id);
        }
    }
    assert!(twins.is_empty(), "other cases send the same: {twins:?}");
}
