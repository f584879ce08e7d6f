//! The table of field names: which key says what its value is.
//!
//! Names are in words, lower case, without diacritics; a key has the class of the longest name that
//! its last words spell. What ends in another word (`ssn_type`, `token_count`) has none. The same names
//! are the words that name a value in prose. The rows stand by subject in the files of this room, in
//! English, German, French, Spanish, Portuguese, Italian, Dutch, Polish and the languages of the north,
//! and every number of a state also in the language of that state.

mod harmless;
mod money;
mod people;
mod states;
mod things;

use crate::scan::Detector;

/// How far a name is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) enum Tier {
    /// Says so whatever the value looks like, unless the value is harmless.
    Strong,
    /// Says so only if the value looks like one.
    Weak,
    /// As weak, and only where the name is the whole key: `name`, but not `tool_name`.
    Sole,
    /// Says so only beside a field that tells of a person by itself: `city` beside `ssn`.
    Beside,
}

/// What a name says: a kind of value, or that it only sounds like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) enum Class {
    /// Values of this kind, this surely.
    Of(Detector, Tier),
    /// Nothing personal, though a shorter name would say so, or a value looks like it.
    Harmless,
}

/// A class, and its names parted by commas.
type Row = (Class, &'static str);

const fn strong(id: &str) -> Class {
    Class::Of(Detector::named(id), Tier::Strong)
}

const fn weak(id: &str) -> Class {
    Class::Of(Detector::named(id), Tier::Weak)
}

const fn sole(id: &str) -> Class {
    Class::Of(Detector::named(id), Tier::Sole)
}

const fn beside(id: &str) -> Class {
    Class::Of(Detector::named(id), Tier::Beside)
}

/// Every name, with its class.
pub(in crate::scan) fn all() -> impl Iterator<Item = (Class, &'static str)> {
    let files = [people::ROWS, states::ROWS, money::ROWS, things::ROWS, harmless::ROWS];
    files.into_iter().flatten().flat_map(|&(class, names)| names.split(',').map(move |name| (class, name)))
}
