//! `tools/list`: only what the caller may call, and no longer than the rules may hold.

use crate::bounds::LIST_TTL_MS_MAX;
use crate::identity::Caller;
use crate::json::{Splice, Value};
use crate::policy::{Listing, Policy};

/// Adds the edits that take out of `result` every tool that `caller` may not call.
///
/// Every other byte stays. A list that depends on who asks may not be shared, so `cacheScope` becomes
/// `private`, and `ttlMs` is cut to how soon a change of the policy must show.
/// Source: MCP 2026-07-28, server/utilities/caching.
pub(super) fn filter(policy: &Policy, caller: Option<&Caller>, result: Value<'_>, splice: &mut Splice) {
    let Some(tools) = result.get("tools") else { return };
    let standing = caller.map(|caller| policy.standing(caller));
    let is_listed = |tool: &Value<'_>| {
        let name = tool.get("name").and_then(|name| name.string());
        match (&standing, name) {
            (Some(standing), Some(name)) => policy.lists(standing, &name) == Listing::Shown,
            (None, _) | (_, None) => false,
        }
    };
    take_out(tools, is_listed, splice);
    if let Some(scope) = result.get("cacheScope") {
        splice.replace(scope.span(), "\"private\"");
    }
    if let Some(ttl) = result.get("ttlMs").filter(|ttl| ttl.integer().is_none_or(|ms| ms > LIST_TTL_MS_MAX)) {
        splice.replace(ttl.span(), LIST_TTL_MS_MAX.to_string());
    }
}

/// Takes out the elements that are not kept, each with the comma that belongs to it.
fn take_out(array: Value<'_>, is_kept: impl Fn(&Value<'_>) -> bool, splice: &mut Splice) {
    let mut elements = array.elements().peekable();
    let mut end_of_previous = None;
    let mut has_kept = false;
    while let Some(element) = elements.next() {
        let span = element.span();
        if is_kept(&element) {
            has_kept = true;
        } else {
            let start = end_of_previous.filter(|_| has_kept).unwrap_or(span.start);
            let next = elements.peek().filter(|_| !has_kept).map(|next| next.span().start);
            splice.replace(start..next.unwrap_or(span.end), "");
        }
        end_of_previous = Some(span.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn takes_out_any_subset_and_keeps_every_other_byte() {
        let elements = ["1", " {\"a\":[2]}", "\n3 ", "\"four\""];
        let text = format!("[ {} ]", elements.join(","));
        let document = Document::parse(text.as_bytes()).unwrap();
        let raws: Vec<_> = document.root().elements().map(|element| element.raw()).collect();
        for mask in 0..16_u32 {
            let kept: Vec<_> = (0..4).filter(|bit| mask >> bit & 1 == 1).map(|bit| raws[bit]).collect();
            let mut splice = Splice::default();
            take_out(document.root(), |element| kept.contains(&element.raw()), &mut splice);
            let left = splice.apply(text.as_bytes());
            let left = Document::parse(&left).unwrap();
            assert_eq!(
                left.root().elements().map(|element| element.raw()).collect::<Vec<_>>(),
                kept,
                "{mask:b}"
            );
        }
    }
}
