//! Values that stand for others: nobody's, recognisably so, and of the form that a schema wants.
//!
//! What is written depends on nothing but the place, the shape of the value and the order of values in the
//! message. So copies agree, nothing can be computed back, and writing over what was written before changes
//! nothing.

use std::collections::HashMap;

use super::mold::{MoldId, Ruling, Scalar};
use super::view::View;
use crate::bounds::{FIT_PATTERN_CHARS_MAX, FIT_SHAPES_MAX};
use crate::json::decimal;
use crate::scan::checks::luhn;

/// What has been written in one message.
#[derive(Debug, Default)]
pub(super) struct Forge {
    /// The numbers of values, in the order in which they came.
    numbers: HashMap<String, usize>,
    /// By place and shape: the text that fits a pattern.
    shapes: HashMap<(Vec<MoldId>, String), Option<String>>,
    /// By place and number of digits: the number that fits.
    sizes: HashMap<(Vec<MoldId>, usize), Option<String>>,
}

/// Digits that are exact in every reader of doubles. Source: IEEE 754, binary64.
const EXACT_DIGITS: usize = 15;
/// Digits from which a number may be a card's.
const CARD_DIGITS_MIN: usize = 12;

impl Forge {
    /// The number of a value, from 1.
    pub(super) fn number(&mut self, value: &str) -> usize {
        let next = self.numbers.len() + 1;
        *self.numbers.entry(value.to_owned()).or_insert(next)
    }

    /// A text of the shape of `text` that fits: every letter and digit is another, but for those that the
    /// schema insists on; `None` where these are most.
    pub(super) fn shaped(&mut self, view: &View<'_>, text: &str) -> Option<String> {
        if text.chars().nth(FIT_PATTERN_CHARS_MAX).is_some() {
            return None;
        }
        let key = (view.mark(), shape(text));
        if let Some(known) = self.shapes.get(&key) {
            return known.clone().filter(|known| view.admits(Scalar::Text(known)) != Ruling::Unfit);
        }
        if self.shapes.len() >= FIT_SHAPES_MAX {
            return None;
        }
        let made = reshape(view, text);
        self.shapes.insert(key, made.clone());
        made
    }
}

impl Forge {
    /// A number that fits: of as many digits if there is one, then an end of the range.
    pub(super) fn sized(&mut self, view: &View<'_>, original: &str) -> Option<String> {
        let digits = digits(original);
        let made = self.sizes.entry((view.mark(), digits)).or_insert_with(|| number(view, digits));
        made.clone()
    }
}

/// The text with the first letter or digit of its class for each character.
fn shape(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.chars().map(|c| choices(c, digits).chars().next().unwrap_or(c)).collect()
}

/// What may be written for a character, the best first; nothing for what parts words.
fn choices(character: char, digits: usize) -> &'static str {
    match character {
        // As many zeros would pass the check of cards.
        '0'..='9' if digits >= CARD_DIGITS_MIN => "9876543210",
        '0'..='9' => "0987654321",
        _ if character.is_uppercase() => "XZQABCDEFGHIJKLMNOPRSTUVWY",
        _ if character.is_alphanumeric() => "xzqabcdefghijklmnoprstuvwy",
        _ => "",
    }
}

fn reshape(view: &View<'_>, text: &str) -> Option<String> {
    let fits = |text: &str| view.admits(Scalar::Text(text)) != Ruling::Unfit;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = shape(text);
    if fits(&plain) {
        return Some(plain);
    }
    if !fits(text) {
        return None;
    }
    let mut written: Vec<char> = text.chars().collect();
    // One character may make room for another, so until nothing moves.
    for _ in 0..4 {
        let (mut parts, mut free, mut has_moved) = (0, 0, false);
        for at in 0..written.len() {
            let own = written[at];
            let choices = choices(own, digits);
            if choices.is_empty() {
                continue;
            }
            parts += 1;
            let mut admitted = choices.chars().filter(|choice| {
                written[at] = *choice;
                fits(&written.iter().collect::<String>())
            });
            let (first, second) = (admitted.next(), admitted.next());
            drop(admitted);
            written[at] = first.unwrap_or(own);
            has_moved |= written[at] != own;
            free += usize::from(second.is_some());
        }
        if !has_moved {
            // Where the schema spells most of it out, the value is as good as listed there.
            return (free * 2 >= parts && free > 0).then(|| written.into_iter().collect());
        }
    }
    None
}

/// The first number that fits, and that would be written over itself.
fn number(view: &View<'_>, digits_wanted: usize) -> Option<String> {
    let first = |digits| numbers(view, digits).into_iter().find(|made| fits(view, made));
    let stays = |made: &String| first(digits(made)).as_ref() == Some(made);
    numbers(view, digits_wanted).into_iter().find(|made| fits(view, made) && stays(made))
}

/// Digits before the point, as far as they are kept.
fn digits(number: &str) -> usize {
    let whole = number.trim_start_matches('-').split(['.', 'e', 'E']).next().unwrap_or_default();
    whole.len().clamp(1, EXACT_DIGITS + 1)
}

fn fits(view: &View<'_>, number: &str) -> bool {
    decimal::is_number(number) && view.admits(Scalar::Number(number)) != Ruling::Unfit && !is_card(number)
}

fn is_card(number: &str) -> bool {
    let digits: Option<Vec<u8>> =
        number.bytes().map(|byte| byte.checked_sub(b'0').filter(|digit| *digit <= 9)).collect();
    digits.is_some_and(|digits| digits.len() >= CARD_DIGITS_MIN && luhn(&digits))
}

/// Numbers to be tried, by the digits of the original, then by what the schema says.
fn numbers(view: &View<'_>, digits: usize) -> Vec<String> {
    let mut made = Vec::new();
    if digits > EXACT_DIGITS {
        made.push(format!("8{}", "9".repeat(EXACT_DIGITS)));
    }
    let short = digits.min(EXACT_DIGITS);
    made.extend(["9", "8", "5", "1"].map(|digit| digit.repeat(short)));
    made.push(format!("1{}", "0".repeat(short - 1)));
    made.extend(["0", "1"].map(str::to_owned));
    let multiple = view.find(&|mold| mold.number.multiple_of.as_deref()).and_then(integer);
    let low = view.find(&|mold| mold.number.min.as_deref().or(mold.number.above.as_deref()));
    let high = view.find(&|mold| mold.number.max.as_deref().or(mold.number.below.as_deref()));
    for (bound, inwards) in [(high, -1), (low, 1)] {
        let Some(bound) = bound else { continue };
        made.push(bound.to_owned());
        made.extend(integer(bound).and_then(|bound| bound.checked_add(inwards)).map(|it| it.to_string()));
    }
    if let Some(multiple) = multiple.filter(|multiple| *multiple > 0) {
        let down = |number: i64| number.div_euclid(multiple).checked_mul(multiple);
        let near = |number: &String| {
            let number = integer(number);
            [number.and_then(down), number.and_then(|it| it.checked_add(multiple - 1)).and_then(down)]
        };
        made = made.iter().flat_map(near).flatten().map(|number| number.to_string()).collect();
    }
    made
}

/// The whole number that a text starts with.
fn integer(text: &str) -> Option<i64> {
    text.split(['.', 'e', 'E']).next()?.parse().ok()
}
