//! An identity provider: a key set over HTTP that can rotate and go away, and whatever token is wanted.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use super::upstream::{After, Got, Upstream, send_json};

/// What the provider calls the server behind the gate.
pub const RESOURCE: &str = "https://mcp.example.com/mcp";

/// A provider that listens; it stops with the value.
pub struct Provider {
    /// Its name, and where it listens.
    pub issuer: String,
    keys: Arc<Keys>,
    server: Upstream,
}

/// The keys of a provider, and what became of its key endpoint.
#[derive(Default)]
pub struct Keys {
    pens: Mutex<Vec<Pen>>,
    is_down: AtomicBool,
    fetches: AtomicUsize,
}

/// A key that signs with ES256.
pub struct Pen {
    kid: String,
    pair: EcdsaKeyPair,
}

impl Pen {
    /// A new key.
    pub fn new(kid: &str) -> Self {
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).expect("a key can be made");
        let pair = EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).expect("it is a key");
        Self { kid: kid.into(), pair }
    }

    /// Its public half.
    pub fn jwk(&self) -> String {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let (kid, x, y) = (&self.kid, URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        format!(r#"{{"kid":"{kid}","use":"sig","alg":"ES256","kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#)
    }

    /// Signs a header and claims.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("it signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The header of its access tokens, with more members.
    pub fn header(&self, more: &str) -> String {
        format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{}"{more}}}"#, self.kid)
    }
}

impl Keys {
    /// The key set as published now.
    pub fn jwks(&self) -> String {
        let pens = self.pens.lock().expect("no thread panicked with it");
        format!(r#"{{"keys":[{}]}}"#, pens.iter().map(Pen::jwk).collect::<Vec<_>>().join(","))
    }

    /// Answers at the key endpoint and for metadata; false for any other path.
    pub fn answer(&self, issuer: &str, got: &Got, stream: &mut TcpStream) -> Option<After> {
        let path = got.head.split(' ').nth(1)?.to_owned();
        if self.is_down.load(Ordering::SeqCst) {
            return Some(After::Close);
        }
        match &*path {
            "/jwks" => {
                self.fetches.fetch_add(1, Ordering::SeqCst);
                send_json(stream, 200, &self.jwks());
            }
            "/.well-known/openid-configuration" => {
                let metadata = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/jwks"}}"#);
                send_json(stream, 200, &metadata);
            }
            _ => return None,
        }
        Some(After::Keep)
    }

    /// Signs with the newest key.
    pub fn token(&self, issuer: &str, changes: &[(&str, &str)]) -> String {
        let pens = self.pens.lock().expect("no thread panicked with it");
        let pen = pens.last().expect("it has a key");
        pen.sign(&pen.header(""), &claims(issuer, changes))
    }
}

impl Provider {
    /// Starts with one key, `k1`.
    pub fn start() -> Self {
        Self::with(|_, _, _, stream| {
            send_json(stream, 404, "{}");
            After::Keep
        })
    }

    /// Starts with one key, and answers at other paths than those of keys as `play` does.
    pub fn with(play: impl Fn(&Keys, &str, &Got, &mut TcpStream) -> After + Send + Sync + 'static) -> Self {
        let keys = Arc::new(Keys::default());
        let own = Arc::clone(&keys);
        let server = Upstream::start(move |got, stream| {
            let host = got
                .head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("host: ").map(str::to_owned))
                .unwrap_or_default();
            let issuer = format!("http://{host}");
            own.answer(&issuer, got, stream).unwrap_or_else(|| play(&own, &issuer, got, stream))
        });
        let provider = Self { issuer: format!("http://{}", server.address), keys, server };
        provider.rotate("k1");
        provider
    }

    /// Publishes one more key, and signs with it from now on.
    pub fn rotate(&self, kid: &str) {
        self.keys.pens.lock().expect("no thread panicked with it").push(Pen::new(kid));
    }

    /// Publishes a key no longer.
    pub fn retire(&self, kid: &str) {
        self.keys.pens.lock().expect("no thread panicked with it").retain(|pen| pen.kid != kid);
    }

    /// Answers nothing, or answers again.
    pub fn set_down(&self, is_down: bool) {
        self.keys.is_down.store(is_down, Ordering::SeqCst);
    }

    /// How often its key set was fetched.
    pub fn fetches(&self) -> usize {
        self.keys.fetches.load(Ordering::SeqCst)
    }

    /// The key set as published now.
    pub fn jwks(&self) -> String {
        self.keys.jwks()
    }

    /// Every request so far.
    pub fn got(&self) -> Vec<Got> {
        self.server.got()
    }

    /// A good token by the newest key, with some claims replaced, added, or left out where the value is
    /// empty.
    pub fn token(&self, changes: &[(&str, &str)]) -> String {
        self.keys.token(&self.issuer, changes)
    }

    /// The same, with a header of the test's own, and by the first key.
    pub fn token_with(&self, header: impl FnOnce(&Pen) -> String, changes: &[(&str, &str)]) -> String {
        let pens = self.keys.pens.lock().expect("no thread panicked with it");
        let pen = pens.first().expect("it has a key");
        pen.sign(&header(pen), &claims(&self.issuer, changes))
    }
}

/// The claims of a good token; see [`Provider::token`].
pub fn claims(issuer: &str, changes: &[(&str, &str)]) -> String {
    let now = unix_seconds();
    let good = [
        ("iss", format!("\"{issuer}\"")),
        ("aud", format!("\"{RESOURCE}\"")),
        ("sub", r#""carol""#.into()),
        ("org_id", r#""acme""#.into()),
        ("scope", r#""read""#.into()),
        ("iat", (now - 60).to_string()),
        ("exp", (now + 600).to_string()),
    ];
    let is_changed = |name: &str| changes.iter().any(|(other, _)| *other == name);
    let kept = good.iter().filter(|(name, _)| !is_changed(name)).map(|(name, value)| (*name, value.as_str()));
    let all = kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
    let members: Vec<String> = all.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Now, in seconds since 1970.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs()
}

/// A file with a certificate authority, in PEM.
pub fn authority() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file can be made");
    let mut command = std::process::Command::new("openssl");
    let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout /dev/null";
    command.args(words.split_whitespace()).stderr(std::process::Stdio::null());
    let made = command.stdout(file.reopen().expect("it can be written")).status();
    assert!(made.is_ok_and(|status| status.success()), "openssl makes a certificate");
    file
}
