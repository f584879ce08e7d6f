//! Whether a translation makes of one version's schema something that fits another's.
//!
//! Each step is followed through the [`Shape`] of the older version: what may stand where, and what stands there
//! in every call. What comes out is held against the newer version. Where a schema says nothing that is
//! understood, nothing is doubted: what this finds is wrong, and what it does not find may be.

use super::doubt::Facet;
use super::plan::Judge;
use super::tree::EACH;
use super::{Pointer, Step, Version};
use crate::json::Document;
use crate::policy::advice::{Help, did_you_mean};
use crate::policy::arguments::Kinds;
use crate::policy::code::Code;
use crate::policy::input::{Member, Shape, Silence, shape_of};

/// One direction of a translation.
struct Way<'a> {
    /// The version that steps are written in.
    version: u32,
    /// What things are called before, and after.
    source: String,
    target: String,
    what: &'static str,
    facet: &'a dyn Fn(Option<usize>) -> Facet,
}

/// Checks both directions between a version and its successor; whether they fit.
pub(super) fn check(judge: &mut Judge<'_>, own: &Version, next: &Version) -> bool {
    let before = judge.doubts.len();
    let (Some(mine), Some(theirs)) = (judge.definition(own), judge.definition(next)) else {
        let lacking = if judge.definition(own).is_none() { own } else { next };
        let called = judge.called(lacking.number);
        let message = format!("nothing was approved of `{called}`, so no call can be made into one of it");
        let help = if lacking.number == own.number {
            format!(
                "keep its definition in `tools.lock.yaml` with `version: {}`: `sluicegate pin --keep {called}` does so",
                own.number
            )
        } else {
            "pin the tools of the server with `sluicegate pin`".to_owned()
        };
        judge.doubt(Code::VersionUndefined, (Some(own.number), Facet::Name), message, help);
        return false;
    };
    let (own_name, next_name) = (judge.called(own.number), judge.called(next.number));
    let object = Some(r#"{"type":"object"}"#);
    let way = Way {
        version: own.number,
        source: own_name.clone(),
        target: next_name.clone(),
        what: "argument",
        facet: &Facet::Request,
    };
    let source = shape_of(mine.input_schema.as_deref().or(object).unwrap_or_default(), Silence::Closes);
    let target = shape_of(theirs.input_schema.as_deref().or(object).unwrap_or_default(), Silence::Closes);
    way.check(judge, source, &target, &own.request);
    let way = Way {
        version: own.number,
        source: next_name,
        target: own_name,
        what: "member",
        facet: &Facet::Response,
    };
    match (theirs.output_schema.as_deref(), mine.output_schema.as_deref()) {
        (None, Some(_)) => {
            let message =
                format!("`{}` promises structured results, and `{}` has none", way.target, way.source);
            judge.doubt(
                Code::TranslationUnfit,
                (Some(own.number), Facet::Response(None)),
                message,
                "a translation makes no results: `state: retired` is all that is left",
            );
        }
        (None, None) if !own.response.is_empty() => {
            let message = format!("`{}` has no structured results that could be translated", way.source);
            let facet = Facet::Response(Some(0));
            judge.doubt(Code::TranslationPath, (Some(own.number), facet), message, "remove the steps");
        }
        (None, None) => {}
        (Some(theirs), mine) => {
            let source = shape_of(theirs, Silence::Closes);
            let target = mine.map_or_else(Shape::any, |mine| shape_of(mine, Silence::Opens));
            way.check(judge, source, &target, &own.response);
        }
    }
    judge.doubts.len() == before
}

impl Way<'_> {
    fn check(&self, judge: &mut Judge<'_>, source: Shape, target: &Shape, steps: &[Step]) {
        let before = judge.doubts.len();
        let mut shape = source;
        for (index, step) in steps.iter().enumerate() {
            self.follow(judge, index, step, &mut shape, target);
        }
        // A step that goes wrong would be told twice.
        if judge.doubts.len() == before {
            self.compare(judge, &shape, target, "");
        }
    }

    fn doubt(
        &self,
        judge: &mut Judge<'_>,
        code: Code,
        step: Option<usize>,
        message: String,
        help: impl Into<Help>,
    ) {
        judge.doubt(code, (Some(self.version), (self.facet)(step)), message, help);
    }

    fn follow(&self, judge: &mut Judge<'_>, index: usize, step: &Step, shape: &mut Shape, target: &Shape) {
        match step {
            Step::Drop(at) => {
                self.take(judge, index, at, shape);
            }
            Step::Move(from, to) => {
                self.aim(judge, index, to, target);
                if let Some(member) = self.take(judge, index, from, shape) {
                    put(shape, to.keys(), member);
                }
            }
            Step::Const(at, json) => {
                self.aim(judge, index, at, target);
                put(shape, at.keys(), literal(json));
            }
            Step::Default(at, json) => {
                self.aim(judge, index, at, target);
                let member = match find(shape, at.keys()) {
                    Found::Member(member) if member.is_required => return,
                    Found::Member(member) => Member {
                        shape: member.shape.join(literal(json).shape),
                        is_required: true,
                        name: member.name,
                    },
                    Found::Missing(_) => literal(json),
                    Found::Open => Member { shape: Shape::any(), ..literal(json) },
                };
                put(shape, at.keys(), member);
            }
            Step::Enum(at, words) => {
                let mut member = match find(shape, at.keys()) {
                    Found::Member(member) => member,
                    Found::Open => return,
                    Found::Missing(names) => return self.missing(judge, index, at, &names),
                };
                if let Some(values) = &mut member.shape.values {
                    let known: Vec<String> = values.iter().map(|json| unquoted(json)).collect();
                    for (word, _) in words.iter().filter(|(word, _)| !known.iter().any(|one| **one == **word))
                    {
                        let message = format!("`{}` has no value `{word}` at `{at}`", self.source);
                        let help = did_you_mean(word, "values", known.iter().map(String::as_str));
                        self.doubt(judge, Code::TranslationPath, Some(index), message, help);
                    }
                    for value in values.iter_mut() {
                        let said = unquoted(value);
                        if let Some((_, to)) = words.iter().find(|(from, _)| **from == *said) {
                            *value = crate::json::quote(to).into();
                        }
                    }
                }
                put(shape, at.keys(), member);
            }
        }
    }

    fn missing(&self, judge: &mut Judge<'_>, index: usize, at: &Pointer, names: &[String]) {
        let last = at.keys().last().map(|key| &**key).unwrap_or_default();
        let help = did_you_mean(last, &format!("{}s", self.what), names.iter().map(String::as_str));
        let message = format!("`{}` has no {} `{at}`", self.source, self.what);
        self.doubt(judge, Code::TranslationPath, Some(index), message, help);
    }

    /// Takes out what a step takes; a doubt if nothing can be there.
    fn take(&self, judge: &mut Judge<'_>, index: usize, at: &Pointer, shape: &mut Shape) -> Option<Member> {
        match find(shape, at.keys()) {
            Found::Open => Some(Member { name: "".into(), is_required: false, shape: Shape::any() }),
            Found::Missing(names) => {
                self.missing(judge, index, at, &names);
                None
            }
            Found::Member(member) => {
                remove(shape, at.keys());
                Some(member)
            }
        }
    }

    /// Notes a place that the other version does not have.
    fn aim(&self, judge: &mut Judge<'_>, index: usize, at: &Pointer, target: &Shape) {
        if let Found::Missing(names) = find(target, at.keys()) {
            let last = at.keys().last().map(|key| &**key).unwrap_or_default();
            let help = did_you_mean(last, &format!("{}s", self.what), names.iter().map(String::as_str));
            let message = format!("`{}` has no {} `{at}`", self.target, self.what);
            self.doubt(judge, Code::TranslationPath, Some(index), message, help);
        }
    }

    /// Notes where what comes out does not fit.
    fn compare(&self, judge: &mut Judge<'_>, shape: &Shape, target: &Shape, at: &str) {
        let what = self.what;
        if shape.kinds != Kinds::ALL && !shape.kinds.and(target.kinds.others()).is_empty() {
            let message = format!(
                "`{at}` of `{}` may be {}, and `{}` wants {}",
                self.source, shape.kinds, self.target, target.kinds
            );
            let help =
                format!("no step turns one type into another: let `{}` take both, or drop it", self.target);
            return self.doubt(judge, Code::TranslationUnfit, None, message, help);
        }
        if let (Some(values), Some(wanted)) = (&shape.values, &target.values)
            && let Some(value) = values.iter().find(|value| !wanted.contains(value))
        {
            let message = format!("`{at}` may be {value}, which `{}` does not take there", self.target);
            let help = format!(
                "add `enum: {{ {at}: {{ {}: WORD }} }}`; it takes {}",
                unquoted(value),
                wanted.join(", ")
            );
            return self.doubt(judge, Code::TranslationUnfit, None, message, help);
        }
        if let (Some(items), Some(wanted)) = (&shape.items, &target.items) {
            self.compare(judge, items, wanted, &format!("{at}/{EACH}"));
        }
        for wanted in &target.members {
            let place = format!("{at}/{}", wanted.name);
            match shape.members.iter().find(|member| member.name == wanted.name) {
                Some(member) if wanted.is_required && !member.is_required => {
                    let message = format!("`{place}` may be missing, and `{}` needs it", self.target);
                    let help = format!("add `default: {{ {place}: VALUE }}`");
                    self.doubt(judge, Code::TranslationUnfit, None, message, help);
                }
                Some(member) => self.compare(judge, &member.shape, &wanted.shape, &place),
                None if wanted.is_required && !shape.is_open => {
                    let message = format!("nothing fills {what} `{place}`, which `{}` needs", self.target);
                    let help = format!("add `rename: {{ OLD: {place} }}` or `default: {{ {place}: VALUE }}`");
                    self.doubt(judge, Code::TranslationUnfit, None, message, help);
                }
                None => {}
            }
        }
        let is_known = |member: &&Member| target.members.iter().any(|wanted| wanted.name == member.name);
        for member in shape.members.iter().filter(|member| !target.is_open && !is_known(member)) {
            let place = format!("{at}/{}", member.name);
            let message = format!("{what} `{place}` would reach `{}`, which does not know it", self.target);
            let help = format!("add `rename: {{ {place}: NEW }}` or `drop: {place}`");
            self.doubt(judge, Code::TranslationUnfit, None, message, help);
        }
    }
}

/// What a shape says of a place.
enum Found {
    /// This may stand there, and has to where everything on the way has to.
    Member(Member),
    /// Nothing can be there; what can be beside it.
    Missing(Vec<String>),
    /// Anything may be there.
    Open,
}

fn find(shape: &Shape, keys: &[Box<str>]) -> Found {
    let (mut at, mut found, mut is_required) = (shape, Found::Open, true);
    for key in keys {
        if **key == *EACH {
            match &at.items {
                Some(items) => {
                    // What follows is said of each element that there is.
                    is_required = true;
                    found =
                        Found::Member(Member { name: EACH.into(), is_required, shape: (**items).clone() });
                    at = items;
                    continue;
                }
                None if at.kinds.and(Kinds::ARRAY).is_empty() => return Found::Missing(Vec::new()),
                None => return Found::Open,
            }
        }
        let Some(member) = at.members.iter().find(|member| member.name == *key) else {
            let names = at.members.iter().map(|member| member.name.to_string()).collect();
            return if at.is_open { Found::Open } else { Found::Missing(names) };
        };
        is_required &= member.is_required;
        found = Found::Member(Member { is_required, ..member.clone() });
        at = &member.shape;
    }
    found
}

fn remove(shape: &mut Shape, keys: &[Box<str>]) {
    let Some((first, rest)) = keys.split_first() else { return };
    if **first == *EACH {
        shape.items.iter_mut().for_each(|items| remove(items, rest));
    } else if rest.is_empty() {
        shape.members.retain(|member| member.name != *first);
    } else if let Some(member) = shape.members.iter_mut().find(|member| member.name == *first) {
        remove(&mut member.shape, rest);
    }
}

/// Puts what may stand somewhere; what is made on the way is there if that is.
fn put(shape: &mut Shape, keys: &[Box<str>], member: Member) {
    let Some((first, rest)) = keys.split_first() else { return };
    if **first == *EACH {
        match (rest.is_empty(), &mut shape.items) {
            (true, items) => *items = Some(Box::new(member.shape)),
            (false, Some(items)) => put(items, rest, member),
            (false, None) => {}
        }
        return;
    }
    let index = shape.members.iter().position(|known| known.name == *first);
    let leads_on = rest.iter().any(|key| **key == *EACH);
    if rest.is_empty() {
        let member = Member { name: first.clone(), ..member };
        match index.and_then(|index| shape.members.get_mut(index)) {
            Some(known) => *known = member,
            None => shape.members.push(member),
        }
        return;
    }
    if leads_on && index.is_none() {
        // No step makes an array.
        return;
    }
    if index.is_none() {
        let inner = shape_of(r#"{"type":"object","properties":{}}"#, Silence::Closes);
        shape.members.push(Member { name: first.clone(), is_required: false, shape: inner });
    }
    if let Some(known) = shape.members.iter_mut().find(|known| known.name == *first) {
        known.is_required |= member.is_required && !leads_on;
        put(&mut known.shape, rest, member);
    }
}

/// What a value of the policy is: there in every call.
fn literal(json: &str) -> Member {
    let shape = shape_of(&format!(r#"{{"const":{json}}}"#), Silence::Closes);
    Member { name: "".into(), is_required: true, shape }
}

/// A string of JSON without its quotes and escapes; anything else as it is.
fn unquoted(json: &str) -> String {
    let document = Document::parse(json.as_bytes()).ok();
    let said = document.as_ref().and_then(|document| document.root().string().map(String::from));
    said.unwrap_or_else(|| json.to_owned())
}
