//! Signs tokens for tests, well and badly.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use ring::{hmac, signature};

use super::super::Algorithm;

/// A key pair.
pub(super) enum Pen {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Puts three parts together.
pub(super) fn token(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", base64(header), base64(claims));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", base64(signature))
}

/// Signs as an attacker would who takes the text of a key for a secret.
pub(super) fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

impl Pen {
    /// The pen for an algorithm; the Ed25519 and P-256 ones are new each time.
    pub fn new(algorithm: Algorithm) -> Self {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::EdDsa => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
                Self::Ed(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key"))
            }
            Algorithm::Es256 => {
                let how = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).expect("a key");
                Self::Ec(EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).expect("a key"))
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let pkcs8 = include_bytes!("../../../tests/fixtures/rsa_2048.pk8");
                Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8).expect("a key"))
            }
        }
    }

    /// The members of its JWK that say which key it is.
    pub fn members(&self) -> String {
        match self {
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, base64(x), base64(y))
            }
            Self::Ed(pair) => {
                format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, base64(pair.public_key()))
            }
            Self::Rsa(pair) => {
                let key: PublicKeyComponents<Vec<u8>> = pair.public().into();
                format!(r#""kty":"RSA","n":"{}","e":"{}""#, base64(key.n), base64(key.e))
            }
        }
    }

    pub fn jwk(&self, kid: &str) -> String {
        format!(r#"{{"kid":"{kid}","use":"sig",{}}}"#, self.members())
    }

    /// Signs with its key in the way of `algorithm`.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(pair) => pair.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let how: &dyn signature::RsaEncoding =
                    if algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(how, &random, message, &mut signature).expect("a signature");
                signature
            }
        }
    }
}
