//! How sure it must be that a message was written down, before it goes on: by what it does to the world.

use super::Record;
use crate::mcp::Method;
use crate::policy::{Class, Durability};

impl Record {
    /// How sure it must be that this message was written down before it is forwarded.
    pub fn durability(&self) -> Durability {
        let plan = self.policy.audit.durability;
        match self.method {
            Some(Method::ToolsCall) if !plan.is_uniform() => plan.of_call(self.class()),
            _ => plan.other,
        }
    }

    /// What the tool that is called does to the world, as far as the policy says.
    pub fn class(&self) -> Option<Class> {
        let name = self.target.as_ref().filter(|_| self.method == Some(Method::ToolsCall))?;
        self.policy.tool(name)?.class
    }
}
