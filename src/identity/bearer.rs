//! The token of an `Authorization` value.

use crate::bounds::TOKEN_BYTES_MAX;

/// Takes the token of `Bearer TOKEN`; `None` if it is anything else.
///
/// The scheme in any case, one or more spaces, then one `token68` of at most `TOKEN_BYTES_MAX`.
/// Source: RFC 6750, section 2.1; RFC 9110, section 11.2.
pub(super) fn token(authorization: &str) -> Option<&str> {
    let (scheme, rest) = authorization.split_once(' ')?;
    let token = rest.trim_matches(' ');
    let is_ours = scheme.eq_ignore_ascii_case("bearer") && token.len() <= TOKEN_BYTES_MAX;
    (is_ours && is_token68(token)).then_some(token)
}

fn is_token68(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_token_and_nothing_else() {
        let longest = "x".repeat(TOKEN_BYTES_MAX);
        for good in ["Bearer a", "bearer a", "BEARER   a", "Bearer a=="] {
            assert!(token(good).is_some_and(|token| token.starts_with('a')), "{good}");
        }
        assert_eq!(token(&format!("Bearer {longest}")), Some(longest.as_str()));
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
            "DPoP a",
            "a",
            "Bearer a=b",
            "Bearer \u{e9}",
            " Bearer a",
            &too_long,
        ];
        for bad in cases {
            assert_eq!(token(bad), None, "{bad}");
        }
    }
}
