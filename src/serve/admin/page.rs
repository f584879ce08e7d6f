//! The page of operators: how the gate stands and what it decided of late, in one answer of at most 64 KiB.
//!
//! Read-only, made here, and alive without a script: it loads itself again. Every text goes through [`maud`], which
//! escapes it by construction, and the browser is told to run nothing and to load nothing. Tables are cut,
//! the worst first; what is behind them is in `/status`, `/decisions` and `/metrics`.

mod decided;
mod standing;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

use super::query::Query;
use super::state::{State, phase_word};
use crate::bounds::{PAGE_BYTES_MAX, PAGE_DECISIONS};
use crate::names::{Mode, hex};
use crate::report::{Decisions, grouped, percent, rate, span_ms, span_us};
use crate::serve::drain::Phase;

const STYLE: &str = include_str!("page.css");

/// What a browser may do with the page: show it, in this style, and send the form of its filters back.
pub static SECURITY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let words = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    // INVARIANT: Base64 and the words around it are ASCII.
    HeaderValue::try_from(words).expect("a policy of ASCII characters")
});

/// Writes the page, with as many decisions as leave it within `PAGE_BYTES_MAX`: they are what callers can make long.
pub fn write(state: &State, decisions: &Decisions, query: &Query) -> String {
    let mut rows = query.limit.min(PAGE_DECISIONS);
    loop {
        let page = render(state, &decided::recent(state, decisions, query, rows), query).into_string();
        if page.len() <= PAGE_BYTES_MAX || rows == 0 {
            return page;
        }
        rows /= 2;
    }
}

fn render(state: &State, recent: &Markup, query: &Query) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if query.refresh > 0 { meta http-equiv="refresh" content=(query.refresh); }
                title { (state.server) " · sluicegate" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(state, query))
                main {
                    (alerts(state))
                    (tiles(state))
                    (recent)
                    div.grid {
                        (standing::pins(state))
                        (standing::tools(state))
                        (standing::limits(state))
                        (standing::rules(state))
                        (standing::breakers(state))
                        (standing::facts(state))
                    }
                }
            }
        }
    }
}

fn head(state: &State, query: &Query) -> Markup {
    html! {
        header {
            h1 { small { "sluicegate" } bdi { (state.server) } }
            @if state.is_ready { span.pill.ok { "ready" } } @else { span.pill.bad { "not ready" } }
            @match state.mode {
                Mode::Enforce => span.pill.ok { "enforcing" },
                Mode::Shadow => span.pill.warn { "shadow: nothing is refused" },
            }
            @if state.phase != Phase::Serving { span.pill.warn { (phase_word(state.phase)) } }
            p {
                "up " (span_ms(state.now_unix_ms.saturating_sub(state.started_unix_ms)))
                " · policy " span.name { (hex(&state.policy.sha256[..4])) } " · "
                @if query.refresh > 0 {
                    "every " (query.refresh) " s · " a href={ "?" (query.with_refresh(0)) } { "pause" }
                } @else {
                    "paused · " a href={ "?" (query.with_refresh(10)) } { "resume" }
                }
            }
        }
    }
}

/// What somebody has to see to first.
fn alerts(state: &State) -> Markup {
    html! {
        @if let Some(error) = &state.policy.error {
            div.alert role="alert" {
                strong { "The last reload was refused; the policy before it stays in force." } "\n"
                (error.chars().take(ALERT_CHARACTERS_MAX).collect::<String>())
            }
        }
        @if !state.audit.is_healthy {
            div.alert role="alert" { strong { "The audit takes no records." } " What must not go unrecorded is refused." }
        }
        @if state.audit.dropped > 0 {
            div.alert role="alert" { strong { (grouped(state.audit.dropped)) " audit records were lost." } }
        }
    }
}

const ALERT_CHARACTERS_MAX: usize = 1_000;

fn tiles(state: &State) -> Markup {
    let counts = &state.counts;
    let (limit, taken) = state.crowds.first().map_or((0, 0), |crowd| (crowd.limit, crowd.taken));
    html! {
        dl.tiles aria-label="The last minute" {
            div { dt { "Messages/s" } dd { (rate(counts.rate())) small { (grouped(counts.messages)) " in all" } } }
            div { dt { "Denied" } dd { (percent(counts.percent(counts.denied))) " %" small { (grouped(counts.denied)) " messages" } } }
            div {
                dt { "Would be denied" }
                dd { (percent(counts.percent(counts.would_deny))) " %" small { (grouped(counts.would_deny)) " messages" } }
            }
            div { dt { "Failed" } dd { (percent(counts.percent(counts.failed))) " %" small { (grouped(counts.failed)) " messages" } } }
            div { dt { "Added, p99" } dd { (span_us(counts.p99_us)) small { "half of them " (span_us(counts.p50_us)) } } }
            div { dt { "With the server" } dd { (taken) small { "of " (grouped(limit.into())) " at once" } } }
            div { dt { "Audit queue" } dd { (grouped(state.audit.records)) small { "records wait" } } }
        }
    }
}
