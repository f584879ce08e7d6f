//! How the gate stands: tools, limits, rules, breakers, and what it runs with.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::bounds::ROWS_SHOWN_MAX;
use crate::limit::breaker::BreakerStanding;
use crate::names::{Mode, hex};
use crate::report::{AuditSink, grouped, percent, rate, span_ms, span_us};
use crate::serve::admin::state::{LimitState, State, sink_word};

/// The busiest tools.
pub fn tools(state: &State) -> Markup {
    html! {
        section aria-labelledby="tools" {
            h2 #tools { "Tools" small { "the last minute" } }
            @if state.tools.is_empty() { p.empty { "No tool was called." } } @else {
                table {
                    thead { tr {
                        th scope="col" { "Tool" } th.n scope="col" { "A second" } th.n scope="col" { "Denied" }
                        th.n scope="col" { "Would be" } th.n scope="col" { "p99" }
                    } }
                    tbody { @for tool in state.tools.iter().take(ROWS_SHOWN_MAX) {
                        tr {
                            td { @match &tool.name {
                                Some(name) => span.name { (name) },
                                None => span.dim { "tools that the policy does not know" },
                            } }
                            td.n { (rate(tool.counts.rate())) }
                            td.n { (percent(tool.counts.percent(tool.counts.denied))) " %" }
                            td.n { (percent(tool.counts.percent(tool.counts.would_deny))) " %" }
                            td.n { (span_us(tool.counts.p99_us)) }
                        }
                    } }
                }
            }
        }
    }
}

/// The tools that are not what was approved; nothing where all are.
pub fn pins(state: &State) -> Markup {
    html! {
        @if !state.quarantined.is_empty() {
            section aria-labelledby="pins" {
                h2 #pins { "Not what was approved" small { "sluicegate pin --diff shows what changed" } }
                table {
                    thead { tr { th scope="col" { "Tool" } th scope="col" { "What is done" } th scope="col" { "Why" } } }
                    tbody { @for tool in state.quarantined.iter().take(ROWS_SHOWN_MAX) {
                        tr {
                            td { bdi.name { (tool.tool) } }
                            td { span.pill.warn { (tool.action.as_str()) } }
                            td { (tool.summary) @if tool.is_cloaked { ", for some callers only" } }
                        }
                    } }
                }
            }
        }
    }
}

/// The fullest limits.
pub fn limits(state: &State) -> Markup {
    html! {
        section aria-labelledby="limits" {
            h2 #limits { "Limits" small { "the fullest key of each" } }
            @if state.limits.is_empty() { p.empty { "The policy has none." } } @else {
                table {
                    thead { tr {
                        th scope="col" { "Limit" } th scope="col" { "Used" } th.n scope="col" { "Keys" }
                        th.n scope="col" { "Denied" }
                    } }
                    tbody { @for limit in state.limits.iter().take(ROWS_SHOWN_MAX) { (limit_row(limit)) } }
                }
            }
        }
    }
}

fn limit_row(limit: &LimitState) -> Markup {
    let used = limit.standing.used.min(1000);
    let share = format!("{} %", limit.standing.used / 10);
    html! {
        tr {
            td {
                span.name { (limit.id) } br;
                span.dim { (limit.terms) @if !limit.per.is_empty() { " for each " (limit.per) } }
            }
            td {
                meter min="0" max="1000" low="800" high="950" optimum="0" value=(used) aria-label=(share) {}
                " " (share)
            }
            td.n { (grouped(limit.standing.cells as u64)) }
            td.n {
                (grouped(limit.standing.denied))
                @if limit.mode == Mode::Shadow { br; span.dim { (grouped(limit.standing.shadowed)) " would be" } }
            }
        }
    }
}

/// What rules and limits refused.
pub fn rules(state: &State) -> Markup {
    html! {
        section aria-labelledby="rules" {
            h2 #rules { "Refusals by rule" small { "since the start" } }
            @if state.rules.is_empty() { p.empty { "No rule refused anything, or would have." } } @else {
                table {
                    thead { tr {
                        th scope="col" { "Rule or limit" } th.n scope="col" { "Denied" } th.n scope="col" { "Would be denied" }
                    } }
                    tbody { @for rule in state.rules.iter().take(ROWS_SHOWN_MAX) {
                        tr {
                            td { span.name { (rule.rule) } }
                            td.n { (grouped(rule.denied)) }
                            td.n { (grouped(rule.would_deny)) }
                        }
                    } }
                }
            }
        }
    }
}

/// The breakers that are not closed.
pub fn breakers(state: &State) -> Markup {
    html! {
        section aria-labelledby="breakers" {
            h2 #breakers { "Breakers" small { (state.breakers_used) " in use" } }
            @if state.breakers.is_empty() { p.empty { "All are closed: every tool that was asked answers." } } @else {
                table {
                    thead { tr { th scope="col" { "Of" } th scope="col" { "State" } th.n scope="col" { "Rests" } } }
                    tbody { @for (branch, BreakerStanding { tool, state, rest }) in state.breakers.iter().take(ROWS_SHOWN_MAX) {
                        tr {
                            td {
                                @match tool {
                                    Some(tool) => bdi.name { (tool) },
                                    None => { "the whole server" },
                                }
                                " " span.dim { (branch.as_str()) }
                            }
                            td { span.pill.warn { (state.as_str()) } }
                            td.n { @if let Some(rest) = rest { (rest.as_secs()) " s" } }
                        }
                    } }
                }
            }
        }
    }
}

/// What the gate runs with.
pub fn facts(state: &State) -> Markup {
    let ago = |unix_ms: u64| span_ms(state.now_unix_ms.saturating_sub(unix_ms));
    let since_s = |unix_s: u64| ago(unix_s.saturating_mul(1000));
    let (audit, totals) = (&state.audit, &state.totals);
    html! {
        section aria-labelledby="facts" {
            h2 #facts { "This gate" }
            dl.facts {
                dt { "Policy" }
                dd { span.name { (hex(&state.policy.sha256[..8])) } ", in force for " (ago(state.policy.published_unix_ms))
                    ", " (state.tools_known) " tools" }
                dt { "Server" }
                dd { @if state.is_upstream_up { "answers" } @else { "was not reached when it was last asked" } }
                dt { "Audit" }
                dd {
                    @match &audit.sink {
                        AuditSink::File(path) => span.name { (path.display()) },
                        AuditSink::Stderr | AuditSink::Stdout => { (sink_word(&audit.sink)) },
                    }
                    @if let Ok(written @ 1..) = u64::try_from(audit.written_unix_s) { ", written " (since_s(written)) " ago" }
                }
                @for key in state.keys.iter().take(ROWS_SHOWN_MAX) {
                    dt { "Keys" }
                    dd { (key.issuer) @if key.answered_unix_s == 0 { ": never got" } @else { ", " (since_s(key.answered_unix_s)) " old" } }
                }
                @if let Some(ends) = state.certificate_ends_unix_s {
                    dt { "Certificate" } dd { "until " (Timestamp::from_second(ends).unwrap_or_default().strftime("%F")) }
                }
                dt { "Limit cells" } dd { (grouped(state.cells.0 as u64)) " of " (grouped(state.cells.1 as u64)) }
                dt { "Since the start" }
                dd {
                    (grouped(totals.allowed + totals.redacted)) " passed, " (grouped(totals.redacted)) " of them redacted; "
                    (grouped(totals.denied)) " denied; " (grouped(totals.would_deny)) " would be; " (grouped(totals.failed)) " failed"
                }
                dt { "Version" } dd { (env!("CARGO_PKG_VERSION")) }
                dt { "As data" }
                dd { a href="/status" { "status" } " · " a href="/decisions" { "decisions" } " · " a href="/metrics" { "metrics" } " · " a href="/readyz" { "readiness" } }
            }
        }
    }
}
