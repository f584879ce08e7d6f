//! Bounds of the model that reads prose.

use std::time::Duration;

/// Characters of a text that is prose: shorter ones are values, labels and headings.
pub const PROSE_CHARS_MIN: usize = 25;

/// Words of a text that is prose: ids, paths and encoded bytes have fewer.
pub const PROSE_WORDS_MIN: usize = 5;

/// Bytes of prose that are read of one message, where the policy says nothing: some two seconds on one core.
pub const PROSE_BYTES_USUAL: usize = 32 << 10;

/// Bytes of prose in one message that a policy may ask to be read: a minute on one core.
pub const PROSE_BYTES_MAX: usize = 1 << 20;

/// How long a message waits to be read, where the policy says nothing: what clients bear, and twice what reading
/// [`PROSE_BYTES_USUAL`] takes.
pub const PROSE_WAIT_USUAL: Duration = Duration::from_secs(5);

/// How long a policy may let a message wait: SDK clients give up after as long themselves.
pub const PROSE_WAIT_MAX: Duration = Duration::from_secs(60);

/// Messages that wait to be read, those under way not counted. More would wait in vain.
pub const PROSE_QUEUED_MAX: usize = 32;

/// Threads that read: more are of no use to anybody's cores.
pub const PROSE_THREADS_MAX: usize = 64;

/// Windows that the model takes at once: twice the pace of one by one, and no more above it.
pub const PROSE_BATCH_MAX: usize = 8;

/// Tokens that the model looks at together, its own two not counted: about 480 characters, where it finds most.
pub const PROSE_WINDOW_TOKENS: usize = 120;

/// Tokens of a window that the next one looks at again, so that no name is seen by halves only.
pub const PROSE_OVERLAP_TOKENS: usize = 16;

/// Characters of a word that is cut into pieces; longer ones are none. Source: BERT's tokenizer.
pub const PROSE_WORD_CHARS_MAX: usize = 100;

/// Texts whose findings are remembered, as places in a text of which only a keyed digest is kept.
pub const PROSE_REMEMBERED_MAX: usize = 16_384;

/// Findings in all that are remembered: some 24 bytes each.
pub const PROSE_REMEMBERED_GUESSES_MAX: u64 = 131_072;

/// A file of a model's vocabulary or labels, in bytes.
pub const PROSE_FILE_BYTES_MAX: usize = 16 << 20;
