//! Spans of time as people write them.

use std::time::Duration;

/// Reads `250ms`, `10s`, `5m` or `1h`.
///
/// # Errors
/// What may be written instead.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no span of time; write 250ms, 10s, 5m or 1h");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => None,
    };
    milliseconds.map(Duration::from_millis).ok_or_else(wrong)
}

/// Reads a moment with its offset, `2026-11-23T08:00:00+01:00`, in milliseconds since 1970.
///
/// # Errors
/// What may be written instead.
pub fn moment(text: &str) -> Result<u64, String> {
    crate::policy::parse_time(text)
        .ok_or_else(|| format!("`{text}` is no time; write 2026-11-23T08:00:00+01:00, or Z for UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_spans_and_nothing_else() {
        for (text, ms) in [("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("1h", 3_600_000), ("0s", 0)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)));
        }
        for text in
            ["", "10", "s", "-1s", "1.5s", "1 s", "1d", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
