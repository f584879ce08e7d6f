//! An authorization server for tests: it signs tokens of callers, and gives tokens for the gate.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use super::upstream::{After, Got, Upstream, send_json};

/// A part of a bundle that trusts the tokens of [`Idp::token`]; its keys are in `idp.jwks.json`.
pub const ISSUER: &str = "version: 1
callers:
  issuers:
    - { issuer: https://idp.example.com, audience: https://mcp.example.com/mcp, jwks: idp.jwks.json, algorithms: [ES256] }
";

/// A key that signs tokens of callers.
pub struct Idp {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Idp {
    /// A fresh key.
    pub fn new() -> Self {
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).expect("a key can be made");
        let pair = EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).expect("it is a key");
        Self { pair, random }
    }

    /// The public key as a JWK set.
    pub fn jwks(&self) -> String {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        format!(
            r#"{{"keys":[{{"kid":"k1","use":"sig","alg":"ES256","kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}]}}"#
        )
    }

    /// A token of `user` with the scope `read`, which ends in five minutes.
    pub fn token(&self, user: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let claims = format!(
            r#"{{"iss":"https://idp.example.com","aud":"https://mcp.example.com/mcp","sub":"{user}","scope":"read","iat":{now},"exp":{}}}"#,
            now + 300
        );
        let header = r#"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#;
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).expect("it signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A token endpoint that answers as it is told to.
pub struct TokenEndpoint {
    server: Upstream,
    says: Arc<Mutex<Says>>,
}

type Says = Box<dyn Fn(&Got) -> (u16, String) + Send>;

impl TokenEndpoint {
    /// Answers each question as `says` does: a status, and a body.
    pub fn new(says: impl Fn(&Got) -> (u16, String) + Send + 'static) -> Self {
        let says: Arc<Mutex<Says>> = Arc::new(Mutex::new(Box::new(says)));
        let shared = Arc::clone(&says);
        let server = Upstream::start(move |got, stream| {
            let (status, body) = shared.lock().expect("no thread panicked with it")(got);
            send_json(stream, status, &body);
            After::Keep
        });
        Self { server, says }
    }

    /// Answers otherwise from now on.
    pub fn say(&self, says: impl Fn(&Got) -> (u16, String) + Send + 'static) {
        *self.says.lock().expect("no thread panicked with it") = Box::new(says);
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/token", self.server.address)
    }

    /// Every question so far.
    pub fn asked(&self) -> Vec<Got> {
        self.server.got()
    }
}

/// A token as an endpoint gives it to a client of its own.
pub fn grant(token: &str, seconds: u32) -> (u16, String) {
    (200, format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{seconds}}}"#))
}

/// A field of a form, decoded.
pub fn field(got: &Got, name: &str) -> Option<String> {
    let value = got.body.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?.1;
    let (mut bytes, mut rest) = (Vec::new(), value.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).expect("two hexadecimal digits")
            }
            other => other,
        });
    }
    Some(String::from_utf8(bytes).expect("a form is UTF-8"))
}

/// A header of a request.
pub fn header(got: &Got, name: &str) -> Option<String> {
    got.head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
