//! What the gate shows to the server behind it: its own credential, and a statement about the caller.
//!
//! **Why.** The client's token ends at the gate: it was issued for the gate alone, and a server that takes
//! it could use it elsewhere. So the gate proves itself to the server with a credential of its own, and
//! where the server must know for whom it works, says so over its own signature.
//!
//! **How.** [`Passes`] belongs to the process and follows the policy: [`Passes::adopt`] opens what a policy
//! names before that policy takes effect, and keeps what the one before it had got in the same way.
//!
//! | the policy says | sent is | got |
//! |---|---|---|
//! | `header` | what a file holds | at start, and again when the file changes |
//! | `client_credentials` | a token for the gate | by the first call, once for all; see [`account`] |
//! | `token_exchange` | a token for the caller's | by the caller's first call; never shared |
//! | `identity` | a signed statement | anew for each request |
//!
//! **The caller's own token** is nowhere kept. Whoever sends a request holds the head that it came in, and
//! lends the token from there for the one exchange ([`Subject`]); ticket, record and cache know its SHA-256.
//! The ticket's hash must be that of the token which is lent, so none is exchanged for another's request.
//! What the gate itself says in a caller's name has no head, only the ticket and its hash: it goes with what
//! was exchanged before, or not at all.
//!
//! **What it is not.** It sends nothing to the server, and nothing is ever sent without what is due.
//!
//! Source: MCP 2026-07-28, basic/authorization, "Access Token Privilege Restriction"; RFC 6749, section 4.4;
//! RFC 8693; RFC 8707.

mod account;
mod asker;
mod breaker;
mod grant;
mod introduction;
mod secret;
mod signer;
mod source;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::{HeaderName, HeaderValue};

pub use grant::fuzz_grant;
pub use introduction::NoStatement;
pub use secret::SecretFault;
pub(super) use secret::read_bounded;

use super::fetch::{FetchFault, Fetcher, Trust};
use super::surrogates::PseudonymFault;
use crate::identity::Caller;
use crate::policy::{CredentialKind, Credentials, IdentityPlan, Policy};
use introduction::SigningKeys;
use source::Source;

/// What the gate shows to the server, by the policy in force.
pub struct Passes {
    reach: Reach,
    trust: Trust,
    /// Made when the first policy asks for it: it reads the system's authorities.
    fetcher: Mutex<Option<Fetcher>>,
    tell: Tell,
    book: ArcSwap<Book>,
}

/// What is shown by one policy.
struct Book {
    credentials: Credentials,
    source: Arc<Source>,
    introduction: Option<Introduction>,
}

struct Introduction {
    plan: IdentityPlan,
    keys: Arc<SigningKeys>,
}

/// How the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// By HTTP, with headers.
    Http,
    /// By standard input and output, which have none.
    Pipes,
}

/// A header that proves who the gate is. Shown by no `Debug`.
#[derive(Clone)]
pub struct Pass {
    kind: CredentialKind,
    name: HeaderName,
    value: HeaderValue,
    /// SHA-256 of the token that it was got for.
    subject: Option<[u8; 32]>,
}

/// The token of a caller, lent for one exchange.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// The token that was verified; `None` where it is not at hand.
    pub token: Option<&'a str>,
}

/// What happened, for whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The authorization server gave none, or could not be asked.
    Failed(CredentialKind),
    /// There is a new one.
    Got(CredentialKind),
    /// The authorization server gave none for this caller.
    Refused(CredentialKind),
    /// The server did not take one.
    Rejected(CredentialKind),
}

/// Who counts.
#[derive(Clone)]
struct Tell(Arc<dyn Fn(Event) + Send + Sync>);

/// Why nothing can be shown, so that nothing may be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPass {
    /// The authorization server failed, or answered what cannot be used.
    #[error("the token endpoint gave no token: {0}")]
    Endpoint(Box<str>),
    /// The fetch ended without a word; ours.
    #[error("the credential got lost inside the gateway")]
    Lost,
    /// The caller has no token that could be exchanged.
    #[error("a token exchange for a caller without a token")]
    NoToken,
    /// The authorization server gives none for this caller.
    #[error("the caller's token was not exchanged: {0}")]
    Refused(Box<str>),
    /// The server does not take the gate's credential: with this status.
    #[error("the server refused the gateway's credential with HTTP status {0}")]
    Rejected(u16),
    /// The authorization server failed a moment ago, and is not asked for as long.
    #[error("the token endpoint failed a moment ago and is not asked for {} ms", .0.as_millis())]
    Resting(Duration),
}

/// Why a policy cannot take effect; the operator's fault or the policy author's.
#[derive(Debug, thiserror::Error)]
pub enum AdoptFault {
    /// No HTTPS client can be made.
    #[error(transparent)]
    Fetch(#[from] FetchFault),
    /// It wants prose read, and no model was given.
    #[error(
        "{file}:{line}: `prose` wants a model, and none was given; fetch one with `scripts/fetch-ner.sh DIR` and start \
         with `--ner DIR`, or leave `prose` out"
    )]
    NoModel {
        /// The file of the bundle.
        file: Box<str>,
        /// Its line.
        line: usize,
    },
    /// It wants prose read, and the program was built without the means.
    #[error(
        "{file}:{line}: `prose` wants a model, and this build cannot run one; build it with \
         `cargo build --release --features ner`, or leave `prose` out"
    )]
    NotBuilt {
        /// The file of the bundle.
        file: Box<str>,
        /// Its line.
        line: usize,
    },
    /// The server has no headers to show anything in.
    #[error(
        "`upstream.credentials` and `upstream.identity` are sent as headers, and a server behind pipes has none; \
         give its secrets to it with `--env`, and leave both out of the policy"
    )]
    Pipes,
    /// The file with the secret of pseudonyms cannot be used.
    #[error(transparent)]
    Pseudonyms(#[from] PseudonymFault),
    /// A file with a secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretFault),
}

impl Passes {
    /// Shows nothing until a policy is adopted. `tell` hears what happens, on whatever thread it does.
    pub fn new(reach: Reach, trust: Trust, tell: impl Fn(Event) + Send + Sync + 'static) -> Self {
        let book =
            Book { credentials: Credentials::None, source: Arc::new(Source::None), introduction: None };
        let tell = Tell(Arc::new(tell));
        Self { reach, trust, fetcher: Mutex::default(), tell, book: ArcSwap::from_pointee(book) }
    }

    /// Opens what `policy` names, and shows that from now on. Blocks on files.
    ///
    /// # Errors
    /// [`AdoptFault`]; then what was shown before still is.
    pub fn adopt(&self, policy: &Policy) -> Result<(), AdoptFault> {
        let (credentials, identity) = (&policy.upstream.credentials, &policy.upstream.identity);
        if self.reach == Reach::Pipes && (*credentials != Credentials::None || identity.is_some()) {
            return Err(AdoptFault::Pipes);
        }
        let known = self.book.load();
        let source = if known.credentials == *credentials {
            Arc::clone(&known.source)
        } else {
            let fetcher = || self.fetcher();
            Arc::new(Source::open(credentials, fetcher, &self.tell)?)
        };
        let introduction = match identity {
            None => None,
            Some(plan) => {
                let same = known.introduction.as_ref().filter(|known| known.plan.key_file == plan.key_file);
                let keys = match same {
                    Some(known) => Arc::clone(&known.keys),
                    None => Arc::new(SigningKeys::open(plan.key_file.as_deref())?),
                };
                Some(Introduction { plan: plan.clone(), keys })
            }
        };
        self.book.store(Arc::new(Book { credentials: credentials.clone(), source, introduction }));
        Ok(())
    }

    /// Reads every file again. Blocks on files.
    pub fn look(&self) {
        let book = self.book.load();
        book.source.look();
        if let Some(introduction) = &book.introduction {
            introduction.keys.look();
        }
    }

    /// Whether there is nothing to show.
    pub fn is_silent(&self) -> bool {
        let book = self.book.load();
        book.credentials == Credentials::None && book.introduction.is_none()
    }

    /// What proves who the gate is; `None` where the policy wants nothing shown.
    ///
    /// # Errors
    /// [`NoPass`]: then nothing may be sent.
    pub async fn pass(&self, subject: Option<Subject<'_>>) -> Result<Option<Arc<Pass>>, NoPass> {
        let source = Arc::clone(&self.book.load().source);
        source.pass(subject, Instant::now()).await
    }

    /// Notes that the server did not take `pass`; whether another one may be had at once.
    pub async fn reject(&self, pass: &Arc<Pass>) -> bool {
        (self.tell.0)(Event::Rejected(pass.kind));
        tracing::warn!(kind = pass.kind.as_str(), "the server does not take the gateway's credential");
        let source = Arc::clone(&self.book.load().source);
        source.reject(pass, Instant::now()).await
    }

    /// Says who calls, in the name of `issuer`; `None` where the policy does not want it said.
    ///
    /// # Errors
    /// [`NoStatement`]: then nothing may be sent.
    pub fn introduce(
        &self,
        issuer: &str,
        caller: &Caller,
    ) -> Result<Option<(HeaderName, HeaderValue)>, NoStatement> {
        let book = self.book.load();
        let Some(Introduction { plan, keys }) = &book.introduction else { return Ok(None) };
        keys.introduce(plan, issuer, caller).map(Some)
    }

    /// The keys that statements are verified with, as a JWK set; `None` where none are made.
    pub fn jwks(&self) -> Option<String> {
        self.book.load().introduction.as_ref().map(|introduction| introduction.keys.jwks())
    }

    fn fetcher(&self) -> Result<Fetcher, FetchFault> {
        let mut fetcher = self.fetcher.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fetcher) = &*fetcher {
            return Ok(fetcher.clone());
        }
        let made = Fetcher::new(&self.trust)?;
        Ok(fetcher.insert(made).clone())
    }
}

impl Pass {
    /// A pass; `None` where no header can carry `value`.
    fn new(kind: CredentialKind, name: HeaderName, value: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        Some(Self { kind, name, value, subject: None })
    }

    /// The header, and its value.
    pub fn header(&self) -> (&HeaderName, &HeaderValue) {
        (&self.name, &self.value)
    }

    #[cfg(test)]
    fn for_tests(value: &'static str) -> Self {
        let value = HeaderValue::from_static(value);
        Self { kind: CredentialKind::Header, name: http::header::AUTHORIZATION, value, subject: None }
    }

    #[cfg(test)]
    fn is(&self, value: &str) -> bool {
        self.value == value
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").field("kind", &self.kind).finish_non_exhaustive()
    }
}
