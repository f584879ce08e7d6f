//! The numbers of what injection says: one table, quoted by the command line, the webhook and the documentation.

/// The page for people; every code has a section.
const PAGE: &str = include_str!("../../deploy/injection.md");

/// What a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Found in manifests: a pod that would run, and should not as it is.
    Finding,
    /// The guard in the API server does not let the pod in, or be changed.
    Guard,
    /// The pod may not run.
    Refusal,
    /// The pod runs as it came.
    Skip,
    /// The pod is injected; somebody should look.
    Warning,
}

/// Writes the table once for the type, the numbers, the labels and the words.
macro_rules! codes {
    ($($name:ident $number:literal $kind:ident $label:literal $meaning:literal)*) => {
        /// What injection says of a pod; each has a number that never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = concat!($number, ": ", $meaning)] $name,)*
        }

        impl Code {
            /// Every code, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number, as in `SG0411`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $number,)*
                }
            }

            /// The word for it as the value of a label of metrics.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
                }
            }

            /// What it means, in one line.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)*
                }
            }

            /// What it stands for.
            pub fn kind(self) -> Kind {
                match self {
                    $(Self::$name => Kind::$kind,)*
                }
            }
        }
    };
}

codes! {
    NotAPod "SG0400" Refusal "not_a_pod" "what came is not a pod that could be read"
    HostNetwork "SG0401" Refusal "host_network" "the pod uses the network of its node"
    DuplicatePortName "SG0402" Refusal "duplicate_port_name" "two ports of the pod have one name"
    PortTaken "SG0403" Refusal "port_taken" "a container has a port that the gate needs"
    UnknownAnnotation "SG0404" Refusal "unknown_annotation" "an annotation under sluicegate.dev/ that does not exist"
    OperatorAnnotation "SG0405" Refusal "operator_annotation" "an annotation for what only the operator may set"
    AnnotationValue "SG0406" Refusal "annotation_value" "an annotation with a value that it cannot have"
    Windows "SG0407" Refusal "windows" "the pod runs on Windows"
    NoPolicy "SG0408" Refusal "no_policy" "no policy is named, and there is no default"
    PolicyNotAllowed "SG0409" Refusal "policy_not_allowed" "a policy that pods of this namespace may not choose"
    KubernetesTooOld "SG0410" Refusal "kubernetes_too_old" "the cluster is too old for what is to be added"
    NoPort "SG0411" Refusal "no_port" "nothing says which port the server has"
    PortNotFound "SG0412" Refusal "port_not_found" "no container has the port that is named"
    HostPort "SG0413" Refusal "host_port" "the server's port is open on the node, around the gate"
    NameTaken "SG0414" Refusal "name_taken" "a container or a volume has a name that belongs to the gate"
    ModeNotAllowed "SG0415" Refusal "mode_not_allowed" "a mode that the operator does not allow"
    UidTaken "SG0416" Refusal "uid_taken" "a container runs as the user whose traffic is not redirected"
    NoCommand "SG0417" Refusal "no_command" "a server on pipes whose container names no command"
    ContainerUnclear "SG0418" Refusal "container_unclear" "nothing says which container has the server"
    ProbeThroughGate "SG0419" Refusal "probe_through_gate" "a probe would reach the gate in place of the server"
    OptOutRefused "SG0420" Refusal "opt_out_refused" "the pod opts out where that is not allowed"
    AskerNotAllowed "SG0421" Refusal "asker_not_allowed" "who creates the pod may not ask for injection"
    MarkerForged "SG0422" Refusal "marker_forged" "the marker of injection was not written by the injector"
    LabelNotRead "SG0423" Refusal "label_not_read" "a label where an annotation belongs"
    BindEnvTaken "SG0424" Refusal "bind_env_taken" "the variable that should tell the server where to listen is set otherwise"
    NotAsked "SG0450" Skip "not_asked" "nothing asks for injection"
    OptedOut "SG0451" Skip "opted_out" "the pod opts out"
    Current "SG0452" Skip "current" "the pod is injected already, and as it would be now"
    ControlPlane "SG0453" Skip "control_plane" "a pod of a namespace that is never injected"
    MirrorPod "SG0454" Skip "mirror_pod" "the picture of a pod that a node runs by itself"
    NotInjected "SG0460" Finding "not_injected" "a pod that should be injected and is not"
    Outdated "SG0461" Finding "outdated" "a pod that was injected otherwise than it would be now"
    GoesAround "SG0462" Finding "goes_around" "a Service that leads around the gate"
    GraceTooShort "SG0470" Warning "grace_too_short" "the pod has less time to end than the gate takes"
    LoopbackUnproven "SG0471" Warning "loopback_unproven" "the server must listen on the loopback address, and nothing shows that it does"
    ProbeAsksGate "SG0472" Warning "probe_asks_gate" "a probe that only opens a connection asks the gate, not the server"
    SharedProcesses "SG0473" Warning "shared_processes" "containers of the pod see each other's processes"
    SameContainer "SG0474" Warning "same_container" "the gate runs as the server's user, in its container"
    PortAlias "SG0475" Warning "port_alias" "the server's port has a second name, around the gate"
    Shadow "SG0476" Warning "shadow" "the gate only reports"
    VariablesLost "SG0477" Warning "variables_lost" "variables that a server on pipes may miss"
    GuardNoGate "SG0480" Guard "guard_no_gate" "the guard: a pod that needs a gate and has none"
    GuardImage "SG0481" Guard "guard_image" "the guard: a container of the gate's name with another image or command"
    GuardPolicy "SG0482" Guard "guard_policy" "the guard: a gate that reads another policy than it may"
    GuardWords "SG0483" Guard "guard_words" "the guard: a gate that is started with words that it may not be"
    GuardWayAround "SG0484" Guard "guard_way_around" "the guard: a way around the gate"
    GuardProgram "SG0485" Guard "guard_program" "the guard: a server on pipes behind a program that is not the gate's"
    GuardTakenBack "SG0486" Guard "guard_taken_back" "the guard: a pod that would take back that it needs a gate"
    GuardDebug "SG0487" Guard "guard_debug" "the guard: a debug container where the namespace allows none"
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Guard => "guard",
            Self::Refusal => "refusal",
            Self::Skip => "skip",
            Self::Warning => "warning",
        }
    }
}

impl Code {
    /// What it means and what to do, as Markdown.
    pub fn explanation(self) -> &'static str {
        let section =
            PAGE.split("\n## ").find_map(|section| section.strip_prefix(self.as_str())?.strip_prefix('\n'));
        section.unwrap_or_default().trim()
    }

    /// Finds a code by its number, in upper or lower case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_section_and_every_section_a_code() {
        for code in Code::ALL {
            assert!(code.explanation().len() > 40, "{}", code.as_str());
        }
        let sections = PAGE.split("\n## ").filter_map(|section| section.lines().next());
        for heading in sections.filter(|heading| heading.starts_with("SG")) {
            assert!(Code::parse(heading).is_some(), "{heading}");
        }
    }

    #[test]
    fn the_guard_speaks_in_its_own_codes() {
        let guard = include_str!("../../deploy/manifests/require-sidecar.yaml");
        let said: Vec<&str> = guard
            .split_whitespace()
            .filter_map(|word| word.strip_suffix(':'))
            .filter(|word| word.starts_with("SG0"))
            .collect();
        let known = Code::ALL.iter().filter(|code| code.kind() == Kind::Guard);
        assert_eq!(said, known.map(|code| code.as_str()).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_ascend_and_belong_to_no_other_table() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
        let others: Vec<_> = crate::policy::Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(Code::ALL.iter().all(|code| !others.contains(&code.as_str())));
        let labels: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.label()).collect();
        assert_eq!(labels.len(), Code::ALL.len());
    }
}
