//! Words as the model knows them: pieces of a vocabulary, each with its place in the text.
//!
//! BERT's "uncased" tokenization: control characters go, letters lose their case and accents, words end at blanks and
//! at every sign, which is a word of its own; then each word is cut into the longest pieces that the vocabulary has.
//! Places are those of the text as it is, so every letter that is spelled otherwise is counted where it stands.
//!
//! Written here and not taken from a crate: spans must be exact to the byte in the text that came, and the crates at
//! hand tell places in the text that normalising leaves.
//!
//! Source: Devlin and others, "BERT", section 3; Wu and others, "Google's Neural Machine Translation System", 4.1.

use std::collections::HashMap;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::bounds::PROSE_WORD_CHARS_MAX;

/// The pieces that a model knows, by their spelling; those that go on in a word begin with `##`.
pub(super) struct Vocabulary {
    ids: HashMap<Box<str>, i32>,
    pub(super) begin: i32,
    pub(super) end: i32,
    pub(super) pad: i32,
    unknown: i32,
}

/// A part of a text as the model takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub id: i32,
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// Whether a word begins with it.
    pub is_first: bool,
}

/// A letter as the model knows it, and the bytes that it came from.
struct Letter {
    plain: char,
    span: Range<usize>,
}

/// What a character is to words.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// It belongs to none and parts none.
    Nothing,
    Letter,
    /// It parts words and is one itself.
    Sign,
    /// It parts words.
    Space,
}

impl Vocabulary {
    /// Reads the pieces of a file, one a line, by their order.
    ///
    /// # Errors
    /// The piece that every text needs and that is not there.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let ids: HashMap<Box<str>, i32> =
            (0..).zip(text.lines()).map(|(id, line)| (line.into(), id)).collect();
        let need = |name: &'static str| ids.get(name).copied().ok_or(name);
        let (begin, end, pad, unknown) = (need("[CLS]")?, need("[SEP]")?, need("[PAD]")?, need("[UNK]")?);
        Ok(Self { ids, begin, end, pad, unknown })
    }

    /// Cuts a text into pieces, in its order.
    pub(super) fn pieces(&self, text: &str) -> Vec<Piece> {
        let (mut pieces, mut word) = (Vec::new(), Vec::new());
        for (at, character) in text.char_indices() {
            let span = at..at + character.len_utf8();
            match kind(character) {
                Kind::Nothing => {}
                Kind::Letter => {
                    let count = word.len();
                    word.extend(letters(character, &span));
                    // A mark belongs to the letter before it.
                    if count == word.len()
                        && let Some(last) = word.last_mut()
                    {
                        last.span.end = span.end;
                    }
                }
                Kind::Space => self.cut(&mut word, &mut pieces),
                Kind::Sign => {
                    self.cut(&mut word, &mut pieces);
                    word.extend(letters(character, &span));
                    self.cut(&mut word, &mut pieces);
                }
            }
        }
        self.cut(&mut word, &mut pieces);
        pieces
    }

    /// Cuts a word into the longest pieces that are known; one that is not made of such is one piece.
    fn cut(&self, word: &mut Vec<Letter>, pieces: &mut Vec<Piece>) {
        let (Some(first), Some(last)) = (word.first(), word.last()) else { return };
        let whole = first.span.start..last.span.end;
        let (from, mut at) = (pieces.len(), 0);
        let mut spelling = String::new();
        while at < word.len() && word.len() <= PROSE_WORD_CHARS_MAX {
            let rest = &word[at..];
            let known = (1..=rest.len()).rev().find_map(|count| {
                spelling.clear();
                spelling.push_str(if at > 0 { "##" } else { "" });
                spelling.extend(rest[..count].iter().map(|letter| letter.plain));
                self.ids.get(&*spelling).map(|id| (count, *id))
            });
            let Some((count, id)) = known else { break };
            let span = rest[0].span.start..rest[count - 1].span.end;
            pieces.push(Piece { id, span, is_first: at == 0 });
            at += count;
        }
        if at < word.len() {
            pieces.truncate(from);
            pieces.push(Piece { id: self.unknown, span: whole, is_first: true });
        }
        word.clear();
    }
}

/// The letters that a character is to the model: lower case, without accents.
fn letters(character: char, span: &Range<usize>) -> impl Iterator<Item = Letter> {
    let plain = character.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase);
    // Some capitals become a letter and an accent.
    let plain = plain.filter(|letter| !is_combining_mark(*letter));
    plain.map(|plain| Letter { plain, span: span.clone() })
}

fn kind(character: char) -> Kind {
    match character {
        _ if character.is_whitespace() => Kind::Space,
        // Format characters: invisible, and no part of any word.
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}' => Kind::Nothing,
        '\u{fffd}' => Kind::Nothing,
        _ if character.is_control() => Kind::Nothing,
        _ if character.is_ascii_punctuation() || is_sign(character) || is_ideograph(character) => Kind::Sign,
        _ => Kind::Letter,
    }
}

/// Whether it is punctuation beyond ASCII that Latin scripts use. Source: Unicode 17, blocks Latin-1 Supplement, General
/// Punctuation, CJK Symbols and Punctuation, Halfwidth and Fullwidth Forms.
fn is_sign(character: char) -> bool {
    matches!(
        character,
        '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}' | '\u{2010}'..='\u{2027}'
            | '\u{2030}'..='\u{2043}' | '\u{2045}'..='\u{2051}' | '\u{2053}'..='\u{205e}' | '\u{3001}'..='\u{3003}'
            | '\u{3008}'..='\u{3011}' | '\u{ff01}'..='\u{ff03}' | '\u{ff05}'..='\u{ff0a}' | '\u{ff0c}'..='\u{ff0f}'
            | '\u{ff1a}' | '\u{ff1b}' | '\u{ff1f}' | '\u{ff20}'
    )
}

/// Whether it is a word by itself. Source: BERT's tokenizer, `handle_chinese_chars`.
fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str =
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\nann\n##a\nlee\nmull\n##er\n'\nsaw\n,\no\nbrien\n\u{65e5}\nss\n##s\nstra";

    /// Each piece by its spelling, and what of the text it stands for.
    fn cut(text: &str) -> Vec<(&'static str, String)> {
        let vocabulary = Vocabulary::read(WORDS).unwrap();
        let spelling = |id: i32| WORDS.lines().nth(usize::try_from(id).unwrap()).unwrap();
        let pieces = vocabulary.pieces(text);
        pieces.into_iter().map(|piece| (spelling(piece.id), text[piece.span].to_owned())).collect()
    }

    #[test]
    fn cuts_words_and_knows_their_places() {
        let row = |piece, text: &str| (piece, text.to_owned());
        for (text, wanted) in [
            ("Ann saw LEE", vec![row("ann", "Ann"), row("saw", "saw"), row("lee", "LEE")]),
            ("Anna, Lee", vec![row("ann", "Ann"), row("##a", "a"), row(",", ","), row("lee", "Lee")]),
            ("M\u{fc}ller", vec![row("mull", "M\u{fc}ll"), row("##er", "er")]),
            ("Mu\u{308}ller", vec![row("mull", "Mu\u{308}ll"), row("##er", "er")]),
            ("O'Brien", vec![row("o", "O"), row("'", "'"), row("brien", "Brien")]),
            ("A\u{200b}nn\u{a0}Lee", vec![row("ann", "A\u{200b}nn"), row("lee", "Lee")]),
            ("lee\u{65e5}lee", vec![row("lee", "lee"), row("\u{65e5}", "\u{65e5}"), row("lee", "lee")]),
            ("zebra Lee", vec![row("[UNK]", "zebra"), row("lee", "Lee")]),
            ("annz", vec![row("[UNK]", "annz")]),
            ("", vec![]),
            (" \u{1}\u{fffd} ", vec![]),
        ] {
            assert_eq!(cut(text), wanted, "{text}");
        }
    }

    #[test]
    fn takes_a_word_beyond_its_bound_for_one_piece() {
        let long = |count: usize| format!("ann{}", "a".repeat(count - 3));
        assert_eq!(cut(&long(PROSE_WORD_CHARS_MAX)).len(), PROSE_WORD_CHARS_MAX - 2);
        assert_eq!(cut(&long(PROSE_WORD_CHARS_MAX + 1)), vec![("[UNK]", long(PROSE_WORD_CHARS_MAX + 1))]);
    }

    #[test]
    fn needs_the_pieces_that_every_text_has() {
        assert_eq!(Vocabulary::read("[PAD]\n[UNK]\n[SEP]").err(), Some("[CLS]"));
    }
}
