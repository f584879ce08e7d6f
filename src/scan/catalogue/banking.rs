//! Cards, bank accounts, wallets.

use super::Pack::{Gdpr, Hipaa, Pci};
use super::{Mask, Row, Veto, alone, named};
use crate::scan::checks;

pub(super) const ROWS: &[Row] = &[
    Row {
        mask: Mask::LastFour,
        forms: &[
            alone("99999999999999", checks::pan),
            alone("999999999999999", checks::pan),
            alone("9999999999999999", checks::pan),
            alone("9999 9999 9999 9999", checks::pan),
            alone("9999-9999-9999-9999", checks::pan),
            alone("9999.9999.9999.9999", checks::pan),
            alone("9999/9999/9999/9999", checks::pan),
            alone("9999_9999_9999_9999", checks::pan),
            alone("9999  9999  9999  9999", checks::pan),
            alone("9999\\n9999\\n9999\\n9999", checks::pan),
            alone("9999 999999 99999", checks::pan),
            alone("9999-999999-99999", checks::pan),
            alone("9999 999999 9999", checks::pan),
            alone("9999-999999-9999", checks::pan),
            named("999999999999", checks::pan),
            named("9999999999999", checks::pan),
            named("99999999999999999", checks::pan),
            named("999999999999999999", checks::pan),
            named("9999999999999999999", checks::pan),
            named("9999 9999 9999 9999 999", checks::pan),
        ],
        valid: &[
            "4111111111111111",
            "4242 4242 4242 4242",
            "4012888888881881",
            "5555555555554444",
            "5105-1051-0510-5100",
            "2223003122003222",
            "378282246310005",
            "3714 496353 98431",
            "6011111111111117",
            "6011000990139424",
            "3530111333300000",
            "3566002020360505",
            "30569309025904",
            "38520000023237",
            "6200000000000005",
            "6759649826438453",
            "card {4222222222222}",
        ],
        invalid: &[
            "4111111111111112",
            "1234567812345678",
            "0000000000000000",
            "9999999999999995",
            "411111111111111",
            "4111 1111-1111 1111",
            "0.4111111111111111",
            "x4111111111111111",
            "41111111111111113",
            "4222222222222",
        ],
        ..Row::new("pan", "[PAN]", &[Pci, Gdpr, Hipaa])
    },
    Row {
        veto: Veto::Short,
        valid: &[r#""cvv":"123""#, r#""securityCode":4711"#, "cvv {712}", "cvc={190}"],
        invalid: &[r#""cvv":"required""#, "123", r#""cvv_status":"123""#],
        ..Row::new("cvv", "[CVV]", &[Pci])
    },
    Row {
        veto: Veto::Short,
        by_word: false,
        valid: &[r#""pin_block":"1234567890ABCDEF""#, r#""card_pin":"4711""#],
        invalid: &[r#""pin":"pinned""#, r#""pin":true"#],
        ..Row::new("pin", "[PIN]", &[Pci])
    },
    Row {
        veto: Veto::Never,
        mask: Mask::Token,
        by_word: false,
        valid: &[
            "%B4111111111111111^LEE/ANN^29121010000000000?",
            ";4111111111111111=29121010000000000?",
            r#""track_data":"made up""#,
        ],
        invalid: &["%B4111^x", ";4111=2"],
        ..Row::new("card_track", "[TRACK]", &[Pci])
    },
    Row {
        veto: Veto::Date,
        valid: &[r#""card_expiry":"12/29""#, r#""exp_date":"12/2029""#],
        invalid: &[r#""expires":"12/29""#],
        by_word: false,
        ..Row::new("card_expiry", "[EXPIRY]", &[Pci])
    },
    Row {
        veto: Veto::Digits,
        valid: &[
            "DE89370400440532013000",
            "GB82 WEST 1234 5698 7654 32",
            "FR1420041010050500013M02606",
            "NL91ABNA0417164300",
            "BE68539007547034",
            "ES9121000418450200051332",
            "CH9300762011623852957",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        ],
        invalid: &[
            "RF18539007547034",
            "DE89370400440532013001",
            "DE8937040044053201300",
            "XX89370400440532013000",
            "XDE89370400440532013000",
        ],
        ..Row::new("iban", "[IBAN]", &[Gdpr, Hipaa])
    },
    Row {
        forms: &[named("AAAAAAXX", checks::bic), named("AAAAAAXXXXX", checks::bic)],
        veto: Veto::Code,
        valid: &[r#""bic":"DEUTDEFF500""#, "BIC {DEUTDEFF}"],
        invalid: &["DEUTDEFF", r#""bic":"pending""#, "BIC STANDARD"],
        by_word: false,
        ..Row::new("bic", "[BIC]", &[Gdpr])
    },
    Row {
        forms: &[named("999999999", checks::aba)],
        valid: &[r#""routing_number":"021000021""#, "routing {011401533}"],
        invalid: &["021000021", r#""routing_number":"n/a""#],
        ..Row::new("us_routing_number", "[ROUTING]", &[Hipaa])
    },
    Row {
        valid: &[r#""account_number":"014138113863""#, "account {971997581724}"],
        invalid: &[r#""account_number":"pending""#, "971997581724"],
        ..Row::new("bank_account", "[ACCOUNT]", &[Gdpr, Hipaa])
    },
    Row {
        valid: &[r#""sort_code":"20-00-00""#, "sort_code={20-00-00}"],
        invalid: &["20-00-00"],
        ..Row::new("uk_sort_code", "[SORT_CODE]", &[super::Pack::Uk])
    },
    Row {
        forms: &[named("999999999999999999", checks::clabe)],
        valid: &[r#""clabe":"032180000118359719""#, "CLABE {032180000118359719}"],
        invalid: &["032180000118359719"],
        ..Row::new("mx_clabe", "[CLABE]", &[super::Pack::Latam])
    },
    Row {
        forms: &[named("AAAA0XXXXXX", checks::ifsc)],
        veto: Veto::Mixed,
        valid: &[r#""ifsc":"SBIN0001234""#, "IFSC {SBIN0001234}"],
        invalid: &["SBIN0001234"],
        by_word: false,
        ..Row::new("in_ifsc", "[IFSC]", &[super::Pack::In])
    },
    Row {
        veto: Veto::Mixed,
        mask: Mask::Token,
        by_word: false,
        valid: &["1BoatSLRHtKNngkdXEeobR76b53LETtpyT"],
        invalid: &["1BoatSLRHtKNngkdXEeobR76b53LETtpyU", "13pFkXvYyR5AGdXeWn4rT2cLpQmZsUbHjK"],
        ..Row::new("bitcoin_address", "[WALLET]", &[Gdpr])
    },
    Row {
        veto: Veto::Mixed,
        mask: Mask::Token,
        by_word: false,
        valid: &["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"],
        invalid: &["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA"],
        ..Row::new("ethereum_address", "[WALLET]", &[Gdpr])
    },
];
