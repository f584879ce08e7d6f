//! How credentials are spelled: a prefix, an alphabet, a length, and a check where the issuer has one.
//!
//! Sources: the issuers' own descriptions of their tokens; where there is none, what scanners of
//! repositories look for. Prefixes are put together from pieces, so that this file holds no secret.

use super::Detector;
use crate::scan::checks;

/// One spelling.
#[derive(Debug)]
pub(in crate::scan) struct Secret {
    pub detector: Detector,
    /// Where it begins; text before the run of word characters may belong to it.
    pub prefix: &'static str,
    /// Which characters follow.
    pub body: fn(u8) -> bool,
    /// How many of them.
    pub least: usize,
    pub most: usize,
    /// Over what follows the prefix.
    pub check: fn(&[u8]) -> bool,
}

const fn secret(
    id: &str,
    prefix: &'static str,
    body: fn(u8) -> bool,
    (least, most): (usize, usize),
    check: fn(&[u8]) -> bool,
) -> Secret {
    Secret { detector: Detector::named(id), prefix, body, least, most, check }
}

fn any(_: &[u8]) -> bool {
    true
}

fn base62(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn dotted(byte: u8) -> bool {
    url(byte) || byte == b'.'
}

fn standard(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn base32(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'2'..=b'7')
}

fn hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// A letter and a digit at least: words with dashes have the alphabet of many tokens.
fn is_mixed(body: &[u8]) -> bool {
    body.iter().any(u8::is_ascii_digit) && body.iter().any(u8::is_ascii_alphabetic)
        || body.iter().any(u8::is_ascii_lowercase) && body.iter().any(u8::is_ascii_uppercase)
        || body.first().is_some_and(|first| body.iter().all(|byte| byte == first))
}

fn is_openai(body: &[u8]) -> bool {
    memchr::memmem::find(body, concat!("T3Blbk", "FJ").as_bytes()).is_some()
}

fn is_anthropic(body: &[u8]) -> bool {
    body.ends_with(b"AA")
}

fn is_slack(body: &[u8]) -> bool {
    body.contains(&b'-') && body.iter().filter(|byte| byte.is_ascii_digit()).count() >= 8
}

fn is_telegram(body: &[u8]) -> bool {
    body.starts_with(b"AA")
}

/// Every spelling.
pub(in crate::scan) const SECRETS: &[Secret] = &[
    secret("aws_access_key", "AKIA", base32, (16, 16), any),
    secret("aws_access_key", "ASIA", base32, (16, 16), any),
    secret("aws_access_key", "ABIA", base32, (16, 16), any),
    secret("aws_access_key", "ACCA", base32, (16, 16), any),
    secret("aws_access_key", "A3T", base32, (17, 17), any),
    secret("aws_access_key", "ABSK", standard, (109, 269), any),
    secret("github_token", "ghp_", base62, (36, 36), checks::github_crc),
    secret("github_token", "gho_", base62, (36, 36), checks::github_crc),
    secret("github_token", "ghu_", base62, (36, 36), checks::github_crc),
    secret("github_token", "ghs_", base62, (36, 36), checks::github_crc),
    secret("github_token", "ghr_", base62, (36, 36), checks::github_crc),
    secret("github_token", "github_pat_", word, (82, 82), any),
    secret("gitlab_token", "glpat-", url, (20, 64), any),
    secret("gitlab_token", "gldt-", url, (20, 64), any),
    secret("gitlab_token", "glrt-", url, (20, 64), any),
    secret("gitlab_token", "glptt-", url, (20, 64), any),
    secret("gitlab_token", "glcbt-", url, (20, 64), any),
    secret("gitlab_token", "glsoat-", url, (20, 64), any),
    secret("gitlab_token", "gloas-", url, (20, 64), any),
    secret("slack_token", "xoxa-", url, (20, 250), is_slack),
    secret("slack_token", "xoxb-", url, (20, 250), is_slack),
    secret("slack_token", "xoxe-", url, (20, 250), is_slack),
    secret("slack_token", "xoxo-", url, (20, 250), is_slack),
    secret("slack_token", "xoxp-", url, (20, 250), is_slack),
    secret("slack_token", "xoxr-", url, (20, 250), is_slack),
    secret("slack_token", "xoxs-", url, (20, 250), is_slack),
    secret("slack_token", "xapp-", url, (20, 250), is_slack),
    secret("stripe_key", "sk_live_", base62, (10, 120), any),
    secret("stripe_key", "sk_test_", base62, (10, 120), any),
    secret("stripe_key", "sk_prod_", base62, (10, 120), any),
    secret("stripe_key", "rk_live_", base62, (10, 120), any),
    secret("stripe_key", "rk_test_", base62, (10, 120), any),
    secret("stripe_key", "rk_prod_", base62, (10, 120), any),
    secret("square_token", "EAAA", url, (60, 60), is_mixed),
    secret("square_token", "sq0atp-", url, (22, 22), any),
    secret("shopify_token", "shpat_", hex, (32, 32), any),
    secret("shopify_token", "shpca_", hex, (32, 32), any),
    secret("shopify_token", "shppa_", hex, (32, 32), any),
    secret("shopify_token", "shpss_", hex, (32, 32), any),
    secret("openai_key", "sk-proj-", url, (40, 250), is_openai),
    secret("openai_key", "sk-svcacct-", url, (40, 250), is_openai),
    secret("openai_key", "sk-admin-", url, (40, 250), is_openai),
    secret("openai_key", "sk-", base62, (48, 48), is_openai),
    secret("anthropic_key", "sk-ant-api03-", url, (95, 95), is_anthropic),
    secret("anthropic_key", "sk-ant-admin01-", url, (95, 95), is_anthropic),
    secret("huggingface_token", "hf_", base62, (34, 34), any),
    secret("perplexity_key", "pplx-", base62, (48, 48), any),
    secret("google_api_key", "AIza", url, (35, 35), any),
    secret("digitalocean_token", "dop_v1_", hex, (64, 64), any),
    secret("digitalocean_token", "doo_v1_", hex, (64, 64), any),
    secret("digitalocean_token", "dor_v1_", hex, (64, 64), any),
    secret("alibaba_access_key", "LTAI", base62, (17, 24), any),
    secret("npm_token", "npm_", base62, (36, 36), any),
    secret("pypi_token", "pypi-AgEI", url, (50, 400), any),
    secret("rubygems_token", "rubygems_", hex, (48, 48), any),
    secret("databricks_token", "dapi", hex, (32, 32), any),
    secret("vault_token", "hvs.", url, (90, 120), any),
    secret("vault_token", "hvb.", url, (90, 300), any),
    secret("grafana_token", "glsa_", word, (41, 41), any),
    secret("grafana_token", "glc_", standard, (32, 400), is_mixed),
    secret("sendgrid_key", "SG.", dotted, (66, 66), any),
    secret("telegram_token", ":", url, (35, 35), is_telegram),
    secret("azure_secret", "Q~", dotted, (31, 34), any),
    secret("service_token", "lin_api_", base62, (40, 40), any),
    secret("service_token", "ntn_", base62, (40, 50), any),
    secret("service_token", "PMAK-", url, (59, 59), any),
    secret("service_token", "pul-", hex, (40, 40), any),
    secret("service_token", "sntrys_", dotted_standard, (40, 300), any),
    secret("service_token", "sntryu_", hex, (64, 64), any),
    secret("service_token", "pscale_tkn_", dotted, (32, 64), any),
    secret("service_token", "pscale_pw_", dotted, (32, 64), any),
    secret("service_token", "sha256~", url, (43, 43), any),
    secret("service_token", "ops_eyJ", url, (100, 1500), any),
    secret("service_token", "fo1_", url, (43, 43), any),
    secret("service_token", "fm2_", standard, (60, 800), any),
    secret("service_token", "AGE-SECRET-KEY-1", base62, (58, 58), any),
    secret("service_token", ".atlasv1.", url, (60, 70), any),
    secret("service_token", "sk-lf-", url, (36, 36), any),
];

fn dotted_standard(byte: u8) -> bool {
    standard(byte) || matches!(byte, b'-' | b'_' | b'.')
}
