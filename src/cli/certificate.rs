//! `sluicegate certificate`: a certificate for the injector, for clusters without an issuer of their own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

use super::Exit;
use super::opening::{Fault, unable};
use crate::bounds::CERTIFICATE_DAYS;
use crate::serve::webhook::is_label;

/// Options of `certificate`.
#[derive(Debug, Args)]
#[command(
    after_help = "The authority signs this one certificate and is forgotten: to renew, run it again, apply the Secret and \
    put the new caBundle into the webhook, both at once. Where cert-manager runs, let it do that."
)]
pub struct Options {
    /// The Service that the API server calls
    #[arg(long, value_name = "NAME", value_parser = label)]
    service: String,
    /// The namespace of the Service, and of the Secret
    #[arg(long, value_name = "NAMESPACE", value_parser = label)]
    namespace: String,
    /// The name of the Secret; by default that of the Service, and -tls
    #[arg(long, value_name = "NAME", value_parser = label)]
    secret: Option<String>,
    /// How long it is valid
    #[arg(long, value_name = "DAYS", default_value_t = *CERTIFICATE_DAYS.end(), value_parser = clap::value_parser!(i64).range(CERTIFICATE_DAYS))]
    days: i64,
}

fn label(text: &str) -> Result<String, &'static str> {
    let wrong = "a name has 1 to 63 lower-case letters, digits and `-`, and begins and ends with one of the first two";
    if is_label(text) { Ok(text.to_owned()) } else { Err(wrong) }
}

/// Prints the Secret, with what goes into the webhook's `caBundle` as a comment.
pub fn certificate(options: &Options) -> Exit {
    match manifest(options) {
        Ok(manifest) => {
            anstream::print!("{manifest}");
            Exit::Fine
        }
        Err(fault) => {
            anstream::eprintln!("{fault}");
            fault.exit
        }
    }
}

fn manifest(options: &Options) -> Result<String, Fault> {
    let Options { service, namespace, secret, days } = options;
    let begin = OffsetDateTime::now_utc();
    let made = Made::new(service, namespace, begin, Duration::days(*days)).map_err(unable)?;
    let [authority, certificate, key] =
        [made.authority, made.certificate, made.key].map(|pem| STANDARD.encode(pem));
    let name = secret.clone().unwrap_or_else(|| format!("{service}-tls"));
    let until = (begin + Duration::days(*days)).date();
    Ok(format!(
        "# caBundle: {authority}
# For {service}.{namespace}.svc, until {until}. It holds a private key: seal it before it goes into a repository.
apiVersion: v1
kind: Secret
metadata:
  name: {name}
  namespace: {namespace}
type: kubernetes.io/tls
data:
  ca.crt: {authority}
  tls.crt: {certificate}
  tls.key: {key}
"
    ))
}

/// A certificate, all in PEM.
struct Made {
    authority: String,
    certificate: String,
    key: String,
}

impl Made {
    /// Certifies a Service by an authority whose key nobody keeps.
    fn new(
        service: &str,
        namespace: &str,
        begin: OffsetDateTime,
        length: Duration,
    ) -> Result<Self, rcgen::Error> {
        // Clocks of nodes differ.
        let begin = begin - Duration::hours(1);
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "sluicegate webhook authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let mut leaf = CertificateParams::default();
        // A common name has at most 64 characters; the names that count stand below.
        leaf.distinguished_name.push(DnType::CommonName, service);
        leaf.subject_alt_names = ["", ".cluster.local"]
            .iter()
            .map(|domain| format!("{service}.{namespace}.svc{domain}").try_into().map(SanType::DnsName))
            .collect::<Result<_, _>>()?;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        for params in [&mut authority, &mut leaf] {
            params.not_before = begin;
            params.not_after = begin + Duration::hours(1) + length;
        }
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &*issuer)?;
        Ok(Self { authority: issuer.pem(), certificate: certificate.pem(), key: key.serialize_pem() })
    }
}
