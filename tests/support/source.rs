//! A Rust source as its lexer sees it: words, punctuation and paths; comments and literals count for nothing.

/// A source as its lexer sees it.
pub struct Source<'t> {
    /// Below `src`, such as `json/mod.rs`.
    pub path: &'t str,
    pub text: &'t str,
    pub tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub text: String,
    pub line: usize,
    /// The inline modules around it.
    pub modules: Vec<String>,
    /// Whether it belongs to an item that only tests have.
    pub is_test: bool,
}

impl<'t> Source<'t> {
    pub fn new(path: &'t str, text: &'t str) -> Self {
        let is_test_file = path.split('/').any(|part| matches!(part, "tests" | "tests.rs"));
        let lexed = lex(text);
        let mut tokens = Vec::with_capacity(lexed.len());
        // The braces that are open: the module that each opens, and whether only tests have it.
        let mut open: Vec<(Option<String>, bool)> = Vec::new();
        let mut is_marked = false;
        for (index, (word, line)) in lexed.iter().enumerate() {
            let before = |back: usize| index.checked_sub(back).map_or("", |at| lexed[at].0.as_str());
            if word == "test" && before(1) == "(" && before(2) == "cfg" {
                is_marked = true;
            }
            let is_test = is_test_file || is_marked || open.iter().any(|(_, is_test)| *is_test);
            let modules = open.iter().filter_map(|(module, _)| module.clone()).collect();
            tokens.push(Token { text: word.clone(), line: *line, modules, is_test });
            match word.as_str() {
                "{" => {
                    let module = (before(2) == "mod").then(|| before(1).to_owned());
                    open.push((module, std::mem::take(&mut is_marked)));
                }
                "}" => drop(open.pop()),
                ";" => is_marked = false,
                _ => {}
            }
        }
        Self { path, text, tokens }
    }

    /// Every path in it, groups taken apart.
    pub fn paths(&self) -> Vec<(Vec<&str>, &Token)> {
        let mut paths = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let follows = at > 0 && self.tokens[at - 1].text == "::";
            if is_word(&self.tokens[at].text) && !follows && self.text_at(at + 1) == "::" {
                at = self.branch(at, &mut Vec::new(), &mut paths);
            } else {
                at += 1;
            }
        }
        paths
    }

    pub fn text_at(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    /// Reads one branch of a path that starts with a word, and returns where it ends.
    fn branch<'s>(
        &'s self,
        mut at: usize,
        stem: &mut Vec<&'s str>,
        paths: &mut Vec<(Vec<&'s str>, &'s Token)>,
    ) -> usize {
        let (start, depth) = (at, stem.len());
        loop {
            stem.push(&self.tokens[at].text);
            at += 1;
            if self.text_at(at) != "::" {
                break;
            }
            at += 1;
            if self.text_at(at) == "{" {
                at += 1;
                while !matches!(self.text_at(at), "}" | "") {
                    at = if is_word(self.text_at(at)) { self.branch(at, stem, paths) } else { at + 1 };
                }
                stem.truncate(depth);
                return at + 1;
            }
            if !is_word(self.text_at(at)) {
                break;
            }
        }
        paths.push((stem.clone(), &self.tokens[start]));
        stem.truncate(depth);
        at
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Cuts a text into words and punctuation; comments, literals and lifetimes are left out.
fn lex(text: &str) -> Vec<(String, usize)> {
    let bytes: Vec<char> = text.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while let Some(&c) = bytes.get(at) {
        let end = match c {
            '/' if bytes.get(at + 1) == Some(&'/') => end_of(&bytes, at, |rest| rest[0] == '\n'),
            '/' if bytes.get(at + 1) == Some(&'*') => end_of_comment(&bytes, at),
            '"' => end_of_text(&bytes, at + 1),
            'r' | 'b' | 'c' if is_raw(&bytes, at) => end_of_raw(&bytes, at),
            '\'' => end_of_quote(&bytes, at),
            c if c.is_alphanumeric() || c == '_' => {
                let end = end_of(&bytes, at, |rest| !(rest[0].is_alphanumeric() || rest[0] == '_'));
                tokens.push((bytes[at..end].iter().collect(), line));
                end
            }
            ':' if bytes.get(at + 1) == Some(&':') => {
                tokens.push(("::".into(), line));
                at + 2
            }
            c if c.is_whitespace() => at + 1,
            c => {
                tokens.push((c.into(), line));
                at + 1
            }
        };
        line += bytes[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    tokens
}

fn end_of(text: &[char], from: usize, is_end: impl Fn(&[char]) -> bool) -> usize {
    (from..text.len()).find(|&at| is_end(&text[at..])).unwrap_or(text.len())
}

fn end_of_comment(text: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (1, from + 2);
    while depth > 0 && at < text.len() {
        match text[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at.min(text.len())
}

fn end_of_text(text: &[char], mut at: usize) -> usize {
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

fn is_raw(text: &[char], at: usize) -> bool {
    let rest: String = text[at..].iter().take(8).collect();
    let rest = rest.trim_start_matches(['b', 'c']);
    rest.strip_prefix('r').is_some_and(|rest| rest.trim_start_matches('#').starts_with('"'))
        && !(at > 0 && (text[at - 1].is_alphanumeric() || text[at - 1] == '_'))
}

fn end_of_raw(text: &[char], from: usize) -> usize {
    let open = end_of(text, from, |rest| rest[0] == '"');
    let hashes = text[from..open].iter().filter(|c| **c == '#').count();
    let is_end =
        |rest: &[char]| rest[0] == '"' && rest[1..].iter().take_while(|c| **c == '#').count() >= hashes;
    (end_of(text, open + 1, is_end) + 1 + hashes).min(text.len())
}

/// A character, or a lifetime.
fn end_of_quote(text: &[char], at: usize) -> usize {
    match text.get(at + 1..) {
        Some(['\\', _, rest @ ..]) => {
            at + 3 + rest.iter().position(|c| *c == '\'').map_or(rest.len(), |end| end + 1)
        }
        Some([_, '\'', ..]) => at + 3,
        _ => end_of(text, at + 1, |rest| !(rest[0].is_alphanumeric() || rest[0] == '_')),
    }
}
