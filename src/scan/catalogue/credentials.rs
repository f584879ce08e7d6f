//! Passwords, keys and tokens. How each is spelled stands in `secrets`.

use super::Pack::Credentials;
use super::{Mask, Row, Veto};

/// A credential known by its spelling.
const fn token(id: &'static str, token: &'static str) -> Row {
    Row { mask: Mask::Token, veto: Veto::Secret, by_word: false, ..Row::new(id, token, &[Credentials]) }
}

pub(super) const ROWS: &[Row] = &[
    Row {
        mask: Mask::Fixed,
        valid: &[
            r#""password":"required""#,
            r#""clientSecret":"secret-1-value""#,
            r#""db_passwd":"x y z""#,
            r#""otp":482913"#,
            r#""token":"q8J2mfP0w9sL3xVa""#,
            "password={hunter2}&x=1",
            "Authorization: Bearer {q8J2mfP0w9sL3xVa}",
        ],
        invalid: &[
            r#""nextPageToken":"q8J2mfP0w9sL3xVa""#,
            r#""token_type":"Bearer-0001""#,
            r#""key":"customer_id""#,
            r#""secret":"/run/secrets/db""#,
            r#""password":null"#,
        ],
        ..token("secret", "[SECRET]")
    },
    Row {
        valid: &[
            concat!("-----BEGIN ", "PRIVATE KEY-----\nMC4CAQAw\n-----END ", "PRIVATE KEY-----"),
            concat!("-----BEGIN RSA ", "PRIVATE KEY-----\nMC4CAQAw\n-----END RSA ", "PRIVATE KEY-----"),
        ],
        invalid: &[
            "-----BEGIN CERTIFICATE-----\nMC4CAQAw\n-----END CERTIFICATE-----",
            "--BEGIN PRIVATE KEY--",
        ],
        ..token("pem_private_key", "[PRIVATE_KEY]")
    },
    Row {
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
        ..token("jwt", "[JWT]")
    },
    Row {
        valid: &[
            "postgres://app:{secret-1}@db.internal:5432/claims",
            "https://{tok3n-value}@git.example.com/x",
        ],
        invalid: &["https://example.com/a@b", "see http://example.com:8080/x"],
        ..token("url_credentials", "[URL_CREDENTIALS]")
    },
    Row {
        mask: Mask::Stars,
        valid: &[concat!("AK", "IAIOSFODNN7EXAMPLE"), concat!("AS", "IAQQQQWWWWEEEERRRR")],
        invalid: &[
            "AKIAIOSFODNN7EXAMPL",
            "AKIAIOSFODNN7EXAMPLEX",
            "AKIAIOSFODNN1EXAMPLE",
            "xAKIAIOSFODNN7EXAMPLE",
        ],
        ..token("aws_access_key", "[AWS_ACCESS_KEY]")
    },
    Row {
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
        ..token("github_token", "[GITHUB_TOKEN]")
    },
    Row {
        valid: &[concat!("gl", "pat-aaaaaaaaaaaaaaaaaaaa")],
        invalid: &["glpat-short"],
        ..token("gitlab_token", "[GITLAB_TOKEN]")
    },
    Row {
        valid: &[
            concat!("xo", "xb-000000000000-000000000000-aaaaaaaaaaaaaaaaaaaaaaaa"),
            concat!("hooks.slack.com", "/services/T00000000/B00000000/aaaaaaaaaaaaaaaaaaaaaaaa"),
        ],
        invalid: &["xoxb-short", "xoxz-000000000000-000000000000"],
        ..token("slack_token", "[SLACK_TOKEN]")
    },
    Row {
        valid: &[concat!("12345678", "90:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["1234567890:BBaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
        ..token("telegram_token", "[TELEGRAM_TOKEN]")
    },
    Row {
        valid: &[concat!("sk", "_live_aaaaaaaaaaaaaaaaaaaaaaaa"), concat!("rk", "_test_aaaaaaaaaaaa")],
        invalid: &["sk_live_short", "sk_none_aaaaaaaaaaaaaaaaaaaaaaaa"],
        ..token("stripe_key", "[STRIPE_KEY]")
    },
    Row {
        valid: &[concat!("sq", "0atp-aaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["sq0atp-short"],
        ..token("square_token", "[SQUARE_TOKEN]")
    },
    Row {
        valid: &[concat!("shp", "at_0123456789abcdef0123456789abcdef")],
        invalid: &["shpat_0123"],
        ..token("shopify_token", "[SHOPIFY_TOKEN]")
    },
    Row {
        valid: &[concat!("sk-", "proj-aaaaaaaaaaaaaaaaaaaaaaaaT3Blbk", "FJaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["sk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "sk-button-primary-large-wide"],
        ..token("openai_key", "[OPENAI_KEY]")
    },
    Row {
        valid: &[concat!(
            "sk-",
            "ant-api03-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaAA"
        )],
        invalid: &["sk-ant-api03-short"],
        ..token("anthropic_key", "[ANTHROPIC_KEY]")
    },
    Row {
        valid: &[concat!("h", "f_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["hf_short"],
        ..token("huggingface_token", "[HUGGINGFACE_TOKEN]")
    },
    Row {
        valid: &[concat!("pp", "lx-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["pplx-short"],
        ..token("perplexity_key", "[PERPLEXITY_KEY]")
    },
    Row {
        valid: &[concat!("AI", "zaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["AIzashort"],
        ..token("google_api_key", "[GOOGLE_KEY]")
    },
    Row {
        valid: &[concat!("aaa8", "Q~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["aaa8Q~short"],
        ..token("azure_secret", "[AZURE_SECRET]")
    },
    Row {
        valid: &[concat!("dop", "_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")],
        invalid: &["dop_v1_0123"],
        ..token("digitalocean_token", "[DIGITALOCEAN_TOKEN]")
    },
    Row {
        valid: &[concat!("LT", "AIaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["LTAIshort"],
        ..token("alibaba_access_key", "[ALIBABA_KEY]")
    },
    Row {
        valid: &[concat!("np", "m_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["npm_config_registry", "npm_short"],
        ..token("npm_token", "[NPM_TOKEN]")
    },
    Row {
        valid: &[concat!("py", "pi-AgEIaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["pypi-short"],
        ..token("pypi_token", "[PYPI_TOKEN]")
    },
    Row {
        valid: &[concat!("ruby", "gems_0123456789abcdef0123456789abcdef0123456789abcdef")],
        invalid: &["rubygems_org"],
        ..token("rubygems_token", "[RUBYGEMS_TOKEN]")
    },
    Row {
        valid: &[concat!("da", "pi0123456789abcdef0123456789abcdef")],
        invalid: &["dapi0123"],
        ..token("databricks_token", "[DATABRICKS_TOKEN]")
    },
    Row {
        valid: &[concat!(
            "hv",
            "s.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        )],
        invalid: &["hvs.short"],
        ..token("vault_token", "[VAULT_TOKEN]")
    },
    Row {
        valid: &[concat!("gl", "sa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_0123abcd")],
        invalid: &["glsa_short"],
        ..token("grafana_token", "[GRAFANA_TOKEN]")
    },
    Row {
        valid: &[concat!("S", "G.aaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")],
        invalid: &["SG.short.short"],
        ..token("sendgrid_key", "[SENDGRID_KEY]")
    },
    // Names of issuers whose tokens share one spelling: a prefix and a long body.
    Row {
        valid: &[
            concat!("lin", "_api_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            concat!("pul", "-0123456789abcdef0123456789abcdef01234567"),
            concat!("sha", "256~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ],
        invalid: &["lin_api_short", "pul-request-number-twelve", "sha256~short"],
        ..token("service_token", "[TOKEN]")
    },
];
