//! Cases that get through, each with its reason: the bugs that are known and not yet mended.

/// Id, and what is wrong.
pub const KNOWN: &[(&str, &str)] = &[
    ("http/type/application/json; charset=\"utf-8", "a charset whose quote is never closed is taken"),
    ("http/target//mcp#", "a fragment is no part of a request target, and is dropped"),
    ("http/target//mcp#/x", "a fragment is no part of a request target, and is dropped"),
    ("http/host/127.0.0.1:x", "a port that is no number is taken"),
];

/// Takes the known ones out of `faults`, and complains of those that are known and no longer happen.
///
/// A fault is the id of a case, a colon, and words.
pub fn sift(faults: Vec<String>, ids: &[String]) -> Vec<String> {
    let id = |fault: &str| fault.split(": ").next().unwrap_or_default().to_owned();
    let failed: Vec<_> = faults.iter().map(|fault| id(fault)).collect();
    let is_known = |fault: &String| KNOWN.iter().any(|(known, _)| *known == id(fault));
    let (known, mut unknown): (Vec<_>, Vec<_>) = faults.into_iter().partition(is_known);
    for fault in known {
        println!("known: {fault}");
    }
    for (known, why) in KNOWN.iter().filter(|(known, _)| ids.iter().any(|id| id == known)) {
        if !failed.iter().any(|id| id == known) {
            unknown.push(format!("{known}: holds now; take it off the list of what is known ({why})"));
        }
    }
    unknown
}
