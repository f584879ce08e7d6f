//! What is hidden stays hidden, and nothing moves for it.

use super::*;

/// What is said of the text between the brackets, which is a secret where `is_hidden`.
fn fault(text: &str, is_hidden: bool) -> (String, Faults) {
    let (start, end) = (text.find('[').expect("a bracket") + 1, text.find(']').expect("another"));
    let span = Span { file: 0, start, end };
    let mut findings = Findings::default();
    if is_hidden {
        findings.hide(span);
    }
    findings.advise(Code::UnknownWord, span, "wrong", Help::meant(&text[start..end], "other"));
    let faults = findings.settle(&[Source { name: "policy.yaml".into(), text: text.to_owned() }]);
    let line = faults.iter().map(|fault| faults.line_of(fault).to_owned()).collect();
    (line, faults)
}

#[test]
fn offers_no_change_of_what_is_hidden() {
    let suggested = |is_hidden| {
        let (_, faults) = fault("a: [secret-1]", is_hidden);
        faults.iter().filter_map(|fault| fault.suggestion.clone()).count()
    };
    assert_eq!((suggested(true), suggested(false)), (0, 1));
}

#[test]
fn hides_without_moving_anything() {
    let text = "a: [s-é-€-😀] # ü";
    let (line, faults) = fault(text, true);
    assert_eq!(line, "a: [**·*∗*🔒] # ü");
    assert_eq!(line.len(), text.len());
    assert_eq!(line.encode_utf16().count(), text.encode_utf16().count());
    assert!(!faults.render(Paint::Plain).contains("s-é"));
    assert_eq!(fault(text, false).0, text);
}

#[test]
fn a_place_meets_what_lies_in_it_and_not_what_is_beside_it() {
    let span = |start, end| Span { file: 0, start, end };
    let cases = [(1, 2, false), (1, 3, true), (2, 2, true), (4, 9, true), (5, 9, false), (5, 5, false)];
    for (start, end, meets) in cases {
        assert_eq!(span(2, 5).meets(span(start, end)), meets, "{start}..{end}");
    }
    assert!(!span(2, 5).meets(Span { file: 1, start: 2, end: 5 }));
}
