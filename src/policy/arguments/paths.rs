//! Paths: what may lead elsewhere than it seems to.

/// Whether a path or URL may be read as another one: `.`, `..` and empty segments, backslashes,
/// percent-encoded separators and dots, control characters.
pub(in crate::policy) fn may_lead_elsewhere(text: &str) -> bool {
    let path = text.split_once("://").map_or(text, |(_, path)| path);
    let lower = path.to_ascii_lowercase();
    let is_encoded = ["%2e", "%2f", "%5c", "%25", "%00"].iter().any(|code| lower.contains(code));
    if is_encoded || path.contains('\\') || path.chars().any(char::is_control) {
        return true;
    }
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    !inner.is_empty() && inner.split('/').any(|segment| matches!(segment, "" | "." | ".."))
}
