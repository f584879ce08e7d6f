//! Tokens of a text: an estimate by its bytes, or exactly by the table of o200k.
//!
//! The exact count comes with the cargo feature `tokens` (crate `bpe-openai`), whose table is some megabytes of
//! memory. Other models have other tables; a budget that is meant for one of them is an estimate either way.

use super::BYTES_PER_TOKEN;

/// Whether tokens are counted, rather than estimated.
pub const IS_EXACT: bool = cfg!(feature = "tokens");

/// Tokens of a text.
///
/// With the feature `tokens` it looks at every byte, some 10 MB a second.
pub fn count_tokens(text: &str) -> u64 {
    #[cfg(feature = "tokens")]
    return u64::try_from(bpe_openai::o200k_base().count(text)).unwrap_or(u64::MAX);
    #[cfg(not(feature = "tokens"))]
    return tokens_in(text.len() as u64);
}

/// Tokens in so many bytes: an estimate, rounded up.
pub fn tokens_in(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_the_table_or_by_bytes() {
        let text = "Patients are counted once, and their doctors twice.";
        let wanted = if IS_EXACT { 10 } else { 13 };
        assert_eq!(count_tokens(text), wanted);
        assert_eq!((count_tokens(""), tokens_in(1), tokens_in(4), tokens_in(5)), (0, 1, 1, 2));
    }
}
