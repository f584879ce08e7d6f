//! What reviews are answered by: settings and certificate, each as its files were when they were last in order.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::InjectorOptions;
use crate::bounds::{PEM_BYTES_MAX, SETTINGS_BYTES_MAX};
use crate::inject::Settings;
use crate::policy::Paint;
use crate::report::{InjectorMetrics, ReloadSubject};
use crate::serve::certificate::OwnCertificate;
use crate::store::{Kept, KeptFault, Refreshed};

/// The settings and the certificate in use.
pub struct Standing {
    settings: Kept<Settings>,
    certificate: Kept<OwnCertificate>,
    metrics: Arc<InjectorMetrics>,
}

impl Standing {
    /// Reads the files.
    ///
    /// # Errors
    /// [`KeptFault`] names the file and what is wrong with it.
    pub fn open(options: &InjectorOptions, metrics: Arc<InjectorMetrics>) -> Result<Arc<Self>, KeptFault> {
        let pem = [options.certificate.clone(), options.key.clone()];
        let standing = Self {
            settings: Kept::open(std::slice::from_ref(&options.settings), SETTINGS_BYTES_MAX, settings)?,
            certificate: Kept::open(&pem, PEM_BYTES_MAX, certificate)?,
            metrics,
        };
        standing.metrics.observe_expiry(standing.certificate.value().until_unix_s);
        Ok(Arc::new(standing))
    }

    /// The directories of the files.
    pub fn directories(&self) -> Vec<PathBuf> {
        let paths = self.settings.paths().iter().chain(self.certificate.paths());
        let mut directories: Vec<_> = paths
            .map(|path| {
                let directory = path.parent().map(PathBuf::from).unwrap_or_default();
                if directory.as_os_str().is_empty() { ".".into() } else { directory }
            })
            .collect();
        directories.sort();
        directories.dedup();
        directories
    }

    /// Takes over files that have changed, or says why not. Blocks on the disk; nothing waits for it.
    pub fn refresh(&self) {
        self.tell(ReloadSubject::Settings, &self.settings.refresh());
        self.tell(ReloadSubject::Certificate, &self.certificate.refresh());
        self.metrics.observe_expiry(self.certificate.value().until_unix_s);
    }

    fn tell(&self, subject: ReloadSubject, refreshed: &Refreshed) {
        match refreshed {
            Refreshed::Unchanged => {}
            Refreshed::Replaced => {
                self.metrics.reloaded(subject);
                tracing::info!(subject = subject.as_str(), "changed files are in use");
            }
            Refreshed::Kept(error) => {
                self.metrics.reload_refused(subject);
                let subject = subject.as_str();
                tracing::error!(subject, %error, "changed files are refused, those before stay in use");
            }
        }
    }

    /// The settings to judge one review by.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.value()
    }

    /// The last second at which the certificate is valid, since 1970.
    pub fn until_unix_s(&self) -> u64 {
        self.certificate.value().until_unix_s
    }

    /// What is wrong with files that are not in use, for operators.
    pub fn troubles(&self) -> [(ReloadSubject, Option<Arc<Box<str>>>); 2] {
        [
            (ReloadSubject::Settings, self.settings.trouble()),
            (ReloadSubject::Certificate, self.certificate.trouble()),
        ]
    }

    /// TLS as it is served: the certificate is asked for with each handshake.
    pub fn tls(self: &Arc<Self>) -> ServerConfig {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        // INVARIANT: the provider is built in, and has the suites of both versions.
        let builder = builder.with_safe_default_protocol_versions().expect("the provider speaks TLS");
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::<Self>::clone(self));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing").field("certificate", &self.certificate.paths()).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Standing {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.certificate.value().key))
    }
}

fn settings(files: &[Vec<u8>]) -> Result<Settings, Box<str>> {
    let text = files.first().map(Vec::as_slice).unwrap_or_default();
    let text = std::str::from_utf8(text).map_err(|_| Box::from("the settings are not UTF-8"))?;
    Settings::parse(text, "settings").map_err(|faults| faults.render(Paint::Plain).into())
}

fn certificate(files: &[Vec<u8>]) -> Result<OwnCertificate, Box<str>> {
    let [chain, key] = files else { return Err("there is no key".into()) };
    OwnCertificate::parse(chain, key, &default_provider())
        .map_err(|fault| format!("cannot serve TLS: {fault}").into())
}
