//! Checkpoints: signed sums of the trail, copied to where whoever holds the file does not get.
//!
//! A chain alone can be written anew by whoever holds all of it, and cut at its end by anybody. So every 1,000
//! records or 10 seconds a line of the trail tells, over a signature of Ed25519, which records it covers, the
//! root of the Merkle tree over their hashes, and the hash of the last. The same **word** goes to the log: who
//! keeps that elsewhere can show later that records were taken away or changed.
//!
//! ```text
//! sgc1.0f3c9a51be20.1.1000.<root, 64 hex>.<hash of the last, 64 hex>.<signature, base64url>
//!      boot         from to
//! ```
//!
//! The signature is over everything before its dot. The tree is that of RFC 6962, section 2.1, with the 32 bytes
//! of each line's hash as its leaves, so that one record can be shown to belong to it without the others.
//!
//! Source: AWS CloudTrail's digest files, for what a copy elsewhere is worth; RFC 8032; RFC 6962.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use super::chain::unhex;
use crate::bounds::{AUDIT_CHECKPOINT_PAUSE, AUDIT_CHECKPOINT_RECORDS};
use crate::names::hex;

const LEAD: &str = "sgc1.";

/// What a public key of Ed25519 begins with in DER. Source: RFC 8410, section 10.1.
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Collects the hashes of lines and signs them.
#[derive(Debug)]
pub(super) struct Signer {
    pair: Ed25519KeyPair,
    boot: Box<str>,
    leaves: Vec<[u8; 32]>,
    /// The number of the first of the leaves, and when it came.
    first: u64,
    since: Instant,
}

/// One checkpoint, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which run of the program: 12 hexadecimal digits.
    pub boot: Box<str>,
    /// The `seq` of the first record that it covers.
    pub from: u64,
    /// The `seq` of the last.
    pub to: u64,
    /// The root of the Merkle tree over the hashes of all of them.
    pub root: [u8; 32],
    /// The hash of the last.
    pub head: [u8; 32],
    signature: Box<[u8]>,
}

/// The key that checkpoints are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointKey([u8; 32]);

impl Signer {
    /// Reads a private key of Ed25519: PKCS #8 as PEM.
    pub(super) fn read(path: &Path, boot: u64) -> Result<Self, Box<str>> {
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let wanted =
            "it is no private key of Ed25519 in PEM; make one with `openssl genpkey -algorithm ed25519`";
        let der = PrivatePkcs8KeyDer::from_pem_slice(&bytes).map_err(|_| wanted)?;
        // OpenSSL writes no public key beside the private one; that is made from it here.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map_err(|_| wanted)?;
        let boot = format!("{boot:012x}").into();
        Ok(Self { pair, boot, leaves: Vec::new(), first: 0, since: Instant::now() })
    }

    /// The short name of the key: the first 8 bytes of the SHA-256 of its public half.
    pub(super) fn key_id(&self) -> String {
        key_id(self.pair.public_key().as_ref())
    }

    /// Adds the line `seq`, which follows the one added last.
    pub(super) fn add(&mut self, seq: u64, hash: [u8; 32]) {
        if self.leaves.is_empty() {
            (self.first, self.since) = (seq, Instant::now());
        }
        self.leaves.push(hash);
    }

    /// How long until a checkpoint is due; `None` where nothing waits for one.
    pub(super) fn due_in(&self) -> Option<Duration> {
        match self.leaves.len() {
            0 => None,
            AUDIT_CHECKPOINT_RECORDS.. => Some(Duration::ZERO),
            _ => Some(AUDIT_CHECKPOINT_PAUSE.saturating_sub(self.since.elapsed())),
        }
    }

    /// Signs all that was added since the last time; `None` where that is nothing.
    pub(super) fn sign(&mut self) -> Option<String> {
        let head = *self.leaves.last()?;
        let (from, to) = (self.first, self.first.saturating_add(self.leaves.len() as u64 - 1));
        let root = root(&std::mem::take(&mut self.leaves));
        let mut word = signed(&self.boot, from, to, &root, &head);
        let signature = self.pair.sign(word.as_bytes());
        word.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut word);
        Some(word)
    }
}

impl Checkpoint {
    /// Reads a checkpoint from its word; `None` for anything else. Says nothing of the signature.
    pub fn parse(word: &str) -> Option<Self> {
        let mut parts = word.strip_prefix(LEAD)?.split('.');
        let boot =
            parts.next().filter(|boot| boot.len() == 12 && boot.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (from, to) = (number()?, number()?);
        let mut hash = || unhex(parts.next()?.as_bytes());
        let (root, head) = (hash()?, hash()?);
        let signature = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?.into();
        let is_whole = parts.next().is_none() && from <= to;
        is_whole.then_some(Self { boot: boot.into(), from, to, root, head, signature })
    }

    /// Every checkpoint that stands somewhere in a line of a log, in any form of log.
    pub fn all_in(line: &str) -> impl Iterator<Item = Self> {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        line.split(ends).filter_map(Self::parse)
    }

    /// Whether `key` signed it.
    pub fn is_signed_by(&self, key: &CheckpointKey) -> bool {
        let message = signed(&self.boot, self.from, self.to, &self.root, &self.head);
        UnparsedPublicKey::new(&ED25519, key.0).verify(message.as_bytes(), &self.signature).is_ok()
    }
}

impl CheckpointKey {
    /// Reads a public key of Ed25519: SubjectPublicKeyInfo as PEM, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// The system's; also for what is no such key.
    pub fn read(path: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(path)?;
        let der = SubjectPublicKeyInfoDer::from_pem_slice(&bytes).ok();
        let key = der.and_then(|der| <[u8; 32]>::try_from(der.as_ref().strip_prefix(&SPKI_HEAD)?).ok());
        key.map(Self).ok_or_else(|| {
            let words =
                "it is no public key of Ed25519 in PEM; `openssl pkey -pubout` writes that of a private one";
            io::Error::other(words)
        })
    }

    /// The short name of the key, as checkpoints give it.
    pub fn id(&self) -> String {
        key_id(&self.0)
    }
}

/// What is signed: a word up to its last dot.
fn signed(boot: &str, from: u64, to: u64, root: &[u8], head: &[u8]) -> String {
    format!("{LEAD}{boot}.{from}.{to}.{}.{}", hex(root), hex(head))
}

/// The root of the Merkle tree over `leaves`, as RFC 6962 has it; the hash of nothing for none.
pub(super) fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    let mut level: Vec<_> = leaves.iter().map(|leaf| sum(&[&[0], leaf])).collect();
    // Pairing from the left, an odd one passed up, gives the same tree as halving by powers of two.
    while level.len() > 1 {
        let pair = |pair: &[[u8; 32]]| match pair {
            [left, right] => sum(&[&[1], left, right]),
            [one] => *one,
            _ => [0; 32],
        };
        level = level.chunks(2).map(pair).collect();
    }
    level.pop().unwrap_or_else(|| sum(&[]))
}

fn sum(parts: &[&[u8]]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
    sum
}

fn key_id(public: &[u8]) -> String {
    hex(sum(&[public]).get(..8).unwrap_or_default())
}
