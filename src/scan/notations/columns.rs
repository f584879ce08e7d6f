//! Rows whose columns are named apart: `{"columns":["id","ssn"],"rows":[[7,"123456780"]]}`, as databases and sheets
//! answer. The columns are strings, or objects that have a `name`; without any the first row may name them.
//!
//! A cell is judged as the value of a field with the name of its column. Only arrays of arrays are read so, and only
//! behind the columns in the same object.

use super::notation::Said;
use crate::scan::named::names::{Class, Tier};
use crate::scan::named::walk::{Because, Leaf, Token, past};
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{End, byte, skip_space};

/// Columns of a row; further ones are left to their forms.
const COLUMNS_MAX: usize = 64;

/// What the name of each column says.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Columns {
    /// Where they are named.
    from: Leaf,
    said: [Option<Said>; COLUMNS_MAX],
}

impl Sweep<'_> {
    /// Remembers the columns that an array at `leaf` names.
    pub(in crate::scan) fn note_columns(&mut self, leaf: Leaf) {
        if self.is_open(leaf, b'[') {
            self.columns = self.named_columns(leaf).map(|said| Box::new(Columns { from: leaf, said }));
        }
    }

    /// Takes the cells of the rows in the array at `leaf`, if the columns are named before, or in the first row.
    pub(in crate::scan) fn take_rows(&mut self, leaf: Leaf) {
        let inner = Leaf { at: skip_space(self.bytes, leaf.at + 1), ..leaf };
        if self.is_open(leaf, b'[') && self.is_open(inner, b'[') {
            // Ends early where the text does, or what may be walked.
            let _: Option<()> = self.take_cells(leaf, inner);
        }
    }

    fn take_cells(&mut self, leaf: Leaf, inner: Leaf) -> Option<()> {
        let known = self.columns.take().filter(|columns| {
            columns.from.level == leaf.level
                && columns.from.at < leaf.at
                && self.is_level(columns.from, leaf.at)
        });
        // Rows that are named before have no row of names.
        let mut heads = usize::from(known.is_none());
        let said = known.map(|columns| columns.said).or_else(|| self.named_columns(inner))?;
        let is_told = said.iter().flatten().any(|(_, tier)| *tier == Tier::Strong);
        let (mut at, mut depth, mut place) = (leaf.at, 0_usize, 0);
        loop {
            let token = self.token(Leaf { at, ..leaf })?;
            let next = skip_space(self.bytes, past(token, at));
            self.spend(next - at)?;
            match token {
                Token::Open => {
                    depth += 1;
                    if depth == 2 {
                        place = 0;
                    }
                }
                Token::Close if depth <= 1 => return Some(()),
                Token::Close => {
                    depth -= 1;
                    heads = heads.saturating_sub(1);
                }
                Token::Part if depth == 2 => place += usize::from(byte(self.bytes, at) == b','),
                Token::Content(_, End::Cut(_)) => return None,
                Token::Content(..) | Token::Bare(_) if depth == 2 && heads == 0 => {
                    if let Some(Some(said)) = said.get(place) {
                        self.cell_of_row(Leaf { at, ..leaf }, *said, is_told);
                    }
                }
                Token::Bare(_) | Token::Content(..) | Token::Null(_) | Token::Part => {}
            }
            at = next;
        }
    }

    /// Counts bytes that were walked; nothing is left where rows lie in rows too often.
    fn spend(&mut self, count: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(count)?;
        Some(())
    }

    /// Takes a cell. Beside a column that tells of a person by itself, a name that is trusted less is trusted more.
    fn cell_of_row(&mut self, leaf: Leaf, (detector, tier): Said, is_told: bool) {
        let count = self.hits.len();
        self.value(leaf, Because::Class(detector, tier));
        let is_loose = matches!(tier, Tier::Weak | Tier::Sole) && !detector.is_secret();
        if is_told && is_loose && self.hits.len() == count {
            self.value(leaf, Because::Class(detector, Tier::Beside));
        }
    }

    fn is_open(&self, leaf: Leaf, bracket: u8) -> bool {
        self.token(leaf) == Some(Token::Open) && byte(self.bytes, leaf.at) == bracket
    }

    /// What the strings of the array at `leaf` say as names of columns, or the members `name` of its objects; `None` if
    /// none of them says anything, or it holds anything else.
    fn named_columns(&mut self, leaf: Leaf) -> Option<[Option<Said>; COLUMNS_MAX]> {
        let mut said = [None; COLUMNS_MAX];
        let (mut at, mut depth, mut place, mut is_name) = (leaf.at, 0_usize, 0, false);
        loop {
            let token = self.token(Leaf { at, ..leaf })?;
            let next = skip_space(self.bytes, past(token, at));
            self.spend(next - at)?;
            match token {
                Token::Open => depth += 1,
                Token::Close if depth <= 1 => break,
                Token::Close => depth -= 1,
                Token::Part => {
                    place += usize::from(depth == 1);
                }
                Token::Content(start, End::Closed(end, _)) => {
                    if depth > 1 && byte(self.bytes, next) == b':' {
                        is_name = matches!(
                            &self.bytes[start..end],
                            b"name"
                                | b"Name"
                                | b"columnName"
                                | b"column_name"
                                | b"field"
                                | b"label"
                                | b"header"
                        );
                    } else if depth == 1 || depth == 2 && is_name {
                        let class = self.class(start..end);
                        if let (Some(slot), Some(Class::Of(detector, tier))) = (said.get_mut(place), class) {
                            *slot = Some((detector, tier));
                        }
                        is_name = false;
                    }
                }
                Token::Content(_, End::Cut(_)) => return None,
                // What is no string names nothing.
                Token::Bare(_) | Token::Null(_) if depth == 1 => return None,
                Token::Bare(_) | Token::Null(_) => is_name = false,
            }
            at = next;
        }
        let is_told = said.iter().flatten().any(|(_, tier)| *tier == Tier::Strong);
        if !is_told {
            said.iter_mut().for_each(|one| *one = one.filter(|(_, tier)| *tier != Tier::Beside));
        }
        // One name by itself says little of the others.
        (place > 0 && said.iter().any(Option::is_some)).then_some(said)
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn reads_cells_by_the_names_of_their_columns() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (
                r#"{"columns":["id","mrn","city"],"rows":[[7,"A 1020304","Bern"],[8,null,"Ulm"]],"n":2}"#,
                r#"{"columns":["id","mrn","city"],"rows":[[7,"[MRN]","[ADDRESS]"],[8,null,"[ADDRESS]"]],"n":2}"#,
            ),
            (
                r#"{"t":"{\"fields\": [{\"name\": \"id\"}, {\"name\": \"mrn\", \"type\": \"text\"}], \"x\": 1, \"rows\": [[7, 1020304]]}"}"#,
                r#"{"t":"{\"fields\": [{\"name\": \"id\"}, {\"name\": \"mrn\", \"type\": \"text\"}], \"x\": 1, \"rows\": [[7, \"[MRN]\"]]}"}"#,
            ),
            (
                r#"{"columns":["nombre","mrn"],"rows":[["Aro",1020304],["aro",1]]}"#,
                r#"{"columns":["nombre","mrn"],"rows":[["[NAME]","[MRN]"],["aro",1]]}"#,
            ),
            (
                r#"{"values":[["id","first_name"],["7","Aro"]]}"#,
                r#"{"values":[["id","first_name"],["7","[NAME]"]]}"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"{"columns":["id","qty"],"rows":[[7,1020304]]}"#,
            r#"{"columns":["id","mrn"],"rows":[7,1020304]}"#,
            r#"{"x":{"columns":["id","mrn"]},"rows":[[7,1020304]]}"#,
            r#"{"columns":["id",4,"mrn"],"rows":[[7,1,1020304]]}"#,
        ] {
            check(&plan, text, text);
        }
    }
}
