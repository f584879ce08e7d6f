//! The United Kingdom, Ireland, the European Union and its neighbours.

use super::Pack::{Eu, Gdpr, Uk};
use super::{Row, Veto, alone, named};
use crate::scan::checks;

pub(super) const ROWS: &[Row] = &[
    Row {
        forms: &[
            alone("999 999 9999", checks::nhs),
            named("999-999-9999", checks::nhs),
            named("9999999999", checks::nhs),
        ],
        valid: &["943 476 5919", "NHS number {9434765919}"],
        invalid: &["943 476 5918", "9434765919"],
        ..Row::new("uk_nhs", "[NHS]", &[Uk, Gdpr])
    },
    Row {
        forms: &[alone("AA999999A", checks::nino)],
        veto: Veto::Mixed,
        valid: &["AA123456A", "AB 12 34 56 C"],
        invalid: &["QQ123456C", "AA123456E", "xAA123456A"],
        ..Row::new("uk_nino", "[NINO]", &[Uk, Gdpr])
    },
    Row {
        forms: &[named("9999999999", checks::utr), named("99999 99999", checks::utr)],
        valid: &[r#""utr":"1955839661""#, "UTR {1955839661}"],
        invalid: &["1955839661"],
        ..Row::new("uk_utr", "[UTR]", &[Uk, Gdpr])
    },
    Row {
        forms: &[named("9999999A", checks::pps), named("9999999AA", checks::pps)],
        veto: Veto::Mixed,
        valid: &[r#""pps_number":"1234567FA""#, "PPS number {1234567FA}"],
        invalid: &["1234567FA"],
        ..Row::new("ie_pps", "[PPS]", &[Eu, Gdpr])
    },
    Row {
        forms: &[
            named("99999999999", checks::de_tax),
            named("99 999 999 999", checks::de_tax),
            named("99 99 99 99 999", checks::de_tax),
        ],
        valid: &[r#""steuer_id":"86095742719""#, "Steuer-ID {86095742719}"],
        invalid: &["86095742719"],
        ..Row::new("de_tax_id", "[TAX_ID]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("99999999A999", checks::de_svnr)],
        veto: Veto::Mixed,
        valid: &[r#""sozialversicherungsnummer":"15070649C103""#, "Sozialversicherungsnummer {15070649C103}"],
        invalid: &["15070649C103"],
        ..Row::new("de_social_insurance", "[SVNR]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("XXXXXXXXXX", checks::de_idcard)],
        veto: Veto::Mixed,
        valid: &[r#""personalausweisnummer":"L01X00T471""#, "Ausweisnummer {L01X00T471}"],
        invalid: &["L01X00T471"],
        ..Row::new("de_id_card", "[ID_CARD]", &[Eu, Gdpr])
    },
    Row {
        forms: &[
            alone("999999999999999", checks::fr_nir),
            alone("999999X99999999", checks::fr_nir),
            alone("9 99 99 99 999 999 99", checks::fr_nir),
            alone("9 99 99 9X 999 999 99", checks::fr_nir),
        ],
        valid: &["255081416802538", "253072B07300470", "2 55 08 14 168 025 38"],
        invalid: &["255081416802539"],
        ..Row::new("fr_nir", "[NIR]", &[Eu, Gdpr])
    },
    Row {
        forms: &[
            alone("99999999A", checks::es_dni),
            alone("A9999999A", checks::es_dni),
            alone("99999999-A", checks::es_dni),
        ],
        veto: Veto::Mixed,
        valid: &["12345678Z", "X2482300W"],
        invalid: &["12345678A", "x12345678Z"],
        ..Row::new("es_dni", "[DNI]", &[Eu, Gdpr])
    },
    Row {
        forms: &[alone("AAAAAAXXAXXAXXXA", checks::it_cf)],
        veto: Veto::Mixed,
        valid: &["RSSMRA85T10A562S"],
        invalid: &["RSSMRA85T10A562T"],
        ..Row::new("it_codice_fiscale", "[CODICE_FISCALE]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("999999999", checks::nl_bsn), named("9999 99 999", checks::nl_bsn)],
        valid: &[r#""bsn":"111222333""#, "BSN {111222333}"],
        invalid: &["111222333"],
        ..Row::new("nl_bsn", "[BSN]", &[Eu, Gdpr])
    },
    Row {
        forms: &[alone("99.99.99-999.99", checks::be_nrn), named("99999999999", checks::be_nrn)],
        valid: &["85.07.30-033.28", "rijksregisternummer {85073003328}"],
        invalid: &["85.07.30-033.29", "85073003328"],
        ..Row::new("be_national_number", "[NRN]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("99999999999", checks::pl_pesel)],
        valid: &[r#""pesel":"44051401359""#, "PESEL {44051401359}"],
        invalid: &["44051401359"],
        ..Row::new("pl_pesel", "[PESEL]", &[Eu, Gdpr])
    },
    Row {
        forms: &[
            alone("999999-9999", checks::se_pnr),
            alone("999999+9999", checks::se_pnr),
            alone("99999999-9999", checks::se_pnr),
            named("9999999999", checks::se_pnr),
            named("999999999999", checks::se_pnr),
        ],
        valid: &["811218-9876", "personnummer {8112189876}"],
        invalid: &["811218-9877", "8112189876"],
        ..Row::new("se_personnummer", "[PERSONNUMMER]", &[Eu, Gdpr])
    },
    Row {
        forms: &[
            alone("999999-999X", checks::fi_hetu),
            alone("999999+999X", checks::fi_hetu),
            alone("999999A999X", checks::fi_hetu),
        ],
        veto: Veto::Mixed,
        valid: &["131052-308T"],
        invalid: &["131052-308U"],
        ..Row::new("fi_hetu", "[HETU]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("99999999999", checks::no_fnr), named("999999 99999", checks::no_fnr)],
        valid: &[r#""fodselsnummer":"15108695088""#, "fødselsnummer {15108695088}"],
        invalid: &["15108695088"],
        ..Row::new("no_fodselsnummer", "[FNR]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("999999-9999", checks::dk_cpr), named("9999999999", checks::dk_cpr)],
        valid: &[r#""cpr_nummer":"211062-5629""#, "CPR {211062-5629}"],
        invalid: &["211062-5629"],
        ..Row::new("dk_cpr", "[CPR]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("999999-9999", checks::is_kennitala), named("9999999999", checks::is_kennitala)],
        valid: &[r#""kennitala":"450401-3150""#, "kennitala {450401-3150}"],
        invalid: &["450401-3150"],
        ..Row::new("is_kennitala", "[KENNITALA]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("9999 999999", checks::at_svnr), named("9999999999", checks::at_svnr)],
        valid: &[r#""svnr":"1237010180""#, "SVNR {1237 010180}"],
        invalid: &["1237 010180"],
        ..Row::new("at_svnr", "[SVNR]", &[Eu, Gdpr])
    },
    Row {
        forms: &[alone("999.9999.9999.99", checks::ch_ahv), alone("9999999999999", checks::ch_ahv)],
        valid: &["756.9217.0769.85", "7569217076985"],
        invalid: &["756.9217.0769.84"],
        ..Row::new("ch_ahv", "[AHV]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("999999999", checks::pt_nif)],
        valid: &[r#""contribuinte":"123456789""#, "contribuinte {123456789}"],
        invalid: &["123456789"],
        ..Row::new("pt_nif", "[NIF]", &[Eu, Gdpr])
    },
    Row {
        forms: &[alone("999999/9999", checks::cz_rc), named("9999999999", checks::cz_rc)],
        valid: &["710319/2745", "rodné číslo {7103192745}"],
        invalid: &["710319/2746", "7103192745"],
        ..Row::new("cz_rodne_cislo", "[RODNE_CISLO]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("9999999999999", checks::ro_cnp)],
        valid: &[r#""cnp":"1630615123457""#, "CNP {1630615123457}"],
        invalid: &["1630615123457"],
        ..Row::new("ro_cnp", "[CNP]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("9999999999", checks::bg_egn)],
        valid: &[r#""egn":"7523169263""#, "EGN {7523169263}"],
        invalid: &["7523169263"],
        ..Row::new("bg_egn", "[EGN]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("99999999999", checks::gr_amka)],
        valid: &[r#""amka":"01013099997""#, "AMKA {01013099997}"],
        invalid: &["01013099997"],
        ..Row::new("gr_amka", "[AMKA]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("99999999999", checks::hr_oib)],
        valid: &[r#""oib":"33392005961""#, "OIB {33392005961}"],
        invalid: &["33392005961"],
        ..Row::new("hr_oib", "[OIB]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("9999999999999", checks::si_emso)],
        valid: &[r#""emso":"0101006500006""#, "EMŠO {0101006500006}"],
        invalid: &["0101006500006"],
        ..Row::new("si_emso", "[EMSO]", &[Eu, Gdpr])
    },
    Row {
        forms: &[named("99999999999", checks::ee_ik)],
        valid: &[r#""isikukood":"36805280109""#, "isikukood {36805280109}"],
        invalid: &["36805280109"],
        ..Row::new("ee_isikukood", "[ISIKUKOOD]", &[Eu, Gdpr])
    },
];
