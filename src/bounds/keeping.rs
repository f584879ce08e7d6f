//! Bounds of what is kept to be given back: tokens and the values behind them.

use std::time::Duration;

/// Tokens of one conversation. A model that looks at a thousand people has lost them already; the one
/// that was not used for the longest time goes.
pub const VAULT_SCOPE_TOKENS_MAX: usize = 1_024;

/// Tokens of all conversations, some 0.8 KB each: 6 MB. The conversation that was silent for the longest
/// time goes, whole.
pub const VAULT_TOKENS_MAX: usize = 8_192;

/// Sealed values of all conversations, in bytes: of a usual length, all of them; of the longest, some 500.
pub const VAULT_BYTES_MAX: usize = 2 << 20;

/// One value behind a token, in bytes: a private key in PEM form. What is longer is replaced for good.
pub const VAULT_VALUE_BYTES_MAX: usize = 4_096;

/// Ways in which one value came that are remembered: by kind, rule and tool. By further ones it is not
/// given back.
pub const VAULT_PROVENANCES_MAX: usize = 8;

/// How long a token lives that nobody uses: longer than a person thinks about an answer.
pub const VAULT_IDLE_MAX: Duration = Duration::from_mins(30);

/// How long a token lives at most: a working day.
pub const VAULT_LIFE_MAX: Duration = Duration::from_hours(8);

/// Values given back in one call. A list of recipients is short; beyond it tokens stay text.
pub const RESTORES_PER_CALL_MAX: usize = 64;

/// Names of tools in one record that a list did not show; further ones are counted alone.
pub const RECORD_UNLISTED_MAX: usize = 32;

/// Places of tokens in one message that are told apart in its record; further ones count for the last.
pub const RECORD_RESTORES_MAX: usize = 32;

/// The tokens of one audit line; the rest is counted.
pub const AUDIT_RESTORES_BYTES_MAX: usize = 1 << 10;

/// Tokens of which one message is searched; further ones stay text, unread.
pub const MENTIONS_MAX: usize = 1_024;

/// Values that were given back and are looked for in every answer of the conversation: a few
/// microseconds for each megabyte and value.
pub const ECHOES_MAX: usize = 32;

/// The shortest value that is looked for so, in bytes: what is shorter stands everywhere.
pub const ECHO_BYTES_MIN: usize = 4;

/// The secret behind pseudonyms, in bytes: as many as the key that is made of it. Values like social
/// security numbers are few enough to be tried, so the secret is all that hides them.
pub const PSEUDONYM_SECRET_BYTES_MIN: usize = 32;
