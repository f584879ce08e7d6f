//! A page with the matrix of tools: which was wanted, which was chosen. No script, nothing loaded.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, html};

use super::outcome::{Results, Verdict};
use super::report::{wanted, wrong};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
    table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #ccc;padding:.25rem .6rem;text-align:left}\
    td.n{text-align:right}.good{background:#d9f2dd}.bad{background:#f8d7d4}th.v{writing-mode:vertical-rl}\
    @media(prefers-color-scheme:dark){body{background:#161616;color:#eee}.good{background:#1f4d2a}.bad{background:#6b2320}}";

/// The whole document.
pub(super) fn of(results: &Results<'_>) -> String {
    let title = format!("Choice of tools: {}", results.list);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p {
                    (results.tally.right()) " of " (results.cases.len()) " cases right (" (results.percent()) " %) by " (results.chooser) "."
                    @if let Some(plain) = &results.plain { " Without the policy's words: " (plain.right()) "." }
                }
                h2 { "Wanted and chosen" }
                (matrix(results))
                @if !results.pairs.is_empty() { h2 { "Near by words" } (near(results)) }
                h2 { "Cases" }
                (cases(results))
            }
        }
    };
    page.into_string()
}

fn matrix(results: &Results<'_>) -> Markup {
    let matrix = results.tally.matrix(results.cases);
    let wanted: BTreeSet<&String> = matrix.keys().map(|(wanted, _)| wanted).collect();
    let chosen: BTreeSet<&String> = matrix.keys().map(|(_, chosen)| chosen).collect();
    html! {
        table {
            tr { th { "wanted \\ chosen" } @for name in &chosen { th.v { (name) } } }
            @for row in &wanted {
                tr {
                    th { (row) }
                    @for column in &chosen {
                        @let count = matrix.get(&((*row).clone(), (*column).clone()));
                        @let class = match count { None => "n", Some(_) if row == column => "n good", Some(_) => "n bad" };
                        td class=(class) { @if let Some(count) = count { (count) } }
                    }
                }
            }
        }
    }
}

fn near(results: &Results<'_>) -> Markup {
    html! {
        table {
            tr { th { "asked in the words of" } th { "also fits" } th { "%" } }
            @for (tool, other, part) in &results.pairs {
                tr { td { (tool) } td { (other) } td.n { (format!("{:.0}", part * 100.0)) } }
            }
        }
    }
}

fn cases(results: &Results<'_>) -> Markup {
    html! {
        table {
            tr { th { "case" } th { "asked" } th { "wanted" } th { "chosen" } th { "what is wrong" } }
            @for (case, outcome) in results.cases.iter().zip(&results.tally.outcomes) {
                tr class=(if outcome.is_right() { "good" } else { "bad" }) {
                    td { (case.name) }
                    td { (case.ask) }
                    td { (wanted(case)) }
                    td { (outcome.chosen()) }
                    td { @if outcome.picks.iter().any(|(_, verdict)| *verdict != Verdict::Right) { (wrong(case, outcome)) } }
                }
            }
        }
    }
}
