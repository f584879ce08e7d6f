//! How a version looks in a list, and what its callers are told of its end.

use jiff::Timestamp;

use super::names::alias;
use super::{Chosen, State, ToolVersions, Version, Versions};
use crate::json::{Kind, Value, quote};
use crate::names::ToolName;

/// What callers of a version are told of its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Before a description: models read it.
    prefix: Box<str>,
    /// Of a tool in a list: an object.
    meta: Box<str>,
    /// Of an answer.
    headers: Box<[(&'static str, Box<str>)]>,
    /// The day from which on it is refused.
    sunset: Option<Box<str>>,
}

/// The key of [`Notice`] in `_meta`.
const META: &str = "dev.sluicegate/deprecation";

/// The members of a tool that a version has of its own.
const OWN: &[&str] = &["title", "description", "inputSchema", "outputSchema", "annotations"];

impl Notice {
    /// What callers of `version` are told; `None` where nothing ends.
    pub(super) fn of(tool: &ToolVersions, version: &Version) -> Option<Self> {
        if matches!(version.state, State::Active | State::Draft) {
            return None;
        }
        let successor = version.successor.map(|number| alias(&tool.name, number));
        let (deprecated, sunset) = (version.deprecated.and_then(day), version.sunset.and_then(day));
        let mut prefix = "[Deprecated".to_owned();
        if let Some(successor) = &successor {
            prefix.push_str(&format!(", use {successor}"));
        }
        if let Some(sunset) = &sunset {
            let word = if successor.is_some() { " before" } else { ", ends on" };
            prefix.push_str(&format!("{word} {sunset}"));
        }
        prefix.push(']');
        let mut meta = format!(r#"{{"version":{},"state":"{}""#, version.number, version.state.as_str());
        for (name, text) in [("deprecated", &deprecated), ("sunset", &sunset), ("successor", &successor)] {
            if let Some(text) = text {
                meta.push_str(&format!(r#","{name}":{}"#, quote(text)));
            }
        }
        meta.push('}');
        let mut headers = Vec::new();
        if let Some(deprecated) = version.deprecated {
            headers.push(("deprecation", format!("@{}", deprecated / 1_000).into()));
        }
        if let Some(date) = version.sunset.and_then(http_date) {
            headers.push(("sunset", date));
        }
        if let Some(successor) = &successor {
            headers.push(("link", format!("<#{successor}>; rel=\"successor-version\"").into()));
        }
        Some(Self { prefix: prefix.into(), meta: meta.into(), headers: headers.into(), sunset })
    }

    /// Names and values of the headers of an answer: hints, for all tools share one address.
    ///
    /// Source: RFC 9745, section 2.1; RFC 8594, section 3; RFC 5829, section 3.4.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, &**value))
    }

    /// The day from which on it is refused, as `2027-03-01`.
    pub fn sunset(&self) -> Option<&str> {
        self.sunset.as_deref()
    }
}

impl Versions {
    /// The name of the tool of a version, and its number.
    pub fn named(&self, chosen: Chosen) -> Option<(&ToolName, u32)> {
        self.at(chosen).map(|(family, version, _)| (&family.plan.name, version.number))
    }

    /// The name by which a version can always be called.
    pub fn alias(&self, chosen: Chosen) -> Option<&str> {
        self.at(chosen).map(|(_, _, route)| &*route.alias)
    }

    /// What callers of a version are told of its end.
    pub fn notice(&self, chosen: Chosen) -> Option<&std::sync::Arc<Notice>> {
        self.at(chosen)?.2.notice.as_ref()
    }

    /// Writes a version as an element of a list of tools, called `name`: `server` is what the server says of the
    /// tool that carries it out. What nobody approved of an older version stays as the server says it.
    pub fn show(&self, chosen: Chosen, server: Value<'_>, name: &str) -> Option<String> {
        let (_, version, route) = self.at(chosen)?;
        let own = version.definition.as_deref().filter(|_| !route.chain.is_empty());
        let notice = route.notice.as_deref();
        let mut members: Vec<(String, String)> = Vec::new();
        for (key, value) in server.members() {
            let key = key.name();
            match &*key {
                "name" => members.push((key.into(), quote(name))),
                "_meta" if notice.is_some() => {}
                known if own.is_some() && OWN.contains(&known) => {}
                "description" => {
                    let said = value.string().unwrap_or_default();
                    members
                        .push((key.into(), notice.map_or_else(|| value.raw().into(), |it| it.before(&said))));
                }
                _ => members.push((key.into(), value.raw().into())),
            }
        }
        if let Some(own) = own {
            let text = |text: &Option<Box<str>>| text.as_deref().map(quote);
            let json = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
            let description = own.description.as_deref();
            let described = match notice {
                Some(notice) => Some(notice.before(description.unwrap_or_default())),
                None => description.map(quote),
            };
            let values = [
                text(&own.title),
                described,
                json(&own.input_schema),
                json(&own.output_schema),
                json(&own.annotations.text),
            ];
            let said = OWN.iter().zip(values).filter_map(|(key, value)| Some(((*key).to_owned(), value?)));
            members.extend(said);
        } else if let Some(notice) = notice.filter(|_| server.get("description").is_none()) {
            members.push(("description".to_owned(), notice.before("")));
        }
        if let Some(notice) = notice {
            members.push(("_meta".to_owned(), notice.meta(server.get("_meta"))));
        }
        let written: Vec<String> =
            members.iter().map(|(key, value)| format!("{}:{value}", quote(key))).collect();
        Some(format!("{{{}}}", written.join(",")))
    }
}

impl Notice {
    /// A description with the notice before it, as JSON.
    fn before(&self, description: &str) -> String {
        quote(format!("{} {description}", self.prefix).trim_end())
    }

    /// `_meta` with the notice in it; what the server says of the same key is left out.
    fn meta(&self, server: Option<Value<'_>>) -> String {
        let members =
            server.filter(|meta| meta.kind() == Kind::Object).into_iter().flat_map(|meta| meta.members());
        let kept = members.filter(|(key, _)| !key.is(META));
        let kept = kept.map(|(key, value)| format!("\"{}\":{}", key.content(), value.raw()));
        let all: Vec<String> = kept.chain([format!("\"{META}\":{}", self.meta)]).collect();
        format!("{{{}}}", all.join(","))
    }
}

fn time(unix_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()
}

/// A day as `2027-03-01`.
fn day(unix_ms: u64) -> Option<Box<str>> {
    Some(time(unix_ms)?.strftime("%Y-%m-%d").to_string().into())
}

/// Source: RFC 9110, section 5.6.7.
fn http_date(unix_ms: u64) -> Option<Box<str>> {
    Some(time(unix_ms)?.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string().into())
}
