//! Who is found, and what is not taken for a person.

use super::*;
use crate::scan::Action;
use crate::scan::tests::{check, everything};

/// The people found in a text, one after the other, as the sweep calls.
fn people(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut found, mut known) = (Vec::new(), 0);
    for at in 1..bytes.len() {
        let is_hook =
            bytes[at].is_ascii_uppercase() && (bytes[at - 1] == b' ' || at > 1 && bytes[at - 2] == b'\\');
        if is_hook
            && at >= known
            && let Some(span) = person(bytes, at, known)
        {
            known = span.end;
            found.push(&text[span]);
        }
    }
    found
}

#[test]
fn finds_whom_something_introduces() {
    for (text, wanted) in [
        ("Dear Dr. Anna van der Berg, we", vec!["Dr. Anna van der Berg"]),
        ("to Herr Müller today", vec!["Müller"]),
        (r"to Herr M\u00fcller today", vec![r"M\u00fcller"]),
        ("Patient Ann O'Brien-Lee (DOB", vec!["Ann O'Brien-Lee"]),
        ("name: Ann J. Lee, 41", vec!["Ann J. Lee"]),
        ("I spoke with Ann Lee and Bob Roe yesterday", vec!["Ann Lee", "Bob Roe"]),
        ("spoke with Ann Lee; Bob Roe will send it", vec!["Ann Lee", "Bob Roe"]),
        ("Hi team, Ann Lee called about it", vec!["Ann Lee"]),
        ("Hello Ann, thanks", vec!["Ann"]),
        ("signed by Ann Lee on", vec!["Ann Lee"]),
        ("M. Jean Roe, Sr. Juan de la Cruz", vec!["Jean Roe", "Juan de la Cruz"]),
        (r"ok\nAnn Lee called about it", vec!["Ann Lee"]),
    ] {
        assert_eq!(people(text), wanted, "{text}");
    }
}

#[test]
fn finds_whom_a_line_or_a_list_names() {
    for (text, wanted) in [
        ("Patient: DOE, JANE DOB", vec!["DOE, JANE"]),
        ("Patient: Lee, Ann (F)", vec!["Lee, Ann"]),
        ("From: Ann Lee, To: Bob Roe", vec!["Ann Lee", "Bob Roe"]),
        (r"x. Kind regards,\nAnn Lee\nAcme", vec!["Ann Lee"]),
        (r"x. Thanks!\n\nAnn\n", vec!["Ann"]),
        (r"Ship to:\nAnn Lee\n12", vec!["Ann Lee"]),
        ("x. Ann Lee, 45, presented", vec!["Ann Lee"]),
        ("x. Ann Lee (45F) fell", vec!["Ann Lee"]),
        ("the patient, Ann Lee, is", vec!["Ann Lee"]),
        ("invoice for Ann Lee", vec!["Ann Lee"]),
        ("a Señora Lee x", vec!["Lee"]),
    ] {
        assert_eq!(people(text), wanted, "{text}");
    }
    for text in [
        "From: Sales Team, To: Support",
        r"x. Kind regards,\nSupport\n",
        r"x. Steps:\nOpen Settings",
        "Patient: IN STOCK",
        "x. Release Notes, 45, page",
        "ready for New York",
    ] {
        assert_eq!(people(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn names_the_owner_of_a_mailbox() {
    for (text, wanted) in [
        ("\"Ann Lee <", Some("Ann Lee")),
        (r#""\"Lee, Ann\" <"#, Some("Lee, Ann")),
        ("\"Bob Roe <b@x.de>, Ann van der Lee <", Some("Ann van der Lee")),
        (r"x\nAnn Lee <", Some("Ann Lee")),
        ("\"Acme Support <", None),
        ("\"ann <", None),
        ("see <", None),
        ("<", None),
    ] {
        let found = owner(text.as_bytes(), text.len()).map(|span| &text[span]);
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn leaves_words_that_are_no_names() {
    for text in [
        "Patient Records and Patient Safety Report",
        "PATIENT ANN LEE",
        "Customer Service, Employee Handbook, Driver License",
        "see the Jordan River and Victoria Station pages",
        "Contact Support, Dear Customer, Hi Team,",
        "Hello World, the Apple Store is open",
        "Sr Software Engineer, Sr. Director",
        "file_name Ann Lee, user_name Ann Lee",
        "name=Ann Lee",
        "at 9 A.M. Monday Night",
        "updated. Apple Maps will follow",
        "HR Department, 12 ms Latency",
    ] {
        assert_eq!(people(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn finds_people_whose_names_are_known_and_leaves_things_that_bear_them() {
    let plan = everything(Action::Replace);
    for (text, wanted) in [
        ("it was Maria Schmidt who found it", "it was [NAME] who found it"),
        ("so Jos\u{e9} van der Berg left", "so [NAME] left"),
        ("1. Kowalski, Anna 2. none", "1. [NAME] 2. none"),
        ("seat of JOHN MILLER is free", "seat of [NAME] is free"),
        ("then J. Kowalski came", "then [NAME] came"),
        ("for Jordan Kowalski, too", "for [NAME], too"),
        ("by Zyx Qurtz, MD, today", "by [NAME], MD, today"),
    ] {
        check(&plan, &format!("[\"{text}\"]"), &format!("[\"{wanted}\"]"));
    }
    for text in [
        "near Jordan River, Victoria Station and Madison Avenue",
        "from Charles Schwab Bank or the Robert Koch Institute",
        "with Jenkins Pipeline, Ruby Gems and Travis Builds",
        "in Summer School, May Report and April Release",
        "see src/Anna Schmidt.txt and @Anna Schmidt",
        "read Fort Collins and San Miller",
    ] {
        check(&plan, &format!("[\"x {text}.\"]"), &format!("[\"x {text}.\"]"));
    }
}

#[test]
fn takes_no_firm_for_a_person() {
    let plan = everything(Action::Replace);
    for text in [
        r#"["we sold Morgan Stanley and John Deere on Monday"]"#,
        r#"["the stop is Charles de Gaulle today"]"#,
        r#"{"app":"Helen Kowalski","Company":"Peter Kowalski","product":"Helen Kowalski"}"#,
        r#"{"Nombre Y Apellidos":1}"#,
        r#"["bought from Helen Foods for the party"]"#,
        r#"["we land at Peter Kowalski Airport tonight"]"#,
    ] {
        check(&plan, text, text);
    }
    check(&plan, r#"["we met Morgan Kowalski on Monday"]"#, r#"["we met [NAME] on Monday"]"#);
}

#[test]
fn finds_who_holds_an_account_and_who_signs() {
    let plan = everything(Action::Replace);
    for (text, wanted) in [
        (r#"["x\n- Aro Quix: DE89370400440532013000"]"#, r#"["x\n- [NAME]: [IBAN]"]"#),
        (r#"["Aro Quix; 12.50; DE89370400440532013000"]"#, r#"["[NAME]; 12.50; [IBAN]"]"#),
        (r#"["Salary: DE89370400440532013000"]"#, r#"["Salary: [IBAN]"]"#),
        (r#"["the Aro Quix: DE89370400440532013000"]"#, r#"["the Aro Quix: [IBAN]"]"#),
        (r#"["x\n-- \nAro Quix\nBern"]"#, r#"["x\n-- \n[NAME]\nBern"]"#),
        (r#"["x\n--\nAro Quix\nBern"]"#, r#"["x\n--\nAro Quix\nBern"]"#),
        (
            r#"{"c":[{"name":"Refund Iban"},{"name":"F Nac"},{"name":"Maria Nino"}]}"#,
            r#"{"c":[{"name":"Refund Iban"},{"name":"F Nac"},{"name":"[NAME]"}]}"#,
        ),
    ] {
        check(&plan, text, wanted);
    }
}
