//! The token of an `Authorization` value.

use crate::bounds::TOKEN_BYTES_MAX;

/// A token, and how it is shown.
#[derive(Clone, Copy)]
pub(super) struct Credential<'a> {
    pub scheme: Scheme,
    pub token: &'a str,
}

/// What a client says a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Good for whoever holds it.
    Bearer,
    /// Good with a proof of possession.
    Dpop,
}

impl<'a> Credential<'a> {
    /// Takes the token of `Bearer TOKEN` or `DPoP TOKEN`; `None` if it is anything else.
    ///
    /// The scheme in any case, one or more spaces, then one `token68` of at most `TOKEN_BYTES_MAX`.
    /// Source: RFC 6750, section 2.1; RFC 9110, section 11.2; RFC 9449, section 7.1.
    pub fn read(authorization: &'a str) -> Option<Self> {
        let (scheme, rest) = authorization.split_once(' ')?;
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
            _ if scheme.eq_ignore_ascii_case("dpop") => Scheme::Dpop,
            _ => return None,
        };
        let token = rest.trim_matches(' ');
        (token.len() <= TOKEN_BYTES_MAX && is_token68(token)).then_some(Self { scheme, token })
    }
}

/// Whether what is shown is said to be good for whoever holds it.
pub(super) fn is_bearer(authorization: &str) -> bool {
    authorization.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
}

/// Takes the token of `Bearer TOKEN` or `DPoP TOKEN`; `None` if it is anything else.
pub fn token(authorization: &str) -> Option<&str> {
    Credential::read(authorization).map(|credential| credential.token)
}

fn is_token68(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(authorization: &str) -> Option<(Scheme, &str)> {
        Credential::read(authorization).map(|credential| (credential.scheme, credential.token))
    }

    #[test]
    fn takes_one_token_and_nothing_else() {
        let longest = "x".repeat(TOKEN_BYTES_MAX);
        for good in ["Bearer a", "bearer a", "BEARER   a", "Bearer a=="] {
            let token = read(good).filter(|(scheme, _)| *scheme == Scheme::Bearer);
            assert!(token.is_some_and(|(_, token)| token.starts_with('a')) && is_bearer(good), "{good}");
        }
        for good in ["DPoP a", "dpop a", "DPOP   a"] {
            assert_eq!(read(good), Some((Scheme::Dpop, "a")), "{good}");
            assert!(!is_bearer(good), "{good}");
        }
        assert_eq!(read(&format!("Bearer {longest}")), Some((Scheme::Bearer, longest.as_str())));
        let too_long = format!("Bearer {longest}x");
        let cases = [
            "",
            "Bearer",
            "Bearer ",
            "Bearer  ",
            "Bearer =",
            "Bearer a b",
            "Bearer a, Bearer b",
            "Bearer\ta",
            "Basic YTpi",
            "DPoP",
            "DPoP a b",
            "DPoPa",
            "a",
            "Bearer a=b",
            "Bearer \u{e9}",
            " Bearer a",
            &too_long,
        ];
        for bad in cases {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
