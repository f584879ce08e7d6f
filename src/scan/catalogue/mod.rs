//! The one table of everything that is looked for: name, form, check, mask, public vectors.
//!
//! Rows stand by region in the files of this room; a detector is the place of its row. What a form
//! spells: `9` a digit, `A` a capital, `X` a capital or a digit, anything else itself. A form acts alone
//! where its check leaves chance little, and otherwise where a word or the name of a field beside it
//! says what it is: `Needs`. Names of fields are in `names`.

mod americas;
mod asia;
mod banking;
mod credentials;
mod europe;
mod people;
mod secrets;
#[cfg(test)]
mod tests;
mod us;

pub(super) use secrets::{SECRETS, Secret};

/// A kind of value that must not be said: a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Detector(u8);

/// Detectors that belong together: `pci`, `hipaa`, a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pack {
    /// Asia and the Pacific, without India and Australia.
    Apac,
    /// Australia and New Zealand.
    Au,
    /// Brazil.
    Br,
    /// Canada.
    Ca,
    /// Passwords, keys and tokens.
    Credentials,
    /// The European Union and its neighbours.
    Eu,
    /// Contact data, national identifiers of Europe, bank accounts, dates of birth.
    Gdpr,
    /// The eighteen identifiers of 45 CFR 164.514(b)(2)(i), as far as they can be told by form or name.
    Hipaa,
    /// India.
    In,
    /// Latin America, without Brazil.
    Latam,
    /// Cardholder and sensitive authentication data of PCI DSS 4.0.1.
    Pci,
    /// The United Kingdom.
    Uk,
    /// The United States.
    Us,
}

/// What detectors are about: few words, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Passwords, keys and tokens.
    Credential,
    /// Fields that a rule names.
    Field,
    /// Cards, bank accounts, wallets.
    Financial,
    /// Numbers that a state, a health service or a maker gives.
    Identifier,
    /// Names, addresses, contact data, dates.
    Personal,
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

/// What must stand beside a value of some form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: form and check are enough.
    Nothing,
    /// A word that names it, shortly before.
    Words,
}

/// How values of a kind are written, and the check that they pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling {
    /// `999-99-9999`.
    pub text: &'static str,
    /// Over the value in capitals and digits, without separators.
    pub check: fn(&[u8]) -> bool,
    pub needs: Needs,
}

/// How a value below a telling name is judged harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Veto {
    /// An address of a host.
    Host,
    /// A bank's code: eight or eleven capitals and digits.
    Code,
    /// A date.
    Date,
    /// Digits, with separators: no digit or a few are harmless.
    Digits,
    /// An e-mail address.
    Mail,
    /// Letters and digits: a word is harmless.
    Mixed,
    /// A name of a person.
    Name,
    /// A place: a street, a town.
    Place,
    /// Three or four digits.
    Short,
    /// A password, a key.
    Secret,
    /// Nothing is harmless.
    Never,
}

/// One row of the table.
pub(super) struct Row {
    /// Its name in policies, findings and metrics.
    pub id: &'static str,
    /// What action replace writes.
    pub token: &'static str,
    pub mask: Mask,
    pub packs: &'static [Pack],
    pub forms: &'static [Spelling],
    pub veto: Veto,
    /// Whether a word before it is enough, whatever its form: `MRN 4711`.
    pub by_word: bool,
    /// Public test values: as they are, in braces behind a word that names them, or members of an object.
    #[cfg_attr(not(test), expect(dead_code, reason = "public vectors stand beside what they test"))]
    pub valid: &'static [&'static str],
    /// Near misses that stay as they are.
    #[cfg_attr(not(test), expect(dead_code, reason = "public vectors stand beside what they test"))]
    pub invalid: &'static [&'static str],
}

impl Row {
    /// A row of digits with nothing else said.
    const fn new(id: &'static str, token: &'static str, packs: &'static [Pack]) -> Self {
        Self {
            id,
            token,
            mask: Mask::Stars,
            packs,
            forms: &[],
            veto: Veto::Digits,
            by_word: true,
            valid: &[],
            invalid: &[],
        }
    }
}

/// A form that acts alone.
const fn alone(text: &'static str, check: fn(&[u8]) -> bool) -> Spelling {
    Spelling { text, check, needs: Needs::Nothing }
}

/// A form that acts behind a word that names it.
const fn named(text: &'static str, check: fn(&[u8]) -> bool) -> Spelling {
    Spelling { text, check, needs: Needs::Words }
}

/// Every row, file by file, and what each file is about.
const FILES: [(Family, &[Row]); 7] = [
    (Family::Credential, credentials::ROWS),
    (Family::Personal, people::ROWS),
    (Family::Financial, banking::ROWS),
    (Family::Identifier, us::ROWS),
    (Family::Identifier, europe::ROWS),
    (Family::Identifier, americas::ROWS),
    (Family::Identifier, asia::ROWS),
];

const COUNT: usize = {
    let (mut count, mut file) = (0, 0);
    while file < FILES.len() {
        count += FILES[file].1.len();
        file += 1;
    }
    count
};

/// Every detector, in the order of their places.
pub(super) const TABLE: [&Row; COUNT] = {
    let mut table = [&FILES[0].1[0]; COUNT];
    let (mut at, mut file) = (0, 0);
    while file < FILES.len() {
        let mut row = 0;
        while row < FILES[file].1.len() {
            table[at] = &FILES[file].1[row];
            at += 1;
            row += 1;
        }
        file += 1;
    }
    table
};

/// The detector of a name, when the program is compiled; an unknown one does not compile.
const fn detector(id: &str) -> Detector {
    let mut at = 0;
    while at < COUNT {
        if is_same(TABLE[at].id.as_bytes(), id.as_bytes()) {
            return Detector(at as u8);
        }
        at += 1;
    }
    panic!("no row has this name")
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

impl Detector {
    /// A field that a rule names. No policy names it as a detector.
    pub const FIELD: Self = detector("field");
    /// A street, with its number or without.
    pub const ADDRESS: Self = detector("address");
    /// An e-mail address.
    pub const EMAIL: Self = detector("email");
    /// An international bank account number.
    pub const IBAN: Self = detector("iban");
    /// A payment card number.
    pub const PAN: Self = detector("pan");
    /// The name of a person.
    pub const PERSON: Self = detector("person_name");
    /// A telephone number.
    pub const PHONE: Self = detector("phone");
    /// A password, key or token, by the name of its field.
    pub const SECRET: Self = detector("secret");
    /// A US social security number.
    pub const US_SSN: Self = detector("us_ssn");

    pub(super) const BITCOIN: Self = detector("bitcoin_address");
    pub(super) const ETHEREUM: Self = detector("ethereum_address");
    pub(super) const CNPJ: Self = detector("br_cnpj");
    pub(super) const IPV4: Self = detector("ipv4");
    pub(super) const IPV6: Self = detector("ipv6");
    pub(super) const JWT: Self = detector("jwt");
    pub(super) const MAC: Self = detector("mac_address");
    pub(super) const MRN: Self = detector("mrn");
    pub(super) const MBI: Self = detector("us_mbi");
    pub(super) const NINO: Self = detector("uk_nino");
    pub(super) const PEM: Self = detector("pem_private_key");
    pub(super) const TRACK: Self = detector("card_track");
    pub(super) const USERINFO: Self = detector("url_credentials");
    pub(super) const WEBHOOK: Self = detector("slack_token");

    /// How many there are.
    pub(super) const COUNT: usize = COUNT;

    /// Those that a model finds in prose.
    pub const READ: &[Self] = &[Self::ADDRESS, Self::PERSON];

    /// Every detector, in the order of [`index`](Self::index).
    pub const ALL: &[Self] = &{
        let mut all = [Self(0); COUNT];
        let mut at = 0;
        while at < COUNT {
            all[at] = Self(at as u8);
            at += 1;
        }
        all
    };

    /// The detector that a policy calls `text`; `None` for unknown names and for `field`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|detector| detector.as_str() == text && *detector != Self::FIELD)
    }

    /// The detectors of a pack.
    pub fn of(pack: Pack) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |detector| detector.row().packs.contains(&pack))
    }

    /// The detector of a name that is known when the program is compiled.
    pub(super) const fn named(id: &str) -> Self {
        detector(id)
    }

    /// Its name in policies, findings and metrics.
    pub fn as_str(self) -> &'static str {
        self.row().id
    }

    /// Its place in [`ALL`](Self::ALL), for arrays of counters.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// What it is about.
    pub fn family(self) -> Family {
        if self == Self::FIELD {
            return Family::Field;
        }
        let mut rest = self.index();
        let file = FILES.iter().find(|(_, rows)| {
            let is_here = rest < rows.len();
            rest = rest.saturating_sub(rows.len());
            is_here
        });
        file.map_or(Family::Field, |(family, _)| *family)
    }

    /// Whether it finds credentials rather than personal data.
    pub fn is_secret(self) -> bool {
        self.row().packs.contains(&Pack::Credentials)
    }

    pub(super) fn row(self) -> &'static Row {
        // INVARIANT: only this file makes a detector, from the places of the table.
        TABLE[self.index()]
    }
}

impl Family {
    /// Every family, in the order of the enum.
    pub const ALL: &[Self] =
        &[Self::Credential, Self::Field, Self::Financial, Self::Identifier, Self::Personal];

    /// The word for it in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Field => "field",
            Self::Financial => "financial",
            Self::Identifier => "identifier",
            Self::Personal => "personal",
        }
    }
}

impl Pack {
    /// Every pack, by name.
    pub const ALL: &[Self] = &[
        Self::Apac,
        Self::Au,
        Self::Br,
        Self::Ca,
        Self::Credentials,
        Self::Eu,
        Self::Gdpr,
        Self::Hipaa,
        Self::In,
        Self::Latam,
        Self::Pci,
        Self::Uk,
        Self::Us,
    ];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apac => "apac",
            Self::Au => "au",
            Self::Br => "br",
            Self::Ca => "ca",
            Self::Credentials => "credentials",
            Self::Eu => "eu",
            Self::Gdpr => "gdpr",
            Self::Hipaa => "hipaa",
            Self::In => "in",
            Self::Latam => "latam",
            Self::Pci => "pci",
            Self::Uk => "uk",
            Self::Us => "us",
        }
    }
}
