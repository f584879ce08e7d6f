//! The place of a group of hits, and what holds for all that stands there.

use super::place::{Place, Walker};
use crate::scan::sieve::sweep::{Form, Hit};
use crate::scan::{Detector, Direction};

/// Where a group of hits stands.
pub(in crate::scan) struct Spot {
    /// The first byte of the value around it; the path holds as long as this does.
    leaf: usize,
    pub path: String,
    pub place: Place,
    /// Whether it goes out as it came in, whatever is found there.
    pub is_opaque: bool,
    pub is_judged: bool,
    /// Whether it is what the protocol calls something.
    pub is_named: bool,
    /// Whether it is a word of a tool's schema: names of fields tell of types there, not of values.
    pub is_schema: bool,
}

impl Default for Spot {
    fn default() -> Self {
        Self {
            leaf: usize::MAX,
            path: String::new(),
            place: Place::Between,
            is_opaque: false,
            is_judged: false,
            is_named: false,
            is_schema: false,
        }
    }
}

impl Spot {
    /// Goes forward to `offset`; what holds for a whole value is asked once a value.
    pub(in crate::scan) fn seek(&mut self, walker: &mut Walker<'_>, offset: usize, direction: Direction) {
        self.place = walker.seek(offset);
        if self.leaf == walker.leaf() {
            return;
        }
        self.leaf = walker.leaf();
        self.is_opaque = walker.is_opaque();
        if !self.is_opaque {
            self.is_judged = walker.is_judged(direction);
            self.is_named = walker.is_named(direction);
            self.is_schema = walker.is_schema(direction);
            walker.path(&mut self.path);
        }
    }

    /// Whether what a hit says holds here: names of fields tell nothing in a schema, nor of what the protocol
    /// calls something.
    pub(in crate::scan) fn counts(&self, hit: &Hit) -> bool {
        let is_form = hit.form == Form::Part;
        let is_outer = matches!(hit.form, Form::Whole(1) | Form::Bare(1)) && hit.detector != Detector::FIELD;
        !(self.is_schema && (hit.detector == Detector::FIELD || !is_form)
            || self.is_named && (is_outer || hit.detector == Detector::PERSON))
    }
}
