//! What every check promises: published numbers, refusals, no panic, and the share of chance.

mod vectors;

use proptest::prelude::*;

use super::*;
use vectors::{OWN, VECTORS};

/// Checks of form, date or prefix alone: a changed digit is mostly as good.
const WITHOUT_CHECK_DIGIT: &[&str] = &[
    "atin",
    "bic",
    "dk_cpr",
    "ein",
    "ifsc",
    "in_pan",
    "itin",
    "kr_rrn_shape",
    "mbi",
    "my_nric",
    "nino",
    "ptin",
    "ssn",
];
/// Checks that look at the value as it was written.
const AS_WRITTEN: &[&str] = &["btc", "eth", "fi_hetu"];

fn check(name: &str) -> fn(&[u8]) -> bool {
    ALL.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("no check {name}")).1
}

fn bare(name: &str, written: &str) -> Vec<u8> {
    let is_kept = |byte: &u8| AS_WRITTEN.contains(&name) || !b" ./()-".contains(byte);
    written.bytes().filter(is_kept).collect()
}

/// Every number that some check lets through, with the name of the check.
fn valid() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let rows = VECTORS.iter().chain(OWN);
    rows.flat_map(|(name, valid, _)| valid.iter().map(move |written| (*name, bare(name, written))))
}

#[test]
fn agrees_with_the_published_numbers() {
    let mut wrong = Vec::new();
    for (name, valid, invalid) in VECTORS.iter().chain(OWN) {
        wrong.extend(
            valid.iter().filter(|text| !check(name)(&bare(name, text))).map(|text| (name, "refuses", text)),
        );
        wrong.extend(
            invalid.iter().filter(|text| check(name)(&bare(name, text))).map(|text| (name, "takes", text)),
        );
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(VECTORS.iter().map(|row| row.1.len() + row.2.len()).sum::<usize>(), 283);
    let without: Vec<_> = ALL.iter().filter(|row| !valid().any(|(name, _)| name == row.0)).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn refuses_what_is_empty_cut_doubled_or_of_one_letter() {
    for (name, number) in valid() {
        let refused = [&b""[..], &number[..3], &number[..5], &[&number[..], &number[..]].concat()];
        for text in refused {
            assert!(!check(name)(text), "{name}: {}", text.escape_ascii());
        }
    }
    for (name, check) in ALL {
        for length in 0..=80 {
            for letter in *b"AZaz" {
                assert!(!check(&vec![letter; length]), "{name}: {length} times {}", char::from(letter));
            }
        }
    }
}

#[test]
fn refuses_every_byte_that_no_number_has_at_every_place() {
    for (name, number) in valid() {
        for place in 0..number.len() {
            for foreign in [0, b' ', b'.', b'/', b':', b'@', b'[', b'`', b'{', 0x80, 0xB1, 0xFF] {
                let mut changed = number.clone();
                changed[place] = foreign;
                assert!(!check(name)(&changed), "{name}: {}", changed.escape_ascii());
            }
        }
        let lower = number.to_ascii_lowercase();
        if lower != number && name != "eth" && !number.starts_with(b"BC1") {
            assert!(!check(name)(&lower), "{name}: {}", lower.escape_ascii());
        }
    }
}

#[test]
fn notices_most_changes_of_one_digit_where_there_is_a_check() {
    let mut blind = Vec::new();
    for (name, _) in ALL.iter().filter(|row| !WITHOUT_CHECK_DIGIT.contains(&row.0)) {
        let (mut changes, mut taken) = (0, 0);
        for (_, number) in valid().filter(|(of, number)| of == name && !(*of == "eth" && is_one_case(number)))
        {
            for place in (0..number.len()).filter(|place| number[*place].is_ascii_digit()) {
                for digit in (b'0'..=b'9').filter(|digit| *digit != number[place]) {
                    let mut changed = number.clone();
                    changed[place] = digit;
                    changes += 1;
                    taken += u32::from(check(name)(&changed));
                }
            }
        }
        if changes == 0 || taken * 100 > changes * 14 {
            blind.push((name, taken, changes));
        }
    }
    assert!(blind.is_empty(), "{blind:?}");
}

fn is_one_case(written: &[u8]) -> bool {
    let hex = &written[2..];
    !hex.iter().any(u8::is_ascii_lowercase) || !hex.iter().any(u8::is_ascii_uppercase)
}

#[test]
fn takes_cards_of_each_brand_at_its_lengths_only() {
    let lengths = |prefix: &str| -> Vec<usize> {
        let is_taken = |length: &usize| {
            let body = format!("{prefix:0<width$}", width = length - 1);
            ('0'..='9').any(|digit| pan(format!("{body}{digit}").as_bytes()))
        };
        (11..=20).filter(is_taken).collect()
    };
    assert_eq!(lengths("4"), [13, 16, 19]);
    for prefix in ["51", "55", "2221", "2720", "2200", "2204"] {
        assert_eq!(lengths(prefix), [16], "{prefix}");
    }
    for prefix in ["34", "37"] {
        assert_eq!(lengths(prefix), [15], "{prefix}");
    }
    for prefix in ["300", "305", "36", "38", "39"] {
        assert_eq!(lengths(prefix), [14, 16], "{prefix}");
    }
    assert_eq!(lengths("3095"), [14]);
    for prefix in ["3528", "3589", "6011", "644", "659", "62", "60", "81", "82"] {
        assert_eq!(lengths(prefix), [16, 17, 18, 19], "{prefix}");
    }
    for prefix in ["50", "56", "58", "63", "67", "68"] {
        assert_eq!(lengths(prefix), [12, 13, 14, 15, 16, 17, 18, 19], "{prefix}");
    }
    for prefix in [
        "0", "1", "9", "2205", "2220", "2721", "306", "3096", "35", "3590", "59", "61", "643", "66", "69",
        "80", "83",
    ] {
        assert!(lengths(prefix).is_empty(), "{prefix}");
    }
    for digit in b'0'..=b'9' {
        assert!((12..=19).all(|length| !pan(&vec![digit; length])), "{digit}");
    }
}

#[test]
fn takes_korean_numbers_without_a_check_digit_by_their_shape_only() {
    let late = b"2110133019906";
    assert!(kr_rrn_shape(late) && !kr_rrn(late));
    assert!(!kr_rrn_shape(b"2113133019905") && !kr_rrn_shape(b"2110139019905"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn judges_any_bytes_without_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..90),
        shaped in "[0-9]{0,20}|[A-Z&]{0,6}[0-9]{4,18}[A-Z]{0,3}|[0-9A-Z]{6,20}|bc1[02-9ac-hj-np-z]{8,80}|[13][0-9A-Za-z]{24,36}|0x[0-9A-Fa-f]{39,41}",
    ) {
        for (name, check) in ALL {
            prop_assert!(!check(&bytes) || bytes.len() >= 8, "{} takes {:?}", name, bytes);
            prop_assert!(!check(shaped.as_bytes()) || (8..=74).contains(&shaped.len()), "{} takes {}", name, shaped);
        }
    }

    #[test]
    fn judges_cards_alike_with_and_without_a_length_limit(digits in "[2-8][0-9]{13,15}") {
        let values: Vec<u8> = digits.bytes().map(|byte| byte - b'0').collect();
        prop_assert_eq!(is_card(&values), pan(digits.as_bytes()));
    }
}

/// Percent of random digit strings of a length that a check lets through; what is not listed, almost none.
const CHANCE: &[(usize, &[(&str, f64)])] = &[
    (8, &[("co_nit", 10.0), ("il_id", 10.0), ("cl_rut", 9.1), ("nz_ird", 9.0)]),
    (
        9,
        &[
            ("ssn", 88.8),
            ("ein", 83.0),
            ("il_id", 10.0),
            ("co_nit", 10.0),
            ("au_tfn", 9.1),
            ("cl_rut", 9.1),
            ("nl_bsn", 9.1),
            ("pt_nif", 9.0),
            ("ca_sin", 8.0),
            ("itin", 4.4),
            ("aba", 3.8),
            ("nz_ird", 1.4),
            ("atin", 0.1),
        ],
    ),
    (
        10,
        &[
            ("utr", 10.0),
            ("co_nit", 10.0),
            ("nhs", 9.1),
            ("at_svnr", 8.2),
            ("au_medicare", 5.0),
            ("dk_cpr", 3.66),
            ("npi", 2.0),
            ("cz_rc", 1.9),
            ("bg_egn", 1.9),
            ("se_pnr", 0.73),
            ("is_kennitala", 0.2),
            ("fi_hetu", 0.12),
        ],
    ),
    (
        11,
        &[
            ("co_nit", 10.0),
            ("hr_oib", 10.0),
            ("au_medicare", 5.0),
            ("pl_pesel", 1.83),
            ("be_nrn", 1.3),
            ("br_cpf", 1.0),
            ("au_abn", 1.0),
            ("ar_cuit", 1.0),
            ("tr_tckn", 0.9),
            ("gr_amka", 0.37),
            ("de_tax", 0.34),
            ("ee_ik", 0.29),
            ("no_fnr", 0.24),
        ],
    ),
    (
        12,
        &[
            ("jp_mynumber", 10.0),
            ("co_nit", 10.0),
            ("aadhaar", 8.0),
            ("my_nric", 3.15),
            ("pan", 0.7),
            ("se_pnr", 0.03),
        ],
    ),
    (
        13,
        &[
            ("jp_corporate", 10.0),
            ("co_nit", 10.0),
            ("th_pin", 8.0),
            ("kr_rrn_shape", 2.93),
            ("pan", 1.7),
            ("ro_cnp", 0.33),
            ("kr_rrn", 0.29),
            ("si_emso", 0.33),
            ("za_id", 0.11),
        ],
    ),
    (14, &[("co_nit", 10.0), ("br_cnpj", 1.0), ("pan", 1.0)]),
    (15, &[("imei", 10.0), ("co_nit", 10.0), ("pan", 0.9), ("fr_nir", 0.56)]),
    (16, &[("co_nit", 10.0), ("pan", 3.6)]),
    (17, &[("pan", 1.3)]),
    (18, &[("clabe", 10.0), ("pan", 1.3), ("cn_id", 0.05)]),
    (19, &[("pan", 2.3), ("iccid", 0.1)]),
    (20, &[("iccid", 0.1)]),
];

#[test]
fn lets_chance_through_as_often_as_the_arithmetic_says() {
    const DRAWN: u32 = 20_000;
    let mut state = 1_u64;
    let mut strange = Vec::new();
    for (length, rows) in CHANCE {
        let mut taken = vec![0_u32; ALL.len()];
        for _ in 0..DRAWN {
            let text: Vec<u8> = (0..*length).map(|_| draw_digit(&mut state)).collect();
            for (count, (_, check)) in taken.iter_mut().zip(ALL) {
                *count += u32::from(check(&text));
            }
        }
        for (count, (name, _)) in taken.iter().zip(ALL) {
            let expected = rows.iter().find(|row| row.0 == *name).map_or(0.0, |row| row.1) / 100.0;
            let share = f64::from(*count) / f64::from(DRAWN);
            // Five deviations of the draw, and what the table rounds.
            let band =
                5.0 * (expected * (1.0 - expected) / f64::from(DRAWN)).sqrt() + expected * 0.06 + 0.0003;
            if (share - expected).abs() > band {
                strange.push(format!("{length} digits, {name}: {share:.4} for {expected:.4}"));
            }
        }
    }
    assert!(strange.is_empty(), "{strange:#?}");
}

/// Source: D. E. Knuth, MMIX, as in TAOCP 3.3.4; the upper bits alone are good enough here.
fn draw_digit(state: &mut u64) -> u8 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    b"0123456789"[((*state >> 33) % 10) as usize]
}

#[test]
fn keeps_the_countries_sorted_for_the_search() {
    assert!(IBAN_LENGTHS.is_sorted_by_key(|row| row.0));
    assert_eq!((iban_length(*b"NO"), iban_length(*b"RF")), (Some(15), None));
}

#[test]
fn knows_the_published_numbers() {
    let digits = |text: &str| text.bytes().map(|byte| byte - b'0').collect::<Vec<_>>();
    assert!(luhn(&digits("49927398716")) && !luhn(&digits("49927398717")));
    assert!(is_card(&digits("4111111111111111")) && !is_card(&digits("8999999999991111")));
    assert!(iban_remainder(b"DE89370400440532013000") && !iban_remainder(b"DE88370400440532013000"));
}
