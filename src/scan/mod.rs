//! What must not be said: finds personal data and secrets in a message, and writes over them.
//!
//! **Why.** Answers of tools hold what their readers may not see, in every spelling that JSON allows
//! and in several copies. So values are found in the bytes as they travel, by form and by the names
//! of fields, and written over there; every other byte stays as it came.
//!
//! **How.** One pass in blocks of 64 marks *candidates* (`candidates`, `classes`). Small *verifiers* judge the window
//! around each: the forms of the one table of detectors (`catalogue`, `forms`, with the arithmetic of
//! `checks`), shapes that are no form (`shapes`), credentials (`tokens`), people and streets behind what
//! introduces them or whose names are known (`capitals`, `prose`, `streets`, `words`), dates of birth behind them
//! (`births`). A form that chance hits too often needs a word before it
//! (`context`, `labels`). A colon or an equals sign leads to the *name of a field* (`keys`, `fields`, `folded`,
//! `names`, `beside`; in tables, pairs and lines of forms `tables`, `pairs`, `lines`), and from there to its value at
//! any depth of JSON in strings (`walk`, `edges`), unless the value is harmless (`veto`). Other notations name their
//! values in ways of their own (`notation`): markup, cards and calendars, messages of health care and of banks, rows
//! under columns, command lines (`markup`, `cards`, `interchange`, `payments`, `columns`, `commands`). What they leave is a list of hits; `settle` unites overlaps, asks which
//! rule is strictest, looks up the place of each (`place`), and writes (`write`).
//!
//! What is spelled otherwise is made plain first, with a way back: escapes, full-width digits, invisible
//! characters, percent signs, entities (`spelled`, `foreign`). Encoded runs are decoded and swept (`views`),
//! and values in pieces are joined: groups in a short string, halves over the seam of two blocks
//! (`joined`), names found once and said again, whole or in part (`echoes`, `called`). What stands beside a find may
//! be told by it: who was born on a date, the town behind a street (`born`, `towns`).
//!
//! ```text
//! bytes -> candidates -> verifiers, fields -> hits -> settle -> edits, findings
//!    \-> spelled otherwise? -> plain spelling -/     (spans mapped back)
//! ```
//!
//! Content in base64 is decoded, scanned and encoded again (`media`).
//!
//! **Where.** `sieve` has the first pass and what judges its candidates by form, `named` what the name of a field leads
//! to, `notations` all that is not JSON, `people` what introduces persons, their streets and dates, `spelling` what is
//! made plain first, `writing` what is put in place of a value and told of it. What ties them together lies beside them.
//!
//! **Opaque on purpose.** `cursor`, `nextCursor`, `progressToken`, `requestState` and `taskId` are echoed byte
//! for byte, so no edit reaches them; the gate seals those that the server made. What a request was judged by
//! (`name`, `ref`, `uri`) is never edited: a rule that blocks still stops it. Pictures and sounds pass or are
//! withheld whole (`Binary`).
//!
//! **What it is not.** Nothing encrypted, reversed or paraphrased is found, nothing in images, and no value
//! cut over two messages. A person whom nothing introduces and whose name is not widely known needs a model: it reads the prose of a message
//! (`passages`) before the scan does, and what it took for a person is a hit like any other (`told`).

mod catalogue;
mod checks;
mod context;
mod dialled;
mod echo;
mod echoes;
pub mod fit;
mod fuzz;
mod labels;
mod named;
mod notations;
mod people;
mod plan;
mod rule;
mod rules;
mod settle;
mod sieve;
mod spared;
mod spelling;
mod steady;
mod vault;
mod writing;

pub use catalogue::{Detector, Family, Pack};
pub use echo::Echo;
pub use fuzz::{Trials, fuzz_scan};
pub use people::passages::TooMuchProse;
pub use people::told::{Guess, Told};
pub use plan::{Finding, Plan, PlanFault, Sighting};
pub use rule::{Action, Direction, FieldPattern, PatternFault, Rule, is_same_field};
pub use sieve::ground::{Confidence, Ground};
pub use spelling::media::Binary;
pub use vault::{Provenance, Reading, Resolved, Restored, Scope, Token, Vault, Written};
pub use writing::desk::{Desk, Drawer};
pub use writing::mentions::{Mention, mentions};
pub use writing::pseudonym::{PseudonymKey, ShortSecret};
pub use writing::sight::Sight;

#[cfg(test)]
mod tests;
