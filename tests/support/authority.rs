//! An authority that certifies whatever it is told to.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};

/// An authority, for as long as a test lasts.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key.
pub struct Certified {
    /// The certificate, in DER.
    pub der: Vec<u8>,
    /// The certificate, in PEM.
    pub pem: String,
    /// The key, in PEM.
    pub key: String,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// To certify others.
    Authority,
    /// To call.
    Client,
    /// To be called.
    Server,
}

impl Authority {
    /// An authority by this name.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key can be made");
        let params = params(name, &[], Usage::Authority, 2040);
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority certifies itself");
        Self { issuer }
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate in force from 2020 to the begin of `until`; `names` are `dns:`, `email:` or `uri:`.
    pub fn certify(&self, names: &[&str], usage: Usage, until: i32) -> Certified {
        let key = KeyPair::generate().expect("a key can be made");
        let params = params("leaf", names, usage, until);
        let certificate = params.signed_by(&key, &*self.issuer).expect("it certifies");
        Certified { der: certificate.der().to_vec(), pem: certificate.pem(), key: key.serialize_pem() }
    }
}

fn params(name: &str, names: &[&str], usage: Usage, until: i32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params.subject_alt_names = names.iter().map(|name| san(name)).collect();
    match usage {
        Usage::Authority => {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        }
        Usage::Client | Usage::Server => {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![match usage {
                Usage::Server => ExtendedKeyUsagePurpose::ServerAuth,
                Usage::Authority | Usage::Client => ExtendedKeyUsagePurpose::ClientAuth,
            }];
        }
    }
    params
}

fn san(name: &str) -> SanType {
    let (kind, name) = name.split_once(':').expect("a kind and a name");
    let name = name.try_into().expect("it is ASCII");
    match kind {
        "dns" => SanType::DnsName(name),
        "email" => SanType::Rfc822Name(name),
        _ => SanType::URI(name),
    }
}
