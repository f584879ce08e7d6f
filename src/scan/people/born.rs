//! People before their dates of birth: `we saw Ann Lee, born 29.02.1980`, `Ann Lee (DOB 1980-02-29)`.
//!
//! The other way round from `births`: a date that is known for one of birth tells who stands before it.

use std::ops::Range;

use super::prose;
use crate::scan::Detector;
use crate::scan::sieve::sweep::{Form, Sweep};

/// Bytes between a person and the date.
const GAP_BYTES_MAX: usize = 32;

impl Sweep<'_> {
    /// Adds the people right before the dates of birth that were found.
    pub(in crate::scan) fn born(&mut self) {
        const DOB: Detector = Detector::named("dob");
        let bytes = self.bytes;
        let dates = self.hits.iter().filter(|hit| hit.detector == DOB && hit.form == Form::Part);
        let people: Vec<_> = dates.filter_map(|hit| before(bytes, hit.span.start)).collect();
        for span in people {
            self.maybe(Detector::PERSON, || Some(span));
        }
    }
}

/// The person before the date at `at`: what tells of a birth stands between them, behind a comma or a bracket.
fn before(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let floor = at.saturating_sub(GAP_BYTES_MAX);
    let head = &bytes[floor..at];
    let mark = head.windows(2).rposition(|pair| matches!(pair, b", " | b" ("))?;
    let is_word = |byte: &u8| byte.is_ascii_alphabetic() || b" .:*".contains(byte) || *byte >= 0x80;
    let gap = &head[mark + 2..];
    (!gap.is_empty() && gap.iter().all(is_word)).then(|| prose::ending(bytes, floor + mark))?
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn takes_who_was_born() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (r#"["we saw Aro van der Quix, born 29.02.1980"]"#, r#"["we saw [NAME], born [DOB]"]"#),
            (r#"["que Zoé Quix, nascida em 29/02/1980, veio"]"#, r#"["que [NAME], nascida em [DOB], veio"]"#),
            (r#"["x\nZo\u00e9 \u00d6quix, born 29.02.1980"]"#, r#"["x\n[NAME], born [DOB]"]"#),
            (r#"["for Aro Quix (DOB 1980-02-29)"]"#, r#"["for [NAME] (DOB [DOB])"]"#),
            (r#"["the Aro, born 29.02.1980"]"#, r#"["the Aro, born [DOB]"]"#),
            (r#"["the aro Quix, born 29.02.1980"]"#, r#"["the aro Quix, born [DOB]"]"#),
            (r#"["the Quix Service Team, born 29.02.1980"]"#, r#"["the Quix Service Team, born [DOB]"]"#),
        ] {
            check(&plan, text, wanted);
        }
    }
}
