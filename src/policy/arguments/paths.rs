//! Paths: which directory they lie in, and what may lead elsewhere than it seems to.
//!
//! **How.** Nothing is resolved. A path that is spelled in the one way that every reader takes alike is
//! compared; any other is unknown: `.`, `..` and empty segments, backslashes, percent-encoding (once
//! or twice), control characters, drives, `~`, segments that Windows trims to dots, characters that
//! normalise to separators. A path that starts elsewhere than the directory (relative and absolute) is
//! unknown too, for only the server knows where it stands.
//!
//! **What it is not.** It does not see links: a link inside the directory leads where it leads.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;

use super::Standing;
use crate::json::Value;

/// Whether a string is a path at or below one of `roots`, each of them plain (see [`root_fault`]).
///
/// Allocates nothing unless the string is escaped.
pub(super) fn judge_path_under(roots: &[Box<str>], value: Value<'_>) -> Standing {
    let Some(text) = value.string() else { return Standing::Unknown };
    if is_doubtful(&text) {
        return Standing::Unknown;
    }
    let path = text.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(&text);
    let mut standing = Standing::Fails;
    for root in roots {
        match judge_under(root, path) {
            Standing::Meets => return Standing::Meets,
            Standing::Fails => {}
            Standing::Absent | Standing::Unknown => standing = Standing::Unknown,
        }
    }
    standing
}

fn judge_under(root: &str, path: &str) -> Standing {
    if root.starts_with('/') != path.starts_with('/') {
        return Standing::Unknown;
    }
    let root = root.strip_suffix('/').unwrap_or(root);
    let is_within = |rest: Option<&str>| rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_within(path.strip_prefix(root)) {
        Standing::Meets
    } else if folds_under(root, path) {
        // The same directory to a file system that ignores case or normalises names.
        Standing::Unknown
    } else {
        Standing::Fails
    }
}

fn folds_under(root: &str, path: &str) -> bool {
    let mut path = folded(path);
    folded(root).all(|character| path.next() == Some(character)) && matches!(path.next(), None | Some('/'))
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().flat_map(char::to_lowercase)
}

/// Why `root` may not be a directory of a policy; `None` when it may.
pub(super) fn root_fault(root: &str) -> Option<&'static str> {
    if root.contains('\\') || has_drive(root) {
        Some("directories are compared as paths with `/`")
    } else if is_doubtful(root) {
        Some("a directory is written without `.`, `..`, `~`, `$`, empty or encoded parts")
    } else {
        None
    }
}

/// Whether some reader may take `path` for another file than this spelling names.
fn is_doubtful(path: &str) -> bool {
    let inner = path.strip_prefix('/').unwrap_or(path);
    path.is_empty()
        || has_drive(path)
        || path.contains(['\\', '$', '`'])
        || path.contains(char::is_control)
        || path.starts_with(char::is_whitespace)
        || inner.split('/').any(|segment| segment.starts_with('~'))
        || has_hop(inner)
        || has_code(path, |_, _| true)
        || has_disguise(path)
}

fn has_drive(path: &str) -> bool {
    let bytes = path.as_bytes();
    matches!(bytes, [letter, b':', ..] if letter.is_ascii_alphabetic())
        || matches!(bytes, [b'/', letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// Whether a path or URL may be read as another one: `.`, `..` and empty segments, backslashes,
/// percent-encoded separators and dots, control characters, characters that normalise to any of these.
///
/// Allocates nothing.
pub(in crate::policy) fn may_lead_elsewhere(text: &str) -> bool {
    let path = text.split_once("://").map_or(text, |(_, path)| path);
    let is_hidden = |high: u8, low: u8| {
        matches!((high, low.to_ascii_lowercase()), (b'2', b'e' | b'f' | b'5') | (b'5', b'c') | (b'0', b'0'))
    };
    has_code(path, is_hidden)
        || path.contains('\\')
        || path.contains(char::is_control)
        || has_hop(path.strip_prefix('/').unwrap_or(path))
        || has_disguise(path)
}

/// Whether a segment stays or goes up: nothing but dots and blanks, up to parameters after `;`.
/// A last slash is none.
fn has_hop(path: &str) -> bool {
    if path == "/" {
        return true;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_hop = |segment: &str| {
        let name = segment.split_once(';').map_or(segment, |(name, _)| name);
        name.chars().all(|character| character == '.' || character.is_whitespace())
    };
    !path.is_empty() && path.split('/').any(is_hop)
}

/// Whether there is a percent-encoded byte whose two digits `is_meant`.
fn has_code(path: &str, is_meant: impl Fn(u8, u8) -> bool) -> bool {
    path.as_bytes().windows(3).any(|code| match code {
        [b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit() && is_meant(*high, *low),
        _ => false,
    })
}

/// Whether a character becomes a separator or a dot once it is normalised (NFKC), or in a code page in
/// which backslashes look otherwise.
fn has_disguise(path: &str) -> bool {
    if path.is_ascii() {
        return false;
    }
    path.chars().filter(|character| !character.is_ascii()).any(|character| {
        let mut is_disguise = matches!(character, '\u{a5}' | '\u{20a9}');
        decompose_compatible(character, |part| {
            is_disguise |= matches!(part, '.' | '/' | '\\' | '%' | ':' | ';' | '~');
        });
        is_disguise
    })
}

#[cfg(test)]
mod tests {
    use super::super::Test;
    use super::super::tests::judge;
    use super::*;

    fn under(roots: &[&str], value: &str) -> Standing {
        let roots = roots.iter().map(|&root| root.into()).collect();
        judge(&Test::PathUnder(roots), &crate::json::quote(value))
    }

    #[test]
    fn knows_what_lies_under_a_directory() {
        let cases = [
            ("/data", "/data", Standing::Meets),
            ("/data", "/data/", Standing::Meets),
            ("/data/", "/data", Standing::Meets),
            ("/data", "/data/a b/c.txt", Standing::Meets),
            ("/data", "/data/größe", Standing::Meets),
            ("/data", "/data/.hidden", Standing::Meets),
            ("/data", "/data/a..b", Standing::Meets),
            ("/", "/anything", Standing::Meets),
            ("/", "/", Standing::Meets),
            ("reports", "reports/a", Standing::Meets),
            ("/data", "/database", Standing::Fails),
            ("/data", "/", Standing::Fails),
            ("/data", "/dat", Standing::Fails),
            ("/data", "/etc/passwd", Standing::Fails),
            ("reports", "report", Standing::Fails),
            ("/data", "/DATA/a", Standing::Unknown),
            ("/gr\u{f6}\u{df}e", "/gro\u{308}\u{df}e/a", Standing::Unknown),
            ("/data", "data/a", Standing::Unknown),
            ("reports", "/reports/a", Standing::Unknown),
        ];
        for (root, value, wanted) in cases {
            assert_eq!(under(&[root], value), wanted, "{root} on {value}");
        }
        assert_eq!(under(&["/a", "/b"], "/b/c"), Standing::Meets);
        assert_eq!(under(&["/a", "b"], "/c"), Standing::Unknown);
    }

    #[test]
    fn does_not_trust_a_spelling_that_may_lead_elsewhere() {
        let hostile = [
            "",
            "//",
            "/data/..",
            "/data/../etc/passwd",
            "/data/./a",
            "/data//etc",
            "//data/a",
            "/data/.. /etc",
            "/data/.../etc",
            "/data/..;/etc",
            "/data/..;x=1/etc",
            "/data/..\u{a0}/etc",
            "/data/..\\etc",
            "\\\\host\\share",
            "\\\\?\\C:\\data",
            "C:/data",
            "c:data",
            "/c:/data",
            "/data/%2e%2e/etc",
            "/data/%2E%2E%2Fetc",
            "/data/%252e%252e/etc",
            "/data/..%c0%afetc",
            "/data/%5c..",
            "/data/a%00.txt",
            "/data/a\0.txt",
            "/data/a\n",
            "/data/a\u{7f}",
            "~/data",
            "/data/~root",
            "/data/$HOME",
            "/data/`x`",
            " /data/a",
            "/data/\u{ff0e}\u{ff0e}/etc",
            "/data/\u{2025}/etc",
            "/data/\u{ff0f}etc",
            "/data/\u{ff3c}etc",
            "/data/\u{a5}etc",
            "/data/%u002e",
            "file:///data/a",
            "/data/\u{85}",
        ];
        for value in hostile {
            // `%u002e` is no percent-encoding; the directory it names is below the root.
            let wanted = if value == "/data/%u002e" { Standing::Meets } else { Standing::Unknown };
            assert_eq!(under(&["/data"], value), wanted, "{value:?}");
        }
        assert_eq!(judge(&Test::PathUnder(["/data".into()].into()), "7"), Standing::Unknown);
        assert_eq!(judge(&Test::PathUnder(["/data".into()].into()), r#""\/data\/a""#), Standing::Meets);
    }

    #[test]
    fn refuses_a_directory_that_is_no_plain_path() {
        for root in ["/data/..", "a//b", "./a", "C:/data", "\\\\host\\share", "~/a", "/data/%2e", ""] {
            assert!(root_fault(root).is_some(), "{root}");
        }
        for root in ["/", "/data", "/data/", "reports/2026", "/größe"] {
            assert_eq!(root_fault(root), None, "{root}");
        }
    }
}
