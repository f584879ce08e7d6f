//! What is approved, and what is refused.

use super::*;
use crate::json::Document;
use crate::policy::Class;

fn definition(json: &str) -> Arc<Definition> {
    let document = Document::parse(json.as_bytes()).expect("a test is JSON");
    Arc::new(Definition::read(document.root()).expect("a definition"))
}

fn offered() -> Vec<Arc<Definition>> {
    vec![
        definition(r#"{"name":"add","description":"Adds all."}"#),
        definition(r#"{"name":"drop","annotations":{}}"#),
    ]
}

fn lock() -> Lock {
    let add = definition(r#"{"name":"add","description":"Adds."}"#);
    let gone = definition(r#"{"name":"gone"}"#);
    let tools = vec![LockedTool::approved(add, Some(Class::Read)), LockedTool::approved(gone, None)];
    Lock { tools, ..Lock::default() }
}

fn approved(lock: &Lock, names: &[&str]) -> Result<Vec<String>, String> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let lock = some(lock, None, &offered(), &names).map_err(|fault| fault.to_string())?;
    Ok(lock
        .tools
        .iter()
        .map(|tool| {
            let description =
                tool.definition.as_ref().and_then(|definition| definition.description.as_deref());
            let class = tool.class.map_or("", Class::as_str);
            format!("{} {class} {}", tool.name, description.unwrap_or_default())
        })
        .collect())
}

#[test]
fn takes_what_is_named_and_nothing_else() {
    let texts = |texts: &[&str]| Ok(texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    assert_eq!(approved(&lock(), &["add"]), texts(&["add read Adds all.", "gone  "]));
    assert_eq!(approved(&lock(), &["drop"]), texts(&["add read Adds.", "gone  ", "drop  "]));
    assert_eq!(approved(&lock(), &["gone"]), texts(&["add read Adds."]));
    assert_eq!(approved(&lock(), &["gone", "add"]), texts(&["add read Adds all."]));
    let fault = approved(&lock(), &["ad"]).expect_err("there is no such tool");
    assert!(fault.contains("`ad`; did you mean `add`?"), "{fault}");
}

#[test]
fn keeps_nothing_that_was_edited_by_hand() {
    let mut edited = lock();
    edited.tools[0].is_edited = true;
    let fault = approved(&edited, &["drop"]).expect_err("`add` was edited");
    assert!(fault.contains("the definition of `add`"), "{fault}");
    assert!(approved(&edited, &["drop", "add"]).is_ok(), "both are taken from the server");
    let edited = Lock { is_list_edited: true, ..lock() };
    let fault = approved(&edited, &["add"]).expect_err("something was added or taken out");
    assert!(fault.contains("--approve-all"), "{fault}");
}

#[test]
fn shows_the_difference_to_people_and_programs() {
    let (lock, offered) = (lock(), offered());
    let drifts = drift(&lock, &offered);
    let server = LockedServer { name: "ac\u{1b}me".into(), version: Some("1".into()) };
    let comparison = Comparison { lock: &lock, server: Some(&server), offered: &offered, drifts: &drifts };
    let text = anstream::adapter::strip_str(&comparison.human()).to_string();
    let wanted = "\
~ add: changed (high)
    description (high)
      - Adds.
      + Adds all.
+ drop: added; nobody approved it
    class destructive
    annotations
      + {}
- gone: gone; the server has it no more
ac\\u{1b}me 1: 2 tools, 2 approved, 3 otherwise than approved
";
    assert_eq!(text, wanted);
    let json: serde_json::Value = serde_json::from_str(&comparison.json()).expect("JSON");
    assert_eq!(json["server"]["name"], "ac\u{1b}me");
    assert_eq!(json["drift"][0]["changes"][0]["after"], "Adds all.");
    assert_eq!(json["drift"][1]["class"], serde_json::Value::Null);
    assert_eq!(json["drift"][2]["kind"], "gone");
}
