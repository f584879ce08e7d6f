//! TLS on the endpoint: our certificate, and the certificates of clients.
//!
//! ```text
//!  handshake -> resolve (our certificate, as its files are now)
//!            -> verify  (the client's, where somebody could vouch for it: the policy's authorities, the operator's)
//!            -> finish  (what it says, kept for as long as the connection lasts)
//! ```
//!
//! **When clients are asked for a certificate.** While the policy in force has `callers.certificates`, or the
//! operator gave authorities. A client that shows none is let in, unless the operator said otherwise: its
//! token may do. One that shows a certificate for which nobody vouches is not.
//!
//! **Files.** They are checked before pingora gets anything of them, for it panics on bad ones; afterwards
//! [`Tls::refresh`] is called every `TLS_LOOK_PAUSE` and on SIGHUP. Files that do not fit together leave in
//! force what is.
//!
//! **What it is not.** It says nothing about who calls; that is judged with each request, by the policy then in
//! force, from the [`PeerCertificate`]. It asks nobody whether a certificate was revoked.

use std::any::Any;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use pingora_core::listeners::TlsAccept;
use pingora_core::listeners::tls::TlsSettings;
use pingora_core::protocols::tls::TlsRef;
use ring::digest::{Context, SHA256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::ring::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme};

use super::certificate::{CertificateFault, OwnCertificate};
use crate::identity::{Authority, PeerCertificate, ends_unix_s};
use crate::store::Live;

/// What the operator gave to serve TLS with.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain, leaf first, in PEM.
    pub certificate: PathBuf,
    /// The private key of the leaf, in PEM.
    pub key: PathBuf,
    /// Authorities that vouch for clients beside those of the policy, in PEM.
    pub client_ca: Option<PathBuf>,
    /// What becomes of clients without a certificate.
    pub client_auth: ClientAuth,
}

/// What becomes of clients without a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// They are let in: a token may say who they are.
    #[default]
    Optional,
    /// There is no connection without one.
    Required,
}

/// Why the files cannot serve; the operator's fault.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve TLS with `{}`: {cause}", file.display())]
pub struct TlsFault {
    /// Which file.
    file: PathBuf,
    /// What is wrong with it.
    cause: Box<str>,
}

/// TLS as it is served now.
pub struct Tls {
    files: TlsFiles,
    live: Arc<Live>,
    provider: CryptoProvider,
    served: ArcSwap<Served>,
}

/// What the files held when they were last in order.
struct Served {
    own: Arc<CertifiedKey>,
    clients: Option<Authority>,
    /// Of the files' bytes, to see whether they have changed.
    sha256: [u8; 32],
}

impl Tls {
    /// Reads the files; `live` names the policy's authorities.
    ///
    /// # Errors
    /// [`TlsFault`] where a file is missing, is no PEM, or the key does not fit the certificate.
    pub fn open(files: TlsFiles, live: Arc<Live>) -> Result<Arc<Self>, TlsFault> {
        let provider = default_provider();
        let served = ArcSwap::from_pointee(Served::read(&files, &provider)?);
        Ok(Arc::new(Self { files, live, provider, served }))
    }

    /// Reads the files again and serves by them from now on, if they have changed; tells what came of it.
    ///
    /// Blocks on the disk. Connections that are open go on as they are.
    pub fn refresh(&self) {
        match Served::read(&self.files, &self.provider) {
            Ok(now) if now.sha256 == self.served.load().sha256 => {}
            Ok(now) => {
                self.served.store(Arc::new(now));
                tracing::info!("TLS is served with other certificates");
            }
            Err(fault) => tracing::error!(%fault, "the certificates in use stay"),
        }
    }

    /// When the chain that is served ends, in seconds since 1970.
    pub fn ends_unix_s(&self) -> Option<i64> {
        ends_unix_s(&self.served.load().own.cert)
    }

    /// Settings of a listener that offers HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// [`TlsFault`], should pingora ever refuse to take callbacks.
    pub(super) fn settings(self: &Arc<Self>) -> Result<TlsSettings, TlsFault> {
        let mut settings = TlsSettings::with_callbacks(Box::new(Finish))
            .map_err(|cause| fault(&self.files.certificate, cause))?;
        settings.set_cert_resolver(Arc::<Self>::clone(self));
        settings.set_client_cert_verifier(Arc::<Self>::clone(self));
        settings.enable_h2();
        Ok(settings)
    }

    /// Whether anybody vouches for a client, and if not, why not.
    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let (served, policy) = (self.served.load(), self.live.peek());
        let mut reason = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        for authority in served.clients.iter().chain(policy.directory.authorities()) {
            match authority.verify(leaf, others, now.as_secs()) {
                Ok(()) => return Ok(()),
                Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {}
                Err(fault) => reason = fault,
            }
        }
        Err(reason)
    }
}

impl Served {
    fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<Self, TlsFault> {
        let [certificate, key] = [&files.certificate, &files.key]
            .map(|path| fs::read(path).map_err(|cause: io::Error| fault(path, cause)));
        let (certificate, key) = (certificate?, key?);
        let own = OwnCertificate::parse(&certificate, &key, provider).map_err(|cause| match cause {
            CertificateFault::Chain(_) => fault(&files.certificate, cause),
            CertificateFault::Key(_) => fault(&files.key, cause),
        })?;
        let mut bytes = Context::new(&SHA256);
        let mut part = |part: &[u8]| {
            bytes.update(&part.len().to_le_bytes());
            bytes.update(part);
        };
        part(&certificate);
        part(&key);
        let mut clients = None;
        if let Some(path) = &files.client_ca {
            let pem = fs::read_to_string(path).map_err(|cause| fault(path, cause))?;
            clients = Some(Authority::parse(&pem).map_err(|cause| fault(path, cause))?);
            part(pem.as_bytes());
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(bytes.finish().as_ref());
        Ok(Self { own: own.key, clients, sha256 })
    }
}

fn fault(file: &Path, cause: impl fmt::Display) -> TlsFault {
    TlsFault { file: file.into(), cause: cause.to_string().into() }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Tls {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.served.load().own))
    }
}

impl ClientCertVerifier for Tls {
    fn offer_client_auth(&self) -> bool {
        // Whoever must show a certificate is asked for one, even where nobody could vouch for it.
        self.client_auth_mandatory()
            || self.served.load().clients.is_some()
            || !self.live.peek().directory.authorities().is_empty()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.files.client_auth == ClientAuth::Required
    }

    /// None: they change with the policy, and a client that holds one certificate needs no hint.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.judge(leaf, others, now)?;
        // One whose names cannot be read would count for none later on.
        match PeerCertificate::read(std::slice::from_ref(leaf)) {
            Some(_) => Ok(ClientCertVerified::assertion()),
            None => Err(rustls::Error::InvalidCertificate(CertificateError::BadEncoding)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The end of a handshake: the client's certificate is read once, for all requests of the connection.
struct Finish;

#[async_trait]
impl TlsAccept for Finish {
    async fn handshake_complete_callback(&self, tls: &TlsRef) -> Option<Arc<dyn Any + Send + Sync>> {
        let peer: Arc<PeerCertificate> = Arc::new(PeerCertificate::read(tls.peer_cert_chain_der()?)?);
        Some(Arc::new(peer))
    }
}
