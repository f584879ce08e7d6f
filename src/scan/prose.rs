//! People in prose, without a model: capitalised words behind what introduces a person.
//!
//! A title (`Dr`, `Herr`), a label (`Patient`, `name`), a greeting, a phrase (`spoke with`, `signed by`), a
//! person just before (`and`), or what only people do (`… called about`). Behind a title one word is
//! enough, behind the others there are two. Words such as `Report` or `Team` belong to no name. Someone
//! whom nothing introduces is not found: that needs a model.

use std::ops::Range;

use super::edges::{before, byte, is_word};
use super::words::{Lexicon, Sieve, word, word_before};

/// Words of one name, particles not counted.
const NAME_WORDS_MAX: usize = 6;
/// Bytes in which one person leads to the next.
const REACH: usize = 240;

static TITLES: Lexicon = Lexicon::new(
    "mr mrs ms miss mx dr prof professor doctor herr herrn frau fraulein mme mlle monsieur madame \
     mademoiselle sr sra srta don dona senor senora senhor senhora sig signor signora signore dott \
     avv dhr mevr mw meneer mevrouw hr fru pani rev reverend fr capt captain sgt lt hon judge \
     senator m",
);

static LABELS: Lexicon = Lexicon::new(
    "patient patients customer client employee driver beneficiary name contact attn attention \
     recipient sender payee payer holder cardholder applicant insured subscriber tenant landlord \
     guest passenger student pupil teacher nurse physician prescriber surgeon therapist spouse wife \
     husband son daughter mother father brother sister witness caller resident victim suspect \
     defendant plaintiff claimant candidate borrower guarantor policyholder signatory guardian \
     colleague neighbor neighbour buyer seller donor named cliente paciente paziente empleado \
     empleada funcionario beneficiario titular nome nombre kunde kundin patientin mitarbeiter \
     mitarbeiterin versicherter versicherte kontoinhaber patiente salarie titulaire beneficiaire \
     klant werknemer dipendente kund pasient pacjent pacjentka klient surname attendee assignee \
     addressee member consignee shareholder inmate trainee",
);

static GREETINGS: Lexicon = Lexicon::new(
    "dear hi hello hey hallo liebe lieber cher chere estimado estimada querido querida caro cara \
     gentile beste geachte kjaere hej bonjour hola ola ciao",
);

/// Words of which each leads to a person behind one of the words of its row.
static PHRASES: [(Lexicon, Lexicon); 5] = [
    (
        Lexicon::new("with"),
        Lexicon::new(
            "spoke spoken speak speaking met talked talk talking chatted meeting appointment interview \
     conversation married",
        ),
    ),
    (
        Lexicon::new("by"),
        Lexicon::new(
            "signed approved written reviewed submitted prepared requested reported treated seen accompanied \
     witnessed examined raised authored",
        ),
    ),
    (Lexicon::new("from"), Lexicon::new("call email mail letter message heard voicemail note complaint")),
    (Lexicon::new("to"), Lexicon::new("assigned spoke talked speaking spoken addressed married escalated")),
    (Lexicon::new("is am ist"), Lexicon::new("name i")),
];

static JOINTS: Lexicon = Lexicon::new("and und et y e en og och i or");

/// What people do, and machines and firms hardly.
static DEEDS: Lexicon =
    Lexicon::new("emailed phoned texted asked replied wrote telephoned complained apologized");
static CALLED: Lexicon = Lexicon::new("about to in back again regarding yesterday today this");
/// What somebody does who was spoken of before.
static VERBS: Lexicon = Lexicon::new("will has had is was can would who said says does did");

/// Small words between the words of a name.
static PARTICLES: Lexicon = Lexicon::new(
    "van von vom zu zum zur de der den del della delle di da das do dos du des la le las los ter ten \
     te bin ibn al el af av",
);

/// Words that belong to no name of a person.
static NOUNS: Lexicon = Lexicon::new(
    "a about access account accounts action address admin administrator advisory agent agreement \
     alert all an analysis analytics and any api app application applications area at authority base \
     benefit benefits billing board building bureau business by care center centre certificate \
     change chart city class client clinic cloud code colleague colleagues college committee company \
     contact contract control corp corporation council country customer customers daily dashboard \
     data database date department dept desk detail details developer development device director \
     directory discharge document documents education email employee employees engineer engineering \
     error event everyone experience facility family feedback file files first form format \
     foundation friday friend friends from full fund general gmbh government group guest guide \
     handbook health hello help here his history home hospital hotel hours human i id ids identifier \
     identity if in inc index info information insights institute insurance international invoice is \
     it item items journey labs last ledger level license life limited line list llc location login \
     ltd madam mail mailbox management manager medical meeting member members message monday \
     monitoring my name names national network new no not note notes notice number numbers of office \
     officer on online only operations order orders organization our outreach overview owner partner \
     partners password patient patients payment payments period phone plan platform please policy \
     pool portal portfolio position privacy process product profile program project property \
     protection provider public purchase quality query record records reference region registry \
     relations release report reports request requests research resource resources result results \
     review rights risk role room safety sales saturday schedule school score search section \
     security segment segments self senior server servers service services session set shift sir \
     site software solutions staff state statement station status store studio success summary \
     sunday support survey system systems table tables tax team teams technology test the there this \
     thursday ticket tickets time to today transaction trial trust tuesday type unit university \
     update updates us usage user username users value values vendor version view visit we website \
     wednesday weekly with world welt monde mundo your you these they he she what when where which who why how yes \
     monthly quarterly annual architect consultant analyst scientist designer specialist assistant \
     coordinator technician executive president vice chief junior principal folks guys ladies \
     gentlemen call ask see send read write open close click dear customerservice recruiter valued hiring damen herren kollegen kunden abteilung nummer \
     numero dato datos views unknown none null january february july september october \
     november december",
);

/// All words that may introduce a person.
pub(super) static CUES: Sieve = Sieve::over(&[
    &TITLES,
    &LABELS,
    &GREETINGS,
    &JOINTS,
    &PHRASES[0].0,
    &PHRASES[1].0,
    &PHRASES[2].0,
    &PHRASES[3].0,
    &PHRASES[4].0,
]);

/// How a person is introduced, and how much is asked of the words behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cue {
    /// One word is enough.
    Title,
    /// Two words.
    Label,
    /// One word, if a comma or the end of the line follows.
    Greeting,
    /// Two words, and what only people do behind them.
    Clause,
}

/// The person whose name begins with the capital at `at`. `known` is where the last person before ended.
pub(super) fn person(bytes: &[u8], at: usize, known: usize) -> Option<Range<usize>> {
    let cue = cue(bytes, at, known)?;
    let (end, count, full) = name(bytes, at)?;
    let next = byte(bytes, end);
    let is_enough = match cue {
        Cue::Title => full >= 1,
        Cue::Label => full >= 2 || full == 1 && count >= 2,
        Cue::Greeting => matches!(next, b',' | b'!' | b':' | b'\\' | b'"') || full >= 2,
        Cue::Clause => full >= 2 && acts(bytes, end, known, at),
    };
    (is_enough && !is_word(next) && next != b'_' && next != b'@').then_some(at..end)
}

/// What introduces the capital at `at`.
fn cue(bytes: &[u8], at: usize, known: usize) -> Option<Cue> {
    let gap = at.checked_sub(1)?;
    if bytes[gap] != b' ' {
        // The first word of a line.
        return Some(Cue::Clause).filter(|_| before(bytes, gap) == b'\\');
    }
    let last = before(bytes, gap);
    let mark = usize::from(matches!(last, b'.' | b':'));
    let lead = word_before(bytes, gap - mark);
    let start = gap - mark - lead.len();
    if lead.is_empty() {
        return matches!(last, b',' | b';' | b'.' | b'-').then_some(Cue::Clause);
    }
    if matches!(before(bytes, start), b'_' | b'/' | b'=' | b'@' | b'0'..=b'9') {
        return None;
    }
    if !CUES.may_hold(lead) {
        return matches!(last, b'.' | b':').then_some(Cue::Clause);
    }
    let is_capital = lead[0].is_ascii_uppercase() && !lead[1..].iter().any(u8::is_ascii_uppercase);
    if is_capital && last != b':' && TITLES.holds(lead) && before(bytes, start) != b'.' {
        return (lead.len() > 1 || last == b'.').then_some(match lead.len() {
            1 => Cue::Label,
            _ => Cue::Title,
        });
    }
    if last != b'.' && LABELS.holds(lead) {
        return Some(Cue::Label);
    }
    if GREETINGS.holds(lead) && is_capital && last == b' '
        || GREETINGS.holds(lead) && last != b'.' && last != b':'
    {
        return Some(if lead.eq_ignore_ascii_case(b"dear") { Cue::Title } else { Cue::Greeting });
    }
    if mark == 0 && JOINTS.holds(lead) && start == known + 1 {
        return Some(Cue::Label);
    }
    if mark == 0
        && let Some((_, heads)) = PHRASES.iter().find(|row| row.0.holds(lead))
    {
        let head = word_before(bytes, start.saturating_sub(1));
        return (heads.holds(head)).then_some(Cue::Label);
    }
    matches!(last, b'.' | b':').then_some(Cue::Clause)
}

/// The words of a name that begins at `at`: its end, how many words, and how many of them are no initials.
fn name(bytes: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let (mut from, mut end, mut count, mut full) = (at, at, 0, 0);
    while count < NAME_WORDS_MAX {
        let Some(word) = word(bytes, from).filter(|word| word.is_capital) else { break };
        let text = &bytes[from..word.end];
        let is_title = count == 0 && full == 0 && TITLES.holds(text) && word.letters > 1;
        if NOUNS.holds(text) && !is_title {
            break;
        }
        count += usize::from(!is_title);
        full += usize::from(!is_title && word.letters > 1);
        let is_short = is_title || word.letters == 1;
        let dot = usize::from(is_short && byte(bytes, word.end) == b'.' && byte(bytes, word.end + 1) == b' ');
        if !is_title {
            end = word.end;
        }
        match next_word(bytes, word.end + dot) {
            Some(next) => from = next,
            None => break,
        }
    }
    (count > 0).then_some((end, count, full))
}

/// Where the next word of a name begins: after a blank, perhaps behind particles.
fn next_word(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at;
    for _ in 0..4 {
        if byte(bytes, from) != b' ' {
            return None;
        }
        let next = word(bytes, from + 1)?;
        if next.is_capital {
            return Some(from + 1);
        }
        if !PARTICLES.holds(&bytes[from + 1..next.end]) {
            return None;
        }
        from = next.end;
    }
    None
}

/// Whether what follows a name at `end` says that it is one of a person.
fn acts(bytes: &[u8], end: usize, known: usize, at: usize) -> bool {
    let following = |from: usize| {
        let next = (byte(bytes, from) == b' ').then(|| word(bytes, from + 1)).flatten();
        next.map(|next| (&bytes[from + 1..next.end], next.end))
    };
    let Some((verb, past)) = following(end) else { return false };
    if DEEDS.holds(verb) || known > 0 && at - known < REACH && VERBS.holds(verb) {
        return true;
    }
    verb == b"called" && following(past).is_some_and(|(word, _)| CALLED.holds(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The people found in a text, one after the other, as the sweep calls.
    fn people(text: &str) -> Vec<&str> {
        let bytes = text.as_bytes();
        let (mut found, mut known) = (Vec::new(), 0);
        for at in 1..bytes.len() {
            let is_hook =
                bytes[at].is_ascii_uppercase() && (bytes[at - 1] == b' ' || at > 1 && bytes[at - 2] == b'\\');
            if is_hook
                && at >= known
                && let Some(span) = person(bytes, at, known)
            {
                known = span.end;
                found.push(&text[span]);
            }
        }
        found
    }

    #[test]
    fn finds_whom_something_introduces() {
        for (text, wanted) in [
            ("Dear Dr. Anna van der Berg, we", vec!["Dr. Anna van der Berg"]),
            ("to Herr Müller today", vec!["Müller"]),
            (r"to Herr M\u00fcller today", vec![r"M\u00fcller"]),
            ("Patient Ann O'Brien-Lee (DOB", vec!["Ann O'Brien-Lee"]),
            ("name: Ann J. Lee, 41", vec!["Ann J. Lee"]),
            ("I spoke with Ann Lee and Bob Roe yesterday", vec!["Ann Lee", "Bob Roe"]),
            ("spoke with Ann Lee; Bob Roe will send it", vec!["Ann Lee", "Bob Roe"]),
            ("Hi team, Ann Lee called about it", vec!["Ann Lee"]),
            ("Hello Ann, thanks", vec!["Ann"]),
            ("signed by Ann Lee on", vec!["Ann Lee"]),
            ("M. Jean Roe, Sr. Juan de la Cruz", vec!["Jean Roe", "Juan de la Cruz"]),
            (r"ok\nAnn Lee called about it", vec!["Ann Lee"]),
        ] {
            assert_eq!(people(text), wanted, "{text}");
        }
    }

    #[test]
    fn leaves_words_that_are_no_names() {
        for text in [
            "Patient Records and Patient Safety Report",
            "PATIENT ANN LEE",
            "Customer Service, Employee Handbook, Driver License",
            "see the Jordan River and Victoria Station pages",
            "Contact Support, Dear Customer, Hi Team,",
            "Hello World, the Apple Store is open",
            "Sr Software Engineer, Sr. Director",
            "file_name Ann Lee, user_name Ann Lee",
            "name=Ann Lee",
            "at 9 A.M. Monday Night",
            "updated. Apple Maps will follow",
            "HR Department, 12 ms Latency",
        ] {
            assert_eq!(people(text), Vec::<&str>::new(), "{text}");
        }
    }
}
