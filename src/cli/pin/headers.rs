//! Headers for the server from a file, so that no credential stands on a command line.

use std::fmt;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};

/// Why a file gives no headers: the operator's fault. Repeats nothing of what is in it but names.
#[derive(Debug)]
pub(in crate::cli) struct HeaderFault {
    path: PathBuf,
    line: usize,
    what: String,
}

impl fmt::Display for HeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

/// Headers that the question itself has.
const OURS: &[&str] = &[
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Reads headers, one a line as `Name: value`. Empty lines and such with `#` at the beginning say nothing.
///
/// # Errors
/// The line at fault; line 0 where the file cannot be read.
pub(in crate::cli) fn read(path: &Path) -> Result<HeaderMap, HeaderFault> {
    let fault = |line: usize, what: String| HeaderFault { path: path.into(), line, what };
    let text = std::fs::read_to_string(path).map_err(|cause| fault(0, format!("cannot be read: {cause}")))?;
    parse(&text).map_err(|(line, what)| fault(line, what))
}

fn parse(text: &str) -> Result<HeaderMap, (usize, String)> {
    let mut headers = HeaderMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| (index + 1, what.to_owned());
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("a header is written `Name: value`"))?;
        let name: HeaderName =
            name.parse().map_err(|_| wrong("what stands before the colon is no name of a header"))?;
        if OURS.contains(&name.as_str()) {
            return Err(wrong(&format!("`{name}` is set by the question itself")));
        }
        let mut value = HeaderValue::from_str(value.trim())
            .map_err(|_| wrong(&format!("the value of `{name}` may not stand in a header")))?;
        value.set_sensitive(true);
        if headers.insert(name.clone(), value).is_some() {
            return Err(wrong(&format!("`{name}` stands there twice")));
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_and_nothing_that_frames_a_message() {
        let headers =
            parse("# of acme\n\nAuthorization:  Bearer secret-1 \r\nX-Tenant: acme\n").expect("headers");
        assert_eq!(headers["authorization"], "Bearer secret-1");
        assert!(headers["authorization"].is_sensitive());
        assert_eq!(headers["x-tenant"], "acme");
        let cases = [
            ("Authorization Bearer secret-1", 1),
            ("\nA B: secret-1", 2),
            ("Content-Length: 5", 1),
            ("X: 1\nMCP-Session-Id: secret-1", 2),
            ("X: secret-1\nx: secret-1", 2),
            ("X: secret\u{7f}-1", 1),
        ];
        for (text, line) in cases {
            let (at, what) = parse(text).expect_err("no headers");
            assert_eq!(at, line, "{text}");
            assert!(!what.contains("secret"), "{what}");
        }
    }
}
