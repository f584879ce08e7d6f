//! What a rule may be about, and how Cedar hears the answers to what rules ask of it.
//!
//! A question is asked in one of three ways. Where Cedar has the type, it compares the argument itself. What
//! only a matcher of ours can tell is a fact, `context.facts.<argument>.<test>`: a Boolean that is there if
//! the answer is a clear yes or no, and not there where nobody can say. A time window is
//! `context.times.<window>`.

use std::sync::Arc;

use super::expression::Expression;
use super::words::{Holder, Quoted, list};
use crate::mcp::Method;
use crate::policy::arguments::{Literal, Test};
use crate::policy::declared::{Declared, whole_number};
use crate::policy::predicates::{Predicate, Predicates};
use crate::policy::rules::Docket;
use crate::policy::snapshot::{MethodRules, Policy};

/// A tool or a method, as a rule may be about it.
#[derive(Debug)]
pub(super) struct Subject<'p> {
    pub kind: Kind<'p>,
    pub docket: &'p Docket,
    pub declared: &'p Declared,
    pub vocabulary: Arc<Vocabulary>,
}

/// What the subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'p> {
    /// A method that any caller may use, unless a deny applies.
    Free(Method),
    /// A method that a rule must allow.
    Ruled(Method),
    /// A tool, by its name.
    Tool(&'p str),
}

/// The names of what is asked about one subject.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// By the place of the question in the table.
    hearings: Vec<Hearing>,
    /// Every argument that is asked about, once.
    paths: Vec<Box<str>>,
}

/// How Cedar hears the answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hearing {
    /// It looks itself at the argument.
    Compared,
    /// As a fact: the argument and the name of the fact.
    Fact(Box<str>, Box<str>),
    /// As a time, by its name.
    Time(Box<str>),
}

/// Names of facts are cut where they are longer; they are for people.
const NAME_CHARACTERS_MAX: usize = 64;

impl<'p> Subject<'p> {
    /// Everything that a rule of `policy` may be about: tools by index, then methods.
    pub fn all(policy: &'p Policy) -> impl Iterator<Item = Self> {
        let tools = policy.tools.iter().map(Self::tool);
        let methods = Method::ALL.iter().filter_map(|&method| Self::method(policy, method));
        tools.chain(methods)
    }

    /// A tool of the policy.
    pub fn tool(tool: &'p crate::policy::Tool) -> Self {
        Self::tool_with(tool, Arc::new(Vocabulary::of(&tool.docket.predicates)))
    }

    /// A tool whose questions have their names already.
    pub fn tool_with(tool: &'p crate::policy::Tool, vocabulary: Arc<Vocabulary>) -> Self {
        Self {
            kind: Kind::Tool(tool.name.as_str()),
            docket: &tool.docket,
            declared: &tool.declared,
            vocabulary,
        }
    }

    /// A method, if a client may send it.
    pub fn method(policy: &'p Policy, method: Method) -> Option<Self> {
        let (kind, docket) = match policy.methods.get(method.index())? {
            MethodRules::Free(docket) => (Kind::Free(method), docket),
            MethodRules::Ruled(docket) => (Kind::Ruled(method), docket),
            MethodRules::Never => return None,
        };
        let vocabulary = Arc::new(Vocabulary::of(&docket.predicates));
        Some(Self { kind, docket, declared: &Declared::Opaque, vocabulary })
    }

    /// The action that a message about it is to Cedar: `Mcp::Action::"db_query"`.
    pub fn action(&self) -> String {
        format!("{}::Action::{}", self.kind.namespace(), Quoted(self.kind.name()))
    }
}

impl Kind<'_> {
    /// A tool may have the name of a method, so each kind has its own namespace.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Free(_) | Self::Ruled(_) => "Mcp::Method",
            Self::Tool(_) => "Mcp",
        }
    }

    /// Its name on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::Free(method) | Self::Ruled(method) => method.as_str(),
            Self::Tool(name) => name,
        }
    }
}

impl Vocabulary {
    /// Gives a name to every question of a table.
    pub fn of(predicates: &Predicates) -> Self {
        let mut vocabulary = Self::default();
        for predicate in predicates.iter() {
            let hearing = match predicate {
                Predicate::Known(path) => vocabulary.fact(path, "is there"),
                Predicate::Test { path, test, declared } => {
                    vocabulary.note(path);
                    match comparison(test, declared, &Holder::new("")) {
                        Some(_) => Hearing::Compared,
                        None => vocabulary.fact(path, &test.to_string()),
                    }
                }
                Predicate::Time(window) => {
                    vocabulary.fresh(window.as_str(), |name| Hearing::Time(name.into()))
                }
            };
            vocabulary.hearings.push(hearing);
        }
        vocabulary
    }

    fn fact(&mut self, path: &str, name: &str) -> Hearing {
        self.note(path);
        self.fresh(name, |name| Hearing::Fact(path.into(), name.into()))
    }

    fn note(&mut self, path: &str) {
        if !self.paths.iter().any(|known| **known == *path) {
            self.paths.push(path.into());
        }
    }

    /// A hearing by a name that none has yet; the same name stands for two questions never.
    fn fresh(&self, name: &str, hearing: impl Fn(&str) -> Hearing) -> Hearing {
        let is_long = name.chars().nth(NAME_CHARACTERS_MAX).is_some();
        let cut: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
        let cut = if is_long { format!("{cut}...") } else { cut };
        let first = hearing(&cut);
        let later = (2..).map(|number: usize| hearing(&format!("{cut}#{number}")));
        let mut names = std::iter::once(first).chain(later);
        // INVARIANT: the hearings are finite, and the names do not end.
        names.find(|hearing| !self.hearings.contains(hearing)).expect("a name that is free")
    }

    /// How the answer to the question at a place is heard; `None` for a place that no table has.
    pub fn hearing(&self, place: usize) -> Option<&Hearing> {
        self.hearings.get(place)
    }

    /// The places of the questions, with how each is heard.
    pub fn hearings(&self) -> impl Iterator<Item = (usize, &Hearing)> {
        self.hearings.iter().enumerate()
    }

    /// Every argument that is asked about, once.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|path| &**path)
    }
}

/// What Cedar itself asks of an argument that is there and of its declared type; `None` where only a
/// fact can tell.
pub(super) fn comparison(test: &Test, declared: &Declared, argument: &Holder) -> Option<Expression> {
    let is_scalar = matches!(declared, Declared::Boolean | Declared::Integer | Declared::Text);
    let bound = |bound: &str| matches!(declared, Declared::Integer).then(|| whole_number(bound))?;
    match test {
        Test::Present => is_scalar.then_some(Expression::True),
        Test::Equals(value) => Some(Expression::asks(format!("{argument} == {}", literal(value, declared)?))),
        Test::In(values) => {
            let values: Option<Vec<String>> = values.iter().map(|value| literal(value, declared)).collect();
            Some(Expression::asks(format!("[{}].contains({argument})", values?.join(", "))))
        }
        Test::Max(max) => Some(Expression::asks(format!("{argument} <= {}", bound(max)?))),
        Test::Min(min) => Some(Expression::asks(format!("{argument} >= {}", bound(min)?))),
        // Whatever else there is, is a fact.
        _ => None,
    }
}

fn literal(value: &Literal, declared: &Declared) -> Option<String> {
    match (value, declared) {
        (Literal::Boolean(value), Declared::Boolean) => Some(value.to_string()),
        (Literal::Number(text), Declared::Integer) => Some(whole_number(text)?.to_string()),
        (Literal::Text(text), Declared::Text) => Some(Quoted(text).to_string()),
        (Literal::Boolean(_) | Literal::Number(_) | Literal::Text(_), _) => None,
    }
}

/// The question whether an attribute holds one of some texts.
pub(super) fn one_of<'t>(texts: impl Iterator<Item = &'t str> + Clone, attribute: &Holder) -> Expression {
    let mut each = texts.clone();
    match (each.next(), each.next()) {
        (Some(only), None) => Expression::asks(format!("{attribute} == {}", Quoted(only))),
        _ => Expression::asks(format!("{}.contains({attribute})", list(texts))),
    }
}
