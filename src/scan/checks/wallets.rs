//! Addresses of Bitcoin and Ethereum, *as written*: their letters' case counts.

use ring::digest::{SHA256, digest};
use sha3::{Digest, Keccak256};

/// Bitcoin address of the main network: base58check from 1 or 3, or bech32 from `bc1`.
///
/// Source: Bitcoin Wiki, "Base58Check encoding"; BIP 173 and BIP 350.
pub(in crate::scan) fn btc(written: &[u8]) -> bool {
    match written.first() {
        Some(b'1' | b'3') => base58check(written),
        Some(b'b' | b'B') => segwit(written),
        _ => false,
    }
}

/// What a character counts in base 58, which has no 0, I, O and l.
fn base58(byte: u8) -> Option<u8> {
    Some(match byte {
        b'1'..=b'9' => byte - b'1',
        b'A'..=b'H' => byte - b'A' + 9,
        b'J'..=b'N' => byte - b'J' + 17,
        b'P'..=b'Z' => byte - b'P' + 22,
        b'a'..=b'k' => byte - b'a' + 33,
        b'm'..=b'z' => byte - b'm' + 44,
        _ => return None,
    })
}

/// Whether the text is a version, twenty bytes, and the first four bytes of their double SHA-256.
fn base58check(written: &[u8]) -> bool {
    if !(26..=35).contains(&written.len()) {
        return false;
    }
    let mut raw = [0_u8; 25];
    for byte in written {
        let Some(value) = base58(*byte) else { return false };
        let mut carry = u32::from(value);
        for slot in raw.iter_mut().rev() {
            carry += u32::from(*slot) * 58;
            *slot = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let zeros = raw.iter().take_while(|byte| **byte == 0).count();
    if zeros != written.iter().take_while(|byte| **byte == b'1').count() {
        return false;
    }
    let (body, check) = raw.split_at(21);
    let version = if written[0] == b'1' { 0 } else { 5 };
    body[0] == version && digest(&SHA256, digest(&SHA256, body).as_ref()).as_ref().starts_with(check)
}

/// The longest address: `bc1`, a version, forty bytes in groups of five bits, six places of check.
const SEGWIT_BYTES_MAX: usize = 74;

/// What a character counts in bech32, in either case.
fn bech32(byte: u8) -> Option<u8> {
    let byte = byte.to_ascii_lowercase();
    b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
        .iter()
        .zip(0..)
        .find_map(|(known, value)| (*known == byte).then_some(value))
}

/// One step of the BCH code. Source: BIP 173, "Checksum".
fn polymod(check: u32, value: u8) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = check >> 25;
    let shifted = (check & 0x01ff_ffff) << 5 ^ u32::from(value);
    GENERATOR
        .iter()
        .enumerate()
        .fold(shifted, |check, (bit, term)| if top >> bit & 1 == 1 { check ^ term } else { check })
}

fn segwit(written: &[u8]) -> bool {
    if !(14..=SEGWIT_BYTES_MAX).contains(&written.len()) || !written[..3].eq_ignore_ascii_case(b"bc1") {
        return false;
    }
    if written.iter().any(u8::is_ascii_lowercase) && written.iter().any(u8::is_ascii_uppercase) {
        return false;
    }
    // The prefix `bc` as the code reads it: high bits, a zero, low bits.
    let mut check = [3, 3, 0, 2, 3].into_iter().fold(1, polymod);
    let (mut version, mut last) = (0, 0);
    let groups = written.len() - 3 - 1 - 6;
    for (place, byte) in written[3..].iter().enumerate() {
        let Some(value) = bech32(*byte) else { return false };
        check = polymod(check, value);
        if place == 0 {
            version = value;
        }
        if place == groups {
            last = value;
        }
    }
    let (program, padding) = (groups * 5 / 8, groups * 5 % 8);
    let is_filled = padding < 5 && last & ((1 << padding) - 1) == 0;
    is_filled
        && match version {
            0 => check == 1 && matches!(program, 20 | 32),
            1..=16 => check == 0x2bc8_30a3 && (2..=40).contains(&program),
            _ => false,
        }
}

/// Ethereum address: `0x` and 40 hex digits; where they mix cases, the cases are the check.
///
/// A letter is upper case where the same place of the Keccak-256 of the lower-case digits is 8 or more.
/// Source: ERC-55.
pub(in crate::scan) fn eth(written: &[u8]) -> bool {
    let Some(hex) = written.strip_prefix(b"0x").and_then(|hex| <&[u8; 40]>::try_from(hex).ok()) else {
        return false;
    };
    if !hex.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    if !hex.iter().any(u8::is_ascii_lowercase) || !hex.iter().any(u8::is_ascii_uppercase) {
        return true;
    }
    let hash = Keccak256::digest(hex.map(|byte| byte.to_ascii_lowercase()));
    hex.iter().enumerate().all(|(place, byte)| {
        let pair = hash[place / 2];
        let nibble = if place % 2 == 0 { pair >> 4 } else { pair & 15 };
        byte.is_ascii_digit() || byte.is_ascii_uppercase() == (nibble >= 8)
    })
}
