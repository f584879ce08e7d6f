//! Lists: only what the caller may use, and no longer than the rules may hold.

use super::pins::Look;
use super::record::{List, Unlisted};
use crate::bounds::LIST_TTL_MS_MAX;
use crate::json::{Document, Splice, Value};
use crate::mcp::{Message, Method};
use crate::names::Mode;
use crate::policy::{Decision, Listing, Policy, Standing};

/// Whether a message asks for a list from its beginning.
pub(super) fn is_first_page(message: &Message<'_>) -> bool {
    message.params().and_then(|params| params.get("cursor")).is_none()
}

/// Adds the edits that take out of the result of `method` whatever the caller may not use; returns what that is.
///
/// Of tools it is held against what was approved, too: `look` says what differs.
///
/// Tools, prompts and resources are judged by the rules of their call; every other byte stays. A list of
/// tools that depends on who asks may not be shared, so it is private even if nothing was taken out. In shadow no
/// byte is changed, and what is returned is what would have been taken out.
pub(super) fn filter(
    policy: &Policy,
    standing: &Standing,
    (method, result): (Method, Value<'_>),
    look: &Look,
    splice: &mut Splice,
) -> Unlisted {
    let (list, name, use_of) = match method {
        Method::ToolsList => (List::Tools, "name", Method::ToolsCall),
        Method::PromptsList => (List::Prompts, "name", Method::PromptsGet),
        Method::ResourcesList => (List::Resources, "uri", Method::ResourcesRead),
        _ => return Unlisted::default(),
    };
    let mut unlisted = Unlisted::default();
    let Some(items) = result.get(list.as_str()) else { return unlisted };
    // Where they begin, in order.
    let mut hidden = Vec::new();
    for item in items.elements() {
        let name = item.get(name).and_then(|name| name.string());
        let is_ours = name.as_deref().is_some_and(|name| is_usable(policy, standing, use_of, name));
        if !is_ours || !look.shows(&item) {
            hidden.push(item.span().start);
            let known = name.filter(|name| list == List::Tools && policy.tool(name).is_some());
            unlisted.note(list, policy.mode, known.as_deref());
        }
    }
    if policy.mode == Mode::Shadow {
        return unlisted;
    }
    let is_listed = |item: &Value<'_>| hidden.binary_search(&item.span().start).is_err();
    for item in items.elements().filter(|item| is_listed(item)) {
        let frozen = look.frozen.iter().find(|(span, _)| *span == item.span());
        frozen.into_iter().for_each(|(span, text)| splice.replace(span.clone(), told(policy, text)));
    }
    take_out(items, is_listed, splice);
    if method == Method::ToolsList {
        items.elements().for_each(|tool| describe_one(policy, tool, splice));
        keep_private(result, splice);
    }
    unlisted
}

/// Adds the edits that put what the policy says of a tool in place of what the server says.
fn describe_one(policy: &Policy, tool: Value<'_>, splice: &mut Splice) {
    let name = tool.get("name").and_then(|name| name.string());
    if let Some(describe) = name.and_then(|name| policy.tool(&name)?.describe()) {
        describe.edit(tool, splice);
    }
}

/// A definition as it was approved, with what the policy says of the tool.
fn told(policy: &Policy, approved: &str) -> String {
    let mut splice = Splice::default();
    if let Ok(document) = Document::parse(approved.as_bytes()) {
        describe_one(policy, document.root(), &mut splice);
    }
    String::from_utf8(splice.apply(approved.as_bytes())).unwrap_or_else(|_| approved.into())
}

fn is_usable(policy: &Policy, standing: &Standing, use_of: Method, name: &str) -> bool {
    match use_of {
        Method::ToolsCall => policy.lists(standing, name) == Listing::Shown,
        _ => matches!(policy.judge_method(standing, use_of, Some(name)), Decision::Allow { .. }),
    }
}

/// Adds the edits that keep a result from being shared: it was made for this caller.
///
/// `cacheScope` becomes `private`, and `ttlMs` is cut to how soon a change of the policy must show.
/// Source: MCP 2026-07-28, server/utilities/caching.
pub(super) fn keep_private(result: Value<'_>, splice: &mut Splice) {
    if let Some(scope) = result.get("cacheScope") {
        splice.replace(scope.span(), "\"private\"");
    }
    if let Some(ttl) = result.get("ttlMs").filter(|_| result.get("cacheScope").is_some())
        && ttl.integer().is_none_or(|ms| !(0..=LIST_TTL_MS_MAX).contains(&ms))
    {
        splice.replace(ttl.span(), LIST_TTL_MS_MAX.to_string());
    }
}

/// Takes out the elements that are not kept, each with the comma that belongs to it.
pub(super) fn take_out(array: Value<'_>, is_kept: impl Fn(&Value<'_>) -> bool, splice: &mut Splice) {
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
