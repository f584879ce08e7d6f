//! Whose tokens are believed, what they must be like, and what this server is called by them.

use std::time::Duration;

use crate::bounds::{CLOCK_LEEWAY_MAX, ENDPOINT_URL_BYTES_MAX, VERIFIED_LIFE};
use crate::identity::{
    Algorithm, Binding, ClaimNames, ClaimPath, Dpop, Endpoint, EndpointFault, Introspection, KeyPlace,
    KeysAt, Terms, TokenType, WorkloadClaim,
};
use crate::names::Label;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned, shown};
use crate::policy::parts::introspection;
use crate::policy::scalar::Scalar;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Node};

/// An issuer of tokens.
#[derive(Debug)]
pub(in crate::policy) struct IssuerPart {
    pub issuer: Spanned<Box<str>>,
    /// `None` where the policy's resource is meant.
    pub audiences: Option<Vec<Box<str>>>,
    pub algorithms: Vec<Algorithm>,
    pub keys: Spanned<KeysPart>,
    pub claims: ClaimNames,
    pub terms: Terms,
    pub kind: IssuerKind,
    /// Where proofs of possession are wanted, if they are.
    pub dpop: Option<Span>,
    pub introspection: Option<Spanned<Introspection>>,
    /// What it says it can give, if its metadata were copied here.
    pub scopes: Option<Vec<Spanned<Label>>>,
}

/// Where its keys come from.
#[derive(Debug)]
pub(in crate::policy) enum KeysPart {
    /// A file of the bundle.
    File(Box<str>),
    /// Nowhere: it signs nothing, and is asked about its tokens.
    None,
    /// A place that is asked, and a file of the bundle to begin with.
    Place(Box<KeyPlace>, Option<Spanned<Box<str>>>),
}

/// What an issuer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::policy) enum IssuerKind {
    /// A cluster, which gives tokens to service accounts.
    Kubernetes,
    /// An authorization server, which clients ask for tokens.
    #[default]
    OAuth,
}

/// What this server is called by clients and issuers.
#[derive(Debug, Default)]
pub(in crate::policy) struct ResourcePart {
    pub url: Option<Spanned<Box<str>>>,
    pub name: Option<Spanned<Box<str>>>,
    pub first_scopes: Option<Vec<Spanned<Label>>>,
}

/// The keys of an issuer.
pub(in crate::policy) const ISSUER_KEYS: &[&str] = &[
    "issuer",
    "kind",
    "audience",
    "jwks",
    "discovery",
    "jwks_file",
    "bearer_file",
    "ca_file",
    "algorithms",
    "claims",
    "typ",
    "leeway",
    "max_lifetime",
    "require_cnf",
    "dpop",
    "introspection",
    "cache",
    "scopes_supported",
];

/// What says where the keys come from that an issuer signs with.
const SIGNING_KEYS: &[&str] = &["jwks", "discovery", "jwks_file", "bearer_file", "ca_file"];

/// The keys of an issuer's `claims`.
pub(in crate::policy) const CLAIMS_KEYS: &[&str] =
    &["user", "tenant", "agent", "groups", "scopes", "workload"];

/// Where a pod finds what its service account is known by.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Where a pod finds the API server of its cluster.
const API_SERVER: &str = "https://kubernetes.default.svc";

pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<IssuerPart> {
    let fields = Fields::open(node, "an issuer", ISSUER_KEYS, findings)?;
    let issuer = fields.need("issuer", findings).and_then(|node| line(node, "an issuer", findings))?;
    let spell = |kind| match kind {
        IssuerKind::Kubernetes => "kubernetes",
        IssuerKind::OAuth => "oauth",
    };
    let known = &[IssuerKind::Kubernetes, IssuerKind::OAuth];
    let kind = fields.get("kind").and_then(|node| walker::word(node, "a kind", known, spell, findings));
    let kind = kind.unwrap_or_default();
    let audiences = fields.get("audience").map(|node| walker::texts(node, "an audience", findings));
    let algorithms = match fields.get("algorithms") {
        None => Algorithm::ALL.to_vec(),
        Some(node) => {
            let items = walker::some(node, "`algorithms`", findings).unwrap_or_default();
            let read = |item| walker::word(item, "an algorithm", Algorithm::ALL, Algorithm::as_str, findings);
            let read: Vec<_> = items.iter().filter_map(read).collect();
            // Where none can be read, that has been noted, and an issuer without any is no second fault.
            if read.is_empty() { Algorithm::ALL.to_vec() } else { read }
        }
    };
    let (claims, terms) = (read_claims(&fields, kind, findings), read_terms(&fields, findings));
    let introspection = fields.get("introspection").and_then(|node| introspection::read(node, findings));
    let is_asked = kind == IssuerKind::OAuth && fields.get("introspection").is_some();
    let keys = match SIGNING_KEYS.iter().any(|key| fields.get(key).is_some()) {
        false if is_asked => Spanned { span: issuer.span, value: KeysPart::None },
        _ => read_keys(&fields, &issuer, kind, findings)?,
    };
    let dpop = fields.get("dpop").filter(|_| terms.dpop != Dpop::Refuse).map(|node| node.span);
    let audiences = audiences.map(|texts| texts.into_iter().map(|audience| audience.value).collect());
    let scopes = fields.get("scopes_supported").map(|node| walker::labels(node, "a scope", findings));
    Some(IssuerPart { issuer, audiences, algorithms, keys, claims, terms, kind, dpop, introspection, scopes })
}

pub(super) fn line(node: &Node, what: &str, findings: &mut Findings) -> Option<Spanned<Box<str>>> {
    walker::line(node, what, ENDPOINT_URL_BYTES_MAX, findings)
}

/// Where the keys come from: exactly one of a file, a URL and the issuer's metadata.
fn read_keys(
    fields: &Fields<'_>,
    issuer: &Spanned<Box<str>>,
    kind: IssuerKind,
    findings: &mut Findings,
) -> Option<Spanned<KeysPart>> {
    let mut read = |key: &str, what: &str| line(fields.get(key)?, what, findings);
    let (jwks, discovery) = (read("jwks", "a key set"), read("discovery", "an issuer's URL"));
    let (seed, bearer, ca) =
        (read("jwks_file", "a file"), read("bearer_file", "a file"), read("ca_file", "a file"));
    let is_url = jwks.as_ref().is_some_and(|jwks| jwks.value.contains("://"));
    let at = match (jwks, discovery) {
        (Some(jwks), None) if !is_url => {
            for (name, file) in [("jwks_file", &seed), ("bearer_file", &bearer), ("ca_file", &ca)] {
                if let Some(file) = file {
                    let message = format!("`{name}` has no use where the key set is a file of the bundle");
                    findings.raise(Code::KeySourceUnclear, file.span, message);
                }
            }
            return Some(Spanned { span: jwks.span, value: KeysPart::File(jwks.value) });
        }
        (Some(jwks), None) => Spanned { span: jwks.span, value: KeysAt::Url(endpoint(&jwks, findings)?) },
        (None, Some(discovery)) => {
            Spanned { span: discovery.span, value: KeysAt::Discovery(endpoint(&discovery, findings)?) }
        }
        (None, None) if kind == IssuerKind::Kubernetes => {
            let server = Spanned { span: issuer.span, value: API_SERVER.into() };
            Spanned { span: issuer.span, value: KeysAt::Discovery(endpoint(&server, findings)?) }
        }
        (Some(_), Some(discovery)) => {
            let message = "the keys of an issuer come from `jwks` or from `discovery`, not from both";
            findings.raise(Code::KeySourceUnclear, discovery.span, message);
            return None;
        }
        (None, None) => {
            let message = format!("nothing says where the keys of `{}` come from", shown(&issuer.value));
            let help = "write `jwks: URL`, `jwks: FILE` or `discovery: URL`";
            findings.advise(Code::KeySourceUnclear, issuer.span, message, help);
            return None;
        }
    };
    let mut file = |given: Option<Spanned<Box<str>>>, name: &str| match given {
        Some(file) => absolute(file, findings),
        None => (kind == IssuerKind::Kubernetes).then(|| format!("{SERVICE_ACCOUNT}/{name}").into()),
    };
    let (bearer_file, ca_file) = (file(bearer, "token"), file(ca, "ca.crt"));
    let place = KeyPlace { issuer: issuer.value.clone(), at: at.value, bearer_file, ca_file };
    Some(Spanned { span: at.span, value: KeysPart::Place(Box::new(place), seed) })
}

pub(super) fn endpoint(text: &Spanned<Box<str>>, findings: &mut Findings) -> Option<Endpoint> {
    let parsed = Endpoint::parse(&text.value);
    let note = |fault| {
        let shown = if fault == EndpointFault::User {
            findings.hide(text.span);
            "this URL".into()
        } else {
            format!("`{}`", shown(&text.value))
        };
        findings.raise(Code::EndpointRefused, text.span, format!("{shown} may not be asked: {fault}"));
    };
    parsed.map_err(note).ok()
}

/// A file outside of the bundle. What is no path may be the secret itself, and is not shown.
pub(super) fn absolute(file: Spanned<Box<str>>, findings: &mut Findings) -> Option<Box<str>> {
    if file.value.starts_with('/') {
        return Some(file.value);
    }
    findings.hide(file.span);
    let message = "a file outside of the bundle is named by a path from the root";
    let help = "a secret is no part of the bundle: write where it is mounted, such as `/run/secrets/token`";
    findings.advise(Code::BadValue, file.span, message, help);
    None
}

fn read_terms(fields: &Fields<'_>, findings: &mut Findings) -> Terms {
    let mut terms = Terms::default();
    let spell = |wanted| match wanted {
        TokenType::AccessToken => "strict",
        TokenType::Any => "any",
    };
    let known = &[TokenType::AccessToken, TokenType::Any];
    let word =
        fields.get("typ").and_then(|node| walker::word(node, "a word for `typ`", known, spell, findings));
    terms.token_type = word.unwrap_or_default();
    if let Some(node) = fields.get("require_cnf") {
        let is_required = walker::boolean(node, "`require_cnf`", findings) == Some(true);
        terms.binding = if is_required { Binding::Required } else { Binding::AsClaimed };
    }
    if let Some(node) = fields.get("dpop") {
        let word = walker::word(node, "a word for `dpop`", Dpop::ALL, Dpop::as_str, findings);
        terms.dpop = word.unwrap_or_default();
    }
    let mut time = |key: &str, most: Duration, default: Duration| {
        let Some(node) = fields.get(key) else { return default };
        if is_zero(node) && key != "max_lifetime" {
            return Duration::ZERO;
        }
        let Some(time) = walker::duration(node, "time", findings) else { return default };
        if time > most {
            let message = format!("`{key}` may be {} s at most", most.as_secs());
            findings.raise(Code::BadValue, node.span, message);
        }
        time
    };
    terms.leeway = time("leeway", CLOCK_LEEWAY_MAX, terms.leeway);
    terms.life_max = time("max_lifetime", Duration::MAX, terms.life_max);
    terms.belief = time("cache", VERIFIED_LIFE, terms.belief);
    terms
}

fn is_zero(node: &Node) -> bool {
    matches!(&node.content, Content::Scalar(Scalar::Text(text)) if matches!(&**text, "0s" | "0ms"))
}

fn read_claims(fields: &Fields<'_>, kind: IssuerKind, findings: &mut Findings) -> ClaimNames {
    let mut claims = match kind {
        IssuerKind::Kubernetes => ClaimNames {
            agent: None,
            groups: None,
            workload: WorkloadClaim::ServiceAccount,
            ..ClaimNames::default()
        },
        IssuerKind::OAuth => ClaimNames::default(),
    };
    let Some(node) = fields.get("claims") else { return claims };
    let Some(fields) = Fields::open(node, "`claims`", CLAIMS_KEYS, findings) else { return claims };
    let mut read = |key: &str| path(fields.get(key)?, findings);
    if let Some(user) = read("user") {
        claims.user = user;
    }
    claims.tenant = read("tenant").or(claims.tenant);
    claims.agent = read("agent").or(claims.agent);
    claims.groups = read("groups").or(claims.groups);
    claims.scopes = read("scopes");
    if let Some(workload) = read("workload") {
        claims.workload = WorkloadClaim::Path(workload);
    }
    claims
}

/// The name of a claim, or a list of the names on the way down to it.
fn path(node: &Node, findings: &mut Findings) -> Option<ClaimPath> {
    let items = walker::some(node, "the name of a claim", findings)?;
    let names = items.iter().map(|item| Some(line(item, "the name of a claim", findings)?.value));
    let mut names = names.collect::<Option<Vec<_>>>()?.into_iter();
    Some(ClaimPath { first: names.next()?, rest: names.collect() })
}

impl ResourcePart {
    /// Adds what one file says; each may be said once.
    pub(super) fn read(&mut self, fields: &Fields<'_>, findings: &mut Findings) {
        let mut text = |key: &str, what: &str, known: Option<Span>| {
            let entry = fields.entry(key)?;
            note_twin(key, entry.key_span, known, findings);
            line(&entry.value, what, findings)
        };
        let url = text("resource", "a resource", self.url.as_ref().map(|url| url.span));
        let name = text("resource_name", "a resource's name", self.name.as_ref().map(|name| name.span));
        if let Some(url) = url.filter(|url| check_resource(url, findings)) {
            self.url = Some(url);
        }
        self.name = name.or(self.name.take());
        if let Some(entry) = fields.entry("first_scopes") {
            let known = self.first_scopes.as_ref().and_then(|scopes| scopes.first()).map(|scope| scope.span);
            note_twin("first_scopes", entry.key_span, known, findings);
            self.first_scopes = Some(walker::labels(&entry.value, "a scope", findings));
        }
    }
}

fn note_twin(key: &str, span: Span, known: Option<Span>, findings: &mut Findings) {
    if let Some(twin) = known {
        let message = format!("`{key}` stands in another file of the bundle already");
        findings.raise_twin(Code::DuplicateKey, span, twin, message);
    }
}

/// Whether clients can find the metadata by this URL, and compare it. Source: RFC 9728, section 1.2; RFC 8707.
fn check_resource(url: &Spanned<Box<str>>, findings: &mut Findings) -> bool {
    let text = &*url.value;
    let parsed = url::Url::parse(text).ok().filter(|parsed| {
        let bare = parsed.username().is_empty() && parsed.password().is_none();
        bare && parsed.query().is_none() && parsed.fragment().is_none() && parsed.has_host()
    });
    let is_local = |parsed: &url::Url| match parsed.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let is_good = parsed.is_some_and(|parsed| {
        let is_plain = [parsed.as_str(), parsed.as_str().trim_end_matches('/')].contains(&text);
        is_plain && (parsed.scheme() == "https" || (parsed.scheme() == "http" && is_local(&parsed)))
    });
    if !is_good {
        let message = format!("`{}` is no URL that clients could use for this server", shown(text));
        let help = "write the URL of the endpoint as clients write it, such as `https://mcp.example.com/mcp`, \
                    in lower case, with neither query nor fragment";
        findings.advise(Code::BadResource, url.span, message, help);
    }
    is_good
}
