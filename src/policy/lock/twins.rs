//! Names of tools that a person or a model takes for each other.
//!
//! Names that can be called at all are ASCII, so that folding case, separators and letters that look alike is
//! enough: other scripts have no say.

/// How a name looks to those who do not look closely: two names that share one of these pass for each other.
pub fn looks_of(name: &str) -> [String; 2] {
    [folded(name), drawn(name)]
}

/// Whether two different names can be taken for each other.
pub fn passes_for(one: &str, other: &str) -> bool {
    one != other && (folded(one) == folded(other) || drawn(one) == drawn(other))
}

/// A name to those who do not look at case, nor at what joins words.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, '-' | '.' | '_'));
    format!("folded {}", letters.map(|c| c.to_ascii_lowercase()).collect::<String>())
}

/// A name as it is drawn: letters and digits that look alike are one. Source: Unicode, UTS 39, 4.
fn drawn(name: &str) -> String {
    let letter = |c| match c {
        '0' => 'O',
        '1' | 'I' => 'l',
        c => c,
    };
    format!("drawn {}", name.chars().map(letter).collect::<String>().replace("rn", "m"))
}
