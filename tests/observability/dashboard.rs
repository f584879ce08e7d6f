//! The dashboard: made by its script, whole, and with every panel at a place of its own.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::tools::{program, run, text};

const DASHBOARD: &str = "deploy/grafana/dashboard.json";

/// The dashboard.
pub fn read() -> Value {
    let text = std::fs::read_to_string(DASHBOARD).expect("the dashboard is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Its panels, rows aside.
pub fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    panels.filter(|panel| panel["type"] != "row").collect()
}

/// Every query of it, annotations included, with the title of what asks.
pub fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of_panel = |panel: &Value| -> Vec<(String, String)> {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| (word(&panel["title"]), word(&target["expr"]))).collect()
    };
    let mut queries: Vec<(String, String)> = panels(dashboard).into_iter().flat_map(of_panel).collect();
    let annotations = dashboard["annotations"]["list"].as_array().into_iter().flatten();
    queries.extend(annotations.map(|annotation| (word(&annotation["name"]), word(&annotation["expr"]))));
    queries
}

/// A query as Grafana asks it when everything is chosen.
pub fn filled(query: &str) -> String {
    let mut query = query.replace("$__rate_interval", "1m").replace("$__range", "1h");
    for variable in ["$namespace", "$job", "$pod"] {
        query = query.replace(variable, ".*");
    }
    assert!(!query.contains('$'), "a variable that nobody fills: {query}");
    query
}

#[test]
fn is_what_its_script_writes() {
    let Some(mut python) = program("dashboard", "python3") else { return };
    let output = run(python.arg("deploy/grafana/gen.py"), "");
    assert!(output.status.success(), "{}", text(&output));
    let written = String::from_utf8(output.stdout).expect("text");
    let kept = std::fs::read_to_string(DASHBOARD).expect("the dashboard is there");
    assert!(kept == written, "run: python3 deploy/grafana/gen.py > {DASHBOARD}");
}

#[test]
fn has_five_rows_and_panels_that_explain_themselves() {
    let dashboard = read();
    let all = dashboard["panels"].as_array().expect("panels");
    assert_eq!(all.iter().filter(|panel| panel["type"] == "row").count(), 5);
    let panels = panels(&dashboard);
    assert!(panels.len() >= 25, "{} panels", panels.len());
    let titles: BTreeSet<&str> = panels.iter().filter_map(|panel| panel["title"].as_str()).collect();
    let ids: BTreeSet<u64> = all.iter().filter_map(|panel| panel["id"].as_u64()).collect();
    assert_eq!((titles.len(), ids.len()), (panels.len(), all.len()), "titles and ids are unique");
    let mut taken = BTreeSet::new();
    for panel in all {
        let place = |side: &str| panel["gridPos"][side].as_u64().expect("a place");
        assert!(place("x") + place("w") <= 24, "{}", panel["title"]);
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{} stands upon another panel", panel["title"]);
            }
        }
        let about = panel["description"].as_str().unwrap_or_default();
        assert!(panel["type"] == "row" || about.ends_with('.'), "{} says nothing", panel["title"]);
    }
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let names: Vec<_> = variables.iter().filter_map(|variable| variable["name"].as_str()).collect();
    assert_eq!(names, ["datasource", "namespace", "job", "pod"]);
    assert_eq!(dashboard["annotations"]["list"].as_array().map(Vec::len), Some(1));
}
