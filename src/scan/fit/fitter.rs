//! The ladder: for each value that is written over, the first thing that fits.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::forge::Forge;
use super::format::Format;
use super::mold::{Molds, Ruling};
use super::surgery::{covers, cuts};
use super::view::{Need, Step, View};
use super::{Edit, Fitting, spliced};
use crate::json::{Kind, Value, quote};
use crate::scan::Action;

/// A walk through a structured result, and what came of it.
pub(super) struct Fitter<'m> {
    molds: &'m Molds,
    forge: Forge,
    /// The way to the value at hand, and the name that it stands under.
    way: Way,
    name: Option<Way>,
    /// The edits that fit, in offsets of the whole text.
    pub made: Vec<(Range<usize>, String)>,
    pub fates: Vec<Told>,
    pub fitting: Fitting,
    /// Whether only a look at the whole can tell that they fit.
    pub is_doubtful: bool,
    /// The finding for which nothing fits.
    pub stuck: Option<usize>,
}

/// A way from the outside inwards, as a hash: a copy that is taken for another gets what was written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Way(u64);

impl Way {
    pub(super) fn step(self, step: Step<'_>) -> Self {
        let mut hasher = DefaultHasher::new();
        (self, step).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What became of a value, for its copies.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub way: Way,
    /// The name that it stands under.
    pub name: Option<Way>,
    pub original: Original,
    pub fate: Fate,
    /// Whether the ladder chose something else than the action.
    pub is_special: bool,
}

/// A value as it came: a string unescaped, anything else as it was spelled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Original {
    Bare(String),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its member goes.
    Dropped,
    /// It stays: it was written here before, or tells nothing.
    Kept,
    /// Nothing fits.
    Stuck,
    /// This JSON takes its place.
    Written(String),
}

impl Original {
    pub(super) fn of(value: Value<'_>) -> Self {
        match value.string() {
            Some(text) => Self::Text(text.into_owned()),
            None => Self::Bare(value.raw().to_owned()),
        }
    }
}

impl<'m> Fitter<'m> {
    pub(super) fn new(molds: &'m Molds) -> Self {
        Self {
            molds,
            forge: Forge::default(),
            way: Way::default(),
            name: None,
            made: Vec::new(),
            fates: Vec::new(),
            fitting: Fitting::default(),
            is_doubtful: false,
            stuck: None,
        }
    }

    /// Fits all `edits`, which lie inside of `value` in the order of the text.
    pub(super) fn walk(&mut self, value: Value<'_>, edits: &[Edit]) {
        let view = View::root(self.molds);
        if self.value(value, &view, Need::Required, edits) == Fate::Dropped {
            self.stuck = self.stuck.or(edits.first().map(|edit| edit.finding));
        }
    }

    fn value(&mut self, value: Value<'_>, view: &View<'m>, need: Need, edits: &[Edit]) -> Fate {
        match value.kind() {
            Kind::Object => self.object(value, view, edits),
            Kind::Array => {
                for (index, element) in value.elements().enumerate() {
                    let inner = inside(edits, &element.span());
                    if !inner.is_empty() {
                        let view = view.step(Step::Index(index));
                        let outer = self.way;
                        self.way = outer.step(Step::Index(index));
                        self.value(element, &view, Need::Required, inner);
                        self.way = outer;
                    }
                }
            }
            Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::String | Kind::True => {
                return self.leaf(value, view, need, edits);
            }
        }
        Fate::Kept
    }

    fn object(&mut self, object: Value<'_>, view: &View<'m>, edits: &[Edit]) {
        let mut parts = Vec::new();
        let mut goes = false;
        let begun = self.made.len();
        for (key, child) in object.members() {
            let name = key.name();
            let whole = key.span().start..child.span().end;
            for edit in inside(edits, &key.span()) {
                self.made.push((edit.span.clone(), edit.text.clone()));
                self.is_doubtful |= !view.has_free_keys();
            }
            let inner = inside(edits, &child.span());
            let mut is_gone = false;
            if !inner.is_empty() {
                let inner_view = view.step(Step::Name(&name));
                let step = Step::Name(&name);
                let outer = (self.way, self.name);
                (self.way, self.name) = (self.way.step(step), Some(Way::default().step(step)));
                let fate = self.value(child, &inner_view, view.need(&name), inner);
                (self.way, self.name) = outer;
                is_gone = fate == Fate::Dropped;
                goes |= is_gone;
            }
            parts.push((whole, is_gone));
        }
        if goes {
            let cuts = cuts(&parts);
            let inner = self.made.split_off(begun);
            self.made.extend(inner.into_iter().filter(|(span, _)| !covers(&cuts, span.start)));
            self.made.extend(cuts.into_iter().map(|cut| (cut, String::new())));
        }
    }

    fn leaf(&mut self, value: Value<'_>, view: &View<'m>, need: Need, edits: &[Edit]) -> Fate {
        let each = edits.iter().map(|edit| (edit.span.clone(), edit.text.clone()));
        let edited = spliced(value, &each.collect::<Vec<_>>());
        let (fate, is_special) = self.ladder(value, view, &edited, need, edits);
        match &fate {
            Fate::Dropped => {
                self.fitting.dropped += 1;
                self.is_doubtful |= need != Need::Optional;
            }
            Fate::Kept => {}
            Fate::Stuck => self.stuck = self.stuck.or(edits.first().map(|edit| edit.finding)),
            Fate::Written(json) => {
                self.fitting.fitted += 1;
                self.is_doubtful |= view.admits_json(json) != Ruling::Fits;
                self.made.push((value.span(), json.clone()));
            }
        }
        let told = Told {
            way: self.way,
            name: self.name,
            original: Original::of(value),
            fate: fate.clone(),
            is_special,
        };
        self.fates.push(told);
        fate
    }

    /// What becomes of a value, and whether that is something else than what the action asks.
    fn ladder(
        &mut self,
        value: Value<'_>,
        view: &View<'m>,
        edited: &str,
        need: Need,
        edits: &[Edit],
    ) -> (Fate, bool) {
        let text = value.string();
        if text.as_deref().zip(view.format()).is_some_and(|(text, format)| format.is_surrogate(text)) {
            return (Fate::Kept, true);
        }
        let of_action = view.admits_json(edited);
        if of_action == Ruling::Fits {
            return (Fate::Written(edited.to_owned()), false);
        }
        let action = edits.iter().map(|edit| edit.action).max();
        let is_named = edits.iter().any(|edit| edit.is_named);
        if view.is_listed() && !is_named && of_action == Ruling::Unfit {
            // The schema shows it to everyone already.
            return (Fate::Kept, true);
        }
        if action == Some(Action::Drop) && need != Need::Required {
            return (Fate::Dropped, true);
        }
        let made = if view.is_listed() { vec!["null".into()] } else { self.candidates(value, view, edits) };
        let first = |wanted: Ruling| made.iter().find(|json| view.admits_json(json) == wanted);
        if let Some(json) = first(Ruling::Fits) {
            return (Fate::Written(json.clone()), true);
        }
        if of_action == Ruling::Unknown && !view.has_hidden_pattern() {
            return (Fate::Written(edited.to_owned()), false);
        }
        match first(Ruling::Unknown) {
            Some(json) => (Fate::Written(json.clone()), true),
            None if of_action == Ruling::Unknown => (Fate::Written(edited.to_owned()), false),
            None if need == Need::Required => (Fate::Stuck, true),
            None => (Fate::Dropped, true),
        }
    }

    /// What may stand in place of a value, the best first, as JSON.
    fn candidates(&mut self, value: Value<'_>, view: &View<'m>, edits: &[Edit]) -> Vec<String> {
        let token = edits.first().map_or("", |edit| edit.token);
        let mut made = Vec::new();
        match value.string() {
            Some(text) => {
                let texts = self.texts(&text, view, &whole_text(value, edits), edits);
                made.extend(texts.iter().map(|text| quote(text)));
            }
            None => made.push(quote(token)),
        }
        made.push("null".into());
        if value.kind() == Kind::Number {
            made.extend(self.forge.sized(view, value.raw()));
        }
        made
    }

    /// Texts that may stand in place of a string.
    fn texts(&mut self, text: &str, view: &View<'m>, stem: &str, edits: &[Edit]) -> Vec<String> {
        let mut texts = Vec::new();
        if let Some(format) = view.format() {
            // Where less than the year was to be left, nothing of it is.
            let is_mask = edits.iter().all(|edit| matches!(edit.action, Action::Generalise | Action::Mask));
            let blank = format.blank().filter(|_| !is_mask);
            match blank {
                Some(blank) => texts.push(blank.to_owned()),
                None => texts.extend(self.in_format(format, text, stem)),
            }
        }
        let stars = "*".repeat(text.chars().count());
        let shaped = self.forge.shaped(view, text);
        if view.has_hidden_pattern() {
            texts.extend(shaped);
            texts.push(stars);
        } else {
            texts.push(stars);
            texts.extend(shaped);
        }
        texts
    }

    fn in_format(&mut self, format: Format, text: &str, stem: &str) -> Option<String> {
        let number = self.forge.number(text);
        format.surrogate(text, number, stem)
    }
}

/// What one edit writes over the whole content of a string; nothing where a part of it stays.
fn whole_text(value: Value<'_>, edits: &[Edit]) -> String {
    let span = value.span();
    match edits {
        [edit] if edit.span == (span.start + 1..span.end.saturating_sub(1)) => edit.text.clone(),
        _ => String::new(),
    }
}

/// The edits inside of `span`, of edits in the order of the text.
pub(super) fn inside<'e>(edits: &'e [Edit], span: &Range<usize>) -> &'e [Edit] {
    let from = edits.partition_point(|edit| edit.span.start < span.start);
    let to = edits.partition_point(|edit| edit.span.start < span.end);
    edits.get(from..to).unwrap_or_default()
}
