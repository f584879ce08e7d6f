//! Where a credential comes from: one file, one token for all, or one for each caller.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use http::HeaderName;
use quick_cache::sync::Cache;

use super::account::{Account, Token};
use super::asker::{Asker, Wish};
use super::grant::Question;
use super::secret::{Secret, SecretFile};
use super::{AdoptFault, Event, NoPass, Pass, Subject, Tell};
use crate::bounds::EXCHANGED_TOKENS_MAX;
use crate::policy::{CredentialKind, Credentials, Exchange, HeaderFile, TokenClient};
use crate::store::fetch::{FetchFault, Fetcher};

/// Where a credential comes from.
pub(super) enum Source {
    Client { asker: Arc<Asker>, account: Arc<Account> },
    Exchange(Exchanger),
    Header(HeaderSource),
    None,
}

/// One token for each token of a caller.
pub(super) struct Exchanger {
    asker: Arc<Asker>,
    audience: Option<Box<str>>,
    actor: Option<Arc<SecretFile<Secret>>>,
    /// By SHA-256 of the caller's token; resource and scopes are the plan's, and another plan is another
    /// exchanger.
    accounts: Cache<[u8; 32], Arc<Account>>,
}

/// What a file holds.
pub(super) struct HeaderSource {
    plan: HeaderFile,
    file: SecretFile<Secret>,
    pass: ArcSwap<Pass>,
    tell: Tell,
}

impl Source {
    /// Opens what a plan names.
    ///
    /// # Errors
    /// The file at fault, or no HTTPS client.
    pub fn open(
        plan: &Credentials,
        fetcher: impl Fn() -> Result<Fetcher, FetchFault>,
        tell: &Tell,
    ) -> Result<Self, AdoptFault> {
        let asker = |client: &TokenClient, kind| {
            let secret = SecretFile::open(&client.client_secret_file, Secret::read)?;
            let asker = Asker::new(fetcher()?, client.clone(), secret, kind, tell.clone());
            Ok::<_, AdoptFault>(Arc::new(asker))
        };
        Ok(match plan {
            Credentials::ClientCredentials(client) => {
                let asker = asker(client, CredentialKind::ClientCredentials)?;
                Self::Client { asker, account: Arc::default() }
            }
            Credentials::Header(plan) => Self::Header(HeaderSource::open(plan, tell)?),
            Credentials::None => Self::None,
            Credentials::TokenExchange(Exchange { client, audience, actor_token_file }) => {
                let asker = asker(client, CredentialKind::TokenExchange)?;
                let actor = match actor_token_file {
                    Some(path) => Some(Arc::new(SecretFile::open(path, Secret::read)?)),
                    None => None,
                };
                let accounts = Cache::new(EXCHANGED_TOKENS_MAX);
                Self::Exchange(Exchanger { asker, audience: audience.clone(), actor, accounts })
            }
        })
    }

    /// Reads every file again.
    pub fn look(&self) {
        match self {
            Self::Client { asker, .. } => asker.look(),
            Self::Exchange(exchanger) => {
                exchanger.asker.look();
                if let Some(actor) = &exchanger.actor {
                    actor.look();
                }
            }
            Self::Header(header) => header.look(),
            Self::None => {}
        }
    }

    /// The credential for a request of `subject`; `None` where none is wanted.
    ///
    /// # Errors
    /// [`NoPass`].
    pub async fn pass(
        &self,
        subject: Option<Subject<'_>>,
        now: Instant,
    ) -> Result<Option<Arc<Pass>>, NoPass> {
        let token = match self {
            Self::None => return Ok(None),
            Self::Header(header) => return Ok(Some(header.pass.load_full())),
            Self::Client { asker, account } => account.token(now, || begin(asker, now)).await?,
            Self::Exchange(exchanger) => exchanger.token(subject.ok_or(NoPass::NoToken)?, now).await?,
        };
        Ok(Some(Arc::clone(&token.pass)))
    }

    /// Drops a credential that the server does not take; whether another one may be had at once.
    pub async fn reject(self: &Arc<Self>, pass: &Arc<Pass>, now: Instant) -> bool {
        match &**self {
            Self::None => false,
            Self::Client { account, .. } => account.reject(pass, now),
            Self::Exchange(exchanger) => {
                let account = pass.subject.and_then(|sha256| exchanger.accounts.get(&sha256));
                account.is_none_or(|account| account.reject(pass, now))
            }
            Self::Header(_) => {
                let source = Arc::clone(self);
                let looked = tokio::task::spawn_blocking(move || source.look()).await;
                let Self::Header(header) = &**self else { return false };
                looked.is_ok() && !Arc::ptr_eq(&header.pass.load_full(), pass)
            }
        }
    }
}

/// Starts asking for a token for the gate itself.
fn begin(
    asker: &Arc<Asker>,
    now: Instant,
) -> Result<impl Future<Output = Result<Token, NoPass>> + Send + 'static, NoPass> {
    asker.may_ask(now)?;
    let asker = Arc::clone(asker);
    Ok(async move {
        let form = vec![("grant_type", "client_credentials")];
        asker.ask(Wish { question: Question::ClientCredentials, form, subject: None }).await
    })
}

impl Exchanger {
    async fn token(&self, subject: Subject<'_>, now: Instant) -> Result<Arc<Token>, NoPass> {
        let new = || Ok::<_, NoPass>(Arc::default());
        let account: Arc<Account> = self.accounts.get_or_insert_with(&subject.sha256, new)?;
        account.token(now, || self.begin(subject, now)).await
    }

    /// Starts exchanging: the caller's token lives in the question, and ends with it.
    fn begin(
        &self,
        subject: Subject<'_>,
        now: Instant,
    ) -> Result<impl Future<Output = Result<Token, NoPass>> + Send + 'static, NoPass> {
        let token: Box<str> = subject.token.ok_or(NoPass::NoToken)?.into();
        self.asker.may_ask(now)?;
        let (asker, audience) = (Arc::clone(&self.asker), self.audience.clone());
        let actor = self.actor.as_ref().map(|actor| actor.held());
        Ok(async move {
            let mut form = vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", &*token),
                ("subject_token_type", ACCESS_TOKEN),
                ("requested_token_type", ACCESS_TOKEN),
            ];
            form.extend(audience.as_deref().map(|audience| ("audience", audience)));
            if let Some(actor) = &actor {
                form.extend([
                    ("actor_token", actor.as_str()),
                    ("actor_token_type", "urn:ietf:params:oauth:token-type:jwt"),
                ]);
            }
            let wish = Wish { question: Question::TokenExchange, form, subject: Some(&token) };
            asker.ask(wish).await.map(|token| token.of(subject.sha256))
        })
    }
}

/// Source: RFC 8693, section 3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

impl HeaderSource {
    fn open(plan: &HeaderFile, tell: &Tell) -> Result<Self, AdoptFault> {
        let file = SecretFile::open(&plan.file, Secret::read)?;
        let pass = ArcSwap::from_pointee(made(plan, &file.held()));
        Ok(Self { plan: plan.clone(), file, pass, tell: tell.clone() })
    }

    fn look(&self) {
        if self.file.look().is_some() {
            self.pass.store(Arc::new(made(&self.plan, &self.file.held())));
            (self.tell.0)(Event::Got(CredentialKind::Header));
        }
    }
}

fn made(plan: &HeaderFile, secret: &Secret) -> Pass {
    // INVARIANT: the compiler has seen to name and prefix, the reader of the file to what is in it.
    let name = HeaderName::from_bytes(plan.name.as_bytes()).expect("a name of letters and hyphens");
    let value = format!("{}{}", plan.prefix, secret.as_str());
    Pass::new(CredentialKind::Header, name, &value).expect("printable ASCII is a value")
}
