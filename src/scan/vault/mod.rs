//! What a token stands for: values kept in memory, sealed, until they are given back or forgotten.
//!
//! **Why.** A model that may not see a social security number may still have to hand it on. So it is
//! shown a token, and the value waits here for the one place that the policy names.
//!
//! **How.** Every conversation of a caller has a drawer of its own, and a token is looked for nowhere
//! else: there is no way from one drawer to another. A value lies in it under ChaCha20-Poly1305, bound to
//! its drawer and its token; the same value is found again by a keyed hash, so nothing in here can be
//! searched by value without the keys. All keys come from one secret that the shell makes at start, and
//! so does what is drawn (HMAC-SHA-256 over a counter): this room has no chance of its own.
//!
//! **When it forgets.** A token that nobody used for `VAULT_IDLE_MAX`, or that is `VAULT_LIFE_MAX` old; the
//! one least used where a drawer is full, and the drawer least used where all are. A forgotten token is
//! text like any other: nothing is ever given back in its place. A restart forgets everything.
//!
//! **What it is not.** It does not say who may have a value back: the policy does. No verification values
//! of cards, no PINs and no tracks enter, whoever asks. Values are plain in the messages that bring them
//! and take them, and only in here sealed: this is no defence against who reads the process's memory.
//!
//! Sources: RFC 8439; PCI DSS 4.0.1, 3.3.1.

mod shelf;
mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use super::Detector;
use super::echo::Echo;
use crate::bounds::VAULT_VALUE_BYTES_MAX;
use crate::names::{Label, Now};
use shelf::{Entry, Shelf};

pub(super) use token::{PREFIX, WORD_BYTES_MAX, kind, known, letters, value};
pub use token::{Reading, Token};

/// The values behind all tokens.
pub struct Vault {
    aead: LessSafeKey,
    /// What is drawn: a token's letters.
    chance: hmac::Key,
    /// The names of values and of drawers.
    names: hmac::Key,
    shelf: Mutex<Shelf>,
}

/// The drawer of one conversation of one caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope([u8; 16]);

/// A value on its way in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deposit<'v> {
    pub detector: Detector,
    /// The redaction rule that took it.
    pub rule: &'v Arc<Label>,
    /// The tool whose answer it stood in; `None` where it was no tool's.
    pub origin: Option<&'v str>,
    pub value: &'v str,
    pub form: Written,
}

/// How a value stood in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Written {
    /// As a number.
    Number,
    /// As a string, or in one.
    Text,
}

/// Where a value came from. One that came in several ways has several of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// What it was found as.
    pub detector: Detector,
    /// The redaction rule that took it.
    pub rule: Arc<Label>,
    /// The tool whose answer it stood in; `None` where it was no tool's.
    pub origin: Option<Box<str>>,
}

/// What a token stands for.
#[derive(Debug)]
pub enum Resolved {
    /// Nothing, in this drawer and at this time.
    Unknown,
    /// Something that the asker may not have.
    Unbound,
    /// This, which a rule lets the asker have.
    Value {
        /// What it is.
        value: Restored,
        /// The rule that was named.
        rule: Arc<Label>,
    },
}

/// A value that was given back; wiped when it is let go of.
pub struct Restored {
    /// The value, as it was in a string, or a number as it was spelled.
    pub value: Zeroizing<String>,
    /// How it stood in JSON.
    pub form: Written,
    /// What kind of value it is.
    pub detector: Detector,
}

impl Vault {
    /// An empty vault. `secret` must be made by chance, and for this vault alone.
    pub fn new(secret: &[u8; 32]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let part = |purpose: &[u8]| hmac::sign(&root, purpose);
        let named = |purpose: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, part(purpose).as_ref());
        // INVARIANT: HMAC-SHA256 has the 32 bytes that a key of ChaCha20-Poly1305 wants.
        let aead =
            UnboundKey::new(&CHACHA20_POLY1305, part(b"vault aead").as_ref()).expect("32 bytes are a key");
        Self {
            aead: LessSafeKey::new(aead),
            chance: named(b"vault chance"),
            names: named(b"vault names"),
            shelf: Mutex::default(),
        }
    }

    /// The drawer that belongs to all of `parts`, in this order.
    pub fn scope<'p>(&self, parts: impl IntoIterator<Item = &'p [u8]>) -> Scope {
        let mut context = hmac::Context::with_key(&self.names);
        context.update(b"scope");
        parts.into_iter().for_each(|part| update(&mut context, part));
        Scope(first_half(context))
    }

    /// The token for a value: the one that it has in this drawer, or a new one.
    ///
    /// `None` for what may not be kept, is empty, or is longer than `VAULT_VALUE_BYTES_MAX`.
    pub(super) fn mint(&self, scope: Scope, deposit: Deposit<'_>, now: Now) -> Option<Token> {
        let Deposit { detector, rule, origin, value, form } = deposit;
        if !detector.may_be_kept() || value.is_empty() || value.len() > VAULT_VALUE_BYTES_MAX {
            return None;
        }
        let provenance = Provenance { detector, rule: rule.clone(), origin: origin.map(Into::into) };
        let name = self.name(scope, value, form);
        let mut shelf = self.shelf();
        if let Some((id, entry)) = shelf.find(scope, name, now.steady) {
            entry.seen_by(provenance);
            return Some(Token::new(entry.detector, id));
        }
        let token = loop {
            let token = Token::new(detector, self.draw(&mut shelf));
            if !shelf.holds(token.id()) {
                break token;
            }
        };
        let number = shelf.count();
        let mut sealed = value.as_bytes().to_vec();
        // INVARIANT: ring seals every text that fits into memory.
        self.aead
            .seal_in_place_append_tag(nonce(number), bound(scope, token), &mut sealed)
            .expect("a value can be sealed");
        let provenances = vec![provenance];
        let (born, used) = (now.steady, now.steady);
        let entry =
            Entry { name, detector, form, provenances, sealed: sealed.into(), number, born, used, turn: 0 };
        shelf.keep(scope, token.id(), entry);
        Some(token)
    }

    /// What a token stands for in this drawer, if `bound` names a rule for a way in which it came.
    ///
    /// What was given back is looked for in the answers of the conversation from then on, under the name
    /// of that rule; see [`echoes`](Self::echoes).
    pub fn resolve(
        &self,
        scope: Scope,
        token: Token,
        now: Now,
        bound: impl Fn(&Provenance) -> Option<Arc<Label>>,
    ) -> Resolved {
        let mut shelf = self.shelf();
        let Some(entry) = shelf.entry(scope, token.id(), now.steady) else { return Resolved::Unknown };
        if kind(entry.detector) != token.kind() {
            return Resolved::Unknown;
        }
        let Some(rule) = entry.provenances.iter().find_map(bound) else { return Resolved::Unbound };
        let (detector, form) = (entry.detector, entry.form);
        let Some(value) = self.open(scope, token, entry) else { return Resolved::Unknown };
        shelf.repeat(scope, token.id(), rule.clone());
        Resolved::Value { value: Restored { value, form, detector }, rule }
    }

    /// The values that were given back in this conversation, and the tokens that stand for them.
    pub fn echoes(&self, scope: Scope, now: Now) -> Vec<Echo> {
        let shelf = self.shelf();
        let opened = shelf.repeated(scope).into_iter().filter_map(|(id, rule)| {
            let entry = shelf.peek(scope, id, now.steady)?;
            let token = Token::new(entry.detector, id);
            Some((self.open(scope, token, entry)?, token, entry.detector, rule))
        });
        let opened: Vec<_> = opened.collect();
        // Spelling them in every way takes longer, and needs no drawer.
        drop(shelf);
        let heard = opened.into_iter();
        heard.filter_map(|(value, token, detector, rule)| Echo::new(&value, token, detector, rule)).collect()
    }

    /// How many tokens are kept.
    pub fn len(&self) -> usize {
        self.shelf().len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, scope: Scope, token: Token, entry: &Entry) -> Option<Zeroizing<String>> {
        let mut sealed = Zeroizing::new(entry.sealed.to_vec());
        let plain = self.aead.open_in_place(nonce(entry.number), bound(scope, token), &mut sealed).ok()?;
        Some(Zeroizing::new(std::str::from_utf8(plain).ok()?.to_owned()))
    }

    /// What a value is called in a drawer.
    fn name(&self, scope: Scope, value: &str, form: Written) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.names);
        context.update(match form {
            Written::Number => b"number",
            Written::Text => b"text",
        });
        [&scope.0[..], value.as_bytes()].into_iter().for_each(|part| update(&mut context, part));
        first_half(context)
    }

    /// The next of a row of numbers that nobody can foretell without the key.
    fn draw(&self, shelf: &mut Shelf) -> u64 {
        first_bits(&hmac::sign(&self.chance, &shelf.count().to_le_bytes()))
    }
}

/// A part with its length, so that no two rows of parts read alike.
pub(super) fn update(context: &mut hmac::Context, part: &[u8]) {
    context.update(&(part.len() as u64).to_le_bytes());
    context.update(part);
}

/// The first 64 bits of a tag.
pub(super) fn first_bits(tag: &hmac::Tag) -> u64 {
    tag.as_ref().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn first_half(context: hmac::Context) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    half
}

/// Never the same twice under one key: numbers only count up.
fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// What a sealed value belongs to: elsewhere it does not open.
fn bound(scope: Scope, token: Token) -> Aad<[u8; 24]> {
    let mut bound = [0; 24];
    bound[..16].copy_from_slice(&scope.0);
    bound[16..].copy_from_slice(&token.id().to_le_bytes());
    Aad::from(bound)
}

impl Detector {
    /// Whether values of the kind may be kept at all. Sensitive authentication data may not: verification
    /// values of cards, PINs, tracks. Source: PCI DSS 4.0.1, 3.3.1.
    pub fn may_be_kept(self) -> bool {
        !matches!(kind(self), "CVV" | "PIN" | "TRACK")
    }

    /// Whether it finds numbers of payment cards.
    pub fn is_card(self) -> bool {
        kind(self) == "PAN"
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("tokens", &self.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Restored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restored").field("detector", &self.detector).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
