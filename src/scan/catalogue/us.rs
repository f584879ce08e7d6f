//! The United States, health care, vehicles and devices.

use super::Pack::{Gdpr, Hipaa, Us};
use super::{Row, Veto, alone, named};
use crate::scan::checks;

pub(super) const ROWS: &[Row] = &[
    Row {
        forms: &[
            alone("999-99-9999", checks::ssn),
            alone("999 99 9999", checks::ssn),
            named("999999999", checks::ssn),
        ],
        valid: &[
            "123-45-6789",
            "078-05-1120",
            "219-09-9999",
            "457 55 5462",
            "SSN {457555462}",
            "social security number: {457555462}",
        ],
        invalid: &[
            "000-12-3456",
            "666-12-3456",
            "123-00-4567",
            "123-45-0000",
            "SKU-427-84-9808",
            "123-45 6789",
            "1234-45-6789",
            "123-45-67890",
            "123456789",
        ],
        ..Row::new("us_ssn", "[SSN]", &[Us, Hipaa])
    },
    Row {
        forms: &[
            alone("999-99-9999", checks::itin),
            alone("999 99 9999", checks::itin),
            named("999999999", checks::itin),
        ],
        valid: &["912-90-3456", "ITIN {912903456}"],
        invalid: &["912-66-3456", "912903456"],
        ..Row::new("us_itin", "[ITIN]", &[Us, Hipaa])
    },
    Row {
        forms: &[alone("999-99-9999", checks::atin), named("999999999", checks::atin)],
        valid: &["912-93-3456", "ATIN {912933456}"],
        invalid: &["912-89-3456"],
        ..Row::new("us_atin", "[ATIN]", &[Us, Hipaa])
    },
    Row {
        forms: &[named("A99999999", checks::ptin)],
        veto: Veto::Mixed,
        valid: &[r#""ptin":"P12345678""#, "PTIN {P12345678}"],
        invalid: &["P12345678"],
        ..Row::new("us_ptin", "[PTIN]", &[Us])
    },
    Row {
        forms: &[named("99-9999999", checks::ein), named("999999999", checks::ein)],
        valid: &[r#""ein":"12-3456789""#, "EIN {04-2103594}"],
        invalid: &["12-3456789", "part 04-2103594"],
        ..Row::new("us_ein", "[EIN]", &[Us])
    },
    Row {
        forms: &[named("9999999999", checks::npi)],
        valid: &[r#""npi":"1234567893""#, "NPI {1234567893}"],
        invalid: &["1234567893"],
        ..Row::new("us_npi", "[NPI]", &[Us, Hipaa])
    },
    Row {
        forms: &[alone("XXXXXXXXXXX", checks::mbi)],
        veto: Veto::Mixed,
        valid: &["1EG4-TE5-MK73", "1EG4TE5MK73"],
        invalid: &["1EG4-TE5-MK7", "1SG4TE5MK73", "1eg4te5mk73"],
        ..Row::new("us_mbi", "[MBI]", &[Us, Hipaa])
    },
    Row {
        forms: &[named("AA9999999", checks::dea), named("A99999999", checks::dea)],
        veto: Veto::Mixed,
        valid: &[r#""dea_number":"AB1234563""#, "DEA {F91234563}"],
        invalid: &["AB1234563"],
        ..Row::new("us_dea", "[DEA]", &[Us, Hipaa])
    },
    Row {
        veto: Veto::Mixed,
        valid: &[
            r#""mrn":"MRN-00123456""#,
            r#""medicalRecordNumber":83920117"#,
            r#""patient_chart_no":"A 1020304""#,
            "MRN {MR77711837}",
        ],
        invalid: &[
            r#""mrn":"pending""#,
            r#""mrn":"/patients/list""#,
            r#""mrn":true"#,
            r#""order":"MRX 1020304""#,
        ],
        ..Row::new("mrn", "[MRN]", &[Hipaa])
    },
    Row {
        veto: Veto::Mixed,
        valid: &[
            r#""member_id":"XQ7-00412-88""#,
            r#""policyNumber":"HP-220041""#,
            "claim number {CLM-0042177}",
        ],
        invalid: &[r#""member_id":"pending""#, r#""policy":"deny-all""#],
        ..Row::new("health_plan_id", "[MEMBER]", &[Hipaa])
    },
    Row {
        veto: Veto::Mixed,
        valid: &[r#""passport_no":"X58122362""#, "Passport {540244550}"],
        invalid: &[r#""passport_no":"pending""#, "X58122362"],
        ..Row::new("passport", "[PASSPORT]", &[Us, Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Mixed,
        valid: &[r#""driver_license":"E0765024""#, "licence {G3682963}", "license no. {G3682963}"],
        invalid: &[r#""license":"MIT""#, r#""license":"Apache-2.0""#, "license 2.0"],
        ..Row::new("driver_license", "[LICENSE]", &[Us, Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Mixed,
        valid: &[r#""license_plate":"B-AL 1234""#, r#""kennzeichen":"M-XY 77""#],
        invalid: &[r#""license_plate":null"#],
        by_word: false,
        ..Row::new("license_plate", "[PLATE]", &[Hipaa, Gdpr])
    },
    Row {
        forms: &[alone("XXXXXXXXXXXXXXXXX", checks::vin)],
        veto: Veto::Mixed,
        valid: &["1HGCM82633A004352", "1M8GDM9AXKP042788"],
        invalid: &["1HGCM82633A004353", "11111111111111111", "x1HGCM82633A004352"],
        ..Row::new("vin", "[VIN]", &[Hipaa, Gdpr])
    },
    Row {
        forms: &[named("999999999999999", checks::imei), named("99-999999-999999-9", checks::imei)],
        valid: &[r#""imei":"490154203237518""#, "IMEI {490154203237518}"],
        invalid: &["490154203237518"],
        ..Row::new("imei", "[IMEI]", &[Hipaa, Gdpr])
    },
    Row {
        forms: &[named("9999999999999999999", checks::iccid), named("99999999999999999999", checks::iccid)],
        valid: &[r#""iccid":"89014103211118510720""#],
        invalid: &["89014103211118510720"],
        ..Row::new("iccid", "[ICCID]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Mixed,
        valid: &[r#""serial_number":"SN-4711-08""#, r#""device_id":"a1b2c3d4e5""#],
        invalid: &[r#""serial_number":"pending""#],
        by_word: false,
        ..Row::new("device_id", "[DEVICE]", &[Hipaa])
    },
    Row {
        valid: &[r#""national_id":"AB-1234-77""#, r#""identity_number":"40071188""#],
        invalid: &[r#""national_id":"pending""#],
        veto: Veto::Mixed,
        by_word: false,
        ..Row::new("national_id", "[ID]", &[Gdpr])
    },
];
