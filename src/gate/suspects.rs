//! Who has shown too many tokens that do not hold.
//!
//! **Why.** Verifying a token costs some 50 µs, and junk costs its sender nothing. **How.** Each source
//! address has a cell of the generic cell rate algorithm (ITU-T I.371), from which every failed
//! verification takes. While it is empty, tokens from there that would have to be verified are refused
//! unseen; keys and tokens that are known go on as ever. **When it trips:** `SUSPECT_BURST` failures at
//! once, or more than one each `SUSPECT_INTERVAL` in the long run. It recovers by itself. **What does not
//! count:** refusals that cost nothing, and tokens of issuers whose keys nobody could tell. Addresses are
//! those of connections; the clients behind one proxy are one, and so are those of one IPv6 network.

use std::net::IpAddr;
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::bounds::{SUSPECT_BURST, SUSPECT_INTERVAL, SUSPECTS_MAX};

/// The sources that failed lately.
#[derive(Debug)]
pub(super) struct Suspects(Cache<u64, Duration>);

impl Default for Suspects {
    fn default() -> Self {
        Self(Cache::new(SUSPECTS_MAX))
    }
}

impl Suspects {
    /// Whether so much failed from `address` that no further token is verified now.
    pub fn holds(&self, address: IpAddr, now: Duration) -> bool {
        let full = self.0.get(&source(address)).unwrap_or_default();
        full.saturating_sub(now) >= SUSPECT_INTERVAL.saturating_mul(SUSPECT_BURST)
    }

    /// Notes a token from `address` that was verified in vain.
    pub fn note(&self, address: IpAddr, now: Duration) {
        let source = source(address);
        let full = self.0.get(&source).unwrap_or_default().max(now);
        self.0.insert(source, full.saturating_add(SUSPECT_INTERVAL));
    }
}

/// An IPv4 address, or an IPv6 network of 64 bits: who has one address of it has all.
fn source(address: IpAddr) -> u64 {
    match address.to_canonical() {
        // No network that is in use begins with 32 zeros.
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_a_source_after_a_burst_and_lets_it_go_again() {
        let (suspects, now) = (Suspects::default(), Duration::from_secs(9));
        let [bad, good]: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()];
        for number in 0..SUSPECT_BURST {
            assert!(!suspects.holds(bad, now), "after {number}");
            suspects.note(bad, now);
        }
        assert!(suspects.holds(bad, now) && !suspects.holds(good, now));
        let tick = Duration::from_nanos(1);
        assert!(!suspects.holds(bad, now + tick), "one is free again right after");
        suspects.note(bad, now + tick);
        assert!(suspects.holds(bad, now + tick) && suspects.holds(bad, now + SUSPECT_INTERVAL));
        assert!(!suspects.holds(bad, now + SUSPECT_INTERVAL + tick));
    }

    #[test]
    fn takes_one_network_for_one_source() {
        let (suspects, now) = (Suspects::default(), Duration::ZERO);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for number in 0..SUSPECT_BURST {
            suspects.note(address(&format!("2001:db8::{number:x}")), now);
            suspects.note(address(&format!("::ffff:192.0.2.{}", 7)), now);
        }
        assert!(suspects.holds(address("2001:db8::ffff:1"), now));
        assert!(!suspects.holds(address("2001:db8:0:1::1"), now));
        assert!(suspects.holds(address("192.0.2.7"), now) && !suspects.holds(address("192.0.2.8"), now));
    }
}
