//! Streets in prose: a number, capitalised words and a word for a street, in the order of each country.
//!
//! `12 Main Street Apt. 4`, `85, boulevard Jean Roe`, `Hauptstrasse 5`, `Calle Mayor 5`; with a unit, and a
//! town with its code behind it. Words that mean other things too (`Point`, `Spring`) need a unit, a
//! long number, or something before them that says that somebody lives there.
//! Source: USPS Publication 28, appendix C1, for the words of the United States.

use std::ops::Range;

use super::words::{Key, Lexicon, Sieve, word, word_before};
use crate::scan::spelling::edges::{before, byte, is_word, skip_escape};

/// Words between the number and the word for a street.
const STREET_WORDS_MAX: usize = 5;

/// Words that nearly always mean a street behind a number and a name.
static STREETS: Lexicon = Lexicon::new(
    "street st str avenue ave av road rd lane ln drive dr boulevard blvd court ct circle cir terrace \
     ter parkway pkwy highway hwy square sq alley aly turnpike tpke crescent cres freeway fwy \
     expressway expy motorway causeway cswy cul trail trl mews esplanade lodge gardens grove plaza \
     plz place pl row",
);

/// Words for streets that mean something else as well.
static COMMON: Lexicon = Lexicon::new(
    "annex arcade bayou beach bend bluff bluffs bottom branch bridge brook brooks burg burgs bypass \
     camp canyon cape center centers centre circles cliff cliffs club common commons corner corners \
     course courts cove coves creek crest crossing crossroad crossroads curve dale dam divide drives \
     estate estates extension extensions fall falls ferry field fields flat flats ford fords forest \
     forge forges fork forks fort garden gateway glen glens green greens groves harbor harbors haven \
     heights hill hills hollow inlet island islands isle junction junctions key keys knoll knolls \
     lake lakes land landing light lights loaf lock locks loop mall manor manors meadow meadows mill \
     mills mission mount mountain mountains neck orchard oval overpass park parks parkways pass \
     passage path pike pine pines plain plains plazas point points port ports prairie radial ramp \
     ranch rapid rapids rest ridge ridges river roads route rue run shoal shoals shore shores skyway \
     spring springs spur spurs squares station stravenue stream streets summit throughway trace \
     track trafficway tunnel underpass union unions valley valleys via viaduct view views village \
     villages ville vista walk walks wall way ways well wells close rise end yard wharf",
);

/// Words for streets that stand before the name, and need nothing else when written small.
static LEADS: Lexicon = Lexicon::new(
    "rue boulevard chemin impasse quai avenue calle avenida rua travessa viale piazza vicolo ulica \
     ul aleja",
);
/// The same, where a number must stand before or behind.
static NUMBERED: Lexicon =
    Lexicon::new("place route cours via corso largo plaza paseo camino carrera allee bd al");
/// Small words between the word for a street and its name.
static LINKS: Lexicon = Lexicon::new("de du des la le les del della dei da do dos das los las");

/// Ends of one word that is a street in itself, before its number.
const ENDINGS: [&[u8]; 17] = [
    b"strasse",
    "straße".as_bytes(),
    br"stra\u00dfe",
    b"str",
    b"weg",
    b"platz",
    b"allee",
    b"gasse",
    b"damm",
    b"ufer",
    b"straat",
    b"laan",
    b"plein",
    b"gracht",
    b"gatan",
    b"veien",
    b"singel",
];
/// The same, behind a dash only: whole words end in them too.
const DASHED: [&[u8]; 4] = [b"-ring", b"-hof", b"-markt", b"-kai"];

static UNITS: Lexicon = Lexicon::new(
    "apt apartment studio suite ste unit floor fl room rm bldg building flat lot apto piso app bus etage",
);

/// Words before an address.
static HOMES: Lexicon = Lexicon::new(
    "at address lives living resides residing residence wohnhaft home anschrift adresse domicilio \
     direccion endereco indirizzo adres bij flat studio",
);

/// All words that may stand before the name of a street.
pub(in crate::scan) static FRONTS: Sieve = Sieve::NONE.with(&LEADS).with(&NUMBERED).with(&LINKS);

/// The street of whose name the capital at `at` is the first letter.
pub(in crate::scan) fn street(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let gap = at.checked_sub(1)?;
    let is_blank = bytes[gap] == b' ';
    let last = before(bytes, gap);
    let found = if is_blank
        && (last.is_ascii_digit() || last.is_ascii_alphabetic() && before(bytes, gap - 1).is_ascii_digit())
    {
        numbered(bytes, at, gap)
    } else if is_blank && last == b',' {
        united(bytes, at, gap)
    } else if is_blank && last.is_ascii_lowercase() || last == b'.' {
        led(bytes, at, gap)
    } else {
        None
    };
    found.or_else(|| compound(bytes, at))
}

/// `12 Main Street`, where the blank before `Main` is at `gap`.
fn numbered(bytes: &[u8], at: usize, gap: usize) -> Option<Range<usize>> {
    let start = number_before(bytes, gap)?;
    let digits = bytes[start..gap].iter().filter(|byte| byte.is_ascii_digit()).count();
    let lead = word_before(bytes, start.checked_sub(1)?);
    let is_home = digits >= 3 || HOMES.holds(lead);
    let end = named(bytes, at, is_home)?;
    let past = end + usize::from(byte(bytes, end) == b'.');
    let end = unit(bytes, past).or_else(|| town(bytes, past)).unwrap_or(end);
    Some(start..town(bytes, end).unwrap_or(end))
}

/// `Flat 6, Main Street`, where the blank before `Main` is at `gap`.
fn united(bytes: &[u8], at: usize, gap: usize) -> Option<Range<usize>> {
    let start = number_before(bytes, gap - 1)?;
    let lead = word_before(bytes, start.checked_sub(1)?);
    if !UNITS.holds(lead) {
        return None;
    }
    let end = named(bytes, at, true)?;
    Some(start - 1 - lead.len()..town(bytes, end).unwrap_or(end))
}

/// Where the words end that begin at `at` and end in a word for a street.
fn named(bytes: &[u8], at: usize, is_home: bool) -> Option<usize> {
    let (mut from, mut found) = (at, None);
    for place in 0..STREET_WORDS_MAX {
        let Some(word) = word(bytes, from) else { break };
        let text = &bytes[from..word.end];
        let is_street = place > 0 && (STREETS.holds(text) || is_home && COMMON.holds(text));
        let is_united = place > 0 && COMMON.holds(text) && unit(bytes, word.end).is_some();
        if is_street || is_united {
            found = Some(word.end);
        }
        if !word.is_capital || byte(bytes, word.end) != b' ' {
            break;
        }
        from = word.end + 1;
    }
    found
}

/// Where the number of a house begins that ends before `gap`: one to six digits, perhaps a letter.
fn number_before(bytes: &[u8], gap: usize) -> Option<usize> {
    let letter = usize::from(before(bytes, gap).is_ascii_alphabetic());
    let head = bytes.get(..gap - letter)?;
    let count = head.iter().rev().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    let start = skip_escape(bytes, gap - letter - count);
    let is_free =
        !is_word(before(bytes, start)) || start == gap - letter - count && before(bytes, start) == b'n';
    let touches =
        matches!(before(bytes, start), b'.' | b'-' | b'/' | b'#' | b'_' | b':' | b'$' | b'=' | b',');
    ((1..=6).contains(&count) && start < gap - letter && is_free && !touches).then_some(start)
}

/// `85, boulevard Jean Roe`, `Calle Mayor 5`, where the blank before the name is at `gap`.
fn led(bytes: &[u8], at: usize, gap: usize) -> Option<Range<usize>> {
    let mut past = gap;
    let mut lead = lead_before(bytes, past);
    if !FRONTS.may_hold(Key::of(lead)) {
        return None;
    }
    for _ in 0..2 {
        if !LINKS.holds(lead) {
            break;
        }
        past = past.checked_sub(lead.len() + 1)?;
        lead = lead_before(bytes, past);
    }
    let is_sure = LEADS.holds(lead);
    if lead.len() < 2 || !is_sure && !NUMBERED.holds(lead) {
        return None;
    }
    let dot = usize::from(before(bytes, past) == b'.');
    let start = past - dot - lead.len();
    let front = start.checked_sub(1).and_then(|end| {
        let comma = usize::from(before(bytes, end) == b',');
        (byte(bytes, end) == b' ').then(|| number_before(bytes, end - comma)).flatten()
    });
    let (mut from, mut end) = (at, at);
    for _ in 0..STREET_WORDS_MAX {
        let Some(word) = word(bytes, from) else { break };
        let text = &bytes[from..word.end];
        if !word.is_capital && !LINKS.holds(text) {
            break;
        }
        end = if word.is_capital { word.end } else { end };
        if byte(bytes, word.end) != b' ' {
            break;
        }
        from = word.end + 1;
    }
    let back = number_after(bytes, end);
    let is_small = lead[0].is_ascii_lowercase() || !matches!(lead, b"Avenue" | b"Boulevard");
    let fits = front.is_some() || back.is_some() || is_sure && is_small && !is_word(byte(bytes, end));
    let end = back.filter(|_| front.is_none()).unwrap_or(end);
    let end = unit(bytes, end).unwrap_or(end);
    (fits && end > at).then(|| front.unwrap_or(start)..town(bytes, end).unwrap_or(end))
}

fn lead_before(bytes: &[u8], at: usize) -> &[u8] {
    // Only a short word is cut off by a dot; behind a long one a sentence ends.
    let dot = usize::from(before(bytes, at) == b'.');
    let lead = word_before(bytes, at - dot);
    if dot == 1 && lead.len() > 3 { &[] } else { lead }
}

/// One past the number of a house behind a street: ` 5`, `, 5`, ` 12a`, ` 7/5`.
fn number_after(bytes: &[u8], end: usize) -> Option<usize> {
    let mut at = end + usize::from(matches!(byte(bytes, end), b'.' | b','));
    at += usize::from(byte(bytes, at) == b' ');
    let count = bytes.get(at..)?.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let mut past = at + count;
    past += usize::from(byte(bytes, past).is_ascii_lowercase());
    if matches!(byte(bytes, past), b'/' | b'-') {
        let more = bytes[past + 1..].iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
        past += if (1..=4).contains(&more) { more + 1 } else { 0 };
    }
    let is_decimal = byte(bytes, past) == b'.' && byte(bytes, past + 1).is_ascii_digit();
    ((1..=4).contains(&count) && at > end && !is_word(byte(bytes, past)) && !is_decimal).then_some(past)
}

/// `Hauptstrasse 5`: one word that says by its end that it is a street, and a number.
pub(in crate::scan) fn compound(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    // Nearly every word is ASCII, and no number follows.
    let run = bytes[at..].iter().take(64).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let sign = byte(bytes, at + run);
    let behind = at + run + usize::from(sign == b'.') + 1;
    if !matches!(sign, b'-' | b'\'' | b'\\' | 0x80..) && !byte(bytes, behind).is_ascii_digit() {
        return None;
    }
    let word = word(bytes, at).filter(|word| word.letters >= 4)?;
    let next = byte(bytes, word.end + usize::from(byte(bytes, word.end) == b'.') + 1);
    if !next.is_ascii_digit() {
        return None;
    }
    let text = &bytes[at..word.end];
    let ends =
        |end: &&[u8]| text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end);
    let is_street = ENDINGS.iter().any(ends) && word.letters > 5 || DASHED.iter().any(ends);
    let end = number_after(bytes, word.end).filter(|_| is_street)?;
    Some(at..town(bytes, end).unwrap_or(end))
}

/// One past a unit: ` Suite 917`, `, Apt. 119`, ` #4`.
fn unit(bytes: &[u8], end: usize) -> Option<usize> {
    let comma = usize::from(byte(bytes, end) == b',');
    let at = end + comma + 1;
    if byte(bytes, at - 1) != b' ' {
        return None;
    }
    let mut past = at;
    if byte(bytes, at) == b'#' {
        past += 1;
    } else {
        let word = word(bytes, at).filter(|word| UNITS.holds(&bytes[at..word.end]))?;
        past = word.end + usize::from(byte(bytes, word.end) == b'.');
        if byte(bytes, past) != b' ' {
            return None;
        }
        past += 1;
    }
    let rest = bytes.get(past..)?;
    let count =
        rest.iter().take(7).take_while(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()).count();
    ((1..=6).contains(&count) && !is_word(byte(bytes, past + count))).then_some(past + count)
}

/// One past the town behind a street: `, 10115 Berlin`, `, Springfield, IL 62704`.
fn town(bytes: &[u8], end: usize) -> Option<usize> {
    let at = end + 2;
    if byte(bytes, end) != b',' || byte(bytes, end + 1) != b' ' {
        return None;
    }
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take(7).take_while(|byte| byte.is_ascii_digit()).count()
    };
    let capitals = |mut from: usize| {
        let mut past = None;
        for _ in 0..4 {
            let Some(word) = word(bytes, from).filter(|word| word.is_capital) else { break };
            past = Some(word.end);
            if byte(bytes, word.end) != b' ' {
                break;
            }
            from = word.end + 1;
        }
        past
    };
    if matches!(digits(at), 4 | 5) && byte(bytes, at + digits(at)) == b' ' {
        return capitals(at + digits(at) + 1);
    }
    let city = capitals(at)?;
    let state = bytes.get(city..city + 5)?;
    let is_state =
        state.starts_with(b", ") && state[2..4].iter().all(u8::is_ascii_uppercase) && state[4] == b' ';
    let zip = city + 5;
    let more = if byte(bytes, zip + 5) == b'-' && digits(zip + 6) == 4 { 5 } else { 0 };
    (is_state && digits(zip) == 5).then_some(zip + 5 + more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streets(text: &str) -> Vec<&str> {
        let bytes = text.as_bytes();
        let (mut found, mut past) = (Vec::new(), 0);
        for at in 1..bytes.len() {
            let is_hook =
                bytes[at].is_ascii_uppercase() && (bytes[at - 1] == b' ' || at > 1 && bytes[at - 2] == b'\\');
            if is_hook
                && at >= past
                && let Some(span) = street(bytes, at)
            {
                past = span.end;
                found.push(&text[span]);
            }
        }
        found
    }

    #[test]
    fn finds_streets_in_the_order_of_each_country() {
        for text in [
            "12 Main Street",
            "12a Main Street",
            "Flat 6, Oak Mews",
            "Studio 16j, Roe Union",
            "4727 Cassandra Circle Suite 917",
            "12 Main St., Apt. 4",
            "967 Oak Well Suite 543",
            "4 Oak Street, Springfield, IL 62704",
            "85, boulevard Stephanie Joubert",
            "rue de la Paix",
            "Calle Mayor 5",
            "Via Roma 3",
            "Hauptstrasse 5",
            "Lindenstraße 12a, 10115 Berlin",
            "Oakweg 7/5",
            "Anna-Roe-Ring 58",
        ] {
            assert_eq!(streets(&format!("lives at {text}. More")), [text]);
            assert_eq!(streets(&format!(r"x\n{text}\nMore")), [text]);
        }
    }

    #[test]
    fn leaves_numbers_and_words_that_are_no_streets() {
        for text in [
            "room 12 Main",
            "5 August 2020",
            "3 Key Points and 12 Quarterly Reports",
            "Spring 5, Monitoring 5, Engineering 101",
            "via Slack Connect, route Traffic",
            "version 1.12 Main Street",
            "the Avenue Maps app",
            "at an impasse. The end",
            "4 of 18 Shards",
        ] {
            assert_eq!(streets(&format!("see {text} there")), Vec::<&str>::new(), "{text}");
        }
    }
}
