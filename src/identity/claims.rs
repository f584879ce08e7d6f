//! From the claims of a verified token to a caller.

use super::caller::{Caller, Proof, set};
use super::{Bond, ClaimPath, Flaw, Issuer, WorkloadClaim};
use crate::bounds::CLAIM_BYTES_MAX;
use crate::json::{Kind, Value};

/// Reads the caller out of the claims of a token whose signature holds.
pub(super) fn read(claims: Value<'_>, issuer: &Issuer) -> Result<Caller, Flaw> {
    let names = &issuer.claims;
    let optional = |path: &Option<ClaimPath>| match path {
        Some(path) => at(claims, path).map(named).transpose(),
        None => Ok(None),
    };
    let groups = match names.groups.as_ref().and_then(|path| at(claims, path)) {
        Some(groups) => bounded(strings(groups).ok_or(Flaw::Caller)?)?,
        None => Vec::new(),
    };
    let scopes = match &names.scopes {
        Some(path) => at(claims, path),
        // Where both are there, `scope` is the standard's (RFC 9068, section 2.2.3).
        None => claims.get("scope").or_else(|| claims.get("scp")),
    };
    let scopes = match scopes {
        Some(scopes) => {
            let lines = strings(scopes).ok_or(Flaw::Caller)?;
            bounded(lines.iter().flat_map(|line| line.split_ascii_whitespace()).map(Box::from).collect())?
        }
        None => Vec::new(),
    };
    Ok(Caller {
        user: named(at(claims, &names.user).ok_or(Flaw::Caller)?)?,
        tenant: optional(&names.tenant)?,
        agent: optional(&names.agent)?,
        workload: workload(claims, &names.workload)?,
        issuer: Some(issuer.issuer.clone()),
        scopes: set(scopes),
        groups: set(groups),
        kept: names.kept.iter().filter_map(|name| Some((name.clone(), kept(claims, name)?))).collect(),
        proof: Proof::Token,
        bond: Bond::default(),
    })
}

/// Source: Kubernetes, "Managing Service Accounts", the claims of bound tokens.
fn workload(claims: Value<'_>, claim: &WorkloadClaim) -> Result<Option<Box<str>>, Flaw> {
    let account = match claim {
        WorkloadClaim::None => return Ok(None),
        WorkloadClaim::Path(path) => return at(claims, path).map(named).transpose(),
        WorkloadClaim::ServiceAccount => claims.get("kubernetes.io").ok_or(Flaw::Caller)?,
    };
    let namespace = named(account.get("namespace").ok_or(Flaw::Caller)?)?;
    let name = account.get("serviceaccount").and_then(|account| account.get("name"));
    let name = named(name.ok_or(Flaw::Caller)?)?;
    // A colon in either would name another account.
    if [&namespace, &name].iter().any(|part| part.contains(':')) {
        return Err(Flaw::Caller);
    }
    Ok(Some(format!("system:serviceaccount:{namespace}:{name}").into()))
}

/// The claim at the end of a path, if all of the path is there.
fn at<'d>(claims: Value<'d>, path: &ClaimPath) -> Option<Value<'d>> {
    path.rest.iter().try_fold(claims.get(&path.first)?, |value, name| {
        (value.kind() == Kind::Object).then(|| value.get(name)).flatten()
    })
}

/// A string, or an array of nothing but strings.
pub(super) fn strings(value: Value<'_>) -> Option<Vec<Box<str>>> {
    match value.kind() {
        Kind::String => Some(vec![value.string()?.into()]),
        Kind::Array => value.elements().map(|element| Some(element.string()?.into())).collect(),
        Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::Object | Kind::True => None,
    }
}

fn bounded(names: Vec<Box<str>>) -> Result<Vec<Box<str>>, Flaw> {
    if names.iter().all(|name| is_name(name)) { Ok(names) } else { Err(Flaw::Caller) }
}

/// A claim that only tells apart: one that is no name is not there, and no fault of the token.
fn kept(claims: Value<'_>, name: &str) -> Option<Box<str>> {
    named(claims.get(name)?).ok()
}

fn named(value: Value<'_>) -> Result<Box<str>, Flaw> {
    let name = value.string().ok_or(Flaw::Caller)?;
    if is_name(&name) { Ok(name.into()) } else { Err(Flaw::Caller) }
}

/// Whether a claim or a setting may stand for somebody: not empty, bounded, no control characters.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= CLAIM_BYTES_MAX && !name.chars().any(char::is_control)
}
