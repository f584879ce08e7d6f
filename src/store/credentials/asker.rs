//! The gate as a client of an authorization server: one question, one token.

use std::time::{Duration, Instant, SystemTime};

use http::header::AUTHORIZATION;

use super::account::Token;
use super::breaker::Breaker;
use super::grant::{self, Question};
use super::secret::{Secret, SecretFile};
use super::{Event, NoPass, Pass, Tell};
use crate::bounds::CREDENTIAL_LIFE_UNTOLD;
use crate::identity::expires_ms;
use crate::policy::{ClientAuth, CredentialKind, TokenClient};
use crate::store::fetch::{Credential, Fetcher};

/// One client at one token endpoint.
pub(super) struct Asker {
    fetcher: Fetcher,
    client: TokenClient,
    secret: SecretFile<Secret>,
    kind: CredentialKind,
    breaker: Breaker,
    tell: Tell,
}

/// What makes one question differ from the next.
pub(super) struct Wish<'a> {
    pub question: Question,
    /// More of the form.
    pub form: Vec<(&'static str, &'a str)>,
    /// Who else's token it hangs on.
    pub subject: Option<&'a str>,
}

impl Asker {
    pub fn new(
        fetcher: Fetcher,
        client: TokenClient,
        secret: SecretFile<Secret>,
        kind: CredentialKind,
        tell: Tell,
    ) -> Self {
        Self { fetcher, client, secret, kind, breaker: Breaker::default(), tell }
    }

    /// Whether the endpoint may be asked now; whoever hears yes must ask.
    ///
    /// # Errors
    /// [`NoPass::Resting`].
    pub fn may_ask(&self, now: Instant) -> Result<(), NoPass> {
        self.breaker.may_ask(now).map_err(NoPass::Resting)
    }

    /// Reads the client's secret again.
    pub fn look(&self) {
        self.secret.look();
    }

    /// Asks for a token.
    ///
    /// # Errors
    /// [`NoPass::Endpoint`], or [`NoPass::Refused`] where only this subject gets none.
    pub async fn ask(&self, wish: Wish<'_>) -> Result<Token, NoPass> {
        let (asked, subject) = (Instant::now(), wish.subject);
        let fault = match self.send(wish).await {
            Ok(grant) => {
                if self.breaker.answered() {
                    tracing::info!(
                        kind = self.kind.as_str(),
                        "credentials for the server are to be had again"
                    );
                }
                (self.tell.0)(Event::Got(self.kind));
                let told = grant.life.unwrap_or(CREDENTIAL_LIFE_UNTOLD);
                let life = subject.map_or(told, |subject| told.min(left(subject)));
                return Pass::bearer(self.kind, &grant.token)
                    .map(|pass| Token::new(pass, asked, life))
                    .ok_or(NoPass::Lost);
            }
            Err(fault) => fault,
        };
        match &fault {
            NoPass::Refused(_) => {
                self.breaker.answered();
                (self.tell.0)(Event::Refused(self.kind));
            }
            NoPass::Endpoint(_)
            | NoPass::Lost
            | NoPass::NoToken
            | NoPass::Rejected(_)
            | NoPass::Resting(_) => {
                if self.breaker.failed(asked, Instant::now()) {
                    let endpoint = &self.client.token_url;
                    tracing::error!(kind = self.kind.as_str(), %endpoint, %fault, "no credential for the server");
                }
                (self.tell.0)(Event::Failed(self.kind));
            }
        }
        Err(fault)
    }

    async fn send(&self, wish: Wish<'_>) -> Result<grant::Grant, NoPass> {
        let secret = self.secret.held();
        let scope = self.client.scopes.join(" ");
        let mut form = wish.form;
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        if let Some(resource) = &self.client.resource {
            form.push(("resource", resource));
        }
        let (client, secret) = (&*self.client.client_id, secret.as_str());
        let credential = match self.client.client_auth {
            ClientAuth::Basic => Credential::Basic { client, secret },
            ClientAuth::Post => {
                form.extend([("client_id", client), ("client_secret", secret)]);
                Credential::None
            }
        };
        let answer = self.fetcher.post(&self.client.token_url, &form, credential).await;
        let answer = answer.map_err(|fault| NoPass::Endpoint(fault.to_string().into()))?;
        grant::read(wish.question, answer.status, &answer.body).map_err(|fault| {
            let is_refusal = wish.question == Question::TokenExchange && fault.is_of_the_subject();
            let text = fault.to_string().into();
            if is_refusal { NoPass::Refused(text) } else { NoPass::Endpoint(text) }
        })
    }
}

/// How long a verified token goes on; where it does not say, no longer than what is got for it by default.
fn left(token: &str) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    expires_ms(token).map_or(CREDENTIAL_LIFE_UNTOLD, |ends| Duration::from_millis(ends).saturating_sub(now))
}

impl Pass {
    /// A token in the `Authorization` header; `None` where no header can carry it.
    fn bearer(kind: CredentialKind, token: &str) -> Option<Self> {
        Self::new(kind, AUTHORIZATION, &format!("Bearer {token}"))
    }
}
