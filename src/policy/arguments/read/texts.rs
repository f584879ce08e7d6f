//! Reading the tests that are written as a text, a few words or a length.

use super::Reader;
use crate::json::decimal;
use crate::policy::arguments::Test;
use crate::policy::arguments::paths::root_fault;
use crate::policy::arguments::text::{Length, Pattern};
use crate::policy::arguments::types::TypeName;
use crate::policy::code::Code;
use crate::policy::diagnostic::shown;
use crate::policy::glob::Glob;
use crate::policy::scalar::Scalar;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Node};

/// The keys of `length`.
pub(in crate::policy) const LENGTH_KEYS: &[&str] = &["min", "max"];

impl Reader<'_, '_> {
    pub(super) fn read_ends(&mut self) {
        if let Some((node, text)) = self.text("prefix") {
            self.push(node.span, Test::Prefix(text.into()));
        }
        if let Some((node, text)) = self.text("suffix") {
            self.push(node.span, Test::Suffix(text.into()));
        }
    }

    pub(super) fn read_glob(&mut self) {
        let Some((node, text)) = self.text("glob") else { return };
        let glob = Glob::new(text);
        if !glob.is_pattern() {
            let help = "write `*` for any run of characters, or use `equals`";
            self.findings.advise(Code::BadValue, node.span, "this pattern has no `*`", help);
        }
        self.push(node.span, Test::Glob(glob));
    }

    pub(super) fn read_regex(&mut self) {
        let Some((node, text)) = self.text("regex") else { return };
        match Pattern::new(text) {
            Ok(pattern) => self.push(node.span, Test::Regex(pattern)),
            Err(fault) => {
                let message = format!("`{}` is no regular expression of a policy: {fault}", shown(text));
                let help = "it matches the whole value and has neither look-around nor back-references";
                self.findings.advise(Code::BadValue, node.span, message, help);
            }
        }
    }

    pub(super) fn read_type(&mut self) {
        let Some(node) = self.fields.get("type") else { return };
        let items = walker::some(node, "`type`", self.findings).unwrap_or_default();
        let read = |item| walker::word(item, "a type", TypeName::ALL, TypeName::as_str, self.findings);
        let types: Box<[TypeName]> = items.iter().filter_map(read).collect();
        if !types.is_empty() {
            self.push(node.span, Test::Type(types));
        }
    }

    pub(super) fn read_length(&mut self) {
        let Some(node) = self.fields.get("length") else { return };
        let Some(fields) = Fields::open(node, "`length`", LENGTH_KEYS, self.findings) else { return };
        let length = Length { min: self.size(&fields, "min"), max: self.size(&fields, "max") };
        if fields.is_empty() {
            let help = "write `length: { max: 100 }`, with `min`, `max` or both";
            self.findings.advise(Code::MissingKey, node.span, "`length` needs `min` or `max`", help);
        }
        if let Length { min: Some(min), max: Some(max) } = length
            && min > max
        {
            let message = format!("no length is from {min} to {max}");
            let help = "exchange `min` and `max`, or correct one";
            self.findings.advise(Code::ImpossibleBound, fields.span(), message, help);
        }
        self.push(node.span, Test::Length(length));
    }

    fn size(&mut self, fields: &Fields<'_>, key: &str) -> Option<u32> {
        let node = fields.get(key)?;
        let size = match &node.content {
            Content::Scalar(Scalar::Number(text)) if decimal::is_integral(text) => text.parse().ok(),
            Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => None,
        };
        if size.is_none() {
            let message = format!("`{key}` of a length must be a whole number from 0 to {}", u32::MAX);
            self.findings.raise(Code::BadValue, node.span, message);
        }
        size
    }

    pub(super) fn read_path_under(&mut self) {
        let Some(node) = self.fields.get("path_under") else { return };
        let roots = walker::texts(node, "a directory", self.findings);
        for root in &roots {
            if let Some(fault) = root_fault(&root.value) {
                let message = format!("`{}` may not be a directory of a policy", shown(&root.value));
                self.findings.advise(Code::BadValue, root.span, message, fault);
            }
        }
        if !roots.is_empty() {
            self.push(node.span, Test::PathUnder(roots.into_iter().map(|root| root.value).collect()));
        }
    }

    pub(super) fn read_cidr(&mut self) {
        let Some(node) = self.fields.get("cidr") else { return };
        let mut networks = Vec::new();
        for text in walker::texts(node, "a network", self.findings) {
            let network = text.value.parse::<ipnet::IpNet>().ok();
            match network.filter(|network| network.trunc() == *network) {
                Some(network) => networks.push(network),
                None => {
                    let message = format!("`{}` is no network", shown(&text.value));
                    let help = match network {
                        Some(network) => format!("did you mean `{}`?", network.trunc()),
                        None => "write it as `10.0.0.0/8` or `2001:db8::/32`".to_owned(),
                    };
                    self.findings.advise(Code::BadValue, text.span, message, help);
                }
            }
        }
        if !networks.is_empty() {
            self.push(node.span, Test::Cidr(networks.into()));
        }
    }
}

impl<'n> Reader<'n, '_> {
    fn text(&mut self, key: &str) -> Option<(&'n Node, &'n str)> {
        let node = self.fields.get(key)?;
        Some((node, walker::text(node, &format!("`{key}`"), self.findings)?))
    }
}
