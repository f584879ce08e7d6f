//! Patterns over names: `*` stands for any run of characters, everything else for itself.

/// A pattern as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(Box<str>);

impl Glob {
    /// Takes any text; one without `*` matches itself only.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is anything to expand.
    pub fn is_pattern(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether the whole of `text` fits. Linear in the text for each `*`; allocates nothing.
    pub fn matches(&self, text: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else { return *self.0 == *text };
        let Some(mut left) = text.strip_prefix(head) else { return false };
        let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        for piece in middle.split('*').filter(|piece| !piece.is_empty()) {
            let Some((_, after)) = left.split_once(piece) else { return false };
            left = after;
        }
        left.ends_with(tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_whole_text() {
        let cases = [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*", "anything", true),
            ("report.*", "report.daily", true),
            ("report.*", "reports", false),
            ("*_patient", "delete_patient", true),
            ("*_patient", "delete_patients", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("a**b", "ab", true),
        ];
        for (pattern, text, wanted) in cases {
            assert_eq!(Glob::new(pattern).matches(text), wanted, "{pattern} on {text}");
        }
    }
}
