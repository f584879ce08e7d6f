//! Why something is taken for a value of a kind, and how sure that is.
//!
//! A rule may ask for a confidence. What is less sure it neither writes over nor reports: a team that
//! cannot bear false alarms in free text asks for `likely`, and keeps what a field's name or a check proves.

use crate::scan::Detector;
use crate::scan::named::names::Tier;

/// How sure a finding is, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Confidence {
    /// What stands around it speaks for it: a field whose name has other meanings, capitals behind a title, what a
    /// model says.
    #[default]
    Possible,
    /// The name of its field or the word before it says so, and nothing in the value speaks against it.
    Likely,
    /// Its form and check prove it, or a rule names its field.
    Certain,
}

/// Why something is taken for a value of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ground {
    /// The name of its field, which has no other meaning.
    Field,
    /// Its form, with the check that its kind has.
    Form,
    /// What a model takes it for.
    Model,
    /// What introduces it in running text, or where it was found before.
    Prose,
    /// A rule that names its field.
    Rule,
    /// The name of its field, which has other meanings, with the form of the value or what stands beside it.
    WeakField,
    /// The word before it.
    Word,
}

impl Confidence {
    /// Every confidence, the least first.
    pub const ALL: &[Self] = &[Self::Possible, Self::Likely, Self::Certain];

    /// The word for it in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

impl Ground {
    /// How sure it makes a finding.
    pub fn confidence(self) -> Confidence {
        match self {
            Self::Form | Self::Rule => Confidence::Certain,
            Self::Field | Self::Word => Confidence::Likely,
            Self::Model | Self::Prose | Self::WeakField => Confidence::Possible,
        }
    }

    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Form => "form",
            Self::Model => "model",
            Self::Prose => "prose",
            Self::Rule => "rule",
            Self::WeakField => "weak_field",
            Self::Word => "word",
        }
    }

    /// What it means, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Field => "the name of its field says so, and the value does not speak against it",
            Self::Form => "it has the form of its kind and passes its check",
            Self::Model => "a model that reads prose takes it for one",
            Self::Prose => "what stands around it in the text introduces such a value",
            Self::Rule => "a rule names its field",
            Self::WeakField => {
                "the name of its field may mean it, and so does its form or what stands beside it"
            }
            Self::Word => "the word before it says so",
        }
    }

    /// That of a value under a field of this tier.
    pub(in crate::scan) fn of_field(tier: Tier) -> Self {
        match tier {
            Tier::Strong => Self::Field,
            Tier::Weak | Tier::Sole | Tier::Beside => Self::WeakField,
        }
    }

    /// That of a value found by what it looks like.
    pub(in crate::scan) fn of_look(detector: Detector) -> Self {
        if matches!(detector, Detector::PERSON | Detector::ADDRESS) { Self::Prose } else { Self::Form }
    }
}

#[cfg(test)]
mod tests {
    use super::Confidence;
    use crate::scan::tests::{check, rule};
    use crate::scan::{Action, Detector, Plan, Rule};

    #[test]
    fn a_rule_takes_what_is_as_sure_as_it_asks_and_nothing_else() {
        let text = r#"{"t":"card 4111111111111111, MRN 55988139, Patient Ann Lee","ssn":"123456789","name":"Ann Lee"}"#;
        for (confidence, wanted) in [
            (
                Confidence::Possible,
                r#"{"t":"card [PAN], MRN [MRN], Patient [NAME]","ssn":"[SSN]","name":"[NAME]"}"#,
            ),
            (
                Confidence::Likely,
                r#"{"t":"card [PAN], MRN [MRN], Patient Ann Lee","ssn":"[SSN]","name":"Ann Lee"}"#,
            ),
            (
                Confidence::Certain,
                r#"{"t":"card [PAN], MRN 55988139, Patient Ann Lee","ssn":"123456789","name":"Ann Lee"}"#,
            ),
        ] {
            let detectors = ["pan", "mrn", "us_ssn", "person_name"].map(|id| Detector::parse(id).unwrap());
            let all = Rule { confidence, ..rule("r", &detectors, &[], Action::Replace) };
            check(&Plan::new(vec![all]).unwrap(), text, wanted);
        }
    }

    #[test]
    fn two_rules_may_ask_for_different_confidence() {
        let careful =
            Rule { confidence: Confidence::Certain, ..rule("block", &[Detector::PAN], &[], Action::Drop) };
        let loose = rule("mask", &[Detector::PAN], &[], Action::Mask);
        let plan = Plan::new(vec![careful, loose]).unwrap();
        check(
            &plan,
            r#"{"a":"4111111111111111","card_number":"4111111111111112"}"#,
            r#"{"a":"[REDACTED]","card_number":"************1112"}"#,
        );
    }

    #[test]
    fn parts_of_a_sure_field_are_as_sure_and_secrets_have_no_parts() {
        let detectors = ["address", "secret", "person_name"].map(|id| Detector::parse(id).unwrap());
        let all = rule("r", &detectors, &[], Action::Replace);
        let plan = Plan::new(vec![Rule { confidence: Confidence::Likely, ..all }]).unwrap();
        for (text, wanted) in [
            (
                r#"{"home_address":{"street":"12 Main Street","city":"Oslo","use":"home"}}"#,
                r#"{"home_address":{"street":"[ADDRESS]","city":"[ADDRESS]","use":"home"}}"#,
            ),
            (r#"{"password":{"system":"x7-Kq"}}"#, r#"{"password":{"system":"[SECRET]"}}"#),
            (
                r#"{"patient_name":"Ann Lee","t":"Patient Ann Lee left, and Ann Lee came"}"#,
                r#"{"patient_name":"[NAME]","t":"Patient [NAME] left, and [NAME] came"}"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
    }
}
