//! Where the pages are.

use std::path::{Path, PathBuf};

/// The README, and every page in `docs`.
pub fn all() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("README.md")];
    let entries = std::fs::read_dir("docs").expect("there are pages");
    let paths = entries.map(|entry| entry.expect("readable").path());
    found.extend(paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    found.sort();
    found
}

/// Every Markdown file in a folder and below it.
pub fn below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text of a page.
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// What a reader reads: the text without its blocks of code.
pub fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// The blocks of code in a language.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let begins = format!("```{language}\n");
    text.split(&begins).skip(1).filter_map(|rest| Some(rest.split("```").next()?.to_owned())).collect()
}
