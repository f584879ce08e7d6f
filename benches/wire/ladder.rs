//! The policy ladder of sluicegate: each rung checks what the one below checks, and one thing more.
//!
//! ```text
//!   off     anonymous callers, every tool allowed
//!   authz   + callers by JWT (ES256), roles, allow and deny rules with arguments
//!   limits  + five limits on every call: conversation, user, tool, tenant, server
//!   redact  + health and card data in results, card numbers in arguments
//!   audit   + one JSON line per message to a file: everything on
//! ```
//!
//! The limits are so wide that no measured call is refused, but every one is charged; one tool has a narrow
//! limit, by which the bench proves that limits are in force.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

/// Calls that the narrow limit grants.
pub const LIMITED_CALLS: u32 = 2;

const COMMON: &str = include_str!("policies/common.yaml");
const OPEN: &str = include_str!("policies/open.yaml");
const AUTHZ: &str = include_str!("policies/authz.yaml");
const LIMITS: &str = include_str!("policies/limits.yaml");
const REDACT: &str = include_str!("policies/redact.yaml");
const AUDIT_NONE: &str = include_str!("policies/audit-none.yaml");
const AUDIT_FILE: &str = include_str!("policies/audit-file.yaml");

/// How much a sluicegate checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Nothing that a policy can switch off.
    Off,
    /// Who calls, and what they may.
    Authz,
    /// And how often.
    Limits,
    /// And what the messages carry.
    Redact,
    /// And writes it down.
    Audit,
}

/// A caller that the ladder knows.
pub struct Credentials {
    /// The bearer token, valid for a day.
    pub token: String,
    jwks: String,
}

/// How to start one rung.
pub struct Plan {
    /// The command line.
    pub arguments: Vec<String>,
    /// The audit log, where one is written.
    pub audit: Option<PathBuf>,
}

impl Rung {
    /// From the ground up.
    pub const ALL: [Self; 5] = [Self::Off, Self::Authz, Self::Limits, Self::Redact, Self::Audit];

    /// The name of the target at this rung.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "gate-off",
            Self::Authz => "gate-authz",
            Self::Limits => "gate-limits",
            Self::Redact => "gate-redact",
            Self::Audit => "gate-audit",
        }
    }

    /// Whether callers must show who they are.
    pub fn has_callers(self) -> bool {
        self >= Self::Authz
    }

    /// Whether calls are counted.
    pub fn has_limits(self) -> bool {
        self >= Self::Limits
    }

    /// Whether personal data is hidden.
    pub fn has_redaction(self) -> bool {
        self >= Self::Redact
    }

    fn bundle(self) -> String {
        let parts: &[&str] = match self {
            Self::Off => &[COMMON, OPEN, AUDIT_NONE],
            Self::Authz => &[COMMON, AUTHZ, AUDIT_NONE],
            Self::Limits => &[COMMON, AUTHZ, LIMITS, AUDIT_NONE],
            Self::Redact => &[COMMON, AUTHZ, LIMITS, REDACT, AUDIT_NONE],
            Self::Audit => &[COMMON, AUTHZ, LIMITS, REDACT, AUDIT_FILE],
        };
        parts.concat()
    }
}

impl Credentials {
    /// A fresh key and a token signed with it.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn new() -> io::Result<Self> {
        let refused = |_| io::Error::other("no signing key can be made");
        let random = SystemRandom::new();
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(refused)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
            .map_err(|rejected| io::Error::other(rejected.to_string()))?;
        // An uncompressed point: one byte that says so, then x and y.
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let jwks = format!(
            r#"{{"keys":[{{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"wire","x":"{x}","y":"{y}"}}]}}"#
        );
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
        let claims = format!(
            r#"{{"iss":"https://idp.example.com","aud":"https://mcp.example.com/mcp","sub":"mira","org_id":"acme","azp":"assistant","scope":"orders:read notes:read ledger:read","iat":{now},"exp":{}}}"#,
            now + 24 * 60 * 60
        );
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"at+jwt","kid":"wire"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = key.sign(&random, signed.as_bytes()).map_err(refused)?;
        Ok(Self { token: format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)), jwks })
    }
}

/// Writes the bundle of a rung into `directory` and says how to start it there.
///
/// # Errors
/// The files cannot be written.
pub fn plan(rung: Rung, directory: &Path, origin: SocketAddr, credentials: &Credentials) -> io::Result<Plan> {
    let bundle = directory.join("policy");
    std::fs::create_dir_all(&bundle)?;
    std::fs::write(bundle.join("policy.yaml"), rung.bundle())?;
    std::fs::write(bundle.join("jwks.json"), &credentials.jwks)?;
    let upstream = format!("http://{origin}/mcp");
    let mut arguments: Vec<String> = [
        "run",
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
        "--threads",
        "1",
        "--upstream",
        &upstream,
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.extend(["--policy".to_owned(), bundle.to_string_lossy().into_owned()]);
    let audit = (rung == Rung::Audit).then(|| directory.join("audit.jsonl"));
    if let Some(path) = &audit {
        std::fs::write(path, "")?;
        arguments.extend(["--audit".to_owned(), path.to_string_lossy().into_owned()]);
    }
    Ok(Plan { arguments, audit })
}
