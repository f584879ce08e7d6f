//! Keys that are data get names, since two of one object may not be called alike.

use std::collections::BTreeMap;

use crate::scan::Detector;

/// Names for keys that are data: `[EMAIL_1]`, one for each value, none that stands in the text already.
#[derive(Default)]
pub(in crate::scan) struct Renamed {
    names: BTreeMap<(Detector, Box<[u8]>), usize>,
    /// The last number given out, by detector.
    last: BTreeMap<Detector, usize>,
}

impl Renamed {
    /// The name for a value of a kind, that stands in `text`.
    pub(in crate::scan) fn name(&mut self, detector: Detector, value: &[u8], text: &[u8]) -> String {
        let stem = detector.row().token.trim_end_matches(']');
        let last = self.last.entry(detector).or_insert_with(|| highest(stem, text));
        let number = *self.names.entry((detector, value.into())).or_insert_with(|| {
            *last += 1;
            *last
        });
        format!("{stem}_{number}]")
    }
}

/// Whether a key was renamed already, or was a token: `[EMAIL_1]`, `[EMAIL]`.
pub(in crate::scan) fn is_name(content: &[u8]) -> bool {
    let inner = content.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    inner.is_some_and(|inner| inner.first().is_some_and(u8::is_ascii_uppercase) && inner.iter().all(is_part))
}

/// The highest number that stands behind `stem` in a text.
fn highest(stem: &str, text: &[u8]) -> usize {
    let numbers = memchr::memmem::find_iter(text, stem).filter_map(|at| {
        let digits = text.get(at + stem.len() + 1..)?;
        let digits = &digits[..digits.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count()];
        std::str::from_utf8(digits).ok()?.parse::<usize>().ok()
    });
    numbers.max().unwrap_or(0)
}
