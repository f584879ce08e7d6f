//! Who may call: issuers, static keys and roles.

use super::{Bundle, certificates, issuers, note_double};
use crate::identity::Anonymous;
use crate::names::Label;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned, shown};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;

/// A static key.
#[derive(Debug)]
pub(in crate::policy) struct KeyPart {
    pub id: Spanned<Label>,
    pub sha256: [u8; 32],
    pub user: Box<str>,
    pub tenant: Option<Spanned<Label>>,
    pub agent: Option<Spanned<Box<str>>>,
    pub workload: Option<Spanned<Box<str>>>,
    pub scopes: Vec<Spanned<Label>>,
    pub groups: Vec<Spanned<Box<str>>>,
}

/// A role.
#[derive(Debug)]
pub(in crate::policy) struct RolePart {
    pub id: Spanned<Label>,
    pub scopes: Vec<Spanned<Label>>,
    pub groups: Vec<Spanned<Box<str>>>,
    pub tenants: Vec<Spanned<Label>>,
    pub agents: Vec<Spanned<Box<str>>>,
    pub users: Vec<Spanned<Box<str>>>,
    /// Patterns.
    pub workloads: Vec<Spanned<Box<str>>>,
}

/// The keys of `callers`.
pub(in crate::policy) const CALLERS_KEYS: &[&str] =
    &["resource", "resource_name", "first_scopes", "issuers", "keys", "certificates", "anonymous"];

/// The keys of a static key.
pub(in crate::policy) const KEY_KEYS: &[&str] =
    &["id", "sha256", "user", "tenant", "agent", "workload", "scopes", "groups"];

/// The keys of a role.
pub(in crate::policy) const ROLE_KEYS: &[&str] =
    &["scopes", "groups", "tenants", "agents", "workloads", "users"];

impl Bundle {
    pub(super) fn read_callers(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = Fields::open(node, "`callers`", CALLERS_KEYS, findings) else { return };
        let mut items = |key: &str| {
            let node = fields.get(key);
            node.and_then(|node| walker::list(node, "a list of callers", findings)).unwrap_or_default()
        };
        let (vouchers, keys, holders) = (items("issuers"), items("keys"), items("certificates"));
        self.certificates.extend(holders.iter().filter_map(|item| certificates::read(item, findings)));
        self.issuers.extend(vouchers.iter().filter_map(|item| issuers::read(item, findings)));
        self.resource.read(&fields, findings);
        self.keys.extend(keys.iter().filter_map(|item| read_key(item, findings)));
        let Some(entry) = fields.entry("anonymous") else { return };
        if self.anonymous.is_some() {
            findings.raise(
                Code::DuplicateKey,
                entry.key_span,
                "`anonymous` stands in another file of the bundle already",
            );
        }
        let spell = |anonymous| match anonymous {
            Anonymous::Allow => "allow",
            Anonymous::Deny => "deny",
        };
        let known = &[Anonymous::Allow, Anonymous::Deny];
        self.anonymous = walker::word(&entry.value, "a word for `anonymous`", known, spell, findings);
    }

    pub(super) fn read_roles(&mut self, node: &Node, findings: &mut Findings) {
        for entry in walker::map(node, "`roles`", findings).unwrap_or_default() {
            let Some(id) = walker::name(&entry.key, entry.key_span, "a role", findings) else { continue };
            if let Some(twin) = self.roles.iter().find(|role| role.id.value == id.value) {
                note_double("role", id.value.as_str(), id.span, twin.id.span, findings);
            }
            if let Some(role) = read_role(id, &entry.value, findings) {
                self.roles.push(role);
            }
        }
    }
}

fn read_role(id: Spanned<Label>, node: &Node, findings: &mut Findings) -> Option<RolePart> {
    let fields = Fields::open(node, "a role", ROLE_KEYS, findings)?;
    if ROLE_KEYS.iter().all(|key| fields.get(key).is_none()) {
        let message = format!("role `{}` has no condition, so every caller has it", id.value);
        let help = "name scopes, groups, tenants, agents, workloads or users; a rule for everyone has no `roles` at all";
        findings.advise(Code::MissingKey, id.span, message, help);
    }
    let mut labels = |key: &str, what: &str| fields.get(key).map(|node| walker::labels(node, what, findings));
    let (scopes, tenants) = (labels("scopes", "a scope"), labels("tenants", "a tenant"));
    let mut texts = |key: &str, what: &str| fields.get(key).map(|node| walker::texts(node, what, findings));
    let (groups, agents, users) =
        (texts("groups", "a group"), texts("agents", "an agent"), texts("users", "a user"));
    let workloads = texts("workloads", "a workload");
    Some(RolePart {
        id,
        scopes: scopes.unwrap_or_default(),
        groups: groups.unwrap_or_default(),
        tenants: tenants.unwrap_or_default(),
        agents: agents.unwrap_or_default(),
        users: users.unwrap_or_default(),
        workloads: workloads.unwrap_or_default(),
    })
}

fn read_key(node: &Node, findings: &mut Findings) -> Option<KeyPart> {
    let fields = Fields::open(node, "a key", KEY_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a key id", findings));
    let sha256 = fields.need("sha256", findings).and_then(|node| {
        let text = walker::text(node, "a SHA-256", findings)?;
        read_sha256(text, node.span, findings)
    });
    let mut line = |key: &str, what: &str| {
        let node = fields.get(key)?;
        walker::line(node, what, crate::bounds::CLAIM_BYTES_MAX, findings)
    };
    let (user, agent) = (line("user", "a user"), line("agent", "an agent"));
    let workload = line("workload", "a workload");
    if fields.get("user").is_none() {
        fields.need("user", findings);
    }
    let tenant = fields.get("tenant").and_then(|node| walker::label(node, "a tenant", findings));
    let scopes = fields.get("scopes").map(|node| walker::labels(node, "a scope", findings));
    let groups = fields.get("groups").map(|node| walker::texts(node, "a group", findings));
    let (scopes, groups) = (scopes.unwrap_or_default(), groups.unwrap_or_default());
    Some(KeyPart { id: id?, sha256: sha256?, user: user?.value, tenant, agent, workload, scopes, groups })
}

/// Reads 64 hexadecimal digits.
fn read_sha256(text: &str, span: Span, findings: &mut Findings) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() == 64);
    let Some(digits) = digits else {
        let message = format!("`{}` is no SHA-256 of 64 hexadecimal digits", shown(text));
        let help = "store the hash of the key, not the key: `printf %s \"$KEY\" | sha256sum`";
        findings.advise(Code::BadValue, span, message, help);
        return None;
    };
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |sum, &digit| sum * 16 + u8::try_from(digit).unwrap_or(0));
    }
    Some(bytes)
}
