//! A bundle as it is written: its parts typed, with their places, names not yet looked up.
//!
//! Files are put together without order: maps are joined, lists are added up, and what can be said
//! once only may stand in one file only.

mod binary;
mod callers;
mod care;
mod certificates;
mod conditions;
mod conversation;
mod flows;
mod introspection;
mod issuers;
mod limits;
pub(super) mod measures;
mod pins;
mod prose;
mod quotas;
mod restoring;
mod rules;
mod sandbox;
mod shadow;
mod sharing;
mod strict;
mod tools;
mod upstream;
mod versions;

pub(super) use callers::{KeyPart, RolePart};
pub(super) use care::BreakerPart;
pub(super) use certificates::CertificatePart;
pub(super) use conditions::{ReleaseKind, ReleasePart};
pub(super) use conversation::{ConversationPart, check_claims};
pub(super) use flows::FlowPart;
pub(super) use issuers::{IssuerKind, IssuerPart, KeysPart, ResourcePart};
pub(super) use limits::LimitPart;
pub(super) use measures::RedactPart;
pub(super) use pins::PinPart;
pub(super) use prose::ProsePart;
pub(super) use quotas::read_quotas;
pub(super) use restoring::RestorePart;
pub(super) use rules::{ArgsPart, Effect, RulePart, Selector};
pub use sandbox::sandbox_of;
pub(super) use shadow::ModePart;
pub(super) use sharing::{LimitShare, Shared, SharedPart};
pub(super) use tools::{Section, ToolPart, read_tool_name};
pub(super) use versions::{AliasPart, FamilyPart, VersionPart, read_transform};

/// The keys that each reader knows, for the schema.
pub(super) mod keys {
    pub(in crate::policy) use super::binary::{BINARY_WORDS, MEDIA_KINDS};
    pub(in crate::policy) use super::callers::{CALLERS_KEYS, KEY_KEYS, ROLE_KEYS};
    pub(in crate::policy) use super::care::{
        BREAKER_KEYS, CONCURRENCY_KEYS, REPLICA_KEYS, REPLICA_WORDS, RETRIES_KEYS, TOOL_BREAKER_KEYS,
        TOOL_ERRORS_KEYS,
    };
    pub(in crate::policy) use super::certificates::CERTIFICATE_KEYS;
    pub(in crate::policy) use super::conditions::{EXCEPTION_KEYS, UNLESS_KEYS};
    pub(in crate::policy) use super::conversation::{CONVERSATION_KEYS, HINT_KEYS};
    pub(in crate::policy) use super::flows::FLOW_KEYS;
    pub(in crate::policy) use super::introspection::INTROSPECTION_KEYS;
    pub(in crate::policy) use super::issuers::{CLAIMS_KEYS, ISSUER_KEYS};
    pub(in crate::policy) use super::limits::{GLOBAL, KINDS, LIMIT_KEYS, MATCH_KEYS, QUEUE_KEYS, ROUNDS};
    pub(in crate::policy) use super::measures::{AUDIT_KEYS, DURABILITY_KEYS, REDACT_KEYS};
    pub(in crate::policy) use super::pins::{PIN_KEYS, PIN_KINDS};
    pub(in crate::policy) use super::prose::{PROSE_KEYS, THRESHOLDS};
    pub(in crate::policy) use super::restoring::{BINDING_KEYS, PSEUDONYM_KEYS, RESTORE_KEYS};
    pub(in crate::policy) use super::rules::{ALLOW_KEYS, DENY_KEYS, MARKED_KEYS};
    pub(in crate::policy) use super::sandbox::{SANDBOX_COMMAND_KEYS, SANDBOX_KEYS};
    pub(in crate::policy) use super::shadow::SHADOW_KEYS;
    pub(in crate::policy) use super::sharing::{SHARED_KEYS, STORE_TLS_KEYS};
    pub(in crate::policy) use super::strict::STRICT_KEYS;
    pub(in crate::policy) use super::tools::{FAMILY_KEYS, VERSION_KEYS};
    pub(in crate::policy) use super::upstream::{
        CLIENT_KEYS, EXCHANGE_KEYS, HEADER_KEYS, IDENTITY_KEYS, UPSTREAM_KEYS, WAYS,
    };
    pub(in crate::policy) use super::versions::{BROWNOUT_KEYS, PINS_KEYS, STEP_KEYS};
    pub(in crate::policy) use super::{KEYS as POLICY_KEYS, SERVER_KEYS};
}

use std::num::NonZeroU32;

use super::code::Code;
use super::diagnostic::{Findings, Span, Spanned};
use super::instructions::{self, InstructionsPlan};
use super::keeping::{PseudonymPlan, Unbound};
use super::marks::MarkPart;
use super::plans::{AuditPlan, DenyAs, HintPlan, UpstreamPlan};
use super::scalar::Scalar;
use super::strict::StrictPlan;
use super::walker::{self, Fields};
use super::yaml::{Content, Entry, Node};
use crate::identity::Anonymous;
use crate::names::{Label, Mode};
use crate::scan::Binary;

/// Everything that the files of a bundle say.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    pub server: Option<Spanned<ServerPart>>,
    pub resource: ResourcePart,
    pub issuers: Vec<IssuerPart>,
    pub keys: Vec<KeyPart>,
    pub certificates: Vec<CertificatePart>,
    pub anonymous: Option<Anonymous>,
    pub scopes: Option<Vec<Spanned<Label>>>,
    pub tenants: Option<Vec<Spanned<Label>>>,
    pub groups: Option<Vec<Spanned<Box<str>>>>,
    pub agents: Option<Vec<Spanned<Box<str>>>>,
    pub workloads: Option<Vec<Spanned<Box<str>>>>,
    pub roles: Vec<RolePart>,
    pub tools: Vec<ToolPart>,
    pub versions: Vec<VersionPart>,
    pub families: Vec<FamilyPart>,
    /// Other names of tools with versions.
    pub aliases: Vec<AliasPart>,
    pub rules: Vec<RulePart>,
    pub limits: Vec<LimitPart>,
    pub shared: Option<SharedPart>,
    pub redact: Vec<RedactPart>,
    pub binary: Binary,
    /// `None` also where a fault has been noted.
    pub prose: Option<ProsePart>,
    pub instructions: Option<InstructionsPlan>,
    pub marks: Vec<MarkPart>,
    pub restore: Vec<RestorePart>,
    pub on_unbound: Unbound,
    /// `None` also where a fault has been noted.
    pub pseudonyms: Option<PseudonymPlan>,
    pub has_pseudonyms: bool,
    pub upstream: UpstreamPlan,
    pub breaker: BreakerPart,
    /// Where retries are asked for.
    pub retries: Option<Span>,
    /// Where a replica is named.
    pub replica: Option<Span>,
    /// Whether the author says that the database behind the server is guarded itself.
    pub is_boundary_declared: bool,
    /// How many days something may be in shadow.
    pub shadow_days_max: Option<NonZeroU32>,
    /// Where an exchange of tokens is asked for.
    pub token_exchange: Option<Span>,
    pub audit: AuditPlan,
    pub deny_as: DenyAs,
    pub strict: StrictPlan,
    pub conversation: Option<ConversationPart>,
    pub limit_hints: HintPlan,
    /// What becomes of changed tools, where the bundle says something.
    pub pins: Option<PinPart>,
    pub flows: Vec<FlowPart>,
    /// Sections that were seen and may not be seen again.
    once: Vec<(&'static str, Span)>,
}

/// The server that a bundle is about.
#[derive(Debug)]
pub(super) struct ServerPart {
    pub id: Option<Label>,
    pub mode: Mode,
    /// Since which day it is in shadow; see [`ModePart`].
    pub since: Option<Spanned<u64>>,
}

/// The keys of a policy file.
pub(in crate::policy) const KEYS: &[&str] = &[
    "version",
    "server",
    "callers",
    "scopes",
    "tenants",
    "groups",
    "agents",
    "workloads",
    "roles",
    "tools",
    "allow",
    "deny",
    "limits",
    "shared",
    "redact",
    "binary",
    "prose",
    "results",
    "restore",
    "pseudonyms",
    "upstream",
    "sandbox",
    "audit",
    "deny_as",
    "strict",
    "shadow",
    "conversation",
    "limit_hints",
    "pins",
    "flows",
];

/// The keys of `server`.
pub(in crate::policy) const SERVER_KEYS: &[&str] = &["id", "mode", "since"];

/// Sections that say something once for the whole bundle.
const ONCE: &[&str] = &[
    "server",
    "shared",
    "binary",
    "prose",
    "results",
    "pseudonyms",
    "upstream",
    "sandbox",
    "audit",
    "deny_as",
    "strict",
    "shadow",
    "conversation",
    "limit_hints",
    "pins",
];

impl Bundle {
    /// Adds what one file says.
    pub fn read(&mut self, root: &Node, findings: &mut Findings) {
        let Some(fields) = Fields::open(root, "a policy file", KEYS, findings) else { return };
        check_version(&fields, findings);
        for &key in ONCE {
            if let Some(entry) = fields.entry(key) {
                self.claim(key, entry, findings);
            }
        }
        let mut each = |key: &str, read: &mut dyn FnMut(&Node, &mut Findings)| {
            if let Some(node) = fields.get(key) {
                read(node, findings);
            }
        };
        each("server", &mut |node, findings| self.server = read_server(node, findings));
        each("callers", &mut |node, findings| self.read_callers(node, findings));
        each("scopes", &mut |node, findings| {
            extend(&mut self.scopes, closed(node, "a scope", walker::label, findings));
        });
        each("tenants", &mut |node, findings| {
            extend(&mut self.tenants, closed(node, "a tenant", walker::label, findings));
        });
        each("groups", &mut |node, findings| {
            extend(&mut self.groups, closed(node, "a group", read_text, findings));
        });
        each("agents", &mut |node, findings| {
            extend(&mut self.agents, closed(node, "an agent", read_text, findings));
        });
        each("workloads", &mut |node, findings| {
            extend(&mut self.workloads, closed(node, "a workload", read_text, findings));
        });
        each("roles", &mut |node, findings| self.read_roles(node, findings));
        each("tools", &mut |node, findings| self.read_tools(node, findings));
        each("allow", &mut |node, findings| self.read_rules(node, Effect::Allow, findings));
        each("deny", &mut |node, findings| self.read_rules(node, Effect::Deny, findings));
        each("limits", &mut |node, findings| self.read_limits(node, findings));
        each("shared", &mut |node, findings| self.read_shared(node, findings));
        each("redact", &mut |node, findings| self.read_redact(node, findings));
        each("binary", &mut |node, findings| {
            self.binary = binary::read(node, findings).unwrap_or_default();
        });
        each("prose", &mut |node, findings| self.prose = prose::read(node, findings));
        each("results", &mut |node, findings| {
            (self.instructions, self.marks) = instructions::read(node, findings);
        });
        each("restore", &mut |node, findings| self.read_restore(node, findings));
        each("pseudonyms", &mut |node, findings| self.read_pseudonyms(node, findings));
        each("upstream", &mut |node, findings| self.read_upstream(node, findings));
        each("sandbox", &mut |node, findings| self.read_sandbox(node, findings));
        each("audit", &mut |node, findings| self.audit = measures::read_audit(node, findings));
        each("deny_as", &mut |node, findings| {
            self.deny_as = walker::word(node, "a form of refusal", DenyAs::ALL, DenyAs::as_str, findings)
                .unwrap_or_default();
        });
        each("strict", &mut |node, findings| self.strict = strict::read_strict(node, findings));
        each("shadow", &mut |node, findings| self.read_shadow(node, findings));
        each("conversation", &mut |node, findings| {
            self.conversation = conversation::read_conversation(node, findings);
        });
        each("limit_hints", &mut |node, findings| {
            self.limit_hints = conversation::read_hints(node, findings);
        });
        each("pins", &mut |node, findings| self.read_pins(node, findings));
        each("flows", &mut |node, findings| self.read_flows(node, findings));
    }

    /// Notes a section that may stand in one file only.
    fn claim(&mut self, key: &'static str, entry: &Entry, findings: &mut Findings) {
        if let Some((_, twin)) = self.once.iter().find(|(known, _)| *known == key) {
            let message = format!("`{key}` stands in another file of the bundle already");
            findings.raise_twin(Code::DuplicateKey, entry.key_span, *twin, message);
        }
        self.once.push((key, entry.key_span));
    }
}

fn check_version(fields: &Fields<'_>, findings: &mut Findings) {
    let Some(node) = fields.need("version", findings) else { return };
    if !matches!(&node.content, Content::Scalar(Scalar::Number(text)) if **text == *"1") {
        let message = "the only version of the policy language is `1`";
        findings.advise(Code::BadValue, node.span, message, "write `version: 1`");
    }
}

fn read_server(node: &Node, findings: &mut Findings) -> Option<Spanned<ServerPart>> {
    let fields = Fields::open(node, "`server`", SERVER_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a server id", findings));
    let ModePart { mode, since } = ModePart::read(&fields, findings);
    Some(Spanned { span: fields.span(), value: ServerPart { id: id.map(|id| id.value), mode, since } })
}

fn read_text(node: &Node, what: &str, findings: &mut Findings) -> Option<Spanned<Box<str>>> {
    walker::line(node, what, crate::bounds::CLAIM_BYTES_MAX, findings)
}

/// A closed list of names; it may be empty, which closes it wholly.
fn closed<T>(
    node: &Node,
    what: &str,
    read: impl Fn(&Node, &str, &mut Findings) -> Option<Spanned<T>>,
    findings: &mut Findings,
) -> Vec<Spanned<T>> {
    let items = walker::list(node, "a closed list of names", findings).unwrap_or_default();
    items.iter().filter_map(|item| read(item, what, findings)).collect()
}

fn extend<T>(into: &mut Option<Vec<T>>, more: Vec<T>) {
    into.get_or_insert_default().extend(more);
}

/// Notes a name that is there already.
pub(super) fn note_double(kind: &str, name: &str, span: Span, twin: Span, findings: &mut Findings) {
    findings.raise_twin(Code::DuplicateName, span, twin, format!("{kind} `{name}` is there already"));
}
