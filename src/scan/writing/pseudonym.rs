//! Pseudonyms: the same name for the same value, wherever it turns up, and no way back.
//!
//! **Why.** Answers from two servers can be joined by a person without anybody seeing who it is.
//!
//! **How.** `SSN_7K3QX9FA2M6T5V`: 60 bits of HMAC-SHA-256 over the value in one spelling (digits without
//! separators, mail in small letters, names in Unicode's compatible form), under a key that hangs on the
//! secret, the epoch, the tenant and the kind of value; so pseudonyms of two tenants, kinds or epochs have
//! nothing in common. Ten more bits, under the same secret, tell what was written here from what a server
//! wrote so: what is a pseudonym already stays as it is.
//!
//! **What it is not.** No anonymity: whoever has the secret can try all social security numbers in minutes,
//! and to HIPAA a code that is derived from a person's data is no safe harbour. A new secret or epoch gives
//! everything a new name.
//!
//! Sources: EDPB Guidelines 01/2025; 45 CFR 164.514(c); UAX #15.

use std::net::IpAddr;

use ring::hmac;
use unicode_normalization::UnicodeNormalization;

use crate::bounds::PSEUDONYM_SECRET_BYTES_MIN;
use crate::scan::Detector;
use crate::scan::vault::{first_bits, kind, known, letters, update, value};

/// What pseudonyms are made with.
#[derive(Debug, Clone)]
pub struct PseudonymKey {
    names: hmac::Key,
    marks: hmac::Key,
}

/// A secret that is too short to make pseudonyms of; the operator's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret of pseudonyms has at least {PSEUDONYM_SECRET_BYTES_MIN} bytes; this one has {0}")]
pub struct ShortSecret(pub usize);

/// Letters of a name, and of its mark.
const NAME: usize = 12;
const MARK: usize = 2;

impl PseudonymKey {
    /// Makes a key of a secret: equal secrets and epochs make equal pseudonyms, on every replica.
    ///
    /// # Errors
    /// [`ShortSecret`] below `PSEUDONYM_SECRET_BYTES_MIN` bytes.
    pub fn derive(secret: &[u8], epoch: &str) -> Result<Self, ShortSecret> {
        if secret.len() < PSEUDONYM_SECRET_BYTES_MIN {
            return Err(ShortSecret(secret.len()));
        }
        let root = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"sluicegate pseudonym 1"), secret);
        let root = hmac::Key::new(hmac::HMAC_SHA256, root.as_ref());
        let part = |purpose: &str| {
            let tag = hmac::sign(&root, format!("{purpose} {epoch}").as_bytes());
            hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref())
        };
        Ok(Self { names: part("names"), marks: part("marks") })
    }

    /// The pseudonym of a value of a kind, to one tenant.
    pub(in crate::scan) fn name(&self, detector: Detector, tenant: &str, value: &str) -> String {
        let mut context = hmac::Context::with_key(&self.names);
        let value = canonical(detector, value);
        for part in [tenant, kind(detector), &value] {
            update(&mut context, part.as_bytes());
        }
        let mut name = String::from(kind(detector));
        name.push('_');
        name.extend(letters(first_bits(&context.sign()), NAME));
        let mark = self.mark(&name);
        name.extend(letters(mark, MARK));
        name
    }

    /// Whether a word is a pseudonym that was made with this key.
    pub(in crate::scan) fn made(&self, word: &str) -> bool {
        let parts = word.rsplit_once('_').filter(|(kind, _)| known(kind).is_some());
        let Some((_, tail)) = parts.filter(|(_, tail)| tail.len() == NAME + MARK) else { return false };
        let (name, mark) = word.split_at(word.len() - MARK);
        let is_spelled = value(tail.as_bytes()).is_some();
        is_spelled && value(mark.as_bytes()) == Some(self.mark(name))
    }

    fn mark(&self, name: &str) -> u64 {
        first_bits(&hmac::sign(&self.marks, name.as_bytes())) & ((1 << (5 * MARK)) - 1)
    }
}

/// One spelling for all spellings of a value that mean the same.
fn canonical(detector: Detector, text: &str) -> String {
    if detector.is_secret() {
        return text.to_owned();
    }
    let text: String = text.nfkc().collect();
    let text = text.trim();
    if kind(detector) == "EMAIL" {
        return text.to_lowercase();
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return address.to_canonical().to_string();
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_separated = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" -./()+_".contains(&byte));
    if digits == 0 || !is_separated || is_decimal(text) {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    text.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_uppercase()).collect()
}

/// Whether a text is one number with a fraction, in which the point means something.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    unsigned.split_once('.').is_some_and(|(whole, fraction)| is_number(whole) && is_number(fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: u8, epoch: &str) -> PseudonymKey {
        PseudonymKey::derive(&[secret; PSEUDONYM_SECRET_BYTES_MIN], epoch).unwrap()
    }

    fn detector(id: &str) -> Detector {
        Detector::parse(id).unwrap()
    }

    #[test]
    fn spellings_of_one_value_have_one_name() {
        let key = key(1, "2026");
        for (id, spellings) in [
            ("us_ssn", &["123-45-6789", "123 45 6789", "123456789", " 123-45-6789 "][..]),
            ("email", &["Ann@Example.com", "ann@example.com", "\u{ff41}nn@example.com"]),
            ("iban", &["GB82 WEST 1234 5698 7654 32", "gb82west12345698765432"]),
            ("mrn", &["MRN-00123456", "mrn 00123456"]),
            ("ipv4", &["8.8.8.8", "::ffff:8.8.8.8"]),
        ] {
            let names: Vec<_> = spellings.iter().map(|text| key.name(detector(id), "acme", text)).collect();
            assert!(names.windows(2).all(|pair| pair[0] == pair[1]), "{spellings:?}: {names:?}");
            assert!(key.made(&names[0]) && names[0].len() == kind(detector(id)).len() + 15, "{}", names[0]);
        }
        for (id, one, other) in [
            ("secret", "Hunter-2", "hunter-2"),
            ("mrn", "Ann Lee", "Ann  lee"),
            ("ipv4", "1.2.3.4", "12.3.4.0"),
            ("mrn", "48.85", "4.885"),
        ] {
            let name = |text| key.name(detector(id), "acme", text);
            assert_ne!(name(one), name(other), "{one} {other}");
        }
    }

    #[test]
    fn tenants_kinds_epochs_and_secrets_have_nothing_in_common() {
        let tail = |key: &PseudonymKey, id: &str, tenant: &str| {
            let name = key.name(detector(id), tenant, "123456789");
            name.rsplit_once('_').unwrap().1.to_owned()
        };
        let mut names = vec![
            tail(&key(1, "2026"), "us_ssn", "acme"),
            tail(&key(1, "2026"), "us_ssn", "globex"),
            tail(&key(1, "2026"), "us_ssn", ""),
            tail(&key(1, "2026"), "mrn", "acme"),
            tail(&key(1, "2027"), "us_ssn", "acme"),
            tail(&key(2, "2026"), "us_ssn", "acme"),
        ];
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 6);
    }

    #[test]
    fn knows_its_own_and_refuses_a_short_secret() {
        let (own, other) = (key(1, "2026"), key(1, "2027"));
        let name = own.name(detector("us_ssn"), "acme", "123-45-6789");
        assert!(own.made(&name) && !other.made(&name), "{name}");
        for word in ["SSN_7K3QX9FA2M6T5", "SSN_", "X_7K3QX9FA2M6T5V", "", "_", &name.to_lowercase()] {
            assert!(!own.made(word), "{word}");
        }
        let short = PseudonymKey::derive(&[1; PSEUDONYM_SECRET_BYTES_MIN - 1], "").map(|_| ());
        assert_eq!(short, Err(ShortSecret(31)));
    }
}
