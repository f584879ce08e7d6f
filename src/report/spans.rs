//! Spans of time, shares and counts as people read them.

/// A span in microseconds: `118 µs`, `2.3 ms`, `1.2 s`.
pub fn span_us(us: u64) -> String {
    let us_f = us as f64;
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..100_000 => format!("{:.1} ms", us_f / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", us_f / 1e3),
        1_000_000.. => format!("{:.1} s", us_f / 1e6),
    }
}

/// An age or a rest in milliseconds, by its largest unit: `12 s`, `5 min`, `3 h`, `2 days`.
pub fn span_ms(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} days", seconds / 86_400),
    }
}

/// A rate a second: `0.2`, `12`, `1,204`.
pub fn rate(per_second: f64) -> String {
    if per_second < 9.95 { format!("{per_second:.1}") } else { grouped(per_second.round() as u64) }
}

/// A share in percent: `0`, `0.4`, `12`.
pub fn percent(percent: f64) -> String {
    if percent > 0.0 && percent < 9.95 { format!("{percent:.1}") } else { format!("{percent:.0}") }
}

/// A count: `1,204`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_well_at_every_size() {
        for (us, text) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1.0 ms"),
            (99_949, "99.9 ms"),
            (100_000, "100 ms"),
            (1_250_000, "1.2 s"),
        ] {
            assert_eq!(span_us(us), text);
        }
        for (s, text) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (172_799, "47 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span_ms(s * 1000), text);
        }
        assert_eq!([rate(0.0), rate(0.24), rate(9.96), rate(1204.4)], ["0.0", "0.2", "10", "1,204"]);
        assert_eq!([percent(0.0), percent(0.04), percent(9.9), percent(99.6)], ["0", "0.0", "9.9", "100"]);
        assert_eq!(
            [grouped(0), grouped(999), grouped(1000), grouped(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
