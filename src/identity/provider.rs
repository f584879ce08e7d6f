//! jsonwebtoken's signatures on ring, for verification only.
//!
//! What is not in here cannot be configured: no HMAC, no signing, no other curve or hash.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::jwk::ThumbprintHash;
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::digest::{SHA256, digest};
use ring::signature::{self as signatures, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};

/// Verifies RS256, PS256, ES256 and `EdDSA` on ring; signs nothing.
pub static RING: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: new_verifier,
    key_utils: KeyUtils { compute_digest: thumbprint, ..KeyUtils::new_unimplemented() },
};

/// Makes [`RING`] the provider of the process; further calls change nothing.
///
/// [`Directory::new`](super::Directory::new) calls it, for without a provider jsonwebtoken panics.
pub fn install_crypto() {
    // The only error is "there is one already", and nothing else in this program installs one.
    let _ = RING.install_default();
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        match self.algorithm {
            Algorithm::RS256 => self.rsa(&signatures::RSA_PKCS1_2048_8192_SHA256, message, signature),
            Algorithm::PS256 => self.rsa(&signatures::RSA_PSS_2048_8192_SHA256, message, signature),
            Algorithm::ES256 => self.plain(&signatures::ECDSA_P256_SHA256_FIXED, message, signature),
            Algorithm::EdDSA => self.plain(&signatures::ED25519, message, signature),
            _ => Err(Error::new()),
        }
    }
}

impl RingVerifier {
    fn rsa(
        &self,
        parameters: &'static RsaParameters,
        message: &[u8],
        signature: &[u8],
    ) -> std::result::Result<(), Error> {
        match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(parameters, message, signature).map_err(|_| Error::new())
            }
            DecodingKeyKind::SecretOrDer(_) => self.plain(parameters, message, signature),
        }
    }

    fn plain(
        &self,
        algorithm: &'static dyn signatures::VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> std::result::Result<(), Error> {
        let key = self.key.try_get_as_bytes().map_err(Error::from_source)?;
        UnparsedPublicKey::new(algorithm, key).verify(message, signature).map_err(|_| Error::new())
    }
}

fn new_verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 | Algorithm::EdDSA
            if key.family() == algorithm.family() =>
        {
            Ok(Box::new(RingVerifier { algorithm: *algorithm, key: key.clone() }))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

/// Source: RFC 7638.
#[expect(clippy::needless_pass_by_value, reason = "the signature is jsonwebtoken's")]
fn thumbprint(data: &[u8], hash: ThumbprintHash) -> Result<Vec<u8>> {
    match hash {
        ThumbprintHash::SHA256 => Ok(digest(&SHA256, data).as_ref().to_vec()),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}
