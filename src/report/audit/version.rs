//! Which version of a tool a client called.

use super::text::Text;
use crate::bounds::AUDIT_NAME_BYTES_MAX;
use crate::gate::Record;

/// Writes which version the client called and by what name, where the tool has versions: `target` is what the server
/// got.
pub(super) fn write(text: &mut Text, record: &Record) {
    let Some(called) = record.called.as_deref() else { return };
    let Some((tool, number)) = record.policy.versions().named(called.chosen) else { return };
    text.raw(",\"version\":{\"tool\":");
    text.string(tool.as_str(), AUDIT_NAME_BYTES_MAX);
    text.raw(",\"number\":");
    text.number(number.into());
    text.raw(",\"state\":\"");
    text.raw(called.state.as_str());
    text.raw("\",\"called_as\":");
    text.string(&called.name, AUDIT_NAME_BYTES_MAX);
    text.raw("}");
}
