//! When a token ends, for whoever derives something from it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::json::Document;

/// Reads `exp` of a JWT that was verified, in milliseconds since 1970; `None` for any other token.
///
/// Checks nothing: what this says of a token that was not verified is worth nothing.
pub fn expires_ms(token: &str) -> Option<u64> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let document = Document::parse(&payload).ok()?;
    let exp = document.root().get("exp")?;
    let whole = exp.raw().split('.').next()?.parse::<u64>().ok()?;
    whole.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_end_of_a_token() {
        let token = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        for (claims, wanted) in [
            (r#"{"exp":1700000000}"#, Some(1_700_000_000_000)),
            (r#"{"exp":1700000000.9}"#, Some(1_700_000_000_000)),
            (r#"{"exp":"1700000000"}"#, None),
            (r#"{"exp":-1}"#, None),
            (r#"{"exp":99999999999999999999}"#, None),
            (r#"{"exp":1,"exp":2}"#, None),
            ("{}", None),
            ("[]", None),
        ] {
            assert_eq!(expires_ms(&token(claims)), wanted, "{claims}");
        }
        for other in ["", "opaque", "a.b", "a.!.c"] {
            assert_eq!(expires_ms(other), None, "{other}");
        }
    }
}
