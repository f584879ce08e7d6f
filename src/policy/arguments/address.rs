//! Addresses: which are public, and which lie in a network.
//!
//! **What counts as private**: whatever is not globally reachable by the registries, and the addresses
//! at which clouds tell machines their secrets. IPv6 forms that carry an IPv4 address in them (mapped,
//! NAT64, 6to4, Teredo) are private whatever they carry, for where they lead is decided by routers.
//!
//! Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6890, RFC 4291.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::Standing;
use crate::json::Value;

/// Networks that no public server lives in, as address and length of the prefix.
const PRIVATE_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // The host's agent of Azure: a public range, and no public server.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// What is not public although it lies in the range of global unicast, `2000::/3`.
const PRIVATE_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Whether no public server can be at `address`.
pub(in crate::policy) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_within = |&(network, length): &(Ipv4Addr, u32)| {
                (address.to_bits() ^ network.to_bits()).leading_zeros() >= length
            };
            PRIVATE_V4.iter().any(is_within)
        }
        IpAddr::V6(address) => {
            let is_within = |&(network, length): &(Ipv6Addr, u32)| {
                (address.to_bits() ^ network.to_bits()).leading_zeros() >= length
            };
            !is_within(&GLOBAL_V6) || PRIVATE_V6.iter().any(is_within)
        }
    }
}

/// Whether a string is an address, or a network, that lies inside one of `networks`.
///
/// Unknown: what is spelled otherwise than RFC 4632 and RFC 5952 readers all take alike, what overlaps
/// one of them without lying inside, and IPv6 that carries IPv4. Allocates nothing.
pub(super) fn judge_cidr(networks: &[IpNet], value: Value<'_>) -> Standing {
    let Some(text) = value.string() else { return Standing::Unknown };
    let wanted = match (text.parse::<IpAddr>(), text.parse::<IpNet>()) {
        (Ok(address), _) => IpNet::from(address),
        (Err(_), Ok(network)) => network,
        (Err(_), Err(_)) => return Standing::Unknown,
    };
    if carries_v4(wanted.addr()) {
        return Standing::Unknown;
    }
    if networks.iter().any(|network| network.contains(&wanted)) {
        Standing::Meets
    } else if networks.iter().any(|network| wanted.contains(network)) {
        Standing::Unknown
    } else {
        Standing::Fails
    }
}

fn carries_v4(address: IpAddr) -> bool {
    let IpAddr::V6(address) = address else { return false };
    let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0).to_bits();
    let is_compatible = address.to_bits() >> 32 == 0 && address.to_bits() > 1;
    address.to_ipv4_mapped().is_some()
        || is_compatible
        || (address.to_bits() ^ nat64).leading_zeros() >= 96
        || address.segments().first() == Some(&0x2002)
}

#[cfg(test)]
mod tests {
    use super::super::Test;
    use super::super::tests::judge;
    use super::*;

    #[test]
    fn tells_public_addresses_from_private_ones() {
        let private = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::808:808",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:808::1",
            "3fff::1",
            "100::1",
            "5f00::1",
        ];
        for address in private {
            assert!(is_private(address.parse().expect("an address")), "{address}");
        }
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "2001:4860::8888",
        ];
        for address in public {
            assert!(!is_private(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn finds_addresses_and_networks_in_networks() {
        let networks = ["10.0.0.0/8", "2a00:1::/32"].map(|text| text.parse().expect("a network"));
        let cases = [
            ("10.1.2.3", Standing::Meets),
            ("10.0.0.0/8", Standing::Meets),
            ("10.9.0.0/16", Standing::Meets),
            ("2a00:1::7", Standing::Meets),
            ("11.0.0.0", Standing::Fails),
            ("9.255.255.255", Standing::Fails),
            ("11.0.0.0/8", Standing::Fails),
            ("2a00:2::7", Standing::Fails),
            ("0.0.0.0/0", Standing::Unknown),
            ("10.0.0.0/7", Standing::Unknown),
            ("::ffff:10.0.0.1", Standing::Unknown),
            ("::10.0.0.1", Standing::Unknown),
            ("64:ff9b::a00:1", Standing::Unknown),
            ("010.1.2.3", Standing::Unknown),
            ("10.1", Standing::Unknown),
            ("167772161", Standing::Unknown),
            ("0xa.1.2.3", Standing::Unknown),
            ("10.1.2.3/33", Standing::Unknown),
            ("10.1.2.3 ", Standing::Unknown),
            ("fe80::1%eth0", Standing::Unknown),
            ("10.0.0.1-10.0.0.9", Standing::Unknown),
            ("", Standing::Unknown),
        ];
        for (value, wanted) in cases {
            let test = Test::Cidr(networks.into());
            assert_eq!(judge(&test, &format!("\"{value}\"")), wanted, "{value}");
        }
        assert_eq!(judge(&Test::Cidr(networks.into()), "10"), Standing::Unknown);
    }
}
