//! The connection to a store: where it is, what TLS and password it wants, and the five scripts.
//!
//! One multiplexed connection for all threads, or one to each node of a cluster. It is never repaired: a broken one
//! is thrown away, and the next try makes another.
//!
//! The scripts need `EVALSHA` and `TIME` of the store and nothing beyond Redis 5, so that Valkey and what is
//! offered under other names will do.

use std::io;
use std::path::Path;
use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, FromRedisValue, RedisError, Script, ScriptInvocation,
    TlsCertificates,
};
use zeroize::Zeroizing;

use super::super::credentials::SecretFault;
use super::super::fetch::read_secret;
use crate::bounds::{STORE_CONNECT_WAIT, STORE_URL_BYTES_MAX};
use crate::policy::{SharedPlan, StorePlace};

/// Takes from all of some cells, or from none.
pub(super) static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take.lua")));

/// Hears of debts, and lends.
pub(super) static LEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lend.lua")));

/// Takes back what was lent.
pub(super) static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("give_back.lua")));

/// Hears what was spent of budgets.
pub(super) static TELL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("tell.lua")));

/// Counts replicas.
pub(super) static PRESENCE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("presence.lua")));

/// A store, with what its files hold. Shown by no `Debug`.
#[derive(PartialEq, Eq)]
pub(super) struct Site {
    url: Zeroizing<String>,
    is_cluster: bool,
    ca: Option<Vec<u8>>,
    client: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
}

/// A connection; cheap to clone, clones share it.
#[derive(Clone)]
pub(super) enum Link {
    Cluster(ClusterConnection),
    Single(MultiplexedConnection),
}

impl Site {
    /// Reads the files that `plan` names. Blocks on them.
    ///
    /// # Errors
    /// [`SecretFault`] names the file that cannot be used; the operator's fault.
    pub fn read(plan: &SharedPlan) -> Result<Self, SecretFault> {
        let url = match &plan.place {
            StorePlace::File(path) => checked(path, read_secret(path).and_then(check_url))?,
            StorePlace::Url(url) => url.to_string(),
        };
        let ca = plan.tls.ca_file.as_deref().map(|path| checked(path, read_pem(path))).transpose()?;
        let client = match &plan.tls.client {
            Some((certificate, key)) => Some((
                checked(certificate, read_pem(certificate))?,
                Zeroizing::new(checked(key, read_pem(key))?),
            )),
            None => None,
        };
        let site = Self { url: Zeroizing::new(url), is_cluster: plan.is_cluster, ca, client };
        if let Err(fault) = site.client() {
            let path = match (&plan.place, &plan.tls.ca_file) {
                (StorePlace::File(path), _) | (StorePlace::Url(_), Some(path)) => path.to_path_buf(),
                (StorePlace::Url(_), None) => Path::new("the policy").to_path_buf(),
            };
            return Err(SecretFault { path, cause: io::Error::other(words(&fault)) });
        }
        Ok(site)
    }

    fn certificates(&self) -> Option<TlsCertificates> {
        let client_tls = self.client.as_ref().map(|(certificate, key)| ClientTlsConfig {
            client_cert: certificate.clone(),
            client_key: key.to_vec(),
        });
        (client_tls.is_some() || self.ca.is_some())
            .then(|| TlsCertificates { client_tls, root_cert: self.ca.clone() })
    }

    fn client(&self) -> Result<Client, RedisError> {
        match self.certificates() {
            Some(certificates) => Client::build_with_tls(self.url.as_str(), certificates),
            None => Client::open(self.url.as_str()),
        }
    }
}

impl Link {
    /// Connects, and puts the scripts where they are found.
    ///
    /// Takes as long as the network does, so it wants a time limit around it.
    ///
    /// # Errors
    /// What the client says: of the network, of TLS, or of the store.
    pub async fn open(site: &Site) -> Result<Self, RedisError> {
        let mut link = if site.is_cluster {
            let mut builder = ClusterClient::builder([site.url.as_str()])
                .retries(0)
                .connection_timeout(STORE_CONNECT_WAIT)
                .response_timeout(STORE_CONNECT_WAIT);
            if let Some(certificates) = site.certificates() {
                builder = builder.certs(certificates);
            }
            Self::Cluster(builder.build()?.get_async_connection().await?)
        } else {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(STORE_CONNECT_WAIT))
                .set_response_timeout(Some(STORE_CONNECT_WAIT));
            Self::Single(site.client()?.get_multiplexed_async_connection_with_config(&config).await?)
        };
        for script in [&TAKE, &LEND, &GIVE_BACK, &TELL, &PRESENCE] {
            match &mut link {
                Self::Cluster(connection) => script.prepare_invoke().load_async(connection).await?,
                Self::Single(connection) => script.prepare_invoke().load_async(connection).await?,
            };
        }
        Ok(link)
    }

    /// Runs a script; loads it once more where the store has forgotten it.
    ///
    /// # Errors
    /// What the client says; within `STORE_CONNECT_WAIT` if whoever asks waits so long.
    pub async fn run<T: FromRedisValue>(&self, invocation: &ScriptInvocation<'_>) -> Result<T, RedisError> {
        match self {
            Self::Cluster(connection) => invocation.invoke_async(&mut connection.clone()).await,
            Self::Single(connection) => invocation.invoke_async(&mut connection.clone()).await,
        }
    }
}

/// What may be said of a fault: neither a URL nor a password.
pub(super) fn words(fault: &RedisError) -> String {
    if fault.is_timeout() {
        return "no answer in time".to_owned();
    }
    if fault.is_connection_refusal() {
        return "there is nobody to connect to".to_owned();
    }
    fault.category().to_owned()
}

fn checked<T>(path: &Path, read: Result<T, io::Error>) -> Result<T, SecretFault> {
    read.map_err(|cause| SecretFault { path: path.to_path_buf(), cause })
}

fn check_url(url: String) -> Result<String, io::Error> {
    if url.len() > STORE_URL_BYTES_MAX {
        return Err(io::Error::other(format!("it has more than {STORE_URL_BYTES_MAX} bytes")));
    }
    crate::policy::check_store_url(&url).map_err(io::Error::other)?;
    Ok(url)
}

fn read_pem(path: &Path) -> Result<Vec<u8>, io::Error> {
    let pem = std::fs::read(path)?;
    if pem.is_empty() { Err(io::Error::other("it is empty")) } else { Ok(pem) }
}
