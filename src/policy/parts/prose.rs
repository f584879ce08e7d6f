//! What a model reads prose for.

use super::{Findings, Spanned};
use crate::bounds::{PROSE_BYTES_MAX, PROSE_WAIT_MAX};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Span, did_you_mean, shown};
use crate::policy::prose::{Beyond, ProsePlan};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;
use crate::scan::Detector;

/// The keys of `prose`.
pub(in crate::policy) const PROSE_KEYS: &[&str] = &["detectors", "threshold", "bytes_max", "wait", "beyond"];

/// Hundredths between which a model may be asked to be sure: below it guesses, above it never is.
pub(in crate::policy) const THRESHOLDS: (f32, f32) = (0.1, 0.99);

/// The section, its detectors with their places.
#[derive(Debug)]
pub(in crate::policy) struct ProsePart {
    pub plan: ProsePlan,
    pub detectors: Vec<Spanned<Detector>>,
    /// Where `beyond` says that what is not read passes.
    pub passes: Option<Span>,
    pub span: Span,
}

/// Reads the section; `None` where a fault has been noted, or nothing can be looked for.
pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<ProsePart> {
    let fields = Fields::open(node, "`prose`", PROSE_KEYS, findings)?;
    let items = fields.need("detectors", findings);
    let items = items.and_then(|node| walker::some(node, "`detectors`", findings)).unwrap_or_default();
    let detectors: Vec<_> = items.iter().filter_map(|item| read_detector(item, findings)).collect();
    let threshold = fields.get("threshold").map(|node| read_threshold(node, findings));
    let bytes_max = fields.get("bytes_max").map(|node| read_bytes_max(node, findings));
    let wait = fields.get("wait").map(|node| {
        let wait = walker::duration(node, "time to wait", findings)?;
        if wait > PROSE_WAIT_MAX {
            let message = format!("`wait` may be {}s at most", PROSE_WAIT_MAX.as_secs());
            findings.raise(Code::TooLarge, node.span, message);
        }
        Some(wait)
    });
    let beyond = fields.get("beyond");
    let word = beyond.map(|node| {
        walker::word(node, "a word for `beyond`", Beyond::ALL, Beyond::as_str, findings).unwrap_or_default()
    });
    if detectors.is_empty() {
        return None;
    }
    let usual = ProsePlan::usual(detectors.iter().map(|detector| detector.value).collect());
    Some(ProsePart {
        plan: ProsePlan {
            threshold: threshold.flatten().unwrap_or(usual.threshold),
            bytes_max: bytes_max.flatten().unwrap_or(usual.bytes_max),
            wait: wait.flatten().unwrap_or(usual.wait),
            beyond: word.unwrap_or_default(),
            ..usual
        },
        detectors,
        passes: beyond.filter(|_| word == Some(Beyond::Pass)).map(|node| node.span),
        span: fields.span(),
    })
}

fn read_detector(node: &Node, findings: &mut Findings) -> Option<Spanned<Detector>> {
    let text = walker::text(node, "a detector", findings)?;
    let found = Detector::READ.iter().copied().find(|detector| detector.as_str() == text);
    if found.is_none() {
        let help = did_you_mean(text, "kinds", Detector::READ.iter().map(|detector| detector.as_str()));
        let message = format!("no model reads prose for `{}`", shown(text));
        findings.advise(Code::UnknownDetector, node.span, message, help);
    }
    found.map(|value| Spanned { span: node.span, value })
}

fn read_threshold(node: &Node, findings: &mut Findings) -> Option<f32> {
    let (least, most) = THRESHOLDS;
    let found = walker::number(node).filter(|threshold| (least..=most).contains(threshold));
    if found.is_none() {
        let message = format!("`threshold` must be a number from {least} to {most}");
        findings.advise(Code::BadValue, node.span, message, "write less to find more, as in `0.5`");
    }
    found
}

fn read_bytes_max(node: &Node, findings: &mut Findings) -> Option<usize> {
    let count = walker::count(node, "`bytes_max`", findings)?;
    let bytes_max = usize::try_from(count.get()).ok().filter(|&bytes| bytes <= PROSE_BYTES_MAX);
    if bytes_max.is_none() {
        let message = format!("`bytes_max` may be {PROSE_BYTES_MAX} at most");
        findings.raise(Code::TooLarge, node.span, message);
    }
    bytes_max
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::policy::{Beyond, ProsePlan, Source, compile};

    /// What the policy makes of the section, or the numbers of its faults; then those of its warnings.
    fn read(said: &str) -> (Result<Option<ProsePlan>, Vec<&'static str>>, Vec<&'static str>) {
        crate::identity::install_crypto();
        let text = format!(
            "version: 1\nserver: {{ id: db }}\ncallers: {{ anonymous: allow }}\n\
             redact: [{{ id: p, on: results, detectors: [person_name], action: replace }}]\n{said}\n"
        );
        match compile(&[Source { name: "policy.yaml".into(), text }], 0) {
            Ok(policy) => {
                let warnings = policy.warnings().iter().map(|fault| fault.code.as_str()).collect();
                (Ok(policy.prose), warnings)
            }
            Err(faults) => (Err(faults.iter().map(|fault| fault.code.as_str()).collect()), Vec::new()),
        }
    }

    #[test]
    fn reads_the_section_and_refuses_what_no_model_can() {
        let (plan, warnings) = read("prose: { detectors: [person_name] }");
        let plan = plan.expect("a policy").expect("a plan");
        assert_eq!((plan.threshold, plan.bytes_max, plan.wait), (0.5, 32 << 10, Duration::from_secs(5)));
        assert_eq!((plan.beyond, plan.place.line, plan.place.column), (Beyond::Withhold, 5, 10));
        assert!(!warnings.contains(&"SG0134") && !warnings.contains(&"SG0135"), "{warnings:?}");

        let (plan, warnings) = read(
            "prose: { detectors: person_name, threshold: 0.8, bytes_max: 1048576, wait: 60s, beyond: pass }",
        );
        let plan = plan.expect("a policy").expect("a plan");
        assert_eq!((plan.threshold, plan.bytes_max, plan.wait), (0.8, 1 << 20, Duration::from_secs(60)));
        assert_eq!(plan.beyond, Beyond::Pass);
        assert!(warnings.contains(&"SG0135"), "{warnings:?}");

        assert!(read("prose: { detectors: [address] }").1.contains(&"SG0134"));
        assert!(read("").0.expect("a policy").is_none());
        for (said, wanted) in [
            ("prose: {}", "SG0006"),
            ("prose: { detectors: [] }", "SG0009"),
            ("prose: { detectors: [email] }", "SG0018"),
            ("prose: { detectors: [person] }", "SG0018"),
            ("prose: { detectors: [person_name], on: results }", "SG0005"),
            ("prose: { detectors: [person_name], threshold: 0.09 }", "SG0009"),
            ("prose: { detectors: [person_name], threshold: 1 }", "SG0009"),
            ("prose: { detectors: [person_name], bytes_max: 1048577 }", "SG0023"),
            ("prose: { detectors: [person_name], bytes_max: 0 }", "SG0009"),
            ("prose: { detectors: [person_name], wait: 61s }", "SG0023"),
            ("prose: { detectors: [person_name], beyond: block }", "SG0008"),
            ("prose: person_name", "SG0007"),
        ] {
            assert_eq!(read(said).0.err().as_deref(), Some(&[wanted][..]), "{said}");
        }
    }
}
