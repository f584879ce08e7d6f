//! From the files of a bundle to a policy, or to everything that is wrong with them.

use super::care::ToolCare;
use super::catalog::Closed;
use super::code::Code;
use super::declared::Declared;
use super::diagnostic::{Faults, Findings, Span, Spanned};
use super::digest::digest;
use super::gather::{Gathered, Given, gather};
use super::glob::Glob;
use super::input::{self, Admission};
use super::judges::{Bench, Court};
use super::lock::PinnedTools;
use super::lower;
use super::parts::{Bundle, RolePart, ToolPart};
use super::places::Places;
use super::registry::{self, Merged, Registry};
use super::resource::Resource;
use super::roles::Role;
use super::rules::{Docket, Rulebook};
use super::snapshot::{ClosedNames, Policy, Tool};
use super::switches::{TenantSwitch, tenant_names};
use super::watch::Watch;
use super::{Source, bindings, callers, cedar, layers, lint, lock, yaml};
use crate::bounds::{POLICY_FILES_MAX, POLICY_ROLES_MAX};
use crate::names::{Label, Mode};
use crate::scan::{Direction, Plan};

/// How the allow is called that the protocol itself gives.
pub(super) const BUILT_IN: &str = "built-in:protocol";

/// What stands in records where a call does not fit its tool's schema, and the policy only looks at that.
pub(super) const BUILT_IN_SCHEMA: &str = "built-in:schema";

/// Compiles a bundle.
///
/// Policies are the files that end in `.yaml`, but for tests (`*.test.yaml`) and the lock file
/// (`tools.lock.yaml`), and Cedar policies those that end in `.cedar`; other files are there to be named, such
/// as key sets. Nothing is read from anywhere else. `unix_ms` is the time, in milliseconds since 1970: an
/// exception that has ended is a fault.
/// Milliseconds for a hundred rules; not for a thread that answers calls.
///
/// # Errors
/// Every fault of every file, and the warnings with them: the policy author's.
pub fn compile(sources: &[Source], unix_ms: u64) -> Result<Policy, Faults> {
    compile_as(sources, unix_ms, Mode::Enforce)
}

/// Compiles a bundle as [`compile()`] does; in [`Mode::Shadow`] all of it only reports, whatever it says itself.
///
/// # Errors
/// As there.
pub fn compile_as(sources: &[Source], unix_ms: u64, mode: Mode) -> Result<Policy, Faults> {
    compile_over(sources, None, unix_ms, mode)
}

/// Compiles a bundle as [`compile_as`] does, with what the registry says laid over it.
///
/// # Errors
/// As there; rows at fault have a place such as `registry: tenant_tool acme/search`.
pub fn compile_over(
    sources: &[Source],
    registry: Option<&Registry>,
    unix_ms: u64,
    mode: Mode,
) -> Result<Policy, Faults> {
    if sources.is_empty() {
        let nothing = [Source { name: "policy.yaml".into(), text: String::new() }];
        let mut findings = Findings::default();
        findings.raise(Code::BundleIncomplete, Span { file: 0, start: 0, end: 0 }, "the bundle has no file");
        return Err(findings.settle(&nothing));
    }
    let mut findings = Findings::default();
    let mut merged = match registry {
        Some(registry) => registry::merge(sources, registry, &mut findings),
        None => Merged::alone(sources),
    };
    let mut built = build(&mut merged, &Given { registry, unix_ms, mode }, &mut findings);
    if let Some(policy) = &mut built {
        policy.raw = cedar::read(policy, merged.files(), &mut findings);
        policy.sha256 = digest(merged.files(), registry);
    }
    let has_errors = findings.has_errors();
    let faults = findings.settle(&merged.sources);
    match built {
        Some(policy) if !has_errors => Ok(Policy { warnings: faults, ..policy }),
        Some(_) | None => Err(faults),
    }
}

/// The server that a bundle names, whatever else is wrong with it.
pub fn server_of(sources: &[Source]) -> Option<Label> {
    read(sources, &mut Findings::default()).0.server?.value.id
}

fn build(merged: &mut Merged, given: &Given<'_>, findings: &mut Findings) -> Option<Policy> {
    let Gathered { bundle, roles, mut catalog, versions, overlay } = gather(merged, given, findings);
    let sources = merged.sources.as_slice();
    let mode = lower::mode_of(&bundle, given.mode);
    layers::check(&bundle, &catalog.tools, sources, findings);
    let places = Places::new(sources);
    let inputs = input::of_tools(&catalog.tools);
    let declared: Vec<Declared> = catalog.tools.iter().map(arguments).collect();
    let court = Court { roles: &roles, places: &places, inputs: &inputs, declared: &declared };
    let mut bench = Bench::new(catalog.tools.len());
    for (index, rule) in bundle.rules.iter().enumerate() {
        bench.hear(index, rule, court, &mut catalog, findings);
    }
    let limits = lower::limits(&bundle, mode, (&inputs, overlay.as_ref()), &mut catalog, findings);
    catalog.check(findings);
    lint::check(&bundle, &bench, sources, findings);
    lint::check_versions(&bundle, &bench, (&catalog, &versions), findings);
    let redaction = lower::redaction(&bundle, mode, findings);
    let prose = lower::prose(&bundle, &places, findings);
    let keeping = bindings::keeping(&bundle, &catalog, court, findings);
    let cares = lower::cares(&bundle, &catalog, mode, findings);
    let directory = callers::directory(&bundle, sources, findings);
    let resource = Resource::of(&bundle, &roles);
    let Some(server) = bundle.server.and_then(|server| server.value.id) else {
        note_missing_server(sources, findings);
        return None;
    };
    let tenants = tenant_names(&catalog.tools);
    let dockets = bench.tools.into_iter().zip(declared).zip(cares);
    let mut tools = tools(catalog.tools, dockets.collect(), &limits.by_tool, &tenants);
    tools.iter_mut().for_each(|tool| tool.watch = Watch::new(&tool.docket, &bundle.redact, mode));
    let redaction = redaction?;
    fit_to_schemas(&mut tools, &redaction);
    Some(Policy {
        server,
        mode,
        sha256: [0; 32],
        directory: directory?,
        resource,
        redaction,
        prose,
        instructions: bundle.instructions,
        marks: lower::marks(bundle.marks, &bundle.flows),
        keeping,
        audit: bundle.audit,
        deny_as: bundle.deny_as,
        strict: bundle.strict,
        upstream: lower::upstream(bundle.upstream, bundle.conversation.is_some(), mode),
        conversation: lower::conversation(bundle.conversation.as_ref()),
        limit_hints: bundle.limit_hints,
        pins: bundle.pins.map(|part| part.plan).unwrap_or_default(),
        flows: bundle.flows.into_iter().map(|part| lower::flow(part, mode)).collect(),
        book: Rulebook { rules: lower::rules(&bundle.rules, &places), roles },
        files: sources.iter().map(|source| source.name.clone()).collect(),
        tool_index: tools.iter().map(|tool| (tool.name.as_str().into(), tool.index)).collect(),
        tools,
        methods: bench.methods,
        raw: None,
        versions,
        tenants,
        registry: overlay,
        names: closed_names(&bundle.scopes, &bundle.groups),
        shared: bundle.shared.and_then(|part| part.plan),
        limits: limits.rules,
        limits_of_all: limits.of_all,
        built_in: constant(BUILT_IN),
        built_in_schema: constant(BUILT_IN_SCHEMA),
        warnings: Faults::default(),
    })
}

/// Reads the schemas of results where some rule may write into results.
fn fit_to_schemas(tools: &mut [Tool], redaction: &Plan) {
    if !redaction.is_empty(Direction::Results) {
        tools.iter_mut().for_each(|tool| tool.output = tool.pinned_output());
    }
}

/// The name of a rule of the gate itself.
fn constant(name: &'static str) -> Label {
    // INVARIANT: each is a constant that keeps to the alphabet.
    Label::parse(name).expect("a constant name")
}

/// The closed lists that cases are held against.
fn closed_names(
    scopes: &Option<Vec<Spanned<Label>>>,
    groups: &Option<Vec<Spanned<Box<str>>>>,
) -> ClosedNames {
    let scopes = scopes.as_ref().map(|all| all.iter().map(|scope| scope.value.as_str().into()).collect());
    let groups = groups.as_ref().map(|all| all.iter().map(|group| group.value.clone()).collect());
    ClosedNames { scopes, groups }
}

/// Reads every file that says something.
pub(super) fn read(sources: &[Source], findings: &mut Findings) -> (Bundle, Option<PinnedTools>) {
    let mut bundle = Bundle::default();
    let mut pinned = None;
    if sources.len() > POLICY_FILES_MAX {
        let beyond = Span { file: POLICY_FILES_MAX, start: 0, end: 0 };
        findings.raise(Code::TooLarge, beyond, format!("a bundle may have {POLICY_FILES_MAX} files at most"));
    }
    for (file, source) in sources.iter().enumerate().take(POLICY_FILES_MAX) {
        match Part::of(&source.name) {
            Part::Lock => {
                pinned = lock::read(file, source, findings);
            }
            Part::Policy => {
                if let Some(root) = yaml::parse(file, source, findings) {
                    bundle.read(&root, findings);
                }
            }
            Part::Misnamed => {
                let help = "end its name in `.yaml`";
                let message = format!("`{}` would not be read", source.name);
                findings.advise(Code::FileName, Span { file, start: 0, end: 0 }, message, help);
            }
            // Read when the rules stand, for they say what there is to look at.
            Part::Attachment | Part::Cedar | Part::Test => {}
        }
    }
    (bundle, pinned)
}

/// What a file is to a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Attachment,
    Cedar,
    Lock,
    Misnamed,
    Policy,
    Test,
}

impl Part {
    /// Decides by the name alone.
    pub fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        match name {
            lock::LOCK_FILE => Self::Lock,
            _ if name.ends_with(".test.yaml") => Self::Test,
            _ if name.ends_with(".yaml") => Self::Policy,
            _ if name.ends_with(".cedar") => Self::Cedar,
            _ if lower.ends_with(".yml") || lower.ends_with(".yaml") => Self::Misnamed,
            _ => Self::Attachment,
        }
    }
}

fn note_missing_server(sources: &[Source], findings: &mut Findings) {
    if findings.has_errors() {
        return;
    }
    let file = sources.iter().position(|source| Part::of(&source.name) == Part::Policy).unwrap_or(0);
    let help = "write `server: { id: NAME }` in one of its files";
    findings.advise(
        Code::BundleIncomplete,
        Span { file, start: 0, end: 0 },
        "the bundle names no `server`",
        help,
    );
}

/// The roles of a bundle, checked.
pub(super) fn roles(bundle: &Bundle, findings: &mut Findings) -> Vec<Role> {
    let (scopes, tenants, groups) = (Closed::scopes(bundle), Closed::tenants(bundle), Closed::groups(bundle));
    let (agents, workloads) = (Closed::agents(bundle), Closed::workloads(bundle));
    for role in &bundle.roles {
        role.scopes.iter().for_each(|scope| scopes.check(scope.value.as_str(), scope.span, findings));
        role.tenants.iter().for_each(|tenant| tenants.check(tenant.value.as_str(), tenant.span, findings));
        role.groups.iter().for_each(|group| groups.check(&group.value, group.span, findings));
        role.agents.iter().for_each(|agent| agents.check(&agent.value, agent.span, findings));
        role.workloads
            .iter()
            .for_each(|workload| workloads.check_pattern(&workload.value, workload.span, findings));
    }
    if let Some(beyond) = bundle.roles.get(POLICY_ROLES_MAX) {
        findings.raise(
            Code::TooLarge,
            beyond.id.span,
            format!("a policy may have {POLICY_ROLES_MAX} roles at most"),
        );
    }
    bundle.roles.iter().map(role).collect()
}

fn role(part: &RolePart) -> Role {
    fn values<T: Clone>(spanned: &[Spanned<T>]) -> Box<[T]> {
        spanned.iter().map(|spanned| spanned.value.clone()).collect()
    }
    Role {
        id: part.id.value.clone(),
        scopes: values(&part.scopes),
        groups: values(&part.groups),
        tenants: values(&part.tenants),
        agents: values(&part.agents),
        users: values(&part.users),
        workloads: part.workloads.iter().map(|pattern| Glob::new(&pattern.value)).collect(),
    }
}

/// Checks what needs no tools.
pub(super) fn check_bundle(bundle: &Bundle, unix_ms: u64, findings: &mut Findings) {
    check_callers(bundle, findings);
    bundle.check_exchange(findings);
    lint::note_doubles(bundle, findings);
    lint::check_days(bundle, unix_ms, findings);
}

fn check_callers(bundle: &Bundle, findings: &mut Findings) {
    let (scopes, tenants, groups) = (Closed::scopes(bundle), Closed::tenants(bundle), Closed::groups(bundle));
    let (agents, workloads) = (Closed::agents(bundle), Closed::workloads(bundle));
    for key in &bundle.keys {
        key.scopes.iter().for_each(|scope| scopes.check(scope.value.as_str(), scope.span, findings));
        key.tenant.iter().for_each(|tenant| tenants.check(tenant.value.as_str(), tenant.span, findings));
        key.groups.iter().for_each(|group| groups.check(&group.value, group.span, findings));
        key.agent.iter().for_each(|agent| agents.check(&agent.value, agent.span, findings));
        key.workload.iter().for_each(|workload| workloads.check(&workload.value, workload.span, findings));
    }
    for part in &bundle.certificates {
        part.scopes.iter().for_each(|scope| scopes.check(scope.value.as_str(), scope.span, findings));
        part.tenant.iter().for_each(|tenant| tenants.check(tenant.value.as_str(), tenant.span, findings));
        part.groups.iter().for_each(|group| groups.check(&group.value, group.span, findings));
        part.agent.iter().for_each(|agent| agents.check(&agent.value, agent.span, findings));
    }
    for (tenant, _) in
        bundle.tools.iter().flat_map(|tool| &tool.tenants).filter(|(tenant, _)| *tenant.value != *"*")
    {
        tenants.check(&tenant.value, tenant.span, findings);
    }
}

/// The arguments of a tool, as far as they were approved.
fn arguments(tool: &ToolPart) -> Declared {
    input_schema(tool).map_or(Declared::Opaque, Declared::read)
}

fn input_schema(tool: &ToolPart) -> Option<&str> {
    tool.definition.as_ref()?.input_schema.as_deref()
}

/// What was made of everything else that the bundle says of one tool.
type Fate = ((Docket, Declared), ToolCare);

fn tools(parts: Vec<ToolPart>, dockets: Vec<Fate>, limits: &[Vec<usize>], tenants: &[Label]) -> Vec<Tool> {
    let each = parts.into_iter().zip(dockets).enumerate();
    let build = |(index, (part, ((docket, declared), care))): (usize, (ToolPart, Fate))| Tool {
        tenants: TenantSwitch::new(&part, tenants),
        admission: input_schema(&part).and_then(Admission::parse),
        name: part.name.value,
        class: part.class,
        index,
        timeout: part.timeout,
        care,
        labels: part.labels.into_iter().map(|label| label.value).collect(),
        definition: part.definition,
        sha256: part.sha256,
        describe: part.describe.map(|part| part.describe),
        declared,
        output: None,
        docket,
        watch: Watch::default(),
        limits: limits.get(index).cloned().unwrap_or_default(),
    };
    each.map(build).collect()
}
