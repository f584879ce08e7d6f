//! Keeping what was approved of a tool as an older version of it, for callers that still speak it.

use crate::policy::{LOCK_FILE, Lock, LockedTool, nearest, visible};

/// Adds what is approved of a tool now as its version, as `search@1` says.
///
/// # Errors
/// What is wrong with the version, or with what was approved: the operator's fault.
pub(super) fn keep(lock: &mut Lock, version: &str) -> Result<(), String> {
    let (name, number) = version.split_once('@').unwrap_or((version, ""));
    let number = number.parse::<u32>().ok().filter(|number| *number > 0);
    let number =
        number.ok_or_else(|| format!("`{}` is no version; write it as `search@1`", visible(version)))?;
    if lock.tools.iter().any(|tool| tool.called() == version) {
        return Err(format!(
            "{LOCK_FILE} has `{version}` already; take it out by hand if it is not the right one"
        ));
    }
    let now = lock.tools.iter().find(|tool| tool.version.is_none() && tool.name.as_str() == name);
    let now = now.ok_or_else(|| {
        let known = lock.tools.iter().map(|tool| tool.name.as_str());
        let meant = nearest(name, known).map(|meant| format!("; did you mean `{meant}@{number}`?"));
        format!("{LOCK_FILE} has no tool `{}` that could be kept{}", visible(name), meant.unwrap_or_default())
    })?;
    if now.definition.is_none() || now.is_edited {
        return Err(format!("{LOCK_FILE} does not hold what was approved of `{name}`, so it cannot be kept"));
    }
    let older = LockedTool { version: Some(number), ..now.clone() };
    lock.tools.push(older);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::json::Document;
    use crate::policy::Definition;

    #[test]
    fn keeps_what_was_approved_and_says_what_cannot_be_kept() {
        let json = r#"{"name":"search","description":"Looks."}"#;
        let definition = Definition::read(Document::parse(json.as_bytes()).expect("JSON").root());
        let tool = LockedTool::approved(Arc::new(definition.expect("a definition")), None);
        let old = LockedTool { definition: None, ..tool.clone() };
        let old = LockedTool { name: crate::names::ToolName::parse("old").expect("a name"), ..old };
        let mut lock = Lock { tools: vec![tool, old], ..Lock::default() };
        for (version, wanted) in [
            ("search", "is no version"),
            ("search@0", "is no version"),
            ("serch@1", "did you mean `search@1`?"),
            ("old@1", "does not hold what was approved"),
        ] {
            let fault = keep(&mut lock, version).expect_err("it cannot be kept");
            assert!(fault.contains(wanted), "{version}: {fault}");
        }
        assert_eq!(keep(&mut lock, "search@1"), Ok(()));
        assert!(keep(&mut lock, "search@1").is_err_and(|fault| fault.contains("already")));
        let text = lock.render();
        let back = Lock::read(crate::policy::Source { name: LOCK_FILE.into(), text: text.clone() });
        let back = back.unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        assert!(!back.is_list_edited && back.render() == text, "{text}");
        let called: Vec<String> = back.tools.iter().map(LockedTool::called).collect();
        assert_eq!(called, ["old", "search", "search@1"]);
    }
}
