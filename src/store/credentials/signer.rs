//! The key that statements about callers are signed with.
//!
//! The provider of the token pipeline verifies and cannot sign, so that nothing in the gate can be made
//! to sign by a token's header. Signing is done here alone, with ring, for one type of token.
//!
//! Source: RFC 7515, 7517, 7518 (section 3.4), 7638, 8037.

use std::fmt;
use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;

use super::secret::read_bounded;
use crate::identity::STATEMENT_TYPE;

/// A private key, and what the world may know of it.
pub(super) struct Signer {
    pair: Pair,
    /// The header of each statement, encoded.
    header: Box<str>,
    /// The public key as a JWK.
    jwk: Box<str>,
}

enum Pair {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
}

/// The system gives no random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoRandomness;

impl Signer {
    /// Makes a key that this process alone has.
    pub fn fresh() -> Result<Self, NoRandomness> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let pair = pkcs8.ok().and_then(|pkcs8| Pair::read(pkcs8.as_ref()));
        pair.map(Self::new).ok_or(NoRandomness)
    }

    /// Reads a key of P-256 or Ed25519 in PKCS #8, as PEM or DER.
    ///
    /// # Errors
    /// The system's; also for what is no such key.
    pub fn read(path: &Path) -> Result<Self, io::Error> {
        let bytes = read_bounded(path)?;
        let der = match PrivatePkcs8KeyDer::from_pem_slice(&bytes) {
            Ok(der) => der.secret_pkcs8_der().to_vec(),
            Err(_) => bytes,
        };
        Pair::read(&der).map(Self::new).ok_or_else(|| {
            let words = "it is no private key of P-256 or Ed25519 in PKCS #8; make one with \
                         `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`";
            io::Error::other(words)
        })
    }

    fn new(pair: Pair) -> Self {
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // The members that count for the thumbprint, in the order that it wants.
        let (algorithm, members) = match &pair {
            Pair::EdDsa(pair) => {
                let x = base64(pair.public_key().as_ref());
                ("EdDSA", format!(r#""crv":"Ed25519","kty":"OKP","x":"{x}""#))
            }
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref();
                // One byte says that the point is uncompressed; its coordinates are of equal length.
                let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
                let (x, y) = (base64(x), base64(y));
                ("ES256", format!(r#""crv":"P-256","kty":"EC","x":"{x}","y":"{y}""#))
            }
        };
        let kid = base64(digest(&SHA256, format!("{{{members}}}").as_bytes()).as_ref());
        let header = format!(r#"{{"alg":"{algorithm}","typ":"{STATEMENT_TYPE}","kid":"{kid}"}}"#);
        let jwk = format!(r#"{{{members},"kid":"{kid}","alg":"{algorithm}","use":"sig"}}"#);
        Self { pair, header: base64(header.as_bytes()).into(), jwk: jwk.into() }
    }

    /// Signs claims: the compact form of a JWS.
    ///
    /// # Errors
    /// [`NoRandomness`]: a signature of ECDSA without it would tell the key.
    pub fn sign(&self, claims: &str) -> Result<String, NoRandomness> {
        let mut text = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
        let signature = match &self.pair {
            Pair::EdDsa(pair) => URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes())),
            Pair::Es256(pair) => {
                let signed = pair.sign(&SystemRandom::new(), text.as_bytes());
                URL_SAFE_NO_PAD.encode(signed.map_err(|_| NoRandomness)?)
            }
        };
        text.push('.');
        text.push_str(&signature);
        Ok(text)
    }

    /// The public key.
    pub fn jwk(&self) -> &str {
        &self.jwk
    }
}

/// Keys are the same whose public parts are.
impl PartialEq for Signer {
    fn eq(&self, other: &Self) -> bool {
        self.jwk == other.jwk
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("jwk", &self.jwk).finish_non_exhaustive()
    }
}

impl Pair {
    fn read(pkcs8: &[u8]) -> Option<Self> {
        let how = &ECDSA_P256_SHA256_FIXED_SIGNING;
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(how, pkcs8, &SystemRandom::new()) {
            return Some(Self::Es256(pair));
        }
        // Most tools write the first version of the form, without the public key.
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok().map(Self::EdDsa)
    }
}

/// A text that no other has: 128 random bits.
///
/// # Errors
/// [`NoRandomness`].
pub(super) fn unique() -> Result<String, NoRandomness> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

    use super::*;

    fn openssl(directory: &Path, words: &str) {
        let mut command = Command::new("openssl");
        command.args(words.split_whitespace()).current_dir(directory).stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "openssl {words}");
    }

    /// Verifies what `signer` signs, as a server would by its JWK set.
    fn verifies(signer: &Signer, algorithm: Algorithm) {
        crate::identity::install_crypto();
        let set: JwkSet = serde_json::from_str(&format!(r#"{{"keys":[{}]}}"#, signer.jwk())).unwrap();
        let token = signer.sign(r#"{"aud":"db","sub":"carol"}"#).unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header.typ.as_deref(), Some(STATEMENT_TYPE));
        let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&["db"]);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let decoded = jsonwebtoken::decode::<serde_json::Value>(&token, &key, &validation).unwrap();
        assert_eq!(decoded.claims["sub"], "carol");
        let altered = token.replacen('.', ".eyJ9", 1);
        assert!(jsonwebtoken::decode::<serde_json::Value>(&altered, &key, &validation).is_err());
    }

    #[test]
    fn signs_what_others_verify() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let signers = [
            (
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out es.pem",
                "es.pem",
                Algorithm::ES256,
            ),
            ("pkcs8 -topk8 -nocrypt -in es.pem -outform DER -out es.der", "es.der", Algorithm::ES256),
            ("genpkey -algorithm ed25519 -out ed.pem", "ed.pem", Algorithm::EdDSA),
        ];
        for (words, name, algorithm) in signers {
            openssl(directory.path(), words);
            verifies(&Signer::read(&path(name)).unwrap(), algorithm);
        }
        assert_eq!(Signer::read(&path("es.pem")).unwrap(), Signer::read(&path("es.der")).unwrap());
        let (one, two) = (Signer::fresh().unwrap(), Signer::fresh().unwrap());
        verifies(&one, Algorithm::ES256);
        assert_ne!(one, two);
        assert_ne!(unique().unwrap(), unique().unwrap());
    }

    #[test]
    fn refuses_other_keys() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for (words, name) in [
            ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem", "p384.pem"),
            ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem", "rsa.pem"),
            ("ecparam -name prime256v1 -genkey -noout -out sec1.pem", "sec1.pem"),
        ] {
            openssl(directory.path(), words);
            assert!(Signer::read(&path(name)).is_err(), "{name}");
        }
        std::fs::write(path("none"), "").unwrap();
        assert!(Signer::read(&path("none")).is_err() && Signer::read(&path("absent")).is_err());
    }

    #[test]
    fn shows_nothing_of_the_private_key() {
        let signer = Signer::fresh().unwrap();
        assert!(!signer.jwk().contains("\"d\"") && !format!("{signer:?}").contains("\"d\""));
    }
}
