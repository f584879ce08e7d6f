//! A small authorization server: metadata, registration, consent that is always given, PKCE, tokens.
//!
//! Source: OAuth 2.1; RFC 7591, 7636, 8414, 8707.

use std::collections::HashMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::provider::{Keys, Provider};
use super::upstream::{After, Got, send_json};

/// What was consented to, by code.
#[derive(Default)]
struct Desk {
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
}

/// Starts one. Its tokens are for the resource that the client names, with the scopes that it asks for.
pub fn start() -> Provider {
    let desk = Desk::default();
    Provider::with(move |keys, issuer, got, stream| desk.answer(keys, issuer, got, stream))
}

impl Desk {
    fn answer(&self, keys: &Keys, issuer: &str, got: &Got, stream: &mut TcpStream) -> After {
        let target = got.head.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path {
            "/.well-known/oauth-authorization-server" => send_json(
                stream,
                200,
                &json!({
                    "issuer": issuer,
                    "jwks_uri": format!("{issuer}/jwks"),
                    "authorization_endpoint": format!("{issuer}/authorize"),
                    "token_endpoint": format!("{issuer}/token"),
                    "registration_endpoint": format!("{issuer}/register"),
                    "response_types_supported": ["code"],
                    "grant_types_supported": ["authorization_code"],
                    "code_challenge_methods_supported": ["S256"],
                    "token_endpoint_auth_methods_supported": ["none"],
                })
                .to_string(),
            ),
            "/register" => {
                let mut client: Value = serde_json::from_str(&got.body).unwrap_or_else(|_| json!({}));
                client["client_id"] = "peer-1".into();
                send_json(stream, 201, &client.to_string());
            }
            "/authorize" => self.consent(query, stream),
            "/token" => match self.redeem(&got.body) {
                Some(consent) => send_json(stream, 200, &token(keys, issuer, &consent)),
                None => send_json(stream, 400, r#"{"error":"invalid_grant"}"#),
            },
            _ => send_json(stream, 404, "{}"),
        }
        After::Keep
    }

    /// Gives consent, and sends the client back with a code.
    fn consent(&self, query: &str, stream: &mut TcpStream) {
        let asked = fields(query);
        let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let mut codes = self.codes.lock().expect("no thread panicked with it");
        let code = format!("code-{}", codes.len());
        let (back, state) = (field("redirect_uri"), field("state"));
        let is_whole = field("code_challenge_method") == "S256" && !field("resource").is_empty();
        codes.insert(code.clone(), asked);
        let state: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
        let head = if is_whole {
            format!("HTTP/1.1 302 X\r\nLocation: {back}?code={code}&state={state}\r\n")
        } else {
            "HTTP/1.1 400 X\r\n".into()
        };
        let _ = stream.write_all(format!("{head}Content-Length: 0\r\n\r\n").as_bytes());
    }

    /// What was consented to, if whoever comes with the code is who was sent back with it.
    fn redeem(&self, body: &str) -> Option<HashMap<String, String>> {
        let shown = fields(body);
        let mut codes = self.codes.lock().expect("no thread panicked with it");
        let consent = codes.get_mut(shown.get("code")?)?;
        let challenge = consent.remove("code_challenge")?;
        let proof = URL_SAFE_NO_PAD.encode(digest(&SHA256, shown.get("code_verifier")?.as_bytes()));
        let is_same = ["redirect_uri", "resource", "client_id"]
            .iter()
            .all(|name| shown.get(*name) == consent.get(*name));
        (proof == challenge && is_same).then(|| consent.clone())
    }
}

fn fields(form: &str) -> HashMap<String, String> {
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

fn token(keys: &Keys, issuer: &str, consent: &HashMap<String, String>) -> String {
    let field = |name: &str| consent.get(name).cloned().unwrap_or_default();
    let quoted = |name: &str| Value::from(field(name)).to_string();
    let token = keys
        .token(issuer, &[("aud", &quoted("resource")), ("scope", &quoted("scope")), ("azp", r#""peer-1""#)]);
    json!({ "access_token": token, "token_type": "Bearer", "expires_in": 600, "scope": field("scope") })
        .to_string()
}
