//! Lists: only what the caller may use, and no longer than the rules may hold.

use std::borrow::Cow;

use super::pins::Look;
use crate::bounds::LIST_TTL_MS_MAX;
use crate::json::{Document, Splice, Value};
use crate::mcp::{Message, Method};
use crate::policy::{Decision, Listing, Policy, Standing};

/// Whether a message asks for a list from its beginning.
pub(super) fn is_first_page(message: &Message<'_>) -> bool {
    message.params().and_then(|params| params.get("cursor")).is_none()
}

/// Adds the edits that take out of the result of `method` whatever the caller may not use.
///
/// Of tools it is held against what was approved, too: `look` says what differs.
///
/// Tools, prompts and resources are judged by the rules of their call; every other byte stays. A list of
/// tools that depends on who asks may not be shared, so it is private even if nothing was taken out.
pub(super) fn filter(
    policy: &Policy,
    standing: &Standing,
    (method, result): (Method, Value<'_>),
    look: &Look,
    splice: &mut Splice,
) {
    let (list, name, use_of) = match method {
        Method::ToolsList => ("tools", "name", Method::ToolsCall),
        Method::PromptsList => ("prompts", "name", Method::PromptsGet),
        Method::ResourcesList => ("resources", "uri", Method::ResourcesRead),
        _ => return,
    };
    let is_listed = |item: &Value<'_>| {
        let name = item.get(name).and_then(|name| name.string());
        name.is_some_and(|name: Cow<'_, str>| is_usable(policy, standing, use_of, &name)) && look.shows(item)
    };
    if let Some(items) = result.get(list) {
        for item in items.elements().filter(|item| is_listed(item)) {
            let frozen = look.frozen.iter().find(|(span, _)| *span == item.span());
            frozen.into_iter().for_each(|(span, text)| splice.replace(span.clone(), told(policy, text)));
        }
        take_out(items, is_listed, splice);
        if method == Method::ToolsList {
            describe(policy, items, splice);
            keep_private(result, splice);
        }
    }
}

/// Adds the edits that put what the policy says of tools in place of what the server says. In shadow no byte is
/// changed.
fn describe(policy: &Policy, tools: Value<'_>, splice: &mut Splice) {
    if policy.mode == crate::names::Mode::Shadow {
        return;
    }
    tools.elements().for_each(|tool| describe_one(policy, tool, splice));
}

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
        // In shadow nothing is taken out, as nothing would be refused.
        _ if policy.mode == crate::names::Mode::Shadow => true,
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
