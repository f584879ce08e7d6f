//! The one table of everything that is looked for: name, cue, form of the mask, vectors.

/// A kind of value that must not be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Detector {
    /// An AWS access key id, by its prefix.
    AwsAccessKey,
    /// A date of birth, by field name.
    Dob,
    /// An e-mail address.
    Email,
    /// A field that a rule names. No policy names it as a detector.
    Field,
    /// A GitHub token, by its prefix and its CRC-32.
    GithubToken,
    /// An international bank account number: country, length and remainder.
    Iban,
    /// A public IPv4 address; private ranges and version numbers are left.
    Ipv4,
    /// A JSON web token whose header names an algorithm.
    Jwt,
    /// A medical record number, by field name.
    Mrn,
    /// A payment card number: brand, length and Luhn's check.
    Pan,
    /// A private key in PEM form, to its end.
    PemPrivateKey,
    /// A telephone number: international with `+`, or North American in groups.
    Phone,
    /// A password, key or token, by field name.
    Secret,
    /// A US social security number, in groups or by field name.
    UsSsn,
}

/// What leads to a detector: the first pass looks for these alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// A byte, or a few in a row, that stand in every value of the kind.
    Bytes,
    /// The third digit of a run.
    Digits,
    /// Nothing in the value: only the name of a field.
    Name,
}

/// How a value is written over where the action is mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mask {
    /// Stars for letters and digits, separators kept.
    Stars,
    /// Stars, but for the last four digits.
    LastFour,
    /// The first character and the domain of an address stay.
    Address,
    /// Eight stars, whatever the length.
    Fixed,
    /// The token of action replace, since length and shape say nothing.
    Token,
}

/// One row of the table.
pub(super) struct Row {
    pub detector: Detector,
    /// Its name in policies, findings and metrics.
    pub id: &'static str,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the first pass is compiled; tests hold it to the table")
    )]
    pub cue: Cue,
    pub mask: Mask,
    /// What action replace writes.
    pub token: &'static str,
    /// Public test values; of cue [`Cue::Name`], members of an object.
    #[cfg_attr(not(test), expect(dead_code, reason = "public vectors stand beside what they test"))]
    pub valid: &'static [&'static str],
    /// Near misses that stay as they are.
    #[cfg_attr(not(test), expect(dead_code, reason = "public vectors stand beside what they test"))]
    pub invalid: &'static [&'static str],
}

/// Every detector, in the order of the enum.
pub(super) const TABLE: [Row; 14] = [
    Row {
        detector: Detector::AwsAccessKey,
        id: "aws_access_key",
        cue: Cue::Bytes,
        mask: Mask::Stars,
        token: "[AWS_ACCESS_KEY]",
        valid: &[concat!("AK", "IAIOSFODNN7EXAMPLE"), concat!("AS", "IAQQQQWWWWEEEERRRR")],
        invalid: &[
            "AKIAIOSFODNN7EXAMPL",
            "AKIAIOSFODNN7EXAMPLEX",
            "AKIAIOSFODNN1EXAMPLE",
            "xAKIAIOSFODNN7EXAMPLE",
        ],
    },
    Row {
        detector: Detector::Dob,
        id: "dob",
        cue: Cue::Name,
        mask: Mask::Stars,
        token: "[DOB]",
        valid: &[r#""dob":"1980-02-29""#, r#""dateOfBirth":"29 Feb 1980""#, r#""Geburtsdatum":"29.02.1980""#],
        invalid: &[
            r#""created_at":"1980-02-29""#,
            r#""dob":null"#,
            r#""dob_format":"1980-02-29""#,
            r#""dob":"unknown""#,
        ],
    },
    Row {
        detector: Detector::Email,
        id: "email",
        cue: Cue::Bytes,
        mask: Mask::Address,
        token: "[EMAIL]",
        valid: &["user@example.com", "first.last+tag@mail.example.co.uk", "o'neil_7@ex-ample.org", "a@b.io"],
        invalid: &["icon@2x.png", "@scope/pkg", "pkg@1.2.3", "user@localhost", "a @ b.com", "x@y.c"],
    },
    Row {
        detector: Detector::Field,
        id: "field",
        cue: Cue::Name,
        mask: Mask::Stars,
        token: "[REDACTED]",
        valid: &[],
        invalid: &[],
    },
    Row {
        detector: Detector::GithubToken,
        id: "github_token",
        cue: Cue::Bytes,
        mask: Mask::Token,
        token: "[GITHUB_TOKEN]",
        valid: &[
            concat!("gh", "p_000000000000000000000000000000", "2C8GjS"),
            concat!(
                "github",
                "_pat_11AAAAAAA0aaaaaaaaaaaa_",
                "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
            ),
        ],
        invalid: &[
            "ghp_000000000000000000000000000000000000",
            "ghx_0000000000000000000000000000002C8GjS",
            "github_pat_short",
        ],
    },
    Row {
        detector: Detector::Iban,
        id: "iban",
        cue: Cue::Bytes,
        mask: Mask::Stars,
        token: "[IBAN]",
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
    },
    Row {
        detector: Detector::Ipv4,
        id: "ipv4",
        cue: Cue::Bytes,
        mask: Mask::Stars,
        token: "[IP]",
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
    },
    Row {
        detector: Detector::Jwt,
        id: "jwt",
        cue: Cue::Bytes,
        mask: Mask::Token,
        token: "[JWT]",
        valid: &[
            concat!("ey", "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
            concat!("ey", "JhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."),
        ],
        invalid: &[
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJzdWIiOiIxIn0.eyJzdWIiOiIxIn0.c2ln",
            "eyJ.a.b",
            "xeyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        ],
    },
    Row {
        detector: Detector::Mrn,
        id: "mrn",
        cue: Cue::Name,
        mask: Mask::Stars,
        token: "[MRN]",
        valid: &[
            r#""mrn":"MRN-00123456""#,
            r#""medicalRecordNumber":83920117"#,
            r#""patient_chart_no":"A 1020304""#,
        ],
        invalid: &[
            r#""mrn":"pending""#,
            r#""mrn":"/patients/list""#,
            r#""mrn":true"#,
            r#""order":"MRX 1020304""#,
        ],
    },
    Row {
        detector: Detector::Pan,
        id: "pan",
        cue: Cue::Digits,
        mask: Mask::LastFour,
        token: "[PAN]",
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
        ],
    },
    Row {
        detector: Detector::PemPrivateKey,
        id: "pem_private_key",
        cue: Cue::Bytes,
        mask: Mask::Token,
        token: "[PRIVATE_KEY]",
        valid: &[
            concat!("-----BEGIN ", "PRIVATE KEY-----\nMC4CAQAw\n-----END ", "PRIVATE KEY-----"),
            concat!("-----BEGIN RSA ", "PRIVATE KEY-----\nMC4CAQAw"),
        ],
        invalid: &[
            "-----BEGIN CERTIFICATE-----\nMC4CAQAw\n-----END CERTIFICATE-----",
            "--BEGIN PRIVATE KEY--",
        ],
    },
    Row {
        detector: Detector::Phone,
        id: "phone",
        cue: Cue::Bytes,
        mask: Mask::Stars,
        token: "[PHONE]",
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
    },
    Row {
        detector: Detector::Secret,
        id: "secret",
        cue: Cue::Name,
        mask: Mask::Fixed,
        token: "[SECRET]",
        valid: &[
            r#""password":"required""#,
            r#""clientSecret":"secret-1-value""#,
            r#""db_passwd":"x y z""#,
            r#""otp":482913"#,
            r#""token":"q8J2mfP0w9sL3xVa""#,
        ],
        invalid: &[
            r#""nextPageToken":"q8J2mfP0w9sL3xVa""#,
            r#""token_type":"Bearer-0001""#,
            r#""key":"customer_id""#,
            r#""secret":"/run/secrets/db""#,
            r#""password":null"#,
        ],
    },
    Row {
        detector: Detector::UsSsn,
        id: "us_ssn",
        cue: Cue::Digits,
        mask: Mask::Stars,
        token: "[SSN]",
        valid: &["123-45-6789", "078-05-1120", "219-09-9999", "457 55 5462"],
        invalid: &[
            "000-12-3456",
            "666-12-3456",
            "900-12-3456",
            "123-00-4567",
            "123-45-0000",
            "SKU-427-84-9808",
            "123-45 6789",
            "1234-45-6789",
            "123-45-67890",
            "123456789",
        ],
    },
];

impl Detector {
    /// Every detector, in the order of [`index`](Self::index).
    pub const ALL: &[Self] = &{
        let mut all = [Self::AwsAccessKey; TABLE.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = TABLE[at].detector;
            at += 1;
        }
        all
    };

    /// The detector that a policy calls `text`; `None` for unknown names and for `field`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|detector| detector.as_str() == text && *detector != Self::Field)
    }

    /// Its name in policies, findings and metrics.
    pub fn as_str(self) -> &'static str {
        self.row().id
    }

    /// Its place in [`ALL`](Self::ALL), for arrays of counters.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether it finds credentials rather than personal data.
    pub fn is_secret(self) -> bool {
        match self {
            Self::AwsAccessKey | Self::GithubToken | Self::Jwt | Self::PemPrivateKey | Self::Secret => true,
            Self::Dob
            | Self::Email
            | Self::Field
            | Self::Iban
            | Self::Ipv4
            | Self::Mrn
            | Self::Pan
            | Self::Phone
            | Self::UsSsn => false,
        }
    }

    pub(super) fn row(self) -> &'static Row {
        // INVARIANT: the table has one row a variant, in their order; a test holds it.
        &TABLE[self.index()]
    }
}
