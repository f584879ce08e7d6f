//! Certificates of clients: whom they name, who vouches for them, and which tokens they make good.

#[path = "../../../tests/support/authority.rs"]
mod authority;

use std::sync::Arc;
use std::time::Duration;

use authority::{Authority, Certified, Usage};
use rustls::pki_types::CertificateDer;

use super::super::*;
use super::pen::{Pen, base64, token};
use super::{HEADER, NOW, after, claims, issuer};
use crate::bounds::{AUTHORITY_ROOTS_MAX, CERTIFICATE_NAMES_MAX};
use crate::names::{Label, Now};

const UNTIL: i32 = 2040;
/// 2040-01-01, in seconds since 1970.
const END_S: u64 = 2_208_988_800;

fn read(certified: &Certified) -> Option<PeerCertificate> {
    PeerCertificate::read(&[CertificateDer::from(certified.der.as_slice())])
}

fn shown(authority: &Authority, names: &[&str]) -> PeerCertificate {
    read(&authority.certify(names, Usage::Client, UNTIL)).expect("a certificate of a client")
}

fn holder(authority: &Authority, named: Named) -> CertificateHolder {
    CertificateHolder {
        id: Label::parse("ops").expect("a label"),
        authorities: authority.pem().into(),
        named,
        user: None,
        tenant: Some("acme".into()),
        agent: None,
        scopes: vec!["read".into()],
        groups: Vec::new(),
    }
}

fn spiffe(pattern: &str) -> Named {
    Named::Spiffe(SpiffePattern::parse(pattern).expect("a pattern"))
}

fn san(text: &str) -> Named {
    Named::San(San::parse(text).expect("a name"))
}

fn directory(certificates: Vec<CertificateHolder>, anonymous: Anonymous) -> Directory {
    Directory::new(Settings { certificates, anonymous, ..Settings::default() }).expect("a directory")
}

fn find(directory: &Directory, shown: &PeerCertificate, now: Now) -> Result<Arc<Caller>, Refused> {
    let evidence = Evidence { certificate: Some(shown), method: "POST", ..Evidence::default() };
    directory.verify(&evidence, now).settled()
}

#[test]
fn reads_the_names_of_a_certificate() {
    let authority = Authority::new("acme");
    let shown = shown(&authority, &["uri:spiffe://acme/web", "dns:Web.acme.example", "email:a@acme.example"]);
    assert_eq!(shown.spiffe().map(SpiffeId::as_str), Some("spiffe://acme/web"));
    let wanted = ["uri:spiffe://acme/web", "dns:web.acme.example", "email:a@acme.example"];
    assert_eq!(shown.names(), wanted.map(|name| San::parse(name).expect("a name")));
    for names in [
        &[][..],
        &["dns:spiffe.acme"],
        &["uri:https://acme/web"],
        &["uri:spiffe://acme/web", "uri:spiffe://acme/web2"],
        &["uri:spiffe://acme/web", "uri:https://acme"],
        &["uri:spiffe://acme:1/web"],
        &["uri:spiffe://acme"],
    ] {
        assert_eq!(self::shown(&authority, names).spiffe(), None, "{names:?}");
    }
    assert!(read(&authority.certify(&[], Usage::Authority, UNTIL)).is_none(), "it may certify others");
    let many: Vec<String> = (0..=CERTIFICATE_NAMES_MAX).map(|at| format!("dns:a{at}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(read(&authority.certify(&many[1..], Usage::Client, UNTIL)).is_some());
    assert!(read(&authority.certify(&many, Usage::Client, UNTIL)).is_none());
    for bad in [&b""[..], b"\x30", b"\x30\x03\x02\x01\x00"] {
        assert!(PeerCertificate::read(&[CertificateDer::from(bad)]).is_none());
    }
    assert!(PeerCertificate::read(&[]).is_none());
}

#[test]
fn finds_callers_by_the_name_in_their_certificate() {
    let acme = Authority::new("acme");
    let cases = [
        (
            spiffe("spiffe://acme/ns/ops/*"),
            "uri:spiffe://acme/ns/ops/sa/web",
            Some("spiffe://acme/ns/ops/sa/web"),
        ),
        (spiffe("spiffe://acme/ns/ops/*"), "uri:spiffe://acme/ns/dev/sa/web", None),
        (spiffe("spiffe://acme/ns/ops/*"), "dns:spiffe", None),
        (san("dns:web.acme.example"), "dns:WEB.acme.example", Some("web.acme.example")),
        (san("dns:web.acme.example"), "dns:*.acme.example", None),
        (san("dns:web.acme.example"), "uri:web.acme.example", None),
        (san("email:a@acme.example"), "email:a@acme.example", Some("a@acme.example")),
        (san("email:a@acme.example"), "email:A@acme.example", None),
        (san("uri:https://acme/web"), "uri:https://acme/web", Some("https://acme/web")),
    ];
    for (named, name, wanted) in cases {
        let directory = directory(vec![holder(&acme, named.clone())], Anonymous::Allow);
        let found = find(&directory, &shown(&acme, &[name]), NOW);
        let user = found.as_ref().ok().map(|caller| caller.user());
        assert_eq!(user, wanted, "{named:?} on {name}");
        if let Ok(caller) = &found {
            assert_eq!((caller.tenant(), caller.proof()), (Some("acme"), Proof::Certificate));
            assert_eq!(caller.workload().is_some(), matches!(named, Named::Spiffe(_)));
        } else {
            // Not let in as anybody, either.
            assert_eq!(found.err(), Some(Refused::Invalid(Flaw::Certificate)), "{named:?} on {name}");
        }
    }
    let nobody = directory(Vec::new(), Anonymous::Allow);
    let found = find(&nobody, &shown(&acme, &["dns:a"]), NOW).map(|caller| caller.proof());
    assert_eq!(found, Ok(Proof::Anonymous), "where no caller is known by a certificate, it means nothing");
}

#[test]
fn believes_only_the_authority_of_the_same_entry() {
    let (acme, other) = (Authority::new("acme"), Authority::new("acme"));
    let name = "uri:spiffe://acme/web";
    let one = directory(vec![holder(&acme, spiffe("spiffe://acme/*"))], Anonymous::Deny);
    assert!(find(&one, &shown(&acme, &[name]), NOW).is_ok());
    assert!(find(&one, &shown(&other, &[name]), NOW).is_err(), "another authority by the same name");
    let both = directory(
        vec![holder(&acme, spiffe("spiffe://acme/*")), holder(&other, spiffe("spiffe://globex/*"))],
        Anonymous::Deny,
    );
    assert!(find(&both, &shown(&other, &["uri:spiffe://globex/web"]), NOW).is_ok());
    assert!(find(&both, &shown(&other, &[name]), NOW).is_err(), "an authority of the policy, for others");
    assert_eq!(both.authorities().len(), 2);
    let server = acme.certify(&[name], Usage::Server, UNTIL);
    assert!(find(&one, &read(&server).expect("a certificate"), NOW).is_err(), "a server's certificate");
}

#[test]
fn believes_a_certificate_to_its_last_second() {
    let acme = Authority::new("acme");
    let certified = acme.certify(&["uri:spiffe://acme/web"], Usage::Client, UNTIL);
    let shown = read(&certified).expect("a certificate");
    let directory = directory(vec![holder(&acme, spiffe("spiffe://acme/*"))], Anonymous::Deny);
    let at = |unix_s: u64, steady: u64| Now { steady: Duration::from_secs(steady), unix_ms: unix_s * 1000 };
    // What was found a moment ago is not believed beyond the end, either.
    for (now, is_in_force) in [(at(END_S - 2, 0), true), (at(END_S, 2), true), (at(END_S + 1, 3), false)] {
        assert_eq!(find(&directory, &shown, now).is_ok(), is_in_force, "{now:?}");
        assert_eq!(shown.is_current(now.unix_ms), is_in_force, "{now:?}");
    }
}

#[test]
fn takes_a_file_of_authorities_and_nothing_else() {
    let (acme, globex) = (Authority::new("acme"), Authority::new("globex"));
    let leaf = acme.certify(&["dns:a"], Usage::Client, UNTIL);
    let of = |pem: &str| super::super::Authority::parse(pem).err();
    assert_eq!(of(&format!("# ours\n{}\n{}", acme.pem(), globex.pem())), None);
    assert_eq!(of(""), Some(AuthorityFault::Empty));
    assert_eq!(of("no PEM at all"), Some(AuthorityFault::Empty));
    assert_eq!(of(&format!("{}{}", leaf.pem, leaf.key)), Some(AuthorityFault::Private));
    let cut = acme.pem().replacen('M', "", 4);
    assert_eq!(of(&format!("{}{cut}", acme.pem())), Some(AuthorityFault::Malformed(2)));
    let many = |number: usize| acme.pem().repeat(number);
    assert_eq!(of(&many(AUTHORITY_ROOTS_MAX)), None);
    assert_eq!(of(&many(AUTHORITY_ROOTS_MAX + 1)), Some(AuthorityFault::TooMany));
}

#[test]
fn lets_a_bound_token_be_used_with_its_certificate_only() {
    let (acme, pen) = (Authority::new("acme"), Pen::new(Algorithm::EdDsa));
    let settings =
        Settings { issuers: vec![issuer(&[Algorithm::EdDsa], &pen.jwk("k1"))], ..Settings::default() };
    let directory = Directory::new(settings).expect("a directory");
    let (own, other) = (shown(&acme, &["dns:a"]), shown(&acme, &["dns:a"]));
    let cnf = format!(r#"{{"x5t#S256":"{}"}}"#, base64(own.sha256));
    let token = token(HEADER, &claims(&[("cnf", &cnf)]), |message| pen.sign(Algorithm::EdDsa, message));
    let bearer = format!("Bearer {token}");
    let check = |certificate, now| {
        let authorization = Some(bearer.as_str());
        let evidence = Evidence { authorization, certificate, method: "POST", ..Evidence::default() };
        directory.verify(&evidence, now).settled().map(|caller| caller.bond().as_str())
    };
    let refused = Err(Refused::Invalid(Flaw::Holder));
    assert_eq!(check(None, NOW), refused);
    assert_eq!(check(Some(&other), NOW), refused, "another certificate of the same authority");
    assert_eq!(check(Some(&own), NOW), Ok(Some("certificate")), "a refusal is not held against the token");
    assert_eq!(check(Some(&other), after(1)), refused, "nor is the permission kept");
}
