//! People and where they are reached: names, addresses, mail, telephone, dates, hosts.

use super::Pack::{Gdpr, Hipaa};
use super::{Mask, Row, Veto};

pub(super) const ROWS: &[Row] = &[
    // A field that a rule names, whatever it holds.
    Row { veto: Veto::Never, by_word: false, ..Row::new("field", "[REDACTED]", &[]) },
    Row {
        veto: Veto::Name,
        by_word: false,
        valid: &[
            r#""patient_name":"Ann Lee""#,
            r#""Nachname":"Müller""#,
            "Patient {Ann Lee}",
            "Dear {Dr. Anna van der Berg}",
            "Herr {Jürgen Groß}",
        ],
        invalid: &[r#""display_name":"payments-api""#, "Patient records", r#""tool_name":"Ann Lee""#],
        ..Row::new("person_name", "[NAME]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Place,
        by_word: false,
        valid: &[
            r#""street":"12 Main Street""#,
            r#""anschrift":"Hauptstraße 5""#,
            "at {4727 Cassandra Circle Suite 917}",
            "{85, boulevard Stephanie Joubert}",
            "{Lindenstraße 12a}",
        ],
        invalid: &[r#""ip_address_type":"Main Street""#, "room 12 Main", "5 August 2020"],
        ..Row::new("address", "[ADDRESS]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Place,
        valid: &[r#""zip":"90210""#, r#""plz":10115"#, r#""postcode":"SW1A 1AA""#],
        invalid: &[r#""zip_file":"90210""#, "90210"],
        by_word: false,
        ..Row::new("postal_code", "[ZIP]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Mail,
        mask: Mask::Address,
        by_word: false,
        valid: &["user@example.com", "first.last+tag@mail.example.co.uk", "o'neil_7@ex-ample.org", "a@b.io"],
        invalid: &["icon@2x.png", "@scope/pkg", "pkg@1.2.3", "user@localhost", "a @ b.com", "x@y.c"],
        ..Row::new("email", "[EMAIL]", &[Hipaa, Gdpr])
    },
    Row {
        valid: &[
            "+44 20 7946 0958",
            "+14155550123",
            "+1 (202) 555-0143",
            "202-555-0143",
            "(202) 555-0143",
            "202.555.0143",
            "1-202-555-0143",
        ],
        invalid: &["2006-14129", "102-555-0143", "202-155-0143", "2202-555-0143", "202-555-01434", "+123"],
        ..Row::new("phone", "[PHONE]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Date,
        valid: &[
            r#""dob":"1980-02-29""#,
            r#""dateOfBirth":"29 Feb 1980""#,
            r#""Geburtsdatum":"29.02.1980""#,
            "born on {29.02.1980}",
            "DOB {02/29/1980}",
        ],
        invalid: &[
            r#""created_at":"1980-02-29""#,
            r#""dob":null"#,
            r#""dob_format":"1980-02-29""#,
            r#""dob":"unknown""#,
        ],
        ..Row::new("dob", "[DOB]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Host,
        by_word: false,
        valid: &["192.0.2.1", "198.51.100.77", "8.8.8.8", "203.0.113.255"],
        invalid: &[
            "10.1.2.3",
            "192.168.0.1",
            "172.16.9.9",
            "127.0.0.1",
            "0.0.0.0",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "08.8.8.8",
            "v8.8.8.8",
            "Chrome/120.0.6099.71",
            "version 8.8.8.8",
            "8.8.8.8-rc1",
        ],
        ..Row::new("ipv4", "[IP]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Host,
        by_word: false,
        valid: &["2001:db8::1", "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "fd00::abcd:1"],
        invalid: &["::1", "12:30:45", "a::b", "std::vec::Vec", "dead:beef"],
        ..Row::new("ipv6", "[IP]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Mixed,
        by_word: false,
        valid: &["d3:9a:b8:50:60:3b", "00-1B-44-11-3A-B7", r#""mac_address":"001b44113ab7""#],
        invalid: &["12:30:45", "d3:9a:b8:50:60", "00:00:00:00:00:00"],
        ..Row::new("mac_address", "[MAC]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Mixed,
        by_word: false,
        valid: &[r#""latitude":48.85661"#, r#""home_longitude":"2.35222""#],
        invalid: &[r#""lat_count":2"#, r#""latitude":null"#],
        ..Row::new("geo", "[GEO]", &[Hipaa, Gdpr])
    },
    Row {
        veto: Veto::Never,
        by_word: false,
        valid: &[r#""religion":"made-up faith""#, r#""blood_type":"AB negative""#],
        invalid: &[r#""religion":null"#],
        ..Row::new("special_category", "[SENSITIVE]", &[Gdpr])
    },
    Row {
        veto: Veto::Never,
        by_word: false,
        valid: &[r#""fingerprint_template":"Rk1SACAyMAAAAA""#],
        invalid: &[r#""fingerprint_template":null"#],
        ..Row::new("biometric", "[BIOMETRIC]", &[Hipaa, Gdpr])
    },
];
