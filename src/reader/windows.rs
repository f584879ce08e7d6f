//! Long texts in windows that overlap: the model finds most in some 120 pieces, and takes 512 at most.

use std::ops::Range;

use super::pieces::Piece;
use crate::bounds::{PROSE_OVERLAP_TOKENS, PROSE_WINDOW_TOKENS};

/// Cuts pieces into windows that together cover all of them, where words begin if there are any.
pub(super) fn windows(pieces: &[Piece]) -> Vec<Range<usize>> {
    let (mut windows, mut start) = (Vec::new(), 0);
    while start < pieces.len() {
        let end = (start + PROSE_WINDOW_TOKENS).min(pieces.len());
        windows.push(start..end);
        if end == pieces.len() {
            break;
        }
        let wanted = end - PROSE_OVERLAP_TOKENS;
        let begins = |at: &usize| pieces[*at].is_first;
        start = (start + 1..=wanted).rev().find(begins).unwrap_or(wanted);
    }
    windows
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    fn pieces(count: usize, is_first: impl Fn(usize) -> bool) -> Vec<Piece> {
        (0..count).map(|at| Piece { id: 0, span: at..at + 1, is_first: is_first(at) }).collect()
    }

    #[test]
    fn covers_everything_and_overlaps() {
        let step = PROSE_WINDOW_TOKENS - PROSE_OVERLAP_TOKENS;
        assert_eq!(windows(&[]), Vec::<Range<usize>>::new());
        for (count, wanted) in [
            (1, iter::once(0..1).collect()),
            (PROSE_WINDOW_TOKENS, iter::once(0..PROSE_WINDOW_TOKENS).collect()),
            (PROSE_WINDOW_TOKENS + 1, vec![0..PROSE_WINDOW_TOKENS, step..PROSE_WINDOW_TOKENS + 1]),
        ] {
            assert_eq!(windows(&pieces(count, |_| true)), wanted, "{count}");
        }
        let halves = windows(&pieces(1000, |at| at.is_multiple_of(7)));
        assert!(halves.iter().all(|window| window.start.is_multiple_of(7)), "{halves:?}");
        assert_eq!(halves.last().map(|window| window.end), Some(1000));
        assert!(
            halves.windows(2).all(|pair| pair[1].start + PROSE_OVERLAP_TOKENS <= pair[0].end),
            "{halves:?}"
        );
        let one_word = windows(&pieces(1000, |at| at == 0));
        assert_eq!(one_word.last().map(|window| window.end), Some(1000));
        assert!(one_word.windows(2).all(|pair| pair[0].start < pair[1].start));
    }
}
