//! SPIFFE ids, and which of them a policy means.
//!
//! Read strictly: what two readers could take for two workloads is no id. Source: SPIFFE-ID, sections 2.1 to 2.4.

use std::fmt;

use crate::bounds::SPIFFE_ID_BYTES_MAX;

/// The name of a workload, such as `spiffe://acme/ns/ops/sa/web`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpiffeId(Box<str>);

/// The workloads that a policy means: one id, or with `/*` at the end all that lie below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpiffePattern {
    /// The id without the `/*`.
    base: SpiffeId,
    is_below: bool,
}

/// Why a text is no SPIFFE id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpiffeFault {
    /// A character that no part of an id may have: of a port, a query, credentials, an escape.
    #[error("character {0:?} has no place in a SPIFFE id")]
    Character(char),
    /// No path: the trust domain itself is no workload.
    #[error("a SPIFFE id of a workload has a path")]
    Path,
    /// It does not begin with `spiffe://`, in lower case.
    #[error("a SPIFFE id begins with `spiffe://`")]
    Scheme,
    /// A segment of the path is empty, `.` or `..`.
    #[error("the path of a SPIFFE id has no empty segment, no `.` and no `..`")]
    Segment,
    /// More than `SPIFFE_ID_BYTES_MAX`.
    #[error("a SPIFFE id has at most {SPIFFE_ID_BYTES_MAX} bytes")]
    TooLong,
    /// The trust domain is empty or longer than 255 bytes.
    #[error("a trust domain has 1 to 255 bytes")]
    TrustDomain,
}

const TRUST_DOMAIN_BYTES_MAX: usize = 255;

impl SpiffeId {
    /// Checks a text.
    ///
    /// # Errors
    /// [`SpiffeFault`], the fault of whoever issued the certificate or wrote the policy.
    pub fn parse(text: &str) -> Result<Self, SpiffeFault> {
        let id = Self::parse_prefix(text)?;
        if id.path().is_empty() { Err(SpiffeFault::Path) } else { Ok(id) }
    }

    /// As [`parse`](Self::parse), for an id or a trust domain alone.
    fn parse_prefix(text: &str) -> Result<Self, SpiffeFault> {
        if text.len() > SPIFFE_ID_BYTES_MAX {
            return Err(SpiffeFault::TooLong);
        }
        let rest = text.strip_prefix("spiffe://").ok_or(SpiffeFault::Scheme)?;
        let (domain, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let in_domain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
        if let Some(character) = domain.chars().find(|&c| !in_domain(c)) {
            return Err(SpiffeFault::Character(character));
        }
        if !(1..=TRUST_DOMAIN_BYTES_MAX).contains(&domain.len()) {
            return Err(SpiffeFault::TrustDomain);
        }
        let in_path = |c: char| c.is_ascii_alphanumeric() || "-._/".contains(c);
        if let Some(character) = path.chars().find(|&c| !in_path(c)) {
            return Err(SpiffeFault::Character(character));
        }
        if path.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(SpiffeFault::Segment);
        }
        Ok(Self(text.into()))
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn path(&self) -> &str {
        let rest = self.0.get("spiffe://".len()..).unwrap_or_default();
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
    }
}

impl SpiffePattern {
    /// Reads an id, or an id or a trust domain with `/*` behind it.
    ///
    /// # Errors
    /// [`SpiffeFault`], the policy author's; a `*` anywhere else is a character that has no place.
    pub fn parse(text: &str) -> Result<Self, SpiffeFault> {
        match text.strip_suffix("/*") {
            Some(base) => Ok(Self { base: SpiffeId::parse_prefix(base)?, is_below: true }),
            None => Ok(Self { base: SpiffeId::parse(text)?, is_below: false }),
        }
    }

    /// Whether it means `id`. Whole segments are compared, never a part of one.
    pub fn matches(&self, id: &SpiffeId) -> bool {
        match id.0.strip_prefix(&*self.base.0) {
            Some(rest) if self.is_below => rest.starts_with('/'),
            Some(rest) => rest.is_empty(),
            None => false,
        }
    }
}

impl fmt::Display for SpiffePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.base.0, if self.is_below { "/*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_every_reader_takes_for_one_workload() {
        use SpiffeFault as F;
        let domain = |bytes: usize| format!("spiffe://{}/a", "d".repeat(bytes));
        let long = |bytes: usize| format!("spiffe://acme/{}", "a".repeat(bytes - "spiffe://acme/".len()));
        let cases = [
            ("spiffe://acme/ns/ops/sa/web", None),
            ("spiffe://a.b-c_1.example/A.b-c_9", None),
            (&domain(255), None),
            (&domain(256), Some(F::TrustDomain)),
            (&long(SPIFFE_ID_BYTES_MAX), None),
            (&long(SPIFFE_ID_BYTES_MAX + 1), Some(F::TooLong)),
            ("", Some(F::Scheme)),
            ("https://acme/a", Some(F::Scheme)),
            ("SPIFFE://acme/a", Some(F::Scheme)),
            ("spiffe:/acme/a", Some(F::Scheme)),
            ("spiffe://", Some(F::TrustDomain)),
            ("spiffe:///a", Some(F::TrustDomain)),
            ("spiffe://acme", Some(F::Path)),
            ("spiffe://acme/", Some(F::Segment)),
            ("spiffe://acme/a/", Some(F::Segment)),
            ("spiffe://acme/a//b", Some(F::Segment)),
            ("spiffe://acme/./b", Some(F::Segment)),
            ("spiffe://acme/a/..", Some(F::Segment)),
            ("spiffe://Acme/a", Some(F::Character('A'))),
            ("spiffe://acme:443/a", Some(F::Character(':'))),
            ("spiffe://me@acme/a", Some(F::Character('@'))),
            ("spiffe://acme/a?b", Some(F::Character('?'))),
            ("spiffe://acme/a#b", Some(F::Character('#'))),
            ("spiffe://acme/%61", Some(F::Character('%'))),
            ("spiffe://acme/a b", Some(F::Character(' '))),
            ("spiffe://acme/\u{e9}", Some(F::Character('\u{e9}'))),
            ("spiffe://acme/*", Some(F::Character('*'))),
            ("spiffe://acme/a\0", Some(F::Character('\0'))),
        ];
        for (text, fault) in cases {
            assert_eq!(SpiffeId::parse(text).err(), fault, "{text}");
        }
    }

    #[test]
    fn means_one_workload_or_all_below_a_name() {
        let cases = [
            ("spiffe://acme/ns/ops", "spiffe://acme/ns/ops", true),
            ("spiffe://acme/ns/ops", "spiffe://acme/ns/ops/sa/web", false),
            ("spiffe://acme/ns/ops", "spiffe://acme/ns/opsx", false),
            ("spiffe://acme/ns/ops/*", "spiffe://acme/ns/ops", false),
            ("spiffe://acme/ns/ops/*", "spiffe://acme/ns/ops/web", true),
            ("spiffe://acme/ns/ops/*", "spiffe://acme/ns/ops/sa/web", true),
            ("spiffe://acme/ns/ops/*", "spiffe://acme/ns/opsx/web", false),
            ("spiffe://acme/ns/ops/*", "spiffe://acme.evil/ns/ops/web", false),
            ("spiffe://acme/*", "spiffe://acme/web", true),
            ("spiffe://acme/*", "spiffe://acme.evil/web", false),
            ("spiffe://acme/NS/*", "spiffe://acme/ns/web", false),
        ];
        for (pattern, id, wanted) in cases {
            let (pattern, id) = (SpiffePattern::parse(pattern).unwrap(), SpiffeId::parse(id).unwrap());
            assert_eq!(pattern.matches(&id), wanted, "{pattern} on {id:?}");
        }
        for bad in [
            "*",
            "/*",
            "spiffe://*",
            "spiffe:///*",
            "spiffe://acme",
            "spiffe://acme/*/web",
            "spiffe://acme/ns*",
        ] {
            assert!(SpiffePattern::parse(bad).is_err(), "{bad}");
        }
    }
}
