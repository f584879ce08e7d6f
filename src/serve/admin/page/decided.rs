//! What was decided of late, and the filters over it.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::report::{Brief, Decisions, Name, span_us};
use crate::serve::admin::query::{Query, VERDICTS};
use crate::serve::admin::state::State;

/// The last `rows` decisions that fit.
pub fn recent(state: &State, decisions: &Decisions, query: &Query, rows: usize) -> Markup {
    let since = query.since.unwrap_or_default();
    let read = decisions.latest(rows, since, |brief| query.fits(brief));
    let total = state.last;
    html! {
        section aria-labelledby="decisions" {
            h2 #decisions { "Decisions" small { "the newest first, times in UTC" } }
            (filters(query))
            @if read.decisions.is_empty() {
                p.empty {
                    @if total == 0 { "Nothing was decided yet." } @else { "None of the last decisions fits." }
                }
            } @else {
                table {
                    thead { tr {
                        th scope="col" { "When" } th scope="col" { "Verdict" } th scope="col" { "What" }
                        th scope="col" { "Rule" } th scope="col" { "Why" } th scope="col" { "Who" }
                        th.n scope="col" { "Added" } th.n scope="col" { "Took" }
                    } }
                    tbody { @for brief in read.decisions.iter().rev() { (row(brief)) } }
                }
            }
        }
    }
}

fn row(brief: &Brief) -> Markup {
    let time =
        Timestamp::from_millisecond(i64::try_from(brief.unix_ms).unwrap_or(i64::MAX)).unwrap_or_default();
    let clock = time.strftime("%H:%M:%S");
    html! {
        tr {
            td.when { time datetime=(time) { (clock) } }
            td { span.{ "pill " (brief.verdict()) } { (word(brief.verdict())) } }
            td { span.dim { (brief.method_word()) } " " (name(&brief.target)) }
            td { (name(&brief.rule)) }
            td { @if brief.reason.as_str() != "none" { (brief.reason.as_str()) } @else if brief.findings > 0 {
                (brief.findings) " found"
            } }
            td { (who(brief)) }
            td.n { (span_us(brief.overhead_us)) }
            td.n { (span_us(brief.duration_us)) }
        }
    }
}

fn who(brief: &Brief) -> Markup {
    let user = brief.user.text();
    // A pseudonym is told from another by its beginning; all of it is in the title, to be looked for in the audit.
    let short: String = user.chars().take(if user.starts_with("hmac:") { 13 } else { usize::MAX }).collect();
    html! {
        span.name title=(user) { bdi { (short) } }
        @if !brief.tenant.is_empty() { " " span.dim { "at " bdi { (brief.tenant.text()) } } }
    }
}

fn name(name: &Name) -> Markup {
    html! { @if !name.is_empty() { bdi.name { (name.text()) } } }
}

fn word(verdict: &str) -> &str {
    VERDICTS.iter().find(|(word, _)| *word == verdict).map_or(verdict, |(_, text)| *text)
}

fn filters(query: &Query) -> Markup {
    let field = |key: &str, label: &str, hint: &str, value: &Option<Box<str>>| {
        html! { label { (label) input name=(key) value=[value.as_deref()] placeholder=(hint) autocomplete="off" spellcheck="false"; } }
    };
    html! {
        form method="get" action="/" role="search" aria-label="Filter decisions" {
            label { "Verdict" select name="verdict" {
                option value="" { "all" }
                @for (verdict, text) in VERDICTS {
                    option value=(verdict) selected[query.verdict.as_deref() == Some(*verdict)] { (text) }
                }
            } }
            (field("tool", "Tool", "payments.*", &query.tool))
            (field("rule", "Rule", "", &query.rule))
            (field("user", "User", "hmac:7f3a*", &query.user))
            input type="hidden" name="refresh" value=(query.refresh);
            button { "Filter" }
            @if !query.is_open() { a href={ "?refresh=" (query.refresh) } { "all" } }
        }
    }
}
