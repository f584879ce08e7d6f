//! What rules ask about one message, each question once.
//!
//! Many rules ask the same of the same argument, and some questions are dear: whether a text of SQL
//! only reads costs twenty microseconds. So the compiler gathers the questions about one tool in a
//! table, rules hold places in it, and an answer is remembered while one message is judged.
//!
//! The table is also the list of facts: what an audit record must tell, so that a message can be
//! judged again by other rules, is in it, and what is not in it no rule has looked at.

use std::cell::Cell;

use super::arguments::{self, Absence, Found, Standing, Test};
use super::declared::Declared;
use super::hours::Window;
use super::places::Place;
use super::roles::Standing as Caller;
use crate::json::Value;

/// Something that a rule asks about a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Predicate {
    /// Whether an argument is there at all.
    Known(Box<str>),
    /// What an argument is like; unknown where it is not of the type it is declared to have.
    Test { path: Box<str>, test: Test, declared: Declared },
    /// Whether now is the time.
    Time(Window),
}

/// All that rules ask about the messages of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Predicates {
    list: Vec<Predicate>,
    /// By place, which argument it is about: the number of its path, from 0.
    paths: Vec<usize>,
}

/// What a rule, or an exception of it, asks of one argument.
#[derive(Debug, Clone)]
pub(super) struct Requirement {
    /// As the policy names it: `limit`, or `filter.limit` for an object inside the arguments.
    pub path: Box<str>,
    /// Places in the table; at least one.
    pub tests: Box<[usize]>,
    pub absence: Absence,
    pub place: Place,
}

/// One message, as the rules see it.
#[derive(Debug)]
pub(super) struct Sight<'a> {
    pub facts: Facts<'a>,
    pub unix_ms: u64,
    /// The version of the tool that was called, where that is known.
    pub version: Option<u32>,
    /// Answers that were recorded, by place; nothing is found out then.
    told: Option<&'a [Standing]>,
    known: [Cell<Option<Standing>>; REMEMBERED_MAX],
    found: [Cell<Option<Found<'a>>>; FOUND_MAX],
}

/// What the rules may look at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Facts<'a> {
    Arguments(Option<Value<'a>>),
    Target(Option<&'a str>),
}

/// Answers that are remembered for one message; what is asked beyond is found out each time.
const REMEMBERED_MAX: usize = 64;

/// Arguments whose place in one message is remembered.
const FOUND_MAX: usize = 16;

impl<'a> Sight<'a> {
    /// Looks at a message that has just arrived.
    pub fn new(facts: Facts<'a>, unix_ms: u64) -> Self {
        Self {
            facts,
            unix_ms,
            version: None,
            told: None,
            known: [const { Cell::new(None) }; REMEMBERED_MAX],
            found: [const { Cell::new(None) }; FOUND_MAX],
        }
    }

    /// Looks at a message of a caller.
    pub fn of(facts: Facts<'a>, standing: &Caller<'_>) -> Self {
        Self { version: standing.version, ..Self::new(facts, standing.unix_ms) }
    }

    /// Looks at a call of which only answers are known.
    pub fn recorded(answers: &'a [Standing], unix_ms: u64) -> Self {
        Self { told: Some(answers), ..Self::new(Facts::Arguments(None), unix_ms) }
    }

    /// Takes the answer to a question for given, to find out what would be if it were so. Beyond the places
    /// that are remembered nothing can be supposed.
    pub fn suppose(&self, place: usize, standing: Standing) {
        if let Some(cell) = self.known.get(place) {
            cell.set(Some(standing));
        }
    }

    fn arguments(&self) -> Option<Value<'a>> {
        match self.facts {
            Facts::Arguments(arguments) => arguments,
            Facts::Target(_) => None,
        }
    }
}

impl Predicates {
    /// The place of a question; one that is there already keeps its place.
    pub fn place(&mut self, predicate: Predicate) -> usize {
        self.list.iter().position(|known| *known == predicate).unwrap_or_else(|| {
            let twin = self.list.iter().position(|known| known.path() == predicate.path());
            let number = twin.and_then(|twin| self.paths.get(twin).copied());
            let fresh = self.paths.iter().max().map_or(0, |last| last + 1);
            self.paths.push(number.unwrap_or(fresh));
            self.list.push(predicate);
            self.list.len() - 1
        })
    }

    /// What is asked, in the order of places.
    pub fn iter(&self) -> impl Iterator<Item = &Predicate> {
        self.list.iter()
    }

    /// The question at a place.
    pub fn get(&self, place: usize) -> Option<&Predicate> {
        self.list.get(place)
    }

    /// The answer to the question at `place`.
    pub fn answer(&self, place: usize, sight: &Sight<'_>) -> Standing {
        if let Some(told) = sight.told {
            return told.get(place).copied().unwrap_or(Standing::Unknown);
        }
        let cell = sight.known.get(place);
        if let Some(standing) = cell.and_then(Cell::get) {
            return standing;
        }
        // A place that is not in the table cannot be; what nobody can say helps no caller.
        let standing =
            self.list.get(place).map_or(Standing::Unknown, |predicate| self.judge(place, predicate, sight));
        if let Some(cell) = cell {
            cell.set(Some(standing));
        }
        standing
    }

    fn judge(&self, place: usize, predicate: &Predicate, sight: &Sight<'_>) -> Standing {
        let path = match predicate {
            Predicate::Known(path) | Predicate::Test { path, .. } => path,
            Predicate::Time(window) => {
                return if window.holds(sight.unix_ms) { Standing::Meets } else { Standing::Fails };
            }
        };
        match self.found(place, path, sight) {
            Found::Absent => Standing::Absent,
            Found::Unknown => Standing::Unknown,
            Found::Value(value) => predicate.weigh(value),
        }
    }

    /// What stands at a path; looked for once, however many questions there are about it.
    fn found<'a>(&self, place: usize, path: &str, sight: &Sight<'a>) -> Found<'a> {
        let cell = self.paths.get(place).and_then(|&number| sight.found.get(number));
        if let Some(found) = cell.and_then(Cell::get) {
            return found;
        }
        let found = arguments::find(path, sight.arguments());
        if let Some(cell) = cell {
            cell.set(Some(found));
        }
        found
    }
}

impl Predicate {
    /// The argument that it is about.
    fn path(&self) -> Option<&str> {
        match self {
            Self::Known(path) | Self::Test { path, .. } => Some(path),
            Self::Time(_) => None,
        }
    }

    /// How a value of the argument stands to it; unknown where it is about none.
    pub fn weigh(&self, value: Value<'_>) -> Standing {
        match self {
            Self::Known(_) => Standing::Meets,
            Self::Test { test, declared, .. } if declared.admits(value) => test.judge(value),
            Self::Test { .. } | Self::Time(_) => Standing::Unknown,
        }
    }
}

impl Requirement {
    /// The keys that lead to the argument, outermost first.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.path.split('.')
    }

    /// Whether an allow may rely on it.
    pub fn permits(&self, predicates: &Predicates, sight: &Sight<'_>) -> bool {
        match self.judge(predicates, sight) {
            Standing::Meets => true,
            Standing::Absent => self.absence == Absence::Ignored,
            Standing::Fails | Standing::Unknown => false,
        }
    }

    /// Whether it lets a deny apply.
    pub fn incriminates(&self, predicates: &Predicates, sight: &Sight<'_>) -> bool {
        match self.judge(predicates, sight) {
            Standing::Meets | Standing::Unknown => true,
            Standing::Absent => self.absence == Absence::Counts,
            Standing::Fails => false,
        }
    }

    /// How the argument stands to all tests together: one clear no is a no.
    pub fn judge(&self, predicates: &Predicates, sight: &Sight<'_>) -> Standing {
        let mut worst = Standing::Meets;
        for &place in &self.tests {
            match predicates.answer(place, sight) {
                Standing::Fails => return Standing::Fails,
                Standing::Meets => {}
                Standing::Absent => return Standing::Absent,
                Standing::Unknown => worst = Standing::Unknown,
            }
        }
        worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn table(tests: Vec<Test>) -> (Predicates, Box<[usize]>) {
        let mut predicates = Predicates::default();
        let places = tests.into_iter().map(|test| {
            predicates.place(Predicate::Test { path: "x".into(), test, declared: Declared::Opaque })
        });
        let places = places.collect();
        (predicates, places)
    }

    #[test]
    fn an_allow_needs_a_yes_and_a_deny_needs_a_no() {
        let cases = [
            (Absence::Counts, r#"{"x":5}"#, true, true),
            (Absence::Counts, r#"{"x":6}"#, false, false),
            (Absence::Counts, r#"{"x":"5"}"#, false, true),
            (Absence::Counts, r"{}", false, true),
            (Absence::Ignored, r"{}", true, false),
            (Absence::Ignored, r#"{"x":null}"#, false, true),
        ];
        let (predicates, tests) = table(vec![Test::Max("5".into())]);
        for (absence, arguments, permits, incriminates) in cases {
            let document = Document::parse(arguments.as_bytes()).expect("a test is JSON");
            let sight = Sight::new(Facts::Arguments(Some(document.root())), 0);
            let one =
                Requirement { path: "x".into(), tests: tests.clone(), absence, place: Place::default() };
            assert_eq!(one.permits(&predicates, &sight), permits, "{absence:?} {arguments}");
            assert_eq!(one.incriminates(&predicates, &sight), incriminates, "{absence:?} {arguments}");
        }
    }

    #[test]
    fn asks_the_same_once_and_keeps_messages_apart() {
        let many = (0..2 * REMEMBERED_MAX).map(|bound| Test::Max(bound.to_string().into()));
        let (mut predicates, places) = table(many.collect());
        assert_eq!(
            predicates.place(Predicate::Test {
                path: "x".into(),
                test: Test::Max("7".into()),
                declared: Declared::Opaque
            }),
            places[7]
        );
        for value in [0, 9, REMEMBERED_MAX, 2 * REMEMBERED_MAX] {
            let arguments = format!(r#"{{"x":{value}}}"#);
            let document = Document::parse(arguments.as_bytes()).expect("a test is JSON");
            let sight = Sight::new(Facts::Arguments(Some(document.root())), 0);
            for round in 0..2 {
                for (bound, &place) in places.iter().enumerate() {
                    let wanted = if value <= bound { Standing::Meets } else { Standing::Fails };
                    assert_eq!(
                        predicates.answer(place, &sight),
                        wanted,
                        "{value} up to {bound}, round {round}"
                    );
                }
            }
        }
        let nothing = Sight::new(Facts::Arguments(None), 0);
        assert_eq!(predicates.answer(usize::MAX, &nothing), Standing::Unknown);
    }
}
