//! One message as Cedar sees it: who calls what, with which arguments, and the facts about them.

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression, Schema,
};

use super::lowering::instant;
use super::subject::{Hearing, Kind, Subject};
use crate::identity::Caller;
use crate::json::{Kind as Json, Value};
use crate::policy::arguments::{self, Found, Standing, may_lead_elsewhere};
use crate::policy::declared::{Declared, whole};
use crate::policy::predicates::{Facts, Sight};

/// A message that Cedar can judge.
#[derive(Debug)]
pub(super) struct Question {
    pub request: Request,
    pub entities: Entities,
    /// Whether every argument is there as it was sent; else some are not of their declared type, or stand
    /// twice, and only facts tell of them.
    pub is_whole: bool,
}

/// Names that every message uses.
#[derive(Debug)]
pub(super) struct Names {
    caller: EntityTypeName,
    server: EntityUid,
}

/// Why a message is none that Cedar can judge: an invariant of ours is broken, or the time is beyond its
/// calendar. Always a refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unaskable(pub String);

impl Unaskable {
    fn of(fault: impl std::fmt::Display) -> Self {
        Self(fault.to_string())
    }
}

/// The name of an action or another entity, of a type that is a constant of ours.
pub(super) fn uid(of: &str, name: &str) -> Result<EntityUid, Unaskable> {
    Ok(EntityUid::from_type_name_and_id(of.parse().map_err(Unaskable::of)?, EntityId::new(name)))
}

impl Names {
    /// The names for messages to one server.
    pub fn new(server: &str) -> Result<Self, Unaskable> {
        Ok(Self {
            caller: "Mcp::Caller".parse().map_err(Unaskable::of)?,
            server: uid("Mcp::Server", server)?,
        })
    }

    /// Asks about one message.
    pub fn question(
        &self,
        subject: &Subject<'_>,
        action: &EntityUid,
        caller: &Caller,
        sight: &Sight<'_>,
        schema: &Schema,
    ) -> Result<Question, Unaskable> {
        let principal = self.principal(caller)?;
        let (context, is_whole) = context(subject, sight)?;
        let request =
            Request::new(principal.uid(), action.clone(), self.server.clone(), context, Some(schema))
                .map_err(Unaskable::of)?;
        let server = Entity::new_no_attrs(self.server.clone(), std::collections::HashSet::new());
        let entities = Entities::from_entities([principal, server], Some(schema)).map_err(Unaskable::of)?;
        Ok(Question { request, entities, is_whole })
    }

    fn principal(&self, caller: &Caller) -> Result<Entity, Unaskable> {
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let set = |texts: &[Box<str>]| RestrictedExpression::new_set(texts.iter().map(|one| text(one)));
        let optional =
            [("tenant", caller.tenant()), ("agent", caller.agent()), ("workload", caller.workload())];
        let optional = optional.into_iter().filter_map(|(name, value)| Some((name, text(value?))));
        let attributes = [
            ("user", text(caller.user())),
            ("scopes", set(caller.scopes())),
            ("groups", set(caller.groups())),
        ];
        let attributes =
            attributes.into_iter().chain(optional).map(|(name, value)| (name.to_owned(), value)).collect();
        let uid = EntityUid::from_type_name_and_id(self.caller.clone(), EntityId::new(caller.user()));
        Entity::new(uid, attributes, std::collections::HashSet::new()).map_err(Unaskable::of)
    }
}

fn context(subject: &Subject<'_>, sight: &Sight<'_>) -> Result<(Context, bool), Unaskable> {
    let now = instant(sight.unix_ms).ok_or_else(|| Unaskable("the time is in no calendar".to_owned()))?;
    let (arguments, target) = match sight.facts {
        Facts::Arguments(arguments) => (arguments, None),
        Facts::Target(target) => (None, target),
    };
    let mut is_whole = true;
    let args = match (subject.declared, arguments) {
        (Declared::Object(_), Some(value)) => convert(subject.declared, value, &mut is_whole),
        _ => None,
    };
    let args = args.map_or_else(|| record(Vec::new()), Ok)?;
    let mut pairs = vec![
        ("now".to_owned(), RestrictedExpression::new_datetime(now)),
        ("args".to_owned(), args),
        ("facts".to_owned(), facts(subject, sight)?),
        ("missing".to_owned(), missing(subject, arguments)?),
        ("times".to_owned(), times(subject, sight)?),
    ];
    if let Some(version) = sight.version.filter(|_| subject.docket.is_of_versions()) {
        pairs.push(("version".to_owned(), RestrictedExpression::new_long(version.into())));
    }
    if !matches!(subject.kind, Kind::Tool(_)) {
        let is_doubtful = target.is_some_and(may_lead_elsewhere);
        pairs.push(("target_is_doubtful".to_owned(), RestrictedExpression::new_bool(is_doubtful)));
        pairs.extend(
            target.map(|target| ("target".to_owned(), RestrictedExpression::new_string(target.to_owned()))),
        );
    }
    Ok((Context::from_pairs(pairs).map_err(Unaskable::of)?, is_whole))
}

fn record(pairs: Vec<(String, RestrictedExpression)>) -> Result<RestrictedExpression, Unaskable> {
    RestrictedExpression::new_record(pairs).map_err(Unaskable::of)
}

/// A value as what it is declared to be; `None` where it is not, or where the type is none of Cedar's.
///
/// A `null` is as good as nothing, and so leaves the rest whole.
fn convert(declared: &Declared, value: Value<'_>, is_whole: &mut bool) -> Option<RestrictedExpression> {
    let converted = match declared {
        Declared::Boolean => value.boolean().map(RestrictedExpression::new_bool),
        Declared::Integer => whole(value).map(RestrictedExpression::new_long),
        Declared::Text => value.string().map(|text| RestrictedExpression::new_string(text.into_owned())),
        Declared::Object(members) => {
            (value.kind() == Json::Object).then(|| object(members, value, is_whole)).flatten()
        }
        Declared::List(of) => match **of {
            Declared::Boolean | Declared::Integer | Declared::Text => {
                let elements: Option<Vec<_>> = (value.kind() == Json::Array)
                    .then(|| value.elements().map(|element| convert(of, element, is_whole)).collect())?;
                elements.map(RestrictedExpression::new_set)
            }
            Declared::List(_) | Declared::Object(_) | Declared::Opaque => return None,
        },
        Declared::Opaque => return None,
    };
    if converted.is_none() && value.kind() != Json::Null {
        *is_whole = false;
    }
    converted
}

fn object(
    members: &[(Box<str>, Declared)],
    value: Value<'_>,
    is_whole: &mut bool,
) -> Option<RestrictedExpression> {
    let mut pairs = Vec::new();
    for (name, declared) in members {
        let mut same = value.members().filter(|(key, _)| key.is(name)).map(|(_, value)| value);
        match (same.next(), same.next()) {
            (None, _) => {}
            (Some(_), Some(_)) => *is_whole = false,
            (Some(only), None) => {
                pairs.extend(convert(declared, only, is_whole).map(|value| (name.to_string(), value)));
            }
        }
    }
    record(pairs).ok()
}

fn facts(subject: &Subject<'_>, sight: &Sight<'_>) -> Result<RestrictedExpression, Unaskable> {
    let mut facts = Vec::new();
    for path in subject.vocabulary.paths() {
        let (mut known, mut is_asked) = (Vec::new(), false);
        for (place, hearing) in subject.vocabulary.hearings() {
            let Hearing::Fact(of, name) = hearing else { continue };
            if **of != *path {
                continue;
            }
            is_asked = true;
            let answer = match subject.docket.predicates.answer(place, sight) {
                Standing::Meets => true,
                Standing::Fails => false,
                Standing::Absent | Standing::Unknown => continue,
            };
            known.push((name.to_string(), RestrictedExpression::new_bool(answer)));
        }
        if is_asked {
            facts.push((path.to_owned(), record(known)?));
        }
    }
    record(facts)
}

fn missing(subject: &Subject<'_>, arguments: Option<Value<'_>>) -> Result<RestrictedExpression, Unaskable> {
    let is_missing = |path: &str| matches!(arguments::find(path, arguments), Found::Absent);
    let flag = |path: &str| (path.to_owned(), RestrictedExpression::new_bool(is_missing(path)));
    record(subject.vocabulary.paths().map(flag).collect())
}

fn times(subject: &Subject<'_>, sight: &Sight<'_>) -> Result<RestrictedExpression, Unaskable> {
    let time = |(place, hearing): (usize, &Hearing)| {
        let Hearing::Time(name) = hearing else { return None };
        let holds = subject.docket.predicates.answer(place, sight) == Standing::Meets;
        Some((name.to_string(), RestrictedExpression::new_bool(holds)))
    };
    record(subject.vocabulary.hearings().filter_map(time).collect())
}
