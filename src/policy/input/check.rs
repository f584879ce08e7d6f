//! Holding what a rule asks against what a tool takes.

use std::cmp::Ordering;

use super::{Entry, InputSchema, Range, Shape};
use crate::json::{Document, decimal};
use crate::policy::advice::Help;
use crate::policy::arguments::{Absence, ConstraintPart, Kinds, Literal, Standing, Test};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Spanned, did_you_mean, nearest, quoted, shown};

/// A tool that a constraint is about, and what it takes if that is known.
pub(in crate::policy) type Pinned<'s> = (&'s str, Option<&'s InputSchema>);

/// Notes what cannot be in `constraint`, for the tools that it is about.
///
/// One that names a tool must fit it. One that a pattern gives to several need only fit some: those that
/// do not have the argument are not meant.
pub(in crate::policy) fn check(constraint: &ConstraintPart, tools: &[Pinned<'_>], findings: &mut Findings) {
    let path = &constraint.path;
    let mut missing = Vec::new();
    let (mut is_somewhere, mut is_shown) = (false, false);
    for (tool, schema) in tools {
        match schema.map_or(Entry::Open, |schema| schema.find(&path.value)) {
            Entry::Missing(number, names) => missing.push(Missing { tool, number, names }),
            Entry::Open => is_somewhere = true,
            Entry::Shape(shape, is_required) => {
                (is_somewhere, is_shown) = (true, true);
                let before = findings.len();
                Against { constraint, tool, shape }.check(is_required, findings);
                // The same mistake again for the next tool would help nobody.
                if findings.len() > before {
                    return;
                }
            }
        }
    }
    // Where some tool takes anything, a name that nearly is another tool's is a typo still.
    let typo = missing.iter().find(|missing| missing.meant(&path.value).is_some()).filter(|_| !is_shown);
    match typo.or(missing.first()) {
        Some(first) if !is_somewhere => first.note(path, missing.len(), findings),
        Some(first) if typo.is_some() => first.note(path, 1, findings),
        Some(_) | None => {}
    }
}

/// Notes a path that leads nowhere in the arguments of a tool, arrays on the way not counted.
pub(in crate::policy) fn check_path(path: &Spanned<Box<str>>, pinned: Pinned<'_>, findings: &mut Findings) {
    let (tool, Some(schema)) = pinned else { return };
    if let Entry::Missing(number, names) = schema.find_inside(&path.value) {
        Missing { tool, number, names }.note(path, 1, findings);
    }
}

impl InputSchema {
    /// Whether a number may stand at a path of the arguments, no array on the way.
    pub(in crate::policy) fn may_be_number(&self, path: &str) -> bool {
        match self.find(path) {
            Entry::Missing(..) => false,
            Entry::Open => true,
            Entry::Shape(shape, _) => !shape.kinds.and(Kinds::NUMBER).is_empty(),
        }
    }
}

/// A tool in which a path leads nowhere.
struct Missing<'s> {
    tool: &'s str,
    /// Of the step that is not there.
    number: usize,
    /// What is there in its place.
    names: Vec<&'s str>,
}

impl Missing<'_> {
    /// What stands before the step that is not there, and that step.
    fn cut<'p>(&self, path: &'p str) -> (Vec<&'p str>, &'p str) {
        let mut steps = path.split('.');
        let front = steps.by_ref().take(self.number).collect();
        (front, steps.next().unwrap_or_default())
    }

    /// The path that was probably meant.
    fn meant(&self, path: &str) -> Option<String> {
        let meant = nearest(self.cut(path).1, self.names.iter().copied())?;
        let steps = path.split('.').enumerate();
        let steps = steps.map(|(number, step)| if number == self.number { meant } else { step });
        Some(steps.collect::<Vec<_>>().join("."))
    }

    /// Notes it, as one of so many `tools`.
    fn note(&self, path: &Spanned<Box<str>>, tools: usize, findings: &mut Findings) {
        let Self { tool, names, .. } = self;
        let message = match tools {
            1 => format!("`{tool}` has no argument `{}`", shown(&path.value)),
            more => format!("none of {more} tools has an argument `{}`", shown(&path.value)),
        };
        let (front, step) = self.cut(&path.value);
        let help = match self.meant(&path.value) {
            Some(meant) => Help::meant(&path.value, &meant),
            None if names.is_empty() && front.is_empty() => format!("`{tool}` takes no arguments").into(),
            None if names.is_empty() => format!("nothing is inside `{}`", shown(&front.join("."))).into(),
            None => did_you_mean(step, "arguments", names.iter().copied()),
        };
        findings.advise(Code::UnknownArgument, path.span, message, help);
    }
}

/// A constraint before what one tool takes there.
struct Against<'a> {
    constraint: &'a ConstraintPart,
    tool: &'a str,
    shape: &'a Shape,
}

impl Against<'_> {
    fn check(&self, is_required: bool, findings: &mut Findings) {
        let path = &self.constraint.path;
        let is_said = self.constraint.absence == Absence::Ignored;
        if is_required && is_said {
            let message =
                format!("`{}` is required by `{}`, and never missing", shown(&path.value), self.tool);
            let help = "remove what is said about it being missing";
            findings.advise(Code::RequiredAsOptional, path.span, message, help);
        }
        let before = findings.len();
        for literal in &self.constraint.literals {
            self.check_literal(literal, findings);
        }
        for test in &self.constraint.tests {
            match &test.value {
                // Their values have been looked at one by one.
                Test::Equals(_) | Test::In(_) => {}
                _ => self.check_test(test, findings),
            }
        }
        if findings.len() == before {
            self.check_values(findings);
        }
    }

    /// What the argument is called and where, for messages.
    fn place(&self) -> String {
        format!("`{}` of `{}`", shown(&self.constraint.path.value), self.tool)
    }

    fn check_literal(&self, literal: &Spanned<Literal>, findings: &mut Findings) {
        let (place, kinds) = (self.place(), self.shape.kinds);
        if literal.value.kinds().and(kinds).is_empty() {
            let message = format!("{place} is {kinds}, and `{}` is {}", literal.value, literal.value.kinds());
            let help = match &literal.value {
                Literal::Number(_) | Literal::Boolean(_) if kinds == Kinds::STRING => "write it in quotes",
                Literal::Text(_) if !kinds.and(Kinds::NUMBER.or(Kinds::BOOLEAN)).is_empty() => {
                    "write it without quotes"
                }
                _ => "compare it with a value that it can have",
            };
            findings.advise(Code::ArgumentType, literal.span, message, help);
        } else if let Some(values) = &self.shape.values {
            let equals = Test::Equals(literal.value.clone());
            if !values.iter().any(|value| judge(&equals, value) == Standing::Meets) {
                let message = format!("{place} is never `{}`", literal.value);
                findings.advise(
                    Code::NotInEnum,
                    literal.span,
                    message,
                    self.name_values(values, &literal.value),
                );
            }
        } else if let Literal::Number(number) = &literal.value
            && let Some(fault) = self.shape.number.excludes(number)
        {
            let message = format!("{place} is never {number}");
            findings.advise(Code::ImpossibleBound, literal.span, message, fault);
        }
    }

    fn name_values(&self, values: &[Box<str>], literal: &Literal) -> Help {
        let unquoted = |value: &str| value.trim_matches('"').to_owned();
        let names: Vec<String> = values.iter().map(|value| unquoted(value)).collect();
        match literal {
            Literal::Text(text) => did_you_mean(text, "values", names.iter().map(String::as_str)),
            Literal::Boolean(_) | Literal::Number(_) => {
                format!("known values: {}", quoted(names.iter().map(String::as_str).take(12))).into()
            }
        }
    }

    fn check_test(&self, test: &Spanned<Test>, findings: &mut Findings) {
        let (place, kinds) = (self.place(), self.shape.kinds);
        let own = test.value.kinds();
        let key = test.value.key();
        if own.and(kinds).is_empty() {
            let message = format!("{place} is {kinds}, and `{key}` is about {own}");
            let help = if kinds.and(Kinds::ARRAY).is_empty() {
                format!("use a test of {kinds}")
            } else {
                format!("write `each: {{ {key}: ... }}` or `any: {{ {key}: ... }}` for its elements")
            };
            findings.advise(Code::ArgumentType, test.span, message, help);
            return;
        }
        match &test.value {
            Test::Max(bound) | Test::Min(bound) => {
                self.check_bound(test, bound, &self.shape.number, findings);
            }
            Test::Length(length) => {
                // Which of two kinds it is about is known only where there is one.
                let range = match (kinds.and(Kinds::STRING).is_empty(), kinds.and(Kinds::ARRAY).is_empty()) {
                    (false, true) => &self.shape.length,
                    (true, false) => &self.shape.count,
                    (true, true) | (false, false) => return,
                };
                for bound in [length.min, length.max].into_iter().flatten() {
                    self.check_bound(test, &bound.to_string(), range, findings);
                }
            }
            Test::Each(inner) | Test::Any(inner) => self.check_elements(test, inner, findings),
            _ => {}
        }
    }

    fn check_bound(&self, test: &Spanned<Test>, bound: &str, range: &Range, findings: &mut Findings) {
        if let Some(fault) = range.excludes(bound) {
            let message = format!("the bound {bound} lies outside of what {} can be", self.place());
            findings.advise(Code::ImpossibleBound, test.span, message, fault);
        }
    }

    /// The elements' own tests, as far as their kinds and values go.
    fn check_elements(&self, test: &Spanned<Test>, inner: &[Test], findings: &mut Findings) {
        let Some(items) = &self.shape.items else { return };
        for one in inner {
            let own = one.kinds();
            if own.and(items.kinds).is_empty() {
                let message = format!(
                    "an element of {} is {}, and `{}` is about {own}",
                    self.place(),
                    items.kinds,
                    one.key()
                );
                let help = format!("use a test of {}", items.kinds);
                findings.advise(Code::ArgumentType, test.span, message, help);
            } else if let Some(values) = &items.values
                && values.iter().all(|value| judge(one, value) == Standing::Fails)
            {
                let message = format!("no element of {} meets `{one}`", self.place());
                let help = format!("known values: {}", quoted(values.iter().map(|value| &**value).take(12)));
                findings.advise(Code::NotInEnum, test.span, message, help);
            }
        }
    }

    /// Whether any of the values that the tool lists meets all tests.
    fn check_values(&self, findings: &mut Findings) {
        let Some(values) = &self.shape.values else { return };
        let tests = &self.constraint.tests;
        let is_met = |value: &str| tests.iter().all(|test| judge(&test.value, value) != Standing::Fails);
        if let Some(first) = tests.first()
            && !values.iter().any(|value| is_met(value))
        {
            let message = format!("no value that {} can have meets this", self.place());
            let help = format!("known values: {}", quoted(values.iter().map(|value| &**value).take(12)));
            findings.advise(Code::ImpossibleBound, first.span, message, help);
        }
    }
}

fn judge(test: &Test, value: &str) -> Standing {
    Document::parse(value.as_bytes()).map_or(Standing::Unknown, |document| test.judge(document.root()))
}

impl Range {
    /// In which words a number lies outside; `None` where it does not.
    fn excludes(&self, number: &str) -> Option<String> {
        let is_beyond = |bound: &Option<Box<str>>, wanted: Ordering| {
            bound.as_deref().is_some_and(|bound| decimal::compare(number, bound) == wanted)
        };
        if !is_beyond(&self.min, Ordering::Less) && !is_beyond(&self.max, Ordering::Greater) {
            return None;
        }
        Some(match (&self.min, &self.max) {
            (Some(min), Some(max)) => format!("its schema lets it be from {min} to {max}"),
            (Some(min), None) => format!("its schema lets it be from {min} on"),
            (None, Some(max)) => format!("its schema lets it be up to {max}"),
            (None, None) => String::new(),
        })
    }
}
