//! Values below a telling key: scalars, and everything inside objects and arrays, at any level.

use super::folded::Folded;
use super::names::{Class, Tier};
use super::veto;
use crate::scan::Detector;
use crate::scan::people::prose;
use crate::scan::sieve::ground::Ground;
use crate::scan::sieve::sweep::{Form, Hit, Sweep};
use crate::scan::spared::Spared;
use crate::scan::spelling::edges::{self, End, byte, skip_space};

/// Why a value is looked at.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) enum Because {
    /// The name of its field has a class.
    Class(Detector, Tier),
    /// These rules name its field.
    Named(u64),
}

/// Where a value begins, and the level of the strings around it.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Leaf {
    pub at: usize,
    pub level: u32,
}

/// One token of JSON at some level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) enum Token {
    /// A number, `true` or `false`, up to here.
    Bare(usize),
    Close,
    /// The content of a string, and where the string ends.
    Content(usize, End),
    /// `null`, up to here.
    Null(usize),
    Open,
    /// A comma or a colon.
    Part,
}

/// Words of a JSON Schema and other words about a value; below a telling key they are none themselves.
const ABOUT: &[&[u8]] = &[
    b"type",
    b"kind",
    b"format",
    b"description",
    b"title",
    b"pattern",
    b"$ref",
    b"length",
    b"count",
    b"required",
    b"optional",
    b"enabled",
    b"verified",
    b"valid",
    b"status",
    b"label",
    b"hint",
    b"schema",
    b"minLength",
    b"maxLength",
    b"minimum",
    b"maximum",
    b"additionalProperties",
];

/// What records of health say about a value; below the name of a secret it may be one. Source: HL7 FHIR R4,
/// HumanName, Identifier, Extension.
const OF_RECORDS: [&[u8]; 3] = [b"use", b"url", b"system"];

/// Whether a key inside a value of this kind speaks about it.
fn is_about(key: &[u8], detector: Detector) -> bool {
    ABOUT.contains(&key) || !detector.is_secret() && OF_RECORDS.contains(&key)
}

/// How far a value inside a name is a name: as far as the name around it if its key is a part of one, less
/// if the key has other meanings there, and not at all else.
fn name_part(key: &[u8], tier: Tier) -> Option<Tier> {
    const PARTS: [&[u8]; 8] =
        [b"first", b"last", b"given", b"family", b"middle", b"surname", b"maiden", b"patronymic"];
    const WHOLE: [&[u8]; 6] = [b"", b"full", b"text", b"value", b"display", b"display_value"];
    const AROUND: [&[u8]; 2] = [b"prefix", b"suffix"];
    let key = key.strip_suffix(b"name").or(key.strip_suffix(b"Name")).unwrap_or(key);
    let key = key.strip_suffix(b"_").unwrap_or(key);
    let is_one = |parts: &[&[u8]]| parts.iter().any(|part| part.eq_ignore_ascii_case(key));
    match tier {
        Tier::Strong => (is_one(&PARTS) || is_one(&WHOLE) || is_one(&AROUND)).then_some(tier),
        _ if is_one(&PARTS) => Some(Tier::Beside),
        Tier::Beside => is_one(&WHOLE).then_some(Tier::Sole),
        // In a list of objects.
        Tier::Sole | Tier::Weak => (!is_about(key, Detector::PERSON)).then_some(tier),
    }
}

/// Whether a key inside an address is one of its parts that tells where somebody is.
fn is_place_part(key: &[u8]) -> bool {
    const WORDS: [&[u8]; 14] = [
        b"line",
        b"street",
        b"city",
        b"town",
        b"post",
        b"zip",
        b"house",
        b"road",
        b"text",
        b"district",
        b"local",
        b"suburb",
        b"village",
        b"municip",
    ];
    let key = key.to_ascii_lowercase();
    WORDS.iter().any(|word| memchr::memmem::find(&key, word).is_some())
}

/// Where the next token may begin.
pub(in crate::scan) fn past(token: Token, at: usize) -> usize {
    match token {
        Token::Bare(end) | Token::Null(end) => end,
        Token::Content(_, End::Closed(_, past)) => past,
        Token::Content(_, End::Cut(end)) => end.max(at + 1),
        Token::Close | Token::Open | Token::Part => at + 1,
    }
}

impl Sweep<'_> {
    /// Takes the value at `leaf`: whole if it is a scalar, every scalar in it otherwise.
    pub(in crate::scan) fn value(&mut self, leaf: Leaf, because: Because) {
        match self.token(leaf) {
            Some(Token::Open) if !self.is_taken(leaf.at, because) => {
                let end = self.container(leaf, because);
                self.take(end, because);
            }
            Some(token) => self.scalar(token, leaf, because),
            None => {}
        }
    }

    /// Tries the patterns whose first name this key is.
    pub(in crate::scan) fn patterns(&mut self, key: &Folded, leaf: Leaf) {
        let rules = self.rules;
        for pattern in &rules.patterns {
            if let Some((first, rest)) = pattern.names.split_first()
                && first.matches(key)
            {
                self.descend(leaf, rest, pattern.rules);
            }
        }
    }

    /// Follows the inner names of a pattern into the value at `leaf`; arrays do not count.
    fn descend(&mut self, leaf: Leaf, names: &[super::folded::Name], rules: u64) {
        let Some((name, rest)) = names.split_first() else { return self.value(leaf, Because::Named(rules)) };
        let (mut at, mut depth, mut objects) = (leaf.at, 0_usize, Vec::new());
        loop {
            let Some(token) = self.token(Leaf { at, ..leaf }) else { return };
            let from = at;
            at = match token {
                Token::Open => {
                    objects.push(byte(self.bytes, at) == b'{');
                    depth += usize::from(byte(self.bytes, at) == b'{');
                    at + 1
                }
                Token::Close => {
                    depth -= usize::from(objects.pop().unwrap_or(false)).min(depth);
                    at + 1
                }
                Token::Part => at + 1,
                Token::Bare(end) | Token::Null(end) => end,
                Token::Content(_, End::Cut(_)) => return,
                Token::Content(start, End::Closed(end, past)) => {
                    let colon = skip_space(self.bytes, past);
                    let is_key = byte(self.bytes, colon) == b':';
                    if is_key && depth == 1 && name.matches(&Folded::new(&self.bytes[start..end])) {
                        let value = Leaf { at: skip_space(self.bytes, colon + 1), ..leaf };
                        self.descend(value, rest, rules);
                    }
                    past
                }
            };
            at = skip_space(self.bytes, at);
            if self.budget < at - from {
                return self.value(leaf, Because::Named(rules));
            }
            self.budget -= at - from;
            if objects.is_empty() {
                return;
            }
        }
    }

    /// Takes every scalar inside the object or array at `leaf`; returns where it ends.
    fn container(&mut self, leaf: Leaf, because: Because) -> usize {
        let because = match because {
            Because::Class(detector @ (Detector::PERSON | Detector::ADDRESS), Tier::Weak | Tier::Sole)
                if byte(self.bytes, leaf.at) == b'{' =>
            {
                Because::Class(detector, Tier::Beside)
            }
            because => because,
        };
        let (mut at, mut depth, mut about, mut reason) = (leaf.at, 0_usize, None, because);
        while let Some(token) = self.token(Leaf { at, ..leaf }) {
            let mut past = at + 1;
            match token {
                Token::Open => depth += 1,
                Token::Close => {
                    depth = depth.saturating_sub(1);
                    if about.is_some_and(|above| depth <= above) {
                        about = None;
                    }
                }
                Token::Part => {}
                Token::Null(end) => past = end,
                Token::Bare(end) => past = end,
                Token::Content(_, End::Cut(_)) => return at,
                Token::Content(_, End::Closed(_, end)) => past = end,
            }
            let next = skip_space(self.bytes, past);
            if byte(self.bytes, next) == b':' && matches!(token, Token::Content(..)) {
                if about.is_none() {
                    let part = self.part_of(token, because);
                    about = part.is_none().then_some(depth);
                    reason = part.unwrap_or(because);
                }
                at = skip_space(self.bytes, next + 1);
                continue;
            }
            if !matches!(token, Token::Open | Token::Close | Token::Part) {
                if about.is_none() {
                    self.scalar(token, Leaf { at, ..leaf }, reason);
                }
                if about == Some(depth) {
                    about = None;
                }
            }
            at = next;
            if depth == 0 {
                return at;
            }
        }
        at
    }

    /// Why the value behind a key is looked at; `None` if the key speaks about the value of the field around it,
    /// and is not a part of it.
    fn part_of(&self, token: Token, because: Because) -> Option<Because> {
        let Token::Content(start, end) = token else { return Some(because) };
        let Some(name) = self.bytes.get(start..end.content()) else { return Some(because) };
        let is_part = match because {
            // Who a person is stands beside what they are called: only parts of a name are names.
            Because::Class(Detector::PERSON, tier) => {
                return name_part(name, tier).map(|tier| Because::Class(Detector::PERSON, tier));
            }
            Because::Class(Detector::ADDRESS, Tier::Sole | Tier::Weak) if is_place_part(name) => {
                return Some(Because::Class(Detector::ADDRESS, Tier::Beside));
            }
            Because::Class(Detector::ADDRESS, Tier::Beside)
                if !is_place_part(name) && !is_about(name, Detector::ADDRESS) =>
            {
                return Some(Because::Class(Detector::ADDRESS, Tier::Weak));
            }
            // What an identifier is, stands beside it. Source: HL7 FHIR R4, Identifier.
            Because::Class(Detector::MRN, Tier::Beside) => name == b"value",
            Because::Class(detector, _) => !is_about(name, detector),
            Because::Named(_) => true,
        };
        is_part.then_some(because)
    }

    fn scalar(&mut self, token: Token, leaf: Leaf, because: Because) {
        let (span, form) = match token {
            Token::Bare(end) => (leaf.at..end, Form::Bare(leaf.level)),
            Token::Content(start, End::Closed(end, _)) => (start..end, Form::Whole(leaf.level)),
            Token::Content(start, End::Cut(end)) => (start..end, Form::Part),
            Token::Close | Token::Null(_) | Token::Open | Token::Part => return,
        };
        let Some(content) = self.bytes.get(span.clone()) else { return };
        let is_word = matches!(form, Form::Bare(_)) && content.first().is_some_and(u8::is_ascii_alphabetic);
        let (detector, rules, ground) = match because {
            Because::Class(detector, tier) => {
                if is_word {
                    return;
                }
                let is_harmless = veto::is_harmless(detector, tier, content)
                    || detector == Detector::PERSON && tier == Tier::Sole && self.is_field(content);
                if is_harmless {
                    return self.spare(Spared { span, detector, tier, form, hits: 0 });
                }
                let ground = Ground::of_field(tier);
                (detector, self.rules.taking(detector, ground), ground)
            }
            Because::Named(_) if content.is_empty() || veto::is_hidden(content, 5) => return,
            Because::Named(rules) => (Detector::FIELD, rules, Ground::Rule),
        };
        self.hits.push(Hit { span, detector, rules, form, ground });
    }

    /// Whether what stands under `name` is the name of a field itself, as where columns are listed: all of it, or its
    /// last words, unless the first is a given name.
    fn is_field(&self, content: &[u8]) -> bool {
        let fields = &self.rules.fields;
        if !fields.may_be(content) {
            return false;
        }
        let name = Folded::new(content);
        let is_whole = matches!(fields.named(name.name()), Some(Class::Of(..)));
        let first = content.split(|byte| *byte == b' ').next().unwrap_or_default();
        let is_number = |class| match class {
            Class::Of(detector, tier) => {
                tier == Tier::Strong && !matches!(detector, Detector::PERSON | Detector::ADDRESS)
            }
            Class::Harmless => false,
        };
        is_whole || fields.class(&name).is_some_and(is_number) && !prose::may_be_given(first)
    }

    fn is_taken(&self, at: usize, because: Because) -> bool {
        match because {
            Because::Class(detector, _) => at < self.taken[detector.index()],
            Because::Named(rules) => at < self.fields_taken.0 && self.fields_taken.1 == rules,
        }
    }

    fn take(&mut self, end: usize, because: Because) {
        match because {
            Because::Class(detector, _) => self.taken[detector.index()] = end,
            Because::Named(rules) => self.fields_taken = (end, rules),
        }
    }

    /// Reads the token at a place; `None` where no JSON of that level goes on.
    pub(in crate::scan) fn token(&self, Leaf { at, level }: Leaf) -> Option<Token> {
        let lead = edges::lead(level);
        let rest = self.bytes.get(at..)?;
        let length =
            |is_inside: fn(&u8) -> bool| rest.iter().position(|byte| !is_inside(byte)).unwrap_or(rest.len());
        match rest.first()? {
            b'{' | b'[' => Some(Token::Open),
            b'}' | b']' => Some(Token::Close),
            b',' | b':' => Some(Token::Part),
            b'0'..=b'9' | b'-' => {
                let end =
                    length(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
                // What runs on is text that only looks like JSON.
                let next = byte(self.bytes, skip_space(self.bytes, at + end));
                let is_whole = matches!(next, b',' | b'}' | b']' | b'\\' | b'"' | 0);
                is_whole.then_some(Token::Bare(at + end))
            }
            b't' | b'f' | b'n' => {
                let end = length(u8::is_ascii_lowercase);
                match &rest[..end] {
                    b"true" | b"false" => Some(Token::Bare(at + end)),
                    b"null" => Some(Token::Null(at + end)),
                    _ => None,
                }
            }
            b'"' | b'\\' => {
                let is_quote =
                    rest.len() > lead && rest[..lead].iter().all(|byte| *byte == b'\\') && rest[lead] == b'"';
                let start = at + lead + 1;
                is_quote.then(|| Token::Content(start, edges::closing(self.bytes, start, level)))
            }
            _ => None,
        }
    }
}
