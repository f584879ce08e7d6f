//! Versions of a tool as they are written: `search@1`, and under `search` who is on which.

mod steps;

pub(in crate::policy) use steps::STEP_KEYS;

use super::tools::{TOOL_KEYS, read_tenants};
use super::{Bundle, read_tool_name};
use crate::names::ToolName;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned, shown};
use crate::policy::hours;
use crate::policy::scalar::Scalar;
use crate::policy::switches::Availability;
use crate::policy::versions::{Alias, Brownout, Facet, Hide, Presence, State, Version};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Entry, Node};

/// What says something of all versions of a tool.
const OF_ALL: &[&str] = &["default", "canary", "pins", "hide"];

/// The keys of `pins`.
pub(in crate::policy) const PINS_KEYS: &[&str] = &["tenants", "agents"];

/// The keys of `brownout`.
pub(in crate::policy) const BROWNOUT_KEYS: &[&str] = &["percent", "minutes"];

/// What a row of a registry says of a version in one text.
const TRANSFORM_KEYS: &[&str] = &["upstream", "request", "response", "brownout"];

/// Another name of a tool, with its place.
#[derive(Debug)]
pub(in crate::policy) struct AliasPart {
    pub tool: ToolName,
    pub alias: Alias,
    pub span: Span,
}

/// A version as it is written, with its places.
#[derive(Debug)]
pub(in crate::policy) struct VersionPart {
    pub name: Spanned<ToolName>,
    pub version: Version,
    /// Where something of it is said; itself is at `name`.
    pub places: Vec<(Facet, Span)>,
    /// Where something is said of the tool that carries it out.
    pub of_tool: Option<Span>,
}

/// What is said of a tool with versions.
#[derive(Debug)]
pub(in crate::policy) struct FamilyPart {
    pub name: Spanned<ToolName>,
    pub default: Option<u32>,
    pub canary: Vec<(u32, u8)>,
    pub tenants: Vec<(Spanned<Box<str>>, u32)>,
    pub agents: Vec<(Spanned<Box<str>>, u32)>,
    pub hide: Hide,
    pub places: Vec<(Facet, Span)>,
}

impl Bundle {
    /// Reads an entry of `tools` whose name has a version; what it says of the tool is left to who reads tools.
    pub(super) fn read_version(
        &mut self,
        entry: &Entry,
        fields: &Fields<'_>,
        findings: &mut Findings,
    ) -> Option<ToolName> {
        let (name, number) = entry.key.split_once('@')?;
        let name = read_tool_name(name, entry.key_span, findings)?;
        let number = number_of(number).or_else(|| {
            let message = format!("`{}` is no version of a tool", shown(&entry.key));
            findings.advise(Code::BadName, entry.key_span, message, format!("write `{}@1`", name.value));
            None
        })?;
        let twin = self
            .versions
            .iter()
            .find(|known| known.name.value == name.value && known.version.number == number);
        if let Some(twin) = twin {
            super::note_double("version", &entry.key, entry.key_span, twin.name.span, findings);
            return None;
        }
        let mut reader = Reader { name: &name.value, places: Vec::new(), findings };
        let version = reader.version(number, fields);
        let places = reader.places;
        let tool_keys = TOOL_KEYS.iter().filter(|key| **key != "tenants");
        let of_tool = tool_keys.filter_map(|key| fields.entry(key)).map(|entry| entry.key_span).next();
        let upstream = version.upstream.clone().unwrap_or_else(|| name.value.clone());
        self.versions.push(VersionPart { name, version, places, of_tool });
        of_tool.map(|_| upstream)
    }

    /// Reads what is said of a tool's versions together, if anything is.
    pub(super) fn read_family(
        &mut self,
        name: &Spanned<ToolName>,
        fields: &Fields<'_>,
        findings: &mut Findings,
    ) -> bool {
        if OF_ALL.iter().all(|key| fields.get(key).is_none()) {
            return false;
        }
        let mut reader = Reader { name: &name.value, places: Vec::new(), findings };
        let default = fields.get("default").and_then(|node| reader.number(node, Facet::Default));
        let canary = fields.get("canary").map(|node| reader.canary(node)).unwrap_or_default();
        let hide = fields.get("hide").and_then(|node| {
            walker::word(node, "a choice of whom it is hidden from", Hide::ALL, Hide::as_str, reader.findings)
        });
        let pins =
            fields.get("pins").and_then(|node| Fields::open(node, "`pins`", PINS_KEYS, reader.findings));
        let (mut tenants, mut agents) = (Vec::new(), Vec::new());
        if let Some(pins) = pins {
            tenants = pins.get("tenants").map(|node| reader.pins(node, Facet::Tenant)).unwrap_or_default();
            agents = pins.get("agents").map(|node| reader.pins(node, Facet::Agent)).unwrap_or_default();
        }
        let places = reader.places;
        let hide = hide.unwrap_or_default();
        self.families.push(FamilyPart { name: name.clone(), default, canary, tenants, agents, hide, places });
        true
    }
}

/// Reads what a row of a registry says of a version in one text, with its places.
pub(in crate::policy) fn read_transform(
    name: &ToolName,
    number: u32,
    node: &Node,
    findings: &mut Findings,
) -> Option<(Version, Vec<(Facet, Span)>)> {
    let fields = Fields::open(node, "a transform", TRANSFORM_KEYS, findings)?;
    let mut reader = Reader { name, places: Vec::new(), findings };
    let version = reader.version(number, &fields);
    Some((version, reader.places))
}

struct Reader<'a, 'f> {
    name: &'a ToolName,
    places: Vec<(Facet, Span)>,
    findings: &'f mut Findings,
}

impl Reader<'_, '_> {
    fn version(&mut self, number: u32, fields: &Fields<'_>) -> Version {
        let mut version = Version::numbered(number);
        if let Some(node) = fields.get("state") {
            self.places.push((Facet::State, node.span));
            let state = walker::word(node, "a state of a version", State::ALL, State::as_str, self.findings);
            version.state = state.unwrap_or(State::Active);
        }
        version.deprecated = self.day(fields, "deprecated", Facet::Deprecated);
        version.sunset = self.day(fields, "sunset", Facet::Sunset);
        version.successor = fields.get("successor").and_then(|node| self.number(node, Facet::Successor));
        version.upstream = fields.get("upstream").and_then(|node| {
            self.places.push((Facet::Upstream, node.span));
            let text = walker::text(node, "the name of a tool", self.findings)?;
            Some(read_tool_name(text, node.span, self.findings)?.value)
        });
        version.request =
            fields.get("request").map(|node| self.steps(node, Facet::Request)).unwrap_or_default();
        version.response =
            fields.get("response").map(|node| self.steps(node, Facet::Response)).unwrap_or_default();
        version.brownout = fields.get("brownout").and_then(|node| self.brownout(node));
        let tenants = fields.get("tenants").map(|node| read_tenants(node, self.findings)).unwrap_or_default();
        let presence = |availability| match availability {
            Availability::Disabled => Presence::Disabled,
            Availability::Enabled => Presence::Enabled,
        };
        for (tenant, availability) in tenants {
            self.places.push((Facet::Tenant(tenant.value.clone()), tenant.span));
            version.tenants.push((tenant.value, presence(availability)));
        }
        version
    }

    /// The first millisecond of a day.
    fn day(&mut self, fields: &Fields<'_>, key: &'static str, facet: Facet) -> Option<u64> {
        let node = fields.get(key)?;
        self.places.push((facet, node.span));
        let end = hours::end_of(hours::date(node, key, self.findings)?)?;
        Some(end.saturating_sub(DAY_MS))
    }

    /// A version as `2` or `search@2`.
    fn number(&mut self, node: &Node, facet: Facet) -> Option<u32> {
        self.places.push((facet, node.span));
        let number = match &node.content {
            Content::Scalar(Scalar::Number(text)) => number_of(text),
            Content::Scalar(Scalar::Text(text)) => {
                let own = text.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix('@'));
                number_of(own.unwrap_or(text))
            }
            Content::List(_) | Content::Map(_) | Content::Scalar(_) | Content::Unreadable => None,
        };
        if number.is_none() && !matches!(node.content, Content::Unreadable) {
            let help = format!("write its number, or `{}@2`", self.name);
            let message = format!("this is no version of `{}`", self.name);
            self.findings.advise(Code::BadValue, node.span, message, help);
        }
        number
    }

    fn canary(&mut self, node: &Node) -> Vec<(u32, u8)> {
        let entries = walker::map(node, "`canary`", self.findings).unwrap_or_default();
        let mut shares = Vec::new();
        for entry in entries {
            let number = number_of(entry.key.strip_prefix(&format!("{}@", self.name)).unwrap_or(&entry.key));
            let percent = walker::number::<u8>(&entry.value).filter(|percent| *percent <= 100);
            match (number, percent) {
                (Some(number), Some(percent)) => {
                    self.places.push((Facet::Canary(number), entry.key_span));
                    shares.push((number, percent));
                }
                (None, _) => {
                    let message = format!("`{}` is no version", shown(&entry.key));
                    self.findings.advise(
                        Code::BadValue,
                        entry.key_span,
                        message,
                        "write its number, as in `2: 10`",
                    );
                }
                (Some(_), None) => {
                    let message = "a share is a number of percent, from 0 to 100";
                    self.findings.advise(
                        Code::BadValue,
                        entry.value.span,
                        message,
                        "write `10` for every tenth caller",
                    );
                }
            }
        }
        shares
    }

    fn pins(&mut self, node: &Node, facet: fn(Box<str>) -> Facet) -> Vec<(Spanned<Box<str>>, u32)> {
        let entries = walker::map(node, "pins", self.findings).unwrap_or_default();
        let mut pins = Vec::new();
        for entry in entries {
            if let Some(number) = self.number(&entry.value, facet(entry.key.clone())) {
                pins.push((Spanned { span: entry.key_span, value: entry.key.clone() }, number));
            }
        }
        pins
    }

    fn brownout(&mut self, node: &Node) -> Option<Brownout> {
        self.places.push((Facet::Brownout, node.span));
        let fields = Fields::open(node, "`brownout`", BROWNOUT_KEYS, self.findings)?;
        let brownout = match (fields.get("percent"), fields.get("minutes")) {
            (Some(percent), None) => walker::number::<u8>(percent).map(Brownout::Percent),
            (None, Some(minutes)) => {
                let spans = walker::texts(minutes, "minutes of an hour", self.findings);
                spans.iter().map(|span| minutes_of(&span.value)).collect::<Option<_>>().map(Brownout::Minutes)
            }
            (Some(_), Some(_)) | (None, None) => None,
        };
        let sound = brownout.filter(Brownout::is_sound);
        if sound.is_none() {
            let message =
                "`brownout` says neither which share of calls fails nor in which minutes of the hour";
            let help = "write `{ percent: 10 }`, or `{ minutes: [\"0-9\", \"30-39\"] }`";
            self.findings.advise(Code::BadValue, node.span, message, help);
        }
        sound
    }
}

const DAY_MS: u64 = 24 * 3_600 * 1_000;

fn number_of(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0 && !text.starts_with(['+', '0']))
}

/// `0-9` or `30`, as minutes of an hour.
fn minutes_of(text: &str) -> Option<(u8, u8)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}
