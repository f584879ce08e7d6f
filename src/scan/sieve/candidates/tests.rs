//! The masks against the same rules, one byte at a time.

use super::*;

fn found(bytes: &[u8]) -> Vec<Candidate> {
    let mut found = Vec::new();
    let wanted = Wanted { capitals: true, codes: true, long: true };
    let flow = each(bytes, wanted, |candidate| {
        found.push(candidate);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    found.sort_by_key(|candidate| format!("{candidate:?}"));
    found
}

/// The last in the highest bit.
fn mask(bits: Vec<bool>) -> u64 {
    let nearest = bits.into_iter().rev().enumerate();
    nearest.fold(0, |all, (place, is_set)| all | u64::from(is_set) << (63 - place))
}

/// The same rules, one byte at a time.
fn scalar(bytes: &[u8]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (at, &byte) in bytes.iter().enumerate() {
        let before = |by: usize| at.checked_sub(by).map_or(0, |place| bytes[place]);
        let run =
            |is_part: fn(u8) -> bool| bytes[..=at].iter().rev().take_while(|byte| is_part(**byte)).count();
        let is_digit = |by: usize| before(by).is_ascii_digit();
        let is_upper = |by: usize| before(by).is_ascii_uppercase();
        let special = match byte {
            b'@' | b'+' | b'%' | b'&' | b'<' => true,
            b'u' => before(1) == b'\\',
            b'B' => before(1) == b'-',
            b'/' => before(1) == b'/' && before(2) == b':' || before(4) == b'.' && before(8) == b'.',
            b':' => {
                before(3) == b':' && before(6) == b':'
                    || before(1) == b':'
                    || before(5) == b':' && before(2) != b':' && before(3) != b':'
            }
            b'-' => {
                before(1) == b' '
                    || is_digit(1) && is_upper(3) && is_digit(4)
                    || before(3) == b'-' && before(6) == b'-'
            }
            b' ' => is_digit(1) && is_digit(2) && before(3) == b' ' && is_upper(4) && is_upper(5),
            b'0'..=b'9' => before(1) == b'.' && is_digit(2) || is_upper(1) && is_upper(2),
            0x80.. => before(1) < 0x80,
            _ => false,
        };
        if special {
            found.push(Candidate::Special(at));
        }
        if run(|byte| byte.is_ascii_digit()) == 3 {
            found.push(Candidate::Digits(at - 2));
        }
        if byte == b':' && !is_digit(1) && before(1) != b':' || byte == b'=' {
            let is_quote = |text: &[u8]| text.iter().map(|byte| *byte == b'"').collect::<Vec<_>>();
            let quotes = mask(is_quote(&bytes[at.saturating_sub(64)..at]));
            found.push(Candidate::Assign(Assign { at, quotes }));
        }
        if run(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) == 8 {
            found.push(Candidate::Code(at));
        }
        if run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) == 16 {
            found.push(Candidate::Long(at));
        }
        if byte.is_ascii_uppercase() && (before(1) == b' ' || before(2) == b'\\') {
            let letters = |text: &[u8]| text.iter().map(u8::is_ascii_alphabetic).collect::<Vec<_>>();
            let end = at + letters(&bytes[at..]).iter().take_while(|is_letter| **is_letter).count();
            let head = &bytes[at.saturating_sub(64)..at - 1];
            let letters = mask(letters(head));
            found.push(Candidate::Capital(Capital { at, end, letters }));
        }
    }
    found.sort_by_key(|candidate| format!("{candidate:?}"));
    found
}

#[test]
fn finds_at_every_offset_what_a_walk_byte_by_byte_finds() {
    let pieces = [
        "123-45-6789",
        "\"k\":1",
        "eyJhbGciOiJub25lIn0",
        "--B",
        "AKIA3",
        "gh_+1.2\\u00@",
        "d3:9a:b8:50",
        "00-1B-44-11",
        "a::b 2001:0db8:",
        "1EG4-TE5",
        "12.ABC.345/",
        "AB 12 34",
        "http://x",
        "ABCDEFGH1",
        "caf\u{e9}\u{e9}",
        "x= y: 1: %20&",
        " Ann Lee",
    ];
    for lead in 0..70 {
        for piece in pieces {
            for (before, after) in [(b' ', b'7'), (b'a', b' '), (b'.', b'Z')] {
                let mut text = vec![before; lead];
                text.extend_from_slice(piece.as_bytes());
                text.extend_from_slice(&[after; 130]);
                assert_eq!(found(&text), scalar(&text), "{lead} {piece}");
            }
        }
    }
}

#[test]
fn finds_the_same_in_texts_of_all_sorts() {
    const PIECES: [&str; 24] = [
        " ", " the ", "Ann", "A", "7", "12", "-", "--B", ".", "/", "//", ":", "::", "\\u", "\\n", "\\\\",
        "=", "_", "@", "%", "\u{e9}", "B", "u", "\" Lee",
    ];
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut chance = |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound).unwrap()
    };
    for _ in 0..4000 {
        // Few kinds of pieces in each text, so that plain blocks and others stand beside each other.
        let kinds: Vec<_> = (0..1 + chance(4)).map(|_| PIECES[chance(24)]).collect();
        let count = chance(60);
        let text: String = (0..count)
            .map(|_| if chance(8) == 0 { kinds[chance(kinds.len() as u64)] } else { " some" })
            .collect();
        assert_eq!(found(text.as_bytes()), scalar(text.as_bytes()), "{text}");
    }
}
