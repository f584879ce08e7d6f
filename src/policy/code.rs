//! The numbers of what may be wrong with a bundle: one table, quoted by the command line and the documentation.

/// What kind of fault it is; each has a number that never changes its meaning.
///
/// `SG0001` to `SG0099` keep a bundle from taking effect, `SG0100` to `SG0199` are warnings, from
/// `SG0200` on are findings of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// SG0001
    Syntax,
    /// SG0002
    YamlFeature,
    /// SG0003
    DuplicateKey,
    /// SG0004
    AmbiguousScalar,
    /// SG0005
    UnknownKey,
    /// SG0006
    MissingKey,
    /// SG0007
    WrongType,
    /// SG0008
    UnknownWord,
    /// SG0009
    BadValue,
    /// SG0010
    BadName,
    /// SG0011
    DuplicateName,
    /// SG0012
    UnknownRole,
    /// SG0013
    UnknownTool,
    /// SG0014
    GlobMatchesNothing,
    /// SG0015
    UnknownScope,
    /// SG0016
    UnknownTenant,
    /// SG0017
    UnknownGroup,
    /// SG0018
    UnknownDetector,
    /// SG0019
    UnknownMethod,
    /// SG0020
    ToolWithoutClass,
    /// SG0021
    KeySetMissing,
    /// SG0022
    KeySetUnusable,
    /// SG0023
    TooLarge,
    /// SG0024
    SelectsNothing,
    /// SG0025
    BundleIncomplete,
    /// SG0026
    FileName,
    /// SG0027
    UnknownRule,
    /// SG0028
    DefinitionEdited,
    /// SG0029
    UnknownAgent,
    /// SG0034
    ExpiredException,
    /// SG0035
    UnknownWorkload,
    /// SG0036
    LayerConflict,
    /// SG0101
    ConversationLimitAlone,
    /// SG0102
    DeadAllow,
    /// SG0103
    ShadowAllow,
    /// SG0104
    DenyOfMissing,
    /// SG0105
    DenyWithoutOwner,
    /// SG0106
    NobodyMayCall,
    /// SG0107
    UnusedRole,
    /// SG0108
    OpenList,
    /// SG0109
    ExceptionEndsSoon,
    /// SG0110
    ClassByTeam,
    /// SG0201
    CaseFailed,
}

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The bundle cannot take effect.
    Error,
    /// The bundle takes effect; somebody should look.
    Warning,
}

impl Code {
    /// Every code, by number.
    pub const ALL: &[Self] = &[
        Self::Syntax,
        Self::YamlFeature,
        Self::DuplicateKey,
        Self::AmbiguousScalar,
        Self::UnknownKey,
        Self::MissingKey,
        Self::WrongType,
        Self::UnknownWord,
        Self::BadValue,
        Self::BadName,
        Self::DuplicateName,
        Self::UnknownRole,
        Self::UnknownTool,
        Self::GlobMatchesNothing,
        Self::UnknownScope,
        Self::UnknownTenant,
        Self::UnknownGroup,
        Self::UnknownDetector,
        Self::UnknownMethod,
        Self::ToolWithoutClass,
        Self::KeySetMissing,
        Self::KeySetUnusable,
        Self::TooLarge,
        Self::SelectsNothing,
        Self::BundleIncomplete,
        Self::FileName,
        Self::UnknownRule,
        Self::DefinitionEdited,
        Self::UnknownAgent,
        Self::ExpiredException,
        Self::UnknownWorkload,
        Self::LayerConflict,
        Self::ConversationLimitAlone,
        Self::DeadAllow,
        Self::ShadowAllow,
        Self::DenyOfMissing,
        Self::DenyWithoutOwner,
        Self::NobodyMayCall,
        Self::UnusedRole,
        Self::OpenList,
        Self::ExceptionEndsSoon,
        Self::ClassByTeam,
        Self::CaseFailed,
    ];

    /// The number, as in `SG0012`.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// What it means, in one line.
    pub fn meaning(self) -> &'static str {
        self.row().1
    }

    /// Whether a bundle with it may take effect.
    pub fn severity(self) -> Severity {
        if self.as_str().starts_with("SG01") { Severity::Warning } else { Severity::Error }
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Syntax => ("SG0001", "the file cannot be read as YAML"),
            Self::YamlFeature => {
                ("SG0002", "a feature of YAML that policies do not use, such as an anchor or a tag")
            }
            Self::DuplicateKey => ("SG0003", "a key stands twice in one map, or a section in two files"),
            Self::AmbiguousScalar => {
                ("SG0004", "a bare word or number that YAML 1.1 and 1.2 read differently")
            }
            Self::UnknownKey => ("SG0005", "a key that does not exist"),
            Self::MissingKey => ("SG0006", "a key that is needed is missing"),
            Self::WrongType => ("SG0007", "a value of the wrong kind, such as a text in place of a list"),
            Self::UnknownWord => {
                ("SG0008", "a word outside a closed set, such as a class, a mode or an action")
            }
            Self::BadValue => ("SG0009", "a value that is out of range or written in the wrong form"),
            Self::BadName => ("SG0010", "a text that may not be a name"),
            Self::DuplicateName => ("SG0011", "two things of one kind have the same name"),
            Self::UnknownRole => ("SG0012", "a role that is not declared under `roles`"),
            Self::UnknownTool => ("SG0013", "a tool that is neither under `tools` nor in `tools.lock.yaml`"),
            Self::GlobMatchesNothing => ("SG0014", "a pattern that matches nothing known"),
            Self::UnknownScope => ("SG0015", "a scope that is not in the list `scopes`"),
            Self::UnknownTenant => ("SG0016", "a tenant that is not in the list `tenants`"),
            Self::UnknownGroup => ("SG0017", "a group that is not in the list `groups`"),
            Self::UnknownDetector => ("SG0018", "a detector that does not exist"),
            Self::UnknownMethod => {
                ("SG0019", "a method that the protocol does not have, or that no rule may name")
            }
            Self::ToolWithoutClass => ("SG0020", "a tool has no class although something selects by class"),
            Self::KeySetMissing => ("SG0021", "the key set of an issuer is no file of the bundle"),
            Self::KeySetUnusable => ("SG0022", "the callers cannot be verified with the keys that are given"),
            Self::TooLarge => ("SG0023", "more than the bounds allow"),
            Self::SelectsNothing => ("SG0024", "a rule that can apply to nothing"),
            Self::BundleIncomplete => ("SG0025", "the bundle lacks a part that it needs"),
            Self::FileName => ("SG0026", "a file whose name would keep it from being read"),
            Self::UnknownRule => ("SG0027", "a rule id that no rule has"),
            Self::DefinitionEdited => {
                ("SG0028", "what was approved in the lock file is not what stands there")
            }
            Self::UnknownAgent => ("SG0029", "an agent that is not in the list `agents`"),
            Self::ExpiredException => ("SG0034", "an exception whose last day is over"),
            Self::UnknownWorkload => ("SG0035", "a workload that is not in the list `workloads`"),
            Self::LayerConflict => {
                ("SG0036", "a team's file says something that would weaken the rules of the organisation")
            }
            Self::ConversationLimitAlone => (
                "SG0101",
                "a limit per conversation without one per user: a client may start new conversations",
            ),
            Self::DeadAllow => {
                ("SG0102", "an allow that never applies, for a deny covers all that it allows")
            }
            Self::ShadowAllow => ("SG0103", "an allow in shadow mode allows nothing"),
            Self::DenyOfMissing => {
                ("SG0104", "a deny over all tools that also applies where the argument is missing")
            }
            Self::DenyWithoutOwner => ("SG0105", "a deny that names nobody to ask"),
            Self::NobodyMayCall => ("SG0106", "no caller can be verified, so every call is refused"),
            Self::UnusedRole => ("SG0107", "a role that no rule names"),
            Self::OpenList => {
                ("SG0108", "names are used that no closed list declares, so a typo in one goes unnoticed")
            }
            Self::ExceptionEndsSoon => ("SG0109", "an exception that ends within two weeks"),
            Self::ClassByTeam => {
                ("SG0110", "the organisation selects by class, and only a team says what class a tool has")
            }
            Self::CaseFailed => ("SG0201", "a test case did not come out as expected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_ascend() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str() && pair[0] < pair[1]));
    }

    #[test]
    fn only_the_hundreds_are_warnings() {
        for &code in Code::ALL {
            let is_warning = code.severity() == Severity::Warning;
            assert_eq!(
                is_warning,
                code >= Code::ConversationLimitAlone && code <= Code::ClassByTeam,
                "{code:?}"
            );
        }
    }
}
