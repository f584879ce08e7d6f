//! Canada, Brazil, Latin America.

use super::Pack::{Br, Ca, Latam};
use super::{Row, Veto, alone, named};
use crate::scan::checks;

pub(super) const ROWS: &[Row] = &[
    Row {
        forms: &[
            named("999 999 999", checks::ca_sin),
            named("999-999-999", checks::ca_sin),
            named("999999999", checks::ca_sin),
        ],
        valid: &[r#""sin_number":"130692544""#, "SIN {130 692 544}"],
        invalid: &["130 692 544", "130692544"],
        ..Row::new("ca_sin", "[SIN]", &[Ca])
    },
    Row {
        forms: &[
            alone("999.999.999-99", checks::br_cpf),
            alone("999 999 999 99", checks::br_cpf),
            named("99999999999", checks::br_cpf),
            named("999999999-99", checks::br_cpf),
        ],
        valid: &["111.444.777-35", "CPF {11144477735}"],
        invalid: &["111.444.777-36", "11144477735"],
        ..Row::new("br_cpf", "[CPF]", &[Br])
    },
    Row {
        forms: &[
            alone("99.999.999/9999-99", checks::br_cnpj),
            alone("99.999.999\\/9999-99", checks::br_cnpj),
            named("99999999999999", checks::br_cnpj),
            named("XXXXXXXXXXXX99", checks::br_cnpj),
        ],
        veto: Veto::Mixed,
        valid: &["11.222.333/0001-81", "12.ABC.345/01DE-35", "CNPJ {11222333000181}"],
        invalid: &["11.222.333/0001-82", "11222333000181"],
        ..Row::new("br_cnpj", "[CNPJ]", &[Br])
    },
    Row {
        forms: &[alone("AAAA999999AAAAAAX9", checks::mx_curp)],
        veto: Veto::Mixed,
        valid: &["BOXW310820HNERXN09"],
        invalid: &["BOXW310820HNERXN08"],
        ..Row::new("mx_curp", "[CURP]", &[Latam])
    },
    Row {
        forms: &[named("AAAA999999XXX", checks::mx_rfc), named("AAA999999XXX", checks::mx_rfc)],
        veto: Veto::Mixed,
        valid: &[r#""rfc":"GODE561231GR8""#, "RFC {GODE561231GR8}"],
        invalid: &["GODE561231GR8", "RFC 9110"],
        by_word: false,
        ..Row::new("mx_rfc", "[RFC]", &[Latam])
    },
    Row {
        forms: &[
            alone("99.999.999-X", checks::cl_rut),
            alone("9.999.999-X", checks::cl_rut),
            named("99999999-X", checks::cl_rut),
            named("9999999-X", checks::cl_rut),
        ],
        veto: Veto::Mixed,
        valid: &["12.345.678-5", "RUT {12345678-5}"],
        invalid: &["12.345.678-6", "12345678-5"],
        ..Row::new("cl_rut", "[RUT]", &[Latam])
    },
    Row {
        forms: &[
            named("999.999.999-9", checks::co_nit),
            named("9999999999", checks::co_nit),
            named("999999999-9", checks::co_nit),
        ],
        valid: &[r#""nit":"213.123.432-1""#, "NIT {213.123.432-1}"],
        invalid: &["213.123.432-1"],
        ..Row::new("co_nit", "[NIT]", &[Latam])
    },
    Row {
        forms: &[named("99-99999999-9", checks::ar_cuit), named("99999999999", checks::ar_cuit)],
        valid: &[r#""cuit":"20-05536168-2""#, "CUIT {20-05536168-2}"],
        invalid: &["20-05536168-2"],
        ..Row::new("ar_cuit", "[CUIT]", &[Latam])
    },
];
