//! What a list would not have shown, were its policy enforced.

use super::text::Text;
use crate::bounds::AUDIT_NAME_BYTES_MAX;
use crate::gate::Record;
use crate::names::Mode;

/// Writes which items of a list a policy in shadow would have taken out: how many, and the tools among them that the
/// policy knows. Of a policy that is enforced nothing is written: there the list says it.
pub(super) fn write(text: &mut Text, record: &Record) {
    let unlisted = &record.unlisted;
    let Some(list) = unlisted.list.filter(|_| record.mode == Mode::Shadow) else { return };
    text.raw(",\"would_hide\":{\"list\":\"");
    text.raw(list.as_str());
    text.raw("\",\"count\":");
    text.number(unlisted.count.into());
    text.raw(",\"names\":[");
    for (index, name) in unlisted.names.iter().enumerate() {
        if index > 0 {
            text.raw(",");
        }
        text.string(name, AUDIT_NAME_BYTES_MAX);
    }
    text.raw("]}");
}
