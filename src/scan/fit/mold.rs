//! What a schema allows at each place, as far as it is understood.

use regex::Regex;

use crate::bounds::{FIT_DEPTH_MAX, FIT_EXPANSION_MAX};
use crate::json::{Kind, Value, decimal};

use super::format::Format;

/// The molds of one schema; the first is that of the whole value. Immutable; part of a policy snapshot.
#[derive(Debug, Clone, Default)]
pub struct Molds(Vec<Mold>);

/// The place of a mold among the molds of its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MoldId(pub usize);

/// What one schema says of a value; the default says nothing.
#[derive(Debug, Clone, Default)]
pub struct Mold {
    /// The types of values; `None` for any.
    pub types: Option<Types>,
    /// Every value there may be, as JSON.
    pub listed: Option<Box<[Box<str>]>>,
    /// What a string must be like.
    pub text: TextMold,
    /// What a number must be like.
    pub number: NumberMold,
    /// Members that are named, or required.
    pub members: Box<[Slot]>,
    /// Members that are not named.
    pub others: Rest,
    /// The first elements of an array, one by one.
    pub prefix: Box<[MoldId]>,
    /// Its other elements.
    pub items: Rest,
    /// Every one of these must fit as well.
    pub all: Box<[MoldId]>,
    /// At least one of these must fit, if there are any.
    pub any: Box<[MoldId]>,
    /// Exactly one of these must fit, if there are any.
    pub one: Box<[MoldId]>,
    /// Whether it says something that is not understood.
    pub is_opaque: bool,
}

/// Types of values, as a set of [`Types::STRING`] and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Types(pub u8);

/// What a string must be like. Lengths are in characters.
#[derive(Debug, Clone, Default)]
pub struct TextMold {
    /// The least number of characters, as JSON spells it.
    pub length_min: Option<Box<str>>,
    /// The most.
    pub length_max: Option<Box<str>>,
    /// The format that it is in.
    pub format: Option<Format>,
    /// A pattern that it fits; `None` in place of one that cannot be read.
    pub pattern: Option<Option<Regex>>,
}

/// What a number must be like; bounds as JSON spells them.
#[derive(Debug, Clone, Default)]
pub struct NumberMold {
    /// The least.
    pub min: Option<Box<str>>,
    /// The most.
    pub max: Option<Box<str>>,
    /// It is more than this.
    pub above: Option<Box<str>>,
    /// It is less than this.
    pub below: Option<Box<str>>,
    /// A whole number of these.
    pub multiple_of: Option<Box<str>>,
}

/// A member of an object.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Its name.
    pub name: Box<str>,
    /// Whether there must be one.
    pub is_required: bool,
    /// What it is like; `None` where the schema does not name it but under `required`.
    pub mold: Option<MoldId>,
}

/// What is said of members or elements that are not named one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rest {
    /// Nothing.
    #[default]
    Any,
    /// They are all like this.
    Mold(MoldId),
    /// There may be none.
    Never,
}

/// Whether a value fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ruling {
    Unfit,
    /// Only a look at the whole can tell.
    Unknown,
    Fits,
}

/// A value without members.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scalar<'a> {
    Bool(&'a str),
    Null,
    Number(&'a str),
    Text(&'a str),
}

impl Types {
    /// `array`.
    pub const ARRAY: Self = Self(1);
    /// `boolean`.
    pub const BOOLEAN: Self = Self(2);
    /// `integer`.
    pub const INTEGER: Self = Self(4);
    /// A number with a fraction.
    pub const FRACTION: Self = Self(8);
    /// `null`.
    pub const NULL: Self = Self(16);
    /// `object`.
    pub const OBJECT: Self = Self(32);
    /// `string`.
    pub const STRING: Self = Self(64);

    /// Whether some type is in both.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Mold {
    /// A mold of something that is not understood at all.
    pub fn opaque() -> Self {
        Self { is_opaque: true, ..Self::default() }
    }

    pub(super) fn allows(&self, types: Types) -> bool {
        self.types.is_none_or(|own| own.meets(types))
    }
}

impl Molds {
    /// Molds that can be asked in bounded time: one that leads to itself, or to too many, without a step
    /// inwards forgets where it leads, and is not understood.
    pub fn new(molds: Vec<Mold>) -> Self {
        let mut molds = Self(molds);
        for at in 0..molds.0.len() {
            let mut left = FIT_EXPANSION_MAX;
            if !molds.expands(MoldId(at), &mut left, 0) {
                let mold = &mut molds.0[at];
                (mold.all, mold.any, mold.one) = Default::default();
                mold.is_opaque = true;
            }
        }
        molds
    }

    /// Whether all that a mold is made of is few enough.
    fn expands(&self, id: MoldId, left: &mut usize, depth: usize) -> bool {
        let Some(mold) = self.get(id) else { return true };
        if *left == 0 || depth >= FIT_DEPTH_MAX {
            return false;
        }
        *left -= 1;
        let mut inner = mold.all.iter().chain(&mold.any).chain(&mold.one);
        inner.all(|id| self.expands(*id, left, depth + 1))
    }

    pub(super) fn get(&self, id: MoldId) -> Option<&Mold> {
        self.0.get(id.0)
    }

    /// Whether a value may be of one of these types, as far as this mold and those beside it tell.
    pub(super) fn may_hold(&self, id: MoldId, types: Types, depth: usize) -> bool {
        let Some(mold) = self.get(id).filter(|_| depth < FIT_DEPTH_MAX) else { return true };
        mold.allows(types) && mold.all.iter().all(|id| self.may_hold(*id, types, depth + 1))
    }

    /// Whether a scalar fits a mold.
    pub(super) fn admits(&self, id: MoldId, scalar: Scalar<'_>, depth: usize) -> Ruling {
        let Some(mold) = self.get(id).filter(|_| depth < FIT_DEPTH_MAX) else { return Ruling::Unknown };
        let mut ruling = mold.admits(scalar);
        for id in &mold.all {
            if ruling == Ruling::Unfit {
                return ruling;
            }
            ruling = ruling.min(self.admits(*id, scalar, depth + 1));
        }
        if ruling != Ruling::Unfit && !mold.any.is_empty() {
            let best = mold.any.iter().map(|id| self.admits(*id, scalar, depth + 1)).max();
            ruling = ruling.min(best.unwrap_or(Ruling::Unknown));
        }
        if ruling != Ruling::Unfit && !mold.one.is_empty() {
            let each = mold.one.iter().map(|id| self.admits(*id, scalar, depth + 1));
            ruling = ruling.min(exactly_one(each));
        }
        ruling
    }
}

fn exactly_one(each: impl Iterator<Item = Ruling>) -> Ruling {
    let (mut fits, mut unknown) = (0, 0);
    for ruling in each {
        match ruling {
            Ruling::Fits => fits += 1,
            Ruling::Unknown => unknown += 1,
            Ruling::Unfit => {}
        }
    }
    match (fits, unknown) {
        (1, 0) => Ruling::Fits,
        (0, 0) | (2.., _) => Ruling::Unfit,
        (_, _) => Ruling::Unknown,
    }
}

impl Mold {
    fn admits(&self, scalar: Scalar<'_>) -> Ruling {
        let is_listed = |listed: &[Box<str>]| listed.iter().any(|json| scalar.is(json));
        if !self.allows(scalar.types()) || self.listed.as_ref().is_some_and(|listed| !is_listed(listed)) {
            return Ruling::Unfit;
        }
        let ruling = match scalar {
            Scalar::Bool(_) | Scalar::Null => Ruling::Fits,
            Scalar::Number(number) => self.number.admits(number),
            Scalar::Text(text) => self.text.admits(text),
        };
        if self.is_opaque { ruling.min(Ruling::Unknown) } else { ruling }
    }
}

impl TextMold {
    fn admits(&self, text: &str) -> Ruling {
        use std::cmp::Ordering::{Greater, Less};
        let length = text.chars().count().to_string();
        let is_length = self.length_min.as_ref().is_none_or(|min| decimal::compare(&length, min) != Less)
            && self.length_max.as_ref().is_none_or(|max| decimal::compare(&length, max) != Greater);
        if !is_length {
            return Ruling::Unfit;
        }
        let of_format = self.format.map_or(Ruling::Fits, |format| format.admits(text));
        let of_pattern = match &self.pattern {
            None => Ruling::Fits,
            Some(None) => Ruling::Unknown,
            Some(Some(pattern)) if pattern.is_match(text) => Ruling::Fits,
            Some(Some(_)) => Ruling::Unfit,
        };
        of_format.min(of_pattern)
    }
}

impl NumberMold {
    fn admits(&self, number: &str) -> Ruling {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let compares = |bound: &Option<Box<str>>, wanted: &[std::cmp::Ordering]| {
            bound.as_ref().is_none_or(|bound| wanted.contains(&decimal::compare(number, bound)))
        };
        let is_inside = compares(&self.min, &[Equal, Greater])
            && compares(&self.max, &[Equal, Less])
            && compares(&self.above, &[Greater])
            && compares(&self.below, &[Less]);
        match &self.multiple_of {
            _ if !is_inside => Ruling::Unfit,
            None => Ruling::Fits,
            Some(of) => multiple(number, of),
        }
    }
}

/// Whether a number is a whole number of others, where both are short and without exponent.
fn multiple(number: &str, of: &str) -> Ruling {
    let places = |text: &str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let scale = places(number).max(places(of));
    let scaled = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction:0<scale$}");
        (digits.len() <= 30).then(|| digits.parse::<i128>().ok()).flatten()
    };
    match (scaled(number), scaled(of)) {
        (Some(number), Some(of)) if of > 0 && number % of == 0 => Ruling::Fits,
        (Some(_), Some(of)) if of > 0 => Ruling::Unfit,
        _ => Ruling::Unknown,
    }
}

impl<'a> Scalar<'a> {
    /// The scalar that a value is; `text` is what it says if it is a string.
    pub(super) fn of(value: Value<'a>, text: Option<&'a str>) -> Option<Self> {
        match value.kind() {
            Kind::False | Kind::True => Some(Self::Bool(value.raw())),
            Kind::Null => Some(Self::Null),
            Kind::Number => Some(Self::Number(value.raw())),
            Kind::String => text.map(Self::Text),
            Kind::Array | Kind::Key | Kind::Object => None,
        }
    }

    fn types(self) -> Types {
        match self {
            Self::Bool(_) => Types::BOOLEAN,
            Self::Null => Types::NULL,
            Self::Number(number) if decimal::is_integral(number) => Types::INTEGER,
            Self::Number(_) => Types::FRACTION,
            Self::Text(_) => Types::STRING,
        }
    }

    /// Whether it is what a schema lists as `json`.
    fn is(self, json: &str) -> bool {
        match self {
            Self::Bool(raw) => json == raw,
            Self::Null => json == "null",
            Self::Number(number) => {
                decimal::is_number(json) && decimal::compare(number, json) == std::cmp::Ordering::Equal
            }
            Self::Text(text) => {
                let content = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                content.is_some_and(|content| crate::json::decode(content) == text)
            }
        }
    }
}
