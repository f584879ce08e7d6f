//! Links lead to files and headings that are there, every page can be found from the README, and nothing is said twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::pages;

/// The README is a front door, not the house.
const README_LINES_MAX: usize = 220;

/// Every file whose links are held, and which the README must lead to but for what is for those who change the project.
fn files() -> Vec<PathBuf> {
    let mut files = pages::all();
    files.extend(pages::below("deploy"));
    files.extend(pages::below("policies"));
    files.extend(
        ["CONTRIBUTING.md", "CHANGELOG.md", "benches/README.md", "tests/redaction/README.md"]
            .map(PathBuf::from),
    );
    files
}

/// Where links in the prose of a page lead, but for those to other places in the world.
fn links(page: &Path) -> Vec<String> {
    let prose = pages::prose(&pages::text(page));
    let mut links = Vec::new();
    for (index, part) in prose.split("](").enumerate().skip(1) {
        let target = part.split(')').next().unwrap_or_default();
        assert!(
            !target.contains(char::is_whitespace),
            "{}: link {index} does not end: {part:.40}",
            page.display()
        );
        if !target.contains("://") && !target.starts_with("mailto:") {
            links.push(target.to_owned());
        }
    }
    links
}

/// The file and the anchor that a link on a page leads to.
fn target(page: &Path, link: &str) -> (PathBuf, Option<String>) {
    let (path, anchor) =
        link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor.to_owned())));
    if path.is_empty() {
        return (page.to_owned(), anchor);
    }
    let mut plain = PathBuf::new();
    for part in page.parent().unwrap_or(Path::new("")).join(path).components() {
        match part {
            Component::ParentDir => {
                assert!(plain.pop(), "{}: `{link}` leads out of the project", page.display());
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    (plain, anchor)
}

/// The anchors of a page: GitHub's for each heading, and those that it names itself.
fn anchors(page: &Path) -> BTreeSet<String> {
    let prose = pages::prose(&pages::text(page));
    let mut anchors = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in prose.lines() {
        if let Some(named) = line.split("<a id=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            anchors.insert(named.to_owned());
        }
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect();
        let count = counts.entry(anchor.clone()).or_default();
        anchors.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    anchors
}

#[test]
fn every_link_leads_somewhere() {
    let mut lost = Vec::new();
    let mut looked_at = 0;
    for page in files() {
        for link in links(&page) {
            let (path, anchor) = target(&page, &link);
            let is_there = path.exists() && anchor.is_none_or(|anchor| anchors(&path).contains(&anchor));
            if !is_there {
                lost.push(format!("{}: {link}", page.display()));
            }
            looked_at += 1;
        }
    }
    assert!(lost.is_empty(), "these lead nowhere:\n{}", lost.join("\n"));
    assert!(looked_at > 50, "too few links: {looked_at}");
}

#[test]
fn every_page_is_found_from_the_readme() {
    let mut found = BTreeSet::from([PathBuf::from("README.md")]);
    let mut open = vec![PathBuf::from("README.md")];
    while let Some(page) = open.pop() {
        for link in links(&page) {
            let (path, _) = target(&page, &link);
            if path.extension().is_some_and(|extension| extension == "md") && found.insert(path.clone()) {
                open.push(path);
            }
        }
    }
    let lost: Vec<_> = files().into_iter().filter(|page| !found.contains(page)).collect();
    assert!(lost.is_empty(), "nothing leads from the README to {lost:?}");
}

#[test]
fn the_readme_stays_a_front_door() {
    let lines = pages::text(Path::new("README.md")).lines().count();
    assert!(lines <= README_LINES_MAX, "{lines} lines: move to a page what not everybody needs");
}

/// A sentence that stands in two places is mended in one of them only.
#[test]
fn no_sentence_stands_twice() {
    let mut known: BTreeMap<String, PathBuf> = BTreeMap::new();
    for page in pages::all() {
        let text = pages::prose(&pages::text(&page)).replace("\n\n", ". ").replace('\n', " ");
        for sentence in text.split(['.', ';', ':']).map(str::trim).filter(|sentence| sentence.len() >= 60) {
            let other = known.insert(sentence.to_owned(), page.clone());
            assert!(other.is_none(), "`{sentence}` stands in {} and {other:?}", page.display());
        }
    }
    assert!(known.len() > 200, "too few sentences: {}", known.len());
}
