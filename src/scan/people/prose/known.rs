//! People whom nothing introduces but their names: a given name that is known before a capital word, a family
//! name that is known behind one.
//!
//! Two words make a name, so the second is looked at, and from there the first. Names that mean something else
//! as well (`Jordan`, `May`) need more, and what follows a name may take it back (`Charles Schwab Bank`).

use std::ops::Range;

use super::super::words::{Key, Lexicon, Sieve, plain, word, word_start};
use super::family::FAMILY;
use super::firms;
use super::given::{GIVEN, SHARED};
use super::lexicons::{NOUNS, TITLES};
use super::{has_age, has_mailbox, is_particle, name};
use crate::scan::spelling::edges::{before, byte, is_word};

/// What makes a thing of the name before it: a firm, a place, a method.
static BODIES: Lexicon = Lexicon::new(
    "inc llc ltd gmbh ag sa nv plc corp co company group holdings street st avenue ave road rd lane drive court \
     boulevard square park lake river bridge hall stadium arena airport station center centre museum library \
     house hotel building tower island islands bay beach mountain mountains valley falls springs county city \
     university college school academy institute foundation hospital clinic church cathedral award awards prize \
     medal cup theorem law method effect syndrome disease test scale index theory equation algorithm transform \
     distribution process model number constant conjecture bank capital partners associates brothers sons bros \
     motors airlines records press publishing books music studios pictures entertainment productions foods \
     coffee wines brewery restaurant cafe grill store shop day memorial act amendment report commission project \
     api sdk cli framework protocol library compiler engine server edition release strasse platz weg allee rue \
     gmbh kg verlag stiftung klinik schule",
);

/// What stands before a place or a thing, not before a family name.
static FRONTS: Lexicon = Lexicon::new(
    "fort mount mt lake san santa saint st new north south east west los las la le el camp cape port point glen \
     great grand old big little upper lower super red black white green blue golden silver royal general \
     federal national international united american british english french german spanish italian european \
     goldman morgan wells marks harley ralph johns visual open apache google microsoft amazon apple oracle ibm \
     data web code star sun moon dear hello hi hey thanks thank monday tuesday wednesday thursday friday \
     saturday sunday january february march april may june july august september october november december \
     january spring autumn winter dutch swedish polish irish scottish welsh chinese japanese indian hotel \
     restaurant firma familie family haus villa palazzo plaza calle rue via rua avenida avenue boulevard place \
     piazza ulica stade stadion chateau castle college university banco bank banca banque caixa team club",
);

/// Family names that are words as well; alone they make no name of a capital before them.
static COMMON: Lexicon = Lexicon::new(
    "abbott abel adler angel arena arias avila bacher baker ball band bank banks baptista barber baron barre barros bass \
     bastos bates bauer baum beach bean beck becker bell bello bender bento berg best binder bishop black blair blake \
     blanc blanco blanchard block blue blum bock bode bolton bond boom boone bosch boston bourgeois bowman boy brand bravo \
     braun bridges britton brook brooks bruin brun bruno bryan buck burns bush butler cabello cain calvo cameron camino \
     campo campos cannon canto capital caputo cardenas carpenter carr carter casey cash castle castillo cattaneo cerny cervantes chance \
     chandler chang chapman charles chase chevalier christian church clark clay clement clements close cloud coates cobb cohen \
     coleman colin colon colonna combs conn conner constant conte cook cooke cooper cordero corona costa cote cousin craft craig \
     cross crow cruz curry dale dalton dam das david day dean delta dias diaz dijk dixon dom donato dong drake duck duke dunn \
     dyer earl eden eze falcon falcone fan fang farina farmer fava felice ferry field fields fields fink finch fisher flint flood \
     flores flowers foley font fontana ford forest forte fort fortin foster fox franco frank frazier free freeman french frey frost fuchs \
     fuller gage gallo garden gates gentile george gill glass glover gold golden good gore grace graf grande grant graves gray great \
     greco green greene grey gross guerra gray hale hall ham hammer hammond hand hansen hardy hart haven hawkins heath heller henry herman hill hobbs \
     holm holmes hook hope horn horne house howard huff hunt hunter hut ink ireland jack jackson jacob james jay jean jordan joseph joy judge \
     kaiser kane kay keen kelly kent kern key king kirk klein knight kohl koning lake lamb lane lang lange large law lee leite leon leonard lewis \
     light lima lin lincoln lind link lis little lloyd lock logan london long lopes lord love low lowe luna lund lynch lynn lyon mac mack madison main major \
     mann manning mar march marin marina marine mark marks marsh marshall martin mason mata may mayer mead meer merchant mercer \
     mercier miles mill miller mills mina mol molina monaco monte moody moon moore mora morales moreno morgan moro morris \
     moss mota motta mount nash natal neal neves new newman newton niemi nobel noble nolan norman north nova novak noble oliva olive oliver orange otto \
     owen pace pacheco page palm palma palmer pan pape paradise paris park parker parks pascal paul payne paz pearl pearson pena pepper perry person \
     peters petersen peterson pierce pike pilot pinto pires place plank pole pollard pond pool poole pope porter porto post potter powell power powers prado price prince quick radu ramos \
     rand rau ray reed reese reich reis reyes rice rich richard richards richter ring rios ritter rivas river rivera rivers robin robinson roca roch rocha roche rock rogers rojas roma \
     roman romano romeo rosa rosario rose roman ross rossi rota rubio ruff rush russell russo ruth sa sage sala salas sales salmon salt sanders sands santana santiago santo \
     santos saunders savage schwarz sharp shaw sheppard shepherd short sierra silva silver simon singer small smart smith snow solis sommer sosa soto spain spark sparks spear speed spring springer stahl stafford star \
     stark steel steele stein stella stern stewart stokes stone storm straight strand street strong stuart summer summers sun swan swift tanner tate taylor terra terry thomas \
     tiger todd toledo torres tower tran trent tucker turco turner twist tyler urban urbano vale valencia valentine valle van vance vega vera vidal villa vince vine viola violet vogel wade wagner \
     walker wall ward warner warren waters watson watt watts weaver webb webber weber weiss well wells west wheeler white wild wiley will williams willis wilson wing winkler winter wise wolf wolff wong wood \
     woods woodward work worth wright yates york young zapata zimmer",
);

/// Fields whose values are called as people are, and are none.
static THINGS: Lexicon = Lexicon::new(
    "app application apps software product products package vendor manufacturer brand model company organization \
     organisation branch store shop station stop airport venue campaign theme font series movie album song artist \
     label bundle plugin extension feature plan category",
);

/// Ends of family names.
const ENDS: [&[u8]; 23] = [
    b"owski", b"owska", b"ewski", b"ewska", b"inski", b"inska", b"ynski", b"ynska", b"cki", b"cka", b"zki",
    b"zka", b"wicz", b"czyk", b"sson", b"qvist", b"ovic", b"enko", b"escu", b"dottir", b"opoulos", b"akis",
    b"shvili",
];

/// All names that are known.
static NAMES: Sieve<1024> = Sieve::NONE.with(&GIVEN).with(&SHARED).with(&FAMILY);

/// The person of whose name the capital at `at` begins the second word; the first does not begin before `floor`.
pub(in crate::scan) fn known(bytes: &[u8], at: usize, floor: usize) -> Option<Range<usize>> {
    let gap = at.checked_sub(1)?;
    let last = before(bytes, gap);
    let mark = usize::from(matches!(last, b'.' | b','));
    let (start, end) = head(bytes, gap - mark);
    if start < floor || start >= end || !may_begin(bytes, start) || is_called(bytes, start) {
        return None;
    }
    let first = word(bytes, start).filter(|first| first.end == end)?;
    let (next, head) = (word(bytes, at)?, &bytes[start..end]);
    let second = &bytes[at..next.end];
    let found = match last {
        _ if end < gap - mark => (first.is_capital && is_given(head))
            .then(|| name(bytes, start))
            .flatten()
            .map(|found| start..found.0),
        b'.' => (first.letters == 1 && is_family(second)).then_some(start..next.end),
        b',' => (is_family(head) && is_given(second)).then(|| Some(start..name(bytes, at)?.0))?,
        _ if first.is_capital => in_order(bytes, (start, end), (at, next.end)),
        _ => (is_shouted(head) && is_shouted(second) && are_both(head, second)).then_some(start..next.end),
    }?;
    (!is_word(byte(bytes, found.end))
        && byte(bytes, found.end) != b'_'
        && !is_body(bytes, found.end)
        && !ends_as_body(&bytes[found.clone()])
        && !firms::is_firm(&bytes[found.clone()]))
    .then_some(found)
}

/// Whether the capital word `head`, right before the letters of ASCII of another, may begin the name of somebody
/// known: no for nearly all pairs of capital words, and told without a look at any list.
#[inline]
pub(in crate::scan) fn may_be_known(
    (head, key): (&[u8], Key),
    bytes: &[u8],
    Range { start, end }: Range<usize>,
) -> bool {
    let second = Key::last(&bytes[..end], end - start);
    let is_open = match byte(bytes, end) {
        b' ' => matches!(byte(bytes, end + 1), b'<' | b'('),
        sign => matches!(sign, b'-' | b'\'' | b',' | 0x80..),
    };
    let may = NAMES.may_hold(key) | NAMES.may_hold(second) | is_open | may_end_as_family(&bytes[start..end]);
    may && (is_open || are_known(head, &bytes[start..end]))
}

/// The same, where `head` is the last part of a double word.
pub(in crate::scan) fn may_be_double(head: &[u8], second: &[u8]) -> bool {
    GIVEN.holds(head) || SHARED.holds(head) || FAMILY.holds(head) || is_family(second)
}

/// Whether two capital words may be the name of somebody known.
fn are_known(head: &[u8], second: &[u8]) -> bool {
    GIVEN.holds(head)
        || is_family(second) && (!COMMON.holds(second) || SHARED.holds(head))
        || second.len() == 1 && SHARED.holds(head)
        || GIVEN.holds(second) && (FAMILY.holds(head) || FAMILY.holds(second) && is_family(head))
}

/// Whether a word of ASCII letters is a given name.
#[inline]
pub(in crate::scan) fn may_be_given(word: &[u8]) -> bool {
    GIVEN.holds(word)
}

/// Whether a word, said by itself, means nobody else than who bears it: it is no other word, and no place.
pub(in crate::scan) fn is_telling(word: &[u8]) -> bool {
    let lists = [&COMMON, &FRONTS, &BODIES, &NOUNS, &TITLES];
    !lists.iter().any(|list| holds(list, word)) && !holds(&SHARED, word)
}

/// Whether two words are a given and a family name, in either order.
fn are_both(first: &[u8], second: &[u8]) -> bool {
    is_given(first) && is_family(second) || is_family(first) && is_given(second)
}

/// Where the word begins and ends that ends before `end`; behind particles, the one before them.
fn head(bytes: &[u8], mut end: usize) -> (usize, usize) {
    let mut start = word_start(bytes, end);
    for _ in 0..3 {
        let is_small = start < end && !bytes[start].is_ascii_uppercase();
        if !is_small || !is_particle(&bytes[start..end]) || before(bytes, start) != b' ' {
            break;
        }
        end = start - 1;
        start = word_start(bytes, end);
    }
    (start, end)
}

/// The name whose first two words these are.
fn in_order(bytes: &[u8], (start, head): (usize, usize), (at, next): (usize, usize)) -> Option<Range<usize>> {
    let (first, second) = (&bytes[start..head], &bytes[at..next]);
    let is_person = if is_given(first) {
        true
    } else if holds(&SHARED, first) {
        next - at == 1 || is_family(second) && !FRONTS.holds(second)
    } else {
        let is_told = || is_family(second) && !holds(&COMMON, second) || is_given(second) && is_family(first);
        let is_proper = matches!(before(bytes, start - 1), b'a'..=b'z' | b',' | 0x80..);
        is_proper && is_told() && !FRONTS.holds(first) || follows(bytes, next)
    };
    if !is_person || TITLES.holds(first) {
        return None;
    }
    name(bytes, start).filter(|found| found.0 >= next && found.2 >= 2).map(|found| start..found.0)
}

/// Whether what follows a name only follows people.
fn follows(bytes: &[u8], end: usize) -> bool {
    let is_marked = matches!((byte(bytes, end), byte(bytes, end + 1)), (b',', b' ') | (b' ', b'<' | b'('));
    is_marked && (has_mailbox(bytes, end) || has_age(bytes, end) || has_degree(bytes, end))
}

/// Whether a degree or a profession follows, as people write theirs: `, MD`, `, Ph.D.`, `, RN`.
pub(super) fn has_degree(bytes: &[u8], end: usize) -> bool {
    static DEGREES: Lexicon = Lexicon::new(
        "md phd rn np pa dds dmd dvm pharmd lcsw lpn esq jd cpa mba msc bsc crna facs frcp mrcp frcs mbbs dnp cnm lmft psyd",
    );
    let rest = bytes.get(end..).and_then(|rest| rest.strip_prefix(b", ")).unwrap_or_default();
    let mut letters = [0; 8];
    let mut length = 0;
    for &byte in rest.iter().take(10) {
        match byte {
            b'.' => {}
            byte if byte.is_ascii_alphabetic() && length < letters.len() => {
                letters[length] = byte;
                length += 1;
            }
            _ => break,
        }
    }
    let is_raised =
        letters[0].is_ascii_uppercase() && letters[..length].iter().skip(1).any(u8::is_ascii_uppercase);
    DEGREES.holds(&letters[..length]) && (is_raised || length > 3)
}

/// Whether a name may begin at `start`: not within a path, a handle, a mailbox or a field.
fn may_begin(bytes: &[u8], start: usize) -> bool {
    start > 0 && !matches!(before(bytes, start), b'_' | b'/' | b'@' | b'#' | b'.' | b'=' | b'$' | b'*')
        || before(bytes, start) == b'*' && before(bytes, start - 1) == b'*'
}

/// Whether a string begins at `start` that is the name of something by its field, which is left to the field:
/// `"tool_name":"Ann Lee"`.
fn is_called(bytes: &[u8], start: usize) -> bool {
    let trimmed = |mut head: &[u8], marks: &[u8]| {
        let length = head.iter().rev().take(8).take_while(|byte| marks.contains(byte)).count();
        head = &head[..head.len() - length];
        head.len()
    };
    if before(bytes, start) != b'"' {
        return false;
    }
    let colon = trimmed(&bytes[..start], b"\"\\ ");
    let key = trimmed(&bytes[..colon.saturating_sub(1)], b"\"\\ ");
    let head = &bytes[..key];
    let word = head.len() - head.iter().rev().take(16).take_while(|byte| byte.is_ascii_alphabetic()).count();
    before(bytes, colon) == b':' && (head.ends_with(b"name") || THINGS.holds(&head[word..]))
}

/// Whether the word behind a name makes a thing of it: `Charles Schwab Bank`.
pub(in crate::scan) fn is_body(bytes: &[u8], end: usize) -> bool {
    let next = (byte(bytes, end) == b' ').then(|| word(bytes, end + 1)).flatten();
    next.is_some_and(|next| {
        let text = &bytes[end + 1..next.end];
        text[0].is_ascii_uppercase() && BODIES.holds(text)
    }) || bytes.get(end..).is_some_and(|rest| {
        rest.starts_with(b" & ") || rest.starts_with(b"\xC2\xAE") || rest.starts_with(b"\xE2\x84\xA2")
    })
}

/// Whether the last word of a name makes a thing of it, and is no family name: `Sakura Motors`, `John Roe Airport`.
fn ends_as_body(name: &[u8]) -> bool {
    let last = name.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    BODIES.holds(last) && !is_family(last)
}

fn is_shouted(word: &[u8]) -> bool {
    word.len() > 1 && !word.iter().any(u8::is_ascii_lowercase)
}

/// Whether a word, or the first part of a double one, is a given name.
pub(in crate::scan) fn is_given(word: &[u8]) -> bool {
    if is_simple(word) {
        return GIVEN.holds(word);
    }
    let part = word.split(|byte| *byte == b'-').next().unwrap_or_default();
    holds(&GIVEN, word) || part.len() < word.len() && (holds(&GIVEN, part) || holds(&SHARED, part))
}

/// Whether a word is a family name, by itself or by how it ends.
pub(super) fn is_family(word: &[u8]) -> bool {
    if is_simple(word) {
        return FAMILY.holds(word) || is_gaelic(word) || ends_as_family(word);
    }
    let part = word.rsplit(|byte| matches!(byte, b'-' | b'\'')).next().unwrap_or_default();
    is_gaelic(word) || holds(&FAMILY, word) || holds(&FAMILY, part) || ends_as_family(part)
}

/// Whether words that begin with capitals rather name a thing: one of them belongs to no person's name, and the first
/// is no given name.
pub(in crate::scan) fn is_thing(words: &[u8]) -> bool {
    let mut parts = words.split(|byte| matches!(byte, b' ' | b',')).filter(|part| !part.is_empty());
    let is_person = words
        .split(|byte| *byte == b' ')
        .next()
        .is_some_and(|first| is_given(first) || TITLES.holds(first.strip_suffix(b".").unwrap_or(first)));
    !is_person && parts.any(|part| NOUNS.holds(part) || BODIES.holds(part))
}

/// Nothing but letters of ASCII.
pub(super) fn is_simple(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_alphabetic)
}

/// `O'Brien`, `D'Angelo`, `McKay`, `MacLeod`.
fn is_gaelic(word: &[u8]) -> bool {
    matches!(
        word,
        [b'O' | b'D', b'\'', b'A'..=b'Z', ..]
            | [b'M', b'c', b'A'..=b'Z', ..]
            | [b'M', b'a', b'c', b'A'..=b'Z', ..]
    )
}

/// Whether a word may end as [`ends_as_family`] asks, or begin as [`is_gaelic`] does, by two letters of its last three
/// and its first.
#[inline]
fn may_end_as_family(word: &[u8]) -> bool {
    // By the last letter, which letters may stand two before it.
    const THIRDS: [u32; 32] = {
        let mut thirds = [0; 32];
        let mut one = 0;
        while one < ENDS.len() {
            if let [.., third, _, last] = ENDS[one] {
                thirds[(*last & 31) as usize] |= 1 << (*third & 31);
            }
            one += 1;
        }
        thirds
    };
    match word {
        [first, .., third, _, last] => {
            let is_end = THIRDS[usize::from(last & 31)] >> (third & 31) & 1 != 0;
            is_end | !third.is_ascii() | (*first == b'M' && is_gaelic(word))
        }
        _ => false,
    }
}

/// Whether a word ends as family names do and other words hardly: `-ski`, `-wicz`, `-sson`.
fn ends_as_family(word: &[u8]) -> bool {
    let mut buffer = [0; 48];
    if word.len() < 6 || !word[word.len() - 1].is_ascii() || !may_end_as_family(word) {
        return false;
    }
    let Some(word) = plain(word, &mut buffer) else { return false };
    let is_end =
        |end: &&[u8]| word.len() > end.len() + 1 && word[word.len() - end.len()..].eq_ignore_ascii_case(end);
    ENDS.iter().any(is_end)
}

/// Whether a lexicon holds a word as it is written without diacritics.
fn holds<const SLOTS: usize>(lexicon: &Lexicon<SLOTS>, word: &[u8]) -> bool {
    if word.is_ascii() {
        return lexicon.holds(word);
    }
    let mut buffer = [0; 48];
    plain(word, &mut buffer).is_some_and(|word| lexicon.holds(word))
}
