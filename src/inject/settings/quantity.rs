//! Amounts as Kubernetes writes them, of the kinds that a gate needs.
//!
//! The API server rewrites `1000m` as `1` and `1024Mi` as `1Gi`. So that a pod that was injected is known again, an
//! amount is written here as the API server would write it.

use std::fmt;

/// An amount of CPU or memory, as the API server writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    text: Box<str>,
    /// Bytes, or thousandths of a core.
    amount: u64,
}

const BINARY: &[(&str, u64)] = &[("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
const DECIMAL: &[(&str, u64)] =
    &[("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)];

impl Quantity {
    /// Reads cores, `2`, or thousandths of one, `50m`; more than none.
    pub fn cpu(text: &str) -> Option<Self> {
        let thousandths = match text.strip_suffix('m') {
            Some(number) => whole(number)?,
            None => whole(text)?.checked_mul(1_000)?,
        };
        let (cores, rest) = (thousandths / 1_000, thousandths % 1_000);
        let text = if rest == 0 { cores.to_string() } else { format!("{thousandths}m") };
        Some(Self { text: text.into(), amount: thousandths })
    }

    /// Reads bytes, `128Mi`, `1Gi`, `64M` or `1048576`; more than none.
    pub fn memory(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits)?;
        let number = whole(number)?;
        for units in [BINARY, DECIMAL] {
            let Some((_, bytes)) = units.iter().find(|(name, _)| *name == unit) else { continue };
            return number
                .checked_mul(*bytes)
                .map(|bytes| Self { text: spell(bytes, units).into(), amount: bytes });
        }
        unit.is_empty().then(|| Self { text: spell(number, DECIMAL).into(), amount: number })
    }

    /// As the API server writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Bytes, or thousandths of a core.
    pub fn amount(&self) -> u64 {
        self.amount
    }
}

/// A whole number from 1 on, of digits alone.
fn whole(text: &str) -> Option<u64> {
    let is_plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok())?
}

/// With the largest unit that leaves a whole number.
fn spell(amount: u64, units: &[(&str, u64)]) -> String {
    let unit = units.iter().find(|(_, bytes)| amount.is_multiple_of(*bytes));
    unit.map_or_else(|| amount.to_string(), |(name, bytes)| format!("{}{name}", amount / bytes))
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_amounts_as_the_api_server_does() {
        for (text, wanted) in [("50m", "50m"), ("1000m", "1"), ("2", "2"), ("1500m", "1500m")] {
            assert_eq!(Quantity::cpu(text).as_ref().map(Quantity::as_str), Some(wanted), "{text}");
        }
        for (text, wanted) in [
            ("128Mi", "128Mi"),
            ("1024Mi", "1Gi"),
            ("1500Ki", "1500Ki"),
            ("64M", "64M"),
            ("1048576", "1048576"),
            ("1000", "1k"),
        ] {
            assert_eq!(Quantity::memory(text).as_ref().map(Quantity::as_str), Some(wanted), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in ["", "0", "m", "0m", "-1", "1.5", "1 m", "50M", "99999999999999999999", "050m"] {
            assert_eq!(Quantity::cpu(text), None, "{text}");
        }
        for text in ["", "0", "Mi", "0Mi", "128 Mi", "128mi", "128MB", "1.5Gi", "99999999999999999Ti"] {
            assert_eq!(Quantity::memory(text), None, "{text}");
        }
    }
}
