//! The numbers of what may be wrong with a bundle: one table, quoted by the command line and the documentation.

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The bundle cannot take effect.
    Error,
    /// The bundle takes effect; somebody should look.
    Warning,
}

/// Writes the table once for the type, the numbers and the words.
macro_rules! codes {
    ($($name:ident $number:literal $meaning:literal)*) => {
        /// What kind of fault it is; each has a number that never changes its meaning.
        ///
        /// `SG0001` to `SG0099` keep a bundle from taking effect, `SG0100` to `SG0139` are warnings, `SG0140` to
        /// `SG0199` are either, from `SG0200` on are findings of tests.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = concat!($number, ": ", $meaning)] $name,)*
        }

        impl Code {
            /// Every code, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number, as in `SG0012`.
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
        }
    };
}

codes! {
    Syntax "SG0001" "the file cannot be read as YAML"
    YamlFeature "SG0002" "a feature of YAML that policies do not use, such as an anchor or a tag"
    DuplicateKey "SG0003" "a key stands twice in one map, or a section in two files"
    AmbiguousScalar "SG0004" "a bare word or number that YAML 1.1 and 1.2 read differently"
    UnknownKey "SG0005" "a key that does not exist"
    MissingKey "SG0006" "a key that is needed is missing"
    WrongType "SG0007" "a value of the wrong kind, such as a text in place of a list"
    UnknownWord "SG0008" "a word outside a closed set, such as a class, a mode or an action"
    BadValue "SG0009" "a value that is out of range or written in the wrong form"
    BadName "SG0010" "a text that may not be a name"
    DuplicateName "SG0011" "two things of one kind have the same name"
    UnknownRole "SG0012" "a role that is not declared under `roles`"
    UnknownTool "SG0013" "a tool that is neither under `tools` nor in `tools.lock.yaml`"
    GlobMatchesNothing "SG0014" "a pattern that matches nothing known"
    UnknownScope "SG0015" "a scope that is not in the list `scopes`"
    UnknownTenant "SG0016" "a tenant that is not in the list `tenants`"
    UnknownGroup "SG0017" "a group that is not in the list `groups`"
    UnknownDetector "SG0018" "a detector that does not exist"
    UnknownMethod "SG0019" "a method that the protocol does not have, or that no rule may name"
    ToolWithoutClass "SG0020" "a tool has no class although something selects by class"
    KeySetMissing "SG0021" "the key set of an issuer is no file of the bundle"
    KeySetUnusable "SG0022" "the callers cannot be verified with the keys that are given"
    TooLarge "SG0023" "more than the bounds allow"
    SelectsNothing "SG0024" "a rule that can apply to nothing"
    BundleIncomplete "SG0025" "the bundle lacks a part that it needs"
    FileName "SG0026" "a file whose name would keep it from being read"
    UnknownRule "SG0027" "a rule id that no rule has"
    DefinitionEdited "SG0028" "what was approved in the lock file is not what stands there"
    UnknownAgent "SG0029" "an agent that is not in the list `agents`"
    UnknownArgument "SG0030" "an argument that the pinned tool does not have"
    ArgumentType "SG0031" "a test of a type that the pinned tool does not take there"
    NotInEnum "SG0032" "a value that the pinned tool does not list for that argument"
    ImpossibleBound "SG0033" "tests of an argument that no value can meet"
    ExpiredException "SG0034" "an exception whose last day is over"
    UnknownWorkload "SG0035" "a workload that is not in the list `workloads`"
    LayerConflict "SG0036" "a team's file says something that would weaken the rules of the organisation"
    ToolNotPinned "SG0037" "a tool without an approved definition, where something hangs on that"
    EndpointRefused "SG0040" "a URL that may not be asked for keys"
    KeySourceUnclear "SG0041" "an issuer without a source of keys, or with more than one"
    BadResource "SG0042" "a URL of this server that clients could not use"
    AuthorityMissing "SG0050" "the authorities of a certificate are no file of the bundle"
    AuthorityUnusable "SG0051" "the callers cannot be verified with the authorities that are given"
    BadSubject "SG0052" "a text that is no SPIFFE id and no name of a certificate"
    ProofWithoutResource "SG0053" "proofs of possession are wanted, and nothing says which URL they must name"
    TwoIntrospections "SG0054" "two issuers are to be asked about the same tokens"
    CredentialKind "SG0060" "`credentials` names no way to prove who the gate is, or more than one"
    InlineSecret "SG0061" "a secret that stands in the policy itself"
    SecretFile "SG0062" "the file of a secret is not named by an absolute path"
    TokenUrl "SG0063" "a token endpoint whose URL cannot be asked"
    HeaderName "SG0064" "a header that cannot carry what it should"
    ExchangeWithoutIssuer "SG0065" "a token exchange in a policy without an issuer of tokens"
    UnknownLabel "SG0066" "a label of a flow that no tool has"
    ShadowedAllow "SG0070" "an allow that never applies, for a deny beside it covers all that it allows"
    UnknownVersion "SG0071" "a version of a tool that does not exist, or leads nowhere"
    VersionLife "SG0072" "a version whose state and days do not go together"
    VersionChoice "SG0073" "nothing says which caller gets which version of a tool"
    TranslationPath "SG0074" "a translation between versions names a place that a version does not have"
    TranslationUnfit "SG0075" "what a translation makes does not fit the version it is for"
    VersionName "SG0076" "the name of a version is the name of something else"
    VersionUndefined "SG0077" "nothing was approved of a version that calls are made into, or out of"
    VersionServed "SG0078" "nothing says which tool of the server a version is"
    CedarSyntax "SG0080" "a Cedar policy that cannot be read"
    CedarUnfit "SG0081" "a Cedar policy that speaks of what is not there, or takes it for another type"
    CedarNameless "SG0082" "a Cedar policy without a name"
    CedarTemplate "SG0083" "a Cedar template, which nothing fills in"
    CedarImpossible "SG0084" "a Cedar policy that can never apply, or that reads as another one"
    DescribeUnseen "SG0088" "a text for models with characters that nobody sees"
    DescribeAgainstClass "SG0089" "clients are told that a tool changes nothing, against its class"
    CaseSaysNothing "SG0090" "a test case that sends nothing or expects nothing"
    CasePath "SG0091" "a path of a test case that leads nowhere"
    CaseTime "SG0092" "a time of a test case that no calendar has"
    CaseContradicts "SG0093" "expectations of a test case that cannot all come true"
    SandboxPath "SG0094" "a path of a sandbox that is none, or that stands for everything"
    SandboxHost "SG0095" "a host that a server in a sandbox could not be led to"
    SandboxConflict "SG0096" "parts of a sandbox that contradict each other"
    RegistryRow "SG0097" "a row of the registry that cannot be meant as it stands"
    RegistryUnapproved "SG0098" "a version of a tool that is active in the registry and that nobody approved"
    RegistryLayer "SG0099" "the registry holds what only the files of a gate may say"
    ConversationLimitAlone "SG0101" "a limit per conversation without one per user: a client may start new conversations"
    DeadAllow "SG0102" "an allow that never applies, for a deny of everything or of the organisation covers it"
    ShadowAllow "SG0103" "an allow in shadow mode allows nothing"
    DenyOfMissing "SG0104" "a deny over all tools that also applies where the argument is missing"
    DenyWithoutOwner "SG0105" "a deny that names nobody to ask"
    NobodyMayCall "SG0106" "no caller can be verified, so every call is refused"
    UnusedRole "SG0107" "a role that no rule names"
    OpenList "SG0108" "names are used that no closed list declares, so a typo in one goes unnoticed"
    ExceptionEndsSoon "SG0109" "an exception that ends within two weeks"
    ClassByTeam "SG0110" "the organisation selects by class, and only a team says what class a tool has"
    RequiredAsOptional "SG0111" "an argument that its tool requires, constrained as if it might be missing"
    SqlAlone "SG0120" "SQL is judged by its text, and nothing says that the database is guarded itself"
    LongInShadow "SG0121" "something is in shadow for longer than it should be, or since a day that has not come"
    UnsupportedScope "SG0122" "a scope that no issuer says it can give"
    VersionEnded "SG0123" "a version that is past its last day"
    HiddenDefault "SG0124" "the version that new callers get is hidden from them"
    DenyOfSomeVersions "SG0125" "a deny about some of the tools that are versions of one"
    PinsOfNothing "SG0126" "what becomes of changed tools, where no tool was approved"
    ChangePasses "SG0127" "a change of what a model reads or a rule goes by, of which only is told"
    UnusedLabel "SG0128" "a label that no flow speaks of"
    FlowPerUser "SG0129" "flows, and no word on what tells conversations apart"
    CardsKept "SG0130" "card numbers are kept to be given back"
    RestoreOfNothing "SG0131" "a restore rule whose values nothing keeps"
    RestoredUnjudged "SG0132" "an argument that rules test is restored after they did"
    HashedAndTruncated "SG0133" "card numbers have pseudonyms in one place and show their last digits in another"
    ProseOfNothing "SG0134" "prose is read for a kind that no rule looks for in results"
    UnreadProse "SG0135" "prose that is not read passes"
    LimitKind "SG0140" "a limit of no kind, or of more than one"
    LimitKey "SG0141" "a key that a limit of this kind or unit does not have"
    LimitCost "SG0142" "a request that costs more than its limit ever holds"
    LimitUnit "SG0143" "a unit that limits do not count in"
    LimitArgument "SG0144" "a limit on an argument that its tools do not have as a number"
    LimitCountsNothing "SG0145" "a limit that no request can ever be counted for"
    SilentSource "SG0146" "a source of conversations that never says anything"
    RegistryOverruled "SG0147" "the registry switches a tool on that the policy files switch off by name"
    RegistryPin "SG0148" "a tenant is pinned to a version of a tool that cannot be served"
    BreakerForced "SG0150" "a breaker that does not go by what it sees"
    RetriesOfNothing "SG0151" "retries where no tool is approved to be called twice"
    ReplicaOfNothing "SG0152" "a replica that no call goes to"
    NeverSlow "SG0153" "calls that are slow only when their time is up already"
    IdempotentDoubtful "SG0154" "a tool that is said to be idempotent although it destroys, or was approved as not so"
    RegistryVersion "SG0155" "the registry says something else of a version than the policy files"
    RegistryTwoPins "SG0156" "a tenant is pinned to two versions of a tool, by the policy files and by the registry"
    SharedStore "SG0160" "`shared` names no store that could be reached"
    SharedLimit "SG0161" "a limit that cannot be shared as it says"
    SharedPlainly "SG0162" "the store of shared limits is reached over a network in the clear"
    SharedByNone "SG0163" "a store for shared limits, and no limit that is shared"
    SharedTooSmall "SG0164" "a limit with less than one call for each replica"
    SharedByUnknown "SG0165" "a limit that is divided among replicas of which nobody knows the number"
    MarkOfNothing "SG0176" "a label for what nothing ever finds in a result"
    CaseFailed "SG0201" "a test case was not decided as expected"
    CaseRule "SG0202" "a test case was decided by another rule, or for another reason"
    CaseArgument "SG0203" "a test case did not turn on the arguments that it names"
    CaseWords "SG0204" "the caller of a test case is told something else than expected"
    CaseContent "SG0205" "something else than expected was found or hidden in a test case"
    CaseList "SG0206" "the caller of a test case is shown other tools than expected"
    CaseLimit "SG0207" "limits let more or less of a test case through than expected"
}

impl Code {
    /// Whether a bundle with it may take effect.
    pub fn severity(self) -> Severity {
        let is_warning = self.as_str().starts_with("SG01") && !REFUSED.contains(&self);
        if is_warning { Severity::Warning } else { Severity::Error }
    }
}

/// Those above `SG0100` that keep a bundle from taking effect.
const REFUSED: &[Code] = &[
    Code::LimitKind,
    Code::LimitKey,
    Code::LimitCost,
    Code::LimitUnit,
    Code::LimitArgument,
    Code::LimitCountsNothing,
    Code::SharedStore,
    Code::SharedLimit,
    Code::MarkOfNothing,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_ascend() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str() && pair[0] < pair[1]));
    }
}
