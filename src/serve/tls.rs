//! Certificate files, checked before pingora gets them: it panics on bad ones.

use std::path::PathBuf;

use pingora_core::listeners::tls::TlsSettings;
use pingora_core::tls::{ServerConfig, install_default_crypto_provider, load_certs_and_key_files, version};

/// Where the certificate chain and its key are, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// The private key of the leaf.
    pub key: PathBuf,
}

/// Why the files cannot serve; the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// One of the files cannot be read, or holds no PEM of its kind.
    #[error("cannot load `{}` and `{}`: {cause}", files.certificate.display(), files.key.display())]
    Load {
        /// Which files.
        files: TlsFiles,
        /// What is wrong with them.
        cause: String,
    },
}

impl TlsFiles {
    /// Checks the files and returns listener settings that offer HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// [`TlsFault`] where a file is missing, is no PEM, or the key does not fit the certificate.
    pub(super) fn settings(&self) -> Result<TlsSettings, TlsFault> {
        let fault = |cause: String| TlsFault::Load { files: self.clone(), cause };
        let (certificate, key) = (self.certificate.to_string_lossy(), self.key.to_string_lossy());
        install_default_crypto_provider();
        let loaded =
            load_certs_and_key_files(&certificate, &key).map_err(|cause| fault(cause.to_string()))?;
        let (chain, private) = loaded.ok_or_else(|| fault("no certificate or no key in PEM".into()))?;
        ServerConfig::builder_with_protocol_versions(&[&version::TLS12, &version::TLS13])
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|cause| fault(cause.to_string()))?;
        let mut settings =
            TlsSettings::intermediate(&certificate, &key).map_err(|cause| fault(cause.to_string()))?;
        settings.enable_h2();
        Ok(settings)
    }
}
