//! What a bundle needs of the world around it: a database that is guarded itself, issuers that give the scopes,
//! and people who come back to what they have put in shadow.

use std::num::NonZeroU32;

use super::is_named;
use crate::bounds::SHADOW_DAYS_MAX;
use crate::names::{Label, Mode};
use crate::policy::arguments::Test;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned, did_you_mean};
use crate::policy::glob::Glob;
use crate::policy::parts::{ArgsPart, Bundle, Effect, RulePart};

const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// Warns once where SQL is judged by its text alone.
pub(super) fn check_boundary(bundle: &Bundle, findings: &mut Findings) {
    if bundle.is_boundary_declared {
        return;
    }
    let of_releases = bundle.rules.iter().flat_map(|rule| &rule.releases).flat_map(|release| &release.args);
    let of_rules = bundle.rules.iter().flat_map(|rule| &rule.args);
    if let Some(span) = of_rules.chain(of_releases).find_map(first_sql) {
        let message =
            "the text of SQL does not say all that it does, and nothing says that the database is guarded";
        let help = "let the server use a role that may only SELECT these tables, best on a replica, then write \
                    `upstream: { db_boundary: declared }`";
        findings.advise(Code::SqlAlone, span, message, help);
    }
}

/// The allow rules that ask of SQL in the arguments of a tool that it only reads.
pub(in crate::policy) fn sql_rules<'b>(bundle: &'b Bundle, tool: &str) -> impl Iterator<Item = &'b Label> {
    let asks = move |rule: &&RulePart| {
        let of_tool = rule.args.iter().filter(|args| Glob::new(&args.tool.value).matches(tool));
        rule.effect == Effect::Allow
            && rule.mode == Mode::Enforce
            && of_tool
                .flat_map(|args| &args.constraints)
                .flat_map(|it| &it.tests)
                .any(|test| matches!(test.value, Test::Sql(_)))
    };
    bundle.rules.iter().filter(asks).filter_map(|rule| Some(&rule.id.as_ref()?.value))
}

fn first_sql(args: &ArgsPart) -> Option<Span> {
    let tests = args.constraints.iter().flat_map(|constraint| &constraint.tests);
    tests.filter(|test| asks_sql(&test.value)).map(|test| test.span).next()
}

fn asks_sql(test: &Test) -> bool {
    match test {
        Test::Any(inner) | Test::Each(inner) => inner.iter().any(asks_sql),
        Test::Sql(_) => true,
        Test::Cidr(_)
        | Test::Equals(_)
        | Test::Glob(_)
        | Test::In(_)
        | Test::JsonSchema(_)
        | Test::Length(_)
        | Test::Max(_)
        | Test::Min(_)
        | Test::PathUnder(_)
        | Test::Prefix(_)
        | Test::Present
        | Test::Regex(_)
        | Test::Suffix(_)
        | Test::Type(_)
        | Test::Url(_) => false,
    }
}

/// Warns of scopes that callers can get from nobody, where some issuer says what it gives.
pub(super) fn check_scopes(bundle: &Bundle, findings: &mut Findings) {
    let lists = || bundle.issuers.iter().filter_map(|issuer| issuer.scopes.as_ref());
    if lists().next().is_none() {
        return;
    }
    let of_keys = bundle.keys.iter().flat_map(|key| &key.scopes);
    let of_certificates = bundle.certificates.iter().flat_map(|part| &part.scopes);
    let given: Vec<&str> =
        lists().flatten().chain(of_keys).chain(of_certificates).map(|scope| scope.value.as_str()).collect();
    let asked = bundle.roles.iter().filter(|role| is_named(bundle, &role.id)).flat_map(|role| &role.scopes);
    for scope in asked.filter(|scope| !given.contains(&scope.value.as_str())) {
        let name = scope.value.as_str();
        let message = format!("no issuer lists the scope `{name}` in its `scopes_supported`");
        let help = did_you_mean(name, "scopes", given.iter().copied());
        findings.advise(Code::UnsupportedScope, scope.span, message, help);
    }
}

/// Warns of what has been in shadow for too long on the day of `unix_ms`.
pub(super) fn check_shadow(bundle: &Bundle, unix_ms: u64, findings: &mut Findings) {
    let days_max = bundle.shadow_days_max.map_or(SHADOW_DAYS_MAX, NonZeroU32::get);
    let server = bundle.server.iter().filter_map(|server| server.value.since.as_ref());
    let rules = bundle.rules.iter().filter_map(|rule| rule.since.as_ref());
    let limits = bundle.limits.iter().filter_map(|limit| limit.since.as_ref());
    let redact = bundle.redact.iter().filter_map(|rule| rule.since.as_ref());
    let flows = bundle.flows.iter().filter_map(|flow| flow.since.as_ref());
    for &Spanned { span, value: next_day_ms } in server.chain(rules).chain(limits).chain(redact).chain(flows)
    {
        // Whoever is ahead of UTC may write tomorrow's day.
        if next_day_ms > unix_ms.saturating_add(2 * DAY_MS) {
            let message = "this is in shadow since a day that has not come";
            findings.advise(Code::LongInShadow, span, message, "write the day on which it was put in shadow");
            continue;
        }
        let days = unix_ms.checked_sub(next_day_ms).map_or(0, |past_ms| past_ms / DAY_MS + 1);
        if days > u64::from(days_max) {
            let message = format!("this is in shadow for {days} days, and {days_max} are the most");
            let help = "let it take effect or remove it; or allow more with `shadow: { max_days: ... }`";
            findings.advise(Code::LongInShadow, span, message, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Paint, Source, compile};

    /// 2026-11-01, 12:00 UTC.
    const NOON: u64 = 1_793_534_400_000;

    /// What is warned of, beside lists that nobody closed.
    fn warnings(more: &str) -> Vec<String> {
        crate::identity::install_crypto();
        let head = "version: 1\nserver: { id: db }\ntools: { query: { class: read } }\n";
        let callers = if more.contains("callers:") { "" } else { "callers: { anonymous: allow }\n" };
        let source = Source { name: "policy.yaml".into(), text: format!("{head}{callers}{more}") };
        let policy =
            compile(&[source], NOON).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        let all = policy.warnings().iter().filter(|fault| fault.code != Code::OpenList);
        all.map(|fault| format!("{} {}", fault.code.as_str(), fault.message)).collect()
    }

    #[test]
    fn warns_once_of_sql_without_a_boundary_wherever_it_stands() {
        let sql = "{ sql: { read_only: true, dialect: postgres } }";
        let rule = |args: &str| format!("allow: [{{ id: a, tools: [query], args: {{ query: {args} }} }}]\n");
        let deny = format!(
            "deny: [{{ id: d, tools: [query], owner: o, unless: {{ args: {{ query: {{ q: {sql} }} }} }} }}]\n"
        );
        for text in [
            rule(&format!("{{ q: {sql} }}")),
            rule(&format!("{{ q: {sql}, r: {sql} }}")),
            rule(&format!("{{ q: {{ each: {sql} }} }}")),
            format!("{}{deny}", rule("{ q: { prefix: a } }")),
        ] {
            let found = warnings(&text);
            assert_eq!(found.len(), 1, "{text}{found:?}");
            assert!(found[0].starts_with("SG0120 "), "{found:?}");
            let text = format!("{text}upstream: {{ db_boundary: declared }}\n");
            assert_eq!(warnings(&text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(warnings(&rule("{ q: { prefix: a } }")), Vec::<String>::new());
    }

    #[test]
    fn warns_of_what_is_in_shadow_for_longer_than_the_days_that_are_allowed() {
        let cases = [
            ("", "2026-10-02", None),
            ("", "2026-10-01", Some(31)),
            ("shadow: { max_days: 1 }\n", "2026-10-31", None),
            ("shadow: { max_days: 1 }\n", "2026-10-30", Some(2)),
            ("shadow: { max_days: 31 }\n", "2026-10-01", None),
            ("", "2026-11-01", None),
            ("", "2026-11-02", None),
            ("", "2026-11-03", Some(0)),
            ("", "2062-10-02", Some(0)),
        ];
        let rule = "allow: [{ id: a, tools: [query] }]\n";
        for (head, since, wanted) in cases {
            let deny = format!(
                "{head}{rule}deny: [{{ id: d, tools: [query], owner: o, mode: shadow, since: {since} }}]\n"
            );
            let wanted = wanted.map(|days| match days {
                0 => "SG0121 this is in shadow since a day that has not come".to_owned(),
                days => {
                    let most = if head.is_empty() { 30 } else { 1 };
                    format!("SG0121 this is in shadow for {days} days, and {most} are the most")
                }
            });
            assert_eq!(warnings(&deny), wanted.into_iter().collect::<Vec<_>>(), "{deny}");
        }
        for part in [
            "limits: [{ id: l, per: [user], rate: 1/min, mode: shadow, since: 2026-09-01 }]\n",
            "redact: [{ id: r, on: results, detectors: [email], action: mask, mode: shadow, since: 2026-09-01 }]\n",
        ] {
            assert_eq!(warnings(&format!("{rule}{part}")).len(), 1, "{part}");
        }
    }

    #[test]
    fn warns_of_scopes_that_nobody_gives_where_some_issuer_says_what_it_gives() {
        let bundle = |supported: &str, keys: &str| {
            format!(
                "callers:\n  issuers:\n    - {{ issuer: \"https://a.example\", audience: [db], jwks: \"https://a.example/k\"{supported} }}\n{keys}\
                 roles: {{ reader: {{ scopes: [\"db:read\", \"db:write\"] }} }}\nallow: [{{ id: a, roles: [reader], tools: [query] }}]\n"
            )
        };
        let key = format!(
            "  keys: [{{ id: k, sha256: \"{}\", user: u, scopes: [\"db:write\"] }}]\n",
            "0".repeat(64)
        );
        let wanted = ["SG0122 no issuer lists the scope `db:write` in its `scopes_supported`"];
        let nothing: [&str; 0] = [];
        assert_eq!(warnings(&bundle("", "")), nothing, "nobody says anything");
        assert_eq!(warnings(&bundle(", scopes_supported: [\"db:read\"]", "")), wanted);
        assert_eq!(warnings(&bundle(", scopes_supported: [\"db:read\"]", &key)), nothing);
        assert_eq!(warnings(&bundle(", scopes_supported: [\"db:write\", \"db:read\"]", "")), nothing);
    }
}
