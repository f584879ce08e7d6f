//! What is wrong with versions, and where somebody said it.

use std::fmt;

use crate::names::ToolName;
use crate::policy::advice::Help;
use crate::policy::code::Code;

/// Something that is wrong with the versions of a tool: the fault of whoever wrote them down.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// What kind of fault it is.
    pub code: Code,
    /// The tool.
    pub tool: ToolName,
    /// The version, where it is about one.
    pub version: Option<u32>,
    /// What of it.
    pub facet: Facet,
    /// What is wrong, in one line.
    pub message: String,
    pub(in crate::policy) help: Help,
}

/// What of a tool or a version something is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facet {
    /// The pin of an agent.
    Agent(Box<str>),
    /// Another name of the tool.
    Alias(Box<str>),
    /// How it fails in brownout.
    Brownout,
    /// The share of a version.
    Canary(u32),
    /// The default version.
    Default,
    /// When it is deprecated.
    Deprecated,
    /// Itself.
    Name,
    /// A step of its request, or all of them.
    Request(Option<usize>),
    /// A step of its response, or all of them.
    Response(Option<usize>),
    /// Where it is in its life.
    State,
    /// Its successor.
    Successor,
    /// Its last day.
    Sunset,
    /// The pin of a tenant.
    Tenant(Box<str>),
    /// The tool of the server.
    Upstream,
}

impl Doubt {
    /// What to do about it.
    pub fn help(&self) -> String {
        self.help.clone().into_text()
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: {} ({})", self.code.as_str(), self.tool, self.message, self.help)
    }
}
