//! What corpora call the kinds that detectors find.

use crate::scan::Detector;

/// Detectors whose name in corpora is another than their own in capitals.
const KINDS: &[(&str, &str)] = &[
    ("au_tfn", "TFN"),
    ("bank_account", "ACCOUNT"),
    ("be_national_number", "BE_NRN"),
    ("br_cnpj", "CNPJ"),
    ("br_cpf", "CPF"),
    ("ca_sin", "SIN"),
    ("cn_resident_id", "CN_ID"),
    ("cz_rodne_cislo", "CZ_RC"),
    ("de_id_card", "DE_IDCARD"),
    ("de_social_insurance", "DE_SVNR"),
    ("de_tax_id", "DE_TAX"),
    ("driver_license", "DL"),
    ("ee_isikukood", "EE_IK"),
    ("in_aadhaar", "AADHAAR"),
    ("ipv4", "IP"),
    ("ipv6", "IP"),
    ("it_codice_fiscale", "IT_CF"),
    ("jp_corporate_number", "JP_CORPORATE"),
    ("jp_my_number", "JP_MYNUMBER"),
    ("mac_address", "MAC"),
    ("no_fodselsnummer", "NO_FNR"),
    ("person_name", "PERSON"),
    ("postal_code", "ADDRESS"),
    ("se_personnummer", "SE_PNR"),
    ("uk_nhs", "NHS"),
    ("uk_nino", "NINO"),
    ("us_atin", "ATIN"),
    ("us_dea", "DEA"),
    ("us_ein", "EIN"),
    ("us_itin", "ITIN"),
    ("us_mbi", "MBI"),
    ("us_npi", "NPI"),
    ("us_ptin", "PTIN"),
    ("us_routing_number", "ROUTING"),
    ("us_ssn", "SSN"),
];

/// The corpus's word for what a detector finds.
pub(super) fn of(detector: Detector) -> String {
    let id = detector.as_str();
    match KINDS.iter().find(|(known, _)| *known == id) {
        Some((_, kind)) => (*kind).to_owned(),
        None if detector.is_secret() => "SECRET".to_owned(),
        None => id.to_ascii_uppercase(),
    }
}
