//! Mailboxes that are nobody's: identifiers of messages, and senders that read no answers.
//!
//! An identifier of a message has the form of a mailbox, and stands behind the name of its header. What is sent by
//! `no-reply` comes from a machine, so that the words before it name no person.
//!
//! Source: RFC 5322, 3.6.4 (identification fields); RFC 2045, 7 (`Content-ID`).

use std::ops::Range;

use crate::scan::spelling::edges::skip_space_back;

/// Headers whose values identify messages, in lower case, with their colon.
const IDENTIFYING: [&[u8]; 5] =
    [b"message-id:", b"in-reply-to:", b"references:", b"content-id:", b"x-message-id:"];
/// What a mailbox of a machine begins with, in lower case.
const MACHINES: [&[u8]; 6] =
    [b"no-reply", b"noreply", b"no_reply", b"do-not-reply", b"donotreply", b"mailer-daemon"];
/// Bytes before an identifier within which its header, or another identifier, stands.
const REACH: usize = 512;

/// Whether what looks like a mailbox at `span` identifies a message: it stands in angle brackets behind one of the
/// headers, perhaps with others of its kind between.
pub(in crate::scan) fn is_message_id(bytes: &[u8], span: &Range<usize>) -> bool {
    let Some(mut at) = span.start.checked_sub(1).filter(|at| bytes[*at] == b'<') else { return false };
    let floor = at.saturating_sub(REACH);
    if bytes.get(span.end) != Some(&b'>') {
        return false;
    }
    loop {
        at = skip_space_back(bytes, at);
        if IDENTIFYING.iter().any(|name| ends_with(&bytes[floor.min(at)..at], name)) {
            return true;
        }
        // Another identifier before it.
        let Some(b'>') = bytes[floor.min(at)..at].last() else { return false };
        let Some(open) = memchr::memrchr(b'<', &bytes[floor..at]) else { return false };
        at = floor + open;
    }
}

/// Whether a mailbox that `text` begins with is one of a machine.
pub(in crate::scan) fn is_machine(text: &[u8]) -> bool {
    MACHINES.iter().any(|name| text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))
}

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    let tail = text.len().checked_sub(end.len()).and_then(|at| text.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn takes_no_identifier_of_a_message_for_a_mailbox() {
        let plan = everything(Action::Replace);
        for text in [
            r#"["From: x\nMessage-ID: <e34d078892f0@mx.example.com>\nx"]"#,
            r#"["In-Reply-To: <a1@mx.example.com>\r\nReferences: <a1@mx.example.com>\r\n <b2@mx.example.com>"]"#,
        ] {
            check(&plan, text, text);
        }
        check(
            &plan,
            r#"["Message-ID: x\nFrom: <ann@example.com>, Message-ID <ann@example.com>"]"#,
            r#"["Message-ID: x\nFrom: <[EMAIL]>, Message-ID <[EMAIL]>"]"#,
        );
        check(&plan, r#"["by Shared Drive <no-reply@example.com>"]"#, r#"["by Shared Drive <[EMAIL]>"]"#);
    }
}
