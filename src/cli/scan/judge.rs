//! One text under a plan: what is found in it, and what is left of it.

use std::num::NonZeroUsize;
use std::ops::Range;

use super::RuleOptions;
use super::input::Form;
use super::text::{self, Quoted};
use crate::cli::check;
use crate::json::{Document, DuplicateKeys, Kind, Splice, Value};
use crate::mcp::{Method, Sender};
use crate::names::{Label, Mode};
use crate::policy::{Beyond, ProsePlan};
use crate::reader::Model;
use crate::scan::{Action, Desk, Detector, Direction, Pack, Plan, Rule, Sight, Told};

/// What is looked for, and in which direction.
pub(super) struct Judge {
    plan: Plan,
    on: Direction,
    reading: Option<(Model, ProsePlan)>,
}

/// What a text holds.
pub(super) struct Looked {
    pub seen: Vec<Seen>,
    /// The text written over; `None` where a rule withholds the whole message.
    pub redacted: Option<Vec<u8>>,
}

/// A value that was found.
pub(super) struct Seen {
    pub sight: Sight,
    /// Its bytes in the text at hand.
    pub span: Range<usize>,
    /// Where in the JSON; `None` in text that is none.
    pub path: Option<String>,
}

/// The part of a document that is scanned.
struct Carrier<'d> {
    value: Value<'d>,
    direction: Direction,
    path: &'static str,
}

/// The rule that stands for all detectors where no policy is named.
const EVERYTHING: &str = "all";

impl Judge {
    /// Makes the plan that the options ask for. Where a corpus is scored, arguments are blocked, since that is
    /// the one thing that can be done everywhere in them.
    ///
    /// # Errors
    /// Why there is no plan, in one line.
    pub(super) fn new(options: &RuleOptions, is_scored: bool) -> Result<Self, String> {
        let (plan, prose) = match &options.policy {
            Some(bundle) => {
                let shown = bundle.display();
                let loaded =
                    check::open(bundle).map_err(|_| format!("{shown} is no policy that could be taken"))?;
                let plan = loaded.policy.redaction.clone();
                if [Direction::Arguments, Direction::Results]
                    .iter()
                    .all(|direction| plan.is_empty(*direction))
                {
                    return Err(format!(
                        "{shown} has no rules under `redact:`, so there is nothing to look for"
                    ));
                }
                (plan, loaded.policy.prose)
            }
            None => {
                let plan = Plan::new(rules(options, is_scored)).map_err(|fault| fault.to_string())?;
                let usual = ProsePlan::usual(Detector::READ.into());
                // Nobody waits for it, so all of it is read.
                (plan, options.ner.as_ref().map(|_| ProsePlan { bytes_max: usize::MAX, ..usual }))
            }
        };
        let reading = match (&options.ner, prose) {
            (Some(folder), Some(prose)) => {
                let model = Model::open(folder, NonZeroUsize::MIN).map_err(|fault| fault.to_string())?;
                Some((model, prose))
            }
            (Some(_), None) => return Err("the policy has no `prose`, so --ner would read nothing".into()),
            (None, Some(_)) => {
                return Err(
                    "the policy wants `prose` read; name the model that reads it with --ner DIR".into()
                );
            }
            (None, None) => None,
        };
        Ok(Self { plan, on: options.on, reading })
    }

    /// Scans one text.
    ///
    /// # Errors
    /// Why it is no JSON, though it should be, and what to do.
    pub(super) fn look(&self, text: &str, form: Form) -> Result<Looked, String> {
        match form {
            Form::Text => {
                let quoted = Quoted::new(text);
                let mut looked = self.json(&quoted.json)?;
                for seen in &mut looked.seen {
                    seen.span = quoted.origin(seen.span.clone());
                    seen.path = None;
                }
                looked.redacted = looked.redacted.map(|json| text::plain(&json));
                Ok(looked)
            }
            Form::Json | Form::Jsonl => self.json(text),
        }
    }

    fn json(&self, text: &str) -> Result<Looked, String> {
        let document = Document::parse_with(text.as_bytes(), DuplicateKeys::RejectProtocol);
        let document =
            document.map_err(|fault| format!("{fault}; scan it --as text, or lines of JSON --as jsonl"))?;
        let (mut seen, mut splice, mut is_withheld) = (Vec::new(), Splice::default(), false);
        for Carrier { value, direction, path } in carriers(document.root(), self.on) {
            let told = self.read(direction, value)?;
            let desk = Desk { told: told.as_ref(), ..Desk::default() };
            let sighting = self.plan.scan_at(&desk, direction, value);
            is_withheld |= sighting.blocked.is_some();
            splice.append(sighting.splice);
            if sighting.findings.is_empty() {
                continue;
            }
            seen.extend(self.plan.sights_at(&desk, direction, value).into_iter().map(|sight| Seen {
                span: sight.span.clone(),
                path: Some(sight.path.replacen('$', path, 1)),
                sight,
            }));
        }
        let redacted = (!is_withheld).then(|| splice.apply(text.as_bytes()));
        Ok(Looked { seen, redacted })
    }
}

impl Judge {
    /// Reads the prose of what a server says, as the gate would.
    fn read(&self, direction: Direction, value: Value<'_>) -> Result<Option<Told>, String> {
        let Some((model, plan)) = self.reading.as_ref().filter(|_| direction == Direction::Results) else {
            return Ok(None);
        };
        let told = match self.plan.passages(value, plan.bytes_max) {
            Ok(texts) => model.read_here(texts, plan).map_err(|_| "the model could not read it".to_owned()),
            Err(_) if plan.unread(&self.plan) == Beyond::Pass => return Ok(None),
            Err(_) => {
                let most = plan.bytes_max;
                Err(format!(
                    "more prose than the policy lets be read ({most} bytes), so the gate would withhold it"
                ))
            }
        };
        told.map(Some)
    }
}

/// A rule for each pack that is named, or one for all detectors, in both directions.
fn rules(options: &RuleOptions, is_scored: bool) -> Vec<Rule> {
    let named = |pack: &Pack| (pack.as_str(), Detector::of(*pack).collect());
    let groups: Vec<(&str, Vec<Detector>)> = match (options.packs.as_slice(), options.detectors.as_slice()) {
        // What no policy can name is for the fields of a rule alone.
        ([], []) => {
            vec![(EVERYTHING, Detector::ALL.iter().filter_map(|one| Detector::parse(one.as_str())).collect())]
        }
        ([], detectors) => vec![(EVERYTHING, detectors.to_vec())],
        (packs, _) => packs.iter().map(named).collect(),
    };
    let in_arguments = if is_scored { Action::Block } else { options.action };
    let rules = groups.into_iter().flat_map(|(id, detectors)| {
        // INVARIANT: the word above is a label, and so is the name of every pack.
        let id = Label::parse(id).expect("a label");
        let rule = move |(on, action)| Rule {
            id: id.clone(),
            on,
            detectors: detectors.clone(),
            fields: Vec::new(),
            action,
            keep_last: None,
            confidence: options.confidence,
            allow_pan: false,
            mode: Mode::Enforce,
        };
        [(Direction::Arguments, in_arguments), (Direction::Results, options.action)].map(rule)
    });
    rules.collect()
}

/// What of a document is scanned: of a message the part that its sender fills, else all of it.
fn carriers(root: Value<'_>, on: Direction) -> Vec<Carrier<'_>> {
    let whole = || vec![Carrier { value: root, direction: on, path: "$" }];
    const MEMBERS: [&str; 6] = ["error", "id", "jsonrpc", "method", "params", "result"];
    let is_message = root.kind() == Kind::Object
        && root.members().all(|(key, _)| MEMBERS.iter().any(|member| key.is(member)));
    if !is_message {
        return whole();
    }
    let method = root.get("method").and_then(|method| method.string());
    let sender = method.and_then(|method| Method::parse(&method)).map(Method::sender);
    let of_params = match sender {
        Some(Sender::Client) => Direction::Arguments,
        Some(Sender::Both | Sender::Server) | None => Direction::Results,
    };
    let parts = [
        ("params", of_params, "$.params"),
        ("result", Direction::Results, "$.result"),
        ("error", Direction::Results, "$.error"),
    ];
    let carriers: Vec<_> = parts
        .into_iter()
        .filter_map(|(name, direction, path)| Some(Carrier { value: root.get(name)?, direction, path }))
        .collect();
    if carriers.is_empty() { whole() } else { carriers }
}
