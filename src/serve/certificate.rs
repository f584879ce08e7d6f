//! The certificate that we serve with, checked before it is used.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// A chain with the key of its leaf.
#[derive(Debug)]
pub struct OwnCertificate {
    /// What rustls signs with.
    pub key: Arc<CertifiedKey>,
    /// The last second at which the leaf is valid, since 1970.
    pub until_unix_s: u64,
}

/// Why PEM cannot serve, by the file at fault; the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum CertificateFault {
    /// The chain.
    #[error("{0}")]
    Chain(Box<str>),
    /// The private key.
    #[error("{0}")]
    Key(Box<str>),
}

impl OwnCertificate {
    /// Reads a chain, leaf first, and the leaf's private key, both in PEM.
    ///
    /// # Errors
    /// [`CertificateFault`] where either is no PEM, or the key does not fit the leaf. Validity is not judged.
    pub fn parse(chain: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<Self, CertificateFault> {
        let in_chain = |cause: &dyn std::fmt::Display| CertificateFault::Chain(cause.to_string().into());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.map_err(|cause| in_chain(&cause))?;
        let Some(leaf) = chain.first() else { return Err(in_chain(&"it holds no certificate in PEM")) };
        let (_, leaf) = X509Certificate::from_der(leaf).map_err(|cause| in_chain(&cause))?;
        let until_unix_s = u64::try_from(leaf.validity().not_after.timestamp()).unwrap_or(0);
        let private = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| CertificateFault::Key("it holds no private key in PEM".into()))?;
        let key = CertifiedKey::from_der(chain, private, provider)
            .map_err(|cause| CertificateFault::Key(cause.to_string().into()))?;
        Ok(Self { key: Arc::new(key), until_unix_s })
    }
}
