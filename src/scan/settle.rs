//! From hits to edits and findings: overlaps united, the strictest rule first, each in its place.

use std::ops::Range;

use super::echo::Heard;
use super::fit::{self, Edit};
use super::rules::{Asked, Ruleset};
use super::sieve::sweep::{Form, Hit};
use super::spelling::edges::{byte, lead, level, skip_space, skip_space_back};
use super::spelling::spelled::Plain;
use super::writing::desk::{Spelling, Surrogates};
use super::writing::place::{Place, Walker};
use super::writing::renamed::{self, Renamed};
use super::writing::sight::{self, Sight};
use super::writing::spot::Spot;
use super::writing::tally::Tally;
use super::writing::write;
use super::{Action, Direction, Sighting};
use crate::json::Value;
use crate::names::Mode;

/// What is being settled: a carrier, the text that was swept of it, and whose hits they are.
pub(super) struct Case<'c> {
    pub direction: Direction,
    pub carrier: Value<'c>,
    /// The text that was swept: the carrier's, or its plain spelling.
    pub bytes: &'c [u8],
    /// The way back, if the text is in plain spelling.
    pub plain: Option<&'c Plain>,
    pub rules: &'c Ruleset,
    pub surrogates: Surrogates<'c>,
}

/// What is written over hits that lie over each other, and why.
pub(super) struct Written<'h> {
    claim: Claim<'h>,
    /// Its bytes in the text that was swept.
    pub target: Range<usize>,
    pub text: String,
    must_stop: bool,
}

/// A rule and the hit that it asks for most.
#[derive(Clone, Copy)]
struct Claim<'h> {
    rule: usize,
    hit: &'h Hit,
}

/// What has been settled so far.
#[derive(Default)]
struct Sheet {
    sighting: Sighting,
    tally: Tally,
    tokens: Renamed,
    /// Every value by itself, where that was asked for.
    sights: Option<Vec<Sight>>,
    /// Every edit and why it is made, where that was asked for.
    edits: Option<Vec<Edit>>,
}

impl<'c> Case<'c> {
    /// A case of a carrier in a direction, whose text was swept as it is or in plain spelling.
    pub(super) fn new(
        (direction, carrier): (Direction, Value<'c>),
        plain: Option<&'c Plain>,
        rules: &'c Ruleset,
        surrogates: Surrogates<'c>,
    ) -> Self {
        let bytes = plain.map_or(carrier.raw().as_bytes(), |plain| &plain.text);
        Self { direction, carrier, bytes, plain, rules, surrogates }
    }

    /// Turns hits, and what was heard again, into edits and findings.
    pub(super) fn settle(&self, hits: Vec<Hit>, heard: Vec<Heard>) -> Sighting {
        self.settled(hits, heard, Sheet::default()).0
    }

    /// As [`settle`](Self::settle), and tells of each edit why it is made.
    pub(super) fn settle_noted(&self, hits: Vec<Hit>, heard: Vec<Heard>) -> (Sighting, Vec<Edit>) {
        self.settled(hits, heard, Sheet { edits: Some(Vec::new()), ..Sheet::default() })
    }

    fn settled(&self, mut hits: Vec<Hit>, mut heard: Vec<Heard>, mut sheet: Sheet) -> (Sighting, Vec<Edit>) {
        self.steady(&mut hits);
        heard.retain(|heard| self.yields(&mut hits, &heard.span));
        self.repeat(&heard, &mut sheet);
        let sheet = self.all(hits, sheet);
        (Sighting { findings: sheet.tally.findings, ..sheet.sighting }, sheet.edits.unwrap_or_default())
    }

    /// Turns hits into sights: of rules that act in the order of the text, then of those in shadow.
    pub(super) fn sights(&self, mut hits: Vec<Hit>) -> Vec<Sight> {
        self.steady(&mut hits);
        let sheet = self.all(hits, Sheet { sights: Some(Vec::new()), ..Sheet::default() });
        sheet.sights.unwrap_or_default()
    }

    /// Settles sorted hits: what rules act on, then what rules in shadow would: they change nothing, not even how far
    /// an edit reaches.
    fn all(&self, mut hits: Vec<Hit>, mut sheet: Sheet) -> Sheet {
        let acting = self.rules.acting();
        let watched: Vec<_> = hits.iter().filter(|hit| hit.rules & !acting != 0).cloned().collect();
        hits.retain(|hit| hit.rules & acting != 0);
        self.each(&hits, |group, span, spot| self.act(group, span, spot, &mut sheet));
        self.each(&watched, |group, _, spot| self.watch(group, spot, &mut sheet));
        sheet
    }

    /// Takes hits that lie over each other, in the order of the text, with what they cover and their place.
    pub(super) fn each(&self, hits: &[Hit], mut settle: impl FnMut(&[Hit], &Range<usize>, &Spot)) {
        let mut walker = Walker::new(self.carrier);
        let mut spot = Spot::default();
        let mut rest = hits;
        while let Some(first) = rest.first() {
            let mut end = first.span.end;
            let count = rest.iter().take_while(|hit| {
                let is_inside = hit.span.start < end;
                end = if is_inside { end.max(hit.span.end) } else { end };
                is_inside
            });
            let (group, others) = rest.split_at(count.count().max(1));
            rest = others;
            spot.seek(&mut walker, self.raw(first.span.clone()).start, self.direction);
            if !spot.is_opaque {
                settle(group, &(first.span.start..end), &spot);
            }
        }
    }

    /// Writes over hits that lie over each other, as the strictest rule wants; `span` is what they cover.
    fn act(&self, group: &[Hit], span: &Range<usize>, spot: &Spot, sheet: &mut Sheet) {
        let counts = |hit: &&Hit| spot.counts(hit);
        let from = sheet.sights.as_ref().map_or(0, Vec::len);
        let Some(Written { claim, target, text, must_stop }) =
            self.written(group, span, spot, &mut sheet.tokens)
        else {
            return;
        };
        let asked = &self.rules.rules[claim.rule];
        let finding = sheet.tally.note(asked, claim.rule, claim.hit.detector, &spot.path);
        let target = self.raw(target);
        if let Some(edits) = &mut sheet.edits {
            let hit = (claim.hit.detector, claim.hit.form);
            edits.push(Edit::new(target.clone(), &text, finding, asked.action, hit));
        }
        sheet.sighting.splice.replace(target, text);
        let seen = if sheet.sights.is_some() { group } else { &[] };
        for hit in seen.iter().filter(counts) {
            let claim = self.strictest(std::iter::once(hit), Mode::Enforce);
            self.see(claim, spot, from, sheet);
        }
        if must_stop {
            sheet.sighting.blocked.get_or_insert(finding);
        }
    }

    /// What is written over hits that lie over each other; `None` if they stay.
    pub(super) fn written<'h>(
        &self,
        group: &'h [Hit],
        span: &Range<usize>,
        spot: &Spot,
        tokens: &mut Renamed,
    ) -> Option<Written<'h>> {
        let counts = |hit: &&Hit| spot.counts(hit);
        let claim = self.strictest(group.iter().filter(counts), Mode::Enforce)?;
        let action = self.rules.rules[claim.rule].action;
        // What a request was judged by is never written over, so a value there stops it. Names of fields
        // tell nothing of the protocol's own members.
        let has_value = group.iter().filter(counts).any(|hit| hit.form == Form::Part);
        let must_stop = action == Action::Block || spot.is_judged && has_value;
        let is_free = must_stop || !spot.is_judged;
        let (target, text) = self.edit(claim, span, spot.place, tokens).filter(|_| is_free)?;
        Some(Written { claim, target, text, must_stop })
    }

    /// Counts what each rule in shadow would have written over.
    fn watch(&self, group: &[Hit], spot: &Spot, sheet: &mut Sheet) {
        let from = sheet.sights.as_ref().map_or(0, Vec::len);
        for rule in self.rules.shadows() {
            let hits = group.iter().filter(|hit| spot.counts(hit) && hit.rules >> rule & 1 != 0);
            if let Some(hit) = hits.max_by_key(|hit| hit.span.len()) {
                sheet.tally.note(&self.rules.rules[rule], rule, hit.detector, &spot.path);
                self.see(Some(Claim { rule, hit }), spot, from, sheet);
            }
        }
    }

    /// Notes a claim as a sight, where sights are asked for.
    fn see(&self, claim: Option<Claim<'_>>, spot: &Spot, from: usize, sheet: &mut Sheet) {
        let (Some(sights), Some(Claim { rule, hit })) = (&mut sheet.sights, claim) else { return };
        let asked = &self.rules.rules[rule];
        let sight = Sight {
            span: self.raw(hit.span.clone()),
            detector: hit.detector,
            ground: hit.ground,
            rule: asked.id.clone(),
            action: asked.action,
            mode: asked.mode,
            path: spot.path.as_str().into(),
        };
        sight::note(sights, from, sight);
    }

    /// The strictest claim of the rules in a mode; of equals the longest, then the first.
    fn strictest<'h>(&self, hits: impl Iterator<Item = &'h Hit>, mode: Mode) -> Option<Claim<'h>> {
        let claims = hits.flat_map(|hit| {
            let mut rest = hit.rules;
            std::iter::from_fn(move || {
                let rule = rest.trailing_zeros() as usize;
                rest &= rest.checked_sub(1)?;
                Some(Claim { rule, hit })
            })
        });
        claims.filter(|claim| self.rules.rules[claim.rule].mode == mode).min_by_key(|claim| {
            let action = self.rules.rules[claim.rule].action;
            // A field says the same of what is written over it; a form does not.
            let is_form = matches!(claim.hit.form, Form::Part | Form::Piece);
            let length = std::cmp::Reverse(claim.hit.span.len());
            (std::cmp::Reverse(action), length, claim.rule, is_form, claim.hit.detector)
        })
    }

    /// The edit that a claim asks for; `None` if it would change nothing.
    fn edit(
        &self,
        claim: Claim<'_>,
        span: &Range<usize>,
        place: Place,
        tokens: &mut Renamed,
    ) -> Option<(Range<usize>, String)> {
        let asked = &self.rules.rules[claim.rule];
        let action = asked.action;
        let content = self.bytes.get(span.clone()).filter(|content| !fit::is_ours(content))?;
        let spelling = Spelling { plain: content, raw: self.exact(span)? };
        let detector = claim.hit.detector;
        if action < Action::Drop && self.surrogates.made(self.bytes, span.clone()) {
            return None;
        }
        if place == Place::Key || self.is_inner_key(span) {
            let is_general = || {
                let text = || self.surrogates.text(asked, detector, spelling, Form::Part);
                action == Action::Generalise && text().as_bytes() == content
            };
            if renamed::is_name(content) || is_general() {
                return None;
            }
            let token = match action {
                Action::Tokenize => self.surrogates.token(asked, detector, spelling, Form::Part),
                Action::Block
                | Action::Drop
                | Action::Generalise
                | Action::Mask
                | Action::Pseudonym
                | Action::Replace => None,
            };
            let name = token.unwrap_or_else(|| tokens.name(detector, content, self.bytes));
            return Some((span.clone(), name));
        }
        let form = match claim.hit.form {
            Form::Part if place == Place::Number => Form::Bare(1),
            Form::Part => self.inner_number(span).map_or(Form::Part, Form::Bare),
            // In text that only looks like JSON, `null` would run into what follows.
            Form::Whole(level) if action == Action::Drop && !self.closes(span.end + lead(level) + 1) => {
                Form::Part
            }
            form => form,
        };
        let text = self.surrogates.text(asked, detector, spelling, form);
        let target = match (action, form) {
            (Action::Drop, Form::Whole(level)) => {
                let quote = lead(level) + 1;
                span.start.saturating_sub(quote)..span.end + quote
            }
            _ => span.clone(),
        };
        (self.bytes.get(target.clone()) != Some(text.as_bytes())).then_some((target, text))
    }

    /// Whether a value may end at `at`: a comma, the end of an object, an array or the text follows.
    fn closes(&self, at: usize) -> bool {
        matches!(byte(self.bytes, skip_space(self.bytes, at)), b',' | b'}' | b']' | b'"' | b'\\' | 0)
    }

    /// Whether what rules found at a place gives way to the token that stood there: all of it lies inside,
    /// and no rule wants more than a token. Then only rules in shadow still count it.
    fn yields(&self, hits: &mut [Hit], span: &Range<usize>) -> bool {
        let acting = self.rules.acting();
        let is_weaker = |hit: &Hit| {
            let rules = self.rules.rules.iter().enumerate();
            let mut asking = rules.filter(|(place, _)| (hit.rules & acting) >> place & 1 != 0).peekable();
            let is_inside = span.start <= hit.span.start && hit.span.end <= span.end;
            asking.peek().is_none() || is_inside && asking.all(|(_, rule)| rule.action <= Action::Tokenize)
        };
        let touches = |hit: &&mut Hit| hit.span.start < span.end && span.start < hit.span.end;
        if !hits.iter_mut().filter(touches).all(|hit| is_weaker(hit)) {
            return false;
        }
        hits.iter_mut().filter(touches).for_each(|hit| hit.rules &= !acting);
        true
    }

    /// Writes the tokens of values that were given back where these values stand again.
    fn repeat(&self, heard: &[Heard], sheet: &mut Sheet) {
        let mut walker = Walker::new(self.carrier);
        let mut spot = Spot::default();
        for Heard { span, echo } in heard {
            let Some(echo) = self.surrogates.desk.echoes.get(*echo) else { continue };
            let raw = self.raw(span.clone());
            spot.seek(&mut walker, raw.start, self.direction);
            let is_bare = spot.place == Place::Number;
            if spot.is_opaque || spot.place == Place::Between || is_bare && !walker.is_whole(&raw) {
                continue;
            }
            let form = match self.inner_number(span) {
                _ if is_bare => Form::Bare(1),
                Some(level) => Form::Bare(level),
                None => Form::Part,
            };
            let asked = Asked::echo(echo.rule.clone());
            let finding = sheet.tally.note(&asked, usize::MAX, echo.detector, &spot.path);
            let text = write::placed(&echo.token.to_string(), form);
            if let Some(edits) = &mut sheet.edits {
                let hit = (echo.detector, Form::Part);
                edits.push(Edit::new(raw.clone(), &text, finding, asked.action, hit));
            }
            sheet.sighting.splice.replace(raw, text);
        }
    }

    /// Whether a span lies in a key of JSON inside a string: its string ends before a colon.
    fn is_inner_key(&self, span: &Range<usize>) -> bool {
        const REACH: usize = 256;
        let Some(tail) = self.bytes.get(span.end..(span.end + REACH).min(self.bytes.len())) else {
            return false;
        };
        memchr::memchr(b'"', tail).is_some_and(|offset| {
            let quote = span.end + offset;
            level(self.bytes, quote) > 1 && byte(self.bytes, skip_space(self.bytes, quote + 1)) == b':'
        })
    }

    /// The level of JSON inside a string in which a run of digits is a number; `None` if it is text.
    fn inner_number(&self, span: &Range<usize>) -> Option<u32> {
        const REACH: usize = 4096;
        let content = self.bytes.get(span.clone())?;
        if !content.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+')) {
            return None;
        }
        let left = skip_space_back(self.bytes, span.start);
        let after = byte(self.bytes, skip_space(self.bytes, span.end));
        let before = left.checked_sub(1).map_or(0, |at| byte(self.bytes, at));
        if !matches!(before, b':' | b',' | b'[') || !matches!(after, b',' | b']' | b'}') {
            return None;
        }
        let floor = left.saturating_sub(REACH);
        let quote = memchr::memrchr(b'"', self.bytes.get(floor..left)?).map(|offset| floor + offset);
        Some(quote.map_or(2, |quote| level(self.bytes, quote).max(2)))
    }

    /// A span of the swept text as it came.
    fn exact(&self, span: &Range<usize>) -> Option<&[u8]> {
        let span = self.plain.map_or(span.clone(), |plain| plain.raw(span.clone()));
        self.carrier.raw().as_bytes().get(span)
    }

    /// A span of the swept text in offsets of the whole text.
    fn raw(&self, span: Range<usize>) -> Range<usize> {
        let base = self.carrier.span().start;
        let span = self.plain.map_or(span.clone(), |plain| plain.raw(span));
        base + span.start..base + span.end
    }
}
