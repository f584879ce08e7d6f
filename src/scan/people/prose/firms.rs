//! Names of people that are nearly always said of something else: of a firm, a place, a prize, an institute.
//!
//! Those that many people bear as well (`Paul Smith`, `Edward Jones`) are not here. Somebody with one of these names
//! is still found by a field, or by what introduces them.

/// In lower case and without diacritics.
const FIRMS: [&str; 42] = [
    "alexander mcqueen",
    "alfa romeo",
    "aston martin",
    "baskin robbins",
    "booz allen",
    "calvin klein",
    "charles de gaulle",
    "charles schwab",
    "charles tyrwhitt",
    "christian dior",
    "dean witter",
    "dow jones",
    "duncan hines",
    "eddie bauer",
    "eli lilly",
    "ernst young",
    "estee lauder",
    "ethan allen",
    "giorgio armani",
    "harley davidson",
    "harry winston",
    "helmut lang",
    "henry schein",
    "hugo boss",
    "jack daniel",
    "jack wolfskin",
    "jim beam",
    "jimmy choo",
    "john deere",
    "johnnie walker",
    "johns hopkins",
    "karl lagerfeld",
    "kate spade",
    "louis vuitton",
    "marie curie",
    "max planck",
    "merrill lynch",
    "michael kors",
    "morgan stanley",
    "philip morris",
    "ralph lauren",
    "tommy hilfiger",
];

/// Whether a name begins with one that is nearly always said of something else.
pub(super) fn is_firm(name: &[u8]) -> bool {
    let begins = |firm: &&str| {
        let (head, rest) = name.split_at_checked(firm.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(firm.as_bytes()) && matches!(rest.first(), None | Some(b' '))
    };
    FIRMS.iter().any(begins)
}
