//! The URL of something that is asked out of band: a key set, an authorization server, an introspection.

use std::fmt;

use url::{Host, Url};

use crate::bounds::ENDPOINT_URL_BYTES_MAX;

/// The URL of something that the gate may ask: `https`, or `http` to a loopback address.
///
/// Without user, password and fragment. A host name is never loopback, whatever it resolves to: who
/// answers for a name without TLS is anybody's guess.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Url);

/// Why a text names nothing that may be asked; the fault of whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointFault {
    /// It has a fragment, which is never sent.
    #[error("a URL that is asked has no fragment")]
    Fragment,
    /// It is no absolute URL with a host, or longer than `ENDPOINT_URL_BYTES_MAX`.
    #[error("this is no URL such as `https://idp.example.com/jwks`")]
    Malformed,
    /// It is neither `https` nor `http` to a loopback address.
    #[error("only `https` is asked, and `http` at a loopback address such as `127.0.0.1`")]
    Scheme,
    /// It has a user or a password in it, which would be logged with it.
    #[error("a URL that is asked has no user and no password")]
    User,
}

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`EndpointFault`].
    pub fn parse(text: &str) -> Result<Self, EndpointFault> {
        // The parser of browsers would drop or turn these.
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
        if text.len() > ENDPOINT_URL_BYTES_MAX || text.contains(is_odd) {
            return Err(EndpointFault::Malformed);
        }
        let url = Url::parse(text).map_err(|_| EndpointFault::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointFault::User);
        }
        if url.fragment().is_some() {
            return Err(EndpointFault::Fragment);
        }
        let is_loopback = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(_)) => false,
            None => return Err(EndpointFault::Malformed),
        };
        match (url.scheme(), is_loopback) {
            ("https", _) | ("http", true) => Ok(Self(url)),
            _ => Err(EndpointFault::Scheme),
        }
    }

    /// The URL, for whoever asks.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The URL as text, normalised.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_https_and_loopback_and_nothing_else() {
        for good in [
            "https://idp.example.com",
            "https://idp.example.com:8443/keys?tenant=acme",
            "http://127.0.0.1:8080/jwks",
            "http://[::1]/jwks",
        ] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        let longest = format!("https://a/{}", "x".repeat(ENDPOINT_URL_BYTES_MAX - 10));
        assert!(Endpoint::parse(&longest).is_ok());
        for (bad, fault) in [
            ("", EndpointFault::Malformed),
            ("idp.example.com/jwks", EndpointFault::Malformed),
            ("https://", EndpointFault::Malformed),
            ("https://a\\@b/", EndpointFault::Malformed),
            ("https://a/\n", EndpointFault::Malformed),
            (" https://a/", EndpointFault::Malformed),
            (&format!("{longest}x"), EndpointFault::Malformed),
            ("http://idp.example.com/jwks", EndpointFault::Scheme),
            ("http://localhost/jwks", EndpointFault::Scheme),
            ("http://127.0.0.1.example.com/", EndpointFault::Scheme),
            ("http://10.0.0.1/", EndpointFault::Scheme),
            ("file:///etc/jwks", EndpointFault::Malformed),
            ("ftp://a/", EndpointFault::Scheme),
            ("https://a:b@c/", EndpointFault::User),
            ("https://a@c/", EndpointFault::User),
            ("https://a/#b", EndpointFault::Fragment),
        ] {
            assert_eq!(Endpoint::parse(bad), Err(fault), "{bad}");
        }
    }
}
