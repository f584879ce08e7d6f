//! The way to the database: its URL, TLS and the password.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;
use zeroize::Zeroizing;

use super::ReadFault;
use crate::bounds::REGISTRY_CONNECT_WAIT;
use crate::store::{Trust, read_secret};

/// Where the registry is, and how it is spoken to. Shown by no `Debug`: the password is in it.
pub struct RegistrySite {
    config: Config,
    tls: MakeRustlsConnect,
    password_file: Option<PathBuf>,
    place: Box<str>,
}

/// Why there is no way to the registry; the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum SiteFault {
    /// Authorities that cannot be read.
    #[error("cannot use the authorities in {path}: {cause}", path = path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The password cannot be read.
    #[error("cannot read the password of the registry in {path}: {cause}", path = path.display())]
    Password {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A password where everybody on the machine reads it.
    #[error(
        "the URL of the registry has a password, which every process of this machine can read; put it into a file \
             and name that by `--registry-password-file`, or into the variable PGPASSWORD"
    )]
    PasswordShown,
    /// A mode of TLS that would be content with less than a verified server.
    #[error(
        "`sslmode={0}` would believe any server; write `verify-full`, or `disable` for a network that you trust"
    )]
    Mode(String),
    /// TLS cannot be made ready.
    #[error("TLS to the registry cannot be made ready: {0}")]
    Tls(String),
    /// No URL, or one of something else.
    #[error(
        "the URL of the registry cannot be used: {0}; write postgres://USER@HOST/DATABASE, or \
             postgres:///DATABASE?host=/FOLDER for a socket"
    )]
    Url(String),
}

/// Both connections; they end when this is dropped.
pub(super) struct Link {
    /// For questions.
    pub client: Client,
    /// Has one more for each notice, and closes with either connection.
    pub notices: tokio::sync::mpsc::Receiver<()>,
    _listener: Client,
}

impl RegistrySite {
    /// Reads the URL, and makes TLS ready. `environment` looks up variables.
    ///
    /// TLS is spoken to every host, and its certificate verified, unless the URL says `sslmode=disable`.
    ///
    /// # Errors
    /// [`SiteFault`].
    pub fn new(
        url: &str,
        password_file: Option<&Path>,
        trust: &Trust,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SiteFault> {
        let mut parsed = Url::parse(url).map_err(|fault| SiteFault::Url(fault.to_string()))?;
        if !matches!(parsed.scheme(), "postgres" | "postgresql") {
            return Err(SiteFault::Url(format!("its scheme is `{}`", parsed.scheme())));
        }
        if parsed.password().is_some() || parsed.query_pairs().any(|(key, _)| key == "password") {
            return Err(SiteFault::PasswordShown);
        }
        let mode = parsed.query_pairs().find(|(key, _)| key == "sslmode").map(|(_, mode)| mode.into_owned());
        let rest: Vec<(String, String)> = parsed
            .query_pairs()
            .filter(|(key, _)| key != "sslmode")
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        parsed.set_query(None);
        if !rest.is_empty() {
            parsed.query_pairs_mut().extend_pairs(&rest);
        }
        let mut config = Config::from_str(parsed.as_str()).map_err(|fault| SiteFault::Url(words(&fault)))?;
        let is_socket = |host: &Host| matches!(host, Host::Unix(_));
        if config.get_hosts().is_empty() {
            return Err(SiteFault::Url("it names no host".to_owned()));
        }
        config.ssl_mode(match mode.as_deref() {
            Some("disable") => SslMode::Disable,
            None if config.get_hosts().iter().all(is_socket) => SslMode::Disable,
            None | Some("require" | "verify-ca" | "verify-full") => SslMode::Require,
            Some(mode) => return Err(SiteFault::Mode(mode.to_owned())),
        });
        config.application_name("sluicegate").connect_timeout(REGISTRY_CONNECT_WAIT);
        if let Some(password) = environment("PGPASSWORD").filter(|_| password_file.is_none()) {
            config.password(password);
        }
        let place = place(&config);
        Ok(Self { config, tls: tls(trust)?, password_file: password_file.map(Into::into), place })
    }

    /// Where the database is, without user and password.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Connects for questions alone. The password file is read anew each time: files are swapped.
    pub(super) async fn client(&self) -> Result<Client, ReadFault> {
        let (client, connection) = self.connect().await?;
        tokio::spawn(async move {
            // Whoever asks by the client is told of the loss then.
            let _ = connection.await;
        });
        Ok(client)
    }

    /// Makes both connections, and listens.
    pub(super) async fn link(&self) -> Result<Link, ReadFault> {
        let client = self.client().await?;
        let (listener, mut connection) = self.connect().await?;
        let (told, notices) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(Ok(message)) =
                std::future::poll_fn(|context| connection.poll_message(context)).await
            {
                if let AsyncMessage::Notification(_) = message {
                    // A full channel has a question under way already; it will see this change, too.
                    let _ = told.try_send(());
                }
            }
        });
        listener.batch_execute("LISTEN sluicegate_registry").await?;
        Ok(Link { client, notices, _listener: listener })
    }

    async fn connect(&self) -> Result<(Client, Connection), ReadFault> {
        let mut config = self.config.clone();
        if let Some(path) = &self.password_file {
            let fault = |cause| SiteFault::Password { path: path.clone(), cause };
            let secret =
                read_secret(path).map_err(|cause| ReadFault::Unreachable(fault(cause).to_string()))?;
            config.password(Zeroizing::new(secret).as_bytes());
        }
        match timeout(REGISTRY_CONNECT_WAIT, config.connect(self.tls.clone())).await {
            Ok(connected) => Ok(connected.map_err(|fault| ReadFault::Unreachable(words(&fault)))?),
            Err(_) => Err(ReadFault::Unreachable("no answer in time".to_owned())),
        }
    }
}

/// What drives one connection.
type Connection = tokio_postgres::Connection<
    tokio_postgres::Socket,
    <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>>::Stream,
>;

/// A fault and its causes, in one line.
pub(super) fn words(fault: &tokio_postgres::Error) -> String {
    let mut said = match fault.as_db_error() {
        Some(database) => return database.message().lines().next().unwrap_or_default().to_owned(),
        None => fault.to_string(),
    };
    let mut cause = std::error::Error::source(fault);
    while let Some(next) = cause {
        said = format!("{said}: {next}");
        cause = next.source();
    }
    said
}

fn place(config: &Config) -> Box<str> {
    let ports = config.get_ports();
    let host = |(index, host): (usize, &Host)| match host {
        Host::Tcp(name) => {
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            format!("{name}:{port}")
        }
        Host::Unix(folder) => folder.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(host).collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{}/{database}", hosts.join(",")).into()
}

fn tls(trust: &Trust) -> Result<MakeRustlsConnect, SiteFault> {
    let mut roots = RootCertStore::empty();
    let (own, is_alone) = match trust {
        Trust::Also(path) => (Some(path), false),
        Trust::Only(path) => (Some(path), true),
        Trust::System => (None, false),
    };
    if !is_alone {
        // What cannot be read of the system's is missed where it is needed: in a handshake that fails.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if let Some(path) = own {
        let fault = |cause: String| SiteFault::Authorities { path: path.clone(), cause };
        let pem = std::fs::read(path).map_err(|cause| fault(cause.to_string()))?;
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let certificates = read.map_err(|cause| fault(cause.to_string()))?;
        if roots.add_parsable_certificates(certificates).0 == 0 {
            return Err(fault("no certificate in PEM".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| SiteFault::Tls(fault.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_no_server_unseen_and_shows_no_password() {
        let site = |url: &str| RegistrySite::new(url, None, &Trust::System, |_| None);
        for (url, mode, place) in [
            ("postgres://sidecar@db.example.com/registry", SslMode::Require, "db.example.com:5432/registry"),
            (
                "postgresql://sidecar@db:6000/registry?sslmode=verify-full",
                SslMode::Require,
                "db:6000/registry",
            ),
            (
                "postgres://sidecar@localhost/registry?sslmode=disable",
                SslMode::Disable,
                "localhost:5432/registry",
            ),
            (
                "postgres:///registry?host=/run/postgresql&user=sidecar",
                SslMode::Disable,
                "/run/postgresql/registry",
            ),
        ] {
            let made = site(url).unwrap_or_else(|fault| panic!("{url}: {fault}"));
            assert_eq!((made.config.get_ssl_mode(), made.place()), (mode, place), "{url}");
        }
        for (url, wanted) in [
            ("postgres://sidecar:secret-1@db/registry", "has a password"),
            ("postgres://sidecar@db/registry?password=secret-1", "has a password"),
            ("postgres://sidecar@db/registry?sslmode=prefer", "would believe any server"),
            ("postgres:///registry", "it names no host"),
            ("redis://db", "its scheme is `redis`"),
            ("postgres://db/registry?colour=red", "cannot be used"),
            ("db", "cannot be used"),
        ] {
            let fault = site(url).err().unwrap_or_else(|| panic!("{url} is taken")).to_string();
            assert!(fault.contains(wanted) && !fault.contains("secret-1"), "{url}: {fault}");
        }
    }
}
