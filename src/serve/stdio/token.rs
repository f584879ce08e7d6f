//! Who speaks on the pipe: a token that was handed to the process, since a pipe has no headers.

use std::path::PathBuf;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

/// Where the credential of the one caller comes from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// Nowhere: the caller is anonymous.
    Absent,
    /// A file, read again when what it held is no longer accepted.
    File(PathBuf),
    /// A text, from the environment.
    Given(String),
}

/// The credential of the one caller; never shown.
pub(super) struct Token {
    source: TokenSource,
    headers: HeaderMap,
}

/// Why there is no credential; the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum TokenFault {
    /// It holds characters that no token has.
    #[error("the token holds characters that no token has")]
    Malformed,
    /// The file cannot be read.
    #[error("cannot read the token from `{}`: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
}

impl Token {
    /// Reads the credential.
    ///
    /// # Errors
    /// [`TokenFault`].
    pub(super) fn read(source: TokenSource) -> Result<Self, TokenFault> {
        let headers = headers(&source)?;
        Ok(Self { source, headers })
    }

    /// The credential as the gate looks for it.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Reads a file again; whether it holds another credential than before.
    pub(super) fn renew(&mut self) -> bool {
        if !matches!(self.source, TokenSource::File(_)) {
            return false;
        }
        match headers(&self.source) {
            Ok(headers) if headers != self.headers => {
                self.headers = headers;
                true
            }
            Ok(_) => false,
            Err(fault) => {
                tracing::warn!(%fault, "the token in use stays");
                false
            }
        }
    }
}

fn headers(source: &TokenSource) -> Result<HeaderMap, TokenFault> {
    let mut headers = HeaderMap::new();
    let token = match source {
        TokenSource::Absent => return Ok(headers),
        TokenSource::File(path) => {
            std::fs::read_to_string(path).map_err(|cause| TokenFault::Read { path: path.clone(), cause })?
        }
        TokenSource::Given(token) => token.clone(),
    };
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| TokenFault::Malformed)?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_file_again_and_takes_what_is_new() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        assert!(matches!(Token::read(TokenSource::File(path.clone())), Err(TokenFault::Read { .. })));
        std::fs::write(&path, "secret-1\n").unwrap();
        let mut token = Token::read(TokenSource::File(path.clone())).unwrap();
        assert_eq!(token.headers()[AUTHORIZATION], "Bearer secret-1");
        assert!(!format!("{:?}", token.headers()).contains("secret-1"));
        assert!(!token.renew());
        std::fs::write(&path, "secret-2").unwrap();
        assert!(token.renew());
        assert_eq!(token.headers()[AUTHORIZATION], "Bearer secret-2");
        std::fs::remove_file(&path).unwrap();
        assert!(!token.renew());
        assert!(!Token::read(TokenSource::Given("secret-3".into())).unwrap().renew());
        assert!(Token::read(TokenSource::Given("a\u{7}b".into())).is_err());
        assert!(Token::read(TokenSource::Absent).unwrap().headers().is_empty());
    }
}
