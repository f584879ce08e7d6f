//! Values in XML and HTML: `<dob>…</dob>`, `<birthTime value="…"/>`, `<input name="ssn" value="…">`, and the cells of a
//! table under or beside what names them.
//!
//! **How.** The first tag leads here; from it on the text is read once, tag by tag, up to the first quote outside of a
//! tag, which may be the end of the string. What an element holds is named by the element, by an attribute that names
//! it (`<property name="password">`), or by a label before it: `<th>`, `<dt>`, `<label>`, bold words with a colon, the
//! cell before. In a table whose first row are headings the column names the cell. A name that is trusted little is
//! believed inside an element that names a person or an address, or beside a value that tells of a person.
//!
//! Unknown elements that are never closed, and tags that are cut off, end the reading; the next tag begins it anew.
//!
//! **What it is not.** No parser: entities stay as they are, and nothing depends on whether the markup is valid.
//!
//! Source: W3C XML 1.0, 3.1 (tags), 2.7 (CDATA); WHATWG HTML, 13.1.2 (elements), 4.9 (tables); ISO 20022 (Nm, PstlAdr);
//! HL7 CDA R2 (patientRole).

use std::ops::Range;

use super::notation::{Said, escape, trimmed};
use crate::scan::Detector;
use crate::scan::named::beside::tells;
use crate::scan::named::names::Tier;
use crate::scan::people::prose;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{byte, skip_space};

mod tags;
#[cfg(test)]
mod tests;

use tags::{Attribute, Kind, Tag};

/// Elements that are open at once; deeper ones are read as if they stood in the last.
const DEPTH_MAX: usize = 64;
/// Columns of a table.
const COLUMNS_MAX: usize = 32;
/// Bytes between two tags.
const TEXT_BYTES_MAX: usize = 4096;
/// Bytes of a label.
const LABEL_BYTES_MAX: usize = 48;
/// Values that wait for one that tells of a person.
const WAITING_MAX: usize = 64;
/// Elements around a value in which one that tells of a person may stand.
const HOPS_MAX: u32 = 3;

/// Elements that have no content.
const VOID: [&[u8]; 10] =
    [b"area", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"wbr"];
/// Elements that may follow a text of which no end is written.
const LINES: [&[u8]; 12] =
    [b"br", b"td", b"th", b"tr", b"dt", b"dd", b"li", b"p", b"b", b"a", b"span", b"strong"];
/// Elements that mark a few words of the text around them.
const INLINE: [&[u8]; 14] = [
    b"a", b"b", b"bdi", b"code", b"em", b"font", b"i", b"p", b"small", b"span", b"strong", b"sub", b"u",
    b"div",
];
/// Elements of a table or a list.
const ROWS: [&[u8]; 5] = [b"dd", b"li", b"tbody", b"td", b"tr"];
/// Elements that name what follows them.
const LABELS: [&[u8]; 5] = [b"dt", b"key", b"label", b"legend", b"th"];
/// Attributes that name what the element holds.
const NAMING: [&[u8]; 9] = [
    b"name",
    b"key",
    b"field",
    b"property",
    b"autocomplete",
    b"data-field",
    b"data-label",
    b"aria-label",
    b"id",
];
/// Attributes that hold what the element is named for.
const HOLDING: [&[u8]; 11] =
    [b"value", b"val", b"content", b"extension", b"nr", b"no", b"num", b"number", b"code", b"text", b"data"];
/// Parties of a payment, whose names are called `Nm`. Source: ISO 20022, pain.001, camt.053.
const PARTIES: [&[u8]; 6] = [b"Dbtr", b"Cdtr", b"UltmtDbtr", b"UltmtCdtr", b"InitgPty", b"Pty"];

/// An element that is open.
struct Frame {
    name: Range<usize>,
    said: Option<Said>,
    /// Whether a value in it tells of a person.
    is_told: bool,
}

/// A value whose name alone says little.
struct Waiting {
    /// The element in which another value may tell of a person.
    owner: usize,
    hops: u32,
    said: Said,
    span: Range<usize>,
}

/// Markup as it is read.
#[derive(Default)]
struct State {
    frames: Vec<Frame>,
    waiting: Vec<Waiting>,
    /// What the last label says of the next text.
    label: Option<Said>,
    columns: [Option<Said>; COLUMNS_MAX],
    /// Cells of this row so far.
    cells: usize,
}

impl Sweep<'_> {
    /// Reads the markup that begins at `at`.
    #[inline]
    pub(in crate::scan) fn markup(&mut self, at: usize) {
        let is_tag =
            byte(self.bytes, at + 1).is_ascii_alphabetic() || matches!(byte(self.bytes, at + 1), b'?' | b'!');
        if byte(self.bytes, at + 1).is_ascii_uppercase() {
            self.bracketed(at);
        }
        if is_tag && at >= self.markup_until {
            self.markup_until = self.elements(at);
        }
    }

    /// Reads tags and the texts between them from `at` on; where they end.
    #[inline(never)]
    fn elements(&mut self, mut at: usize) -> usize {
        let bytes = self.bytes;
        let mut state = State::default();
        let Some(mut tag) = Tag::read(bytes, at) else { return at + 1 };
        loop {
            self.tag(&mut state, &tag);
            let rest = &bytes[tag.end..(tag.end + TEXT_BYTES_MAX).min(bytes.len())];
            let length = memchr::memchr2(b'<', b'"', rest);
            let Some(length) = length.filter(|length| rest[*length] == b'<') else {
                at = tag.end;
                break;
            };
            // What no tag ends is no markup: `Vec<City> of all, Map<Name, u8>`.
            let text = tag.end..tag.end + length;
            at = text.end;
            let Some(next) = Tag::read(bytes, at) else { break };
            if next.kind == Kind::Close
                || LINES.iter().any(|one| one.eq_ignore_ascii_case(&bytes[next.name.clone()]))
            {
                self.text(&mut state, text);
            }
            tag = next;
        }
        while !state.frames.is_empty() {
            self.close(&mut state);
        }
        at + 1
    }

    fn tag(&mut self, state: &mut State, tag: &Tag) {
        let bytes = self.bytes;
        let name = local(bytes, tag.name.clone());
        match tag.kind {
            Kind::Other => {}
            Kind::Close => {
                let text = &bytes[name];
                let open = |frame: &Frame| bytes[frame.name.clone()].eq_ignore_ascii_case(text);
                if let Some(place) = state.frames.iter().rposition(open) {
                    while state.frames.len() > place {
                        self.close(state);
                    }
                }
            }
            Kind::Open => {
                let text = &bytes[name.clone()];
                match text.to_ascii_lowercase().as_slice() {
                    b"tr" => (state.cells, state.label) = (0, None),
                    b"table" | b"thead" => state.columns = [None; COLUMNS_MAX],
                    b"td" | b"th" => state.cells += 1,
                    _ => {}
                }
                let said = self.element(state, name.clone());
                let said = self.attributes(state, tag, said);
                let is_void = tag.is_empty || VOID.iter().any(|void| void.eq_ignore_ascii_case(text));
                if !is_void && state.frames.len() < DEPTH_MAX {
                    state.frames.push(Frame { name, said, is_told: false });
                }
            }
        }
    }

    /// What the name of an element says of what it holds.
    fn element(&mut self, state: &State, name: Range<usize>) -> Option<Said> {
        let bytes = self.bytes;
        let around = state.frames.last().map(|frame| &bytes[frame.name.clone()]);
        let is_in = |names: &[&[u8]]| around.is_some_and(|around| names.contains(&around));
        match &bytes[name.clone()] {
            b"Nm" if is_in(&PARTIES) => Some((Detector::PERSON, Tier::Weak)),
            b"id" if is_in(&[b"patientRole"]) => Some((Detector::MRN, Tier::Strong)),
            text if LABELS.contains(&text) || INLINE.contains(&text) => None,
            b"td" | b"tr" | b"li" | b"ul" | b"dd" | b"br" | b"html" | b"body" | b"title" => None,
            _ => self.says(name),
        }
    }

    /// Takes what the attributes of a tag hold; what the element holds by them, or by its name.
    fn attributes(&mut self, state: &mut State, tag: &Tag, said: Option<Said>) -> Option<Said> {
        let bytes = self.bytes;
        let is_one = |attribute: &Attribute, names: &[&[u8]]| {
            names.iter().any(|name| name.eq_ignore_ascii_case(&bytes[attribute.name.clone()]))
        };
        let mut named = None;
        for attribute in tag.attributes.iter().filter(|attribute| is_one(attribute, &NAMING)) {
            named = named.or_else(|| self.says(attribute.value.clone()));
        }
        let held = named.or(said);
        let is_input = bytes[tag.name.clone()].eq_ignore_ascii_case(b"input");
        let label = if is_input { state.label.take() } else { None };
        for attribute in &tag.attributes {
            let value = attribute.value.clone();
            if let Some(number) = called(bytes, value.clone()) {
                self.named_value((Detector::PHONE, Tier::Weak), number);
            } else if is_one(attribute, &HOLDING) {
                if let Some(held) = held.or(label) {
                    self.believe(state, held, value, 0);
                }
            } else if !is_one(attribute, &NAMING)
                && let Some((detector, Tier::Beside)) = self.says(attribute.name.clone())
            {
                // `<name first="…" last="…"/>`
                let is_around = said.is_some_and(|said| said.0 == detector);
                let tier = if is_around { Tier::Strong } else { Tier::Beside };
                self.believe(state, (detector, tier), value, 0);
            }
        }
        held
    }

    /// Takes the text between two tags, if something names it, or remembers it as a name.
    fn text(&mut self, state: &mut State, span: Range<usize>) {
        let bytes = self.bytes;
        let mut span = trimmed(bytes, span);
        if bytes[span.clone()].ends_with(b"]]>") {
            span = trimmed(bytes, span.start..span.end - 3);
        }
        let Some(frame) = state.frames.last().filter(|_| !span.is_empty()) else { return };
        let name = &bytes[frame.name.clone()];
        let is_one = |names: &[&[u8]]| names.iter().any(|one| one.eq_ignore_ascii_case(name));
        let (is_label, is_inline) = (is_one(&LABELS), is_one(&INLINE));
        let has_colon = bytes[span.clone()].ends_with(b":");
        let is_short = span.len() <= LABEL_BYTES_MAX;
        if is_label || is_short && has_colon && (is_inline || is_one(&[b"td"])) {
            let said = if is_short { self.says(span.start..span.end - usize::from(has_colon)) } else { None };
            state.label = said;
            if name.eq_ignore_ascii_case(b"th")
                && let Some(column) = state.cells.checked_sub(1).and_then(|cell| state.columns.get_mut(cell))
            {
                *column = said;
            }
            return;
        }
        // Marked words belong to the element around them.
        let mut frames = state.frames.iter().rev();
        let own = loop {
            match frames.next() {
                Some(frame) if frame.said.is_some() => break frame.said,
                Some(frame)
                    if INLINE.iter().any(|one| one.eq_ignore_ascii_case(&bytes[frame.name.clone()])) => {}
                Some(_) | None => break None,
            }
        };
        let is_cell = is_one(&[b"td"]) || is_inline;
        let column =
            || state.cells.checked_sub(1).and_then(|cell| *state.columns.get(cell)?).filter(|_| is_cell);
        let said = own.or(state.label.take()).or_else(column);
        // What was named once is named up to the end of its element, across lines.
        if let Some(frame) = state.frames.last_mut().filter(|_| own.is_none() && !is_inline) {
            frame.said = said;
        }
        match said {
            Some(said) => self.believe(state, said, span, 1),
            // The first cell of a row may name the next.
            None if is_one(&[b"td"]) && is_short => state.label = self.says(span),
            None => {}
        }
    }

    /// Takes a value that an element names, `depth` elements deep in the last that is open; one whose name says little
    /// waits until another tells of a person.
    fn believe(&mut self, state: &mut State, said: Said, span: Range<usize>, depth: usize) {
        let owner = state.frames.len().saturating_sub(depth + 1);
        let (detector, tier) = said;
        let around =
            state.frames.get(..state.frames.len() - depth.min(state.frames.len())).unwrap_or_default();
        let is_around = around.iter().rev().take(2).any(|frame| {
            frame.is_told || frame.said.is_some_and(|said| said.0 == detector && said.0 != Detector::MRN)
        });
        let is_known = || {
            let first = self.bytes[span.clone()].split(|byte| *byte == b' ').next().unwrap_or_default();
            prose::may_be_given(first)
        };
        let is_loose =
            tier == Tier::Beside || tier == Tier::Sole && detector == Detector::PERSON && !is_known();
        if is_loose && !is_around {
            if state.waiting.len() < WAITING_MAX {
                state.waiting.push(Waiting { owner, hops: 0, said, span });
            }
            return;
        }
        let tier = if is_loose { Tier::Beside } else { tier };
        if self.named_value((detector, tier), span) && tier == Tier::Strong && tells(detector) {
            // The element that holds this one, and the one around it, are about a person.
            let frames = state.frames.iter_mut().take(owner + 1).rev().take(2);
            frames.for_each(|frame| frame.is_told = true);
        }
    }

    /// Closes the last element; what waited in it is taken if the element tells of a person.
    fn close(&mut self, state: &mut State) {
        let Some(frame) = state.frames.pop() else { return };
        let place = state.frames.len();
        let mut kept = Vec::new();
        // A row of a table is about whom the table is about.
        let is_row = ROWS.iter().any(|row| row.eq_ignore_ascii_case(&self.bytes[frame.name.clone()]));
        if let Some(around) = state.frames.last_mut().filter(|_| is_row) {
            around.is_told |= frame.is_told;
        }
        for waiting in state.waiting.drain(..) {
            if waiting.owner < place {
                kept.push(waiting);
            } else if frame.is_told {
                self.named_value((waiting.said.0, Tier::Beside), waiting.span);
            } else if waiting.hops < HOPS_MAX && place > 0 {
                kept.push(Waiting { owner: place - 1, hops: waiting.hops + 1, ..waiting });
            }
        }
        state.waiting = kept;
    }
}

/// The name of an element without its prefix: `soap:Body`.
fn local(bytes: &[u8], name: Range<usize>) -> Range<usize> {
    let colon = memchr::memrchr(b':', &bytes[name.clone()]);
    name.start + colon.map_or(0, |colon| colon + 1)..name.end
}

/// The number that a reference calls: `tel:+1…`.
fn called(bytes: &[u8], value: Range<usize>) -> Option<Range<usize>> {
    let schemes: [&[u8]; 3] = [b"tel:", b"sms:", b"callto:"];
    let scheme = schemes.iter().find(|scheme| bytes[value.clone()].starts_with(scheme))?;
    let start = value.start + scheme.len();
    let is_part = |byte: &&u8| byte.is_ascii_digit() || b"+-.() /".contains(byte);
    let length = bytes[start..value.end].iter().take_while(is_part).count();
    Some(start..start + length)
}
