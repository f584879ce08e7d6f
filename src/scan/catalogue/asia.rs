//! India, Asia, the Pacific, and other numbers of states far from Europe and America.

use super::Pack::{Apac, Au, Gdpr, In};
use super::{Row, Veto, alone, named};
use crate::scan::checks;

pub(super) const ROWS: &[Row] = &[
    Row {
        forms: &[
            alone("9999 9999 9999", checks::aadhaar),
            named("9999-9999-9999", checks::aadhaar),
            named("999999999999", checks::aadhaar),
        ],
        valid: &["9999 4105 7058", "Aadhaar {999941057058}"],
        invalid: &["9999 4105 7059", "999941057058"],
        ..Row::new("in_aadhaar", "[AADHAAR]", &[In])
    },
    Row {
        forms: &[named("AAAAA9999A", checks::in_pan)],
        veto: Veto::Mixed,
        valid: &[r#""pan_card":"AAPFU0939F""#, "PAN card {AAPFU0939F}"],
        invalid: &["AAPFU0939F"],
        ..Row::new("in_pan", "[IN_PAN]", &[In])
    },
    Row {
        forms: &[alone("99AAAAA9999AXAX", checks::in_gstin)],
        veto: Veto::Mixed,
        valid: &["27AAPFU0939F1ZV"],
        invalid: &["27AAPFU0939F1ZW"],
        ..Row::new("in_gstin", "[GSTIN]", &[In])
    },
    Row {
        forms: &[named("AAA9999999", checks::in_epic)],
        veto: Veto::Mixed,
        valid: &[r#""voter_id":"WKH1186253""#, "Voter ID {WKH1186253}"],
        invalid: &["WKH1186253"],
        ..Row::new("in_epic", "[EPIC]", &[In])
    },
    Row {
        forms: &[named("999 999 999", checks::au_tfn), named("999999999", checks::au_tfn)],
        valid: &[r#""tfn":"123456782""#, "TFN {123 456 782}"],
        invalid: &["123 456 782"],
        ..Row::new("au_tfn", "[TFN]", &[Au])
    },
    Row {
        forms: &[named("9999 99999 9", checks::au_medicare), named("9999999999", checks::au_medicare)],
        valid: &[r#""medicare_card":"2123456701""#, "Medicare number {2123 45670 1}"],
        invalid: &["2123 45670 1"],
        ..Row::new("au_medicare", "[MEDICARE]", &[Au])
    },
    Row {
        forms: &[named("99 999 999 999", checks::au_abn), named("99999999999", checks::au_abn)],
        valid: &[r#""abn":"51824753556""#, "ABN {51 824 753 556}"],
        invalid: &["51 824 753 556"],
        ..Row::new("au_abn", "[ABN]", &[Au])
    },
    Row {
        forms: &[
            named("99-999-999", checks::nz_ird),
            named("999-999-999", checks::nz_ird),
            named("999999999", checks::nz_ird),
        ],
        valid: &[r#""ird_number":"49-091-850""#, "IRD number {49-091-850}"],
        invalid: &["49-091-850"],
        ..Row::new("nz_ird", "[IRD]", &[Au])
    },
    Row {
        forms: &[alone("A9999999A", checks::sg_nric)],
        veto: Veto::Mixed,
        valid: &["S1234567D"],
        invalid: &["S1234567E"],
        ..Row::new("sg_nric", "[NRIC]", &[Apac])
    },
    Row {
        forms: &[named("999999-99-9999", checks::my_nric), named("999999999999", checks::my_nric)],
        valid: &[r#""mykad":"770305-02-1234""#, "MyKad {770305-02-1234}"],
        invalid: &["770305-02-1234"],
        ..Row::new("my_nric", "[MYKAD]", &[Apac])
    },
    Row {
        forms: &[named("9-9999-99999-99-9", checks::th_pin), named("9999999999999", checks::th_pin)],
        valid: &[r#""thai_id":"1-2345-45678-78-1""#, "Thai ID {1-2345-45678-78-1}"],
        invalid: &["1-2345-45678-78-1"],
        ..Row::new("th_pin", "[THAI_ID]", &[Apac])
    },
    Row {
        forms: &[
            named("A999999(X)", checks::hk_id),
            named("AA999999(X)", checks::hk_id),
            named("A999999X", checks::hk_id),
        ],
        veto: Veto::Mixed,
        valid: &[r#""hkid":"A123456(3)""#, "HKID {A123456(3)}"],
        invalid: &["A123456(3)"],
        ..Row::new("hk_id", "[HKID]", &[Apac])
    },
    Row {
        forms: &[named("A999999999", checks::tw_id)],
        veto: Veto::Mixed,
        valid: &[r#""tw_national_id":"A123456789""#, "Taiwan ID {A123456789}"],
        invalid: &["A123456789"],
        ..Row::new("tw_id", "[TW_ID]", &[Apac])
    },
    Row {
        forms: &[alone("999999-9999999", checks::kr_rrn), named("9999999999999", checks::kr_rrn)],
        valid: &["971013-1019901", "RRN {9710131019901}"],
        invalid: &["971013-1019902", "9710131019901"],
        ..Row::new("kr_rrn", "[RRN]", &[Apac])
    },
    Row {
        forms: &[alone("999999999999999999", checks::cn_id), alone("99999999999999999A", checks::cn_id)],
        veto: Veto::Mixed,
        valid: &["11010519491231002X"],
        invalid: &["110105194912310020"],
        ..Row::new("cn_resident_id", "[CN_ID]", &[Apac])
    },
    Row {
        forms: &[named("999999999999", checks::jp_mynumber), named("9999 9999 9999", checks::jp_mynumber)],
        valid: &[r#""my_number":"123456789018""#, "My Number {123456789018}"],
        invalid: &["123456789018"],
        ..Row::new("jp_my_number", "[MY_NUMBER]", &[Apac])
    },
    Row {
        forms: &[
            named("9-9999-9999-9999", checks::jp_corporate),
            named("9999999999999", checks::jp_corporate),
        ],
        valid: &[r#""corporate_number":"5835678256246""#, "corporate number {5-8356-7825-6246}"],
        invalid: &["5835678256246"],
        ..Row::new("jp_corporate_number", "[JP_CORPORATE]", &[Apac])
    },
    Row {
        forms: &[named("99999999999", checks::tr_tckn)],
        valid: &[r#""tc_kimlik_no":"10000000146""#, "TC kimlik no {10000000146}"],
        invalid: &["10000000146"],
        ..Row::new("tr_tckn", "[TCKN]", &[Gdpr])
    },
    Row {
        forms: &[named("999999999", checks::il_id), named("99999999", checks::il_id)],
        valid: &[r#""teudat_zehut":"39337423""#, "Teudat Zehut {39337423}"],
        invalid: &["39337423"],
        ..Row::new("il_id", "[IL_ID]", &[Gdpr])
    },
    Row {
        forms: &[named("9999999999999", checks::za_id), named("999999 9999 999", checks::za_id)],
        valid: &[r#""rsa_id":"8001015009087""#, "South African ID number {8001015009087}"],
        invalid: &["8001015009087"],
        ..Row::new("za_id", "[ZA_ID]", &[Gdpr])
    },
];
