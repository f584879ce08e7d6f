//! Handles of the protocol, sealed so that one caller can never use another's.
//!
//! A session id, a task id, a cursor, a request state or an event id is a bearer secret to a server
//! that does not check who brings it. So what a client gets is a token that only opens for the same
//! caller, server and purpose; what the server gets is its own handle, byte for byte.
//!
//! The token is `sg1.` and, in Base64 without padding: two bytes that tell the key, twelve of a nonce,
//! the handle under AES-256-GCM, sixteen of a tag. The nonce is made from the handle and what it is
//! bound to (a synthetic IV), so that one handle has one token: clients compare them. Two handles meet
//! under one nonce with a chance of 2^-33 after 2^32 handles of one key.
//! Source: NIST SP 800-38D; RFC 8452, section 1 for the reasons of a synthetic IV.

use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use crate::bounds::{SEAL_PREVIOUS_LIFE, SEAL_SECRET_BYTES_MIN};
use crate::identity::Caller;
use crate::names::Now;

/// What a handle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handle {
    /// The place in a list to go on from.
    Cursor,
    /// Where to post, of the transport of 2024-11-05.
    Endpoint,
    /// The place in a stream to resume from.
    Event,
    /// What a server wants back with the next round of a request.
    RequestState,
    /// A session.
    Session,
    /// A task.
    Task,
}

/// What a handle is bound to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bond<'a> {
    pub handle: Handle,
    pub caller: &'a Caller,
    /// The server's id in the policy.
    pub server: &'a str,
    /// A narrower purpose: the method of a cursor, the subject of a request state.
    pub scope: &'a [&'a str],
}

/// A key for sealing, made from a secret.
#[derive(Debug)]
pub struct SealKey {
    aead: LessSafeKey,
    nonce: hmac::Key,
    mark: [u8; MARK_LEN],
}

/// A secret that is too short to make a key of; the operator's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealing secret has at least {SEAL_SECRET_BYTES_MIN} bytes; this one has {0}")]
pub struct WeakSecret(pub usize);

/// Seals and opens handles.
#[derive(Debug)]
pub struct Sealer(ArcSwap<Keyring>);

#[derive(Debug)]
struct Keyring {
    current: std::sync::Arc<SealKey>,
    /// The key before it, and until when it opens, since the process started.
    previous: Option<(std::sync::Arc<SealKey>, Duration)>,
}

const PREFIX: &str = "sg1.";
const MARK_LEN: usize = 2;

impl SealKey {
    /// Makes a key of `secret`: equal secrets make equal keys, on every replica.
    ///
    /// # Errors
    /// [`WeakSecret`] below `SEAL_SECRET_BYTES_MIN` bytes.
    pub fn derive(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < SEAL_SECRET_BYTES_MIN {
            return Err(WeakSecret(secret.len()));
        }
        let root = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"sluicegate seal 1"), secret);
        let root = hmac::Key::new(hmac::HMAC_SHA256, root.as_ref());
        let part = |purpose: &[u8]| hmac::sign(&root, purpose);
        // INVARIANT: HMAC-SHA256 has the 32 bytes that an AES-256 key wants.
        let aead = UnboundKey::new(&AES_256_GCM, part(b"aead").as_ref()).expect("32 bytes are a key");
        let mut mark = [0; MARK_LEN];
        mark.copy_from_slice(&part(b"mark").as_ref()[..MARK_LEN]);
        let nonce = hmac::Key::new(hmac::HMAC_SHA256, part(b"nonce").as_ref());
        Ok(Self { aead: LessSafeKey::new(aead), nonce, mark })
    }

    fn seal(&self, bound: &[u8], text: &str) -> String {
        let mut context = hmac::Context::with_key(&self.nonce);
        context.update(bound);
        context.update(text.as_bytes());
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&context.sign().as_ref()[..NONCE_LEN]);
        let mut token = Vec::with_capacity(MARK_LEN + NONCE_LEN + text.len() + AES_256_GCM.tag_len());
        token.extend_from_slice(&self.mark);
        token.extend_from_slice(&nonce);
        let mut body = text.as_bytes().to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        // INVARIANT: ring seals every text that fits into memory.
        self.aead
            .seal_in_place_append_tag(nonce, Aad::from(bound), &mut body)
            .expect("a handle can be sealed");
        token.extend_from_slice(&body);
        let mut sealed = String::from(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&token, &mut sealed);
        sealed
    }

    fn open(&self, bound: &[u8], token: &[u8]) -> Option<String> {
        let (mark, rest) = token.split_at_checked(MARK_LEN)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
        if *mark != self.mark {
            return None;
        }
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.aead.open_in_place(nonce, Aad::from(bound), &mut body).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

impl Sealer {
    /// A sealer with one key.
    pub fn new(key: SealKey) -> Self {
        Self(ArcSwap::from_pointee(Keyring { current: key.into(), previous: None }))
    }

    /// Seals with `key` from now on; the key before it still opens for `SEAL_PREVIOUS_LIFE`.
    pub fn rotate(&self, key: SealKey, now: Now) {
        let old = self.0.load();
        let previous = Some((old.current.clone(), now.steady + SEAL_PREVIOUS_LIFE));
        self.0.store(Keyring { current: key.into(), previous }.into());
    }

    /// The token for `text`; the same each time. About a microsecond.
    pub(super) fn seal(&self, bond: &Bond<'_>, text: &str) -> String {
        self.0.load().current.seal(&bond.bytes(), text)
    }

    /// What `token` stands for; `None` for a token of another caller, server or purpose, or for none at all.
    pub(super) fn open(&self, bond: &Bond<'_>, token: &str, now: Now) -> Option<String> {
        let token = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let bound = bond.bytes();
        let keys = self.0.load();
        keys.current.open(&bound, &token).or_else(|| {
            let (previous, until) = keys.previous.as_ref()?;
            (now.steady < *until).then(|| previous.open(&bound, &token))?
        })
    }
}

/// Whether a text has the form of a sealed handle.
pub(super) fn is_sealed(text: &str) -> bool {
    text.starts_with(PREFIX)
}

impl Bond<'_> {
    /// All parts, each with its length, so that no two bonds read alike.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.push(self.handle as u8);
        let caller = self.caller;
        let parts = [
            caller.proof().as_str(),
            caller.issuer().unwrap_or_default(),
            caller.tenant().unwrap_or_default(),
            caller.user(),
            self.server,
        ];
        for part in parts.iter().chain(self.scope) {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// Opens arbitrary bytes as a token, and checks that nothing made up opens.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_seal(bytes: &[u8]) {
    // INVARIANT: the literal is long enough.
    let key = SealKey::derive(b"a secret of the fuzzer, long enough").expect("a long secret makes a key");
    let text = String::from_utf8_lossy(bytes);
    let token = key.seal(b"bound", &text);
    let inner = URL_SAFE_NO_PAD.decode(&token[PREFIX.len()..]).unwrap_or_default();
    assert_eq!(key.open(b"bound", &inner).as_deref(), Some(&*text), "a token opens");
    assert_eq!(key.open(b"other", &inner), None, "a token opens for one purpose only");
    assert_eq!(key.open(b"bound", bytes), None, "what nobody sealed does not open");
}
