//! Where the replica is that the policy in force names; made anew when that is another one.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::place::Place;
use super::pool::Pool;
use super::target::Target;
use crate::policy::Policy;

/// The replica that was asked last.
#[derive(Default)]
pub struct Replica(ArcSwapOption<Known>);

/// A replica by its URL.
pub struct Known {
    url: Box<str>,
    /// Where it is.
    pub place: Place,
}

impl Replica {
    /// Where the replica of a policy is; `None` where it has none.
    pub fn of(&self, policy: &Policy) -> Option<Arc<Known>> {
        if let Some(known) = self.known(policy) {
            return Some(known);
        }
        let url = &policy.upstream.care.replica.as_ref()?.url;
        let target = Target::parse(url).ok()?;
        let known = Arc::new(Known { url: url.clone(), place: Place::of(&target, Pool::Replica) });
        self.0.store(Some(Arc::clone(&known)));
        Some(known)
    }

    /// The replica of a policy, if it was asked already.
    pub fn known(&self, policy: &Policy) -> Option<Arc<Known>> {
        let url = &policy.upstream.care.replica.as_ref()?.url;
        self.0.load_full().filter(|known| known.url == *url)
    }
}
