//! Cutting members out of objects, with the commas that part them.

use std::ops::Range;

/// The spans to take out so that of `parts`, each of which tells whether it goes, the others are left parted
/// by one comma each.
pub(super) fn cuts(parts: &[(Range<usize>, bool)]) -> Vec<Range<usize>> {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut has_kept = false;
    for (at, (span, goes)) in parts.iter().enumerate() {
        if !goes {
            has_kept = true;
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| parts.get(at)).map(|(span, _)| span.end);
        let start = before.filter(|_| has_kept).unwrap_or(span.start);
        let next = parts.get(at + 1).filter(|_| !has_kept).map(|(next, _)| next.start);
        cuts.push(start..next.unwrap_or(span.end));
    }
    cuts
}

/// Whether one of `spans`, which are sorted and apart, holds a place.
pub(super) fn covers(spans: &[Range<usize>], at: usize) -> bool {
    let before = spans.partition_point(|span| span.start <= at);
    before.checked_sub(1).and_then(|last| spans.get(last)).is_some_and(|span| at < span.end)
}

/// The same places in spans that are sorted and apart.
pub(super) fn united(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| span.start);
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match apart.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            Some(_) | None => apart.push(span),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn takes_out_any_subset_and_leaves_an_object() {
        let members = [r#""a" : 1"#, r#" "b":{"x":[2]}"#, "\n\"c\": null ", r#""d":"four""#];
        let text = format!("{{ {} }}", members.join(","));
        let document = Document::parse(text.as_bytes()).unwrap();
        for mask in 0..16_usize {
            let parts = document.root().members().enumerate();
            let parts: Vec<_> = parts
                .map(|(at, (key, value))| (key.span().start..value.span().end, mask >> at & 1 == 1))
                .collect();
            let mut left = text.clone();
            for cut in cuts(&parts).into_iter().rev() {
                left.replace_range(cut, "");
            }
            let left = Document::parse(left.as_bytes()).unwrap();
            let names: Vec<_> = left.root().members().map(|(key, _)| key.name().into_owned()).collect();
            let wanted: Vec<_> =
                ["a", "b", "c", "d"].iter().enumerate().filter(|(at, _)| mask >> at & 1 == 0).collect();
            assert_eq!(names, wanted.iter().map(|(_, name)| **name).collect::<Vec<_>>(), "{mask:b}");
        }
    }
}
