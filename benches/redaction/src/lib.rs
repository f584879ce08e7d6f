//! Other engines, each as its own documents would have it used.

use std::sync::Arc;

use dd_sds::{
    MatchAction, RegexRuleConfig, RootRuleConfig, RuleConfig, Scanner, SecondaryValidator as Check,
};
use redact_core::AnalyzerEngine;

/// Something that an engine found: bytes of the text, and its label.
pub type Found = (usize, usize, String);

/// A rule for DataDog's engine: label, pattern, check, and words of which one must stand before it.
type Row = (&'static str, &'static str, Option<Check>, &'static [&'static str]);

/// The rules: ordinary formats, with the engine's own checks, and words where a format alone says nothing.
fn rows() -> Vec<Row> {
    vec![
        ("EMAIL", r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,64}\.[A-Za-z]{2,10}\b", None, &[]),
        ("SSN", r"\b\d{3}-\d{2}-\d{4}\b", None, &[]),
        ("SSN", r"\b\d{9}\b", None, &["ssn", "social security", "social_security", "taxpayer"]),
        ("PAN", r"\b(?:\d[ -]?){13,18}\d\b", Some(Check::LuhnChecksum), &[]),
        ("CVV", r"\b\d{3,4}\b", None, &["cvv", "cvc", "security code", "securitycode"]),
        ("PHONE", r"\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}\b", None, &[]),
        ("PHONE", r"\(?\b[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}\b", None, &[]),
        ("IBAN", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b", Some(Check::IbanChecker), &[]),
        ("IP", r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b", None, &[]),
        ("MAC", r"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b", None, &[]),
        ("DOB", r"\b\d{4}-\d{2}-\d{2}\b", None, &["dob", "birth", "born"]),
        ("DOB", r"\b\d{1,2}[./]\d{1,2}[./]\d{4}\b", None, &["dob", "birth", "born"]),
        ("MRN", r"\b(?:MRN-?|MR|H)?\d{7,10}\b", None, &["mrn", "medical record", "medicalrecord", "chart"]),
        ("NPI", r"\b[12]\d{9}\b", Some(Check::UsNpiChecksum), &["npi"]),
        ("DEA", r"\b[A-Z][A-Z9]\d{7}\b", Some(Check::UsDeaChecksum), &[]),
        ("MBI", r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}\b", None, &[]),
        ("ITIN", r"\b9\d{2}-\d{2}-\d{4}\b", None, &[]),
        ("EIN", r"\b\d{2}-\d{7}\b", None, &["ein", "employer"]),
        ("ROUTING", r"\b\d{9}\b", Some(Check::AbaRtnChecksum), &["routing", "aba", "rtn"]),
        ("ACCOUNT", r"\b\d{6,17}\b", None, &["account", "acct"]),
        ("BIC", r"\b[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b", None, &["bic", "swift"]),
        ("PASSPORT", r"\b[A-Z0-9]\d{8}\b", None, &["passport"]),
        ("DL", r"\b[A-Z]\d{7}\b", None, &["licence", "license", "dl_number"]),
        ("NHS", r"\b\d{3} ?\d{3} ?\d{4}\b", Some(Check::NhsCheckDigit), &["nhs"]),
        ("NINO", r"\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", Some(Check::UkNinoFormatCheck), &[]),
        ("AADHAAR", r"\b[2-9]\d{3} ?\d{4} ?\d{4}\b", Some(Check::VerhoeffChecksum), &[]),
        ("IN_PAN", r"\b[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]\b", None, &[]),
        ("CPF", r"\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b", Some(Check::BrazilianCpfChecksum), &[]),
        ("CNPJ", r"\b\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}\b", Some(Check::BrazilianCnpjChecksum), &[]),
        ("SIN", r"\b\d{3} ?\d{3} ?\d{3}\b", Some(Check::LuhnChecksum), &["sin", "social insurance"]),
        ("TFN", r"\b\d{3} ?\d{3} ?\d{3}\b", Some(Check::AustralianTfnChecksum), &["tfn", "tax file"]),
        ("AU_MEDICARE", r"\b\d{4} ?\d{5} ?\d{1,2}\b", Some(Check::AustralianMedicareChecksum), &["medicare"]),
        ("DE_TAX", r"\b[1-9]\d{10}\b", Some(Check::GermanIdsChecksum), &["steuer"]),
        ("FR_NIR", r"\b[12]\d{14}\b", Some(Check::NirChecksum), &[]),
        ("ES_DNI", r"\b[XYZ\d]\d{7}[A-Z]\b", Some(Check::SpanishDniChecksum), &[]),
        ("IT_CF", r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b", Some(Check::ItalianNationalIdChecksum), &[]),
        ("NL_BSN", r"\b\d{9}\b", Some(Check::DutchBsnChecksum), &["bsn"]),
        ("PL_PESEL", r"\b\d{11}\b", Some(Check::PolishNationalIdChecksum), &["pesel"]),
        ("SE_PNR", r"\b\d{6}[-+]\d{4}\b", Some(Check::SwedenPINChecksum), &[]),
        ("FI_HETU", r"\b\d{6}[-+A]\d{3}[0-9A-Y]\b", Some(Check::FinnishHetuChecksum), &[]),
        ("BE_NRN", r"\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b", Some(Check::BelgiumNationalRegisterChecksum), &[]),
        ("SG_NRIC", r"\b[STFG]\d{7}[A-Z]\b", Some(Check::SingaporeNricChecksum), &[]),
        ("CN_ID", r"\b\d{17}[\dX]\b", Some(Check::ChineseIdChecksum), &[]),
        ("KR_RRN", r"\b\d{6}-[1-4]\d{6}\b", None, &[]),
        ("VIN", r"\b[A-HJ-NPR-Z0-9]{17}\b", Some(Check::VinChecksum), &[]),
        ("IMEI", r"\b\d{15}\b", Some(Check::LuhnChecksum), &["imei"]),
        ("SECRET", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", None, &[]),
        ("SECRET", r"\bgh[oprsu]_[A-Za-z0-9]{36}\b", Some(Check::GithubTokenChecksum), &[]),
        ("SECRET", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,72}", None, &[]),
        ("SECRET", r"\b[rs]k_live_[A-Za-z0-9]{10,99}\b", None, &[]),
        ("SECRET", r"\bsk-(?:proj|ant-api03)-[A-Za-z0-9_-]{80,200}", None, &[]),
        ("SECRET", r"\bAIza[A-Za-z0-9_-]{35}", None, &[]),
        ("SECRET", r"\bglpat-[A-Za-z0-9_-]{20,64}", None, &[]),
        ("SECRET", r"\bnpm_[A-Za-z0-9]{36}\b", None, &[]),
        ("SECRET", r"\bey[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{10,800}\.[A-Za-z0-9_-]{10,200}", None, &[]),
        ("SECRET", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\\n\s-]{20,900}-----END [A-Z ]{0,20}PRIVATE KEY-----", None, &[]),
        ("SECRET", r#"[^\s"\\:@/]{6,64}"#, None, &["password", "passwd", "secret_access_key"]),
    ]
}

/// DataDog's engine with the rules above, over the whole message as text.
pub struct DataDog {
    scanner: Scanner,
    labels: Vec<&'static str>,
}

impl DataDog {
    /// Makes the rules ready.
    pub fn new() -> Self {
        let (mut rules, mut labels) = (Vec::new(), Vec::new());
        for (label, pattern, check, words) in rows() {
            let mut rule = RegexRuleConfig::new(pattern).with_validator(check);
            if !words.is_empty() {
                rule = rule.with_included_keywords(words);
            }
            let rule: Arc<dyn RuleConfig> = rule.build();
            rules.push(RootRuleConfig::new(rule).match_action(MatchAction::None));
            labels.push(label);
        }
        Self { scanner: Scanner::builder(&rules).build().expect("rules"), labels }
    }

    /// What it finds in a text.
    pub fn find(&self, text: &str) -> Vec<Found> {
        let found = self.scanner.scan(&mut text.to_owned()).unwrap_or_default();
        found.iter().map(|one| (one.start_index, one.end_index_exclusive, self.labels[one.rule_index].to_owned())).collect()
    }
}

/// Censgate's engine as it comes.
pub struct Redact(AnalyzerEngine);

impl Redact {
    /// Makes it ready.
    pub fn new() -> Self {
        Self(AnalyzerEngine::new())
    }

    /// What it finds in a text.
    pub fn find(&self, text: &str) -> Vec<Found> {
        let found = self.0.analyze(text, None).map(|result| result.detected_entities).unwrap_or_default();
        found.iter().map(|one| (one.start, one.end, one.entity_type.as_str().to_owned())).collect()
    }
}
