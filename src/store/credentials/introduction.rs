//! What the gate tells the server of its callers: statements, and the keys that they are verified with.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use http::{HeaderName, HeaderValue};

use super::secret::{SecretFault, SecretFile};
use super::signer::{NoRandomness, Signer, unique};
use crate::bounds::IDENTITY_BYTES_MAX;
use crate::identity::{Caller, Statement};
use crate::policy::IdentityPlan;

/// The keys of statements: the one in use, and the one before it.
pub(super) struct SigningKeys {
    key: Key,
    /// What signed until the file changed: what it has signed may still be on its way.
    previous: Mutex<Option<Arc<Signer>>>,
}

enum Key {
    File(SecretFile<Signer>),
    Fresh(Arc<Signer>),
}

/// Why a caller cannot be told of; ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoStatement {
    /// The system gives no random bits.
    #[error("the system has no randomness for a statement about the caller")]
    Randomness,
    /// It has more than `IDENTITY_BYTES_MAX`.
    #[error("the statement about the caller is longer than {IDENTITY_BYTES_MAX} bytes")]
    TooLong,
}

impl SigningKeys {
    /// Reads the key from `file`, or makes one.
    ///
    /// # Errors
    /// [`SecretFault`], also where no key can be made.
    pub fn open(file: Option<&Path>) -> Result<Self, SecretFault> {
        let key = match file {
            Some(path) => Key::File(SecretFile::open(path, Signer::read)?),
            None => Key::Fresh(Arc::new(Signer::fresh().map_err(|NoRandomness| SecretFault {
                path: "/dev/urandom".into(),
                cause: std::io::Error::other("the system gives no random bits"),
            })?)),
        };
        Ok(Self { key, previous: Mutex::default() })
    }

    /// Reads the file again.
    pub fn look(&self) {
        if let Key::File(file) = &self.key
            && let Some(previous) = file.look()
        {
            *self.previous.lock().unwrap_or_else(PoisonError::into_inner) = Some(previous);
        }
    }

    fn signer(&self) -> Arc<Signer> {
        match &self.key {
            Key::File(file) => file.held(),
            Key::Fresh(signer) => Arc::clone(signer),
        }
    }

    /// The public keys as a JWK set.
    pub fn jwks(&self) -> String {
        let previous = self.previous.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let signers = [Some(self.signer()), previous];
        let keys: Vec<&str> = signers.iter().flatten().map(|signer| signer.jwk()).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    /// Says in the name of `issuer` who calls: a header, and its value.
    ///
    /// # Errors
    /// [`NoStatement`].
    ///
    /// One signature: some 20 microseconds.
    pub fn introduce(
        &self,
        plan: &IdentityPlan,
        issuer: &str,
        caller: &Caller,
    ) -> Result<(HeaderName, HeaderValue), NoStatement> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let issued_s = now.as_secs();
        let id = unique().map_err(|NoRandomness| NoStatement::Randomness)?;
        let statement = Statement {
            caller,
            issuer,
            audience: &plan.audience,
            id: &id,
            issued_s,
            expires_s: issued_s + plan.lifetime.as_secs(),
        };
        let signed =
            self.signer().sign(&statement.claims()).map_err(|NoRandomness| NoStatement::Randomness)?;
        if signed.len() > IDENTITY_BYTES_MAX {
            return Err(NoStatement::TooLong);
        }
        // INVARIANT: the compiler has seen to the name, and base64 with dots is a value.
        let name = HeaderName::from_bytes(plan.header.as_bytes()).expect("a name of letters and hyphens");
        let mut value = HeaderValue::from_str(&signed).expect("base64 with dots is a value");
        value.set_sensitive(true);
        Ok((name, value))
    }
}
