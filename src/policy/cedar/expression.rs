//! Conditions as Cedar writes them: a small tree, and its layout over lines.
//!
//! Constants fold while the tree is built, so a rule says nothing that goes without saying. Nothing that a
//! rule is lowered to can fail to evaluate, so leaving an operand out never changes what a condition is.

use std::fmt::Write as _;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// Every one of these; two or more.
    All(Vec<Expression>),
    /// At least one of these; two or more.
    Any(Vec<Expression>),
    /// As it is written; binds closer than `&&` does.
    Asks(String),
    /// It never holds.
    False,
    /// If the first holds then the second, else the third.
    If(Box<[Expression; 3]>),
    /// The contrary.
    Not(Box<Expression>),
    /// It always holds.
    True,
}

/// A line is broken where it would be longer, indentation included.
const LINE_CHARACTERS_MAX: usize = 100;
const STEP: usize = 4;

impl Expression {
    /// Something that is written as `text`.
    pub fn asks(text: impl Into<String>) -> Self {
        Self::Asks(text.into())
    }

    /// All of `parts`; true of none.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Self::True => {}
                Self::False => return Self::False,
                Self::All(inner) => all.extend(inner),
                part => all.push(part),
            }
        }
        match all.len() {
            0 => Self::True,
            1 => all.remove(0),
            _ => Self::All(all),
        }
    }

    /// Any of `parts`; false of none.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Self::False => {}
                Self::True => return Self::True,
                Self::Any(inner) => any.extend(inner),
                part => any.push(part),
            }
        }
        match any.len() {
            0 => Self::False,
            1 => any.remove(0),
            _ => Self::Any(any),
        }
    }

    /// The contrary of `part`.
    pub fn not(part: Self) -> Self {
        match part {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Not(inner) => *inner,
            part => Self::Not(Box::new(part)),
        }
    }

    /// `then` where `condition` holds, `other` elsewhere.
    pub fn choose(condition: Self, then: Self, other: Self) -> Self {
        match (condition, then, other) {
            (Self::True, then, _) => then,
            (Self::False, _, other) => other,
            (_, then, other) if then == other => then,
            (condition, then, Self::False) => Self::all([condition, then]),
            (condition, Self::True, other) => Self::any([condition, other]),
            (condition, then, other) => Self::If(Box::new([condition, then, other])),
        }
    }

    /// Writes it at a depth of indentation: on one line where it fits.
    pub fn write(&self, depth: usize, to: &mut String) {
        let line = self.line();
        if depth * STEP + line.chars().count() <= LINE_CHARACTERS_MAX {
            to.push_str(&line);
            return;
        }
        let indent = " ".repeat(depth * STEP);
        match self {
            Self::All(parts) | Self::Any(parts) => {
                let joint = if matches!(self, Self::All(_)) { "&&" } else { "||" };
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        let _ = write!(to, " {joint}\n{indent}");
                    }
                    part.operand(depth, to);
                }
            }
            Self::If(parts) => {
                for (word, part) in ["if ", "then ", "else "].iter().zip(parts.iter()) {
                    if *word != "if " {
                        let _ = write!(to, "\n{indent}");
                    }
                    to.push_str(word);
                    part.operand(depth, to);
                }
            }
            Self::Not(inner) => {
                to.push('!');
                inner.bracketed(depth, to);
            }
            Self::Asks(_) | Self::False | Self::True => to.push_str(&line),
        }
    }

    /// Writes it as a part of something else, over lines where it is long.
    fn operand(&self, depth: usize, to: &mut String) {
        match self {
            Self::All(_) | Self::Any(_) | Self::If(_) => self.bracketed(depth, to),
            Self::Asks(_) | Self::False | Self::Not(_) | Self::True => self.write(depth, to),
        }
    }

    fn bracketed(&self, depth: usize, to: &mut String) {
        let line = self.line();
        if depth * STEP + line.chars().count() + 2 <= LINE_CHARACTERS_MAX {
            let _ = write!(to, "({line})");
            return;
        }
        let _ = write!(to, "(\n{}", " ".repeat((depth + 1) * STEP));
        self.write(depth + 1, to);
        let _ = write!(to, "\n{})", " ".repeat(depth * STEP));
    }

    /// It on one line, however long that is.
    fn line(&self) -> String {
        let part = |part: &Self| match part {
            Self::All(_) | Self::Any(_) | Self::If(_) => format!("({})", part.line()),
            Self::Asks(_) | Self::False | Self::Not(_) | Self::True => part.line(),
        };
        let joined = |parts: &[Self], joint: &str| parts.iter().map(part).collect::<Vec<_>>().join(joint);
        match self {
            Self::All(parts) => joined(parts, " && "),
            Self::Any(parts) => joined(parts, " || "),
            Self::Asks(text) => text.clone(),
            Self::False => "false".to_owned(),
            Self::If(parts) => {
                let [condition, then, other] = &**parts;
                format!("if {} then {} else {}", part(condition), part(then), part(other))
            }
            Self::Not(inner) => match &**inner {
                Self::Asks(name) if !name.contains(' ') => format!("!{name}"),
                inner => format!("!({})", inner.line()),
            },
            Self::True => "true".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(text: &str) -> Expression {
        Expression::asks(text)
    }

    #[test]
    fn folds_what_goes_without_saying() {
        use Expression as E;
        let cases = [
            (E::all([]), "true"),
            (E::any([]), "false"),
            (E::all([E::True, ask("a"), E::all([ask("b"), ask("c")])]), "a && b && c"),
            (E::all([ask("a"), E::False]), "false"),
            (E::any([ask("a"), E::all([ask("b"), ask("c")])]), "a || (b && c)"),
            (E::not(E::not(ask("a"))), "a"),
            (E::not(E::any([ask("a"), ask("b")])), "!(a || b)"),
            (E::not(ask("a has b")), "!(a has b)"),
            (E::not(ask("a")), "!a"),
            (E::choose(ask("a"), ask("b"), E::False), "a && b"),
            (E::choose(ask("a"), ask("b"), E::True), "if a then b else true"),
            (E::choose(ask("a"), ask("b"), ask("b")), "b"),
            (E::choose(ask("a"), E::True, ask("b")), "a || b"),
        ];
        for (expression, wanted) in cases {
            assert_eq!(expression.line(), wanted);
        }
    }

    #[test]
    fn breaks_lines_that_are_long() {
        let long = |text: &str| ask(&text.repeat(40));
        let mut text = String::new();
        Expression::all([long("a"), Expression::any([long("b"), long("c"), long("d")]), ask("e")])
            .write(1, &mut text);
        let wanted = "A &&\n    (\n        B ||\n        C ||\n        D\n    ) &&\n    e";
        let short = ["a", "b", "c", "d"]
            .iter()
            .fold(text, |text, letter| text.replace(&letter.repeat(40), &letter.to_uppercase()));
        assert_eq!(short, wanted);
    }
}
