//! Cases that get through, each with its reason: the bugs that are known and not yet mended.

/// Id, or its beginning before a `*`, and what is wrong.
pub const KNOWN: &[(&str, &str)] = &[];

/// Whether an entry means a case.
fn is_it(known: &str, id: &str) -> bool {
    known.strip_suffix('*').map_or(known == id, |start| id.starts_with(start))
}

/// Takes the known ones out of `faults`, and complains of those that are known and no longer happen.
///
/// A fault is the id of a case, a colon, and words.
pub fn sift(faults: Vec<String>, ids: &[String]) -> Vec<String> {
    let of = |fault: &str| ids.iter().find(|id| fault.starts_with(&format!("{id}: "))).cloned();
    let failed: Vec<_> = faults.iter().filter_map(|fault| of(fault)).collect();
    let is_known =
        |fault: &String| of(fault).is_some_and(|id| KNOWN.iter().any(|(known, _)| is_it(known, &id)));
    let (known, mut unknown): (Vec<_>, Vec<_>) = faults.into_iter().partition(is_known);
    for fault in known {
        println!("known: {fault}");
    }
    for (known, why) in KNOWN.iter().filter(|(known, _)| ids.iter().any(|id| is_it(known, id))) {
        if !failed.iter().any(|id| is_it(known, id)) {
            unknown.push(format!("{known}: holds now; take it off the list of what is known ({why})"));
        }
    }
    unknown
}
