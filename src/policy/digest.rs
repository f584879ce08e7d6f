//! What tells two bundles apart: a digest over everything in them that decides.

use ring::digest::{Context, SHA256};

use super::Source;
use super::compile::Part;
use super::registry::Registry;

/// SHA-256 over all files but tests, by name, each with its name and length: what stands in the registry with a bundle.
pub fn bundle_sha256(sources: &[Source]) -> [u8; 32] {
    digest(sources, None)
}

/// SHA-256 over all files but tests, by name, each with its name and length; then over the revision of the registry.
pub(super) fn digest(sources: &[Source], registry: Option<&Registry>) -> [u8; 32] {
    let mut deciding: Vec<&Source> =
        sources.iter().filter(|source| Part::of(&source.name) != Part::Test).collect();
    deciding.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    let revision = registry.map(|registry| (registry.epoch.to_string(), registry.revision.to_string()));
    let files = deciding.into_iter().map(|source| (&*source.name, source.text.as_str()));
    let rest = revision.as_ref().map(|(epoch, revision)| (epoch.as_str(), revision.as_str()));
    let mut context = Context::new(&SHA256);
    for text in files.chain(rest).flat_map(|(name, text)| [name, text]) {
        context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(text.as_bytes());
    }
    let mut sha256 = [0; 32];
    sha256.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    sha256
}
