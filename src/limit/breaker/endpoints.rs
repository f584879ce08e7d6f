//! The addresses of one server: which to use, and which to leave alone for a while.
//!
//! An address is ejected when so many connections or answers in a row failed there as open a breaker, for the
//! breaker's rest, doubled each time. Never more than half of the addresses are ejected, so that a network that
//! fails as a whole is not taken for bad addresses; where none is left, all are used.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use super::plan::BreakerPlan;
use crate::bounds::BREAKER_ENDPOINTS_MAX;

/// How the addresses of a server are doing. Starts with all of them well.
#[derive(Debug)]
pub struct Endpoints<A> {
    known: HashMap<A, Health>,
    turn: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Health {
    /// Failures in a row.
    run: u32,
    /// How often it was ejected since it last went well.
    ejections: u32,
    until: Duration,
}

impl<A> Default for Endpoints<A> {
    fn default() -> Self {
        Self { known: HashMap::new(), turn: 0 }
    }
}

impl<A: Copy + Eq + Hash> Endpoints<A> {
    /// The addresses to try, in this order: those in use by turns, those ejected last.
    pub fn order(&mut self, addresses: &[A], steady: Duration) -> Vec<A> {
        if self.known.len() > BREAKER_ENDPOINTS_MAX {
            self.known.retain(|address, _| addresses.contains(address));
        }
        self.turn = self.turn.wrapping_add(1);
        let first = self.turn % addresses.len().max(1);
        let turned = addresses.iter().cycle().skip(first).take(addresses.len()).copied();
        let (out, mut used): (Vec<A>, Vec<A>) = turned.partition(|address| self.is_out(address, steady));
        used.extend(out);
        used
    }

    fn is_out(&self, address: &A, steady: Duration) -> bool {
        self.known.get(address).is_some_and(|health| health.until > steady)
    }

    /// How many of `addresses` are ejected.
    pub fn ejected(&self, addresses: &[A], steady: Duration) -> usize {
        addresses.iter().filter(|address| self.is_out(address, steady)).count()
    }

    /// Hears that an address did its work.
    pub fn went_well(&mut self, address: A) {
        if self.known.contains_key(&address) {
            self.known.remove(&address);
        }
    }

    /// Hears that an address failed; whether it is ejected now, of the `addresses` that there are.
    pub fn failed(&mut self, address: A, addresses: &[A], plan: &BreakerPlan, steady: Duration) -> bool {
        let others = self.ejected(addresses, steady) - usize::from(self.is_out(&address, steady));
        let may_go = (others + 1) * 2 <= addresses.len();
        let health = self.known.entry(address).or_default();
        health.run = health.run.saturating_add(1);
        if health.run < plan.failures || !may_go {
            return false;
        }
        health.until = steady.saturating_add(plan.rest_after(health.ejections));
        health.ejections = health.ejections.saturating_add(1);
        health.run = 0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_secs(100);

    #[test]
    fn ejects_what_fails_in_a_row_and_never_more_than_half() {
        let plan = BreakerPlan::default();
        for count in 1..=5_u8 {
            let addresses: Vec<u8> = (0..count).collect();
            let mut endpoints = Endpoints::default();
            for address in &addresses {
                for failure in 1..=plan.failures {
                    let is_ejected = endpoints.failed(*address, &addresses, &plan, AT);
                    assert!(!is_ejected || failure == plan.failures, "{count}: not before");
                }
            }
            assert_eq!(endpoints.ejected(&addresses, AT), usize::from(count / 2), "of {count}");
            let order = endpoints.order(&addresses, AT);
            assert_eq!(order.len(), addresses.len(), "in need all are used");
            let is_out = |address: &u8| endpoints.is_out(address, AT);
            assert!(order.is_sorted_by_key(is_out), "the ejected ones last");
        }
    }

    #[test]
    fn lets_it_back_after_its_rest_and_forgets_when_it_goes_well() {
        let (plan, addresses) = (BreakerPlan::default(), [1, 2]);
        let mut endpoints = Endpoints::default();
        let fail = |endpoints: &mut Endpoints<i32>, at| {
            (0..plan.failures).any(|_| endpoints.failed(1, &addresses, &plan, at))
        };
        assert!(fail(&mut endpoints, AT));
        assert!(endpoints.is_out(&1, AT + plan.rest - Duration::from_nanos(1)));
        assert!(!endpoints.is_out(&1, AT + plan.rest));
        assert!(fail(&mut endpoints, AT + plan.rest));
        assert!(endpoints.is_out(&1, AT + plan.rest * 2), "twice as long");
        endpoints.went_well(1);
        assert_eq!(endpoints.ejected(&addresses, AT + plan.rest), 0);
    }

    #[test]
    fn uses_what_is_well_by_turns() {
        let mut endpoints = Endpoints::default();
        let firsts: Vec<i32> = (0..3).map(|_| endpoints.order(&[1, 2, 3], AT)[0]).collect();
        let mut sorted = firsts.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [1, 2, 3], "{firsts:?}");
    }
}
