//! A walk through molds in step with a walk through a value.

use super::format::Format;
use super::mold::{Mold, MoldId, Molds, Rest, Ruling, Scalar, Types};
use crate::bounds::{FIT_ALTERNATIVES_MAX, FIT_DEPTH_MAX};
use crate::json::Document;

/// What is asked of the value at one place: everything that the molds on the way there say of it.
#[derive(Debug, Clone)]
pub(super) struct View<'m> {
    molds: &'m Molds,
    musts: Vec<Must<'m>>,
    /// Whether something on the way may depend on the value in a way that only the whole can tell.
    is_doubtful: bool,
}

#[derive(Debug, Clone)]
enum Must<'m> {
    Mold(MoldId),
    /// One of these at least: the value lies inside of what several molds are alternatives for.
    Either(Vec<View<'m>>),
}

/// One step inwards.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) enum Step<'s> {
    Index(usize),
    Name(&'s str),
}

/// Whether a member may be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    Optional,
    /// Only a look at the whole can tell.
    Unknown,
    Required,
}

impl<'m> View<'m> {
    pub(super) fn root(molds: &'m Molds) -> Self {
        Self { musts: vec![Must::Mold(MoldId(0))], ..Self::empty(molds, false) }
    }

    fn empty(molds: &'m Molds, is_doubtful: bool) -> Self {
        Self { molds, musts: Vec::new(), is_doubtful }
    }

    pub(super) fn step(&self, step: Step<'_>) -> Self {
        let mut child = Self::empty(self.molds, self.is_doubtful);
        for must in &self.musts {
            match must {
                Must::Mold(id) => child.take(*id, step, 0),
                Must::Either(views) => {
                    child.musts.push(Must::Either(views.iter().map(|view| view.step(step)).collect()));
                }
            }
        }
        // Alternatives inside alternatives multiply; what is forgotten of them, the whole is asked for.
        if child.weight() > FIT_ALTERNATIVES_MAX {
            child.musts.clear();
            child.is_doubtful = true;
        }
        child
    }

    fn weight(&self) -> usize {
        let each = self.musts.iter().map(|must| match must {
            Must::Mold(_) => 1,
            Must::Either(views) => views.iter().map(View::weight).sum(),
        });
        each.sum()
    }

    /// Takes on what a mold says of the value one step inside.
    fn take(&mut self, id: MoldId, step: Step<'_>, depth: usize) {
        let mold = self.molds.get(id).filter(|_| depth < FIT_DEPTH_MAX);
        let Some(mold) = mold.filter(|_| self.musts.len() < FIT_ALTERNATIVES_MAX) else {
            self.is_doubtful = true;
            return;
        };
        self.is_doubtful |= mold.is_opaque || mold.listed.is_some();
        match inner(mold, step) {
            Rest::Any => {}
            Rest::Mold(id) => self.musts.push(Must::Mold(id)),
            Rest::Never => self.is_doubtful = true,
        }
        for id in &mold.all {
            self.take(*id, step, depth + 1);
        }
        for union in [&mold.any, &mold.one] {
            let branches = self.branches(union, step.holder());
            match branches.as_slice() {
                [] => self.is_doubtful |= !union.is_empty(),
                [only] => self.take(*only, step, depth + 1),
                several => {
                    self.is_doubtful = true;
                    let each = several.iter().take(FIT_ALTERNATIVES_MAX).map(|id| {
                        let mut view = Self::empty(self.molds, false);
                        view.take(*id, step, depth + 1);
                        view
                    });
                    let each = each.collect();
                    self.musts.push(Must::Either(each));
                }
            }
        }
    }

    /// Those of a union that a value of such a type may be of.
    fn branches(&self, union: &[MoldId], types: Types) -> Vec<MoldId> {
        union.iter().copied().filter(|id| self.molds.may_hold(*id, types, 0)).collect()
    }

    /// Whether a scalar may stand here.
    pub(super) fn admits(&self, scalar: Scalar<'_>) -> Ruling {
        let mut ruling = if self.is_doubtful { Ruling::Unknown } else { Ruling::Fits };
        for must in &self.musts {
            ruling = ruling.min(match must {
                Must::Mold(id) => self.molds.admits(*id, scalar, 0),
                Must::Either(views) => {
                    views.iter().map(|view| view.admits(scalar)).max().unwrap_or(Ruling::Unknown)
                }
            });
        }
        ruling
    }

    /// Whether a scalar written as JSON may stand here.
    pub(super) fn admits_json(&self, json: &str) -> Ruling {
        let Ok(document) = Document::parse(json.as_bytes()) else { return Ruling::Unfit };
        let text = document.root().string();
        Scalar::of(document.root(), text.as_deref()).map_or(Ruling::Unfit, |scalar| self.admits(scalar))
    }

    /// Whether the member called `name` must be there.
    pub(super) fn need(&self, name: &str) -> Need {
        let floor = if self.is_doubtful { Need::Unknown } else { Need::Optional };
        let needs = self.musts.iter().map(|must| match must {
            Must::Mold(id) => self.need_of(*id, name, 0),
            Must::Either(views) => {
                let needed = views.iter().any(|view| view.need(name) == Need::Required);
                if needed { Need::Unknown } else { Need::Optional }
            }
        });
        needs.fold(floor, Need::max)
    }

    fn need_of(&self, id: MoldId, name: &str, depth: usize) -> Need {
        let Some(mold) = self.molds.get(id).filter(|_| depth < FIT_DEPTH_MAX) else { return Need::Unknown };
        if mold.members.iter().any(|slot| slot.is_required && *slot.name == *name) {
            return Need::Required;
        }
        let mut need = if mold.is_opaque { Need::Unknown } else { Need::Optional };
        need = mold.all.iter().map(|id| self.need_of(*id, name, depth + 1)).fold(need, Need::max);
        for union in [&mold.any, &mold.one] {
            let branches = self.branches(union, Types::OBJECT);
            let of_union = branches.iter().map(|id| self.need_of(*id, name, depth + 1)).max();
            need = need.max(match of_union {
                Some(Need::Required) if branches.len() > 1 => Need::Unknown,
                // Which of several it is may hang on any member.
                Some(Need::Optional) if branches.len() > 1 => Need::Unknown,
                Some(need) => need,
                None => Need::Optional,
            });
        }
        need
    }

    /// The first thing that the molds here, and those that they are made of, say in answer to `ask`.
    pub(super) fn find<T>(&self, ask: &dyn Fn(&'m Mold) -> Option<T>) -> Option<T> {
        self.musts.iter().find_map(|must| match must {
            Must::Mold(id) => self.find_in(*id, ask, 0),
            Must::Either(views) => views.iter().find_map(|view| view.find(ask)),
        })
    }

    fn find_in<T>(&self, id: MoldId, ask: &dyn Fn(&'m Mold) -> Option<T>, depth: usize) -> Option<T> {
        let mold = self.molds.get(id).filter(|_| depth < FIT_DEPTH_MAX)?;
        ask(mold).or_else(|| {
            let inner = mold.all.iter().chain(&mold.any).chain(&mold.one);
            inner.into_iter().find_map(|id| self.find_in(*id, ask, depth + 1))
        })
    }

    /// The format that a string here has.
    pub(super) fn format(&self) -> Option<Format> {
        self.find(&|mold| mold.text.format)
    }

    /// Whether the schema lists every value that may stand here.
    pub(super) fn is_listed(&self) -> bool {
        self.find(&|mold| mold.listed.as_ref().map(|_| ())).is_some()
    }

    /// Whether a string here has a pattern that cannot be read.
    pub(super) fn has_hidden_pattern(&self) -> bool {
        self.find(&|mold| matches!(mold.text.pattern, Some(None)).then_some(())).is_some()
    }

    /// Whether a key may be written anew without a look at the whole: no name tells its members apart.
    pub(super) fn has_free_keys(&self) -> bool {
        let is_bound = |mold: &'m Mold| {
            (!mold.members.is_empty() || mold.others == Rest::Never || mold.is_opaque).then_some(())
        };
        !self.is_doubtful && self.find(&is_bound).is_none()
    }

    /// The molds that say something of the place themselves: what tells it from other places.
    pub(super) fn mark(&self) -> Vec<MoldId> {
        let own = self.musts.iter().flat_map(|must| match must {
            Must::Mold(id) => vec![*id],
            Must::Either(views) => views.iter().flat_map(View::mark).collect(),
        });
        own.collect()
    }
}

impl Step<'_> {
    /// The type of the value that the step goes into.
    fn holder(self) -> Types {
        match self {
            Self::Index(_) => Types::ARRAY,
            Self::Name(_) => Types::OBJECT,
        }
    }
}

fn inner(mold: &Mold, step: Step<'_>) -> Rest {
    match step {
        Step::Index(index) => mold.prefix.get(index).map_or(mold.items, |id| Rest::Mold(*id)),
        Step::Name(name) => match mold.members.iter().find(|slot| *slot.name == *name) {
            Some(slot) => match slot.mold {
                Some(id) => Rest::Mold(id),
                None => mold.others,
            },
            None => mold.others,
        },
    }
}
