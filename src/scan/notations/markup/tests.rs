//! What markup names, and what it does not.

use crate::scan::Action;
use crate::scan::tests::{check, everything};

/// Each row: the text of a string, and what is left of it. Quotes are written as in markup.
fn rows(rows: &[(&str, &str)]) {
    let plan = everything(Action::Replace);
    for (text, wanted) in rows {
        for (slash, quote) in [("/", r#"\""#), (r"\/", r#"\""#), ("/", "'")] {
            let spell = |text: &str| format!(r#"{{"t":"{}"}}"#, text.replace('/', slash).replace('"', quote));
            check(&plan, &spell(text), &spell(wanted));
        }
        let inner = |text: &str| {
            let text = text.replace('"', r#"\\\""#).replace(r"\n", r"\\n");
            format!(r#"{{"t":"{{\"u\": \"{text}\"}}"}}"#)
        };
        check(&plan, &inner(text), &inner(wanted));
    }
}

#[test]
fn reads_elements_by_their_names() {
    rows(&[
        ("<a:dob>1980-02-29</a:dob>", "<a:dob>[DOB]</a:dob>"),
        ("x <mrn>\\n  A 1020304\\n</mrn> y", "x <mrn>\\n  [MRN]\\n</mrn> y"),
        ("<password><![CDATA[secret-1]]></password>", "<password><![CDATA[[SECRET]]]></password>"),
        (
            "<name><given>Aro</given><family>Quix</family></name>",
            "<name><given>[NAME]</given><family>[NAME]</family></name>",
        ),
        ("<p><city>Bern</city><mrn>A 1020304</mrn></p>", "<p><city>[ADDRESS]</city><mrn>[MRN]</mrn></p>"),
        ("<!-- <mrn>A 1020304</mrn> --><?x y?><!DOCTYPE a>", "<!-- <mrn>[MRN]</mrn> --><?x y?><!DOCTYPE a>"),
        ("<Cdtr><Nm>Aro Quix</Nm></Cdtr>", "<Cdtr><Nm>[NAME]</Nm></Cdtr>"),
    ]);
    let plan = everything(Action::Replace);
    for text in [
        r#"["<city>Bern</city>"]"#,
        r#"["<given>Aro</given> <name>Build All</name>"]"#,
        r#"["see From<EmailAddress> for `x`, From<Mrn> of 1 `<str`"]"#,
        r#"["<unit><Nm>Aro Quix</Nm></unit>"]"#,
        r#"["a <b and Map<city, Bern> x"]"#,
        r#"["<dob","1980 </dob>"]"#,
        r#"["<dob>see the \"year\"</dob>"]"#,
    ] {
        check(&plan, text, text);
    }
}

#[test]
fn reads_attributes() {
    rows(&[
        (r#"<birthTime value="19800229"/>"#, r#"<birthTime value="[DOB]"/>"#),
        (r#"<passport nr="AB1234567" x="1" />"#, r#"<passport nr="[PASSPORT]" x="1" />"#),
        (r#"<name first="Aro" last="Quix"/>"#, r#"<name first="[NAME]" last="[NAME]"/>"#),
        (r#"<input name="cc-csc" value="670">"#, r#"<input name="cc-csc" value="[CVV]">"#),
        (
            r#"<property name="password">secret-1</property>"#,
            r#"<property name="password">[SECRET]</property>"#,
        ),
        (r#"<add key="password" value="secret-1" />"#, r#"<add key="password" value="[SECRET]" />"#),
        (
            r#"<patientRole><id extension="1020304"/></patientRole><id extension="1020304"/>"#,
            r#"<patientRole><id extension="[MRN]"/></patientRole><id extension="1020304"/>"#,
        ),
        (r#"<a href="tel:020 794 60944">call</a>"#, r#"<a href="tel:[PHONE]">call</a>"#),
    ]);
    rows(&[(
        r#"<input name="qty" value="670"><img alt="first">"#,
        r#"<input name="qty" value="670"><img alt="first">"#,
    )]);
}

#[test]
fn reads_cells_by_what_names_them() {
    rows(&[
        ("<tr><th>Patient name</th><td>Aro</td></tr>", "<tr><th>Patient name</th><td>[NAME]</td></tr>"),
        ("<dl><dt>DOB:</dt><dd><b>1980-02-29</b></dd></dl>", "<dl><dt>DOB:</dt><dd><b>[DOB]</b></dd></dl>"),
        ("<td>MRN</td><td>1020304</td>", "<td>MRN</td><td>[MRN]</td>"),
        (
            "<table><tr><th>No<th>MRN</tr><tr><td>7</td><td>1020304</td></tr></table>",
            "<table><tr><th>No<th>MRN</tr><tr><td>7</td><td>[MRN]</td></tr></table>",
        ),
        ("<p><b>Password:</b> secret-1<br>x</p>", "<p><b>Password:</b> [SECRET]<br>x</p>"),
        ("<key>password</key><string>secret-1</string>", "<key>password</key><string>[SECRET]</string>"),
        (r#"<label>MRN</label><input value="1020304">"#, r#"<label>MRN</label><input value="[MRN]">"#),
        (
            "<td>Home address</td><td>Am Hang 7<br>3000 Bern</td><td>x</td>",
            "<td>Home address</td><td>[ADDRESS]<br>[ADDRESS]</td><td>x</td>",
        ),
    ]);
    rows(&[
        ("<tr><th>Total</th><td>1020304</td></tr>", "<tr><th>Total</th><td>1020304</td></tr>"),
        ("<tr><td>MRN</td></tr><tr><td>1020304</td></tr>", "<tr><td>MRN</td></tr><tr><td>1020304</td></tr>"),
    ]);
}
