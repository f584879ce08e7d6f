//! What becomes of content that no scan can read: `binary: withhold`, or the media types that pass.

use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, did_you_mean, shown};
use crate::policy::walker;
use crate::policy::yaml::{Content, Node};
use crate::scan::Binary;

/// The words that stand for all of it.
pub(in crate::policy) const BINARY_WORDS: &[&str] = &["pass", "withhold"];

/// The first half of a media type. Source: IANA, top-level media types.
pub(in crate::policy) const MEDIA_KINDS: &[&str] =
    &["application", "audio", "font", "haptics", "image", "message", "model", "multipart", "text", "video"];

pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<Binary> {
    if matches!(node.content, Content::Scalar(_)) {
        let word = walker::word(
            node,
            "`pass`, `withhold` or a list of media types",
            BINARY_WORDS,
            |word| word,
            findings,
        )?;
        return Some(if word == "pass" { Binary::Pass } else { Binary::Withhold });
    }
    let items = walker::some(node, "`binary`", findings)?;
    let types: Vec<_> = items.iter().filter_map(|item| read_type(item, findings)).collect();
    (types.len() == items.len()).then(|| Binary::Only(types.into()))
}

/// Reads `image/png` or `image/*`.
fn read_type(node: &Node, findings: &mut Findings) -> Option<Box<str>> {
    let text = walker::text(node, "a media type", findings)?;
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".+-_".contains(&byte);
    let Some((kind, subtype)) = text.split_once('/') else {
        let help = "write `image/png`, or `image/*` for all of a kind";
        findings.advise(Code::BadValue, node.span, format!("`{}` is no media type", shown(text)), help);
        return None;
    };
    if !MEDIA_KINDS.contains(&kind) {
        let help = did_you_mean(kind, "kinds", MEDIA_KINDS.iter().copied());
        findings.advise(Code::BadValue, node.span, format!("`{}` is no kind of media", shown(kind)), help);
        return None;
    }
    if subtype != "*" && (subtype.is_empty() || !subtype.bytes().all(is_part)) {
        let help = "write it in lower case and without parameters, or `*` for all of a kind";
        findings.advise(Code::BadValue, node.span, format!("`{}` is no media type", shown(text)), help);
        return None;
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use crate::json::Document;
    use crate::policy::{Source, compile};
    use crate::scan::Direction;

    /// What the policy makes of a PDF and a picture; the number of its first fault otherwise.
    fn judged(said: &str) -> Result<(bool, bool), &'static str> {
        crate::identity::install_crypto();
        let text = format!("version: 1\nserver: {{ id: db }}\ncallers: {{ anonymous: allow }}\n{said}\n");
        let policy = compile(&[Source { name: "policy.yaml".into(), text }], 0)
            .map_err(|faults| faults.iter().next().map_or("", |fault| fault.code.as_str()))?;
        let passes = |mime: &str| {
            let content = "/9j/4AAQSkZJRgABAQAAAQABAAD//gA7Q1JFQVRPUjogZ2QtanBlZyB2MS4wICh1c2luZw==";
            let text = format!(r#"{{"contents":[{{"uri":"a:b","mimeType":"{mime}","blob":"{content}"}}]}}"#);
            let document = Document::parse(text.as_bytes()).expect("a test is JSON");
            policy.redaction.scan(Direction::Results, document.root()).splice.is_empty()
        };
        Ok((passes("application/pdf"), passes("image/png")))
    }

    #[test]
    fn reads_words_and_media_types_and_refuses_the_rest() {
        for (said, wanted) in [
            ("", Ok((true, true))),
            ("binary: pass", Ok((true, true))),
            ("binary: withhold", Ok((false, false))),
            ("binary: [image/*, audio/wav]", Ok((false, true))),
            ("binary: [image/png, application/pdf]", Ok((true, true))),
            ("binary: withold", Err("SG0008")),
            ("binary: []", Err("SG0009")),
            ("binary: [png]", Err("SG0009")),
            ("binary: [imag/png]", Err("SG0009")),
            ("binary: [\"image/png; q=1\"]", Err("SG0009")),
            ("binary: [image/PNG]", Err("SG0009")),
            ("binary: { a: b }", Err("SG0007")),
            ("binary: pass\nserver: { id: db, mode: shadow }", Err("SG0003")),
        ] {
            assert_eq!(judged(said), wanted, "{said}");
        }
        let shadow = "binary: withhold".to_owned();
        let text = format!(
            "version: 1\nserver: {{ id: db, mode: shadow }}\ncallers: {{ anonymous: allow }}\n{shadow}\n"
        );
        let policy = compile(&[Source { name: "policy.yaml".into(), text }], 0).expect("a policy");
        let image = r#"{"content":[{"type":"image","mimeType":"image/png","data":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"}]}"#;
        let document = Document::parse(image.as_bytes()).expect("a test is JSON");
        let sighting = policy.redaction.scan(Direction::Results, document.root());
        assert_eq!(
            (sighting.splice.is_empty(), sighting.findings.len()),
            (true, 1),
            "shadow changes no byte"
        );
    }
}
