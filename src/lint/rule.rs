//! The rules for what a server says of itself: one table, quoted by the command line and by SARIF.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody may want to steer the model, or a claim is false: nobody should approve it unread.
    Error,
    /// A model will often misunderstand it.
    Warning,
    /// It could be said better.
    Note,
}

/// Writes the table once for the type, the numbers and the words.
macro_rules! rules {
    ($($name:ident $number:literal $severity:ident $weight:literal $meaning:literal)*) => {
        /// What may be wrong with the words of a server; each has a number that never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = concat!($number, ": ", $meaning)] $name,)*
        }

        impl Rule {
            /// Every rule, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number, as in `SG1001`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $number,)*
                }
            }

            /// What it means, in one line.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)*
                }
            }

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }

            /// The points of a hundred that it takes from the score of a tool, once.
            pub fn weight(self) -> u32 {
                match self {
                    $(Self::$name => $weight,)*
                }
            }
        }
    };
}

rules! {
    MissingPurpose "SG1001" Warning 30 "nothing says what it is for"
    VaguePurpose "SG1002" Warning 20 "the description says no more than the name"
    LongDescription "SG1003" Warning 10 "a description longer than clients hand on"
    UndocumentedParameters "SG1004" Note 5 "parameters of which nothing says what to write"
    NearTwins "SG1005" Warning 10 "two tools that a model can hardly tell apart"
    ConfusableNames "SG1006" Warning 15 "two names that differ by case, `-` or `_` only"
    ReadOnlyChanges "SG1010" Error 30 "it claims to change nothing, and says that it does"
    HarmlessDestroys "SG1011" Warning 20 "it claims to destroy nothing, and says that it does"
    ClosedReachesOut "SG1012" Warning 10 "it claims to stay with its server, and says that it goes beyond"
    HintsDisagree "SG1013" Warning 10 "its annotations contradict each other"
    Widthless "SG1020" Error 60 "characters without width"
    TurnedText "SG1021" Error 60 "characters that turn the direction of text"
    TagCharacters "SG1022" Error 80 "a text in tag characters, which nobody sees"
    ControlCharacters "SG1023" Error 60 "control characters, such as escapes of a terminal"
    HiddenMarkup "SG1024" Error 60 "a comment or a style that hides text from people"
    PushedAway "SG1025" Error 60 "a text behind many blanks or empty lines"
    MixedScripts "SG1026" Error 60 "a word of letters from two scripts that look alike"
    Encoded "SG1027" Error 60 "a text in Base64"
    Override "SG1030" Error 80 "it sets other instructions of the model aside"
    Concealment "SG1031" Error 80 "it wants something kept from the user"
    Precondition "SG1032" Error 60 "it wants something done that nobody asked for"
    Disguise "SG1033" Error 60 "it speaks as a system, a developer or to the model itself"
    Exfiltration "SG1034" Error 80 "it asks for files, keys or the conversation"
    Steering "SG1035" Error 80 "it changes how other tools are used"
    Delayed "SG1036" Error 60 "it waits for a time or an event before it acts otherwise"
    Authority "SG1037" Error 60 "it claims a consent or a right that nobody gave"
    UnknownTool "SG1040" Warning 10 "it names a tool that this server does not have"
    Secret "SG1050" Error 60 "a secret in the text"
    SuspectAddress "SG1051" Error 60 "an address that collects what is sent to it"
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The page for people; every rule has a section.
const PAGE: &str = include_str!("rules.md");

impl Rule {
    /// What it means, where that is known from, and what to do, as Markdown.
    pub fn explanation(self) -> &'static str {
        let section =
            PAGE.split("\n## ").find_map(|section| section.strip_prefix(self.as_str())?.strip_prefix('\n'));
        section.unwrap_or_default().trim()
    }

    /// What to do about it, in one line.
    pub fn remedy(self) -> &'static str {
        let line = self.explanation().lines().find_map(|line| line.strip_prefix("Remedy: "));
        line.unwrap_or_default()
    }

    /// Finds a rule by its number, in upper or lower case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.as_str().eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_told_with_source_and_remedy_and_every_section_is_a_rule() {
        for rule in Rule::ALL {
            assert!(rule.explanation().len() > 80, "{}", rule.as_str());
            assert!(!rule.remedy().is_empty(), "{}: no remedy", rule.as_str());
            assert!(rule.explanation().contains("\nSource: "), "{}: no source", rule.as_str());
        }
        let sections = PAGE.split("\n## ").skip(1).filter_map(|section| section.lines().next());
        sections.for_each(|heading| assert!(Rule::parse(heading).is_some(), "{heading}"));
        assert!(Rule::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }
}
