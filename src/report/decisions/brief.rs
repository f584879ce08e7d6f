//! One decision as it is kept: a few words of a record, in a place of fixed size.

use std::fmt::Write as _;

use crate::bounds::DECISION_NAME_BYTES_MAX;
use crate::gate::{Action, Branch, Reason, Record};
use crate::mcp::{Method, is_unseen};
use crate::names::Mode;
use crate::report::audit::Alias;
use crate::report::labels;

/// One decision.
#[derive(Debug, Clone, Copy)]
pub struct Brief {
    /// Its number, from 1 on, without gaps.
    pub seq: u64,
    /// When the message arrived, in milliseconds since 1970.
    pub unix_ms: u64,
    /// What was asked for; `None` where it was not understood.
    pub method: Option<Method>,
    /// What was done.
    pub action: Action,
    /// Whether decisions took effect.
    pub mode: Mode,
    /// Why.
    pub reason: Reason,
    /// Which server it was for.
    pub branch: Branch,
    /// The HTTP status; 0 where the client had gone.
    pub http_status: u16,
    /// Values that redaction found.
    pub findings: u32,
    /// From the first byte of the request to the last of the answer.
    pub duration_us: u64,
    /// The part of it that the gate took.
    pub overhead_us: u64,
    /// Who asked; empty where that is not known.
    pub user: Name,
    /// The caller's organisation; empty where there is none.
    pub tenant: Name,
    /// The tool, prompt or resource; empty where there is none.
    pub target: Name,
    /// The rule or limit that decided; empty where none did.
    pub rule: Name,
}

/// A name in a place of fixed size. What it shows can be shown anywhere: what nobody would see in it stands as `�`.
#[derive(Clone, Copy)]
pub struct Name {
    bytes: [u8; DECISION_NAME_BYTES_MAX],
    len: u8,
    is_cut: bool,
}

impl Brief {
    /// Nothing.
    pub(super) const BLANK: Self = Self {
        seq: 0,
        unix_ms: 0,
        method: None,
        action: Action::Allow,
        mode: Mode::Enforce,
        reason: Reason::None,
        branch: Branch::Primary,
        http_status: 0,
        findings: 0,
        duration_us: 0,
        overhead_us: 0,
        user: Name::EMPTY,
        tenant: Name::EMPTY,
        target: Name::EMPTY,
        rule: Name::EMPTY,
    };

    /// Takes what a record tells, but for the number. Allocates nothing.
    pub(super) fn fill(&mut self, record: &Record, user: Alias<'_>) {
        self.unix_ms = record.unix_ms;
        self.method = record.method;
        self.action = record.action;
        self.mode = record.mode;
        self.reason = record.reason;
        self.branch = record.branch;
        self.http_status = record.http_status;
        self.findings = record.findings.iter().fold(0, |sum, (_, finding)| sum.saturating_add(finding.count));
        self.duration_us = record.duration_us;
        self.overhead_us = record.overhead_us.request.saturating_add(record.overhead_us.response);
        match user {
            Alias::Anonymous => self.user.set("anonymous"),
            Alias::Hashed(digest) => self.user.set_digest(&digest),
            Alias::Plain(name) => self.user.set(name),
            Alias::Unknown => self.user.set(""),
        }
        let tenant = record.caller.as_ref().and_then(|caller| caller.tenant());
        self.tenant.set(tenant.unwrap_or_default());
        self.target.set(record.target.as_deref().unwrap_or_default());
        self.rule.set(record.rule.as_ref().map_or("", |rule| rule.as_str()));
    }

    /// The word for what was done, as metrics have it.
    pub fn verdict(&self) -> &'static str {
        labels::action(self.action)
    }

    /// The word for what was asked for; `-` where it was not understood.
    pub fn method_word(&self) -> &'static str {
        self.method.map_or("-", Method::as_str)
    }
}

impl Name {
    const EMPTY: Self = Self { bytes: [0; DECISION_NAME_BYTES_MAX], len: 0, is_cut: false };

    fn set(&mut self, text: &str) {
        let mut end = text.len().min(DECISION_NAME_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.bytes[..end].copy_from_slice(&text.as_bytes()[..end]);
        self.len = u8::try_from(end).unwrap_or(u8::MAX);
        self.is_cut = end < text.len();
    }

    fn set_digest(&mut self, digest: &[u8; 16]) {
        const LEAD: &[u8] = b"hmac:";
        self.bytes[..LEAD.len()].copy_from_slice(LEAD);
        for (pair, byte) in self.bytes[LEAD.len()..].chunks_exact_mut(2).zip(digest) {
            pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        self.len = (LEAD.len() + 2 * digest.len()) as u8;
        self.is_cut = false;
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The name as it may be shown; one that was cut ends with `…`.
    pub fn text(&self) -> String {
        // INVARIANT: `set` cuts at the end of a character.
        let raw = std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default();
        let mut text = legible(raw);
        if self.is_cut {
            text.push('…');
        }
        text
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A text that hides nothing and moves no cursor: what nobody would see in it stands as `�`.
pub fn legible(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('`')?;
        f.write_str(&self.text())?;
        f.write_char('`')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut name = Name::EMPTY;
        name.set("what stood there before, which must not show through where the next is shorter");
        name.set(text);
        name.text()
    }

    #[test]
    fn shows_what_would_hide() {
        assert_eq!(shown("payments.refund"), "payments.refund");
        assert_eq!(shown("a\u{1b}[31m\u{202e}b\r\n\u{200b}c\u{7f}\u{9b}"), "a�[31m�b���c��");
        assert_eq!(shown("<b>&\"'"), "<b>&\"'", "markup is for whoever writes markup");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn cuts_at_a_character_and_says_so() {
        let exact = "x".repeat(DECISION_NAME_BYTES_MAX);
        assert_eq!(shown(&exact), exact);
        assert_eq!(shown(&format!("{exact}y")), format!("{exact}…"));
        let wide = format!("{}é", &exact[1..]);
        assert_eq!(shown(&wide), format!("{}…", &exact[1..]));
        assert_eq!(shown(&wide[1..]), wide[1..]);
    }

    #[test]
    fn writes_a_pseudonym_as_the_audit_does() {
        let mut name = Name::EMPTY;
        name.set_digest(&[0x0f; 16]);
        assert_eq!(name.text(), format!("hmac:{}", "0f".repeat(16)));
    }
}
