//! A table as messages of netlink, all in one batch: the kernel takes the whole or nothing.
//!
//! Numbers in attributes are big-endian, those in heads and in what a rule compares are as the machine has them.
//!
//! Source: Linux, `include/uapi/linux/netfilter/{nfnetlink,nf_tables}.h`, `include/uapi/linux/netlink.h`.

use super::table::{Chain, Hook, Match, Rule, Table, Verdict};

/// Messages for the kernel, and what each is about.
#[derive(Debug)]
pub(super) struct Batch {
    pub bytes: Vec<u8>,
    /// What the messages that the kernel acknowledges are about, in their order; the first has the number 1.
    pub subjects: Vec<String>,
}

/// The table that was there, if any, goes, and this one comes.
pub(super) fn transaction(table: &Table) -> Batch {
    let mut batch = Batch { bytes: Vec::new(), subjects: Vec::new() };
    batch.mark(BATCH_BEGIN);
    let named = |to: &mut Attributes<'_>| to.text(TABLE_NAME, Table::NAME);
    // Made first, so that there is one to remove.
    batch.message(NEW_TABLE, CREATE, "table", named);
    batch.message(DELETE_TABLE, 0, "table", named);
    batch.message(NEW_TABLE, CREATE, "table", named);
    let chains = table.chains();
    for chain in &chains {
        batch.message(NEW_CHAIN, CREATE, &format!("chain {}", chain.name), |to| put_chain(to, chain));
    }
    for chain in &chains {
        for rule in &chain.rules {
            let subject = format!("rule `{rule}`");
            batch.message(NEW_RULE, CREATE | APPEND, &subject, |to| put_rule(to, chain, rule));
        }
    }
    batch.mark(BATCH_END);
    batch
}

fn put_chain(to: &mut Attributes<'_>, chain: &Chain) {
    to.text(CHAIN_TABLE, Table::NAME);
    to.text(CHAIN_NAME, chain.name);
    to.nest(CHAIN_HOOK, |to| {
        let hook = match chain.hook {
            Hook::Output => HOOK_LOCAL_OUT,
            Hook::Prerouting => HOOK_PREROUTING,
        };
        to.number(HOOK_NUMBER, hook);
        to.number(HOOK_PRIORITY, PRIORITY_DSTNAT.cast_unsigned());
    });
    to.number(CHAIN_POLICY, POLICY_ACCEPT);
    to.text(CHAIN_TYPE, "nat");
}

fn put_rule(to: &mut Attributes<'_>, chain: &Chain, rule: &Rule) {
    to.text(RULE_TABLE, Table::NAME);
    to.text(RULE_CHAIN, chain.name);
    to.nest(RULE_EXPRESSIONS, |to| {
        for part in &rule.matches {
            put_match(to, *part);
        }
        put_verdict(to, rule.verdict);
    });
}

fn put_match(to: &mut Attributes<'_>, part: Match) {
    match part {
        Match::Loopback => {
            let mut name = [0; INTERFACE_BYTES];
            name[..2].copy_from_slice(b"lo");
            load(to, META_OUTPUT_NAME);
            equals(to, &name);
        }
        Match::Tcp => {
            load(to, META_PROTOCOL);
            equals(to, &[PROTOCOL_TCP]);
        }
        Match::TcpPort(port) => {
            put_match(to, Match::Tcp);
            expression(to, "payload", |to| {
                to.number(PAYLOAD_REGISTER, REGISTER);
                to.number(PAYLOAD_BASE, BASE_TRANSPORT);
                to.number(PAYLOAD_OFFSET, 2);
                to.number(PAYLOAD_LENGTH, 2);
            });
            equals(to, &port.to_be_bytes());
        }
        Match::User(uid) => {
            load(to, META_USER);
            equals(to, &uid.to_ne_bytes());
        }
    }
}

fn put_verdict(to: &mut Attributes<'_>, verdict: Verdict) {
    match verdict {
        Verdict::Redirect(port) => {
            expression(to, "immediate", |to| {
                to.number(IMMEDIATE_REGISTER, REGISTER);
                to.nest(IMMEDIATE_DATA, |to| to.bytes(DATA_VALUE, &port.to_be_bytes()));
            });
            expression(to, "redir", |to| to.number(REDIRECT_PORT_REGISTER, REGISTER));
        }
        Verdict::Return => expression(to, "immediate", |to| {
            to.number(IMMEDIATE_REGISTER, REGISTER_VERDICT);
            to.nest(IMMEDIATE_DATA, |to| {
                to.nest(DATA_VERDICT, |to| to.number(VERDICT_CODE, VERDICT_RETURN.cast_unsigned()));
            });
        }),
    }
}

/// Loads something about the packet into the register.
fn load(to: &mut Attributes<'_>, key: u32) {
    expression(to, "meta", |to| {
        to.number(META_KEY, key);
        to.number(META_REGISTER, REGISTER);
    });
}

/// Goes on only where the register holds `bytes`.
fn equals(to: &mut Attributes<'_>, bytes: &[u8]) {
    expression(to, "cmp", |to| {
        to.number(COMPARE_REGISTER, REGISTER);
        to.number(COMPARE_OPERATION, COMPARE_EQUAL);
        to.nest(COMPARE_DATA, |to| to.bytes(DATA_VALUE, bytes));
    });
}

fn expression(to: &mut Attributes<'_>, name: &str, data: impl FnOnce(&mut Attributes<'_>)) {
    to.nest(LIST_ELEMENT, |to| {
        to.text(EXPRESSION_NAME, name);
        to.nest(EXPRESSION_DATA, data);
    });
}

impl Batch {
    /// Begins or ends the transaction.
    fn mark(&mut self, kind: u16) {
        self.put(kind, REQUEST, (FAMILY_UNSPECIFIED, SUBSYSTEM_NFTABLES), |_| {});
    }

    fn message(&mut self, kind: u16, flags: u16, subject: &str, body: impl FnOnce(&mut Attributes<'_>)) {
        self.subjects.push(subject.to_owned());
        self.put(SUBSYSTEM_NFTABLES << 8 | kind, REQUEST | ACKNOWLEDGE | flags, (FAMILY_INET, 0), body);
    }

    fn put(
        &mut self,
        kind: u16,
        flags: u16,
        (family, resource): (u8, u16),
        body: impl FnOnce(&mut Attributes<'_>),
    ) {
        let begin = self.bytes.len();
        let number = u32::try_from(self.subjects.len()).unwrap_or(u32::MAX);
        self.bytes.extend([0; 4]);
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(flags.to_ne_bytes());
        self.bytes.extend(number.to_ne_bytes());
        self.bytes.extend([0; 4]);
        self.bytes.extend([family, VERSION]);
        self.bytes.extend(resource.to_be_bytes());
        body(&mut Attributes(&mut self.bytes));
        // INVARIANT: a table has less than 65,536 ports twice, at less than 512 bytes each.
        let length = u32::try_from(self.bytes.len() - begin).expect("a message is short");
        self.bytes[begin..begin + 4].copy_from_slice(&length.to_ne_bytes());
    }
}

/// Attributes that are being written, one behind the other, each on a multiple of 4.
struct Attributes<'b>(&'b mut Vec<u8>);

impl Attributes<'_> {
    fn number(&mut self, kind: u16, number: u32) {
        self.bytes(kind, &number.to_be_bytes());
    }

    fn text(&mut self, kind: u16, text: &str) {
        self.bytes(kind, &[text.as_bytes(), b"\0"].concat());
    }

    fn nest(&mut self, kind: u16, inner: impl FnOnce(&mut Attributes<'_>)) {
        self.put(kind | NESTED, |bytes| inner(&mut Attributes(bytes)));
    }

    fn bytes(&mut self, kind: u16, value: &[u8]) {
        self.put(kind, |bytes| bytes.extend(value));
    }

    fn put(&mut self, kind: u16, value: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.0.len();
        self.0.extend([0; 2]);
        self.0.extend(kind.to_ne_bytes());
        value(self.0);
        // INVARIANT: what nests is one rule, of some 300 bytes.
        let length = u16::try_from(self.0.len() - begin).expect("an attribute is short");
        self.0[begin..begin + 2].copy_from_slice(&length.to_ne_bytes());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

const VERSION: u8 = 0;
const FAMILY_UNSPECIFIED: u8 = 0;
const FAMILY_INET: u8 = 1;
const SUBSYSTEM_NFTABLES: u16 = 10;

const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NEW_TABLE: u16 = 0;
const DELETE_TABLE: u16 = 2;
const NEW_CHAIN: u16 = 3;
const NEW_RULE: u16 = 6;

const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const CREATE: u16 = 0x400;
const APPEND: u16 = 0x800;

const NESTED: u16 = 0x8000;
const LIST_ELEMENT: u16 = 1;

const TABLE_NAME: u16 = 1;

const CHAIN_TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
const CHAIN_HOOK: u16 = 4;
const CHAIN_POLICY: u16 = 5;
const CHAIN_TYPE: u16 = 7;
const HOOK_NUMBER: u16 = 1;
const HOOK_PRIORITY: u16 = 2;
const HOOK_PREROUTING: u32 = 0;
const HOOK_LOCAL_OUT: u32 = 3;
/// Before routing, and before the filters of others. Source: `NF_IP_PRI_NAT_DST`.
const PRIORITY_DSTNAT: i32 = -100;
const POLICY_ACCEPT: u32 = 1;

const RULE_TABLE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;
const EXPRESSION_NAME: u16 = 1;
const EXPRESSION_DATA: u16 = 2;

const REGISTER_VERDICT: u32 = 0;
const REGISTER: u32 = 1;

const META_REGISTER: u16 = 1;
const META_KEY: u16 = 2;
const META_OUTPUT_NAME: u32 = 7;
const META_USER: u32 = 10;
const META_PROTOCOL: u32 = 16;
const PROTOCOL_TCP: u8 = 6;
const INTERFACE_BYTES: usize = 16;

const PAYLOAD_REGISTER: u16 = 1;
const PAYLOAD_BASE: u16 = 2;
const PAYLOAD_OFFSET: u16 = 3;
const PAYLOAD_LENGTH: u16 = 4;
const BASE_TRANSPORT: u32 = 2;

const COMPARE_REGISTER: u16 = 1;
const COMPARE_OPERATION: u16 = 2;
const COMPARE_DATA: u16 = 3;
const COMPARE_EQUAL: u32 = 0;

const IMMEDIATE_REGISTER: u16 = 1;
const IMMEDIATE_DATA: u16 = 2;
const DATA_VALUE: u16 = 1;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
const VERDICT_RETURN: i32 = -5;

const REDIRECT_PORT_REGISTER: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_lead_from_message_to_message() {
        let table = Table::new(&[8080], 15001, &[15820], 2102).unwrap();
        let batch = transaction(&table);
        let (mut rest, mut kinds) = (batch.bytes.as_slice(), Vec::new());
        while let Some((head, _)) = rest.split_first_chunk::<16>() {
            let length = u32::from_ne_bytes([head[0], head[1], head[2], head[3]]) as usize;
            kinds.push(u16::from_ne_bytes([head[4], head[5]]));
            assert!(length.is_multiple_of(4) && length >= 20, "{length}");
            rest = &rest[length..];
        }
        assert!(rest.is_empty());
        let wanted = [0x10, 0xa00, 0xa02, 0xa00, 0xa03, 0xa03, 0xa06, 0xa06, 0xa06, 0xa06, 0xa06, 0x11];
        assert_eq!(kinds, wanted);
        assert_eq!(batch.subjects.len(), kinds.len() - 2);
        assert_eq!(batch.subjects[7], "rule `meta l4proto tcp redirect to :15001`");
    }

    #[test]
    fn attributes_are_padded_and_their_length_is_not() {
        let mut bytes = Vec::new();
        Attributes(&mut bytes).nest(4, |to| to.bytes(1, &[1, 2]));
        let short = |number: u16| number.to_ne_bytes();
        let wanted = [short(12), short(4 | NESTED), short(6), short(1), [1, 2], [0, 0]].concat();
        assert_eq!(bytes, wanted);
    }
}
