//! Certificates of clients: who they are from, and whom they name.
//!
//! **Why.** A workload that already has a certificate needs no token beside it; and a token that is bound to a
//! certificate is of no use to whoever stole the token alone.
//!
//! **How.** The shell hands over the chain of a finished handshake, in which the client has shown that it holds
//! the key of the first one. [`PeerCertificate::read`] reads its names once for a connection; an [`Authority`]
//! says whether the chain leads to a root of the policy, for each policy anew, so that a root that was taken
//! away counts no longer, on open connections too.
//!
//! **What it is not.** It asks nobody about revocation: let certificates be short-lived. It never looks at
//! headers (`X-Forwarded-Client-Cert` and the like): whoever can reach the gate can write them.
//!
//! Source: RFC 5280; X509-SVID, sections 2 to 5; RFC 8705, section 3.

use std::sync::Arc;
use std::time::Duration;

use ring::digest::SHA256;
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::spiffe::SpiffeId;
use crate::bounds::{AUTHORITY_ROOTS_MAX, CERTIFICATE_NAMES_MAX, CLAIM_BYTES_MAX};

/// The certificate that a client has shown that it holds the key of.
///
/// Says nothing about whether to believe what it says: that is for an [`Authority`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    /// SHA-256 of the certificate's DER: what `x5t#S256` means.
    pub sha256: [u8; 32],
    /// SHA-256 over all that was sent.
    pub(super) chain_sha256: [u8; 32],
    /// The certificate, and what was sent to lead to a root.
    chain: Box<[CertificateDer<'static>]>,
    /// The workload: the one URI among its names, if it is a SPIFFE id.
    spiffe: Option<SpiffeId>,
    names: Box<[San]>,
    /// The last second in which it is valid.
    until_unix_s: u64,
}

/// A name of a certificate's subject. Source: RFC 5280, section 4.2.1.6.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum San {
    /// A host, in lower case.
    Dns(Box<str>),
    /// An address of mail, as it is written.
    Email(Box<str>),
    /// A URI, as it is written.
    Uri(Box<str>),
}

impl San {
    /// Reads `dns:NAME`, `email:ADDRESS` or `uri:URI`, as a policy writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let is_name = super::claims::is_name(name) && !name.contains('*');
        match kind {
            "dns" if is_name => Some(Self::Dns(name.to_ascii_lowercase().into())),
            "email" if is_name => Some(Self::Email(name.into())),
            "uri" if is_name => Some(Self::Uri(name.into())),
            _ => None,
        }
    }

    /// The name, without its kind.
    pub fn name(&self) -> &str {
        match self {
            Self::Dns(name) | Self::Email(name) | Self::Uri(name) => name,
        }
    }

    fn of(name: &GeneralName<'_>) -> Option<Self> {
        match name {
            GeneralName::DNSName(name) => Some(Self::Dns(name.to_ascii_lowercase().into())),
            GeneralName::RFC822Name(name) => Some(Self::Email((*name).into())),
            GeneralName::URI(uri) => Some(Self::Uri((*uri).into())),
            _ => None,
        }
    }
}

impl PeerCertificate {
    /// Reads the names of a chain, the client's own certificate first; `None` where it cannot be read.
    ///
    /// The caller upholds that the client has proved to hold the key: only a finished handshake shows it.
    pub fn read(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let leaf = chain.first()?;
        let (rest, certificate) = X509Certificate::from_der(leaf).ok()?;
        let until_unix_s = u64::try_from(certificate.validity().not_after.timestamp()).ok()?;
        let names = match certificate.subject_alternative_name().ok()? {
            Some(extension) if extension.value.general_names.len() <= CERTIFICATE_NAMES_MAX => {
                extension.value.general_names.iter().filter_map(San::of).collect()
            }
            Some(_) => return None,
            None => Vec::new(),
        };
        // A certificate that may sign others is no workload's.
        let usage = certificate.key_usage().ok()?;
        let may_sign = usage.is_some_and(|usage| usage.value.key_cert_sign() || usage.value.crl_sign());
        if !rest.is_empty() || may_sign || certificate.is_ca() {
            return None;
        }
        let mut all = ring::digest::Context::new(&SHA256);
        chain.iter().for_each(|certificate| all.update(certificate));
        Some(Self {
            sha256: hash(ring::digest::digest(&SHA256, leaf)),
            chain_sha256: hash(all.finish()),
            spiffe: spiffe(&names),
            names: names.into(),
            chain: chain.iter().map(|certificate| certificate.clone().into_owned()).collect(),
            until_unix_s,
        })
    }

    /// The workload that it names, if it names one.
    pub fn spiffe(&self) -> Option<&SpiffeId> {
        self.spiffe.as_ref()
    }

    /// Its names.
    pub fn names(&self) -> &[San] {
        &self.names
    }

    /// Whether it is still valid, whatever it was when the connection began.
    pub fn is_current(&self, unix_ms: u64) -> bool {
        unix_ms / 1000 <= self.until_unix_s
    }

    /// How long it is still valid.
    pub(super) fn left(&self, unix_ms: u64) -> Duration {
        let end_ms = self.until_unix_s.saturating_add(1).saturating_mul(1000);
        Duration::from_millis(end_ms.saturating_sub(unix_ms))
    }
}

/// When the first certificate of a chain ends, in seconds since 1970; `None` where none can be read.
pub fn ends_unix_s(chain: &[CertificateDer<'_>]) -> Option<i64> {
    let end = |certificate: &CertificateDer<'_>| {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        Some(certificate.validity().not_after.timestamp())
    };
    chain.iter().filter_map(end).min()
}

/// The one URI, if it is a SPIFFE id: a certificate with more of them is none of a workload.
fn spiffe(names: &[San]) -> Option<SpiffeId> {
    let mut uris = names.iter().filter_map(|name| match name {
        San::Uri(uri) => Some(uri),
        San::Dns(_) | San::Email(_) => None,
    });
    let id = SpiffeId::parse(uris.next()?).ok().filter(|id| id.as_str().len() <= CLAIM_BYTES_MAX)?;
    uris.next().is_none().then_some(id)
}

/// `digest` as an array.
fn hash(digest: ring::digest::Digest) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    sha256
}

/// Certificates of authorities, and what may be signed by them: clients.
#[derive(Debug, Clone)]
pub struct Authority(Arc<dyn ClientCertVerifier>);

/// Why a file holds no authority; the policy author's or the operator's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityFault {
    /// Not one certificate.
    #[error("it holds no certificate in PEM")]
    Empty,
    /// It is no PEM, or what is in it is no certificate.
    #[error("certificate {0} in it cannot be read")]
    Malformed(usize),
    /// It holds a private key, which has no place there.
    #[error("it holds a private key, which has no place there")]
    Private,
    /// More than `AUTHORITY_ROOTS_MAX`.
    #[error("it holds more than {AUTHORITY_ROOTS_MAX} certificates")]
    TooMany,
}

impl Authority {
    /// Reads certificates in PEM.
    ///
    /// # Errors
    /// [`AuthorityFault`], of whoever wrote the file. Certificates are counted from 1.
    pub fn parse(pem: &str) -> Result<Self, AuthorityFault> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(AuthorityFault::Private);
        }
        let mut roots = RootCertStore::empty();
        for (at, certificate) in CertificateDer::pem_slice_iter(pem.as_bytes()).enumerate() {
            let fault = AuthorityFault::Malformed(at + 1);
            if at >= AUTHORITY_ROOTS_MAX {
                return Err(AuthorityFault::TooMany);
            }
            roots.add(certificate.map_err(|_| fault)?).map_err(|_| fault)?;
        }
        let provider = Arc::new(default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        verifier.map(Self).map_err(|_| AuthorityFault::Empty)
    }

    /// Checks that a chain leads to it and is in force at this time, for a client.
    ///
    /// # Errors
    /// Whatever rustls has against it, the client's fault.
    pub fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        unix_s: u64,
    ) -> Result<(), rustls::Error> {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(unix_s));
        self.0.verify_client_cert(leaf, others, now).map(|_| ())
    }

    /// Whether it vouches for a client now.
    pub(super) fn vouches_for(&self, peer: &PeerCertificate, unix_ms: u64) -> bool {
        let chain = peer.chain.split_first();
        chain.is_some_and(|(leaf, others)| self.verify(leaf, others, unix_ms / 1000).is_ok())
    }
}

/// A chain from bytes that nobody has looked at; for fuzzers.
pub(super) fn fuzz_certificate(bytes: &[u8]) {
    if let Some(peer) = PeerCertificate::read(&[CertificateDer::from(bytes)]) {
        assert!(peer.names.len() <= CERTIFICATE_NAMES_MAX && peer.left(0) > Duration::ZERO);
    }
}
