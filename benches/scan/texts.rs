//! The texts that are scanned, made here: *prose* is English with escapes, *records* is JSON inside a JSON
//! string, dense with digits and `\"`.

use sluicegate::json::quote;

/// A small generator, the same on every machine. Source: Marsaglia, xorshift.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// English, about `bytes` long, with values in it or without.
pub fn prose(bytes: usize, values: bool) -> String {
    const WORDS: [&str; 24] = [
        "The",
        "patient",
        "was",
        "seen",
        "in",
        "the",
        "clinic",
        "on",
        "Monday",
        "and",
        "told",
        "us",
        "that",
        "her",
        "condition",
        "had",
        "improved",
        "since",
        "January;",
        "a \"second\" opinion",
        "is",
        "wanted.\n",
        "Call",
        "Boston",
    ];
    let mut chance = Chance(42);
    let mut text = String::new();
    while text.len() < bytes {
        match chance.below(400) {
            0 if values => text.push_str("write to user@example.com "),
            1 if values => text.push_str("her number is 123-45-6789 "),
            2..6 => text.push_str(&format!("{} mg ", chance.below(500))),
            _ => {
                text.push_str(WORDS[chance.below(24) as usize]);
                text.push(' ');
            }
        }
    }
    format!("{{\"content\":[{{\"type\":\"text\",\"text\":{}}}]}}", quote(&text))
}

/// Orders as a table of JSON, about `bytes` long, with values in it or without.
pub fn records(bytes: usize, values: bool) -> String {
    let mut chance = Chance(42);
    let mut text = String::from("[");
    while text.len() < bytes * 5 / 6 {
        let (id, cents, day) = (chance.below(900_000) + 100_000, chance.below(99_999), chance.below(27) + 1);
        let mail = if values && id % 5 == 0 { "user@example.com" } else { "none" };
        let note = if values && id % 7 == 0 { "card 4111 1111 1111 1111" } else { "ok" };
        text.push_str(&format!(
            "{{\"id\":{id},\"order_no\":\"A{id}-{day}\",\"amount\":{}.{:02},\"at\":\"2026-11-{day:02}T08:14:{:02}Z\",\
             \"status\":\"paid\",\"contact\":\"{mail}\",\"note\":\"{note}\",\"units\":{}}},",
            cents / 100, cents % 100, day + 20, id % 40,
        ));
    }
    text.push_str("null]");
    format!("{{\"content\":[{{\"type\":\"text\",\"text\":{}}}]}}", quote(&text))
}
