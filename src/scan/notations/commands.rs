//! Passwords in command lines: `--password X`, `curl -u user:X`, `mysql -pX`, `aws configure set aws_secret_access_key X`.
//!
//! A long option says by its name what its argument is. A short one says nothing by itself: it counts behind the
//! commands that take a password so. What is `$VARIABLE` or `<placeholder>` is none, nor a bare word behind a long
//! option, which may be the next word of a sentence.
//!
//! Source: the manuals of curl, mysql, sshpass, docker, redis-cli, mongosh, ldapsearch, zip, smbclient, mosquitto_pub.

use std::ops::Range;

use crate::scan::Detector;
use crate::scan::named::names::{Class, Tier};
use crate::scan::named::veto;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{before, byte};

/// Bytes before an option in which its command stands.
const REACH: usize = 160;
/// Bytes of an argument.
const ARGUMENT_BYTES_MAX: usize = 512;

/// How a password stands behind a short option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Right behind its letter.
    Attached,
    /// Right behind its letter, or behind a blank.
    Either,
    /// Behind the name of a user and this sign.
    Paired(u8),
}

/// Commands, the letter of the option, and where its password stands.
const OPTIONS: [(&[u8], u8, Manner); 22] = [
    (b"mysql", b'p', Manner::Attached),
    (b"mysqldump", b'p', Manner::Attached),
    (b"mysqladmin", b'p', Manner::Attached),
    (b"mysqlimport", b'p', Manner::Attached),
    (b"mariadb", b'p', Manner::Attached),
    (b"mariadb-dump", b'p', Manner::Attached),
    (b"7z", b'p', Manner::Attached),
    (b"sshpass", b'p', Manner::Either),
    (b"login", b'p', Manner::Either),
    (b"mongo", b'p', Manner::Either),
    (b"mongosh", b'p', Manner::Either),
    (b"mongodump", b'p', Manner::Either),
    (b"redis-cli", b'a', Manner::Either),
    (b"ldapsearch", b'w', Manner::Either),
    (b"ldapmodify", b'w', Manner::Either),
    (b"zip", b'P', Manner::Either),
    (b"unzip", b'P', Manner::Either),
    (b"sqlcmd", b'P', Manner::Either),
    (b"mosquitto_pub", b'P', Manner::Either),
    (b"curl", b'u', Manner::Paired(b':')),
    (b"curl", b'U', Manner::Paired(b':')),
    (b"smbclient", b'U', Manner::Paired(b'%')),
];

impl Sweep<'_> {
    /// Looks at the option whose first dash is at `at`, behind a blank.
    #[inline]
    pub(in crate::scan) fn option(&mut self, at: usize) {
        let next = byte(self.bytes, at + 1);
        if next == b'-' && byte(self.bytes, at + 2).is_ascii_alphabetic() {
            self.long_option(at + 2);
        } else if matches!(next, b'p' | b'P' | b'a' | b'w' | b'u' | b'U') {
            self.short_option(at + 1);
        }
    }

    fn long_option(&mut self, start: usize) {
        let bytes = self.bytes;
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let end = start + bytes[start..].iter().take(48).take_while(is_name).count();
        if byte(bytes, end) != b' ' {
            return;
        }
        // `curl --user name:password`
        if &bytes[start..end] == b"user" && self.command(start).any(|word| word == b"curl") {
            self.paired(end + 1, b':');
        } else if let Some(Class::Of(Detector::SECRET, tier)) = self.class(start..end) {
            self.secret_argument(end + 1, tier);
        }
    }

    fn short_option(&mut self, letter: usize) {
        let bytes = self.bytes;
        let is_apart = byte(bytes, letter + 1) == b' ';
        // Another option is no password.
        if is_apart && byte(bytes, letter + 2) == b'-' {
            return;
        }
        let row = |word: &[u8]| OPTIONS.iter().find(|row| row.1 == bytes[letter] && row.0 == word);
        let row = self.command(letter).find_map(row);
        match row.map(|row| row.2) {
            Some(Manner::Attached | Manner::Either) if !is_apart => {
                if let Some(span) = argument(bytes, letter + 1) {
                    self.maybe_secret(span);
                }
            }
            Some(Manner::Either) => {
                if let Some(span) = argument(bytes, letter + 2) {
                    self.maybe_secret(span);
                }
            }
            Some(Manner::Paired(sign)) => self.paired(letter + 1 + usize::from(is_apart), sign),
            Some(Manner::Attached) | None => {}
        }
    }

    /// The words before an option in its command, without their paths.
    fn command(&self, at: usize) -> impl Iterator<Item = &[u8]> {
        let head = &self.bytes[at.saturating_sub(REACH)..at];
        let is_edge = |byte: &u8| matches!(byte, b'|' | b';' | b'&' | b'"' | b'`' | b'\n' | b'(');
        let start = head.iter().rposition(is_edge).map_or(0, |edge| edge + 1);
        let is_gap = |byte: &u8| matches!(byte, b' ' | b'/' | b'\'' | b'\\');
        head[start..].split(is_gap).filter(|word| !word.is_empty())
    }

    /// Takes the password behind the name of a user.
    fn paired(&mut self, at: usize, sign: u8) {
        let bytes = self.bytes;
        let Some(span) = argument(bytes, at) else { return };
        let Some(user) = memchr::memchr(sign, &bytes[span.clone()]) else { return };
        let password = span.start + user + 1..span.end;
        // `-u 1000:1000` is a user and a group.
        let is_group = bytes[span].iter().all(|byte| byte.is_ascii_digit() || *byte == sign);
        if user > 0 && !is_group && !bytes[password.clone()].starts_with(b"//") {
            self.maybe_secret(password);
        }
    }

    /// Takes the argument of an option that names a secret.
    fn secret_argument(&mut self, at: usize, tier: Tier) {
        let Some(span) = argument(self.bytes, at) else { return };
        let content = &self.bytes[span.clone()];
        let is_word = content.iter().all(|byte| byte.is_ascii_alphabetic() || b"-_.,".contains(byte));
        let is_quoted = matches!(before(self.bytes, span.start), b'\'' | b'"');
        if (!is_word || is_quoted) && !veto::is_harmless(Detector::SECRET, tier, content) {
            self.maybe_secret(span);
        }
    }

    fn maybe_secret(&mut self, span: Range<usize>) {
        let content = &self.bytes[span.clone()];
        let is_elsewhere = matches!(content.first(), None | Some(b'$' | b'<' | b'{' | b'-' | b'%' | b'*'));
        if !is_elsewhere && content.len() >= 3 && !veto::is_harmless(Detector::SECRET, Tier::Strong, content)
        {
            self.part(Detector::SECRET, span);
        }
    }

    /// Takes what stands behind the name of a secret and a blank, if it is drawn by chance: the run at `run`.
    pub(in crate::scan) fn told_secret(&mut self, run: &Range<usize>) {
        let bytes = self.bytes;
        if before(bytes, run.start) != b' ' {
            return;
        }
        let name_end = run.start - 1;
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let head = &bytes[name_end.saturating_sub(48)..name_end];
        let name = name_end - head.iter().rev().take_while(is_name).count()..name_end;
        // A name of words that are joined is no word of a sentence.
        let is_joined = bytes[name.clone()].iter().any(|byte| matches!(byte, b'_' | b'-'));
        if is_joined
            && !veto::is_harmless(Detector::SECRET, Tier::Weak, &bytes[run.clone()])
            && let Some(Class::Of(Detector::SECRET, Tier::Strong)) = self.class(name)
        {
            self.part(Detector::SECRET, run.clone());
        }
    }
}

/// The argument that begins at `at`, without its quotes.
fn argument(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let quote = match (byte(bytes, at), byte(bytes, at + 1)) {
        (b'\'', _) => Some((b'\'', 1)),
        (b'\\', b'"') => Some((b'\\', 2)),
        _ => None,
    };
    let start = at + quote.map_or(0, |quote| quote.1);
    let rest = bytes.get(start..(start + ARGUMENT_BYTES_MAX).min(bytes.len()))?;
    let is_end = |byte: &u8| match quote {
        Some((quote, _)) => *byte == quote || *byte == b'"',
        None => matches!(byte, b' ' | b'"' | b'\'' | b'\\' | b'`' | b';' | b'|' | b')' | b'<' | b'>'),
    };
    let length = rest.iter().position(is_end).unwrap_or(rest.len());
    (length > 0).then_some(start..start + length)
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn takes_passwords_from_command_lines() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (r#"["x --password hunter-2 y"]"#, r#"["x --password [SECRET] y"]"#),
            (r#"["x --client-secret 'open it' y"]"#, r#"["x --client-secret '[SECRET]' y"]"#),
            (r#"{"c":"x --api-key \"secret-1\" y"}"#, r#"{"c":"x --api-key \"[SECRET]\" y"}"#),
            (r#"["curl -s -u ann:secret-1 https://x"]"#, r#"["curl -s -u ann:[SECRET] https://x"]"#),
            (r#"["curl --user ann:secret-1 x"]"#, r#"["curl --user ann:[SECRET] x"]"#),
            (r#"["/usr/bin/mysql -u app -psecret-1 shop"]"#, r#"["/usr/bin/mysql -u app -p[SECRET] shop"]"#),
            (r#"["sshpass -p secret-1 ssh x"]"#, r#"["sshpass -p [SECRET] ssh x"]"#),
            (r#"["docker login -u ann -p secret-1"]"#, r#"["docker login -u ann -p [SECRET]"]"#),
            (
                r#"["aws configure set aws_secret_access_key aB3dEfGh1jKlM4nO"]"#,
                r#"["aws configure set aws_secret_access_key [SECRET]"]"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"["the --password option is new, --token too"]"#,
            r#"["x --password $PASSWORD --api-key <key> --secret"]"#,
            r#"["docker run -u 1000:1000 -p 8080:80 x; mkdir -p a/b"]"#,
            r#"["mysql -p shop | grep -pattern"]"#,
            r#"["curl -u ann x -- 5 - 6"]"#,
            r#"["the secret aB3dEfGh1jKlM4nO"]"#,
        ] {
            check(&plan, text, text);
        }
    }
}
